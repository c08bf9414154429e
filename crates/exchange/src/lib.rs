//! The records that replicas have in common.
//!
//! Each replica keeps its records in its own file, as one that is alone does: a question waits for no database. What becomes another
//! there is written down by triggers in the same transaction ([`schema`](STEP)), and brought into the database of the replicas a moment later
//! (`outgoing`); what the others brought is taken from there (`incoming`), before anybody reads and once a second. So every replica
//! has all records, and who reads has what was in the database when it was asked. Bringing the same thing twice changes nothing.
//!
//! With the database away nothing is lost and nothing is hidden: what is new waits in the file, and whoever wants to read is told that it
//! cannot be known whether there is more.

mod incoming;
mod kind;
mod outgoing;
mod schema;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::Connection as _;
use trousseau_core::principal::Tenant;
use trousseau_entries::name::EntryId;
use trousseau_retrieval::database::{Access, Database};
use trousseau_retrieval::error::StoreError;
use trousseau_state::{Held, Postgres, Sql, Tables};

pub use schema::STEP;

/// How often what waits is brought, where nobody says that there is something.
pub const BROUGHT: Duration = Duration::from_millis(100);

/// How often it is looked what the others brought, where nobody reads.
pub const LOOKED: Duration = Duration::from_secs(1);

/// How long a replica that starts waits for its name, which one that was killed may hold a moment longer.
const NAMED: Duration = Duration::from_secs(5);

/// How long somebody waits for a record that another replica is about to bring.
const AWAITED: Duration = Duration::from_millis(1500);

/// What was taken away on another replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// A record.
    Record(Tenant, EntryId),
    /// The secret of somebody's pseudonym.
    Subject(Tenant),
}

/// See the module.
pub struct Exchange {
    file: Arc<Database>,
    tables: Tables,
    postgres: Arc<Postgres>,
    replica: String,
    folder: String,
    /// The number up to which everything is here; held while more is taken.
    seen: tokio::sync::Mutex<i64>,
    /// Held while something is brought.
    bringing: tokio::sync::Mutex<()>,
    /// The lock on the replica's name.
    name: tokio::sync::Mutex<Option<Held>>,
    gone: Mutex<Vec<Gone>>,
    waiting: AtomicU64,
    fault: Mutex<Option<String>>,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange")
            .field("replica", &self.replica)
            .finish_non_exhaustive()
    }
}

/// Has a data folder that shared its records do so no more. When it does so again, everything in it is brought again.
pub async fn end(file: &Database) -> Result<(), StoreError> {
    let fault = |error| file.fault(error);
    let mut writer = file.writer().await?;
    let shares: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM exchange WHERE identity <> '')")
        .fetch_one(&mut *writer)
        .await
        .map_err(fault)?;
    if !shares {
        return Ok(());
    }
    let mut transaction = writer.begin().await.map_err(fault)?;
    for name in schema::TRIGGER_NAMES {
        // The names are the program's own.
        let dropped = sqlx::AssertSqlSafe(format!("DROP TRIGGER IF EXISTS {name}"));
        sqlx::raw_sql(dropped)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
    }
    sqlx::raw_sql("DELETE FROM outbox; UPDATE exchange SET identity = '', seen = 0")
        .execute(&mut *transaction)
        .await
        .map_err(fault)?;
    transaction.commit().await.map_err(fault)
}

impl Exchange {
    /// Joins the replicas over a database, under the name `replica`: takes what they have, and brings what is here and not there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Twice`] where another has the name; [`StoreError::Clash`] where a record here and one there have one name.
    pub async fn open(
        file: &Arc<Database>,
        postgres: &Arc<Postgres>,
        replica: &str,
    ) -> Result<Self, StoreError> {
        let tables = Tables::shared(postgres, &schema::SHARED, Access::Write).await?;
        let (folder, identity, seen) = begin(file).await?;
        let opened = Self {
            file: Arc::clone(file),
            tables,
            postgres: Arc::clone(postgres),
            replica: replica.to_owned(),
            folder,
            seen: tokio::sync::Mutex::new(seen),
            bringing: tokio::sync::Mutex::default(),
            name: tokio::sync::Mutex::default(),
            gone: Mutex::default(),
            waiting: AtomicU64::default(),
            fault: Mutex::default(),
        };
        let begun = std::time::Instant::now();
        loop {
            match opened.claim().await {
                Err(StoreError::Twice { .. }) if begun.elapsed() < NAMED => {
                    tokio::time::sleep(BROUGHT).await;
                }
                claimed => break claimed?,
            }
        }
        if identity != postgres.identity() {
            opened.begin_anew().await?;
        }
        // What this replica brought itself may be missing here: the data folder may be an older copy.
        let taken = opened.take(true).await?;
        let brought = opened.bring().await?;
        if taken + brought > 0 {
            tracing::info!(
                taken,
                brought,
                "the records are those of the database of the replicas"
            );
        }
        Ok(opened)
    }

    /// Makes sure that this data folder is the one with its name, and the only one that runs under it.
    async fn claim(&self) -> Result<(), StoreError> {
        let twice = || StoreError::Twice {
            database: self.postgres.place().to_owned(),
            replica: self.replica.clone(),
        };
        let mut name = self.name.lock().await;
        if let Some(held) = name.as_mut()
            && held.is_held(&self.postgres).await
        {
            return Ok(());
        }
        *name = None;
        let held = self.postgres.hold(&format!("replica {}", self.replica)).await?;
        let held = held.ok_or_else(twice)?;
        let mut transaction = self.tables.begin().await?;
        let sql = Sql::new("INSERT INTO members (replica, folder) VALUES (?1, ?2) ON CONFLICT DO NOTHING");
        transaction
            .run(sql.bind(&self.replica).bind(&self.folder))
            .await?;
        let sql = Sql::new("SELECT folder = ?2 AS found FROM members WHERE replica = ?1");
        let is_own = transaction
            .is_so(sql.bind(&self.replica).bind(&self.folder))
            .await?;
        transaction.commit().await?;
        if !is_own {
            held.release(&self.postgres).await;
            return Err(twice());
        }
        *name = Some(held);
        Ok(())
    }

    /// Brings and takes everything again: the database is another than before, or was put back from an earlier moment.
    async fn begin_anew(&self) -> Result<(), StoreError> {
        let fault = |error| self.file.fault(error);
        let mut seen = self.seen.lock().await;
        let mut writer = self.file.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        sqlx::raw_sql(schema::ALL)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        sqlx::query("UPDATE exchange SET identity = ?, seen = 0")
            .bind(self.postgres.identity())
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
        *seen = 0;
        Ok(())
    }

    /// Returns once everything is here that was in the database when it was asked.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] where that cannot be known.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let taken = self.take(false).await;
        self.note(taken.as_ref().err());
        taken.map(drop)
    }

    /// Brings what waits, so that others have it at once; where that fails it waits on.
    pub async fn tell(&self) {
        if self.postgres.is_away() {
            return;
        }
        let brought = self.bring().await;
        self.note(brought.as_ref().err());
    }

    /// One round of what is done from time to time: brings, and, where `looks`, takes what there is and sees whether the name is still this
    /// replica's.
    pub async fn round(&self, looks: bool) -> Result<(), StoreError> {
        let round = async {
            self.count().await?;
            if looks {
                self.claim().await?;
                self.take(false).await?;
            }
            self.bring().await.map(drop)
        };
        let round = round.await;
        self.note(round.as_ref().err());
        round
    }

    /// Until when somebody waits for a record of another replica, which may be on its way: none where it is this one's own.
    pub fn awaits(&self, entry: &EntryId) -> Option<std::time::Instant> {
        (entry.replica != self.replica).then(|| std::time::Instant::now() + AWAITED)
    }

    /// What other replicas took away since this was last asked.
    pub fn take_gone(&self) -> Vec<Gone> {
        std::mem::take(&mut self.gone.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Alone among replicas with something that one of them does; none while another is at it.
    pub async fn alone(&self, with: &str) -> Result<Option<Held>, StoreError> {
        self.postgres.hold(&format!("records {with}")).await
    }

    /// Lets go of what [`Exchange::alone`] gave.
    pub async fn release(&self, held: Held) {
        held.release(&self.postgres).await;
    }

    /// How many changes wait here, and why, where something is wrong.
    pub fn health(&self) -> (u64, Option<String>) {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        (self.waiting.load(Ordering::Relaxed), fault.clone())
    }

    /// Brings what waits, as far as that is possible, and gives the name back.
    pub async fn close(&self) {
        if let Err(error) = self.bring().await {
            tracing::warn!(%error, "records wait in the data folder until the next start");
        }
        if let Some(held) = self.name.lock().await.take() {
            held.release(&self.postgres).await;
        }
    }

    fn note(&self, error: Option<&StoreError>) {
        let reason = error.map(ToString::to_string);
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*fault, &reason) {
            (None, Some(reason)) => tracing::error!(reason, "the records are not shared for now"),
            (Some(_), None) => tracing::info!("the records are shared again"),
            _ => {}
        }
        *fault = reason;
    }
}

/// Has the file write down what becomes another in it; returns the data folder's name, the database it shared records over last, and up
/// to which number.
async fn begin(file: &Database) -> Result<(String, String, i64), StoreError> {
    let fault = |error| file.fault(error);
    let mut folder = [0; 16];
    getrandom::fill(&mut folder).map_err(|error| StoreError::Died(error.to_string()))?;
    let mut writer = file.writer().await?;
    sqlx::raw_sql(schema::TRIGGERS)
        .execute(&mut *writer)
        .await
        .map_err(fault)?;
    sqlx::query(
        "INSERT INTO exchange (one, folder, identity, seen) VALUES (1, ?, '', 0) ON CONFLICT DO NOTHING",
    )
    .bind(format!("{:032x}", u128::from_be_bytes(folder)))
    .execute(&mut *writer)
    .await
    .map_err(fault)?;
    let row = sqlx::query_as("SELECT folder, identity, seen FROM exchange").fetch_one(&mut *writer);
    row.await.map_err(fault)
}
