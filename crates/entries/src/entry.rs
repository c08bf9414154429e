//! What the ledger says: one JSON object per entry, without content.
//!
//! Every entry begins with `v`, `type` and `time` (RFC 3339). Content appears only as [`Commitment`]s, and
//! the person who asked as a pseudonym: a commitment to the user's name under the tenant's own secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use trousseau_core::chat::{Seam, Usage};
use trousseau_core::label::Label;

use crate::commitment::Commitment;

/// The version of the entries' form.
pub const VERSION: u32 = 1;

/// One entry, as it is written.
#[derive(Debug, Serialize)]
pub struct Entry<'a> {
    v: u32,
    time: Timestamp,
    #[serde(flatten)]
    event: Event<'a>,
}

impl<'a> Entry<'a> {
    /// An entry made now.
    pub const fn new(time: Timestamp, event: Event<'a>) -> Self {
        Self {
            v: VERSION,
            time,
            event,
        }
    }

    /// The bytes that are sequenced.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Event<'a> {
    /// It was decided where a request may run; written before anything is sent.
    Decision(Decision<'a>),
    /// How a decided request ended.
    Outcome(Outcome<'a>),
    /// A document was added, replaced or removed.
    Document(Document<'a>),
    /// Who may read a collection was changed.
    Collection(Collection<'a>),
    /// A key or a user was made, changed or shut out.
    Account(Account<'a>),
    /// Somebody could not sign in to an account.
    #[serde(rename = "account")]
    FailedSignIns(FailedSignIns<'a>),
    /// A limit turned requests away, before anything was decided.
    #[serde(rename = "account")]
    Turned(Turned<'a>),
    /// A changed configuration was taken up while the service ran.
    Configuration(Configuration<'a>),
    /// A provider, a country or an upstream was withdrawn while the service ran, or is let in again.
    Withdrawal(Withdrawal<'a>),
    /// A drill was begun that really withdraws something for a while, or was ended.
    Drill(Drill<'a>),
    /// A record was read by somebody whose it is not.
    Access(Access),
    /// The contents of records, and the secrets that open their commitments, were deleted.
    Erasure(Erasure<'a>),
    /// Everything that is kept of a person was written out.
    Export(Export),
    /// The ledger was brought back from a backup: entries that were written after the backup and before this one are
    /// not in it, and whoever holds a newer checkpoint can show that they were.
    Restored(Restored),
    /// Entries of the last batch interval may have been lost with the machine's power before this one.
    Gap,
}

/// See [`Event::Decision`].
#[derive(Debug, Serialize)]
pub struct Decision<'a> {
    /// Of the rest of an answer that a target broke off, and of a request with pseudonyms: the index of the decision about
    /// the request as it began. Its outcome is that of both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continues: Option<u64>,
    /// Of a request with pseudonyms: how many values of each detector they stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked: Option<&'a BTreeMap<String, u64>>,
    /// The pseudonym of who asked.
    pub actor: Commitment,
    /// The route that was asked.
    pub route: &'a str,
    /// What the call is for.
    pub purpose: &'a str,
    /// The label that was decided under.
    pub label: &'a Label,
    /// The whole request: messages, passages and what of the answer was delivered before.
    pub request: Commitment,
    /// The question alone.
    pub question: Commitment,
    /// Each passage: the document's id, its version and the passage's text.
    pub passages: Vec<Commitment>,
    /// The targets permitted, in order.
    pub permitted: Vec<&'a str>,
    /// The targets rejected, each with the codes of the reasons.
    pub rejected: Vec<Rejected<'a>>,
    /// The digest of the rules and cards that decided.
    pub policy: &'a str,
    /// The program's version.
    pub program: &'a str,
}

/// A rejected target and why.
#[derive(Debug, Serialize)]
pub struct Rejected<'a> {
    /// The target.
    pub target: &'a str,
    /// The codes of the reasons.
    pub reasons: Vec<&'a str>,
}

/// See [`Event::Collection`].
#[derive(Debug, Serialize)]
pub struct Collection<'a> {
    /// `readers-changed`.
    pub operation: &'a str,
    /// The pseudonym of who changed it.
    pub actor: Commitment,
    /// The collection's id.
    pub collection: &'a str,
    /// How many of its documents have the new access list.
    pub documents: u64,
}

/// See [`Event::Outcome`].
#[derive(Debug, Serialize)]
pub struct Outcome<'a> {
    /// The index of the decision.
    pub decision: u64,
    /// How it ended.
    pub state: State,
    /// The target that answered; of several, the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<&'a str>,
    /// The model that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<&'a str>,
    /// The label of what came of it, where the answer raised that which was decided under.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<&'a Label>,
    /// The targets tried before it, each with the code of its failure.
    #[serde(skip_serializing_if = "<[Attempt]>::is_empty")]
    pub attempts: &'a [Attempt],
    /// Where one target broke off and another went on, in the order of the answer.
    #[serde(skip_serializing_if = "<[Seam]>::is_empty")]
    pub seams: &'a [Seam],
    /// The answer's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Commitment>,
    /// How many citations it has.
    pub citations: usize,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<&'a Usage>,
    /// The decision's entry of the answer that this one repeats, as `replica/entry`: nothing was called then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeats: Option<&'a str>,
}

impl<'a> Outcome<'a> {
    /// The outcome of a request that ended without an answer.
    pub const fn without_answer(decision: u64, state: State, attempts: &'a [Attempt]) -> Self {
        Self {
            decision,
            state,
            target: None,
            model: None,
            label: None,
            attempts,
            seams: &[],
            answer: None,
            citations: 0,
            usage: None,
            repeats: None,
        }
    }
}

/// A target that was tried and failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The target.
    pub target: String,
    /// The code of its failure.
    pub error: String,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Decided and not yet ended.
    Open,
    /// With an answer.
    Answered,
    /// The model declined: nothing supports an answer.
    Abstained,
    /// No target was permitted.
    Refused,
    /// Every permitted target failed, or the answer was cut.
    Failed,
    /// Whoever asked hung up.
    Cancelled,
    /// The program ended before the request did.
    Interrupted,
}

impl State {
    /// The word in the records and the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Abstained => "abstained",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }
}

/// See [`Event::Document`].
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    /// `added`, `replaced` or `removed`.
    pub operation: &'a str,
    /// The task that did it. A task whose entry was written but not yet noted when the program was killed has
    /// its entry twice.
    pub task: i64,
    /// The document's id.
    pub document: Commitment,
    /// Its version.
    pub version: u64,
    /// The digest of its bytes.
    pub content: Commitment,
    /// Its label.
    pub label: &'a Label,
}

/// See [`Event::Account`].
#[derive(Debug, Serialize)]
pub struct Account<'a> {
    /// `key-created`, `key-revoked`, `user-created`, `user-changed`, `user-disabled`, `user-enabled`,
    /// `link-created`, `password-set` or `password-changed`.
    pub operation: &'a str,
    /// The pseudonym of who did it.
    pub by: Commitment,
    /// The pseudonym of whoever asks with the key, or of the user.
    pub account: Commitment,
    /// The role that the account has now.
    pub role: &'a str,
}

/// See [`Event::FailedSignIns`].
#[derive(Debug, Serialize)]
pub struct FailedSignIns<'a> {
    /// `sign-in-failed`.
    pub operation: &'a str,
    /// The pseudonym of the user; none where no account has the name that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Commitment>,
    /// When the first of them failed.
    pub since: Timestamp,
    /// How many for each reason.
    pub reasons: &'a BTreeMap<&'static str, u64>,
}

/// See [`Event::Turned`].
#[derive(Debug, Serialize)]
pub struct Turned<'a> {
    /// `requests-refused`.
    pub operation: &'a str,
    /// The pseudonym of the user, or of whoever asks with the key.
    pub account: Commitment,
    /// When the first of them was turned away.
    pub since: Timestamp,
    /// How many for each reason.
    pub reasons: &'a BTreeMap<&'static str, u64>,
}

/// See [`Event::Configuration`].
#[derive(Debug, Serialize)]
pub struct Configuration<'a> {
    /// `reloaded`; `upstream-added` where the change was made on the page; `attested` where a fact was.
    pub operation: &'a str,
    /// The pseudonym of who had it taken up.
    pub actor: Commitment,
    /// The tables of the file whose contents are others than before, such as `upstream`.
    pub changed: &'a [&'a str],
    /// The digest of the rules and cards that decided until now.
    pub before: &'a str,
    /// The digest of those that decide from now on.
    pub policy: &'a str,
    /// What was attested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attested: Option<Attested<'a>>,
}

/// A fact that the customer attests. Its evidence stands in the configuration.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Attested<'a> {
    /// The upstream.
    pub upstream: &'a str,
    /// The field of its card.
    pub field: &'a str,
    /// What is attested of it: `true`, `false` or a number of days.
    pub value: &'a str,
    /// The last day it counts, as `2027-12-31`.
    pub until: &'a str,
}

/// See [`Event::Withdrawal`].
#[derive(Debug, Serialize)]
pub struct Withdrawal<'a> {
    /// `withdrawn` or `lifted`.
    pub operation: &'a str,
    /// The pseudonym of who did it.
    pub actor: Commitment,
    /// The withdrawal's id.
    pub withdrawal: &'a str,
    /// `provider`, `country` or `upstream`.
    pub what: &'a str,
    /// Its name; of a country, its code.
    pub name: &'a str,
    /// When it ends by itself, where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What becomes of answers that are being made there: `stop` or `finish`.
    pub running: &'a str,
}

/// See [`Event::Drill`].
#[derive(Debug, Serialize)]
pub struct Drill<'a> {
    /// `begun` or `ended`. One that was killed has no end: its withdrawals end by themselves.
    pub operation: &'a str,
    /// The pseudonym of who held it.
    pub actor: Commitment,
    /// The ids of the withdrawals.
    pub withdrawals: &'a [String],
    /// When they end by themselves.
    pub until: Timestamp,
    /// The routes that answer nothing meanwhile, as the drill had foretold.
    pub died: &'a [String],
    /// The routes that answered from elsewhere meanwhile, of one that has ended.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub answered: &'a [String],
}

/// See [`Event::Access`].
#[derive(Debug, Serialize)]
pub struct Access {
    /// The pseudonym of who read it.
    pub officer: Commitment,
    /// The record: replica and index of its decision.
    pub record: String,
    /// Why, in words.
    pub reason: Commitment,
}

/// See [`Event::Erasure`].
#[derive(Debug, Serialize)]
pub struct Erasure<'a> {
    /// `retention`, `subject` or `owner`.
    pub cause: &'a str,
    /// How many records.
    pub records: u64,
    /// The decision's entry of the last of them, for each replica.
    pub through: &'a BTreeMap<String, u64>,
}

/// See [`Event::Export`].
#[derive(Debug, Serialize)]
pub struct Export {
    /// The pseudonym of the person.
    pub subject: Commitment,
    /// How many records.
    pub records: u64,
}

/// See [`Event::Restored`].
#[derive(Debug, Serialize)]
pub struct Restored {
    /// When the backup was made.
    pub backup: Timestamp,
}

/// As much of an entry as is read back: to find decisions without an outcome, and to show entries.
#[derive(Debug, Deserialize)]
pub struct Outline {
    /// What happened.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    pub time: Timestamp,
    /// Of an outcome: the index of its decision.
    pub decision: Option<u64>,
    /// Of a decision on the rest of an answer: the index of the first one, whose outcome is that of both.
    pub continues: Option<u64>,
    /// Of an outcome: how it ended.
    pub state: Option<State>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commitment::Secret;

    #[test]
    fn an_outcome_reads_as_documented() {
        let secret = Secret([0; 32]);
        let entry = Entry::new(
            Timestamp::UNIX_EPOCH,
            Event::Outcome(Outcome {
                decision: 3,
                state: State::Answered,
                target: Some("local"),
                model: Some("extractive/1"),
                label: None,
                attempts: &[],
                seams: &[],
                answer: Some(secret.commit("answer", b"Oui.")),
                citations: 1,
                usage: None,
                repeats: None,
            }),
        );
        let bytes = entry.to_bytes().unwrap();
        insta::assert_snapshot!(String::from_utf8_lossy(&bytes), @r#"{"v":1,"time":"1970-01-01T00:00:00Z","type":"outcome","decision":3,"state":"answered","target":"local","model":"extractive/1","answer":"7479ca33f66224eb2283b8d476549692134a11430f8942239632e2439a5c8e9e","citations":1}"#);
        let outline: Outline = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((outline.kind.as_str(), outline.decision), ("outcome", Some(3)));
    }

    #[test]
    fn where_an_answer_was_taken_up_is_told_without_a_word_of_it() {
        let seams = [Seam {
            from: "nuage".to_owned(),
            to: "gpu".to_owned(),
            at: 12,
            error: "model-cut".to_owned(),
        }];
        let outcome = Outcome {
            seams: &seams,
            ..Outcome::without_answer(3, State::Failed, &[])
        };
        let bytes = Entry::new(Timestamp::UNIX_EPOCH, Event::Outcome(outcome)).to_bytes();
        insta::assert_snapshot!(String::from_utf8(bytes.unwrap()).unwrap(), @r#"{"v":1,"time":"1970-01-01T00:00:00Z","type":"outcome","decision":3,"state":"failed","seams":[{"from":"nuage","to":"gpu","at":12,"error":"model-cut"}],"citations":0}"#);

        let commitment = Secret([0; 32]).commit("actor", b"x");
        let label = Label::default();
        let decision = |continues| Decision {
            continues,
            masked: None,
            actor: commitment,
            route: "r",
            purpose: "chat",
            label: &label,
            request: commitment,
            question: commitment,
            passages: Vec::new(),
            permitted: Vec::new(),
            rejected: Vec::new(),
            policy: "",
            program: "",
        };
        for continues in [None, Some(3)] {
            let entry = Entry::new(Timestamp::UNIX_EPOCH, Event::Decision(decision(continues)));
            let outline: Outline = serde_json::from_slice(&entry.to_bytes().unwrap()).unwrap();
            assert_eq!(outline.continues, continues);
        }
    }
}
