//! The list of several replicas, in the database that they share; the file of the data folder is a copy.
//!
//! Whoever withdraws has it in force here before the database is asked. Where that is away it stays in force here, is kept in a
//! file of its own and brought there as soon as it can be: a withdrawal waits for nobody. Lifting opens a door, and does wait.

use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use trousseau_retrieval::database::Access;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;
use trousseau_state::{Postgres, Row, Sql, Steps, Tables};

use crate::error::WithdrawalError;
use crate::withdrawal::Withdrawal;
use crate::{State, Withdrawals, file};

/// The kind of rows that the database tells of.
pub const KIND: &str = "withdrawal";

/// What the other replicas have not been told of. A folder without this file has not shared its list yet.
const PENDING: &str = "withdrawals.pending.json";

const STEPS: Steps = Steps {
    store: "withdrawals",
    steps: &["
CREATE TABLE trousseau.withdrawals (
    id    TEXT PRIMARY KEY,
    ends  BIGINT,
    entry TEXT NOT NULL
);
CREATE FUNCTION trousseau.withdrawal_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trousseau.tell('withdrawal', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END
$$;
CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON trousseau.withdrawals
    FOR EACH ROW EXECUTE FUNCTION trousseau.withdrawal_changed();
"],
};

impl Withdrawals {
    /// The list that several replicas share. What this folder has withdrawn before it shared anything is withdrawn everywhere.
    ///
    /// # Errors
    ///
    /// As [`Withdrawals::open`], and where the database does not answer.
    pub async fn share(
        data: &Path,
        postgres: &Arc<Postgres>,
        access: Access,
        now: Timestamp,
    ) -> Result<Self, WithdrawalError> {
        let mut withdrawals = Self::open(data, now)?;
        let tables = Tables::shared(postgres, &STEPS, access).await?;
        let path = data.join(PENDING);
        let (mut pending, seen) = file::read(&path)?;
        if seen.is_none() {
            pending = withdrawals.list(now);
        }
        withdrawals.shared = Some(Shared {
            tables,
            pending: tokio::sync::Mutex::new(pending),
        });
        if access == Access::Write {
            withdrawals.sync(now).await?;
        }
        Ok(withdrawals)
    }

    /// Withdraws something: it is in force here whatever this returns but for [`WithdrawalError::File`] and
    /// [`WithdrawalError::Damaged`].
    ///
    /// # Errors
    ///
    /// [`WithdrawalError::Here`] where the other replicas could not be told; they are as soon as that is possible.
    pub async fn withdraw(
        self: &Arc<Self>,
        withdrawal: Withdrawal,
        now: Timestamp,
    ) -> Result<(), WithdrawalError> {
        let Some(shared) = &self.shared else {
            let (own, added) = (Arc::clone(self), withdrawal);
            return died(blocking(move || own.add(added, now)).await)?;
        };
        let mut pending = shared.pending.lock().await;
        pending.push(withdrawal.clone());
        let (own, list) = (Arc::clone(self), pending.clone());
        let added = blocking(move || {
            own.add(withdrawal, now)?;
            own.write_pending(&list)
        });
        if let Err(error) = died(added.await)? {
            pending.pop();
            return Err(error);
        }
        let told = Box::pin(self.tell(shared, &mut pending, now)).await;
        told.map_err(|error| WithdrawalError::Here {
            reason: error.to_string(),
        })
    }

    /// Lifts a withdrawal, and gives it back.
    ///
    /// # Errors
    ///
    /// [`WithdrawalError::Unknown`] where there is none with this id; where the database is away nothing is lifted.
    pub async fn raise(self: &Arc<Self>, id: &str, now: Timestamp) -> Result<Withdrawal, WithdrawalError> {
        let Some(shared) = &self.shared else {
            let (own, id) = (Arc::clone(self), id.to_owned());
            return died(blocking(move || own.lift(&id, now)).await)?;
        };
        Box::pin(self.sync(now)).await?;
        let mut transaction = shared.tables.begin().await?;
        let gone =
            Sql::new("DELETE FROM withdrawals WHERE id = ? AND (ends IS NULL OR ends > ?) RETURNING entry");
        let gone = transaction
            .optional(gone.bind(id).bind(now.as_millisecond()))
            .await?;
        let unknown = || WithdrawalError::Unknown { id: id.to_owned() };
        let lifted = entry(&gone.ok_or_else(unknown)?)?;
        transaction.commit().await?;
        Box::pin(self.sync(now)).await?;
        Ok(lifted)
    }

    /// Whether the other replicas have not been told of something.
    pub fn owes(&self) -> bool {
        let pending = self.shared.as_ref().map(|shared| shared.pending.try_lock());
        pending.is_some_and(|pending| pending.is_ok_and(|pending| !pending.is_empty()))
    }

    /// Tells the other replicas what they have not been told, and takes up what they changed.
    pub async fn sync(&self, now: Timestamp) -> Result<(), WithdrawalError> {
        let Some(shared) = &self.shared else {
            return Ok(());
        };
        let mut pending = shared.pending.lock().await;
        self.tell(shared, &mut pending, now).await
    }

    async fn tell(
        &self,
        shared: &Shared,
        pending: &mut Vec<Withdrawal>,
        now: Timestamp,
    ) -> Result<(), WithdrawalError> {
        if !pending.is_empty() {
            let mut transaction = shared.tables.begin().await?;
            let over = Sql::new("DELETE FROM withdrawals WHERE ends <= ?").bind(now.as_millisecond());
            transaction.run(over).await?;
            for one in pending.iter().filter(|one| one.holds(now)) {
                let new = Sql::new(
                    "INSERT INTO withdrawals (id, ends, entry) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
                );
                let entry = serde_json::to_string(one).map_err(io::Error::from)?;
                let new = new.bind(&one.id).bind(one.until.map(Timestamp::as_millisecond));
                transaction.run(new.bind(entry)).await?;
            }
            transaction.commit().await?;
        }
        let rows = shared
            .tables
            .all(Sql::new("SELECT entry FROM withdrawals ORDER BY id"))
            .await?;
        let list: Result<Vec<_>, _> = rows.iter().map(entry).collect();
        let mut list = list?;
        list.sort_by_key(|one| one.since);
        pending.clear();
        self.write_pending(pending)?;
        if list != self.list_all() {
            let seen = file::write(&self.path, &list)?;
            self.put(State::of(list, seen, now));
        }
        Ok(())
    }

    fn write_pending(&self, pending: &[Withdrawal]) -> Result<(), WithdrawalError> {
        let path = self.path.with_file_name(PENDING);
        if !pending.is_empty() || file::read(&path)?.0.len() != pending.len() || !path.is_file() {
            file::write(&path, pending)?;
        }
        Ok(())
    }

    fn list_all(&self) -> Vec<Withdrawal> {
        self.state.load().list.clone()
    }
}

/// What a list in a database has beside the list.
#[derive(Debug)]
pub(crate) struct Shared {
    tables: Tables,
    pending: tokio::sync::Mutex<Vec<Withdrawal>>,
}

fn entry(row: &Row) -> Result<Withdrawal, WithdrawalError> {
    let read = row.try_get::<&str>("entry");
    let read = read
        .map_err(|error| error.to_string())
        .and_then(|entry| serde_json::from_str(entry).map_err(|error| error.to_string()));
    read.map_err(|reason| WithdrawalError::Damaged {
        path: "withdrawals".into(),
        reason,
    })
}

/// A step that died is an error of the file.
fn died<T>(done: Result<T, StoreError>) -> Result<T, WithdrawalError> {
    done.map_err(WithdrawalError::from)
}
