//! One record: what is written of a request as it goes on, and what is read back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use trousseau_core::chat::{ChatAnswer, Message, Seam};
use trousseau_core::digest::Digest;
use trousseau_core::document::{Citation, Passage};
use trousseau_core::label::Label;
use trousseau_entries::commitment::Secret;
use trousseau_entries::entry::{Attempt, State};
use trousseau_entries::name::EntryId;
use trousseau_policy::card::Price;
use trousseau_retrieval::columns::{self, bytes32, parsed};

use crate::reasoning::{Reasoning, Thought};

/// What is recorded when a request has been decided upon.
#[derive(Debug)]
pub struct Opened<'a> {
    /// The decision's entry.
    pub entry: &'a EntryId,
    /// Who asked.
    pub actor: &'a str,
    /// The conversation it belongs to; where it has gone meanwhile, none.
    pub conversation: Option<&'a str>,
    /// The record that the question follows.
    pub parent: Option<&'a EntryId>,
    /// The route that was asked.
    pub route: &'a str,
    /// The label that was decided under.
    pub label: &'a Label,
    /// What salts the entry's commitments.
    pub secret: &'a Secret,
    /// The question.
    pub question: &'a str,
    /// The messages.
    pub messages: &'a [Message],
    /// The passages.
    pub passages: &'a [Passage],
    /// The decision, as JSON.
    pub decision: String,
    /// When, in milliseconds since 1970.
    pub created: i64,
}

/// What is recorded when a request has ended.
#[derive(Clone, Debug)]
pub struct Closed {
    /// The decision's entry.
    pub entry: EntryId,
    /// The index of the outcome's entry.
    pub outcome: u64,
    /// How it ended.
    pub state: State,
    /// When.
    pub finished: Timestamp,
}

/// What came of the calls that were made for a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Made<'a> {
    /// The target that answered, and its model.
    pub made_by: Option<(&'a str, &'a str)>,
    /// The targets tried before it.
    pub attempts: &'a [Attempt],
    /// The answer.
    pub answer: Option<&'a ChatAnswer>,
    /// How the answer was reasoned about, where it was.
    pub thought: Option<Thought>,
    /// The label that was decided under, which the answer has when it comes back.
    pub label: Option<&'a Label>,
    /// What the tokens cost when they were counted, where the target's card says so.
    pub price: Option<&'a Price>,
}

impl Made<'_> {
    /// What is kept of the reasoning.
    pub(crate) fn reasoning(&self) -> Option<Reasoning> {
        let text = self.answer.map(|answer| answer.reasoning.clone());
        let text = text.filter(|text| !text.is_empty())?;
        let thought = self.thought.unwrap_or_default();
        Some(Reasoning { text, thought })
    }
}

/// One record, read back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The replica whose ledger holds its entries.
    pub replica: String,
    /// The index of the decision's entry.
    pub entry: u64,
    /// The index of the outcome's entry.
    pub outcome: Option<u64>,
    /// How it ended.
    pub state: State,
    /// When it was decided, in milliseconds since 1970.
    pub created: i64,
    /// Who asked.
    pub actor: String,
    /// The conversation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// The record that the question follows, as `replica/entry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// The route that was asked.
    pub route: String,
    /// The label that was decided under.
    pub label: Label,
    /// The question.
    pub question: String,
    /// The messages that the question came with, itself among them.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// The target that answered.
    #[serde(default)]
    pub target: Option<String>,
    /// The model that answered.
    #[serde(default)]
    pub model: Option<String>,
    /// The answer's text.
    pub answer: Option<String>,
    /// What the model wrote before it, where it showed that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Reasoning>,
    /// Where another target went on with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seams: Vec<Seam>,
    /// What its markers point to.
    pub citations: Vec<Citation>,
    /// The passages.
    pub passages: Vec<Passage>,
    /// The decision.
    pub decision: serde_json::Value,
    /// 64 hexadecimal digits that open the commitments of its entries.
    pub secret: String,
    /// What its owner says of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
}

/// What the owner of a record says of its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// Whether it helped.
    pub rating: Rating,
    /// In words; may be empty.
    #[serde(default)]
    pub comment: String,
}

/// Whether an answer helped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rating {
    /// It did.
    Up,
    /// It did not.
    Down,
}

impl Rating {
    /// How it stands in the table.
    pub const fn number(self) -> i64 {
        match self {
            Self::Up => 1,
            Self::Down => -1,
        }
    }
}

/// The columns that [`record`] reads, of `records r` with `feedback f` beside it.
pub const COLUMNS: &str = "r.replica, r.entry, r.outcome, r.state, r.created, r.actor, r.conversation, r.parent, r.route,
     r.label, r.question, r.messages, r.target, r.model, r.answer, r.reasoning, r.seams, r.citations, r.passages, r.decision, r.secret,
     f.rating, f.comment";

/// `records r` with `feedback f` beside it.
pub const TABLES: &str = "records r LEFT JOIN feedback f
     ON f.tenant = r.tenant AND f.replica = r.replica AND f.entry = r.entry";

/// Reads a row of [`COLUMNS`].
pub fn record(row: &SqliteRow) -> Result<Record, sqlx::Error> {
    Ok(Record {
        replica: row.try_get("replica")?,
        entry: index(row, "entry")?,
        outcome: row.try_get::<Option<i64>, _>("outcome")?.map(i64::unsigned_abs),
        state: columns::word(row, "state")?,
        created: row.try_get("created")?,
        actor: row.try_get("actor")?,
        conversation: row.try_get("conversation")?,
        parent: row.try_get("parent")?,
        route: row.try_get("route")?,
        label: parsed(row, "label")?,
        question: row.try_get("question")?,
        messages: columns::json(row, "messages")?,
        target: row.try_get("target")?,
        model: row.try_get("model")?,
        answer: row.try_get("answer")?,
        reasoning: json_or_none(row, "reasoning")?,
        seams: json_or_none(row, "seams")?.unwrap_or_default(),
        citations: columns::json(row, "citations")?,
        passages: columns::json(row, "passages")?,
        decision: columns::json(row, "decision")?,
        secret: Digest(bytes32(row, "secret")?).to_string(),
        feedback: feedback(row)?,
    })
}

/// Reads the columns of the feedback; none where nothing was said.
pub fn feedback(row: &SqliteRow) -> Result<Option<Feedback>, sqlx::Error> {
    let rating: Option<i64> = row.try_get("rating")?;
    let rating = match rating {
        None => return Ok(None),
        Some(number) if number > 0 => Rating::Up,
        Some(_) => Rating::Down,
    };
    let comment = row.try_get("comment")?;
    Ok(Some(Feedback { rating, comment }))
}

/// Reads JSON that may be missing.
pub fn json_or_none<T: serde::de::DeserializeOwned>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, sqlx::Error> {
    match row.try_get::<Option<&str>, _>(column)? {
        None => Ok(None),
        Some(_) => columns::json(row, column).map(Some),
    }
}

/// Reads an index of the ledger.
pub fn index(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    row.try_get::<i64, _>(column).map(i64::unsigned_abs)
}
