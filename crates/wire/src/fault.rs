//! What is wrong with foreign bytes: with a client's request, or with a server's answer.

use trousseau_core::error::{ErrorKind, Explain};

/// Why a request or an answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The bytes are no JSON.
    #[error("not JSON: {reason}")]
    NotJson {
        /// What the parser says, with line and column.
        reason: String,
    },
    /// Values are nested too deeply.
    #[error("values are nested more than {limit} deep")]
    TooDeep {
        /// The limit, in levels.
        limit: usize,
    },
    /// There are too many of something.
    #[error("{param}: more than {limit}")]
    TooMany {
        /// What there are too many of: a field, or `values` for all values together.
        param: String,
        /// The limit.
        limit: usize,
    },
    /// A field that must be there is not.
    #[error("{param} is missing")]
    Missing {
        /// The field, as `messages[2].content`.
        param: String,
    },
    /// A field has a value that it cannot have.
    #[error("{}: {reason}", named(.param))]
    Invalid {
        /// The field, as `messages[2].content`; empty where it is not known.
        param: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A field asks for something that this program does not do.
    #[error("{param} is not supported")]
    Unsupported {
        /// The field, as `messages[2].function_call`.
        param: String,
    },
    /// A tool would run at a provider, which then reaches further than was decided.
    #[error("{param}: {tool} does not run at the client")]
    RunsElsewhere {
        /// The field, as `tools[2].type`.
        param: String,
        /// The tool that was asked for.
        tool: String,
    },
    /// An event of a stream is too long.
    #[error("an event of the stream is longer than {limit} bytes")]
    LongEvent {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A server's answer does not have the form that its protocol lays down.
    #[error("{reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// A server reports an error in place of an answer, or in the middle of one.
    #[error("{message}")]
    Reported {
        /// The server's words.
        message: String,
        /// The HTTP status that it names, where it names one.
        status: Option<u16>,
    },
}

impl Fault {
    /// The field that is at fault, where there is one: `param` in OpenAI's errors.
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::TooMany { param, .. }
            | Self::Missing { param }
            | Self::Invalid { param, .. }
            | Self::RunsElsewhere { param, .. }
            | Self::Unsupported { param } => Some(param.as_str()).filter(|param| !param.is_empty()),
            Self::NotJson { .. }
            | Self::TooDeep { .. }
            | Self::LongEvent { .. }
            | Self::Malformed { .. }
            | Self::Reported { .. } => None,
        }
    }

    pub(crate) fn invalid(param: impl Into<String>, reason: impl ToString) -> Self {
        Self::Invalid {
            param: param.into(),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn missing(param: impl Into<String>) -> Self {
        Self::Missing { param: param.into() }
    }

    pub fn unsupported(param: impl Into<String>) -> Self {
        Self::Unsupported { param: param.into() }
    }

    pub(crate) fn malformed(reason: impl ToString) -> Self {
        Self::Malformed {
            reason: reason.to_string(),
        }
    }
}

impl Explain for Fault {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotJson { .. }
            | Self::Missing { .. }
            | Self::Invalid { .. }
            | Self::RunsElsewhere { .. }
            | Self::Unsupported { .. } => ErrorKind::InvalidInput,
            Self::TooDeep { .. } | Self::TooMany { .. } => ErrorKind::TooLarge,
            Self::LongEvent { .. } | Self::Malformed { .. } | Self::Reported { .. } => ErrorKind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotJson { .. } => "wire-not-json",
            Self::TooDeep { .. } => "wire-too-deep",
            Self::TooMany { .. } => "wire-too-many",
            Self::Missing { .. } => "wire-missing",
            Self::Invalid { .. } => "wire-invalid",
            Self::Unsupported { .. } => "wire-unsupported",
            Self::RunsElsewhere { .. } => "wire-runs-elsewhere",
            Self::LongEvent { .. } => "wire-long-event",
            Self::Malformed { .. } => "wire-malformed",
            Self::Reported { .. } => "wire-reported",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotJson { reason } | Self::Malformed { reason } => vec![("reason", reason.clone())],
            Self::TooDeep { limit } | Self::LongEvent { limit } => vec![("limit", limit.to_string())],
            Self::TooMany { param, limit } => vec![("param", param.clone()), ("limit", limit.to_string())],
            Self::Missing { param } | Self::Unsupported { param } => vec![("param", param.clone())],
            Self::Invalid { param, reason } => {
                vec![("param", named(param).to_owned()), ("reason", reason.clone())]
            }
            Self::RunsElsewhere { param, tool } => vec![("param", param.clone()), ("tool", tool.clone())],
            Self::Reported { message, .. } => vec![("reason", message.clone())],
        }
    }
}

/// The name of a field; of none, that of the whole.
fn named(param: &str) -> &str {
    if param.is_empty() { "body" } else { param }
}
