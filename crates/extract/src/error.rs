//! Why a file could not be read, and what was odd about one that could.

use serde::{Deserialize, Serialize};
use trousseau_core::error::{ErrorKind, Explain};

/// Codes of [`Extracted::warnings`](trousseau_core::document::Extracted): keys of the message catalogue.
pub mod warning {
    /// The file does not say its encoding and is not UTF-8: it was read as windows-1252.
    pub const ENCODING_GUESSED: &str = "extract-encoding-guessed";
    /// The file says one encoding and is evidently in another.
    pub const ENCODING_MISMATCH: &str = "extract-encoding-mismatch";
    /// Some bytes are not valid in the file's encoding: U+FFFD stands in their place.
    pub const ENCODING_DAMAGED: &str = "extract-encoding-damaged";
    /// Control characters were replaced by spaces.
    pub const CONTROL_CHARACTERS: &str = "extract-control-characters";
    /// Text that a browser would not show was left out.
    pub const HIDDEN_TEXT: &str = "extract-hidden-text";
}

/// Why one file could not be read. It concerns that file alone: the next one may be tried.
///
/// The file is not named here, for the reader knows bytes only: whoever reports adds its path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum ExtractError {
    /// There is no text in it.
    #[error("there is no text in it")]
    Empty,
    /// It is larger than the limit.
    #[error("it has {bytes} bytes, more than the limit of {limit}")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// It has more blocks, or longer headings over them, than the limit allows.
    #[error("it has more than {limit} blocks")]
    TooManyBlocks {
        /// The limit.
        limit: usize,
    },
    /// It is nested deeper than the limit.
    #[error("it is nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// One of its tags has more attributes than the limit.
    #[error("one of its tags has more than {limit} attributes")]
    TooManyAttributes {
        /// The limit.
        limit: usize,
    },
    /// Its bytes are no text, whatever its name says.
    #[error("its content is binary ({found}), not text")]
    Binary {
        /// What the bytes look like.
        found: String,
    },
    /// It is of a format for which there is no reader yet.
    #[error("{format} is not read yet")]
    Unsupported {
        /// The format's name.
        format: String,
    },
    /// It is in an encoding that is not read.
    #[error("its encoding {encoding} is not read")]
    BadEncoding {
        /// The encoding's name.
        encoding: String,
    },
    /// The worker process ended while it read the file.
    #[error("the worker process died while reading it: {reason}")]
    WorkerDied {
        /// How it ended.
        reason: String,
    },
    /// The worker process did not answer in time and was killed.
    #[error("reading it took more than {seconds} s")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
    /// No worker process could be started.
    #[error("cannot start the worker process {program}: {reason}")]
    WorkerNotStarted {
        /// The program.
        program: String,
        /// What the system said.
        reason: String,
    },
}

impl Explain for ExtractError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Empty | Self::Binary { .. } | Self::Unsupported { .. } | Self::BadEncoding { .. } => {
                ErrorKind::InvalidInput
            }
            Self::TooLarge { .. }
            | Self::TooManyBlocks { .. }
            | Self::TooDeep { .. }
            | Self::TooManyAttributes { .. } => ErrorKind::TooLarge,
            Self::TimedOut { .. } => ErrorKind::Timeout,
            Self::WorkerDied { .. } | Self::WorkerNotStarted { .. } => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "extract-empty",
            Self::TooLarge { .. } => "extract-too-large",
            Self::TooManyBlocks { .. } => "extract-too-many-blocks",
            Self::TooDeep { .. } => "extract-too-deep",
            Self::TooManyAttributes { .. } => "extract-too-many-attributes",
            Self::Binary { .. } => "extract-binary",
            Self::Unsupported { .. } => "extract-unsupported",
            Self::BadEncoding { .. } => "extract-bad-encoding",
            Self::WorkerDied { .. } => "extract-worker-died",
            Self::TimedOut { .. } => "extract-timed-out",
            Self::WorkerNotStarted { .. } => "extract-worker-not-started",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Empty => Vec::new(),
            Self::TooLarge { bytes, limit } => {
                vec![("bytes", bytes.to_string()), ("limit", limit.to_string())]
            }
            Self::TooManyBlocks { limit } | Self::TooDeep { limit } | Self::TooManyAttributes { limit } => {
                vec![("limit", limit.to_string())]
            }
            Self::Binary { found } => vec![("found", found.clone())],
            Self::Unsupported { format } => vec![("format", format.clone())],
            Self::BadEncoding { encoding } => vec![("encoding", encoding.clone())],
            Self::WorkerDied { reason } => vec![("reason", reason.clone())],
            Self::TimedOut { seconds } => vec![("seconds", seconds.to_string())],
            Self::WorkerNotStarted { program, reason } => {
                vec![("program", program.clone()), ("reason", reason.clone())]
            }
        }
    }
}
