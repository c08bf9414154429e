//! Who may come in: keys, users, sessions.
//!
//! Everything stands in `accounts.sqlite`, apart from documents and records, or, where several replicas share it, in
//! PostgreSQL. Secrets are kept as digests only: random 256-bit values (keys, sessions, links) as SHA-256, passwords as
//! argon2id. What is asked with each request is held in memory, so that it costs no read, and leaves it before it leaves the
//! store, so that what is revoked is refused at once. What another replica changed is taken up by [`Accounts::take_up`]; while
//! the database is away, what is held goes on, and what is not known is not refused for good. Some sign in elsewhere: at an
//! identity provider (`oidc`), or at a directory.

mod csrf;
mod directory;
mod error;
mod failures;
mod grants;
mod import;
mod keys;
mod links;
mod mapping;
mod names;
pub mod oidc;
mod password;
mod password_change;
mod provisioned;
mod schema;
mod sessions;
mod throttle;
mod token;
mod users;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use trousseau_core::principal::Principal;
use trousseau_limits::Own;
use trousseau_retrieval::database::Access;
use trousseau_retrieval::error::StoreError;
use trousseau_state::{News, Postgres, Row, Sql, Tables};

pub use csrf::{check_csrf, csrf};
pub use directory::{DirectorySettings, Refreshed};
pub use error::AccountError;
pub use failures::FailedSignIns;
pub use grants::Grants;
pub use import::Imported;
pub use keys::{KeyRow, NewKey};
pub use links::Link;
pub use mapping::Mapping;
pub use password::Password;
pub use password_change::PasswordChange;
pub use provisioned::{ProvisionedGroup, ProvisionedUser, ProvisioningSettings, provisioned_id};
pub use sessions::{Opened, Session, SessionLimits, SignIn};
pub use token::KEY_PREFIX;
pub use users::{Identity, NewUser, UserChange, UserRow};

use directory::People;
use failures::Failures;
use keys::KeyRing;
use oidc::Provider;
use password::Hashing;
use sessions::SessionRing;
use throttle::Throttle;

/// The accounts of every tenant.
#[derive(Debug)]
pub struct Accounts {
    tables: Tables,
    keys: KeyRing,
    sessions: SessionRing,
    limits: SessionLimits,
    hashing: Hashing,
    throttle: Throttle,
    failures: Failures,
    provider: Option<Provider>,
    people: Option<People>,
    provisioning: Option<ProvisioningSettings>,
    own: Arc<Own>,
}

/// Whoever was let in, and until when.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Who it is.
    pub principal: Principal,
    /// Cancelled when the key is revoked or the session ended: what still runs in its name stops.
    pub ended: CancellationToken,
}

impl Accounts {
    /// The version of the file's form.
    pub const FORMAT: usize = schema::SCHEMA.steps.len();

    /// Opens `accounts.sqlite` in the folder `data`.
    pub async fn open(data: &Path, access: Access) -> Result<Self, StoreError> {
        let tables = Tables::file(&data.join("accounts.sqlite"), &schema::SCHEMA, access).await?;
        if let (Access::Write, Some(file)) = (access, tables.in_file()) {
            // Nothing that is deleted leaves its bytes behind in the file.
            let pragma = sqlx::raw_sql("PRAGMA secure_delete = ON");
            let set = pragma.execute(&mut *file.writer().await?).await;
            set.map_err(|error| file.fault(error))?;
        }
        Self::load(tables).await
    }

    /// Opens the accounts that several replicas share.
    pub async fn share(postgres: &Arc<Postgres>, access: Access) -> Result<Self, StoreError> {
        Self::load(Tables::shared(postgres, &schema::SHARED, access).await?).await
    }

    async fn load(tables: Tables) -> Result<Self, StoreError> {
        let keys = KeyRing::load(&tables).await?;
        let sessions = SessionRing::load(&tables).await?;
        Ok(Self {
            tables,
            keys,
            sessions,
            limits: SessionLimits::default(),
            hashing: Hashing::default(),
            throttle: Throttle::default(),
            failures: Failures::default(),
            provider: None,
            people: None,
            provisioning: None,
            own: Arc::default(),
        })
    }

    /// The same, with sessions that last as the configuration says.
    #[must_use]
    pub fn with_limits(mut self, limits: SessionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The same, telling of the limits that keys have: of those there are, and of each that is made or revoked.
    #[must_use]
    pub fn telling(mut self, own: Arc<Own>) -> Self {
        self.keys.tell_limits(&own);
        self.own = own;
        self
    }

    /// Takes up what other replicas changed: keys and sessions that are there now, those that are no more, and what either may do.
    /// What runs in the name of one that is gone is ended.
    pub async fn take_up(&self, news: &News) -> Result<(), StoreError> {
        if news.concerns(schema::KEY) {
            self.take_up_keys(news).await?;
        }
        if news.concerns(schema::USER) {
            self.take_up_sessions(news).await?;
        }
        Ok(())
    }

    async fn take_up_keys(&self, news: &News) -> Result<(), StoreError> {
        let ids: HashSet<&str> = news.of(schema::KEY).collect();
        // Whoever changes something here comes before or after.
        let _alone = self.tables.alone().await;
        let rows = if news.is_all() {
            self.tables
                .all(Sql::new("SELECT * FROM keys WHERE revoked IS NULL"))
                .await?
        } else {
            self.each(keys::BY_ID, &ids).await?
        };
        let among = |id: &str| news.is_all() || ids.contains(id);
        self.keys.renew(&rows, among, &self.own);
        Ok(())
    }

    async fn take_up_sessions(&self, news: &News) -> Result<(), StoreError> {
        let ids: HashSet<&str> = news.of(schema::USER).collect();
        let _alone = self.tables.alone().await;
        let rows = if news.is_all() {
            self.tables.all(Sql::new(sessions::ALL)).await?
        } else {
            self.each(sessions::BY_USER, &ids).await?
        };
        let among = |id: &str| news.is_all() || ids.contains(id);
        self.sessions.renew(&rows, among);
        Ok(())
    }

    /// The rows that a statement gives for each of these.
    async fn each(&self, statement: &'static str, ids: &HashSet<&str>) -> Result<Vec<Row>, StoreError> {
        let mut rows = Vec::new();
        for id in ids {
            rows.extend(self.tables.all(Sql::new(statement).bind(*id)).await?);
        }
        Ok(rows)
    }

    /// Why somebody whom nobody here knows is not let in: `fault`, unless the database that would tell is away.
    fn unknown(&self, fault: AccountError) -> AccountError {
        match self.tables.postgres() {
            Some(postgres) if postgres.is_away() => AccountError::Unsure,
            _ => fault,
        }
    }

    /// Fails when the store is gone, is another, or cannot be read. Keys and sessions are held in memory and let in all the same.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.tables.check().await
    }

    /// The database that several replicas share, where it is in one.
    pub const fn shared(&self) -> Option<&Arc<Postgres>> {
        self.tables.postgres()
    }

    /// Writes what is still to be noted and closes the file.
    pub async fn close(self, now: Timestamp) {
        if let Err(error) = self.write_used(now).await {
            tracing::warn!(%error, "when keys were last used could not be noted");
        }
        self.tables.close().await;
    }

    /// Whether nobody can come in yet: there is no user, and no key that was ever made.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let sql =
            Sql::new("SELECT NOT EXISTS (SELECT 1 FROM keys) AND NOT EXISTS (SELECT 1 FROM users) AS found");
        self.tables.is_so(sql).await
    }

    /// Whether anybody has an account: somebody who signs in, not a key.
    pub async fn has_any_user(&self) -> Result<bool, StoreError> {
        self.tables
            .is_so(Sql::new("SELECT EXISTS (SELECT 1 FROM users) AS found"))
            .await
    }

    /// Notes in the file when keys and sessions were last used and drops sessions that are over. The root calls
    /// it about once a minute; no request does.
    pub async fn write_used(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write_used_keys().await?;
        self.write_used_sessions(now).await
    }
}
