//! One-time links: how a user comes to a password without anybody else knowing it.
//!
//! A link is shown once and kept as SHA-256. Following it sets the password, ends the user's sessions and
//! uses it up, in one transaction. The first administrator's link belongs to no user yet: whoever follows it
//! chooses the name as well.

use jiff::{SignedDuration, Timestamp};
use trousseau_core::digest::Digest;
use trousseau_core::label::Class;
use trousseau_core::principal::{Role, Tenant};
use trousseau_retrieval::error::StoreError;
use trousseau_state::{Row, Sql, Transaction};
use zeroize::Zeroizing;

use super::grants::Grants;
use super::password::Password;
use super::sessions::Opened;
use super::token::{self, Token};
use super::users::{NewUser, UserRow, user_row};
use super::{AccountError, Accounts, names};

/// How long a link can be followed.
const LIFETIME: SignedDuration = SignedDuration::from_hours(48);

/// What every link's token begins with.
const PREFIX: &str = "first-";

/// A link, shown once.
#[derive(Clone)]
pub struct Link {
    /// What its holder presents.
    pub token: Zeroizing<String>,
    /// Until when it can be followed.
    pub expires: Timestamp,
    digest: Digest,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn generate(now: Timestamp) -> Result<Self, getrandom::Error> {
        let Token { text, digest } = Token::generate(PREFIX)?;
        Ok(Self {
            token: text,
            expires: now + LIFETIME,
            digest,
        })
    }

    /// Keeps the link, in place of earlier ones for the same.
    pub(super) async fn insert(
        &self,
        transaction: &mut Transaction<'_>,
        tenant: &Tenant,
        user: Option<&str>,
    ) -> Result<(), StoreError> {
        let earlier = Sql::new("DELETE FROM links WHERE tenant = ? AND \"user\" IS NOT DISTINCT FROM ?");
        transaction.run(earlier.bind(tenant.as_str()).bind(user)).await?;
        let new = Sql::new("INSERT INTO links (digest, tenant, \"user\", expires) VALUES (?, ?, ?, ?)")
            .bind(self.digest.0.as_slice())
            .bind(tenant.as_str())
            .bind(user)
            .bind(self.expires.as_millisecond());
        transaction.run(new).await?;
        Ok(())
    }
}

impl Accounts {
    /// The link by which the first administrator comes in, or the next one when the last has lost the way.
    /// Only whoever holds the data folder may ask for it.
    pub async fn first_link(&self, tenant: &Tenant, now: Timestamp) -> Result<Link, AccountError> {
        self.keep_link(tenant, None, now).await
    }

    /// A link by which a user chooses a new password; the present one stays until it is followed.
    pub async fn user_link(&self, tenant: &Tenant, user: &str, now: Timestamp) -> Result<Link, AccountError> {
        let row = self.user(tenant, user).await?;
        if row.issuer.is_some() {
            return Err(AccountError::Provided { name: row.name });
        }
        if row.disabled.is_some() {
            return Err(AccountError::Disabled { name: row.name });
        }
        self.keep_link(tenant, Some(&row.id), now).await
    }

    async fn keep_link(
        &self,
        tenant: &Tenant,
        user: Option<&str>,
        now: Timestamp,
    ) -> Result<Link, AccountError> {
        let link = Link::generate(now)?;
        let mut transaction = self.tables.begin().await?;
        link.insert(&mut transaction, tenant, user).await?;
        transaction.commit().await?;
        Ok(link)
    }

    /// Follows a link: sets the password and signs in. `name` is for the first administrator's link, and
    /// looked at for no other.
    pub async fn follow_link(
        &self,
        presented: &str,
        name: Option<&str>,
        password: Password,
        now: Timestamp,
    ) -> Result<Opened, AccountError> {
        let followed = self.follow(presented, name, password, now).await;
        self.failures.note((&Tenant::default(), None), &followed, now);
        followed
    }

    async fn follow(
        &self,
        presented: &str,
        name: Option<&str>,
        password: Password,
        now: Timestamp,
    ) -> Result<Opened, AccountError> {
        password.check()?;
        let digest = token::digest(PREFIX, presented).ok_or(AccountError::UnknownLink)?;
        // No hash is worked on for a stranger.
        let found = self.tables.optional(linked(&digest, now)).await?;
        found.ok_or(AccountError::UnknownLink)?;
        let hash = self.hashing.hash(password).await?;
        let (tenant, row) = self.set_password(&digest, name, &hash, now).await?;
        self.open_session(&tenant, &row, None, now).await
    }

    async fn set_password(
        &self,
        digest: &Digest,
        name: Option<&str>,
        hash: &str,
        now: Timestamp,
    ) -> Result<(Tenant, UserRow), AccountError> {
        let fault = |error| self.tables.fault(error);
        let mut transaction = self.tables.begin().await?;
        // Read again, alone: of two who follow a link, the second finds it used.
        let found = transaction.optional(linked(digest, now)).await?;
        let (tenant, user) = read_link(&found.ok_or(AccountError::UnknownLink)?).map_err(fault)?;
        let id = match user {
            Some(id) => id,
            None => {
                let row = first_administrator(name.unwrap_or_default(), now)?;
                self.insert_user(&mut transaction, &tenant, &row).await?;
                row.id
            }
        };
        for statement in [
            "DELETE FROM sessions WHERE \"user\" = ?",
            "DELETE FROM links WHERE \"user\" = ?",
        ] {
            transaction.run(Sql::new(statement).bind(&id)).await?;
        }
        let used = Sql::new("DELETE FROM links WHERE digest = ?").bind(digest.0.as_slice());
        transaction.run(used).await?;
        let set = Sql::new("UPDATE users SET password = ? WHERE id = ? AND disabled IS NULL RETURNING *");
        let row = transaction.optional(set.bind(hash).bind(&id)).await?;
        let row = row.ok_or(AccountError::UnknownLink)?;
        let row = user_row(&row).map_err(fault)?;
        self.sessions.remove_of(&row.id);
        transaction.commit().await?;
        Ok((tenant, row))
    }
}

/// The tenant and the user of a link that can be followed.
fn linked(digest: &Digest, now: Timestamp) -> Sql {
    Sql::new("SELECT tenant, \"user\" FROM links WHERE digest = ? AND expires > ?")
        .bind(digest.0.as_slice())
        .bind(now.as_millisecond())
}

fn read_link(row: &Row) -> Result<(Tenant, Option<String>), sqlx::Error> {
    let tenant = trousseau_retrieval::columns::word(row, "tenant")?;
    Ok((tenant, row.try_get("user")?))
}

fn first_administrator(name: &str, now: Timestamp) -> Result<UserRow, AccountError> {
    names::check(name)?;
    let new = NewUser {
        name: name.to_owned(),
        display: String::new(),
        grants: Grants {
            role: Role::Administrator,
            clearance: Class::Internal,
            ..Grants::default()
        },
        created_by: names::OPERATOR.to_owned(),
    };
    UserRow::fresh(new, now)
}
