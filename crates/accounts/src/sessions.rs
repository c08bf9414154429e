//! Sessions: a browser that somebody signed in with.
//!
//! The cookie is a fresh random value at each sign-in, kept as SHA-256; nothing that a browser brought along
//! becomes a session. A session ends when nobody used it for a while, at the latest some days after it began, when
//! the user leaves, and when an administrator changes the user. Sessions are held in memory and their last use is
//! written from time to time, so that no request waits for the file.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;
use trousseau_core::digest::Digest;
use trousseau_core::principal::{Principal, Tenant};
use trousseau_retrieval::columns::{self, bytes32};
use trousseau_retrieval::error::StoreError;
use trousseau_state::{Row, Sql, Tables};
use zeroize::Zeroizing;

use super::grants::{kept, moment, readable};
use super::oidc::IdToken;
use super::password::Password;
use super::throttle::Attempt;
use super::token::{self, Token};
use super::users::{UserRow, user_row};
use super::{AccountError, Accounts, Admitted};

/// What a cookie's value begins with.
const PREFIX: &str = "session-";

/// How many sessions a user may have; one more ends the one that began first.
const PER_USER: usize = 32;

/// Every session, with its user.
pub(super) const ALL: &str =
    "SELECT users.*, digest, sessions.created AS began, seen, expires, id_token FROM sessions
     JOIN users ON users.id = sessions.\"user\" WHERE disabled IS NULL";

/// Those of one user.
pub(super) const BY_USER: &str = "SELECT users.*, digest, sessions.created AS began, seen, expires, id_token
     FROM sessions JOIN users ON users.id = sessions.\"user\" WHERE disabled IS NULL AND users.id = ?";

/// How far back is looked for sessions that were used on other replicas, in milliseconds: some of the rounds in which they write
/// that down.
const ELSEWHERE: i64 = 600_000;

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without being used.
    pub idle: SignedDuration,
    /// In any case.
    pub absolute: SignedDuration,
}

impl Default for SessionLimits {
    /// Half a day without use; a week in any case.
    fn default() -> Self {
        Self {
            idle: SignedDuration::from_hours(12),
            absolute: SignedDuration::from_hours(24 * 7),
        }
    }
}

/// Somebody who signs in with a password.
#[derive(Debug)]
pub struct SignIn<'a> {
    /// The user's name.
    pub name: &'a str,
    /// The password.
    pub password: Password,
    /// Where from.
    pub address: std::net::IpAddr,
}

/// A session that was begun.
#[derive(Clone)]
pub struct Opened {
    /// The cookie's value, shown once.
    pub cookie: Zeroizing<String>,
    /// Who signed in.
    pub session: Session,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Who signed in, and a sign of when the session ends.
    pub admitted: Admitted,
    /// How the user is called on the page.
    pub display: String,
    /// When it ends in any case.
    pub expires: Timestamp,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// The sessions, by their digests.
#[derive(Debug, Default)]
pub(super) struct SessionRing(RwLock<HashMap<Digest, Arc<HeldSession>>>);

/// A session as it is held in memory.
#[derive(Debug)]
struct HeldSession {
    user: String,
    principal: Principal,
    display: String,
    /// Whether it began at the identity provider.
    provided: bool,
    /// What the provider said then.
    id_token: Option<IdToken>,
    created: Timestamp,
    expires: Timestamp,
    ended: CancellationToken,
    /// When it was last used, in milliseconds since 1970.
    seen: AtomicI64,
    /// What the file has of that.
    noted: AtomicI64,
}

impl HeldSession {
    fn new(tenant: &Tenant, user: &UserRow, created: Timestamp, expires: Timestamp) -> Self {
        Self {
            user: user.id.clone(),
            principal: user.grants.principal(tenant, &user.name),
            display: user.display.clone(),
            provided: user.issuer.is_some(),
            id_token: None,
            created,
            expires,
            ended: CancellationToken::new(),
            seen: AtomicI64::new(created.as_millisecond()),
            noted: AtomicI64::new(created.as_millisecond()),
        }
    }

    /// Whether it is the same session with the same grants.
    fn is_as(&self, other: &Self) -> bool {
        self.user == other.user && self.principal == other.principal && self.display == other.display
    }

    fn is_over(&self, limits: SessionLimits, now: Timestamp) -> bool {
        let idle = now.as_millisecond() - self.seen.load(Ordering::Relaxed);
        now >= self.expires || i128::from(idle) > limits.idle.as_millis()
    }

    fn session(&self) -> Session {
        Session {
            admitted: Admitted {
                principal: self.principal.clone(),
                ended: self.ended.clone(),
            },
            display: self.display.clone(),
            expires: self.expires,
        }
    }
}

impl SessionRing {
    pub(super) async fn load(tables: &Tables) -> Result<Self, StoreError> {
        let rows = tables.all(Sql::new(ALL)).await?;
        let held: Result<_, sqlx::Error> = rows.iter().map(held_session).collect();
        Ok(Self(RwLock::new(held.map_err(|error| tables.fault(error))?)))
    }

    /// Holds the sessions as these rows have them, and of the users that `among` says no others. A session that stays as it
    /// was goes on.
    pub(super) fn renew(&self, rows: &[Row], among: impl Fn(&str) -> bool) {
        let read = |row| readable("session", held_session(row));
        let found: HashMap<_, _> = rows.iter().filter_map(read).collect();
        self.take(|digest, held| {
            let stays = found.get(digest).is_some_and(|fresh| fresh.is_as(held));
            among(&held.user) && !stays
        });
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (digest, held) in found {
            ring.entry(digest).or_insert(held);
        }
    }

    /// Takes in when sessions were last used anywhere.
    pub(super) fn note_seen(&self, rows: &[Row]) -> Result<(), sqlx::Error> {
        for row in rows {
            let seen: i64 = row.try_get("seen")?;
            if let Some(held) = self.find(&Digest(bytes32(row, "digest")?)) {
                held.noted.fetch_max(seen, Ordering::Relaxed);
                held.seen.fetch_max(seen, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn find(&self, digest: &Digest) -> Option<Arc<HeldSession>> {
        let ring = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ring.get(digest).cloned()
    }

    /// Takes out the sessions that `goes` says, ends what runs in their name, and gives back their digests.
    fn take(&self, mut goes: impl FnMut(&Digest, &HeldSession) -> bool) -> Vec<Digest> {
        let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut gone = Vec::new();
        ring.retain(|digest, held| {
            let goes = goes(digest, held);
            if goes {
                held.ended.cancel();
                gone.push(*digest);
            }
            !goes
        });
        gone
    }

    /// Takes out every session of a user.
    pub(super) fn remove_of(&self, user: &str) {
        self.take(|_, held| held.user == user);
    }

    /// Puts a session in; gives back the user's oldest ones if there are too many now.
    fn insert(&self, digest: Digest, held: HeldSession) -> Vec<Digest> {
        let user = held.user.clone();
        let mut times: Vec<Timestamp> = {
            let mut ring = self.0.write().unwrap_or_else(PoisonError::into_inner);
            ring.insert(digest, Arc::new(held));
            let of_user = ring.values().filter(|held| held.user == user);
            of_user.map(|held| held.created).collect()
        };
        if times.len() <= PER_USER {
            return Vec::new();
        }
        times.sort_unstable();
        let first_to_stay = times[times.len() - PER_USER];
        self.take(|at, held| held.user == user && held.created < first_to_stay && *at != digest)
    }

    /// The sessions used since the file last heard of it, each with when.
    fn used(&self) -> Vec<(Digest, Arc<HeldSession>, i64)> {
        let ring = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let used = |(digest, held): (&Digest, &Arc<HeldSession>)| {
            let seen = held.seen.load(Ordering::Relaxed);
            (seen != held.noted.load(Ordering::Relaxed)).then(|| (*digest, Arc::clone(held), seen))
        };
        ring.iter().filter_map(used).collect()
    }
}

fn held_session(row: &Row) -> Result<(Digest, Arc<HeldSession>), sqlx::Error> {
    let tenant: Tenant = columns::word(row, "tenant")?;
    let began = moment(row, "began")?.unwrap_or_default();
    let expires = moment(row, "expires")?.unwrap_or_default();
    let mut held = HeldSession::new(&tenant, &user_row(row)?, began, expires);
    held.id_token = row.try_get::<Option<String>>("id_token")?.and_then(IdToken::kept);
    let seen: i64 = row.try_get("seen")?;
    held.seen.store(seen, Ordering::Relaxed);
    held.noted.store(seen, Ordering::Relaxed);
    Ok((Digest(bytes32(row, "digest")?), Arc::new(held)))
}

impl Accounts {
    /// Signs a user in with a password. Whether the name or the password is wrong cannot be told, not by how
    /// long it takes either.
    pub async fn sign_in(
        &self,
        tenant: &Tenant,
        sign_in: SignIn<'_>,
        now: Timestamp,
    ) -> Result<Opened, AccountError> {
        let found = self.find_user(tenant, sign_in.name).await?;
        let user = found.as_ref().map(|(row, _)| row.name.clone());
        let opened = self.sign_in_as(tenant, found, sign_in, now).await;
        self.failures.note((tenant, user.as_deref()), &opened, now);
        opened
    }

    async fn sign_in_as(
        &self,
        tenant: &Tenant,
        found: Option<(UserRow, Option<String>)>,
        sign_in: SignIn<'_>,
        now: Timestamp,
    ) -> Result<Opened, AccountError> {
        let short: String = sign_in.name.chars().take(64).collect();
        let account = match &found {
            Some((row, _)) => row.id.clone(),
            None => format!("{tenant}/{}", short.to_lowercase()),
        };
        let attempt = Attempt {
            account: &account,
            exists: found.is_some(),
            address: sign_in.address,
        };
        self.throttle.begin(attempt, now)?;
        let open = found.filter(|(row, _)| row.disabled.is_none());
        let (row, kept) = open.map_or((None, None), |(row, kept)| (Some(row), kept));
        let matches = self.hashing.verify(sign_in.password, kept).await?;
        let Some(row) = row.filter(|_| matches) else {
            return Err(AccountError::Credentials);
        };
        self.throttle.succeed(attempt);
        self.open_session(tenant, &row, None, now).await
    }

    /// Begins a session of a user who has shown who it is.
    pub(super) async fn open_session(
        &self,
        tenant: &Tenant,
        user: &UserRow,
        id_token: Option<IdToken>,
        now: Timestamp,
    ) -> Result<Opened, AccountError> {
        let Token { text, digest } = Token::generate(PREFIX)?;
        let expires = kept(now + self.limits.absolute);
        let mut transaction = self.tables.begin().await?;
        let sql = Sql::new("UPDATE users SET used = ? WHERE id = ? AND disabled IS NULL RETURNING *");
        let sql = sql.bind(now.as_millisecond()).bind(&user.id);
        // Disabled since the password was looked at.
        let user = transaction
            .optional(sql)
            .await?
            .ok_or(AccountError::Credentials)?;
        let user = user_row(&user).map_err(|error| self.tables.fault(error))?;
        let new = Sql::new(
            "INSERT INTO sessions (digest, \"user\", created, seen, expires, id_token)
             VALUES (?1, ?2, ?3, ?3, ?4, ?5)",
        )
        .bind(digest.0.as_slice())
        .bind(&user.id)
        .bind(now.as_millisecond())
        .bind(expires.as_millisecond())
        .bind(id_token.as_ref().map(IdToken::as_str));
        transaction.run(new).await?;
        let mut held = HeldSession::new(tenant, &user, now, expires);
        held.id_token = id_token;
        let session = held.session();
        // Still alone, so that whoever changes the user comes before or after.
        let too_many = self.sessions.insert(digest, held);
        for digest in too_many {
            let gone = Sql::new("DELETE FROM sessions WHERE digest = ?").bind(digest.0.to_vec());
            transaction.run(gone).await?;
        }
        if let Err(error) = transaction.commit().await {
            self.sessions.take(|at, _| *at == digest);
            return Err(error.into());
        }
        Ok(Opened {
            cookie: text,
            session,
        })
    }

    /// Whose session this cookie is.
    pub fn session(&self, cookie: &str, now: Timestamp) -> Result<Session, AccountError> {
        let digest = token::digest(PREFIX, cookie).ok_or(AccountError::UnknownSession)?;
        let held = self.sessions.find(&digest);
        let held = held.ok_or_else(|| self.unknown(AccountError::UnknownSession))?;
        if held.is_over(self.limits, now) {
            return Err(AccountError::UnknownSession);
        }
        held.seen.store(now.as_millisecond(), Ordering::Relaxed);
        Ok(held.session())
    }

    /// Of a session that began at the identity provider: what the provider said then, if that was kept.
    pub(super) fn began_at_provider(&self, cookie: &str) -> Option<Option<IdToken>> {
        let held = self.sessions.find(&token::digest(PREFIX, cookie)?)?;
        held.provided.then(|| held.id_token.clone())
    }

    /// Ends one session. One that is none has ended already.
    pub async fn end_session(&self, cookie: &str) -> Result<(), AccountError> {
        let Some(digest) = token::digest(PREFIX, cookie) else {
            return Ok(());
        };
        self.sessions.take(|at, _| *at == digest);
        let mut transaction = self.tables.begin().await?;
        // Read anew meanwhile, it would be there again.
        self.sessions.take(|at, _| *at == digest);
        let gone = Sql::new("DELETE FROM sessions WHERE digest = ?").bind(digest.0.as_slice());
        transaction.run(gone).await?;
        Ok(transaction.commit().await?)
    }

    /// Signs a user out everywhere.
    pub async fn end_sessions(&self, tenant: &Tenant, user: &str) -> Result<(), AccountError> {
        let row = self.user(tenant, user).await?;
        let mut transaction = self.tables.begin().await?;
        self.sessions.remove_of(&row.id);
        let gone = Sql::new("DELETE FROM sessions WHERE \"user\" = ?").bind(&row.id);
        transaction.run(gone).await?;
        Ok(transaction.commit().await?)
    }

    /// Notes when sessions were last used, and drops those that are over.
    pub(super) async fn write_used_sessions(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.tables.postgres().is_some() {
            // Used elsewhere, they are not over here.
            let since = now.as_millisecond().saturating_sub(ELSEWHERE);
            let sql = Sql::new("SELECT digest, seen FROM sessions WHERE seen > ?").bind(since);
            let noted = self.sessions.note_seen(&self.tables.all(sql).await?);
            noted.map_err(|error| self.tables.fault(error))?;
        }
        let over = self.sessions.take(|_, held| held.is_over(self.limits, now));
        let used = self.sessions.used();
        if over.is_empty() && used.is_empty() {
            return Ok(());
        }
        let mut transaction = self.tables.begin().await?;
        let idle = i64::try_from(self.limits.idle.as_millis()).unwrap_or(i64::MAX);
        let quiet = now.as_millisecond().saturating_sub(idle);
        for digest in over {
            // Another replica may have seen it since.
            let sql = Sql::new("DELETE FROM sessions WHERE digest = ? AND (seen < ? OR expires <= ?)");
            let sql = sql.bind(digest.0.to_vec()).bind(quiet);
            transaction.run(sql.bind(now.as_millisecond())).await?;
        }
        for (digest, _, seen) in &used {
            let sql = Sql::new("UPDATE sessions SET seen = ?1 WHERE digest = ?2 AND seen < ?1");
            transaction.run(sql.bind(seen).bind(digest.0.as_slice())).await?;
        }
        transaction.commit().await?;
        for (_, held, seen) in used {
            held.noted.store(seen, Ordering::Relaxed);
        }
        Ok(())
    }
}
