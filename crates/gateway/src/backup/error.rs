//! Why a backup was not made, or not restored.

use std::path::PathBuf;

use trousseau_core::digest::Digest;
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_ledger::LedgerError;
use trousseau_retrieval::error::StoreError;

use crate::error::{GatewayError, ledger_kind};

/// An error of [`backup`](super::backup()) or [`restore`](super::restore()).
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The folder that is to be written into holds something.
    #[error("{path}: not empty")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The folder has no manifest: it is no backup, or one that was not finished.
    #[error("{path}: no manifest: not a backup, or one that was not finished")]
    Incomplete {
        /// The folder.
        path: PathBuf,
    },
    /// A newer program made the backup.
    #[error("{path}: written in format {found}, newer than the {known} this program knows")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this program reads.
        known: i64,
    },
    /// The manifest cannot be read.
    #[error("{path}: {reason}")]
    Malformed {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file is not what the manifest says.
    #[error("{path}: {}, and the manifest says {expected}", .found.map_or("missing".to_owned(), |digest| digest.to_string()))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its SHA-256 as the manifest has it.
        expected: Digest,
        /// Its SHA-256; `None` when it is missing or of another size.
        found: Option<Digest>,
    },
    /// A restore into the data folder has begun and not ended.
    #[error("{path}: a restore into this folder has not ended")]
    Unfinished {
        /// The data folder.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// A store cannot be copied.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A ledger cannot be copied.
    #[error("ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// A ledger cannot be opened.
    #[error(transparent)]
    Gateway(#[from] Box<GatewayError>),
}

impl Explain for BackupError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotEmpty { .. } | Self::Newer { .. } | Self::Unfinished { .. } => ErrorKind::Conflict,
            Self::Incomplete { .. } | Self::Malformed { .. } | Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::File(_) => ErrorKind::Unavailable,
            Self::Store(error) => error.kind(),
            Self::Ledger(error) => ledger_kind(error),
            Self::Gateway(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotEmpty { .. } => "backup-not-empty",
            Self::Incomplete { .. } => "backup-incomplete",
            Self::Newer { .. } => "backup-newer",
            Self::Malformed { .. } => "backup-malformed",
            Self::Damaged { .. } => "backup-damaged",
            Self::Unfinished { .. } => "backup-unfinished",
            Self::File(_) => "backup-file",
            Self::Store(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::Gateway(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let shown = |path: &PathBuf| ("path", path.display().to_string());
        match self {
            Self::NotEmpty { path } | Self::Incomplete { path } | Self::Unfinished { path } => {
                vec![shown(path)]
            }
            Self::Newer { path, found, known } => {
                vec![
                    shown(path),
                    ("found", found.to_string()),
                    ("known", known.to_string()),
                ]
            }
            Self::Malformed { path, reason } => vec![shown(path), ("reason", reason.clone())],
            Self::Damaged {
                path,
                expected,
                found,
            } => {
                let found = found.map(|digest| digest.to_string()).unwrap_or_default();
                vec![shown(path), ("expected", expected.to_string()), ("found", found)]
            }
            Self::File(error) => vec![("reason", error.to_string())],
            Self::Store(error) => error.fields(),
            Self::Ledger(error) => error.fields(),
            Self::Gateway(error) => error.fields(),
        }
    }
}
