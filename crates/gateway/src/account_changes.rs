//! What is done to accounts, in the ledger: who did it and to whom as pseudonyms, what was granted in plain.

use trousseau_core::principal::{Role, Tenant};
use trousseau_ledger::Durability;

use crate::entry::{Account, Event};
use crate::error::GatewayError;
use crate::service::Gateway;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A key was made.
    KeyCreated,
    /// A key was revoked.
    KeyRevoked,
    /// A user was made.
    UserCreated,
    /// A user was granted something else than before.
    UserChanged,
    /// A user may not sign in any more.
    UserDisabled,
    /// A user may sign in again.
    UserEnabled,
    /// A one-time link was given out.
    LinkCreated,
    /// A user chose a password by a one-time link.
    PasswordSet,
}

impl Operation {
    /// The word in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyCreated => "key-created",
            Self::KeyRevoked => "key-revoked",
            Self::UserCreated => "user-created",
            Self::UserChanged => "user-changed",
            Self::UserDisabled => "user-disabled",
            Self::UserEnabled => "user-enabled",
            Self::LinkCreated => "link-created",
            Self::PasswordSet => "password-set",
        }
    }
}

/// A change to an account.
#[derive(Clone, Copy, Debug)]
pub struct AccountChange<'a> {
    /// What was done.
    pub operation: Operation,
    /// The name of who did it.
    pub by: &'a str,
    /// The name of the key or user.
    pub account: &'a str,
    /// The role that it has now.
    pub role: Role,
}

impl Gateway {
    /// Enters a change to an account in the ledger. It is called when the change is made and before anybody hears that
    /// it was.
    pub async fn record_account(
        &self,
        tenant: &Tenant,
        change: AccountChange<'_>,
    ) -> Result<(), GatewayError> {
        let now = (self.now)();
        let log = self.logs.log(tenant, &self.records, now).await?;
        let event = Event::Account(Account {
            operation: change.operation.name(),
            by: log.pseudonym(tenant, &self.records, change.by).await?,
            account: log.pseudonym(tenant, &self.records, change.account).await?,
            role: change.role.name(),
        });
        log.append(now, event, Durability::Request).await?;
        Ok(())
    }
}
