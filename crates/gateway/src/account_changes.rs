//! What is done to accounts, in the ledger: who did it and to whom as pseudonyms, what was granted in plain.

use std::collections::BTreeMap;

use jiff::Timestamp;
use trousseau_core::principal::{Role, Tenant};
use trousseau_ledger::Durability;

use crate::entry::{self, Account, Event};
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
    /// A user changed the own password.
    PasswordChanged,
    /// A provider handed out a user.
    UserProvisioned,
    /// A provider said something else of a user.
    UserReprovisioned,
    /// A provider took a user back.
    UserUnprovisioned,
    /// A provider handed out a group.
    GroupProvisioned,
    /// A provider changed a group or its members.
    GroupChanged,
    /// A provider took a group back.
    GroupUnprovisioned,
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
            Self::PasswordChanged => "password-changed",
            Self::UserProvisioned => "user-provisioned",
            Self::UserReprovisioned => "user-reprovisioned",
            Self::UserUnprovisioned => "user-unprovisioned",
            Self::GroupProvisioned => "group-provisioned",
            Self::GroupChanged => "group-changed",
            Self::GroupUnprovisioned => "group-unprovisioned",
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

/// Sign-ins to one account, or to none, that failed.
#[derive(Clone, Copy, Debug)]
pub struct FailedSignIns<'a> {
    /// The user's name, where an account has it.
    pub user: Option<&'a str>,
    /// When the first of them failed.
    pub since: Timestamp,
    /// How many for each reason, by its code.
    pub reasons: &'a BTreeMap<&'static str, u64>,
}

impl Gateway {
    /// Enters failed sign-ins in the ledger, all of them as one entry. A name that no account has is not in it.
    pub async fn record_failed_sign_ins(
        &self,
        tenant: &Tenant,
        failed: FailedSignIns<'_>,
    ) -> Result<(), GatewayError> {
        let now = (self.now)();
        let log = self.logs.log(tenant, &self.records, now).await?;
        let account = match failed.user {
            Some(user) => Some(log.pseudonym(tenant, &self.records, user).await?),
            None => None,
        };
        let event = Event::FailedSignIns(entry::FailedSignIns {
            operation: "sign-in-failed",
            account,
            since: failed.since,
            reasons: failed.reasons,
        });
        log.append(now, event, Durability::Request).await?;
        Ok(())
    }

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
