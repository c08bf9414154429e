//! Users: people who sign in, here with a password or at an identity provider.

use jiff::Timestamp;
use serde::Serialize;
use trousseau_core::digest::Digest;
use trousseau_core::principal::Tenant;
use trousseau_state::{Row, Sql, Transaction};

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
        let mut transaction = self.tables.begin().await?;
        self.insert_user(&mut transaction, tenant, &row).await?;
        link.insert(&mut transaction, tenant, Some(&row.id)).await?;
        transaction.commit().await?;
        Ok((row, link))
    }

    /// The users of a tenant, by name, disabled ones too.
    pub async fn users(&self, tenant: &Tenant) -> Result<Vec<UserRow>, AccountError> {
        let sql = Sql::new("SELECT * FROM users WHERE tenant = ? ORDER BY lower(name)");
        let rows = self.tables.all(sql.bind(tenant.as_str())).await?;
        let rows: Result<_, _> = rows.iter().map(user_row).collect();
        Ok(rows.map_err(|error| self.tables.fault(error))?)
    }

    /// Changes a user. The user's sessions end, so that nobody goes on with what is no longer granted.
    pub async fn change_user(
        &self,
        tenant: &Tenant,
        user: &str,
        change: UserChange,
        now: Timestamp,
    ) -> Result<UserRow, AccountError> {
        // Alone, as sessions begin as well.
        let mut transaction = self.tables.begin().await?;
        let found = transaction.optional(called(tenant, user)).await?;
        let found = found.ok_or_else(|| AccountError::NoAccount {
            name: user.to_owned(),
        })?;
        let mut row = user_row(&found).map_err(|error| self.tables.fault(error))?;
        match change {
            UserChange::Grants(grants) => row.grants = grants,
            UserChange::Disable => row.disabled = Some(row.disabled.unwrap_or(kept(now))),
            UserChange::Enable => row.disabled = None,
        }
        self.sessions.remove_of(&row.id);
        let columns = row.grants.columns();
        let [role, groups, clearance, label_floor, routes] =
            columns.map_err(|error| self.tables.fault(error))?;
        let changed = Sql::new(
            "UPDATE users SET role = ?, groups = ?, clearance = ?, label_floor = ?, routes = ?, disabled = ?
             WHERE id = ?",
        )
        .bind(role)
        .bind(groups)
        .bind(clearance)
        .bind(label_floor)
        .bind(routes)
        .bind(row.disabled.map(Timestamp::as_millisecond))
        .bind(&row.id);
        transaction.run(changed).await?;
        for statement in [
            "DELETE FROM sessions WHERE \"user\" = ?",
            "DELETE FROM links WHERE \"user\" = ?",
        ] {
            transaction.run(Sql::new(statement).bind(&row.id)).await?;
        }
        transaction.commit().await?;
        Ok(row)
    }

    /// The user whom an identity provider tells of, made at the first sign-in. What the user may do is what the
    /// provider says each time.
    pub(super) async fn provided_user(
        &self,
        tenant: &Tenant,
        identity: Identity,
        now: Timestamp,
    ) -> Result<UserRow, AccountError> {
        let sql = Sql::new("SELECT * FROM users WHERE tenant = ? AND issuer = ? AND subject = ?")
            .bind(tenant.as_str())
            .bind(&identity.issuer)
            .bind(&identity.subject);
        let found = self.tables.optional(sql).await?;
        let found = found.as_ref().map(user_row).transpose();
        let found = found.map_err(|error| self.tables.fault(error))?;
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
            name: format!("{}{}", names::PROVIDED, &digest[..32]),
            display: identity.display,
            grants: identity.grants,
            created_by: identity.issuer.clone(),
        };
        let mut row = UserRow::fresh(new, now)?;
        row.issuer = Some(identity.issuer);
        row.subject = Some(identity.subject);
        let mut transaction = self.tables.begin().await?;
        self.insert_user(&mut transaction, tenant, &row).await?;
        transaction.commit().await?;
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
        let found = self.tables.optional(called(tenant, name)).await?;
        let read = |row: Row| Ok((user_row(&row)?, row.try_get("password")?));
        let read = found.map(read).transpose();
        Ok(read.map_err(|error| self.tables.fault(error))?)
    }

    /// Writes a new user, whose name no user and no key has or had.
    pub(super) async fn insert_user(
        &self,
        transaction: &mut Transaction<'_>,
        tenant: &Tenant,
        row: &UserRow,
    ) -> Result<(), AccountError> {
        let taken = Sql::new(
            "SELECT EXISTS (SELECT 1 FROM keys WHERE tenant = ?1 AND lower(name) = ?2)
                 OR EXISTS (SELECT 1 FROM users WHERE tenant = ?1 AND lower(name) = ?2) AS found",
        );
        let taken = taken.bind(tenant.as_str()).bind(row.name.to_ascii_lowercase());
        if transaction.is_so(taken).await? {
            return Err(AccountError::Taken {
                name: row.name.clone(),
            });
        }
        let columns = row.grants.columns();
        let [role, groups, clearance, label_floor, routes] =
            columns.map_err(|error| self.tables.fault(error))?;
        let new = Sql::new(
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
        .bind(&row.created_by);
        transaction.run(new).await?;
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

/// The row of the user of this name.
fn called(tenant: &Tenant, name: &str) -> Sql {
    Sql::new("SELECT * FROM users WHERE tenant = ? AND lower(name) = ?")
        .bind(tenant.as_str())
        .bind(name.to_ascii_lowercase())
}

pub(super) fn user_row(row: &Row) -> Result<UserRow, sqlx::Error> {
    Ok(UserRow {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        display: row.try_get("display")?,
        issuer: row.try_get("issuer")?,
        subject: row.try_get("subject")?,
        has_password: row.try_get::<Option<&str>>("password")?.is_some(),
        grants: Grants::read(row)?,
        created: moment(row, "created")?.unwrap_or_default(),
        created_by: row.try_get("created_by")?,
        disabled: moment(row, "disabled")?,
        used: moment(row, "used")?,
    })
}
