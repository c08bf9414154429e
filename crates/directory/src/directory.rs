//! A directory: its servers one after the other, and what is asked of one.

use std::sync::Arc;

use jiff::Timestamp;
use rustls::ClientConfig;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::connection::Connection;
use crate::error::DirectoryError;
use crate::filter::{Filter, Values};
use crate::groups;
use crate::message::{Entry, Outcome, Scope, Search, code};
use crate::person::{self, Person, Standing};
use crate::servers::Servers;
use crate::settings::{Address, Settings};

/// How many people may be asked about at once; more wait a while, and are turned away then.
const AT_ONCE: usize = 32;

/// What is asked about somebody.
#[derive(Clone, Copy)]
enum Question<'a> {
    /// Whether a password is that of who has the name.
    Password { login: &'a str, password: &'a str },
    /// Who has a mark and a name.
    Mark { id: &'a str, login: &'a str },
}

/// A directory. Nothing is kept open between two questions.
pub struct Directory {
    settings: Settings,
    tls: Arc<ClientConfig>,
    servers: Servers,
    places: Semaphore,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Directory {
    /// A directory that is reached with the authorities of `tls`. Nothing is asked yet.
    pub fn new(settings: Settings, tls: Arc<ClientConfig>) -> Self {
        Self {
            servers: Servers::new(settings.servers.clone()),
            places: Semaphore::new(AT_ONCE),
            settings,
            tls,
        }
    }

    /// The configuration.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What was wrong with the directory the last time it was asked; nothing where it has not been.
    pub fn fault(&self) -> Option<DirectoryError> {
        self.servers.fault()
    }

    /// Who `login` is, if the password is theirs.
    ///
    /// # Errors
    ///
    /// [`DirectoryError::Credentials`] where nobody has the name, where the password is another, and where it is empty;
    /// [`DirectoryError::Disabled`] and [`DirectoryError::PasswordExpired`] only to somebody who knows the password.
    pub async fn authenticate(
        &self,
        login: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<Person, DirectoryError> {
        // An empty password would be no question at all, and the answer to it no proof.
        if login.is_empty() || password.is_empty() {
            return Err(DirectoryError::Credentials);
        }
        let asked = Question::Password { login, password };
        let person = self.ask(asked, now).await?;
        person.ok_or(DirectoryError::Credentials)
    }

    /// Somebody who signed in before: by the mark of the entry, and the name that was typed. `None` when the directory has no
    /// such entry any more, or the account is closed.
    pub async fn look_up(
        &self,
        id: &str,
        login: &str,
        now: Timestamp,
    ) -> Result<Option<Person>, DirectoryError> {
        self.ask(Question::Mark { id, login }, now).await
    }

    /// Asks one server whether it answers, lets this service look, and has the entries below which people and groups are.
    pub async fn probe(&self, server: &Address) -> Result<(), DirectoryError> {
        let mut connection = Connection::open(server, &self.tls, self.settings.patience).await?;
        self.bind_reader(&mut connection).await?;
        let anything = Filter::anything().write(&Values::default()).unwrap_or_default();
        for base in [&self.settings.base, &self.settings.group_base] {
            let search = Search {
                base,
                scope: Scope::Base,
                filter: &anything,
                attributes: &["1.1"],
                entries: 1,
                seconds: groups::seconds(&self.settings),
            };
            if connection.search(search).await?.entries.is_empty() {
                return Err(DirectoryError::NoEntry { name: base.clone() });
            }
        }
        connection.close().await;
        Ok(())
    }

    /// Asks the first server that answers, and remembers how it went.
    pub async fn check(&self) -> Result<(), DirectoryError> {
        let mut last = Err(none());
        for (at, address) in self.servers.in_turn() {
            last = self.probe(address).await;
            if last.is_ok() {
                self.servers.note(Some(at), Ok(()));
                return last;
            }
        }
        self.servers.note(None, last.as_ref().copied());
        last
    }

    async fn place(&self) -> Result<SemaphorePermit<'_>, DirectoryError> {
        let waiting = tokio::time::timeout(self.settings.patience, self.places.acquire());
        match waiting.await {
            Ok(Ok(place)) => Ok(place),
            _ => Err(DirectoryError::Busy),
        }
    }

    /// Puts a question to the servers in turn, until one answers it.
    async fn ask(&self, question: Question<'_>, now: Timestamp) -> Result<Option<Person>, DirectoryError> {
        let _place = self.place().await?;
        let mut last = none();
        for (at, address) in self.servers.in_turn() {
            match self.ask_at(address, question, now).await {
                Err(error) if error.is_of_the_server() => {
                    tracing::warn!(%error, "a server of the directory does not answer");
                    last = error;
                }
                answered => {
                    self.servers.note(Some(at), answered.as_ref().map(|_| ()));
                    return answered;
                }
            }
        }
        self.servers.note(None, Err(&last));
        Err(last)
    }

    async fn ask_at(
        &self,
        address: &Address,
        question: Question<'_>,
        now: Timestamp,
    ) -> Result<Option<Person>, DirectoryError> {
        let mut connection = Connection::open(address, &self.tls, self.settings.patience).await?;
        let answered = match question {
            Question::Password { login, password } => self
                .authenticate_over(&mut connection, (login, password), now)
                .await
                .map(Some),
            Question::Mark { id, login } => self.look_up_over(&mut connection, (id, login), now).await,
        };
        connection.close().await;
        answered
    }

    async fn authenticate_over(
        &self,
        connection: &mut Connection,
        (login, password): (&str, &str),
        now: Timestamp,
    ) -> Result<Person, DirectoryError> {
        self.bind_reader(connection).await?;
        let values = Values {
            login: Some(login),
            ..Values::default()
        };
        let Some(entry) = self
            .find_one(connection, &self.settings.user_filter, &values)
            .await?
        else {
            // As many questions as for a name that there is, so that how long it takes tells little.
            let nobody = format!("cn={},{}", random_word(), self.settings.base);
            let _refused = connection.bind(&nobody, &random_word()).await?;
            return Err(DirectoryError::Credentials);
        };
        let outcome = connection.bind(&entry.name, password).await?;
        if outcome.code != code::SUCCESS {
            return Err(refused_password(connection, outcome));
        }
        let mut person = person::read(&entry, login, &self.settings, now)?;
        if person.standing == Standing::Closed {
            return Err(DirectoryError::Disabled);
        }
        self.bind_reader(connection).await?;
        person.groups = groups::find(connection, (&person, &entry), &self.settings).await?;
        Ok(person)
    }

    async fn look_up_over(
        &self,
        connection: &mut Connection,
        (id, login): (&str, &str),
        now: Timestamp,
    ) -> Result<Option<Person>, DirectoryError> {
        self.bind_reader(connection).await?;
        let mark = person::mark_bytes(id, &self.settings);
        let values = Values {
            login: Some(login),
            id: Some(&mark),
            ..Values::default()
        };
        // Whoever is not meant by the filter any more could not sign in either.
        let filter = Filter::equals(&self.settings.id).and(self.settings.user_filter.clone());
        let Some(entry) = self.find_one(connection, &filter, &values).await? else {
            return Ok(None);
        };
        let mut person = person::read(&entry, login, &self.settings, now)?;
        if person.standing == Standing::Closed {
            return Ok(None);
        }
        person.groups = groups::find(connection, (&person, &entry), &self.settings).await?;
        Ok(Some(person))
    }

    /// The entry that a filter means, if there is one. Several are nobody's.
    async fn find_one(
        &self,
        connection: &mut Connection,
        filter: &Filter,
        values: &Values<'_>,
    ) -> Result<Option<Entry>, DirectoryError> {
        let Some(filter) = filter.write(values) else {
            return Ok(None);
        };
        let attributes = person::attributes(&self.settings);
        let search = Search {
            base: &self.settings.base,
            scope: Scope::Subtree,
            filter: &filter,
            attributes: &attributes,
            entries: 2,
            seconds: groups::seconds(&self.settings),
        };
        let mut found = connection.search(search).await?;
        if found.entries.len() > 1 || found.more {
            return Err(DirectoryError::Ambiguous);
        }
        Ok(found.entries.pop())
    }

    /// Shows the directory who asks.
    async fn bind_reader(&self, connection: &mut Connection) -> Result<(), DirectoryError> {
        let outcome = match &self.settings.reader {
            Some((name, password)) => connection.bind(name, &password.reveal()).await?,
            None => connection.bind("", "").await?,
        };
        if outcome.code == code::SUCCESS {
            return Ok(());
        }
        Err(connection.refused("bind", outcome))
    }
}

/// Why a password was refused. Active Directory says more in words, and only to who knows the password ([MS-ERREF], 2.2).
fn refused_password(connection: &Connection, outcome: Outcome) -> DirectoryError {
    match outcome.code {
        code::INVALID_CREDENTIALS => match active_directory_code(&outcome.told) {
            Some("533" | "701") => DirectoryError::Disabled,
            Some("532" | "773") => DirectoryError::PasswordExpired,
            _ => DirectoryError::Credentials,
        },
        // An account without a password, or one that may not be used to bind.
        code::INAPPROPRIATE_AUTHENTICATION | code::UNWILLING => DirectoryError::Credentials,
        _ => connection.refused("bind", outcome),
    }
}

/// `533` in `80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 533, v2580`.
fn active_directory_code(told: &str) -> Option<&str> {
    let (_, rest) = told.split_once("AcceptSecurityContext error, data ")?;
    rest.split(',').next().map(str::trim)
}

fn none() -> DirectoryError {
    DirectoryError::Unreachable {
        server: "-".to_owned(),
        reason: "no server is configured".to_owned(),
    }
}

/// Something that is nobody's name and nobody's password.
fn random_word() -> String {
    let mut bytes = [0; 16];
    // Without random bytes the word is a constant, which is nobody's either.
    let _filled = getrandom::fill(&mut bytes);
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_active_directory_are_understood() {
        let told =
            "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 533, v2580\0";
        assert_eq!(active_directory_code(told), Some("533"));
        assert_eq!(active_directory_code("Invalid credentials"), None);
    }
}
