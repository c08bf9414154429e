//! Users and groups that an identity provider hands out (SCIM), beside the accounts that come of them.
//!
//! A provisioned user is a word of the provider that somebody may come in, with which groups. The account is made at the first
//! sign-in, at the identity provider or the directory, and from then on the two belong together: what the provider changes, changes
//! the account at once. Where people are provisioned their groups are those, and what a sign-in says of groups does not count.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use trousseau_core::principal::Tenant;
use trousseau_state::{Row, Sql};

use super::grants::{Grants, kept, moment};
use super::users::{UserChange, UserRow, user_row};
use super::{AccountError, Accounts, Identity, Mapping, token};

/// What the configuration says of provisioning.
#[derive(Clone, Debug)]
pub struct ProvisioningSettings {
    /// What groups give. A group is meant by what it is called, or by what the provider knows it by.
    pub mapping: Mapping,
    /// Whether nobody else comes in through the identity provider or the directory.
    pub only: bool,
    /// The tenant whose people are provisioned.
    pub tenant: Tenant,
}

/// A user as the provider handed it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionedUser {
    /// What this service calls it to the provider.
    pub id: String,
    /// The name that people sign in with, in lower case.
    pub user_name: String,
    /// What the provider knows it by.
    pub external_id: Option<String>,
    /// Whether the user may come in.
    pub active: bool,
    /// Everything that the provider says of it, in JSON.
    pub resource: String,
    /// The id of the account, once somebody signed in.
    pub account: Option<String>,
    /// When it was handed out.
    pub created: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
    /// How often it did, from 1 on.
    pub version: i64,
}

/// A group as the provider handed it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvisionedGroup {
    /// What this service calls it to the provider.
    pub id: String,
    /// What it is called.
    pub display_name: String,
    /// What the provider knows it by.
    pub external_id: Option<String>,
    /// When it was handed out.
    pub created: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
    /// How often it did, from 1 on.
    pub version: i64,
}

/// A fresh id of a user or a group.
pub fn provisioned_id(prefix: &str) -> Result<String, AccountError> {
    Ok(token::id(prefix)?)
}

impl Accounts {
    /// The same, with people of one tenant handed out by a provider.
    #[must_use]
    pub fn with_provisioning(mut self, settings: ProvisioningSettings) -> Self {
        self.provisioning = Some(settings);
        self
    }

    /// What the configuration says, if people of this tenant are handed out.
    pub fn provisioning(&self, tenant: &Tenant) -> Option<&ProvisioningSettings> {
        self.provisioning
            .as_ref()
            .filter(|settings| settings.tenant == *tenant)
    }

    /// The users of a tenant in the order in which they came.
    pub async fn provisioned_users(&self, tenant: &Tenant) -> Result<Vec<ProvisionedUser>, AccountError> {
        let query = "SELECT * FROM provisioned_users WHERE tenant = ? ORDER BY created, id";
        self.users_by(query, &[tenant.as_str()]).await
    }

    /// The user with this id.
    pub async fn provisioned_user(
        &self,
        tenant: &Tenant,
        id: &str,
    ) -> Result<Option<ProvisionedUser>, AccountError> {
        let query = "SELECT * FROM provisioned_users WHERE tenant = ? AND id = ?";
        Ok(self.users_by(query, &[tenant.as_str(), id]).await?.pop())
    }

    /// The user with this name, whatever the case of its letters.
    pub async fn provisioned_user_called(
        &self,
        tenant: &Tenant,
        name: &str,
    ) -> Result<Option<ProvisionedUser>, AccountError> {
        let query = "SELECT * FROM provisioned_users WHERE tenant = ? AND user_name = ?";
        let name = name.to_lowercase();
        Ok(self.users_by(query, &[tenant.as_str(), &name]).await?.pop())
    }

    async fn users_by(
        &self,
        query: &'static str,
        words: &[&str],
    ) -> Result<Vec<ProvisionedUser>, AccountError> {
        let sql = words.iter().fold(Sql::new(query), |sql, word| sql.bind(*word));
        let rows = self.tables.all(sql).await?;
        let rows: Result<_, _> = rows.iter().map(read_user).collect();
        Ok(rows.map_err(|error| self.tables.fault(error))?)
    }

    /// Keeps a user, a new one or one that changed.
    ///
    /// # Errors
    ///
    /// [`AccountError::Taken`] where another has the name.
    pub async fn keep_provisioned_user(
        &self,
        tenant: &Tenant,
        user: &ProvisionedUser,
    ) -> Result<(), AccountError> {
        let mut transaction = self.tables.begin().await?;
        let sql = "SELECT count(*) > 0 AS found FROM provisioned_users WHERE tenant = ? AND user_name = ? AND id <> ?";
        let sql = Sql::new(sql)
            .bind(tenant.as_str())
            .bind(&user.user_name)
            .bind(&user.id);
        if transaction.is_so(sql).await? {
            let name = user.user_name.clone();
            return Err(AccountError::Taken { name });
        }
        let gone = Sql::new("DELETE FROM provisioned_users WHERE id = ?").bind(&user.id);
        transaction.run(gone).await?;
        let sql = Sql::new(
            "INSERT INTO provisioned_users (id, tenant, user_name, external_id, active, resource, account, created,
                 changed, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&user.id)
        .bind(tenant.as_str())
        .bind(&user.user_name)
        .bind(&user.external_id)
        .bind(i64::from(user.active))
        .bind(&user.resource)
        .bind(&user.account)
        .bind(user.created.as_millisecond())
        .bind(user.changed.as_millisecond())
        .bind(user.version);
        transaction.run(sql).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes a user back, out of every group too. The account, where there is one, is disabled by whoever calls this.
    pub async fn remove_provisioned_user(&self, tenant: &Tenant, id: &str) -> Result<(), AccountError> {
        self.remove(
            [
                "DELETE FROM provisioned_members WHERE member = ?",
                "DELETE FROM provisioned_users WHERE id = ? AND tenant = ?",
            ],
            (tenant, id),
        )
        .await
    }

    /// The groups of a tenant in the order in which they came.
    pub async fn provisioned_groups(&self, tenant: &Tenant) -> Result<Vec<ProvisionedGroup>, AccountError> {
        let sql = "SELECT * FROM provisioned_groups WHERE tenant = ? ORDER BY created, id";
        let rows = self.tables.all(Sql::new(sql).bind(tenant.as_str())).await?;
        let rows: Result<_, _> = rows.iter().map(read_group).collect();
        Ok(rows.map_err(|error| self.tables.fault(error))?)
    }

    /// The group with this id.
    pub async fn provisioned_group(
        &self,
        tenant: &Tenant,
        id: &str,
    ) -> Result<Option<ProvisionedGroup>, AccountError> {
        let sql = Sql::new("SELECT * FROM provisioned_groups WHERE tenant = ? AND id = ?")
            .bind(tenant.as_str())
            .bind(id);
        let row = self.tables.optional(sql).await?;
        let row = row.as_ref().map(read_group).transpose();
        Ok(row.map_err(|error| self.tables.fault(error))?)
    }

    /// The members of each group of a tenant, by the ids of both.
    pub async fn provisioned_members(
        &self,
        tenant: &Tenant,
    ) -> Result<BTreeMap<String, BTreeSet<String>>, AccountError> {
        let fault = |error| self.tables.fault(error);
        let sql = "SELECT holder, member FROM provisioned_members
             JOIN provisioned_groups ON provisioned_groups.id = provisioned_members.holder WHERE tenant = ?";
        let rows = self.tables.all(Sql::new(sql).bind(tenant.as_str())).await?;
        let mut members: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in &rows {
            let holder = row.try_get("holder").map_err(fault)?;
            let member = row.try_get("member").map_err(fault)?;
            members.entry(holder).or_default().insert(member);
        }
        Ok(members)
    }

    /// Keeps a group with its members, a new one or one that changed.
    ///
    /// # Errors
    ///
    /// [`AccountError::Taken`] where another is called the same, [`AccountError::NoAccount`] where a member is none.
    pub async fn keep_provisioned_group(
        &self,
        tenant: &Tenant,
        group: &ProvisionedGroup,
        members: &BTreeSet<String>,
    ) -> Result<(), AccountError> {
        let folded = group.display_name.to_lowercase();
        let users = self.provisioned_users(tenant).await?;
        let known: BTreeSet<&str> = users.iter().map(|user| user.id.as_str()).collect();
        if let Some(stranger) = members.iter().find(|member| !known.contains(member.as_str())) {
            let name = stranger.clone();
            return Err(AccountError::NoAccount { name });
        }
        let mut transaction = self.tables.begin().await?;
        let sql = "SELECT count(*) > 0 AS found FROM provisioned_groups WHERE tenant = ? AND folded = ? AND id <> ?";
        let sql = Sql::new(sql).bind(tenant.as_str()).bind(&folded).bind(&group.id);
        if transaction.is_so(sql).await? {
            let name = group.display_name.clone();
            return Err(AccountError::Taken { name });
        }
        for gone in [
            "DELETE FROM provisioned_members WHERE holder = ?",
            "DELETE FROM provisioned_groups WHERE id = ?",
        ] {
            transaction.run(Sql::new(gone).bind(&group.id)).await?;
        }
        let sql = Sql::new(
            "INSERT INTO provisioned_groups (id, tenant, display_name, folded, external_id, created, changed, version)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&group.id)
        .bind(tenant.as_str())
        .bind(&group.display_name)
        .bind(&folded)
        .bind(&group.external_id)
        .bind(group.created.as_millisecond())
        .bind(group.changed.as_millisecond())
        .bind(group.version);
        transaction.run(sql).await?;
        for member in members {
            let sql = "INSERT INTO provisioned_members (holder, member) VALUES (?, ?)";
            transaction
                .run(Sql::new(sql).bind(&group.id).bind(member))
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Takes a group back.
    pub async fn remove_provisioned_group(&self, tenant: &Tenant, id: &str) -> Result<(), AccountError> {
        self.remove(
            [
                "DELETE FROM provisioned_members WHERE holder = ?",
                "DELETE FROM provisioned_groups WHERE id = ? AND tenant = ?",
            ],
            (tenant, id),
        )
        .await
    }

    async fn remove(
        &self,
        [members, own]: [&'static str; 2],
        (tenant, id): (&Tenant, &str),
    ) -> Result<(), AccountError> {
        let mut transaction = self.tables.begin().await?;
        transaction.run(Sql::new(members).bind(id)).await?;
        transaction
            .run(Sql::new(own).bind(id).bind(tenant.as_str()))
            .await?;
        Ok(transaction.commit().await?)
    }

    /// The account of a provisioned user, if somebody has signed in as that one.
    pub async fn account_of_provisioned(
        &self,
        user: &ProvisionedUser,
    ) -> Result<Option<UserRow>, AccountError> {
        let Some(account) = &user.account else {
            return Ok(None);
        };
        let sql = Sql::new("SELECT * FROM users WHERE id = ?").bind(account);
        let row = self.tables.optional(sql).await?;
        let row = row.as_ref().map(user_row).transpose();
        Ok(row.map_err(|error| self.tables.fault(error))?)
    }

    /// Brings the account of a provisioned user to what its groups give now. Tells of it if that was something else before.
    pub async fn settle_provisioned(
        &self,
        settings: &ProvisioningSettings,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<UserRow>, AccountError> {
        let tenant = &settings.tenant;
        let Some(user) = self.provisioned_user(tenant, id).await? else {
            return Ok(None);
        };
        let Some(account) = self.account_of_provisioned(&user).await? else {
            return Ok(None);
        };
        let grants = self.provisioned_grants(settings, id).await?;
        if grants == account.grants {
            return Ok(None);
        }
        let change = UserChange::Grants(grants);
        self.change_user(tenant, &account.name, change, now)
            .await
            .map(Some)
    }

    /// What the groups of a provisioned user give.
    async fn provisioned_grants(
        &self,
        settings: &ProvisioningSettings,
        id: &str,
    ) -> Result<Grants, AccountError> {
        let sql = Sql::new(
            "SELECT provisioned_groups.* FROM provisioned_groups
             JOIN provisioned_members ON provisioned_members.holder = provisioned_groups.id
             WHERE provisioned_groups.tenant = ? AND member = ?",
        )
        .bind(settings.tenant.as_str())
        .bind(id);
        let rows = self.tables.all(sql).await?;
        let groups: Result<Vec<_>, _> = rows.iter().map(read_group).collect();
        let groups = groups.map_err(|error| self.tables.fault(error))?;
        let called: BTreeSet<String> = groups.iter().map(|group| group.display_name.clone()).collect();
        let marks = groups.into_iter().filter_map(|group| group.external_id);
        let known = called.iter().cloned().chain(marks).collect();
        Ok(settings.mapping.grants(called, &known))
    }

    /// Finds the provisioned user who signs in, and puts what was handed out in the place of what the sign-in says. `account` is
    /// the account that there is already.
    pub(super) async fn provision(
        &self,
        tenant: &Tenant,
        identity: &mut Identity,
        account: Option<&UserRow>,
    ) -> Result<Option<ProvisionedUser>, AccountError> {
        let Some(settings) = self.provisioning(tenant) else {
            return Ok(None);
        };
        let Some(user) = self.meant(tenant, identity, account).await? else {
            return match settings.only {
                true => Err(AccountError::NotProvisioned),
                false => Ok(None),
            };
        };
        if !user.active {
            let name = identity.display.clone();
            return Err(AccountError::Disabled { name });
        }
        identity.grants = self.provisioned_grants(settings, &user.id).await?;
        Ok(Some(user))
    }

    /// Who is meant: the one whose account it is, or one whom nobody has signed in as, by name or by the provider's mark.
    async fn meant(
        &self,
        tenant: &Tenant,
        identity: &Identity,
        account: Option<&UserRow>,
    ) -> Result<Option<ProvisionedUser>, AccountError> {
        if let Some(account) = account {
            let query = "SELECT * FROM provisioned_users WHERE tenant = ? AND account = ?";
            let found = self.users_by(query, &[tenant.as_str(), &account.id]).await?.pop();
            if found.is_some() {
                return Ok(found);
            }
        }
        let Some(handle) = &identity.handle else {
            return Ok(None);
        };
        let query = "SELECT * FROM provisioned_users
            WHERE tenant = ? AND account IS NULL AND (user_name = ? OR external_id = ? OR external_id = ?)";
        let words = [tenant.as_str(), &handle.to_lowercase(), handle, &identity.subject];
        let mut found = self.users_by(query, &words).await?;
        // Two who could be meant are nobody.
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    /// Ties a provisioned user to the account of whoever has signed in as that one.
    pub(super) async fn tie(&self, user: &ProvisionedUser, account: &UserRow) -> Result<(), AccountError> {
        if user.account.is_some() {
            return Ok(());
        }
        let sql = Sql::new("UPDATE provisioned_users SET account = ? WHERE id = ? AND account IS NULL")
            .bind(&account.id)
            .bind(&user.id);
        let mut transaction = self.tables.begin().await?;
        transaction.run(sql).await?;
        Ok(transaction.commit().await?)
    }

    /// Whether an account's groups are those that a provider handed out.
    pub(super) async fn is_provisioned(
        &self,
        tenant: &Tenant,
        account: &UserRow,
    ) -> Result<bool, AccountError> {
        let query = "SELECT * FROM provisioned_users WHERE tenant = ? AND account = ?";
        Ok(!self
            .users_by(query, &[tenant.as_str(), &account.id])
            .await?
            .is_empty())
    }
}

fn read_user(row: &Row) -> Result<ProvisionedUser, sqlx::Error> {
    Ok(ProvisionedUser {
        id: row.try_get("id")?,
        user_name: row.try_get("user_name")?,
        external_id: row.try_get("external_id")?,
        active: row.try_get::<i64>("active")? != 0,
        resource: row.try_get("resource")?,
        account: row.try_get("account")?,
        created: moment(row, "created")?.unwrap_or_default(),
        changed: moment(row, "changed")?.unwrap_or_default(),
        version: row.try_get("version")?,
    })
}

fn read_group(row: &Row) -> Result<ProvisionedGroup, sqlx::Error> {
    Ok(ProvisionedGroup {
        id: row.try_get("id")?,
        display_name: row.try_get("display_name")?,
        external_id: row.try_get("external_id")?,
        created: kept(moment(row, "created")?.unwrap_or_default()),
        changed: moment(row, "changed")?.unwrap_or_default(),
        version: row.try_get("version")?,
    })
}
