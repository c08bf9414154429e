//! Why a directory could not say who somebody is, or says that somebody may not come in.

use trousseau_core::error::{ErrorKind, Explain};

/// An error of the directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// No server answers: not at all, not in time, not in LDAP, or not with a certificate that is trusted.
    #[error("the directory does not answer: {server}: {reason}")]
    Unreachable {
        /// The last server that was tried.
        server: String,
        /// What happened there.
        reason: String,
    },
    /// A server answers, and does not let this service look.
    #[error("the directory refuses {what}: {server}: {reason} (code {code})")]
    Refused {
        /// The server.
        server: String,
        /// What it was asked: `bind`, `search`.
        what: &'static str,
        /// Its code for the refusal (RFC 4511).
        code: u32,
        /// In its own words.
        reason: String,
    },
    /// An entry that is asked for is not in it, such as the base.
    #[error("the directory has no entry {name:?}")]
    NoEntry {
        /// The entry's name.
        name: String,
    },
    /// What somebody typed names several people.
    #[error("a name stands for several people in the directory")]
    Ambiguous,
    /// An entry lacks the mark by which a person is known again.
    #[error("the entry {name:?} has no {attribute:?}")]
    NoMark {
        /// The entry's name.
        name: String,
        /// The attribute.
        attribute: String,
    },
    /// Too many people sign in at the moment.
    #[error("too many people ask the directory at the moment")]
    Busy,
    /// The name and the password do not belong together, or nobody has the name.
    #[error("the name or the password is wrong")]
    Credentials,
    /// The password is right, and the account is closed or past its end.
    #[error("the account is disabled in the directory")]
    Disabled,
    /// The password is right, and must be changed first.
    #[error("the password must be changed in the directory first")]
    PasswordExpired,
    /// The password is right, and the person is in none of the groups that may come in.
    #[error("the directory lets this person in nowhere that is asked for")]
    NotAdmitted,
}

impl DirectoryError {
    /// Whether another server may do better.
    pub(crate) const fn is_of_the_server(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether the directory is at fault, and not whoever asks.
    pub const fn is_of_the_directory(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Refused { .. } | Self::NoEntry { .. } | Self::NoMark { .. }
        )
    }
}

impl Explain for DirectoryError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. }
            | Self::Refused { .. }
            | Self::NoEntry { .. }
            | Self::NoMark { .. }
            | Self::Busy => ErrorKind::Unavailable,
            Self::Ambiguous => ErrorKind::Conflict,
            Self::Credentials => ErrorKind::Unauthenticated,
            Self::Disabled | Self::PasswordExpired | Self::NotAdmitted => ErrorKind::Forbidden,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "directory-unreachable",
            Self::Refused { .. } => "directory-refused",
            Self::NoEntry { .. } => "directory-no-entry",
            Self::Ambiguous => "directory-ambiguous",
            Self::NoMark { .. } => "directory-no-mark",
            Self::Busy => "directory-busy",
            Self::Credentials => "account-credentials",
            Self::Disabled => "directory-disabled",
            Self::PasswordExpired => "directory-password-expired",
            Self::NotAdmitted => "directory-not-admitted",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Unreachable { server, reason } => {
                vec![("server", server.clone()), ("reason", reason.clone())]
            }
            Self::Refused {
                server,
                what,
                code,
                reason,
            } => vec![
                ("server", server.clone()),
                ("what", (*what).to_owned()),
                ("code", code.to_string()),
                ("reason", reason.clone()),
            ],
            Self::NoEntry { name } => vec![("name", name.clone())],
            Self::NoMark { name, attribute } => {
                vec![("name", name.clone()), ("attribute", attribute.clone())]
            }
            Self::Ambiguous
            | Self::Busy
            | Self::Credentials
            | Self::Disabled
            | Self::PasswordExpired
            | Self::NotAdmitted => Vec::new(),
        }
    }
}
