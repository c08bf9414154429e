//! What the server itself refuses, before any part of the service sees it.

use trousseau_core::error::{ErrorKind, Explain};

/// An error of the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The configuration cannot be changed while this server runs.
    #[error("the configuration of this server cannot be changed while it runs")]
    Fixed,
    /// There is nothing at this path.
    #[error("nothing is at {path}")]
    NotFound {
        /// The path.
        path: String,
    },
    /// What is at this path is not called with this method.
    #[error("{path} is not called with {method}")]
    Method {
        /// The method.
        method: String,
        /// The path.
        path: String,
    },
    /// The path, the query or the body does not have the form that is asked for.
    #[error("the path, the query or the body of the request is not valid")]
    Invalid,
    /// The request says neither with a key nor with a session who asks.
    #[error("neither an API key nor a session was presented")]
    NoCredentials,
    /// The caller's key was revoked, or its session ended, while it was answered.
    #[error("the key was revoked, or the session ended, meanwhile")]
    Ended,
    /// The caller's role does not allow it.
    #[error("the role {role} may not do this")]
    Role {
        /// The role.
        role: String,
    },
    /// The body is too large.
    #[error("the body is larger than {limit} bytes")]
    BodyTooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The body took too long.
    #[error("the body took longer than {seconds} s")]
    BodySlow {
        /// The limit, in seconds.
        seconds: u64,
    },
    /// The body broke off.
    #[error("the body broke off")]
    BodyCut,
    /// A header has a value that it cannot have.
    #[error("{name}: {reason}")]
    Header {
        /// The header.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Too many requests are in flight.
    #[error("{limit} requests are in flight, the most there may be")]
    Busy {
        /// The limit.
        limit: usize,
    },
    /// No such model; clients know this one by OpenAI's code.
    #[error("no model {name:?}")]
    NoModel {
        /// What was asked for.
        name: String,
    },
    /// There is no such answer that is being made or ended a moment ago, or it is another's.
    #[error("no answer {id:?} is being made")]
    NoAnswer {
        /// What was asked for.
        id: String,
    },
    /// The caller has as many answers made as one may.
    #[error("{limit} answers are being made for one person, the most there may be")]
    TooManyAnswers {
        /// The limit.
        limit: usize,
    },
    /// An answer is longer than what can be kept of one.
    #[error("the answer is longer than {limit} bytes")]
    LongAnswer {
        /// The limit, in bytes.
        limit: u64,
    },
    /// A question that was kept has no whole answer.
    #[error("the question has no whole answer")]
    Unanswered,
    /// The answer was stopped, by whoever asked or because the server ends.
    #[error("the answer was stopped")]
    Stopped,
    /// The program failed while it answered.
    #[error("the request was not answered")]
    Failed,
}

impl Explain for HttpError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } | Self::NoModel { .. } | Self::NoAnswer { .. } => ErrorKind::NotFound,
            Self::NoCredentials | Self::Ended => ErrorKind::Unauthenticated,
            Self::Role { .. } => ErrorKind::Forbidden,
            Self::Fixed => ErrorKind::Conflict,
            Self::Method { .. } | Self::Invalid | Self::BodyCut | Self::Header { .. } => {
                ErrorKind::InvalidInput
            }
            Self::BodyTooLarge { .. } | Self::LongAnswer { .. } => ErrorKind::TooLarge,
            Self::BodySlow { .. } => ErrorKind::Timeout,
            Self::Busy { .. } | Self::Stopped | Self::Unanswered => ErrorKind::Unavailable,
            Self::TooManyAnswers { .. } => ErrorKind::Throttled,
            Self::Failed => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Fixed => "http-fixed",
            Self::NotFound { .. } => "http-not-found",
            Self::Method { .. } => "http-method",
            Self::Invalid => "http-invalid",
            Self::NoCredentials => "http-no-credentials",
            Self::Ended => "http-ended",
            Self::Role { .. } => "http-role",
            Self::BodyTooLarge { .. } => "http-body-too-large",
            Self::BodySlow { .. } => "http-body-slow",
            Self::BodyCut => "http-body-cut",
            Self::Header { .. } => "http-header",
            Self::Busy { .. } => "http-busy",
            Self::NoModel { .. } => "http-no-model",
            Self::NoAnswer { .. } => "http-no-answer",
            Self::TooManyAnswers { .. } => "http-too-many-answers",
            Self::LongAnswer { .. } => "http-long-answer",
            Self::Unanswered => "http-unanswered",
            Self::Stopped => "http-stopped",
            Self::Failed => "http-failed",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotFound { path } => vec![("path", path.clone())],
            Self::Method { method, path } => vec![("method", method.clone()), ("path", path.clone())],
            Self::Role { role } => vec![("role", role.clone())],
            Self::BodyTooLarge { limit } => vec![("limit", limit.to_string())],
            Self::BodySlow { seconds } => vec![("seconds", seconds.to_string())],
            Self::Header { name, reason } => vec![("name", (*name).to_owned()), ("reason", reason.clone())],
            Self::Busy { limit } => vec![("limit", limit.to_string())],
            Self::NoModel { name } => vec![("name", name.clone())],
            Self::NoAnswer { id } => vec![("id", id.clone())],
            Self::TooManyAnswers { limit } => vec![("limit", limit.to_string())],
            Self::LongAnswer { limit } => vec![("limit", limit.to_string())],
            Self::Fixed
            | Self::NoCredentials
            | Self::Invalid
            | Self::Ended
            | Self::BodyCut
            | Self::Unanswered
            | Self::Stopped
            | Self::Failed => Vec::new(),
        }
    }
}
