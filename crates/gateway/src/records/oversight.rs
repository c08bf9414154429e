//! Who may look into records that are not their own: the data-protection officer into a named record, with a reason
//! that is written down first; the auditor and the officer into what surrounds the contents.

use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use trousseau_core::label::Label;
use trousseau_core::principal::{Principal, Role, Tenant};
use trousseau_retrieval::columns::{self, bytes32, parsed};
use trousseau_retrieval::error::StoreError;

use super::own::Page;
use super::record;
use super::{EntryId, Record, Records};
use crate::commitment::Secret;
use crate::entry::State;
use crate::error::GatewayError;
use crate::service::Gateway;

/// The longest reason, in bytes.
pub const REASON_BYTES: usize = 1000;

/// What is known of a record beside its contents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The replica whose ledger holds its entries.
    pub replica: String,
    /// The index of the decision's entry.
    pub entry: u64,
    /// The index of the outcome's entry.
    pub outcome: Option<u64>,
    /// How it ended.
    pub state: State,
    /// When it was decided, in milliseconds since 1970.
    pub created: i64,
    /// Who asked.
    pub actor: String,
    /// The route that was asked.
    pub route: String,
    /// The label that was decided under.
    pub label: Label,
    /// The target that answered.
    pub target: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
}

/// That somebody read another's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The record.
    pub record: String,
    /// Who read it.
    pub officer: String,
    /// Why.
    pub reason: String,
    /// When, in milliseconds since 1970.
    pub created: i64,
    /// The entry of the ledger that says so.
    pub logged: Option<u64>,
}

/// An access whose ledger entry is owed.
pub(crate) struct OwedAccess {
    pub id: i64,
    pub record: EntryId,
    pub officer: String,
    pub reason: String,
    pub secret: Secret,
}

impl Gateway {
    /// A record whosesoever it is, for the data-protection officer; that it was read, and why, is in the records and
    /// the ledger before it is returned.
    ///
    /// # Errors
    ///
    /// [`GatewayError::NotAllowed`] for every other role; [`GatewayError::NoReason`]; [`GatewayError::NoEntry`].
    pub async fn inspect_record(
        &self,
        officer: &Principal,
        entry: &EntryId,
        reason: &str,
    ) -> Result<Record, GatewayError> {
        if officer.role != Role::DataProtectionOfficer {
            return Err(GatewayError::NotAllowed { role: officer.role });
        }
        let (reason, found, limit) = (reason.trim(), reason.len(), REASON_BYTES);
        if reason.is_empty() {
            return Err(GatewayError::NoReason);
        }
        if found > limit {
            return Err(GatewayError::LongText { found, limit });
        }
        let tenant = &officer.tenant;
        let found = self.records.record(tenant, entry).await?;
        let record = found.ok_or_else(|| GatewayError::NoEntry {
            entry: entry.to_string(),
        })?;
        let now = (self.now)();
        let log = self.logs.log(tenant, &self.records, now).await?;
        let access = Access {
            record: entry.to_string(),
            officer: officer.user.clone(),
            reason: reason.to_owned(),
            created: now.as_millisecond(),
            logged: None,
        };
        let secret = Secret::generate()?;
        self.records
            .insert_access(tenant, entry, &record.actor, (&access, &secret))
            .await?;
        log.enter_owed(tenant, &self.records, now).await?;
        Ok(record)
    }

    /// What surrounds the records of a tenant, newest first, of one user or of all, after the record `after`; for the
    /// auditor and the data-protection officer.
    pub async fn metadata(
        &self,
        reader: &Principal,
        user: Option<&str>,
        after: Option<&EntryId>,
        limit: usize,
    ) -> Result<Page<Metadata>, GatewayError> {
        if !matches!(reader.role, Role::Auditor | Role::DataProtectionOfficer) {
            return Err(GatewayError::NotAllowed { role: reader.role });
        }
        Ok(self.records.metadata(&reader.tenant, user, after, limit).await?)
    }
}

impl Records {
    async fn insert_access(
        &self,
        tenant: &Tenant,
        entry: &EntryId,
        subject: &str,
        (access, secret): (&Access, &Secret),
    ) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        sqlx::query(
            "INSERT INTO accesses (tenant, replica, entry, officer, subject, reason, secret, created)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(tenant.as_str())
        .bind(&entry.replica)
        .bind(entry.index as i64)
        .bind(&access.officer)
        .bind(subject)
        .bind(&access.reason)
        .bind(secret.0.as_slice())
        .bind(access.created)
        .execute(&mut *writer)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// The accesses of a tenant that the ledger does not tell of yet.
    pub(crate) async fn owed_accesses(&self, tenant: &Tenant) -> Result<Vec<OwedAccess>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, replica, entry, officer, reason, secret FROM accesses
             WHERE tenant = ? AND logged IS NULL ORDER BY id",
        )
        .bind(tenant.as_str())
        .fetch_all(self.local().await)
        .await
        .map_err(|error| self.fault(error))?;
        let owed = rows.iter().map(|row| {
            let (replica, index) = (row.try_get("replica")?, record::index(row, "entry")?);
            Ok(OwedAccess {
                id: row.try_get("id")?,
                record: EntryId { replica, index },
                officer: row.try_get("officer")?,
                reason: row.try_get("reason")?,
                secret: Secret(bytes32(row, "secret")?),
            })
        });
        owed.collect::<Result<_, _>>().map_err(|error| self.fault(error))
    }

    /// Notes the entry that tells of an access.
    pub(crate) async fn log_access(&self, id: i64, entry: u64) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        sqlx::query("UPDATE accesses SET logged = ? WHERE id = ?")
            .bind(entry as i64)
            .bind(id)
            .execute(&mut *writer)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }

    /// Who read the records of `subject`, oldest first.
    pub async fn accesses(&self, tenant: &Tenant, subject: &str) -> Result<Vec<Access>, StoreError> {
        let rows = sqlx::query(
            "SELECT replica, entry, officer, reason, created, logged FROM accesses
             WHERE tenant = ? AND subject = ? ORDER BY id",
        )
        .bind(tenant.as_str())
        .bind(subject)
        .fetch_all(self.readers().await?)
        .await
        .map_err(|error| self.fault(error))?;
        let read = rows.iter().map(|row| {
            let (replica, index) = (row.try_get("replica")?, record::index(row, "entry")?);
            let logged: Option<i64> = row.try_get("logged")?;
            Ok(Access {
                record: EntryId { replica, index }.to_string(),
                officer: row.try_get("officer")?,
                reason: row.try_get("reason")?,
                created: row.try_get("created")?,
                logged: logged.map(i64::unsigned_abs),
            })
        });
        read.collect::<Result<_, _>>().map_err(|error| self.fault(error))
    }

    async fn metadata(
        &self,
        tenant: &Tenant,
        user: Option<&str>,
        after: Option<&EntryId>,
        limit: usize,
    ) -> Result<Page<Metadata>, StoreError> {
        let rows = sqlx::query(
            "SELECT replica, entry, outcome, state, created, actor, route, label, target, model FROM records
             WHERE tenant = ?1 AND (?2 IS NULL OR actor = ?2) AND (?3 IS NULL OR (created, replica, entry) <
                 (SELECT created, replica, entry FROM records WHERE tenant = ?1 AND replica = ?3 AND entry = ?4))
             ORDER BY created DESC, replica DESC, entry DESC LIMIT ?5",
        )
        .bind(tenant.as_str())
        .bind(user)
        .bind(after.map(|entry| &entry.replica))
        .bind(after.map(|entry| entry.index as i64))
        .bind(limit.saturating_add(1) as i64)
        .fetch_all(self.readers().await?)
        .await
        .map_err(|error| self.fault(error))?;
        let read = rows.iter().map(|row| {
            Ok(Metadata {
                replica: row.try_get("replica")?,
                entry: record::index(row, "entry")?,
                outcome: row.try_get::<Option<i64>, _>("outcome")?.map(i64::unsigned_abs),
                state: columns::word(row, "state")?,
                created: row.try_get("created")?,
                actor: row.try_get("actor")?,
                route: row.try_get("route")?,
                label: parsed(row, "label")?,
                target: row.try_get("target")?,
                model: row.try_get("model")?,
            })
        });
        let read = read.collect::<Result<_, _>>();
        Ok(Page::cut(read.map_err(|error| self.fault(error))?, limit))
    }
}
