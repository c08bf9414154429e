//! The configuration: one TOML file, read as it is written, then resolved.
//!
//! Reading stops at the first fault of syntax and says where it stands (`syntax`). Resolving goes on to the end and
//! lists every fault at once: a file with three wrong references is mended in one go. A configuration with a fault
//! never starts anything.
//!
//! `raw` is the file as it is written, and each table has a room of its own that resolves it: [`Server`], [`Egress`],
//! [`Oidc`], [`State`], upstreams with their `limits`, routes, and the rest in `resolve`. [`Config::shown`] writes it out again with every default filled
//! in; [`Config::warnings`] are what is allowed and probably not meant. A secret is never in a configuration, only
//! its [`SecretPlace`]; it is opened by whoever reads the environment.
//!
//! [`file`] writes the file, whole or not at all.

use std::path::{Path, PathBuf};

use trousseau_catalogue::Catalogue;
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_plan::settings::Settings;
use trousseau_policy::decide::Target;
use trousseau_policy::rules::{RawRules, Rules};

mod addition;
mod attesting;
mod egress;
mod faults;
pub mod file;
mod limits;
mod oidc;
mod page;
mod raw;
mod renewal;
mod resolve;
mod route;
mod secret;
mod server;
mod show;
mod spending;
mod state;
mod syntax;
mod upstream;
mod warning;

pub use addition::{Addition, AdditionError, Augmented, augment};
pub use attesting::{AttestedFile, attest};
pub use egress::{Egress, Proxy};
pub use oidc::Oidc;
pub use renewal::Changes;
pub use secret::SecretPlace;
pub use server::{Server, TlsFiles, address};
pub use state::State;
pub use upstream::{Kind, Remote};

/// The commented example, which the tests read.
pub const EXAMPLE_FR: &str = include_str!("../messages/example.fr.toml");
/// The same in English.
pub const EXAMPLE_EN: &str = include_str!("../messages/example.en.toml");

/// How files are extracted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extraction {
    /// How many worker processes.
    pub workers: usize,
    /// The memory each may take, in bytes.
    pub memory_bytes: u64,
}

/// A resolved configuration: references checked, defaults filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from, if any.
    pub file: Option<PathBuf>,
    /// The data folder it names, if it does.
    pub data: Option<PathBuf>,
    /// The two paths.
    pub settings: Settings,
    /// The worker processes.
    pub extraction: Extraction,
    /// What is known of providers: the program's catalogue and the file's own entries.
    pub catalogue: Catalogue,
    /// Every upstream with its card, in the order of the file.
    pub targets: Vec<Target>,
    /// What answers behind each of them.
    pub kinds: Vec<(String, Kind)>,
    /// The rules of the decision.
    pub rules: Rules,
    /// What the organisation adds to the default rules, as it is written.
    pub policy: RawRules,
    /// Where the service listens.
    pub server: Server,
    /// How it reaches other machines.
    pub egress: Egress,
    /// How long records are kept, in days; with 0 they are not written in the first place.
    pub retention_days: u32,
    /// Where people sign in, beside here.
    pub oidc: Option<Oidc>,
    /// The database that several replicas share, where there is one.
    pub state: Option<State>,
}

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{reason}")]
    Read {
        /// The file.
        file: String,
        /// Why not.
        reason: std::io::Error,
    },
    /// The file is not the TOML that is expected.
    #[error("{file}:{line}:{column}: {reason}")]
    Syntax {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong, in the parser's words.
        reason: String,
        /// What is wrong, where it is one of the usual faults.
        fault: Box<SyntaxFault>,
    },
    /// What it says does not hold together.
    #[error("{file}: {} faults", .faults.len())]
    Faults {
        /// The file.
        file: String,
        /// Every fault.
        faults: Vec<Fault>,
    },
}

/// The usual faults of a file that does not read well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxFault {
    /// A key that no table of this kind has.
    UnknownKey {
        /// The key.
        key: String,
        /// The known key that it is most like.
        meant: Option<String>,
        /// The known keys.
        known: String,
    },
    /// A key that must be there is not.
    MissingKey {
        /// The key.
        key: String,
    },
    /// A value of another type than the key's.
    WrongType {
        /// The value, as it is written.
        found: String,
        /// The type: integer, string, boolean, list, table, or serde's word for another.
        expected: String,
    },
    /// Anything else.
    Other,
}

impl SyntaxFault {
    const fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey { meant: Some(_), .. } => "config-mistyped-key",
            Self::UnknownKey { meant: None, .. } => "config-unknown-key",
            Self::MissingKey { .. } => "config-missing-key",
            Self::WrongType { .. } => "config-wrong-type",
            Self::Other => "config-syntax",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::UnknownKey { key, meant, known } => vec![
                ("key", key.clone()),
                ("meant", meant.clone().unwrap_or_default()),
                ("known", known.clone()),
            ],
            Self::MissingKey { key } => vec![("key", key.clone())],
            Self::WrongType { found, expected } => {
                vec![("found", found.clone()), ("expected", expected.clone())]
            }
            Self::Other => Vec::new(),
        }
    }
}

/// One fault of a file that reads well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its code in the catalogue.
    pub code: &'static str,
    /// Its fields; `key` names the place.
    pub fields: Vec<(&'static str, String)>,
    /// The fault in English.
    pub english: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.english)
    }
}

impl std::error::Error for Fault {}

impl Explain for Fault {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        self.code
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        self.fields.clone()
    }
}

impl Explain for ConfigError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { reason, .. } if reason.kind() == std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            Self::Read { .. } => ErrorKind::Unavailable,
            Self::Syntax { .. } | Self::Faults { .. } => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Read { reason, .. } if reason.kind() == std::io::ErrorKind::NotFound => "config-not-found",
            Self::Read { .. } => "config-read",
            Self::Syntax { fault, .. } => fault.code(),
            Self::Faults { .. } => "config-faults",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Read { file, reason } => vec![("file", file.clone()), ("reason", reason.to_string())],
            Self::Syntax {
                file,
                line,
                column,
                reason,
                fault,
            } => {
                let mut fields = vec![
                    ("file", file.clone()),
                    ("line", line.to_string()),
                    ("column", column.to_string()),
                    ("reason", reason.clone()),
                ];
                fields.extend(fault.fields());
                fields
            }
            Self::Faults { file, faults } => {
                vec![("file", file.clone()), ("count", faults.len().to_string())]
            }
        }
    }
}

impl Config {
    /// Reads and resolves a file.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let text = fs_err::read_to_string(file).map_err(|reason| ConfigError::Read {
            file: file.display().to_string(),
            reason,
        })?;
        Self::parse(&text, Some(file))
    }

    /// Reads and resolves a text; `file` is where it came from, for messages.
    pub fn parse(text: &str, file: Option<&Path>) -> Result<Self, ConfigError> {
        let name = file.map_or_else(|| "trousseau.toml".to_owned(), |file| file.display().to_string());
        let mut raw: raw::Raw = toml::from_str(text).map_err(|error| syntax::explain(&name, text, &error))?;
        raw::note_places(&mut raw, text);
        let resolved = resolve::resolve(raw, file);
        resolved.map_err(|faults| ConfigError::Faults { file: name, faults })
    }

    /// The configuration of a program that has no file: the built-in answerer, one route.
    pub fn without_file() -> Result<Self, ConfigError> {
        Self::parse("", None)
    }
}

#[cfg(test)]
mod tests;
