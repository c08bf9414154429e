//! The forms in which a record is journalled and put into the database: texts, with JSON where there are several values.

use serde::Serialize;
use trousseau_core::chat::Usage;
use trousseau_core::digest::Digest;
use trousseau_core::document::Citation;
use trousseau_core::label::Label;
use trousseau_core::principal::Tenant;
use trousseau_entries::commitment::Secret;
use trousseau_entries::name::EntryId;
use trousseau_policy::card::Price;
use trousseau_retrieval::columns::to_json;

use crate::record::{Made, Opened};

/// See [`Opened`].
#[derive(Debug, PartialEq, Eq)]
pub struct OpenRow {
    /// Whose it is.
    pub tenant: Tenant,
    /// The decision's entry.
    pub entry: EntryId,
    /// When, in milliseconds since 1970.
    pub created: i64,
    /// Who asked.
    pub actor: String,
    /// The conversation it belongs to.
    pub conversation: Option<String>,
    /// The record that the question follows, as `replica/entry`.
    pub parent: Option<String>,
    /// The route that was asked.
    pub route: String,
    /// The label that was decided under.
    pub label: String,
    /// What salts the entry's commitments.
    pub secret: Secret,
    /// The question.
    pub question: String,
    /// The messages, as JSON.
    pub messages: String,
    /// The passages, as JSON.
    pub passages: String,
    /// The decision, as JSON.
    pub decision: String,
}

impl OpenRow {
    /// The row of what is written.
    pub fn new(tenant: &Tenant, opened: Opened<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            tenant: tenant.clone(),
            entry: opened.entry.clone(),
            created: opened.created,
            actor: opened.actor.to_owned(),
            conversation: opened.conversation.map(str::to_owned),
            parent: opened.parent.map(EntryId::to_string),
            route: opened.route.to_owned(),
            label: opened.label.to_string(),
            secret: *opened.secret,
            question: opened.question.to_owned(),
            messages: to_json(&opened.messages)?,
            passages: to_json(&opened.passages)?,
            decision: opened.decision,
        })
    }
}

/// See [`Made`].
#[derive(Debug, PartialEq, Eq)]
pub struct KeepRow {
    /// Whose it is.
    pub tenant: Tenant,
    /// The decision's entry.
    pub entry: EntryId,
    /// The target that answered, and its model.
    pub made_by: Option<(String, String)>,
    /// The targets tried before it, as JSON.
    pub attempts: String,
    /// The answer and its digest.
    pub answer: Option<(String, String)>,
    /// What the markers point to, as JSON.
    pub citations: String,
    /// What it cost, as JSON, where somebody counted.
    pub usage: Option<String>,
    /// A [`Reasoning`](crate::Reasoning), as JSON.
    pub reasoning: Option<String>,
    /// Where another target went on, as JSON, where one did.
    pub seams: Option<String>,
    /// The label of the record.
    pub label: String,
}

/// The tokens of an answer, beside their price at that time.
#[derive(Serialize)]
struct Spent<'a> {
    #[serde(flatten)]
    usage: &'a Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<&'a Price>,
}

impl KeepRow {
    /// The row of what is written.
    pub fn new(tenant: &Tenant, entry: &EntryId, made: &Made<'_>) -> Result<Self, sqlx::Error> {
        let digested = |text: &String| (text.clone(), Digest::of(text.as_bytes()).to_string());
        let citations = made.answer.map_or(&[] as &[Citation], |answer| &answer.citations);
        let end = made.answer.and_then(|answer| answer.end.as_ref());
        let seams = made.answer.map(|answer| &answer.seams);
        let seams = seams.filter(|seams| !seams.is_empty());
        let made_by = made.made_by;
        Ok(Self {
            tenant: tenant.clone(),
            entry: entry.clone(),
            made_by: made_by.map(|(target, model)| (target.to_owned(), model.to_owned())),
            attempts: to_json(&made.attempts)?,
            answer: made.answer.map(|answer| digested(&answer.text)),
            citations: to_json(&citations)?,
            usage: end
                .and_then(|end| end.counted())
                .map(|usage| {
                    to_json(&Spent {
                        usage,
                        price: made.price,
                    })
                })
                .transpose()?,
            reasoning: made.reasoning().as_ref().map(to_json).transpose()?,
            seams: seams.map(to_json).transpose()?,
            label: made.label.map(Label::to_string).unwrap_or_default(),
        })
    }
}
