//! What a change does to the account of a user, and its entry in the ledger.

use std::collections::BTreeSet;

use trousseau_accounts::{ProvisionedUser, UserChange, UserRow};
use trousseau_core::principal::Role;
use trousseau_gateway::account_changes::{AccountChange, Operation};

use crate::{Desk, ProvisioningError};

impl Desk<'_> {
    /// Shuts the account of a user: its sessions end, what runs in its name stops, and the keys that it made are revoked, for
    /// whoever made a key has seen it.
    pub(super) async fn shut(&self, user: &ProvisionedUser) -> Result<(), ProvisioningError> {
        let Some(account) = self.accounts.account_of_provisioned(user).await? else {
            return Ok(());
        };
        let tenant = &self.settings.tenant;
        let shut = self
            .accounts
            .change_user(tenant, &account.name, UserChange::Disable, self.now)
            .await?;
        self.enter(Operation::UserDisabled, (&shut.name, shut.grants.role))
            .await?;
        for key in self.accounts.keys(tenant).await? {
            if key.revoked.is_some() || !key.created_by.eq_ignore_ascii_case(&account.name) {
                continue;
            }
            let revoked = self.accounts.revoke_key(tenant, &key.id, self.now).await?;
            self.enter(Operation::KeyRevoked, (&revoked.name, revoked.grants.role))
                .await?;
        }
        Ok(())
    }

    /// Opens it again.
    pub(super) async fn open(&self, user: &ProvisionedUser) -> Result<(), ProvisioningError> {
        let Some(account) = self.accounts.account_of_provisioned(user).await? else {
            return Ok(());
        };
        let tenant = &self.settings.tenant;
        let open = self
            .accounts
            .change_user(tenant, &account.name, UserChange::Enable, self.now)
            .await?;
        self.enter(Operation::UserEnabled, (&open.name, open.grants.role))
            .await
    }

    /// Brings the accounts of these users to what their groups give now.
    pub(super) async fn settle(&self, ids: &BTreeSet<String>) -> Result<(), ProvisioningError> {
        for id in ids {
            let settled = self
                .accounts
                .settle_provisioned(self.settings, id, self.now)
                .await?;
            if let Some(UserRow { name, grants, .. }) = settled {
                self.enter(Operation::UserChanged, (&name, grants.role)).await?;
            }
        }
        Ok(())
    }

    /// Enters what was done to what in the ledger.
    pub(super) async fn enter(
        &self,
        operation: Operation,
        (account, role): (&str, Role),
    ) -> Result<(), ProvisioningError> {
        let change = AccountChange {
            operation,
            by: self.by,
            account,
            role,
        };
        let entered = self.gateway.record_account(&self.settings.tenant, change).await;
        Ok(entered?)
    }
}
