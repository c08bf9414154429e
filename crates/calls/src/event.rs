//! What whoever asks sees on the way.

use tokio::sync::mpsc;
use trousseau_core::chat::ChatEvent;
use trousseau_entries::name::EntryId;
use trousseau_policy::explanation::Explanation;

/// What happens on the way, as it happens. When the receiver is dropped, the model is stopped and the outcome
/// recorded.
#[derive(Clone, Debug)]
pub enum AnswerEvent {
    /// It is decided where the request may run, and the decision is in the ledger.
    Decided {
        /// The decision's entry.
        entry: EntryId,
        /// The decision and how the label came about.
        explanation: Box<Explanation>,
    },
    /// No place answers yet, and this target is loading its model: it is waited for.
    Loading {
        /// The target.
        target: String,
    },
    /// As many calls as may run at this target: this one waits for its turn.
    Queued {
        /// The target.
        target: String,
    },
    /// More of the answer; never its end, which comes with the record of it.
    Part(ChatEvent),
}

/// Where events go.
pub type Events = mpsc::Sender<AnswerEvent>;
