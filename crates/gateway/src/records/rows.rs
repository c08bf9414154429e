//! What a request writes of itself: the forms in which it is journalled and put into `records.sqlite`.

use std::sync::Arc;

use serde::Serialize;
use trousseau_core::chat::Usage;
use trousseau_core::digest::Digest;
use trousseau_core::document::Citation;
use trousseau_core::label::Label;
use trousseau_core::principal::Tenant;
use trousseau_policy::card::Price;
use trousseau_retrieval::columns::to_json;

use super::record::{Closed, EntryId, Made, Opened};
use crate::appender::Owed;
use crate::commitment::Secret;

/// One write.
#[derive(Debug)]
pub(super) enum Write {
    /// A decision, before anything is sent.
    Open(Box<OpenRow>),
    /// What the calls brought.
    Keep(Box<KeepRow>),
    /// How it ended. It is not in the journal, because the ledger says it.
    Close(Box<CloseRow>),
}

/// See [`Opened`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OpenRow {
    pub tenant: Tenant,
    pub entry: EntryId,
    pub created: i64,
    pub actor: String,
    pub conversation: Option<String>,
    pub parent: Option<String>,
    pub route: String,
    pub label: String,
    pub secret: Secret,
    pub question: String,
    pub messages: String,
    pub passages: String,
    pub decision: String,
}

impl OpenRow {
    pub(super) fn new(tenant: &Tenant, opened: Opened<'_>) -> Result<Self, sqlx::Error> {
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

/// The tokens of an answer, beside their price at that time.
#[derive(Serialize)]
struct Spent<'a> {
    #[serde(flatten)]
    usage: &'a Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<&'a Price>,
}

/// See [`Made`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeepRow {
    pub tenant: Tenant,
    pub entry: EntryId,
    pub made_by: Option<(String, String)>,
    pub attempts: String,
    /// The answer and its digest.
    pub answer: Option<(String, String)>,
    pub citations: String,
    pub usage: Option<String>,
    /// The label of the record.
    pub label: String,
}

impl KeepRow {
    pub(super) fn new(tenant: &Tenant, entry: &EntryId, made: &Made<'_>) -> Result<Self, sqlx::Error> {
        let digested = |text: &String| (text.clone(), Digest::of(text.as_bytes()).to_string());
        let citations = made.answer.map_or(&[] as &[Citation], |answer| &answer.citations);
        let end = made.answer.and_then(|answer| answer.end.as_ref());
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
            label: made.label.map(Label::to_string).unwrap_or_default(),
        })
    }
}

/// See [`Closed`].
#[derive(Debug)]
pub(super) struct CloseRow {
    pub tenant: Tenant,
    pub closed: Closed,
    /// The decisions of its ledger whose outcome is owed, this one among them.
    pub owed: Arc<Owed>,
}

impl CloseRow {
    /// It is written.
    pub(super) fn settle(&self) {
        self.owed.remove(self.closed.entry.index);
    }
}
