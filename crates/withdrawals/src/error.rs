//! Why nothing was withdrawn or lifted.

use std::io;
use std::path::PathBuf;

use trousseau_core::error::{ErrorKind, Explain};
use trousseau_retrieval::error::StoreError;

/// An error of the withdrawals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawalError {
    /// The list cannot be read or written.
    #[error("{reason}")]
    File {
        /// What the operating system says, with the path.
        reason: String,
    },
    /// The file is not such a list.
    #[error("{} is not a list of withdrawals: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It is in force on this replica; the others could not be told yet.
    #[error("in force on this replica only, the others are told later: {reason}")]
    Here {
        /// Why not.
        reason: String,
    },
    /// The database of the replicas failed, and nothing was changed.
    #[error("{reason}")]
    Store {
        /// What it is about: the code of a store's error.
        code: &'static str,
        /// What kind it is.
        kind: ErrorKind,
        /// Its fields.
        fields: Vec<(&'static str, String)>,
        /// In English.
        reason: String,
    },
    /// There is no such withdrawal, or it has ended.
    #[error("no withdrawal {id:?}")]
    Unknown {
        /// The id that was given.
        id: String,
    },
}

impl From<io::Error> for WithdrawalError {
    fn from(error: io::Error) -> Self {
        Self::File {
            reason: error.to_string(),
        }
    }
}

impl From<StoreError> for WithdrawalError {
    fn from(error: StoreError) -> Self {
        Self::Store {
            code: error.code(),
            kind: error.kind(),
            fields: error.fields(),
            reason: error.to_string(),
        }
    }
}

impl Explain for WithdrawalError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::File { .. } | Self::Here { .. } => ErrorKind::Unavailable,
            Self::Store { kind, .. } => *kind,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Unknown { .. } => ErrorKind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "withdrawals-file",
            Self::Here { .. } => "withdrawals-here",
            Self::Store { code, .. } => code,
            Self::Damaged { .. } => "withdrawals-damaged",
            Self::Unknown { .. } => "withdrawals-unknown",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::File { reason } | Self::Here { reason } => vec![("reason", reason.clone())],
            Self::Store { fields, .. } => fields.clone(),
            Self::Damaged { path, reason } => {
                vec![("path", path.display().to_string()), ("reason", reason.clone())]
            }
            Self::Unknown { id } => vec![("id", id.clone())],
        }
    }
}
