//! Why somebody was not let in, or an account not changed.

use trousseau_core::error::{ErrorKind, Explain};
use trousseau_retrieval::error::StoreError;

/// An error of the accounts.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// No key like this, or no longer.
    #[error("the API key is not known")]
    UnknownKey,
    /// The key was valid until then.
    #[error("the API key expired at {expired}")]
    ExpiredKey {
        /// Since when.
        expired: jiff::Timestamp,
    },
    /// A name with a character it may not have, of the wrong length, or one that is the program's own.
    #[error("{name:?} cannot be the name of an account")]
    Name {
        /// The name.
        name: String,
    },
    /// Another account has the name.
    #[error("there is already an account {name:?}")]
    Taken {
        /// The name.
        name: String,
    },
    /// A date of expiry that has passed.
    #[error("the expiry {expires} has passed")]
    Passed {
        /// The date.
        expires: jiff::Timestamp,
    },
    /// There is no such key or user.
    #[error("no account {name:?}")]
    NoAccount {
        /// What was asked for.
        name: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl Explain for AccountError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownKey | Self::ExpiredKey { .. } => ErrorKind::Unauthenticated,
            Self::Name { .. } | Self::Passed { .. } => ErrorKind::InvalidInput,
            Self::Taken { .. } => ErrorKind::Conflict,
            Self::NoAccount { .. } => ErrorKind::NotFound,
            Self::Store(error) => error.kind(),
            Self::Random(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey => "account-unknown-key",
            Self::ExpiredKey { .. } => "account-expired-key",
            Self::Name { .. } => "account-name",
            Self::Taken { .. } => "account-taken",
            Self::Passed { .. } => "account-passed",
            Self::NoAccount { .. } => "account-none",
            Self::Store(error) => error.code(),
            Self::Random(_) => "gateway-random",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::UnknownKey => Vec::new(),
            Self::ExpiredKey { expired } => vec![("expired", expired.to_string())],
            Self::Passed { expires } => vec![("expires", expires.to_string())],
            Self::Name { name } | Self::Taken { name } | Self::NoAccount { name } => {
                vec![("name", name.clone())]
            }
            Self::Store(error) => error.fields(),
            Self::Random(error) => vec![("reason", error.to_string())],
        }
    }
}
