//! Why a request of a signed-in browser, or one that would sign in, is refused.

use trousseau_core::error::{ErrorKind, Explain};

use crate::refusal::Refusal;

/// An error of the requests around signing in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// A page of another site sent it.
    #[error("the request comes from a page of another site")]
    CrossSite,
    /// It lacks what only a page of this site can know.
    #[error("the request does not bring the session's token")]
    Csrf,
    /// Its body is not what is expected.
    #[error("the body cannot be read: {reason}")]
    Body {
        /// What is wrong with it.
        reason: String,
    },
}

impl Explain for AuthError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::CrossSite | Self::Csrf => ErrorKind::Forbidden,
            Self::Body { .. } => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::CrossSite => "auth-cross-site",
            Self::Csrf => "auth-csrf",
            Self::Body { .. } => "auth-body",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::CrossSite | Self::Csrf => Vec::new(),
            Self::Body { reason } => vec![("reason", reason.clone())],
        }
    }
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        Self::new(error)
    }
}
