//! The records: questions, answers and passages, one row per answer, keyed by its decision's ledger entry.
//!
//! The ledger proves that something was decided and answered; what it was stands here, with the secret that
//! opens the ledger's commitments. `records.sqlite` has its own writer, apart from the documents'.
//!
//! The answer path writes to a [journal](trousseau_record::journal), which the [applier](trousseau_record::applier) puts into the database a moment later, or before
//! somebody reads.
//! Where replicas share a database, what another keeps is here as well ([`sharing`]).
//! People read, search ([`search`]), rate and delete what is their own ([`own`], [`conversations`]); another's record is read by
//! the data-protection officer alone, with a reason ([`oversight`]). What is older than the organisation keeps, and
//! what a person wants gone, is erased ([`erasure`]); what a person wants to see is written out ([`export`]).

mod branches;
pub mod conversations;
pub mod counts;
pub mod erasure;
pub mod export;
pub mod oversight;
pub mod own;
mod search;
mod sharing;
pub mod traffic;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::MutexGuard;
use trousseau_core::digest::Digest;
use trousseau_core::label::Label;
use trousseau_core::principal::Tenant;
use trousseau_exchange::Exchange;
use trousseau_ledger::Durability;
use trousseau_retrieval::columns::{bytes32, parsed};
use trousseau_retrieval::database::{Access, Database, Schema};
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;

use crate::commitment::Secret;

use trousseau_entries::entry::State;
pub use trousseau_entries::name::{EntryId, InvalidEntryId};
use trousseau_record::journal::label_key;
use trousseau_record::{
    Applier, CloseRow, Journal, KeepRow, OpenRow, Owed, Write, applier, journal, record, schema,
};
pub use trousseau_record::{Closed, Feedback, Made, Opened, Rating, Reasoning, Record, Thought};

/// The name of the file in a data folder.
pub const FILE: &str = "records.sqlite";

/// The name of a file that is there for a moment only.
const SCRATCH: &str = "records.room";

/// How much room is looked for after the disk was full, in bytes.
const ROOM: usize = 512 << 10;

/// The tables of the file.
const RECORDS: Schema = Schema {
    steps: &[
        schema::STEP_1,
        schema::STEP_2,
        schema::STEP_3,
        schema::STEP_4,
        schema::STEP_5,
        schema::STEP_6,
        schema::STEP_7,
        trousseau_exchange::STEP,
    ],
};

/// The record store.
#[derive(Debug)]
pub struct Records {
    database: Arc<Database>,
    /// A file that is written and removed to see whether there is room.
    scratch: PathBuf,
    writing: Option<Writing>,
    /// Where replicas share what they keep.
    exchange: Option<Exchange>,
}

/// What the answer path writes through.
#[derive(Debug)]
struct Writing {
    journal: Journal,
    applier: Applier,
}

impl Records {
    /// The version of the file's form.
    pub const FORMAT: usize = RECORDS.steps.len();

    /// Opens `records.sqlite` in the folder `data`, and puts into it what a killed process left in the journal.
    pub async fn open(data: &Path, access: Access) -> Result<Self, StoreError> {
        let path = data.join(FILE);
        if let Err(error) = crate::backup::check_whole(data) {
            let reason = error.to_string();
            return Err(StoreError::Damaged { path, reason });
        }
        let database = Database::open(&path, &RECORDS, access).await?;
        let database = Arc::new(database);
        let writing = match access {
            Access::Read => None,
            Access::Write => Some(Writing::start(data, &database).await?),
        };
        let scratch = data.join(SCRATCH);
        Ok(Self {
            database,
            scratch,
            writing,
            exchange: None,
        })
    }

    /// Fails when the file cannot be read, or when the disk still refuses what it refused last.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.database.check().await?;
        let Some(Writing { journal, .. }) = &self.writing else {
            return Ok(());
        };
        if !journal.shared.is_refused() {
            return Ok(());
        }
        let scratch = self.scratch.clone();
        blocking(move || find_room(&scratch)).await??;
        self.settle().await?;
        journal.shared.accept();
        Ok(())
    }

    /// Closes the file, after the last write that was begun.
    pub async fn close(self) {
        if let Some(Writing { journal, applier }) = self.writing {
            if let Err(error) = journal.close().await {
                tracing::error!(%error, "closing the journal of the records");
            }
            applier.close().await;
        }
        if let Some(exchange) = self.exchange {
            exchange.close().await;
        }
        if let Some(database) = Arc::into_inner(self.database) {
            database.close().await;
        }
    }

    /// The index below which every decision of a ledger has its outcome.
    pub async fn closed_below(&self, tenant: &Tenant, replica: &str) -> Result<u64, StoreError> {
        let mut writer = self.writer().await?;
        let below: i64 = sqlx::query_scalar(
            "INSERT INTO replicas (tenant, replica, closed_below) VALUES (?, ?, 0)
             ON CONFLICT DO UPDATE SET closed_below = closed_below RETURNING closed_below",
        )
        .bind(tenant.as_str())
        .bind(replica)
        .fetch_one(&mut *writer)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(below.unsigned_abs())
    }

    /// The secret of a user's pseudonym in a ledger: `fresh` when there is none yet.
    pub async fn subject(
        &self,
        tenant: &Tenant,
        replica: &str,
        user: &str,
        fresh: Secret,
    ) -> Result<Secret, StoreError> {
        let mut writer = self.writer().await?;
        let row = sqlx::query(
            "INSERT INTO subjects (tenant, replica, actor, secret) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET secret = secret RETURNING secret",
        )
        .bind(tenant.as_str())
        .bind(replica)
        .bind(user)
        .bind(fresh.0.as_slice())
        .fetch_one(&mut *writer)
        .await
        .map_err(|error| self.fault(error))?;
        let secret = bytes32(&row, "secret").map_err(|error| self.fault(error))?;
        Ok(Secret(secret))
    }

    /// Records a decision, before anything is sent.
    pub async fn open_record(
        &self,
        tenant: &Tenant,
        opened: Opened<'_>,
        durability: Durability,
    ) -> Result<(), StoreError> {
        let row = OpenRow::new(tenant, opened).map_err(|error| self.fault(error))?;
        self.write(Write::Open(Box::new(row)), durability).await
    }

    /// Keeps what the calls for a request brought, before the ledger says that they did.
    pub async fn keep_made(
        &self,
        tenant: &Tenant,
        entry: &EntryId,
        made: &Made<'_>,
        durability: Durability,
    ) -> Result<(), StoreError> {
        let row = KeepRow::new(tenant, entry, made).map_err(|error| self.fault(error))?;
        self.write(Write::Keep(Box::new(row)), durability).await
    }

    /// Has noted how a request ended, whose decision is among the `owed`, and takes it out of them then. Nobody waits
    /// for it, and a power loss may take it: the ledger says it as well, and the next start reads it there.
    pub(crate) async fn close_record(
        &self,
        tenant: &Tenant,
        closed: Closed,
        owed: &Arc<Owed>,
    ) -> Result<(), StoreError> {
        let row = CloseRow {
            tenant: tenant.clone(),
            closed,
            owed: Arc::clone(owed),
        };
        match &self.writing {
            Some(writing) => {
                writing.journal.shared.remember(Write::Close(Box::new(row)));
                Ok(())
            }
            // Says that the file was opened for reading only.
            None => self.database.writer().await.map(drop),
        }
    }

    /// The entries, from `from` on, whose records have not heard how they ended.
    pub async fn open_entries(
        &self,
        tenant: &Tenant,
        replica: &str,
        from: u64,
    ) -> Result<Vec<u64>, StoreError> {
        let entries: Vec<i64> = sqlx::query_scalar(
            "SELECT entry FROM records WHERE tenant = ? AND replica = ? AND entry >= ? AND state = 'open' ORDER BY entry",
        )
        .bind(tenant.as_str())
        .bind(replica)
        .bind(from as i64)
        .fetch_all(self.local().await)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(entries.into_iter().map(i64::unsigned_abs).collect())
    }

    /// The label of the record whose answer is exactly `answer`, if there is one.
    pub async fn label_of_answer(&self, tenant: &Tenant, answer: &str) -> Result<Option<Label>, StoreError> {
        let digest = Digest::of(answer.as_bytes()).to_string();
        let mut joined = self.label_here(tenant, &digest).await?;
        if let (None, Some(exchange)) = (&joined, &self.exchange) {
            // It may be another replica's: without knowing that, the label might fall.
            Box::pin(exchange.catch_up()).await?;
            joined = self.label_here(tenant, &digest).await?;
        }
        Ok(joined)
    }

    async fn label_here(&self, tenant: &Tenant, digest: &str) -> Result<Option<Label>, StoreError> {
        let mut joined: Option<Label> = None;
        // First those that may go into the database meanwhile.
        if let Some(writing) = &self.writing {
            for label in writing.journal.shared.labels(&label_key(tenant.as_str(), digest)) {
                let label = label.parse().map_err(|error| self.fault(decoding(error)))?;
                joined.get_or_insert_default().raise(&label);
            }
        }
        let rows = sqlx::query("SELECT DISTINCT label FROM records WHERE tenant = ? AND answer_digest = ?")
            .bind(tenant.as_str())
            .bind(digest)
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.fault(error))?;
        for row in &rows {
            let label: Label = parsed(row, "label").map_err(|error| self.fault(error))?;
            joined.get_or_insert_default().raise(&label);
        }
        Ok(joined)
    }

    /// One record, whosesoever it is: for whoever holds the data folder itself.
    pub async fn record(&self, tenant: &Tenant, entry: &EntryId) -> Result<Option<Record>, StoreError> {
        let until = self.awaits(entry);
        loop {
            let found = self.record_here(tenant, entry).await?;
            let is_ended = found.as_ref().is_some_and(|found| found.state != State::Open);
            if is_ended || !sharing::look_again(until).await {
                return Ok(found);
            }
        }
    }

    async fn record_here(&self, tenant: &Tenant, entry: &EntryId) -> Result<Option<Record>, StoreError> {
        let sql = format!(
            "SELECT {} FROM {} WHERE r.tenant = ? AND r.replica = ? AND r.entry = ?",
            record::COLUMNS,
            record::TABLES
        );
        let row: Option<SqliteRow> = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(tenant.as_str())
            .bind(&entry.replica)
            .bind(entry.index as i64)
            .fetch_optional(self.readers().await?)
            .await
            .map_err(|error| self.fault(error))?;
        let read = row.map(|row| record::record(&row)).transpose();
        read.map_err(|error| self.fault(error))
    }

    /// Sets apart, under the replica name `apart`, the records of entries that the ledger of `size` entries does not
    /// have: a power loss took them there. Forgets outcomes that it does not have.
    pub async fn set_apart(
        &self,
        tenant: &Tenant,
        replica: &str,
        size: u64,
        apart: &str,
    ) -> Result<u64, StoreError> {
        const STEPS: [&str; 4] = [
            "UPDATE records SET replica = ?4, state = CASE state WHEN 'open' THEN 'interrupted' ELSE state END
             WHERE tenant = ?1 AND replica = ?2 AND entry >= ?3",
            "UPDATE records SET parent = ?4 || substr(parent, length(?2) + 1)
             WHERE tenant = ?1 AND parent LIKE ?2 || '/%' AND CAST(substr(parent, length(?2) + 2) AS INTEGER) >= ?3",
            "UPDATE records SET outcome = NULL, state = 'open' WHERE tenant = ?1 AND replica = ?2 AND outcome >= ?3",
            "UPDATE replicas SET closed_below = ?3 WHERE tenant = ?1 AND replica = ?2 AND closed_below > ?3",
        ];
        let fault = |error| self.fault(error);
        let mut writer = self.writer().await?;
        let mut transaction = sqlx::Connection::begin(&mut *writer).await.map_err(fault)?;
        let mut changed = 0;
        for step in STEPS {
            let done = sqlx::query(step)
                .bind(tenant.as_str())
                .bind(replica)
                .bind(size as i64)
                .bind(apart)
                .execute(&mut *transaction)
                .await
                .map_err(fault)?;
            changed += done.rows_affected();
        }
        transaction.commit().await.map_err(fault)?;
        Ok(changed)
    }

    /// The connections that read, once everything is in the file that was written here, and what other replicas brought. Fails where
    /// nobody can tell what they did.
    async fn readers(&self) -> Result<&SqlitePool, StoreError> {
        let readers = self.local().await;
        if let Some(exchange) = &self.exchange {
            Box::pin(exchange.catch_up()).await?;
        }
        Ok(readers)
    }

    /// The connections that read, once everything that was written here is in the file.
    async fn local(&self) -> &SqlitePool {
        if let Err(error) = self.settle().await {
            tracing::warn!(%error, "records are read as they were a while ago");
        }
        self.database.readers()
    }

    /// The writing connection, once everything that was written is in the database.
    async fn writer(&self) -> Result<MutexGuard<'_, SqliteConnection>, StoreError> {
        self.settle().await?;
        self.database.writer().await
    }

    /// Returns once everything that was written is in the database.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        match &self.writing {
            Some(writing) => writing.applier.settle().await,
            None => Ok(()),
        }
    }

    async fn write(&self, write: Write, durability: Durability) -> Result<(), StoreError> {
        match &self.writing {
            Some(writing) => writing.journal.write(write, durability).await,
            // Says that the file was opened for reading only.
            None => self.database.writer().await.map(drop),
        }
    }

    fn fault(&self, error: sqlx::Error) -> StoreError {
        self.database.fault(error)
    }
}

impl Writing {
    async fn start(data: &Path, database: &Arc<Database>) -> Result<Self, StoreError> {
        // Nothing that is deleted or replaced leaves its bytes behind in the file. The write-ahead file may grow to 16 MB
        // before it is written back, because a page is written back once however often it changed.
        let pragma = sqlx::raw_sql("PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4096");
        let set = pragma.execute(&mut *database.writer().await?).await;
        set.map_err(|error| database.fault(error))?;
        let (shared, left) = Journal::open(data)?;
        applier::apply(database, &left).await?;
        for turn in 0..journal::FILES.len() {
            shared.empty(turn)?;
        }
        let shared = Arc::new(shared);
        Ok(Self {
            journal: Journal::start(Arc::clone(&shared))?,
            applier: Applier::start(Arc::clone(database), shared),
        })
    }
}

/// Whether there is room for the records of some questions beside the files that there are.
fn find_room(scratch: &Path) -> io::Result<()> {
    let tried = fs_err::write(scratch, vec![0; ROOM]);
    match fs_err::remove_file(scratch) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => tried,
    }
}

fn decoding(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
