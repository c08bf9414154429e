//! Sign-in at a directory (LDAP, Active Directory), in the same form as with a password of this service.
//!
//! A user who has a password here is never asked about there: whoever writes the directory cannot take over the accounts that are
//! not in it, and an administrator with a password here comes in while the directory is down. Everyone else is: the directory says
//! who it is and in which groups, each time, and the account stands for its entry, known again by a mark that the entry keeps.
//!
//! What the directory says is asked again while sessions last ([`Accounts::refresh_directory`]): who is gone, closed or no longer
//! admitted is signed out, and so is who may do something else than before. While it does not answer, sessions go on for as long
//! as the configuration says, counted from when it last did.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use trousseau_core::principal::Tenant;
use trousseau_directory::{Directory, DirectoryError, Person, folded};
use trousseau_state::Sql;

use super::sessions::{Opened, SignIn};
use super::throttle::Attempt;
use super::users::{UserChange, UserRow, user_row};
use super::{AccountError, Accounts, Identity, Mapping};

/// The longest name that is asked for, in characters.
const LOGIN: usize = 256;

/// What the configuration says of the people of a directory.
#[derive(Clone, Debug)]
pub struct DirectorySettings {
    /// What groups give. A group is meant by what it is called or by its distinguished name.
    pub mapping: Mapping,
    /// Who may come in: the members of one of these groups. Everyone in the directory when empty.
    pub required: BTreeSet<String>,
    /// The tenant that its people belong to.
    pub tenant: Tenant,
    /// How long sessions go on while the directory does not answer.
    pub outage: SignedDuration,
}

/// A directory that people sign in at.
#[derive(Debug)]
pub(super) struct People {
    directory: Directory,
    settings: DirectorySettings,
    /// What its users have as their issuer.
    issuer: String,
    /// Since when it does not answer.
    silent: Mutex<Option<Timestamp>>,
}

/// What became of those who are signed in, when the directory was asked again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Who was signed out, by the account's name.
    pub signed_out: Vec<String>,
    /// Who may do something else now, by the account's name, and signs in again for it.
    pub changed: Vec<UserRow>,
}

impl People {
    fn new(directory: Directory, mut settings: DirectorySettings) -> Self {
        let Mapping {
            roles, clearances, ..
        } = &mut settings.mapping;
        let words = roles.iter_mut().map(|(group, _)| group);
        for group in words.chain(clearances.iter_mut().map(|(group, _)| group)) {
            *group = compared(group);
        }
        settings.required = settings.required.iter().map(|group| compared(group)).collect();
        Self {
            issuer: format!("ldap:///{}", directory.settings().base.to_lowercase()),
            directory,
            settings,
            silent: Mutex::new(None),
        }
    }

    /// The user whom an entry tells of, if such a user may come in.
    fn identity(&self, person: &Person) -> Result<Identity, DirectoryError> {
        let called = person.groups.iter().map(|group| group.name.clone());
        let called: BTreeSet<String> = called.collect();
        let entries = person.groups.iter().map(|group| group.entry.clone());
        let known: BTreeSet<String> = called.iter().cloned().chain(entries).collect();
        let required = &self.settings.required;
        if !required.is_empty() && required.is_disjoint(&known) {
            return Err(DirectoryError::NotAdmitted);
        }
        Ok(Identity {
            issuer: self.issuer.clone(),
            subject: person.id.clone(),
            display: person.display.clone(),
            grants: self.settings.mapping.grants(called, &known),
            handle: Some(person.login.clone()),
        })
    }

    /// Notes whether it answers, and tells since when it does not.
    fn heard(&self, answers: bool, now: Timestamp) -> Option<Timestamp> {
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        *silent = if answers {
            None
        } else {
            Some(silent.unwrap_or(now))
        };
        *silent
    }
}

/// A group as the configuration means it: a distinguished name in the form in which it is compared.
fn compared(group: &str) -> String {
    match group.contains('=') {
        true => folded(group),
        false => group.to_owned(),
    }
}

/// An error as whoever signs in may hear it: what is wrong with the directory is for the log.
fn told(error: DirectoryError) -> AccountError {
    match error {
        DirectoryError::Credentials => AccountError::Credentials,
        fault if fault.is_of_the_directory() => {
            tracing::warn!(error = %fault, "nobody can sign in at the directory");
            AccountError::DirectoryDown
        }
        other => other.into(),
    }
}

impl Accounts {
    /// The same, with a directory to sign in at.
    #[must_use]
    pub fn with_directory(mut self, directory: Directory, settings: DirectorySettings) -> Self {
        self.people = Some(People::new(directory, settings));
        self
    }

    /// What was wrong with the directory the last time it was asked, if there is one.
    pub fn directory_fault(&self) -> Option<DirectoryError> {
        self.people.as_ref()?.directory.fault()
    }

    /// The directory of a tenant's people.
    pub(super) fn people_of(&self, tenant: &Tenant) -> Option<&People> {
        self.people
            .as_ref()
            .filter(|people| people.settings.tenant == *tenant)
    }

    /// Signs somebody in at the directory.
    pub(super) async fn sign_in_at(
        &self,
        people: &People,
        sign_in: SignIn<'_>,
        now: Timestamp,
    ) -> Result<Opened, AccountError> {
        let tenant = &people.settings.tenant;
        let short: String = sign_in.name.chars().take(LOGIN).collect();
        let login = short.to_lowercase();
        let known = self.account_of(tenant, &login).await?;
        let account = known.clone().unwrap_or_else(|| format!("{tenant}/{login}"));
        let attempt = Attempt {
            account: &account,
            exists: known.is_some(),
            address: sign_in.address,
        };
        self.throttle.begin(attempt, now)?;
        if short.len() < sign_in.name.len() {
            return Err(AccountError::Credentials);
        }
        let asked = people
            .directory
            .authenticate(&short, sign_in.password.typed(), now);
        let answered = asked.await;
        let of_the_directory = answered
            .as_ref()
            .err()
            .is_some_and(DirectoryError::is_of_the_directory);
        people.heard(!of_the_directory, now);
        if of_the_directory {
            // Nothing was guessed: when the directory is back nobody has to wait.
            self.throttle.succeed(attempt);
        }
        let person = answered.map_err(told)?;
        self.throttle.succeed(attempt);
        let identity = people.identity(&person).map_err(told)?;
        let user = self.provided_user(tenant, identity, now).await?;
        self.note_login(tenant, &login, &user.id).await?;
        self.open_session(tenant, &user, None, now).await
    }

    /// Asks the directory again about everyone who signed in there and still is, and at least whether it answers.
    pub async fn refresh_directory(&self, now: Timestamp) -> Result<Refreshed, AccountError> {
        let mut refreshed = Refreshed::default();
        let Some(people) = &self.people else {
            return Ok(refreshed);
        };
        let signed_in = self.signed_in_at(people).await?;
        if signed_in.is_empty() {
            let checked = people.directory.check().await;
            people.heard(checked.is_ok(), now);
            return Ok(refreshed);
        }
        for (user, login) in signed_in {
            match self.refresh_one(people, &user, &login, now).await {
                Ok(None) => {}
                Ok(Some(Change::SignedOut)) => refreshed.signed_out.push(user.name),
                Ok(Some(Change::Granted(user))) => refreshed.changed.push(*user),
                Err(AccountError::Directory(fault)) if fault.is_of_the_directory() => {
                    tracing::warn!(error = %fault, "the directory cannot say who is still there");
                    if let Some(since) = people.heard(false, now) {
                        self.outlast(people, since, now, &mut refreshed).await?;
                    }
                    return Ok(refreshed);
                }
                // About this one it says nothing that can be used; the others are asked for all the same.
                Err(AccountError::Directory(fault)) => {
                    tracing::warn!(error = %fault, user = user.name, "the directory cannot say whether a user is still there");
                }
                Err(other) => return Err(other),
            }
        }
        people.heard(true, now);
        Ok(refreshed)
    }

    async fn refresh_one(
        &self,
        people: &People,
        user: &UserRow,
        login: &str,
        now: Timestamp,
    ) -> Result<Option<Change>, AccountError> {
        let tenant = &people.settings.tenant;
        let mark = user.subject.as_deref().unwrap_or_default();
        let found = people.directory.look_up(mark, login, now).await?;
        let identity = found.map(|person| people.identity(&person)).transpose();
        let Ok(Some(identity)) = identity else {
            self.end_sessions(tenant, &user.name).await?;
            return Ok(Some(Change::SignedOut));
        };
        if identity.grants == user.grants || self.is_provisioned(tenant, user).await? {
            return Ok(None);
        }
        let change = UserChange::Grants(identity.grants);
        let changed = self.change_user(tenant, &user.name, change, now).await?;
        Ok(Some(Change::Granted(Box::new(changed))))
    }

    /// Ends the sessions that have outlasted a directory that does not answer.
    async fn outlast(
        &self,
        people: &People,
        since: Timestamp,
        now: Timestamp,
        refreshed: &mut Refreshed,
    ) -> Result<(), AccountError> {
        if now.duration_since(since) < people.settings.outage {
            return Ok(());
        }
        for (user, _) in self.signed_in_at(people).await? {
            self.end_sessions(&people.settings.tenant, &user.name).await?;
            refreshed.signed_out.push(user.name);
        }
        Ok(())
    }

    /// The users of the directory who have a session, and the name that each typed last.
    async fn signed_in_at(&self, people: &People) -> Result<Vec<(UserRow, String)>, AccountError> {
        let fault = |error| self.tables.fault(error);
        let sql = Sql::new(
            "SELECT users.*, directory_logins.login AS login FROM users
             JOIN directory_logins ON directory_logins.account = users.id
             WHERE users.tenant = ? AND users.issuer = ?",
        )
        .bind(people.settings.tenant.as_str())
        .bind(&people.issuer);
        let rows = self.tables.all(sql).await?;
        let present = self.sessions.users();
        let mut signed_in = Vec::new();
        for row in &rows {
            let user = user_row(row).map_err(fault)?;
            if present.contains(&user.id) {
                signed_in.push((user, row.try_get("login").map_err(fault)?));
            }
        }
        Ok(signed_in)
    }

    /// The account of whoever signed in with this name last.
    async fn account_of(&self, tenant: &Tenant, login: &str) -> Result<Option<String>, AccountError> {
        let sql = Sql::new("SELECT account FROM directory_logins WHERE tenant = ? AND login = ?")
            .bind(tenant.as_str())
            .bind(login);
        let found = self.tables.optional(sql).await?;
        let account = found.map(|row| row.try_get("account")).transpose();
        Ok(account.map_err(|error| self.tables.fault(error))?)
    }

    /// Notes which name an account signs in with.
    async fn note_login(&self, tenant: &Tenant, login: &str, account: &str) -> Result<(), AccountError> {
        if self.account_of(tenant, login).await?.as_deref() == Some(account) {
            return Ok(());
        }
        let mut transaction = self.tables.begin().await?;
        for sql in [
            "DELETE FROM directory_logins WHERE tenant = ?1 AND (login = ?2 OR account = ?3)",
            "INSERT INTO directory_logins (tenant, login, account) VALUES (?1, ?2, ?3)",
        ] {
            let sql = Sql::new(sql).bind(tenant.as_str()).bind(login).bind(account);
            transaction.run(sql).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// What asking again changed for one user.
enum Change {
    SignedOut,
    Granted(Box<UserRow>),
}
