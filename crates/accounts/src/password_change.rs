//! Changing one's own password: by whoever knows the present one.
//!
//! It is throttled as signing in is, in the same counts: a session that was left open is no way to guess the password.
//! Every session of the user ends, and a new one begins for whoever changed it.

use std::net::IpAddr;

use jiff::Timestamp;
use trousseau_core::principal::Tenant;
use trousseau_state::Sql;

use super::password::Password;
use super::sessions::Opened;
use super::throttle::Attempt;
use super::users::{UserRow, user_row};
use super::{AccountError, Accounts};

/// A user who wants another password.
#[derive(Debug)]
pub struct PasswordChange<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The present password.
    pub current: Password,
    /// The new one.
    pub new: Password,
    /// Where from.
    pub address: IpAddr,
}

impl Accounts {
    /// Changes a user's password and begins a session in the place of all that there are.
    ///
    /// # Errors
    ///
    /// [`AccountError::Credentials`] when the present password is another, and [`AccountError::Throttled`] after too
    /// many of these; [`AccountError::Provided`] of a user without a password here, [`AccountError::NoAccount`] where
    /// the name is a key's.
    pub async fn change_password(
        &self,
        tenant: &Tenant,
        change: PasswordChange<'_>,
        now: Timestamp,
    ) -> Result<Opened, AccountError> {
        change.new.check()?;
        let found = self.find_user(tenant, change.user).await?;
        let (row, kept) = found.ok_or_else(|| AccountError::NoAccount {
            name: change.user.to_owned(),
        })?;
        if row.issuer.is_some() {
            return Err(AccountError::Provided { name: row.name });
        }
        let changed = self.change_of(tenant, (&row, kept), change, now).await;
        self.failures.note((tenant, Some(&row.name)), &changed, now);
        changed
    }

    async fn change_of(
        &self,
        tenant: &Tenant,
        (row, kept): (&UserRow, Option<String>),
        change: PasswordChange<'_>,
        now: Timestamp,
    ) -> Result<Opened, AccountError> {
        let attempt = Attempt {
            account: &row.id,
            exists: true,
            address: change.address,
        };
        self.throttle.begin(attempt, now)?;
        if !self.hashing.verify(change.current, kept.clone()).await? {
            return Err(AccountError::Credentials);
        }
        self.throttle.succeed(attempt);
        let hash = self.hashing.hash(change.new).await?;
        let row = self.replace_password(row, kept, &hash).await?;
        self.open_session(tenant, &row, None, now).await
    }

    /// Keeps the new hash if the old one is still there: of two who change a password at once, one is too late.
    async fn replace_password(
        &self,
        row: &UserRow,
        kept: Option<String>,
        hash: &str,
    ) -> Result<UserRow, AccountError> {
        let mut transaction = self.tables.begin().await?;
        let sql = Sql::new(
            "UPDATE users SET password = ? WHERE id = ? AND password IS NOT DISTINCT FROM ? AND disabled IS NULL
             RETURNING *",
        );
        let changed = transaction
            .optional(sql.bind(hash).bind(&row.id).bind(kept))
            .await?;
        let changed = changed.ok_or(AccountError::Credentials)?;
        for statement in [
            "DELETE FROM sessions WHERE \"user\" = ?",
            "DELETE FROM links WHERE \"user\" = ?",
        ] {
            transaction.run(Sql::new(statement).bind(&row.id)).await?;
        }
        self.sessions.remove_of(&row.id);
        transaction.commit().await?;
        Ok(user_row(&changed).map_err(|error| self.tables.fault(error))?)
    }
}
