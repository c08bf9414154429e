//! API keys: made, listed, revoked, and found for each request without touching the file.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use tokio_util::sync::CancellationToken;
use trousseau_core::digest::Digest;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_limits::{Allowance, Own};
use trousseau_retrieval::columns::{self, bytes32};
use trousseau_retrieval::database::Database;
use trousseau_retrieval::error::StoreError;

use super::grants::{Grants, kept, moment};
use super::token::{self, KEY_PREFIX, Token};
use super::{AccountError, Accounts, Admitted, names};

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Its name, in whose name everything is asked with it. A name that a user has is refused.
    pub name: String,
    /// What it may do.
    pub grants: Grants,
    /// When it ends; never when `None`.
    pub expires: Option<Timestamp>,
    /// What may be spent with it.
    pub limits: Allowance,
    /// Who makes it.
    pub created_by: String,
}

/// A key as it is listed: everything but the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyRow {
    /// What it is revoked by.
    pub id: String,
    /// See [`NewKey`].
    pub name: String,
    /// What it may do.
    pub grants: Grants,
    /// When it was made.
    pub created: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// What may be spent with it.
    pub limits: Allowance,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// When something was last asked with it, to the minute or so.
    pub used: Option<Timestamp>,
}

/// The keys that are not revoked, by their digests.
#[derive(Debug, Default)]
pub(super) struct KeyRing(RwLock<HashMap<Digest, Arc<HeldKey>>>);

/// A key as it is held in memory.
#[derive(Debug)]
struct HeldKey {
    id: String,
    principal: Principal,
    expires: Option<Timestamp>,
    limits: Allowance,
    ended: CancellationToken,
    /// When it was last used, in milliseconds since 1970; negated once the file has it, 0 when never.
    used: AtomicI64,
}

impl KeyRing {
    pub(super) async fn load(database: &Database) -> Result<Self, StoreError> {
        let fault = |error| database.fault(error);
        let rows = sqlx::query("SELECT * FROM keys WHERE revoked IS NULL")
            .fetch_all(database.readers())
            .await
            .map_err(fault)?;
        let held = rows.iter().map(|row| {
            let digest = Digest(bytes32(row, "digest")?);
            let tenant: Tenant = columns::word(row, "tenant")?;
            Ok((digest, Arc::new(hold(&tenant, &key_row(row)?))))
        });
        let held: Result<_, sqlx::Error> = held.collect();
        Ok(Self(RwLock::new(held.map_err(fault)?)))
    }

    fn find(&self, digest: &Digest) -> Option<Arc<HeldKey>> {
        let ring = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ring.get(digest).cloned()
    }

    fn insert(&self, digest: Digest, key: HeldKey) {
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        ring.insert(digest, Arc::new(key));
    }

    /// Takes the keys out that `goes` says, and ends what runs in their names.
    fn remove(&self, goes: impl Fn(&HeldKey) -> bool) {
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        ring.retain(|_, key| {
            let stays = !goes(key);
            if !stays {
                key.ended.cancel();
            }
            stays
        });
    }

    /// Tells of the limits that keys have.
    pub(super) fn tell_limits(&self, own: &Own) {
        let ring = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for key in ring.values() {
            key.tell_limits(own);
        }
    }

    /// The keys used since the file last heard of it, each with when.
    fn used(&self) -> Vec<(Arc<HeldKey>, i64)> {
        let ring = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let used = |key: &Arc<HeldKey>| (Arc::clone(key), key.used.load(Ordering::Relaxed));
        ring.values().map(used).filter(|(_, used)| *used > 0).collect()
    }
}

impl HeldKey {
    /// Whether this is its id, or its name.
    fn is_called(&self, tenant: &Tenant, called: &str) -> bool {
        let Principal { tenant: of, user, .. } = &self.principal;
        of == tenant && (self.id == called || user.eq_ignore_ascii_case(called))
    }

    fn tell_limits(&self, own: &Own) {
        let Principal { tenant, user, .. } = &self.principal;
        own.give((tenant, user), &self.id, &self.limits);
    }
}

impl Accounts {
    /// Who asks with this key.
    pub fn key(&self, presented: &str, now: Timestamp) -> Result<Principal, AccountError> {
        self.admit_key(presented, now).map(|admitted| admitted.principal)
    }

    /// Who asks with this key, and a sign of when it is revoked.
    pub fn admit_key(&self, presented: &str, now: Timestamp) -> Result<Admitted, AccountError> {
        let digest = token::digest(KEY_PREFIX, presented).ok_or(AccountError::UnknownKey)?;
        let key = self.keys.find(&digest).ok_or(AccountError::UnknownKey)?;
        if let Some(expired) = key.expires.filter(|expires| *expires <= now) {
            return Err(AccountError::ExpiredKey { expired });
        }
        key.used.store(now.as_millisecond(), Ordering::Relaxed);
        Ok(Admitted {
            principal: key.principal.clone(),
            ended: key.ended.clone(),
        })
    }

    /// Makes a key. The key itself is in what is returned and nowhere else.
    pub async fn create_key(
        &self,
        tenant: &Tenant,
        new: NewKey,
        now: Timestamp,
    ) -> Result<(KeyRow, String), AccountError> {
        names::check(&new.name)?;
        new.limits.check()?;
        if let Some(expires) = new.expires.filter(|expires| *expires <= now) {
            return Err(AccountError::Passed { expires });
        }
        let token = Token::generate(KEY_PREFIX)?;
        let row = KeyRow {
            id: token::id("key-")?,
            name: new.name,
            grants: new.grants,
            created: kept(now),
            created_by: new.created_by,
            expires: new.expires.map(kept),
            limits: new.limits,
            revoked: None,
            used: None,
        };
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        if is_taken(&mut writer, tenant, &row.name).await.map_err(fault)? {
            return Err(AccountError::Taken { name: row.name });
        }
        insert(&mut writer, tenant, &row, &token.digest)
            .await
            .map_err(fault)?;
        let held = hold(tenant, &row);
        held.tell_limits(&self.own);
        self.keys.insert(token.digest, held);
        Ok((row, token.text.to_string()))
    }

    /// The keys of a tenant, the newest first, revoked ones too.
    pub async fn keys(&self, tenant: &Tenant) -> Result<Vec<KeyRow>, AccountError> {
        let fault = |error| self.database.fault(error);
        let rows = sqlx::query("SELECT * FROM keys WHERE tenant = ? ORDER BY created DESC, id")
            .bind(tenant.as_str())
            .fetch_all(self.database.readers())
            .await
            .map_err(fault)?;
        let rows: Result<_, _> = rows.iter().map(key_row).collect();
        Ok(rows.map_err(fault)?)
    }

    /// Revokes the key with this id, or with this name if it is not revoked yet. It is refused from the
    /// moment this is called, and what runs in its name is ended, also where the file cannot be read and an error says so.
    pub async fn revoke_key(
        &self,
        tenant: &Tenant,
        key: &str,
        now: Timestamp,
    ) -> Result<KeyRow, AccountError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let found = sqlx::query(
            "SELECT * FROM keys WHERE tenant = ?1 AND (id = ?2 OR (name = ?2 AND revoked IS NULL))",
        )
        .bind(tenant.as_str())
        .bind(key)
        .fetch_optional(&mut *writer)
        .await;
        let found = found.map_err(|error| {
            // The file cannot say which key it is. Out of memory it is refused at least until the next start.
            self.keys.remove(|held| held.is_called(tenant, key));
            fault(error)
        })?;
        let Some(found) = found else {
            return Err(AccountError::NoAccount { name: key.to_owned() });
        };
        let mut row = key_row(&found).map_err(fault)?;
        // Out of memory first: a caller that is gone before the file has it leaves nobody in.
        self.keys.remove(|held| held.id == row.id);
        self.own.take(&row.id);
        if row.revoked.is_none() {
            sqlx::query("UPDATE keys SET revoked = ? WHERE id = ?")
                .bind(now.as_millisecond())
                .bind(&row.id)
                .execute(&mut *writer)
                .await
                .map_err(fault)?;
            row.revoked = Some(kept(now));
        }
        Ok(row)
    }

    pub(super) async fn write_used_keys(&self) -> Result<(), StoreError> {
        let used = self.keys.used();
        if used.is_empty() {
            return Ok(());
        }
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let mut transaction = sqlx::Connection::begin(&mut *writer).await.map_err(fault)?;
        for (key, used) in &used {
            sqlx::query("UPDATE keys SET used = ? WHERE id = ?")
                .bind(used)
                .bind(&key.id)
                .execute(&mut *transaction)
                .await
                .map_err(fault)?;
        }
        transaction.commit().await.map_err(fault)?;
        for (key, used) in used {
            // Used again meanwhile: the next time writes that.
            let noted = (Ordering::Relaxed, Ordering::Relaxed);
            let _again = key.used.compare_exchange(used, -used, noted.0, noted.1);
        }
        Ok(())
    }
}

/// Whether a user has the name, or a key that is not revoked.
async fn is_taken(writer: &mut SqliteConnection, tenant: &Tenant, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM keys WHERE tenant = ?1 AND name = ?2 AND revoked IS NULL)
             OR EXISTS (SELECT 1 FROM users WHERE tenant = ?1 AND name = ?2)",
    )
    .bind(tenant.as_str())
    .bind(name)
    .fetch_one(writer)
    .await
}

async fn insert(
    writer: &mut SqliteConnection,
    tenant: &Tenant,
    row: &KeyRow,
    digest: &Digest,
) -> Result<(), sqlx::Error> {
    let [role, groups, clearance, label_floor, routes] = row.grants.columns()?;
    sqlx::query(
        "INSERT INTO keys (id, tenant, name, digest, role, groups, clearance, label_floor, routes, created,
             created_by, expires, limits) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&row.id)
    .bind(tenant.as_str())
    .bind(&row.name)
    .bind(digest.0.as_slice())
    .bind(role)
    .bind(groups)
    .bind(clearance)
    .bind(label_floor)
    .bind(routes)
    .bind(row.created.as_millisecond())
    .bind(&row.created_by)
    .bind(row.expires.map(Timestamp::as_millisecond))
    .bind(
        (!row.limits.is_empty())
            .then(|| columns::to_json(&row.limits))
            .transpose()?,
    )
    .execute(writer)
    .await?;
    Ok(())
}

fn key_row(row: &SqliteRow) -> Result<KeyRow, sqlx::Error> {
    Ok(KeyRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        grants: Grants::read(row)?,
        created: moment(row, "created")?.unwrap_or_default(),
        created_by: row.try_get("created_by")?,
        expires: moment(row, "expires")?,
        limits: match row.try_get::<Option<&str>, _>("limits")? {
            Some(_) => columns::json(row, "limits")?,
            None => Allowance::default(),
        },
        revoked: moment(row, "revoked")?,
        used: moment(row, "used")?,
    })
}

fn hold(tenant: &Tenant, row: &KeyRow) -> HeldKey {
    HeldKey {
        id: row.id.clone(),
        principal: row.grants.principal(tenant, &row.name),
        expires: row.expires,
        limits: row.limits.clone(),
        ended: CancellationToken::new(),
        used: AtomicI64::new(row.used.map_or(0, |used| -used.as_millisecond())),
    }
}
