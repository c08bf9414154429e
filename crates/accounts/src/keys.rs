//! API keys: made, listed, revoked, and found for each request without touching the file.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use trousseau_core::digest::Digest;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_limits::{Allowance, Own};
use trousseau_retrieval::columns::{self, bytes32};
use trousseau_retrieval::error::StoreError;
use trousseau_state::{Row, Sql, Tables};

use super::grants::{Grants, kept, moment, readable};
use super::token::{self, KEY_PREFIX, Token};
use super::{AccountError, Accounts, Admitted, names};

/// One key, if it is not revoked.
pub(super) const BY_ID: &str = "SELECT * FROM keys WHERE id = ? AND revoked IS NULL";

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
    pub(super) async fn load(tables: &Tables) -> Result<Self, StoreError> {
        let rows = tables
            .all(Sql::new("SELECT * FROM keys WHERE revoked IS NULL"))
            .await?;
        let held = rows.iter().map(|row| {
            let (digest, key) = held_key(row)?;
            Ok((digest, Arc::new(key)))
        });
        let held: Result<_, sqlx::Error> = held.collect();
        Ok(Self(RwLock::new(held.map_err(|error| tables.fault(error))?)))
    }

    /// Holds the keys as these rows have them, and of those that `among` says no others. A key that stays as it was goes on.
    pub(super) fn renew(&self, rows: &[Row], among: impl Fn(&str) -> bool, own: &Own) {
        // One that cannot be read lets nobody in, and holds up no other.
        let found: HashMap<_, _> = rows
            .iter()
            .filter_map(|row| readable("key", held_key(row)))
            .collect();
        self.remove(|digest, held| {
            let stays = !among(&held.id) || found.get(digest).is_some_and(|fresh| fresh.is_as(held));
            if !stays {
                own.take(&held.id);
            }
            !stays
        });
        for (digest, key) in found {
            if self.find(&digest).is_none() {
                key.tell_limits(own);
                self.insert(digest, key);
            }
        }
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
    fn remove(&self, goes: impl Fn(&Digest, &HeldKey) -> bool) {
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        ring.retain(|digest, key| {
            let stays = !goes(digest, key);
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
    /// Whether it is the same key with the same grants.
    fn is_as(&self, other: &Self) -> bool {
        self.id == other.id
            && self.principal == other.principal
            && self.expires == other.expires
            && self.limits == other.limits
    }

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
        let key = self
            .keys
            .find(&digest)
            .ok_or_else(|| self.unknown(AccountError::UnknownKey))?;
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
        let mut transaction = self.tables.begin().await?;
        if transaction.is_so(is_taken(tenant, &row.name)).await? {
            return Err(AccountError::Taken { name: row.name });
        }
        let new = insertion(tenant, &row, &token.digest);
        let new = new.map_err(|error| self.tables.fault(error))?;
        transaction.run(new).await?;
        let held = hold(tenant, &row);
        held.tell_limits(&self.own);
        // Still alone, so that whoever revokes it comes after.
        self.keys.insert(token.digest, held);
        if let Err(error) = transaction.commit().await {
            self.keys.remove(|_, held| held.id == row.id);
            self.own.take(&row.id);
            return Err(error.into());
        }
        Ok((row, token.text.to_string()))
    }

    /// The keys of a tenant, the newest first, revoked ones too.
    pub async fn keys(&self, tenant: &Tenant) -> Result<Vec<KeyRow>, AccountError> {
        let sql = Sql::new("SELECT * FROM keys WHERE tenant = ? ORDER BY created DESC, id");
        let rows = self.tables.all(sql.bind(tenant.as_str())).await?;
        let rows: Result<_, _> = rows.iter().map(key_row).collect();
        Ok(rows.map_err(|error| self.tables.fault(error))?)
    }

    /// Revokes the key with this id, or with this name if it is not revoked yet. It is refused from the
    /// moment this is called, and what runs in its name is ended, also where the file cannot be read and an error says so.
    pub async fn revoke_key(
        &self,
        tenant: &Tenant,
        key: &str,
        now: Timestamp,
    ) -> Result<KeyRow, AccountError> {
        let sql = Sql::new(
            "SELECT * FROM keys WHERE tenant = ?1 AND (id = ?2 OR (lower(name) = ?3 AND revoked IS NULL))",
        );
        let sql = sql.bind(tenant.as_str()).bind(key).bind(key.to_ascii_lowercase());
        let found = async {
            let mut transaction = self.tables.begin().await?;
            let found = transaction.optional(sql).await?;
            Ok((transaction, found))
        };
        let (mut transaction, found) = found.await.inspect_err(|_: &StoreError| {
            // Nobody can say which key it is. Out of memory it is refused here at least until the next start.
            self.keys.remove(|_, held| held.is_called(tenant, key));
        })?;
        let Some(found) = found else {
            return Err(AccountError::NoAccount { name: key.to_owned() });
        };
        let mut row = key_row(&found).map_err(|error| self.tables.fault(error))?;
        // Out of memory first: a caller that is gone before the store has it leaves nobody in.
        self.keys.remove(|_, held| held.id == row.id);
        self.own.take(&row.id);
        if row.revoked.is_none() {
            let revoked = Sql::new("UPDATE keys SET revoked = ? WHERE id = ?");
            transaction
                .run(revoked.bind(now.as_millisecond()).bind(&row.id))
                .await?;
            row.revoked = Some(kept(now));
        }
        transaction.commit().await?;
        Ok(row)
    }

    pub(super) async fn write_used_keys(&self) -> Result<(), StoreError> {
        let used = self.keys.used();
        if used.is_empty() {
            return Ok(());
        }
        let mut transaction = self.tables.begin().await?;
        for (key, used) in &used {
            // Another replica may have seen it later.
            let sql = Sql::new("UPDATE keys SET used = ?1 WHERE id = ?2 AND (used IS NULL OR used < ?1)");
            transaction.run(sql.bind(*used).bind(&key.id)).await?;
        }
        transaction.commit().await?;
        for (key, used) in used {
            // Used again meanwhile: the next time writes that.
            let noted = (Ordering::Relaxed, Ordering::Relaxed);
            let _again = key.used.compare_exchange(used, -used, noted.0, noted.1);
        }
        Ok(())
    }
}

/// Whether a user has the name, or a key that is not revoked.
fn is_taken(tenant: &Tenant, name: &str) -> Sql {
    Sql::new(
        "SELECT EXISTS (SELECT 1 FROM keys WHERE tenant = ?1 AND lower(name) = ?2 AND revoked IS NULL)
             OR EXISTS (SELECT 1 FROM users WHERE tenant = ?1 AND lower(name) = ?2) AS found",
    )
    .bind(tenant.as_str())
    .bind(name.to_ascii_lowercase())
}

fn insertion(tenant: &Tenant, row: &KeyRow, digest: &Digest) -> Result<Sql, sqlx::Error> {
    let [role, groups, clearance, label_floor, routes] = row.grants.columns()?;
    let limits = (!row.limits.is_empty()).then(|| columns::to_json(&row.limits));
    let new = Sql::new(
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
    .bind(limits.transpose()?);
    Ok(new)
}

fn held_key(row: &Row) -> Result<(Digest, HeldKey), sqlx::Error> {
    let digest = Digest(bytes32(row, "digest")?);
    let tenant: Tenant = columns::word(row, "tenant")?;
    Ok((digest, hold(&tenant, &key_row(row)?)))
}

fn key_row(row: &Row) -> Result<KeyRow, sqlx::Error> {
    Ok(KeyRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        grants: Grants::read(row)?,
        created: moment(row, "created")?.unwrap_or_default(),
        created_by: row.try_get("created_by")?,
        expires: moment(row, "expires")?,
        limits: match row.try_get::<Option<&str>>("limits")? {
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
