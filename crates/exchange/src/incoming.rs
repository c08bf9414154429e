//! What other replicas brought comes into this one's file.

use std::sync::PoisonError;

use sqlx::{Connection as _, SqliteConnection};
use trousseau_entries::name::EntryId;
use trousseau_retrieval::error::StoreError;
use trousseau_state::{Row, Sql};

use crate::kind::{Kind, parts, subject_id};
use crate::outgoing::tenant;
use crate::{Exchange, Gone};

/// How many things are read at a time.
const BATCH: usize = 50;

/// The next things behind a number, of all replicas or of the others, each with what stands beside it; the highest number, and which
/// database this is, also where there is nothing.
const NEXT: &str = "SELECT i.id AS identity, (SELECT coalesce(max(number), 0) FROM kept) AS highest,
         k.number, k.kind, k.tenant, k.id, k.body, b.kind AS beside, b.body AS beside_body
     FROM identity AS i
     LEFT JOIN (SELECT * FROM kept WHERE number > ?1 AND origin <> ?2 ORDER BY number LIMIT 50) AS k ON TRUE
     LEFT JOIN kept AS b ON b.tenant = k.tenant AND b.id = k.place AND b.body IS NOT NULL
         AND b.kind = CASE k.kind WHEN 'record' THEN 'feedback' WHEN 'conversation' THEN 'title' END
     ORDER BY k.number";

/// Something that another replica brought.
struct Thing {
    kind: Option<Kind>,
    tenant: String,
    id: String,
    body: Option<String>,
    beside: Option<(Kind, String)>,
}

/// A page of them.
struct Page {
    things: Vec<Thing>,
    /// The number up to which everything is here with them.
    through: i64,
    highest: i64,
    more: bool,
}

impl Exchange {
    /// Takes everything that is new; also what this replica brought itself, where `own`. Returns how many things that were.
    pub(crate) async fn take(&self, own: bool) -> Result<u64, StoreError> {
        let mut seen = self.seen.lock().await;
        let mut taken = 0;
        loop {
            let page = self.page(*seen, own).await?;
            if page.highest < *seen {
                tracing::warn!("the database of the replicas was put back: everything is brought again");
                drop(seen);
                self.begin_anew().await?;
                seen = self.seen.lock().await;
                continue;
            }
            if page.through > *seen {
                self.apply(&page).await?;
                *seen = page.through;
            }
            taken += page.things.len() as u64;
            if !page.more {
                return Ok(taken);
            }
        }
    }

    async fn page(&self, seen: i64, own: bool) -> Result<Page, StoreError> {
        let not = if own { "" } else { self.replica.as_str() };
        let rows = self.tables.all(Sql::new(NEXT).bind(seen).bind(not)).await?;
        let fault = |error| self.tables.fault(error);
        let (mut highest, mut last, mut things) = (0, seen, Vec::new());
        for row in &rows {
            let identity: String = row.try_get("identity").map_err(fault)?;
            if identity != self.postgres.identity() {
                return Err(self.another());
            }
            highest = row.try_get("highest").map_err(fault)?;
            let number: Option<i64> = row.try_get("number").map_err(fault)?;
            if let Some(number) = number {
                last = last.max(number);
                things.push(thing(row).map_err(fault)?);
            }
        }
        let more = things.len() >= BATCH;
        Ok(Page {
            things,
            through: if more { last } else { highest.max(last) },
            highest,
            more,
        })
    }

    async fn apply(&self, page: &Page) -> Result<(), StoreError> {
        let fault = |error| self.file.fault(error);
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        let before: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM outbox")
            .fetch_one(&mut *transaction)
            .await
            .map_err(fault)?;
        let mut gone = Vec::new();
        for thing in &page.things {
            match thing.body {
                Some(_) => self.put_in(&mut transaction, thing).await?,
                None => take_away(&mut transaction, thing, &mut gone)
                    .await
                    .map_err(fault)?,
            }
        }
        // What was taken up just now is no news for the others.
        sqlx::query("DELETE FROM outbox WHERE seq > ?")
            .bind(before)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        // A record that was asked here in a conversation while that was deleted elsewhere goes with it, everywhere.
        for thing in page
            .things
            .iter()
            .filter(|thing| thing.is_gone(Kind::Conversation))
        {
            sqlx::query("DELETE FROM records WHERE tenant = ? AND conversation = ?")
                .bind(&thing.tenant)
                .bind(&thing.id)
                .execute(&mut *transaction)
                .await
                .map_err(fault)?;
        }
        sqlx::query("UPDATE exchange SET seen = ?")
            .bind(page.through)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
        if !gone.is_empty() {
            // What was erased leaves the write-ahead file as well, as soon as nobody reads in it.
            let emptied = sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)");
            emptied.execute(&mut *writer).await.map_err(fault)?;
            self.gone
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .append(&mut gone);
        }
        Ok(())
    }

    /// Puts something in, and what stands beside it, unless it became another here since.
    async fn put_in(&self, transaction: &mut SqliteConnection, thing: &Thing) -> Result<(), StoreError> {
        let fault = |error| self.file.fault(error);
        let own = thing.kind.zip(thing.body.as_ref());
        let beside = thing.beside.as_ref().map(|(kind, body)| (*kind, body));
        for (kind, body) in own.into_iter().chain(beside) {
            if waits(transaction, kind, thing).await.map_err(fault)? {
                continue;
            }
            let put = sqlx::query(sqlx::AssertSqlSafe(kind.putting()))
                .bind(&thing.tenant)
                .bind(body)
                .execute(&mut *transaction)
                .await
                .map_err(fault)?;
            if kind == Kind::Record && put.rows_affected() == 0 {
                return Err(StoreError::Clash {
                    database: self.postgres.place().to_owned(),
                    record: kind.place(&thing.id).to_owned(),
                });
            }
        }
        Ok(())
    }
}

impl Thing {
    fn is_gone(&self, kind: Kind) -> bool {
        self.kind == Some(kind) && self.body.is_none()
    }
}

fn thing(row: &Row) -> Result<Thing, sqlx::Error> {
    let kind: String = row.try_get("kind")?;
    let beside: Option<String> = row.try_get("beside")?;
    let beside_body: Option<String> = row.try_get("beside_body")?;
    Ok(Thing {
        kind: Kind::named(&kind),
        tenant: row.try_get("tenant")?,
        id: row.try_get("id")?,
        body: row.try_get("body")?,
        beside: beside.and_then(|kind| Kind::named(&kind)).zip(beside_body),
    })
}

/// Whether something waits here to be brought: then it is newer here.
async fn waits(transaction: &mut SqliteConnection, kind: Kind, thing: &Thing) -> Result<bool, sqlx::Error> {
    let id = match kind {
        Kind::Feedback => Kind::Record.place(&thing.id),
        _ => &thing.id,
    };
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ? AND tenant = ? AND kind = ?)")
        .bind(id)
        .bind(&thing.tenant)
        .bind(kind.name())
        .fetch_one(transaction)
        .await
}

async fn take_away(
    transaction: &mut SqliteConnection,
    thing: &Thing,
    gone: &mut Vec<Gone>,
) -> Result<(), sqlx::Error> {
    let Some(kind) = thing.kind else { return Ok(()) };
    if !kind.is_gone_for_good() && waits(transaction, kind, thing).await? {
        return Ok(());
    }
    match kind {
        Kind::Record | Kind::Feedback => {
            let Some((replica, index, created)) = parts(&thing.id) else {
                return Ok(());
            };
            let sql = match kind {
                Kind::Record => {
                    "DELETE FROM records WHERE tenant = ? AND replica = ? AND entry = ? AND created = ?"
                }
                _ => "DELETE FROM feedback WHERE tenant = ? AND replica = ? AND entry = ? AND ? IS NULL",
            };
            let deleted = sqlx::query(sql)
                .bind(&thing.tenant)
                .bind(replica)
                .bind(index)
                .bind(created)
                .execute(transaction)
                .await?;
            if let (Kind::Record, 1.., Some(tenant)) = (kind, deleted.rows_affected(), tenant(&thing.tenant))
            {
                let (replica, index) = (replica.to_owned(), index.unsigned_abs());
                gone.push(Gone::Record(tenant, EntryId { replica, index }));
            }
        }
        Kind::Conversation => {
            sqlx::query("DELETE FROM conversations WHERE tenant = ? AND id = ?")
                .bind(&thing.tenant)
                .bind(&thing.id)
                .execute(transaction)
                .await?;
        }
        Kind::Subject => forget(transaction, thing, gone).await?,
        // A title goes with its conversation; what officers read is never taken away.
        Kind::Title | Kind::Access => {}
    }
    Ok(())
}

/// Deletes the secret of a pseudonym, of which only a digest says whose it is.
async fn forget(
    transaction: &mut SqliteConnection,
    thing: &Thing,
    gone: &mut Vec<Gone>,
) -> Result<(), sqlx::Error> {
    let known: Vec<(String, String)> = sqlx::query_as("SELECT replica, actor FROM subjects WHERE tenant = ?")
        .bind(&thing.tenant)
        .fetch_all(&mut *transaction)
        .await?;
    for (replica, actor) in known {
        if subject_id(&format!("{replica}/{actor}")) == thing.id {
            sqlx::query("DELETE FROM subjects WHERE tenant = ? AND replica = ? AND actor = ?")
                .bind(&thing.tenant)
                .bind(&replica)
                .bind(&actor)
                .execute(&mut *transaction)
                .await?;
            gone.extend(tenant(&thing.tenant).map(Gone::Subject));
        }
    }
    Ok(())
}
