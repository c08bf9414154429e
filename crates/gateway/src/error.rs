//! Why a question was not answered or documents not taken in, and what the caller can do about it.

use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::model::ModelError;
use trousseau_core::principal::Role;
use trousseau_ledger::LedgerError;
use trousseau_limits::Refused;
use trousseau_plan::NoRoute;
use trousseau_policy::decide::Denied;
use trousseau_retrieval::error::StoreError;
use trousseau_withdrawals::WithdrawalError;

use crate::entry::Attempt;
use crate::records::EntryId;

/// An error of the gateway.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The question is empty.
    #[error("the question is empty")]
    EmptyQuestion,
    /// The question is too long.
    #[error("the question has {found} bytes, more than the limit of {limit}")]
    LongQuestion {
        /// Its length, in bytes.
        found: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// There is no such route.
    #[error("no route {name:?}; the routes are {known}")]
    NoRoute {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A limit does not let the request in. It is counted, and entered in the ledger with others.
    #[error(transparent)]
    Limited(Box<Refused>),
    /// No target may see the request. It is recorded.
    #[error("{denied} (entry {entry})")]
    Denied {
        /// Why.
        denied: Box<Denied>,
        /// The decision's entry.
        entry: EntryId,
    },
    /// Every permitted target failed. It is recorded.
    #[error("every permitted target failed: {} (entry {entry})", told(.attempts))]
    Exhausted {
        /// The targets tried, each with the code of its failure.
        attempts: Vec<Attempt>,
        /// After how many seconds one of them may be asked again, where one says so.
        retry_after: Option<u64>,
        /// The decision's entry.
        entry: EntryId,
    },
    /// A target says that the request itself is wrong. It is recorded.
    #[error("{error} (entry {entry})")]
    Declined {
        /// What the target says.
        error: Box<ModelError>,
        /// The decision's entry.
        entry: EntryId,
    },
    /// The answer broke off after part of it was sent. It is recorded as far as it came.
    #[error("{error}, after part of it was sent (entry {entry})")]
    Broken {
        /// How it broke off.
        error: Box<ModelError>,
        /// The decision's entry.
        entry: EntryId,
    },
    /// Whoever asked hung up. It is recorded as far as it came.
    #[error("whoever asked hung up (entry {entry})")]
    HungUp {
        /// The decision's entry.
        entry: EntryId,
    },
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The list of what is withdrawn failed.
    #[error(transparent)]
    Withdrawals(#[from] WithdrawalError),
    /// The ledger failed.
    #[error("ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// There is no such entry.
    #[error("no entry {entry}")]
    NoEntry {
        /// The entry that was asked for.
        entry: String,
    },
    /// The caller has no such conversation.
    #[error("no conversation {id}")]
    NoConversation {
        /// The id that was asked for.
        id: String,
    },
    /// The organisation keeps no questions and answers.
    #[error("no questions and answers are kept here")]
    NothingKept,
    /// A question is not to be kept, and the organisation keeps every one.
    #[error("every question is kept here")]
    MustKeep,
    /// A comment, a reason or a text to search for is too long.
    #[error("the text has {found} bytes, more than the limit of {limit}")]
    LongText {
        /// Its length, in bytes.
        found: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Another's record is read for a reason, and none was given.
    #[error("no reason was given")]
    NoReason,
    /// The caller's role does not allow it.
    #[error("the role {role} does not allow it")]
    NotAllowed {
        /// The caller's role.
        role: Role,
    },
    /// Whoever wanted an export is gone.
    #[error("whoever wanted the export is gone")]
    Unheard,
    /// The operating system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// An entry could not be written as JSON: a fault of the program.
    #[error("an entry cannot be written: {0}")]
    Entry(#[from] serde_json::Error),
}

impl From<NoRoute> for GatewayError {
    fn from(missing: NoRoute) -> Self {
        let NoRoute { name, known } = missing;
        Self::NoRoute { name, known }
    }
}

impl Explain for GatewayError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::EmptyQuestion => ErrorKind::InvalidInput,
            Self::LongQuestion { .. } => ErrorKind::TooLarge,
            Self::NoRoute { .. } | Self::NoEntry { .. } | Self::NoConversation { .. } => ErrorKind::NotFound,
            Self::LongText { .. } => ErrorKind::TooLarge,
            Self::NoReason => ErrorKind::InvalidInput,
            Self::NotAllowed { .. } => ErrorKind::Forbidden,
            Self::NothingKept => ErrorKind::Conflict,
            Self::MustKeep => ErrorKind::Forbidden,
            Self::Limited(refused) => refused.kind(),
            Self::Denied { denied, .. } => denied.kind(),
            Self::Exhausted { .. } => ErrorKind::Unavailable,
            Self::Declined { error, .. } | Self::Broken { error, .. } => error.kind(),
            Self::HungUp { .. } | Self::Unheard => ErrorKind::Unavailable,
            Self::Store(error) => error.kind(),
            Self::Withdrawals(error) => error.kind(),
            Self::Ledger(error) => ledger_kind(error),
            Self::Random(_) | Self::Entry(_) => ErrorKind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::EmptyQuestion => "gateway-empty-question",
            Self::LongQuestion { .. } => "gateway-long-question",
            Self::NoRoute { .. } => "gateway-no-route",
            Self::NoEntry { .. } => "gateway-no-entry",
            Self::Limited(refused) => refused.code(),
            Self::Denied { denied, .. } => denied.code(),
            Self::Exhausted { .. } => "gateway-exhausted",
            Self::Declined { .. } => "gateway-declined",
            Self::Broken { .. } => "gateway-broken",
            Self::HungUp { .. } => "gateway-hung-up",
            Self::Store(error) => error.code(),
            Self::Withdrawals(error) => error.code(),
            Self::Ledger(error) => error.code(),
            Self::NoConversation { .. } => "gateway-no-conversation",
            Self::LongText { .. } => "gateway-long-text",
            Self::NoReason => "gateway-no-reason",
            Self::NothingKept => "gateway-nothing-kept",
            Self::MustKeep => "gateway-must-keep",
            Self::NotAllowed { .. } => "gateway-not-allowed",
            Self::Unheard => "gateway-unheard",
            Self::Random(_) => "gateway-random",
            Self::Entry(_) => "gateway-entry",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::EmptyQuestion | Self::NoReason | Self::NothingKept | Self::MustKeep | Self::Unheard => {
                Vec::new()
            }
            Self::NoConversation { id } => vec![("id", id.clone())],
            Self::NotAllowed { role } => vec![("role", role.to_string())],
            Self::LongQuestion { found, limit } | Self::LongText { found, limit } => {
                vec![("found", found.to_string()), ("limit", limit.to_string())]
            }
            Self::NoRoute { name, known } => vec![("name", name.clone()), ("known", known.clone())],
            Self::NoEntry { entry } => vec![("entry", entry.clone())],
            Self::Limited(refused) => refused.fields(),
            Self::Denied { denied, entry } => {
                let mut fields = denied.fields();
                fields.push(("entry", entry.to_string()));
                fields
            }
            Self::Exhausted { attempts, entry, .. } => {
                vec![("attempts", told(attempts)), ("entry", entry.to_string())]
            }
            Self::Declined { error, entry } | Self::Broken { error, entry } => {
                let mut fields = error.fields();
                fields.push(("entry", entry.to_string()));
                fields
            }
            Self::HungUp { entry } => vec![("entry", entry.to_string())],
            Self::Store(error) => error.fields(),
            Self::Withdrawals(error) => error.fields(),
            Self::Ledger(error) => error.fields(),
            Self::Random(error) => vec![("reason", error.to_string())],
            Self::Entry(error) => vec![("reason", error.to_string())],
        }
    }
}

/// Sorts an error of the ledger, which knows no other crate, by what the caller can do.
pub fn ledger_kind(error: &LedgerError) -> ErrorKind {
    match error {
        LedgerError::NoSuchEntry { .. } | LedgerError::NoLog { .. } => ErrorKind::NotFound,
        LedgerError::Locked { .. } | LedgerError::Newer { .. } => ErrorKind::Conflict,
        LedgerError::EntryTooLarge { .. } => ErrorKind::TooLarge,
        LedgerError::Io { .. }
        | LedgerError::DiskFull { .. }
        | LedgerError::Failed { .. }
        | LedgerError::NotCovered { .. } => ErrorKind::Unavailable,
        LedgerError::SetBack { .. }
        | LedgerError::OtherKey { .. }
        | LedgerError::Signature { .. }
        | LedgerError::ProofMismatch { .. }
        | LedgerError::Malformed { .. }
        | LedgerError::Tile { .. }
        | LedgerError::WalDamaged { .. } => ErrorKind::Corrupt,
        LedgerError::KeyName { .. } | LedgerError::KeyExposed { .. } => ErrorKind::InvalidInput,
        LedgerError::Random(_) => ErrorKind::Internal,
    }
}

fn told(attempts: &[Attempt]) -> String {
    let told = attempts
        .iter()
        .map(|attempt| format!("{} ({})", attempt.target, attempt.error));
    told.collect::<Vec<_>>().join(", ")
}
