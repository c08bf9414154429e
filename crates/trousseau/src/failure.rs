//! How a command ends badly: an error that explains itself, and the exit code it deserves.

use std::path::PathBuf;
use std::process::ExitCode;

use trousseau_config::{ConfigError, Fault};
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_gateway::error::ledger_kind;
use trousseau_ledger::LedgerError;

use crate::printer::Printer;

/// How a command ended: the exit code of the process that was started for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit(pub u8);

impl Exit {
    /// Well.
    pub(crate) const SUCCESS: Self = Self(0);
    /// Not well.
    pub(crate) const FAILURE: Self = Self(1);
    /// A drill found a route that would answer nothing more.
    pub(crate) const DIED: Self = Self(6);
    /// Typed wrongly.
    pub(crate) const USAGE: Self = Self(2);
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// Why a command failed.
pub(crate) struct Failure(Box<dyn Explain + Send + Sync>, Vec<Fault>);

impl<E: Explain + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(Box::new(error), Vec::new())
    }
}

impl Failure {
    /// A refused configuration, with each of its faults.
    pub(crate) fn config(error: ConfigError) -> Self {
        let faults = match &error {
            ConfigError::Faults { faults, .. } => faults.clone(),
            ConfigError::Read { .. } | ConfigError::Syntax { .. } => Vec::new(),
        };
        Self(Box::new(error), faults)
    }

    /// The error, and each fault of a refused configuration.
    pub(crate) fn into_parts(self) -> (Box<dyn Explain + Send + Sync>, Vec<Fault>) {
        (self.0, self.1)
    }

    /// Whether another process has the data folder.
    pub(crate) fn is_locked(&self) -> bool {
        self.0.code() == "app-locked"
    }

    /// What it says in logs.
    pub(crate) fn english(&self) -> String {
        self.0.to_string()
    }

    /// What its faults say in logs, each with its code.
    pub(crate) fn english_faults(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.1.iter().map(|fault| (fault.code, fault.english.as_str()))
    }

    /// What it says to the user, on one line.
    pub(crate) fn text(&self, printer: &Printer) -> String {
        let told = printer.messages.explained(self.0.code(), &self.0.fields());
        told.unwrap_or_else(|| self.0.to_string())
    }

    /// Tells it on standard error.
    pub(crate) fn tell(&self, printer: &Printer) {
        let told = |fault: &Fault| {
            let told = printer.messages.explained(fault.code, &fault.fields);
            (fault.code, told.unwrap_or_else(|| fault.english.clone()))
        };
        let faults: Vec<(&str, String)> = self.1.iter().map(told).collect();
        let error = &self.0;
        printer.failure(error.code(), &error.fields(), &error.to_string(), &faults);
    }

    /// The exit code: 1 in general, 3 where policy or rights forbid, 4 where another process is in the way or
    /// something is not available now, 5 where stored data is damaged. 2 is clap's, for wrong usage.
    pub(crate) fn exit(&self) -> Exit {
        Exit(match self.0.kind() {
            ErrorKind::InvalidInput | ErrorKind::NotFound | ErrorKind::TooLarge | ErrorKind::Internal => 1,
            ErrorKind::Forbidden | ErrorKind::Unauthenticated => 3,
            ErrorKind::Conflict | ErrorKind::Unavailable | ErrorKind::Throttled | ErrorKind::Timeout => 4,
            ErrorKind::Corrupt => 5,
        })
    }
}

/// Errors of the command line itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    /// No folder for the data can be told from the environment.
    #[error("no data folder: neither --data nor TROUSSEAU_DATA, XDG_DATA_HOME or HOME is set")]
    NoData,
    /// Another process has the data folder.
    #[error("{data}: in use by process {holder}")]
    Locked {
        /// The data folder.
        data: PathBuf,
        /// Who has it.
        holder: String,
    },
    /// The data folder is another user's.
    #[error("{data}: only its user and root may do this")]
    Stranger {
        /// The data folder.
        data: PathBuf,
    },
    /// There is no such entry in the catalogue.
    #[error("there is no entry {id:?} in the catalogue; there are {known}")]
    NoEntry {
        /// What was typed.
        id: String,
        /// The entries that may have been meant.
        known: String,
    },
    /// What was typed is no address to listen on.
    #[error("{text:?} is not an address: write 127.0.0.1:8642")]
    NotAnAddress {
        /// What was written.
        text: String,
    },
    /// Other machines would be listened to without TLS.
    #[error("{address}: other machines would be listened to without TLS")]
    Exposed {
        /// The address.
        address: String,
    },
    /// The server that has the data folder is of another version.
    #[error("{data}: its server is version {server}, this program {}", env!("CARGO_PKG_VERSION"))]
    OtherVersion {
        /// The data folder.
        data: PathBuf,
        /// The server's version.
        server: String,
    },
    /// The server that has the data folder was started with another configuration.
    #[error("{data}: its server runs with another configuration")]
    OtherConfig {
        /// The data folder.
        data: PathBuf,
        /// The server's configuration file, if it has one.
        config: Option<String>,
    },
    /// The server runs as many commands as it may.
    #[error("{data}: its server runs as many commands as it may")]
    ServerBusy {
        /// The data folder.
        data: PathBuf,
    },
    /// The server ended, or spoke nonsense, before the command did.
    #[error("{data}: its server ended before the command: {reason}")]
    ServerGone {
        /// The data folder.
        data: PathBuf,
        /// What was seen.
        reason: String,
    },
    /// No server has the data folder.
    #[error("{data}: no server runs on it")]
    NoServer {
        /// The data folder.
        data: PathBuf,
    },
    /// There is no data folder to read.
    #[error("{data}: nothing has been ingested here yet")]
    NothingYet {
        /// The data folder.
        data: PathBuf,
    },
    /// The configuration names no database that is shared.
    #[error("no database is shared: there is no [state]")]
    NotShared,
    /// There is no such key in the configuration.
    #[error("no key {name:?} in the configuration")]
    NoKey {
        /// The name that was asked for.
        name: String,
    },
    /// Something that is not an entry's name.
    #[error("{text:?} is not an entry: write 12 or main/12")]
    NotAnEntry {
        /// What was written.
        text: String,
    },
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A key, checkpoint or proof that the user gave is not well-formed.
    #[error(transparent)]
    Given(LedgerError),
    /// What was typed is no country's code.
    #[error("{text:?} is not a country: write its ISO 3166-1 code, such as US or CN")]
    NotACountry {
        /// What was typed.
        text: String,
    },
    /// A file or a pipe failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Standard output could not be written.
    #[error("standard output: {0}")]
    Output(std::io::Error),
    /// No file could be ingested.
    #[error("none of the {failed} files could be ingested")]
    NothingIngested {
        /// How many there were.
        failed: usize,
    },
    /// A ledger did not pass its verification.
    #[error("{directory}: {findings} findings")]
    LedgerUnsound {
        /// The ledger's folder.
        directory: String,
        /// How many findings.
        findings: usize,
    },
}

impl Explain for AppError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotAnAddress { .. } | Self::NotACountry { .. } | Self::Exposed { .. } => {
                ErrorKind::InvalidInput
            }
            Self::NoEntry { .. } => ErrorKind::NotFound,
            Self::NoData | Self::NotAnEntry { .. } | Self::NothingIngested { .. } | Self::Given(_) => {
                ErrorKind::InvalidInput
            }
            Self::Locked { .. } | Self::OtherVersion { .. } | Self::OtherConfig { .. } => ErrorKind::Conflict,
            Self::Stranger { .. } => ErrorKind::Forbidden,
            Self::NoServer { .. } | Self::ServerBusy { .. } | Self::ServerGone { .. } => {
                ErrorKind::Unavailable
            }
            Self::NothingYet { .. } | Self::NoKey { .. } | Self::NotShared => ErrorKind::NotFound,
            Self::Io(_) | Self::Output(_) => ErrorKind::Internal,
            Self::Ledger(error) => ledger_kind(error),
            Self::LedgerUnsound { .. } => ErrorKind::Corrupt,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoData => "app-no-data",
            Self::Locked { .. } => "app-locked",
            Self::Stranger { .. } => "app-stranger",
            Self::NoEntry { .. } => "app-no-entry",
            Self::NotAnAddress { .. } => "app-not-an-address",
            Self::NotACountry { .. } => "app-not-a-country",
            Self::Exposed { .. } => "app-exposed",
            Self::OtherVersion { .. } => "app-other-version",
            Self::OtherConfig { config: Some(_), .. } => "app-other-config",
            Self::OtherConfig { config: None, .. } => "app-no-config",
            Self::ServerBusy { .. } => "app-server-busy",
            Self::ServerGone { .. } => "app-server-gone",
            Self::NoServer { .. } => "app-no-server",
            Self::NothingYet { .. } => "app-nothing-yet",
            Self::NotShared => "app-not-shared",
            Self::NoKey { .. } => "app-no-key",
            Self::NotAnEntry { .. } => "app-not-an-entry",
            Self::Ledger(error) | Self::Given(error) => error.code(),
            Self::Io(_) => "app-io",
            Self::Output(_) => "app-output",
            Self::NothingIngested { .. } => "app-nothing-ingested",
            Self::LedgerUnsound { .. } => "app-ledger-unsound",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoData | Self::NotShared => Vec::new(),
            Self::Locked { data, holder } => {
                vec![("data", data.display().to_string()), ("holder", holder.clone())]
            }
            Self::NothingYet { data }
            | Self::NoServer { data }
            | Self::Stranger { data }
            | Self::ServerBusy { data } => {
                vec![("data", data.display().to_string())]
            }
            Self::OtherVersion { data, server } => vec![
                ("data", data.display().to_string()),
                ("server", server.clone()),
                ("own", env!("CARGO_PKG_VERSION").to_owned()),
            ],
            Self::OtherConfig { data, config } => vec![
                ("data", data.display().to_string()),
                ("config", config.clone().unwrap_or_default()),
            ],
            Self::ServerGone { data, reason } => {
                vec![("data", data.display().to_string()), ("reason", reason.clone())]
            }
            Self::NoEntry { id, known } => vec![("id", id.clone()), ("known", known.clone())],
            Self::NoKey { name } => vec![("name", name.clone())],
            Self::Exposed { address } => vec![("address", address.clone())],
            Self::NotAnEntry { text } | Self::NotAnAddress { text } | Self::NotACountry { text } => {
                vec![("text", text.clone())]
            }
            Self::Ledger(error) | Self::Given(error) => error.fields(),
            Self::Io(error) | Self::Output(error) => vec![("reason", error.to_string())],
            Self::NothingIngested { failed } => vec![("failed", failed.to_string())],
            Self::LedgerUnsound { directory, findings } => {
                vec![
                    ("directory", directory.clone()),
                    ("findings", findings.to_string()),
                ]
            }
        }
    }
}
