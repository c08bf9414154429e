//! Erasure: what is older than the organisation keeps, and what a person wants gone.
//!
//! Erasing deletes the content and, with it, the secrets that open the ledger's commitments. The ledger stays as it
//! is: every proof still holds, and an `erasure` entry says how many records went and up to which entry. SQLite
//! overwrites what is deleted with zeros (`secure_delete`), and the write-ahead file is emptied before the entry is
//! written. A kill on the way leaves a row in `erasures` without an entry, which the next start carries to its end.
//!
//! A backup that was made before holds what was erased after; so may blocks of the disk that the file system freed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::{Connection as _, QueryBuilder, Row as _, Sqlite, SqliteConnection};
use trousseau_core::principal::{Principal, Tenant};
use trousseau_retrieval::columns::{self, to_json};
use trousseau_retrieval::error::StoreError;

use super::record;
use super::{EntryId, Records};
use crate::cached::Kept;
use crate::error::GatewayError;
use crate::service::Gateway;

/// How many records go in one transaction, so that requests are not kept waiting.
const BATCH: usize = 200;

/// How often and how long emptying the write-ahead file waits for those who read.
const ATTEMPTS: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// Why something is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is older than the organisation keeps.
    Retention,
    /// The person it is of wants everything gone (GDPR art. 17).
    Subject,
    /// Its owner deleted it.
    Owner,
}

impl Cause {
    /// The word in the records and the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retention => "retention",
            Self::Subject => "subject",
            Self::Owner => "owner",
        }
    }
}

/// What is erased.
#[derive(Clone, Debug)]
pub(super) struct Which {
    cause: Cause,
    user: Option<String>,
    conversation: Option<String>,
    entry: Option<EntryId>,
    before: Option<i64>,
}

impl Which {
    const fn all(cause: Cause) -> Self {
        Self {
            cause,
            user: None,
            conversation: None,
            entry: None,
            before: None,
        }
    }

    fn of(cause: Cause, user: &str) -> Self {
        Self {
            user: Some(user.to_owned()),
            ..Self::all(cause)
        }
    }

    pub(super) fn conversation(owner: &Principal, id: &str) -> Self {
        Self {
            conversation: Some(id.to_owned()),
            ..Self::of(Cause::Owner, &owner.user)
        }
    }

    pub(super) fn record(owner: &Principal, entry: &EntryId) -> Self {
        Self {
            entry: Some(entry.clone()),
            ..Self::of(Cause::Owner, &owner.user)
        }
    }

    fn before(moment: Timestamp) -> Self {
        Self {
            before: Some(moment.as_millisecond()),
            ..Self::all(Cause::Retention)
        }
    }

    /// Whether an answer that may be given again is one of them.
    fn covers(&self, tenant: &Tenant, kept: &Kept) -> bool {
        kept.tenant == *tenant
            && self.user.as_ref().is_none_or(|user| kept.user == *user)
            && self
                .conversation
                .as_ref()
                .is_none_or(|id| kept.conversation.as_ref() == Some(id))
            && self.entry.as_ref().is_none_or(|entry| kept.entry == *entry)
            && self.before.is_none_or(|before| kept.created < before)
    }

    /// Finds the rows of the records. It names only the conditions that there are, so that an index finds them.
    fn select(&self, tenant: &Tenant) -> QueryBuilder<Sqlite> {
        let mut select = QueryBuilder::new("SELECT rowid FROM records WHERE tenant = ");
        select.push_bind(tenant.as_str().to_owned());
        if let Some(user) = &self.user {
            select.push(" AND actor = ").push_bind(user.clone());
        }
        if let Some(conversation) = &self.conversation {
            select
                .push(" AND conversation = ")
                .push_bind(conversation.clone());
        }
        if let Some(entry) = &self.entry {
            select.push(" AND replica = ").push_bind(entry.replica.clone());
            select.push(" AND entry = ").push_bind(entry.index as i64);
        }
        if let Some(before) = self.before {
            select
                .push(" AND state <> 'open' AND created < ")
                .push_bind(before);
        }
        select
    }
}

/// An erasure whose ledger entry is owed.
pub(crate) struct Owed {
    pub id: i64,
    pub cause: String,
    pub records: u64,
    pub through: BTreeMap<String, u64>,
}

impl Gateway {
    /// Erases the ended records of every tenant that were decided before `before`, and the conversations that are
    /// left empty and did not go on since. Returns how many records went.
    ///
    /// Of replicas that share their records one does it, for all.
    pub async fn purge(&self, before: Timestamp) -> Result<u64, GatewayError> {
        let Some(alone) = self.records.alone("retention").await? else {
            return Ok(0);
        };
        let purged = self.purge_alone(before).await;
        self.records.release(alone).await;
        purged
    }

    async fn purge_alone(&self, before: Timestamp) -> Result<u64, GatewayError> {
        let mut erased = 0;
        for tenant in self.records.tenants().await? {
            erased += self.erase(&tenant, &Which::before(before)).await?;
        }
        Ok(erased)
    }

    /// Erases everything that is kept of a user: records, conversations, feedback, and the secret of the pseudonym
    /// under which the ledger knows the user. Returns how many records went.
    ///
    /// A request that is under way meanwhile still ends; its content is not kept.
    pub async fn erase_subject(&self, tenant: &Tenant, user: &str) -> Result<u64, GatewayError> {
        self.erase(tenant, &Which::of(Cause::Subject, user)).await
    }

    pub(super) async fn erase(&self, tenant: &Tenant, which: &Which) -> Result<u64, GatewayError> {
        let now = (self.now)();
        let log = self.logs.log(tenant, &self.records, now).await?;
        let erased = self.records.erase(tenant, which, now.as_millisecond()).await?;
        self.records.tell().await;
        self.answers.forget(|kept| which.covers(tenant, kept));
        log.forget_pseudonyms();
        log.enter_owed(tenant, &self.records, now).await?;
        Ok(erased)
    }
}

impl Records {
    /// The tenants that have records or conversations.
    async fn tenants(&self) -> Result<BTreeSet<Tenant>, StoreError> {
        let names: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT tenant FROM replicas UNION SELECT tenant FROM conversations
                 UNION SELECT tenant FROM subjects",
        )
        .fetch_all(self.readers().await?)
        .await
        .map_err(|error| self.fault(error))?;
        // Only names of tenants were ever written.
        Ok(names
            .into_iter()
            .filter_map(|name| Tenant::new(name).ok())
            .collect())
    }

    async fn erase(&self, tenant: &Tenant, which: &Which, now: i64) -> Result<u64, StoreError> {
        let fault = |error| self.fault(error);
        let mut select = which.select(tenant);
        let rows: Vec<i64> = select
            .build_query_scalar()
            .fetch_all(self.readers().await?)
            .await
            .map_err(fault)?;
        let mut erased = Erased::default();
        for rows in rows.chunks(BATCH) {
            let mut writer = self.writer().await?;
            let mut transaction = writer.begin().await.map_err(fault)?;
            erased.delete(&mut transaction, rows).await.map_err(fault)?;
            erased
                .note(&mut transaction, tenant, which.cause, now)
                .await
                .map_err(fault)?;
            transaction.commit().await.map_err(fault)?;
        }
        let mut writer = self.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        delete_beside(&mut transaction, tenant, which)
            .await
            .map_err(fault)?;
        if which.cause == Cause::Subject {
            erased
                .note(&mut transaction, tenant, which.cause, now)
                .await
                .map_err(fault)?;
        }
        transaction.commit().await.map_err(fault)?;
        Ok(erased.records)
    }

    /// The erasures of a tenant that the ledger does not tell of yet.
    pub(crate) async fn owed_erasures(&self, tenant: &Tenant) -> Result<Vec<Owed>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, cause, records, through FROM erasures WHERE tenant = ? AND logged IS NULL ORDER BY id",
        )
        .bind(tenant.as_str())
        .fetch_all(self.local().await)
        .await
        .map_err(|error| self.fault(error))?;
        let owed = rows.iter().map(|row| {
            Ok(Owed {
                id: row.try_get("id")?,
                cause: row.try_get("cause")?,
                records: record::index(row, "records")?,
                through: columns::json(row, "through")?,
            })
        });
        owed.collect::<Result<_, _>>().map_err(|error| self.fault(error))
    }

    /// Notes the entry that tells of an erasure.
    pub(crate) async fn log_erasure(&self, id: i64, entry: u64) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        sqlx::query("UPDATE erasures SET logged = ? WHERE id = ?")
            .bind(entry as i64)
            .bind(id)
            .execute(&mut *writer)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// Writes the write-ahead file back and empties it: what was in it is nowhere then.
    pub(crate) async fn empty_wal(&self) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            let mut writer = self.writer().await?;
            let busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_one(&mut *writer)
                .await
                .map_err(|error| self.fault(error))?;
            drop(writer);
            if busy == 0 {
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
        let reason = "readers keep the write-ahead file, which holds what was erased".to_owned();
        Err(self.fault(sqlx::Error::Protocol(reason)))
    }
}

/// What has been erased so far.
#[derive(Default)]
struct Erased {
    id: Option<i64>,
    records: u64,
    through: BTreeMap<String, u64>,
}

impl Erased {
    async fn delete(&mut self, transaction: &mut SqliteConnection, rows: &[i64]) -> Result<(), sqlx::Error> {
        let deleted = sqlx::query(
            "DELETE FROM records WHERE rowid IN (SELECT value FROM json_each(?)) RETURNING replica, entry",
        )
        .bind(to_json(&rows)?)
        .fetch_all(transaction)
        .await?;
        for row in &deleted {
            let entry = record::index(row, "entry")?;
            let last = self.through.entry(row.try_get("replica")?).or_default();
            *last = (*last).max(entry);
        }
        self.records += deleted.len() as u64;
        Ok(())
    }

    /// Notes what has been erased so far, in the transaction that erases it.
    async fn note(
        &mut self,
        transaction: &mut SqliteConnection,
        tenant: &Tenant,
        cause: Cause,
        now: i64,
    ) -> Result<(), sqlx::Error> {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO erasures (id, tenant, cause, records, through, created) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET records = excluded.records, through = excluded.through RETURNING id",
        )
        .bind(self.id)
        .bind(tenant.as_str())
        .bind(cause.name())
        .bind(self.records as i64)
        .bind(to_json(&self.through)?)
        .bind(now)
        .fetch_one(transaction)
        .await?;
        self.id = Some(id);
        Ok(())
    }
}

/// Deletes what stood beside the records.
async fn delete_beside(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    which: &Which,
) -> Result<(), sqlx::Error> {
    const OF_A_CONVERSATION: &[&str] =
        &["DELETE FROM conversations WHERE tenant = ?1 AND actor = ?2 AND id = ?3"];
    const OF_A_SUBJECT: &[&str] = &[
        "DELETE FROM conversations WHERE tenant = ?1 AND actor = ?2",
        "DELETE FROM subjects WHERE tenant = ?1 AND actor = ?2",
        "UPDATE accesses SET subject = '', reason = '', secret = zeroblob(32) WHERE tenant = ?1 AND subject = ?2",
    ];
    const OF_A_TIME: &[&str] = &[
        "DELETE FROM conversations WHERE tenant = ?1 AND updated < ?4 AND NOT EXISTS (SELECT 1 FROM records r
             WHERE r.tenant = ?1 AND r.conversation = conversations.id)",
        "DELETE FROM subjects WHERE tenant = ?1 AND NOT EXISTS (SELECT 1 FROM records r
             WHERE r.tenant = ?1 AND r.actor = subjects.actor)",
    ];
    let steps = match which.cause {
        Cause::Owner if which.entry.is_some() => return Ok(()),
        Cause::Owner => OF_A_CONVERSATION,
        Cause::Subject => OF_A_SUBJECT,
        Cause::Retention => OF_A_TIME,
    };
    for &step in steps {
        sqlx::query(step)
            .bind(tenant.as_str())
            .bind(&which.user)
            .bind(&which.conversation)
            .bind(which.before)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(())
}
