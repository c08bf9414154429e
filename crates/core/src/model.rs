//! Models behind one trait, and why a call of one fails.

use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;
use futures_core::future::BoxFuture;

use crate::chat::{ChatEvent, ChatRequest};
use crate::error::{ErrorKind, Explain};
use crate::permit::{Permit, Purpose};

/// The events of one answer. A stream that ends without [`ChatEvent::End`] was cut.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatEvent, ModelError>> + Send>>;

/// A model that answers.
pub trait ChatModel: Send + Sync {
    /// What the model is, for people and for the ledger: `extractive/1`, `mistral-small-2603`.
    fn name(&self) -> &str;

    /// Begins an answer. Implementations check with [`check_permit`] that `permit` covers this request
    /// before the first byte leaves, and fail with [`ModelError::NotPermitted`] otherwise.
    fn chat<'a>(
        &'a self,
        permit: &'a Permit,
        request: Arc<ChatRequest>,
    ) -> BoxFuture<'a, Result<ChatStream, ModelError>>;
}

/// Fails unless `permit` covers sending `request` to `target`.
pub fn check_permit(permit: &Permit, target: &str, request: &ChatRequest) -> Result<(), ModelError> {
    ModelError::unless_permitted(permit.covers(target, Purpose::Chat, request.digest()), target)
}

/// Fails where `request` goes on with an answer that was begun, which `target` cannot do.
pub fn check_not_begun(target: &str, request: &ChatRequest) -> Result<(), ModelError> {
    match request.begun {
        None => Ok(()),
        Some(_) => Err(ModelError::Unsupported {
            target: target.to_owned(),
            what: "begun".to_owned(),
        }),
    }
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reaching the server.
    Connect,
    /// The first byte of its answer.
    FirstByte,
    /// The next piece of a stream.
    Idle,
    /// The whole answer.
    Total,
}

impl Phase {
    /// The name used in the configuration and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::FirstByte => "first-byte",
            Self::Idle => "idle",
            Self::Total => "total",
        }
    }
}

/// Why a model gave no answer, or not a whole one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The call was made without a permit that covers it: a fault of the program.
    #[error("the call to {target} is not covered by its permit")]
    NotPermitted {
        /// The target.
        target: String,
    },
    /// The target cannot be reached, or says that it cannot answer now.
    #[error("{target} is not available: {reason}")]
    Unavailable {
        /// The target.
        target: String,
        /// What was seen.
        reason: String,
    },
    /// The target is loading its model.
    #[error("{target} is loading its model")]
    Loading {
        /// The target.
        target: String,
    },
    /// The target was withdrawn while it answered.
    #[error("{target} was withdrawn")]
    Withdrawn {
        /// The target.
        target: String,
    },
    /// The target took too long.
    #[error("{target} took longer than {limit_ms} ms ({})", .phase.name())]
    TimedOut {
        /// The target.
        target: String,
        /// For what.
        phase: Phase,
        /// The limit, in milliseconds.
        limit_ms: u64,
    },
    /// The target wants fewer requests.
    #[error("{target} answers too many requests")]
    RateLimited {
        /// The target.
        target: String,
        /// After how many seconds it may be asked again, where it says so.
        retry_after: Option<u64>,
    },
    /// The target does not accept this program's credentials, or does not know the model.
    #[error("{target} is not set up: {status}: {reason}")]
    Misconfigured {
        /// The target.
        target: String,
        /// Its HTTP status.
        status: u16,
        /// Its words.
        reason: String,
    },
    /// The target refused the request as wrong; another would as well.
    #[error("{target} refused the request: {reason}")]
    Refused {
        /// The target.
        target: String,
        /// Its HTTP status.
        status: u16,
        /// Its words.
        reason: String,
    },
    /// The target cannot do something that the request asks for.
    #[error("{target} cannot do this: {what}")]
    Unsupported {
        /// The target.
        target: String,
        /// The field of the request.
        what: String,
    },
    /// The target's answer is not what its protocol says.
    #[error("the answer of {target} cannot be read: {reason}")]
    Malformed {
        /// The target.
        target: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The stream ended before the answer did.
    #[error("the answer of {target} was cut")]
    Cut {
        /// The target.
        target: String,
    },
}

impl ModelError {
    /// Fails with [`Self::NotPermitted`] when a permit does not cover a call to `target`.
    pub(crate) fn unless_permitted(covered: bool, target: &str) -> Result<(), Self> {
        if covered {
            return Ok(());
        }
        Err(Self::NotPermitted {
            target: target.to_owned(),
        })
    }

    /// Whether the next target is to be tried. It is of no use where the request itself is wrong.
    pub const fn fails_over(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

impl Explain for ModelError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted { .. } => ErrorKind::Internal,
            Self::Unavailable { .. }
            | Self::Loading { .. }
            | Self::Withdrawn { .. }
            | Self::RateLimited { .. }
            | Self::Misconfigured { .. }
            | Self::Malformed { .. }
            | Self::Cut { .. } => ErrorKind::Unavailable,
            Self::TimedOut { .. } => ErrorKind::Timeout,
            Self::Refused { .. } | Self::Unsupported { .. } => ErrorKind::InvalidInput,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted { .. } => "model-not-permitted",
            Self::Unavailable { .. } => "model-unavailable",
            Self::Loading { .. } => "model-loading",
            Self::Withdrawn { .. } => "model-withdrawn",
            Self::TimedOut { .. } => "model-timed-out",
            Self::RateLimited { .. } => "model-rate-limited",
            Self::Misconfigured { .. } => "model-misconfigured",
            Self::Refused { .. } => "model-refused",
            Self::Unsupported { .. } => "model-unsupported",
            Self::Malformed { .. } => "model-malformed",
            Self::Cut { .. } => "model-cut",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotPermitted { target }
            | Self::Loading { target }
            | Self::Withdrawn { target }
            | Self::Cut { target } => vec![("target", target.clone())],
            Self::Unavailable { target, reason } | Self::Malformed { target, reason } => {
                vec![("target", target.clone()), ("reason", reason.clone())]
            }
            Self::TimedOut {
                target,
                phase,
                limit_ms,
            } => vec![
                ("target", target.clone()),
                ("phase", phase.name().to_owned()),
                ("limit", limit_ms.to_string()),
            ],
            Self::RateLimited { target, retry_after } => vec![
                ("target", target.clone()),
                (
                    "seconds",
                    retry_after.map_or_else(String::new, |seconds| seconds.to_string()),
                ),
            ],
            Self::Misconfigured {
                target,
                status,
                reason,
            }
            | Self::Refused {
                target,
                status,
                reason,
            } => vec![
                ("target", target.clone()),
                ("status", status.to_string()),
                ("reason", reason.clone()),
            ],
            Self::Unsupported { target, what } => vec![("target", target.clone()), ("what", what.clone())],
        }
    }
}
