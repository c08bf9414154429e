//! Who may come in: keys, users, sessions.
//!
//! Everything stands in `accounts.sqlite`, apart from documents and records. Secrets are kept as
//! digests only: random 256-bit values (keys, sessions, links) as SHA-256, passwords as argon2id. What is asked
//! with each request is held in memory, so that it costs no read, and leaves it before it leaves the file, so
//! that what is revoked is refused at once. Some sign in elsewhere: at an identity provider (`oidc`), or at a directory.

mod csrf;
mod directory;
mod error;
mod failures;
mod grants;
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

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use trousseau_core::principal::Principal;
use trousseau_limits::Own;
use trousseau_retrieval::database::{Access, Database};
use trousseau_retrieval::error::StoreError;

pub use csrf::{check_csrf, csrf};
pub use directory::{DirectorySettings, Refreshed};
pub use error::AccountError;
pub use failures::FailedSignIns;
pub use grants::Grants;
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
    database: Database,
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
        let database = Database::open(&data.join("accounts.sqlite"), &schema::SCHEMA, access).await?;
        if access == Access::Write {
            // Nothing that is deleted leaves its bytes behind in the file.
            let pragma = sqlx::raw_sql("PRAGMA secure_delete = ON");
            let set = pragma.execute(&mut *database.writer().await?).await;
            set.map_err(|error| database.fault(error))?;
        }
        let keys = KeyRing::load(&database).await?;
        let sessions = SessionRing::load(&database).await?;
        Ok(Self {
            database,
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

    /// Fails when the file is gone, is another, or cannot be read. Keys and sessions are held in memory and let in all the same.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.database.check().await
    }

    /// Writes what is still to be noted and closes the file.
    pub async fn close(self, now: Timestamp) {
        if let Err(error) = self.write_used(now).await {
            tracing::warn!(%error, "when keys were last used could not be noted");
        }
        self.database.close().await;
    }

    /// Whether nobody can come in yet: there is no user, and no key that was ever made.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        sqlx::query_scalar("SELECT NOT EXISTS (SELECT 1 FROM keys) AND NOT EXISTS (SELECT 1 FROM users)")
            .fetch_one(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))
    }

    /// Whether anybody has an account: somebody who signs in, not a key.
    pub async fn has_any_user(&self) -> Result<bool, StoreError> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)")
            .fetch_one(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))
    }

    /// Notes in the file when keys and sessions were last used and drops sessions that are over. The root calls
    /// it about once a minute; no request does.
    pub async fn write_used(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write_used_keys().await?;
        self.write_used_sessions(now).await
    }
}
