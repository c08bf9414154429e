//! What a person does with the records that are their own: list, search, read, rate, delete.
//!
//! A record is its owner's when tenant and user agree. One that is not is not there: nobody learns that it exists.

use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use trousseau_core::chat::{Seam, Usage};
use trousseau_core::label::Label;
use trousseau_core::principal::Principal;
use trousseau_retrieval::columns::{self, parsed};
use trousseau_retrieval::error::StoreError;
use trousseau_text::language::Evidence;
use trousseau_text::prefixes::Prefixes;

use super::{EntryId, Feedback, Record, Records, Thought, erasure, record};
use crate::entry::{Attempt, State};
use crate::error::GatewayError;
use crate::service::Gateway;

/// The longest comment of a feedback, in bytes.
pub const COMMENT_BYTES: usize = 4000;

/// The longest text that is searched for, in bytes.
pub const SEARCH_BYTES: usize = 400;

/// Which records are listed.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Those after this one, in the order of the list.
    pub after: Option<EntryId>,
    /// How many at most.
    pub limit: usize,
    /// Those of this conversation, oldest first; otherwise of all, newest first.
    pub conversation: Option<String>,
    /// Those that have ended and in whose question or answer a word begins with each word of this text, whatever its
    /// case and accents.
    pub text: Option<String>,
}

impl Listing {
    /// The order of the list, and the sign of what comes behind an item.
    pub(super) const fn order(&self) -> (&'static str, &'static str) {
        match self.conversation {
            Some(_) => ("ASC", ">"),
            None => ("DESC", "<"),
        }
    }
}

/// Part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether there are more after them.
    pub more: bool,
}

impl<T> Page<T> {
    /// A page of what was read with one more than `limit`.
    pub(super) fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}

/// A record as it stands in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The replica whose ledger holds its entries.
    pub replica: String,
    /// The index of the decision's entry.
    pub entry: u64,
    /// How it ended.
    pub state: State,
    /// When it was decided, in milliseconds since 1970.
    pub created: i64,
    /// The conversation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// The route that was asked.
    pub route: String,
    /// The label that was decided under.
    pub label: Label,
    /// The question.
    pub question: String,
    /// The answer's text.
    pub answer: Option<String>,
    /// In which languages they are.
    #[serde(default)]
    pub languages: Languages,
    /// The record that the question follows, as `replica/entry`.
    pub parent: Option<String>,
    /// The target that answered.
    pub target: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// How many passages the answer cites.
    pub citations: u64,
    /// What it cost, where somebody counted.
    pub usage: Option<Tokens>,
    /// What is to be said of the model's reasoning, where it showed one; the whole record holds its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Thought>,
    /// Where another target went on with the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seams: Vec<Seam>,
    /// Why there is no whole answer, where the policy or a target is why.
    pub refusal: Option<String>,
    /// What its owner says of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
}

/// The columns of a [`Summary`].
pub(super) const COLUMNS: &str =
    "r.replica, r.entry, r.state, r.created, r.conversation, r.parent, r.route, r.label,
     r.question, r.answer, r.target, r.model, json_array_length(r.citations) AS cited, r.usage, r.attempts,
     json_remove(r.reasoning, '$.text') AS reasoning, r.seams,
     f.rating, f.comment";

/// The languages of a question and its answer, `fr` or `en`, where their words tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Languages {
    /// Of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}

/// The language of a text, `fr` or `en`, where its words tell.
pub fn language_of(text: &str) -> Option<String> {
    let language = Evidence::of(text).language();
    language.map(|language| language.code().to_owned())
}

/// What an answer cost, in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
}

impl Gateway {
    /// The records of `owner` that a listing names.
    pub async fn records_of(
        &self,
        owner: &Principal,
        listing: &Listing,
    ) -> Result<Page<Summary>, GatewayError> {
        let found = listing.text.as_ref().map_or(0, String::len);
        if found > SEARCH_BYTES {
            let limit = SEARCH_BYTES;
            return Err(GatewayError::LongText { found, limit });
        }
        Ok(self.records.summaries(owner, listing).await?)
    }

    /// One record of `owner`.
    ///
    /// # Errors
    ///
    /// [`GatewayError::NoEntry`] also when it is another's.
    pub async fn own_record(&self, owner: &Principal, entry: &EntryId) -> Result<Record, GatewayError> {
        let found = self.records.record(&owner.tenant, entry).await?;
        let own = found.filter(|record| record.actor == owner.user);
        own.ok_or_else(|| none(entry))
    }

    /// Keeps what the owner of a record says of its answer, in place of what was said before.
    pub async fn rate(
        &self,
        owner: &Principal,
        entry: &EntryId,
        feedback: &Feedback,
    ) -> Result<(), GatewayError> {
        let found = feedback.comment.len();
        if found > COMMENT_BYTES {
            let limit = COMMENT_BYTES;
            return Err(GatewayError::LongText { found, limit });
        }
        self.own_record(owner, entry).await?;
        let now = (self.now)().as_millisecond();
        let is_own = self.records.rate(owner, entry, feedback, now).await?;
        self.records.tell().await;
        is_own.then_some(()).ok_or_else(|| none(entry))
    }

    /// Takes back what the owner of a record said of its answer.
    pub async fn unrate(&self, owner: &Principal, entry: &EntryId) -> Result<(), GatewayError> {
        self.own_record(owner, entry).await?;
        self.records.unrate(owner, entry).await?;
        self.records.tell().await;
        Ok(())
    }

    /// Deletes one record of `owner`: its content is erased, and the ledger says so.
    pub async fn delete_record(&self, owner: &Principal, entry: &EntryId) -> Result<(), GatewayError> {
        self.own_record(owner, entry).await?;
        self.erase(&owner.tenant, &erasure::Which::record(owner, entry))
            .await?;
        Ok(())
    }
}

fn none(entry: &EntryId) -> GatewayError {
    GatewayError::NoEntry {
        entry: entry.to_string(),
    }
}

impl Records {
    pub(super) async fn summaries(
        &self,
        owner: &Principal,
        listing: &Listing,
    ) -> Result<Page<Summary>, StoreError> {
        let query = Prefixes::of(listing.text.as_deref().unwrap_or_default());
        if !query.is_empty() {
            return self.search(owner, listing, &query).await;
        }
        let (order, beyond) = listing.order();
        let sql = format!(
            "SELECT {COLUMNS} FROM {}
             WHERE r.tenant = ?1 AND r.actor = ?2 AND (?3 IS NULL OR r.conversation = ?3)
             AND (?4 IS NULL OR (r.created, r.replica, r.entry) {beyond} (SELECT created, replica, entry FROM records
                 WHERE tenant = ?1 AND actor = ?2 AND replica = ?4 AND entry = ?5))
             ORDER BY r.created {order}, r.replica {order}, r.entry {order} LIMIT ?6",
            record::TABLES
        );
        self.page(owner, listing, (sql, None)).await
    }

    /// A page of a listing, by a query whose first six parameters are the owner's tenant and name, the conversation, the
    /// entry behind which the page begins, and the limit; a seventh is what is searched for.
    pub(super) async fn page(
        &self,
        owner: &Principal,
        listing: &Listing,
        (sql, searched): (String, Option<String>),
    ) -> Result<Page<Summary>, StoreError> {
        let after = listing.after.as_ref();
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(owner.tenant.as_str())
            .bind(&owner.user)
            .bind(&listing.conversation)
            .bind(after.map(|entry| &entry.replica))
            .bind(after.map(|entry| entry.index as i64))
            .bind(listing.limit.saturating_add(1) as i64);
        if let Some(searched) = searched {
            query = query.bind(searched);
        }
        let rows = query.fetch_all(self.readers().await?).await;
        let rows = rows.map_err(|error| self.fault(error))?;
        let found: Result<_, _> = rows.iter().map(summary).collect();
        let found = found.map_err(|error| self.fault(error))?;
        Ok(Page::cut(found, listing.limit))
    }

    async fn rate(
        &self,
        owner: &Principal,
        entry: &EntryId,
        feedback: &Feedback,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut writer = self.writer().await?;
        let kept = sqlx::query(
            "INSERT INTO feedback (tenant, replica, entry, rating, comment, created)
             SELECT tenant, replica, entry, ?1, ?2, ?3 FROM records
             WHERE tenant = ?4 AND replica = ?5 AND entry = ?6 AND actor = ?7
             ON CONFLICT DO UPDATE SET rating = excluded.rating, comment = excluded.comment, created = excluded.created",
        )
        .bind(feedback.rating.number())
        .bind(&feedback.comment)
        .bind(now)
        .bind(owner.tenant.as_str())
        .bind(&entry.replica)
        .bind(entry.index as i64)
        .bind(&owner.user)
        .execute(&mut *writer)
        .await
        .map_err(|error| self.fault(error))?;
        Ok(kept.rows_affected() > 0)
    }

    async fn unrate(&self, owner: &Principal, entry: &EntryId) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        sqlx::query("DELETE FROM feedback WHERE tenant = ? AND replica = ? AND entry = ?")
            .bind(owner.tenant.as_str())
            .bind(&entry.replica)
            .bind(entry.index as i64)
            .execute(&mut *writer)
            .await
            .map_err(|error| self.fault(error))?;
        Ok(())
    }
}

fn summary(row: &SqliteRow) -> Result<Summary, sqlx::Error> {
    let state = columns::word(row, "state")?;
    let (question, answer): (String, Option<String>) = (row.try_get("question")?, row.try_get("answer")?);
    Ok(Summary {
        replica: row.try_get("replica")?,
        entry: record::index(row, "entry")?,
        state,
        created: row.try_get("created")?,
        conversation: row.try_get("conversation")?,
        route: row.try_get("route")?,
        label: parsed(row, "label")?,
        languages: Languages {
            question: language_of(&question),
            answer: answer.as_deref().and_then(language_of),
        },
        question,
        answer,
        parent: row.try_get("parent")?,
        target: row.try_get("target")?,
        model: row.try_get("model")?,
        citations: record::index(row, "cited")?,
        usage: tokens(row)?,
        reasoning: record::json_or_none(row, "reasoning")?,
        seams: record::json_or_none(row, "seams")?.unwrap_or_default(),
        refusal: refusal(row, state)?,
        feedback: record::feedback(row)?,
    })
}

fn tokens(row: &SqliteRow) -> Result<Option<Tokens>, sqlx::Error> {
    let usage: Option<Usage> = record::json_or_none(row, "usage")?;
    Ok(usage.map(|usage| Tokens {
        prompt_tokens: usage.input,
        completion_tokens: usage.output,
    }))
}

/// The code of what stood in the way: the policy, or the last target that was tried.
fn refusal(row: &SqliteRow, state: State) -> Result<Option<String>, sqlx::Error> {
    Ok(match state {
        State::Refused => Some("policy-denied".to_owned()),
        State::Failed => {
            let attempts: Vec<Attempt> = columns::json(row, "attempts")?;
            attempts.into_iter().next_back().map(|attempt| attempt.error)
        }
        State::Open | State::Answered | State::Abstained | State::Cancelled | State::Interrupted => None,
    })
}
