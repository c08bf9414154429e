//! What a request writes of itself, in the form in which it is handed to the writer.

use sqlx::SqliteConnection;
use trousseau_core::digest::Digest;
use trousseau_core::document::Citation;
use trousseau_core::principal::Tenant;
use trousseau_retrieval::columns::to_json;

use super::record::{Closed, EntryId, Made, Opened};
use crate::commitment::Secret;

/// One write.
#[derive(Debug)]
pub(super) enum Write {
    /// A decision, before anything is sent.
    Open(Box<OpenRow>),
    /// What the calls brought.
    Keep(Box<KeepRow>),
    /// How it ended, and that every decision below an index has its outcome.
    Close {
        tenant: Tenant,
        closed: Closed,
        below: u64,
    },
}

impl Write {
    pub(super) async fn execute(&self, transaction: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        match self {
            Self::Open(row) => row.insert(transaction).await,
            Self::Keep(row) => row.update(transaction).await,
            Self::Close {
                tenant,
                closed,
                below,
            } => close(transaction, tenant, closed, *below).await,
        }
    }
}

/// See [`Opened`].
#[derive(Debug)]
pub(super) struct OpenRow {
    tenant: Tenant,
    entry: EntryId,
    created: i64,
    actor: String,
    conversation: Option<String>,
    route: String,
    label: String,
    secret: Secret,
    question: String,
    messages: String,
    passages: String,
    decision: String,
}

impl OpenRow {
    pub(super) fn new(tenant: &Tenant, opened: Opened<'_>) -> Result<Self, sqlx::Error> {
        Ok(Self {
            tenant: tenant.clone(),
            entry: opened.entry.clone(),
            created: opened.created,
            actor: opened.actor.to_owned(),
            conversation: opened.conversation.map(str::to_owned),
            route: opened.route.to_owned(),
            label: opened.label.to_string(),
            secret: *opened.secret,
            question: opened.question.to_owned(),
            messages: to_json(&opened.messages)?,
            passages: to_json(&opened.passages)?,
            decision: opened.decision,
        })
    }

    async fn insert(&self, transaction: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let conversation = match &self.conversation {
            Some(id) => self.go_on_with(transaction, id).await?,
            None => None,
        };
        sqlx::query(
            "INSERT INTO records (tenant, replica, entry, state, created, actor, conversation, route, label, secret,
                 question, messages, passages, decision, attempts, citations)
             VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', '[]')",
        )
        .bind(self.tenant.as_str())
        .bind(&self.entry.replica)
        .bind(self.entry.index as i64)
        .bind(self.created)
        .bind(&self.actor)
        .bind(conversation)
        .bind(&self.route)
        .bind(&self.label)
        .bind(self.secret.0.as_slice())
        .bind(&self.question)
        .bind(&self.messages)
        .bind(&self.passages)
        .bind(&self.decision)
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// Notes that the conversation went on; its first question gives it its title. `None` when it is gone.
    async fn go_on_with(
        &self,
        transaction: &mut SqliteConnection,
        id: &str,
    ) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar(
            "UPDATE conversations SET updated = max(updated, ?), title = CASE title WHEN '' THEN ? ELSE title END
             WHERE tenant = ? AND id = ? AND actor = ? RETURNING id",
        )
        .bind(self.created)
        .bind(super::conversations::title_of(&self.question))
        .bind(self.tenant.as_str())
        .bind(id)
        .bind(&self.actor)
        .fetch_optional(transaction)
        .await
    }
}

/// See [`Made`].
#[derive(Debug)]
pub(super) struct KeepRow {
    tenant: Tenant,
    entry: EntryId,
    made_by: Option<(String, String)>,
    attempts: String,
    answer: Option<(String, String)>,
    citations: String,
    usage: Option<String>,
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
            usage: end.map(|end| to_json(&end.usage)).transpose()?,
        })
    }

    async fn update(&self, transaction: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE records SET target = ?, model = ?, attempts = ?, answer = ?, answer_digest = ?, citations = ?, usage = ?
             WHERE tenant = ? AND replica = ? AND entry = ?",
        )
        .bind(self.made_by.as_ref().map(|(target, _)| target))
        .bind(self.made_by.as_ref().map(|(_, model)| model))
        .bind(&self.attempts)
        .bind(self.answer.as_ref().map(|(text, _)| text))
        .bind(self.answer.as_ref().map(|(_, digest)| digest))
        .bind(&self.citations)
        .bind(&self.usage)
        .bind(self.tenant.as_str())
        .bind(&self.entry.replica)
        .bind(self.entry.index as i64)
        .execute(transaction)
        .await?;
        Ok(())
    }
}

async fn close(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    closed: &Closed,
    below: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE records SET outcome = ?, state = ?, finished = ? WHERE tenant = ? AND replica = ? AND entry = ?",
    )
    .bind(closed.outcome as i64)
    .bind(closed.state.name())
    .bind(closed.finished.as_millisecond())
    .bind(tenant.as_str())
    .bind(&closed.entry.replica)
    .bind(closed.entry.index as i64)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("UPDATE replicas SET closed_below = ? WHERE tenant = ? AND replica = ?")
        .bind(below as i64)
        .bind(tenant.as_str())
        .bind(&closed.entry.replica)
        .execute(transaction)
        .await?;
    Ok(())
}
