//! Why nobody came in through the identity provider.

use trousseau_core::error::{ErrorKind, Explain};

use super::jose::JoseFault;

/// What is wrong with a token of the provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// See [`JoseFault`].
    #[error("{0}")]
    Jose(&'static str),
    /// A claim that every token has.
    #[error("it has no {0}")]
    Missing(&'static str),
    /// Made by somebody else.
    #[error("its issuer is another")]
    Issuer,
    /// Made for somebody else.
    #[error("it is for another service")]
    Audience,
    /// Past its time.
    #[error("it has expired")]
    Expired,
    /// Of the future.
    #[error("it is not valid yet: do the clocks differ?")]
    Early,
    /// Made before this sign-in began.
    #[error("it was made before this sign-in")]
    Old,
    /// Made for another sign-in.
    #[error("it belongs to another sign-in")]
    Nonce,
    /// Signed in less strongly than is asked.
    #[error("how the user signed in is not accepted (acr)")]
    Acr,
    /// The access token beside it is another.
    #[error("the access token beside it is another")]
    AccessToken,
    /// No user, or another than before.
    #[error("its subject is missing or another")]
    Subject,
}

impl From<JoseFault> for TokenFault {
    fn from(fault: JoseFault) -> Self {
        Self::Jose(match fault {
            JoseFault::Malformed => "it is not a signed token",
            JoseFault::Algorithm => "its algorithm is not accepted",
            JoseFault::Kind => "it is a token of another kind",
            JoseFault::UnknownKey => "it is signed with a key that the provider does not publish",
            JoseFault::Signature => "its signature is wrong",
        })
    }
}

/// An error of a sign-in at the identity provider.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// No provider is configured.
    #[error("no identity provider is configured")]
    NotConfigured,
    /// An address in the configuration or in the provider's description that cannot be used.
    #[error("{what}: {url:?} cannot be used: https is needed")]
    Address {
        /// Which one.
        what: &'static str,
        /// The address.
        url: String,
    },
    /// The provider does not answer.
    #[error("the identity provider does not answer ({what}): {reason}")]
    Unreachable {
        /// What was asked for.
        what: &'static str,
        /// What was seen.
        reason: String,
    },
    /// The provider answers what cannot be read.
    #[error("the answer of the identity provider cannot be read ({what}): {reason}")]
    Malformed {
        /// What was asked for.
        what: &'static str,
        /// What was found.
        reason: String,
    },
    /// The provider, or the user there, says no.
    #[error("the identity provider refused the sign-in: {reason}")]
    Refused {
        /// The provider's code of the error.
        reason: String,
    },
    /// An answer to no sign-in that this browser began, or to one that is over.
    #[error("this sign-in was not begun here, or is over")]
    State,
    /// A token that is not accepted.
    #[error("the identity provider's token is not accepted: {0}")]
    Token(#[from] TokenFault),
    /// The user is known there and may not come in here.
    #[error("the identity provider's {claim:?} does not admit this user")]
    NotAdmitted {
        /// The claim that lacks a value.
        claim: String,
    },
}

impl From<JoseFault> for OidcError {
    fn from(fault: JoseFault) -> Self {
        Self::Token(fault.into())
    }
}

impl Explain for OidcError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotConfigured => ErrorKind::NotFound,
            Self::Address { .. } => ErrorKind::InvalidInput,
            Self::Unreachable { .. } | Self::Malformed { .. } => ErrorKind::Unavailable,
            Self::Refused { .. } | Self::NotAdmitted { .. } => ErrorKind::Forbidden,
            Self::State | Self::Token(_) => ErrorKind::Unauthenticated,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured => "oidc-not-configured",
            Self::Address { .. } => "oidc-address",
            Self::Unreachable { .. } => "oidc-unreachable",
            Self::Malformed { .. } => "oidc-malformed",
            Self::Refused { .. } => "oidc-refused",
            Self::State => "oidc-state",
            Self::Token(_) => "oidc-token",
            Self::NotAdmitted { .. } => "oidc-not-admitted",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotConfigured | Self::State => Vec::new(),
            Self::Address { what, url } => vec![("what", (*what).to_owned()), ("url", url.clone())],
            Self::Unreachable { what, reason } | Self::Malformed { what, reason } => {
                vec![("what", (*what).to_owned()), ("reason", reason.clone())]
            }
            Self::Refused { reason } => vec![("reason", reason.clone())],
            Self::Token(fault) => vec![("reason", fault.to_string())],
            Self::NotAdmitted { claim } => vec![("claim", claim.clone())],
        }
    }
}
