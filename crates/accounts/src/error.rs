//! Why somebody was not let in, or an account not changed.

use trousseau_core::error::{ErrorKind, Explain};
use trousseau_limits::InvalidAllowance;
use trousseau_retrieval::error::StoreError;

use super::oidc::OidcError;

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
    /// The name and the password do not belong together; which of them is wrong is not told.
    #[error("the name or the password is wrong")]
    Credentials,
    /// Too many attempts: wait.
    #[error("too many attempts to sign in; the next one in {seconds} s")]
    Throttled {
        /// How long to wait, in seconds.
        seconds: i64,
    },
    /// Too many passwords are being checked at the moment.
    #[error("too many passwords are being checked at the moment")]
    Busy,
    /// No session like this, or no longer.
    #[error("the session is not known or has ended")]
    UnknownSession,
    /// No key or session that is known here; the database that would know of a newer one is away.
    #[error("the key or session is not known here, and the database that may know it is away")]
    Unsure,
    /// A link that is unknown, used or past its time.
    #[error("the one-time link is unknown, used or expired")]
    UnknownLink,
    /// A password that is too short or too long.
    #[error("a password has {shortest} to {longest} characters")]
    PasswordLength {
        /// The shortest, in characters.
        shortest: usize,
        /// The longest, in characters.
        longest: usize,
    },
    /// A user of an identity provider, who has no password here.
    #[error("{name:?} signs in at the identity provider")]
    Provided {
        /// The user.
        name: String,
    },
    /// A user who may not sign in any more.
    #[error("{name:?} is disabled")]
    Disabled {
        /// The user.
        name: String,
    },
    /// Whoever acts would shut the own account out.
    #[error("an administrator cannot change the own account")]
    Own,
    /// A password could not be hashed: a fault of the program.
    #[error("a password could not be hashed: {reason}")]
    Hash {
        /// Why.
        reason: String,
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
    /// Nobody came in through the identity provider.
    #[error(transparent)]
    Oidc(#[from] OidcError),
    /// A limit that makes no sense.
    #[error(transparent)]
    Allowance(#[from] InvalidAllowance),
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
            Self::UnknownKey
            | Self::ExpiredKey { .. }
            | Self::Credentials
            | Self::UnknownSession
            | Self::UnknownLink => ErrorKind::Unauthenticated,
            Self::Throttled { .. } => ErrorKind::Throttled,
            Self::Busy | Self::Unsure => ErrorKind::Unavailable,
            Self::Name { .. } | Self::Passed { .. } | Self::PasswordLength { .. } => ErrorKind::InvalidInput,
            Self::Disabled { .. } => ErrorKind::Forbidden,
            Self::Taken { .. } | Self::Provided { .. } | Self::Own => ErrorKind::Conflict,
            Self::NoAccount { .. } => ErrorKind::NotFound,
            Self::Oidc(error) => error.kind(),
            Self::Allowance(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Random(_) | Self::Hash { .. } => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey => "account-unknown-key",
            Self::ExpiredKey { .. } => "account-expired-key",
            Self::Credentials => "account-credentials",
            Self::Throttled { .. } => "account-throttled",
            Self::Busy => "account-busy",
            Self::Unsure => "account-unsure",
            Self::UnknownSession => "account-unknown-session",
            Self::UnknownLink => "account-unknown-link",
            Self::PasswordLength { .. } => "account-password-length",
            Self::Provided { .. } => "account-provided",
            Self::Disabled { .. } => "account-disabled",
            Self::Own => "account-own",
            Self::Hash { .. } => "account-hash",
            Self::Name { .. } => "account-name",
            Self::Taken { .. } => "account-taken",
            Self::Passed { .. } => "account-passed",
            Self::NoAccount { .. } => "account-none",
            Self::Oidc(error) => error.code(),
            Self::Allowance(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Random(_) => "gateway-random",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Own
            | Self::UnknownKey
            | Self::Credentials
            | Self::Busy
            | Self::Unsure
            | Self::UnknownSession
            | Self::UnknownLink => Vec::new(),
            Self::Throttled { seconds } => vec![("seconds", seconds.to_string())],
            Self::PasswordLength { shortest, longest } => {
                vec![
                    ("shortest", shortest.to_string()),
                    ("longest", longest.to_string()),
                ]
            }
            Self::Hash { reason } => vec![("reason", reason.clone())],
            Self::ExpiredKey { expired } => vec![("expired", expired.to_string())],
            Self::Passed { expires } => vec![("expires", expires.to_string())],
            Self::Name { name }
            | Self::Taken { name }
            | Self::NoAccount { name }
            | Self::Provided { name }
            | Self::Disabled { name } => {
                vec![("name", name.clone())]
            }
            Self::Oidc(error) => error.fields(),
            Self::Allowance(error) => error.fields(),
            Self::Store(error) => error.fields(),
            Self::Random(error) => vec![("reason", error.to_string())],
        }
    }
}
