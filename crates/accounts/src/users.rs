//! Users: people who sign in, here with a password or at an identity provider.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use trousseau_core::digest::Digest;
use trousseau_core::principal::Tenant;

use super::grants::{Grants, kept, moment};
use super::links::Link;
use super::{AccountError, Accounts, names, token};

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name to sign in with, in whose name everything is asked. A name that a key has or had is refused.
    pub name: String,
    /// How the user is called on the page.
    pub display: String,
    /// What the user may do.
    pub grants: Grants,
    /// Who makes the account.
    pub created_by: String,
}

/// A user as the identity provider tells of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider.
    pub issuer: String,
    /// Who it is there. A name or an address may change hands; this does not.
    pub subject: String,
    /// How the user is called on the page.
    pub display: String,
    /// What the user may do, as the provider's groups say today.
    pub grants: Grants,
    /// The name by which the user may have been provisioned.
    pub handle: Option<String>,
}

/// A user as listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UserRow {
    /// What never changes.
    pub id: String,
    /// The name, as it stands in access lists and records.
    pub name: String,
    /// How the user is called on the page.
    pub display: String,
    /// The identity provider, of a user who signs in there.
    pub issuer: Option<String>,
    /// Who it is there.
    pub subject: Option<String>,
    /// Whether there is a password.
    pub has_password: bool,
    /// What the user may do.
    pub grants: Grants,
    /// When the account was made.
    pub created: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Since when the user may not sign in any more.
    pub disabled: Option<Timestamp>,
    /// When the user last signed in.
    pub used: Option<Timestamp>,
}

/// A change to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// What the user may do from now on.
    Grants(Grants),
    /// The user may not sign in any more.
    Disable,
    /// The user may sign in again.
    Enable,
}

impl Accounts {
    /// Makes a user who chooses a password by following the link.
    pub async fn create_user(
        &self,
        tenant: &Tenant,
        new: NewUser,
        now: Timestamp,
    ) -> Result<(UserRow, Link), AccountError> {
        names::check(&new.name)?;
        let row = UserRow::fresh(new, now)?;
        let link = Link::generate(now)?;
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let mut transaction = sqlx::Connection::begin(&mut *writer).await.map_err(fault)?;
        self.insert_user(&mut transaction, tenant, &row).await?;
        link.insert(&mut transaction, tenant, Some(&row.id))
            .await
            .map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
        Ok((row, link))
    }

    /// The users of a tenant, by name, disabled ones too.
    pub async fn users(&self, tenant: &Tenant) -> Result<Vec<UserRow>, AccountError> {
        let fault = |error| self.database.fault(error);
        let rows = sqlx::query("SELECT * FROM users WHERE tenant = ? ORDER BY name")
            .bind(tenant.as_str())
            .fetch_all(self.database.readers())
            .await
            .map_err(fault)?;
        let rows: Result<_, _> = rows.iter().map(user_row).collect();
        Ok(rows.map_err(fault)?)
    }

    /// Changes a user. The user's sessions end, so that nobody goes on with what is no longer granted.
    pub async fn change_user(
        &self,
        tenant: &Tenant,
        user: &str,
        change: UserChange,
        now: Timestamp,
    ) -> Result<UserRow, AccountError> {
        // Under the one writer, under which sessions begin as well.
        let mut writer = self.database.writer().await?;
        let mut row = self.user(tenant, user).await?;
        match change {
            UserChange::Grants(grants) => row.grants = grants,
            UserChange::Disable => row.disabled = Some(row.disabled.unwrap_or(kept(now))),
            UserChange::Enable => row.disabled = None,
        }
        let fault = |error| self.database.fault(error);
        self.sessions.remove_of(&row.id);
        let mut transaction = sqlx::Connection::begin(&mut *writer).await.map_err(fault)?;
        let [role, groups, clearance, label_floor, routes] = row.grants.columns().map_err(fault)?;
        sqlx::query(
            "UPDATE users SET role = ?, groups = ?, clearance = ?, label_floor = ?, routes = ?, disabled = ?
             WHERE id = ?",
        )
        .bind(role)
        .bind(groups)
        .bind(clearance)
        .bind(label_floor)
        .bind(routes)
        .bind(row.disabled.map(Timestamp::as_millisecond))
        .bind(&row.id)
        .execute(&mut *transaction)
        .await
        .map_err(fault)?;
        for table in [
            "DELETE FROM sessions WHERE user = ?",
            "DELETE FROM links WHERE user = ?",
        ] {
            let gone = sqlx::query(table).bind(&row.id);
            gone.execute(&mut *transaction).await.map_err(fault)?;
        }
        transaction.commit().await.map_err(fault)?;
        Ok(row)
    }

    /// The user whom an identity provider tells of, made at the first sign-in. What the user may do is what the
    /// provider says each time.
    pub(super) async fn provided_user(
        &self,
        tenant: &Tenant,
        mut identity: Identity,
        now: Timestamp,
    ) -> Result<UserRow, AccountError> {
        let fault = |error| self.database.fault(error);
        let found = sqlx::query("SELECT * FROM users WHERE tenant = ? AND issuer = ? AND subject = ?")
            .bind(tenant.as_str())
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .fetch_optional(self.database.readers())
            .await
            .map_err(fault)?;
        let found = found.as_ref().map(user_row).transpose().map_err(fault)?;
        let provisioned = self.provision(tenant, &mut identity, found.as_ref()).await?;
        let row = self.seen(tenant, (identity, found), now).await?;
        if let Some(provisioned) = provisioned {
            self.tie(&provisioned, &row).await?;
        }
        Ok(row)
    }

    /// The account of an identity with what it may do today, made where there is none.
    async fn seen(
        &self,
        tenant: &Tenant,
        (identity, found): (Identity, Option<UserRow>),
        now: Timestamp,
    ) -> Result<UserRow, AccountError> {
        let Some(row) = found else {
            return self.first_seen(tenant, identity, now).await;
        };
        if row.disabled.is_some() {
            return Err(AccountError::Disabled { name: row.display });
        }
        if row.grants == identity.grants {
            return Ok(row);
        }
        let change = UserChange::Grants(identity.grants);
        self.change_user(tenant, &row.name, change, now).await
    }

    async fn first_seen(
        &self,
        tenant: &Tenant,
        identity: Identity,
        now: Timestamp,
    ) -> Result<UserRow, AccountError> {
        let fields = [identity.issuer.as_bytes(), identity.subject.as_bytes()];
        let digest = Digest::of_fields(fields).to_string();
        let new = NewUser {
            name: format!("{}{}", names::provided(&identity.issuer), &digest[..32]),
            display: identity.display,
            grants: identity.grants,
            created_by: identity.issuer.clone(),
        };
        let mut row = UserRow::fresh(new, now)?;
        row.issuer = Some(identity.issuer);
        row.subject = Some(identity.subject);
        let mut writer = self.database.writer().await?;
        self.insert_user(&mut writer, tenant, &row).await?;
        Ok(row)
    }

    /// The user of this name.
    pub async fn user(&self, tenant: &Tenant, name: &str) -> Result<UserRow, AccountError> {
        let found = self.find_user(tenant, name).await?;
        let (row, _) = found.ok_or_else(|| AccountError::NoAccount {
            name: name.to_owned(),
        })?;
        Ok(row)
    }

    /// The user of this name and the hash of the password, if there are such.
    pub(super) async fn find_user(
        &self,
        tenant: &Tenant,
        name: &str,
    ) -> Result<Option<(UserRow, Option<String>)>, AccountError> {
        let fault = |error| self.database.fault(error);
        let found = sqlx::query("SELECT * FROM users WHERE tenant = ? AND name = ?")
            .bind(tenant.as_str())
            .bind(name)
            .fetch_optional(self.database.readers())
            .await
            .map_err(fault)?;
        let read = |row: SqliteRow| Ok((user_row(&row)?, row.try_get("password")?));
        Ok(found.map(read).transpose().map_err(fault)?)
    }

    /// Writes a new user, whose name no user and no key has or had.
    pub(super) async fn insert_user(
        &self,
        writer: &mut SqliteConnection,
        tenant: &Tenant,
        row: &UserRow,
    ) -> Result<(), AccountError> {
        let fault = |error| self.database.fault(error);
        let taken: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM keys WHERE tenant = ?1 AND name = ?2)
                 OR EXISTS (SELECT 1 FROM users WHERE tenant = ?1 AND name = ?2)",
        )
        .bind(tenant.as_str())
        .bind(&row.name)
        .fetch_one(&mut *writer)
        .await
        .map_err(fault)?;
        if taken {
            return Err(AccountError::Taken {
                name: row.name.clone(),
            });
        }
        let [role, groups, clearance, label_floor, routes] = row.grants.columns().map_err(fault)?;
        sqlx::query(
            "INSERT INTO users (id, tenant, name, display, issuer, subject, role, groups, clearance, label_floor,
                 routes, created, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&row.id)
        .bind(tenant.as_str())
        .bind(&row.name)
        .bind(&row.display)
        .bind(&row.issuer)
        .bind(&row.subject)
        .bind(role)
        .bind(groups)
        .bind(clearance)
        .bind(label_floor)
        .bind(routes)
        .bind(row.created.as_millisecond())
        .bind(&row.created_by)
        .execute(writer)
        .await
        .map_err(fault)?;
        Ok(())
    }
}

impl UserRow {
    pub(super) fn fresh(new: NewUser, now: Timestamp) -> Result<Self, AccountError> {
        Ok(Self {
            id: token::id("user-")?,
            display: if new.display.is_empty() {
                new.name.clone()
            } else {
                new.display
            },
            name: new.name,
            issuer: None,
            subject: None,
            has_password: false,
            grants: new.grants,
            created: kept(now),
            created_by: new.created_by,
            disabled: None,
            used: None,
        })
    }
}

pub(super) fn user_row(row: &SqliteRow) -> Result<UserRow, sqlx::Error> {
    Ok(UserRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        display: row.try_get("display")?,
        issuer: row.try_get("issuer")?,
        subject: row.try_get("subject")?,
        has_password: row.try_get::<Option<&str>, _>("password")?.is_some(),
        grants: Grants::read(row)?,
        created: moment(row, "created")?.unwrap_or_default(),
        created_by: row.try_get("created_by")?,
        disabled: moment(row, "disabled")?,
        used: moment(row, "used")?,
    })
}
