//! Why nothing was withdrawn or lifted.

use std::io;
use std::path::PathBuf;

use trousseau_core::error::{ErrorKind, Explain};

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

impl Explain for WithdrawalError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::File { .. } => ErrorKind::Unavailable,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Unknown { .. } => ErrorKind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "withdrawals-file",
            Self::Damaged { .. } => "withdrawals-damaged",
            Self::Unknown { .. } => "withdrawals-unknown",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::File { reason } => vec![("reason", reason.clone())],
            Self::Damaged { path, reason } => {
                vec![("path", path.display().to_string()), ("reason", reason.clone())]
            }
            Self::Unknown { id } => vec![("id", id.clone())],
        }
    }
}
