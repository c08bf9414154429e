//! `limits.sqlite`: what is spent of budgets in their present periods, and what requests that run have reserved.

use std::path::Path;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use trousseau_retrieval::database::{Access, Database, Schema};
use trousseau_retrieval::error::StoreError;

use super::counter::Cost;
use super::journal::Entry;
use super::money::Money;
use super::period::Span;

/// The name of the file in a data folder. It is there where budgets are.
pub const FILE: &str = "limits.sqlite";

/// The version of the file's form.
pub const FORMAT: usize = SCHEMA.steps.len();

const SCHEMA: Schema = Schema { steps: &[STEP_1] };

/// - `spent`: one row for each counter; times are milliseconds since 1970, money is in billionths. A number without a sign is
///   kept as the 64 bits that it is.
/// - `held`: what requests have reserved that ran when this was written, as in the journal.
/// - `journal`: the number of the first journal that is not in the other tables.
const STEP_1: &str = "
CREATE TABLE spent (
    name    TEXT NOT NULL,
    counter TEXT NOT NULL,
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL,
    tokens  INTEGER NOT NULL,
    money   INTEGER NOT NULL,
    PRIMARY KEY (name, counter)
) STRICT;
CREATE TABLE held (
    request INTEGER PRIMARY KEY,
    entries TEXT NOT NULL
) STRICT;
CREATE TABLE journal (number INTEGER NOT NULL) STRICT;
INSERT INTO journal VALUES (0);
";

/// The open file.
#[derive(Debug)]
pub(crate) struct Store(Database);

/// Everything in it.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub spent: Vec<Entry<'static>>,
    pub held: Vec<(u64, Vec<Entry<'static>>)>,
    /// The first journal that is not in it.
    pub journal: u64,
}

impl Store {
    pub(crate) async fn open(data: &Path, access: Access) -> Result<Self, StoreError> {
        Ok(Self(Database::open(&data.join(FILE), &SCHEMA, access).await?))
    }

    pub(crate) async fn read(&self) -> Result<Kept, StoreError> {
        let fault = |error| self.0.fault(error);
        let readers = self.0.readers();
        let spent = sqlx::query("SELECT * FROM spent").fetch_all(readers).await;
        let held = sqlx::query("SELECT * FROM held").fetch_all(readers).await;
        let journal: i64 = sqlx::query_scalar("SELECT number FROM journal")
            .fetch_one(readers)
            .await
            .map_err(fault)?;
        let spent: Result<_, sqlx::Error> = spent.map_err(fault)?.iter().map(spent_row).collect();
        let held: Result<_, sqlx::Error> = held.map_err(fault)?.iter().map(held_row).collect();
        Ok(Kept {
            spent: spent.map_err(fault)?,
            held: held.map_err(fault)?,
            journal: journal.cast_unsigned(),
        })
    }

    /// Puts these counters in the place of what is kept of them, and these reservations in the place of all; forgets counters
    /// whose period was over at `over`.
    pub(crate) async fn write(&self, kept: &Kept, over: Option<i64>) -> Result<(), StoreError> {
        let fault = |error| self.0.fault(error);
        let mut writer = self.0.writer().await?;
        let mut transaction = sqlx::Connection::begin(&mut *writer).await.map_err(fault)?;
        for entry in &kept.spent {
            sqlx::query("INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?, ?, ?)")
                .bind(&*entry.limit)
                .bind(&*entry.counter)
                .bind(entry.span.from)
                .bind(entry.span.until)
                .bind(entry.tokens.cast_signed())
                .bind(entry.money.cast_signed())
                .execute(&mut *transaction)
                .await
                .map_err(fault)?;
        }
        let emptied = sqlx::query("DELETE FROM held").execute(&mut *transaction).await;
        emptied.map_err(fault)?;
        for (request, entries) in &kept.held {
            let entries =
                serde_json::to_string(entries).map_err(|error| fault(sqlx::Error::Encode(error.into())))?;
            sqlx::query("INSERT INTO held VALUES (?, ?)")
                .bind(request.cast_signed())
                .bind(entries)
                .execute(&mut *transaction)
                .await
                .map_err(fault)?;
        }
        if let Some(over) = over {
            let forgotten = sqlx::query("DELETE FROM spent WHERE until <= ?").bind(over);
            forgotten.execute(&mut *transaction).await.map_err(fault)?;
        }
        let journal = sqlx::query("UPDATE journal SET number = ?").bind(kept.journal.cast_signed());
        journal.execute(&mut *transaction).await.map_err(fault)?;
        transaction.commit().await.map_err(fault)
    }

    pub(crate) async fn check(&self) -> Result<(), StoreError> {
        self.0.check().await
    }

    pub(crate) async fn close(self) {
        self.0.close().await;
    }
}

fn spent_row(row: &SqliteRow) -> Result<Entry<'static>, sqlx::Error> {
    let number = |column: &str| row.try_get::<i64, _>(column);
    let span = Span {
        from: number("since")?,
        until: number("until")?,
    };
    let cost = Cost {
        tokens: number("tokens")?.cast_unsigned(),
        money: Money(number("money")?.cast_unsigned()),
    };
    let names = (row.try_get("name")?, row.try_get("counter")?);
    Ok(Entry::new(names, span, cost))
}

fn held_row(row: &SqliteRow) -> Result<(u64, Vec<Entry<'static>>), sqlx::Error> {
    let entries = serde_json::from_str(row.try_get("entries")?);
    let entries = entries.map_err(|error| sqlx::Error::Decode(format!("entries: {error}").into()))?;
    Ok((row.try_get::<i64, _>("request")?.cast_unsigned(), entries))
}
