//! What a request writes of itself, in the form in which it is handed to the writer.

use std::collections::BTreeMap;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};
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
    /// How it ended.
    Close(CloseRow),
}

impl Write {
    pub(super) const fn is_one_statement(&self) -> bool {
        match self {
            Self::Open(row) => row.conversation.is_none(),
            Self::Keep(_) => true,
            Self::Close(_) => false,
        }
    }
}

/// A statement of the answer path with some arguments bound.
type Statement<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Makes several writes, which are of different requests or were waited for one after the other: those of a kind go
/// together.
pub(super) async fn execute_all(
    transaction: &mut SqliteConnection,
    writes: &[&Write],
) -> Result<(), sqlx::Error> {
    let (mut opened, mut kept, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    for write in writes {
        match write {
            Write::Open(row) => opened.push(row.as_ref()),
            Write::Keep(row) => kept.push(row.as_ref()),
            Write::Close(row) => closed.push(row),
        }
    }
    for row in opened.iter().filter(|row| row.conversation.is_some()) {
        row.go_on(transaction).await?;
    }
    repeat(transaction, OpenRow::INSERT, &opened, |row, query| {
        row.bind(query)
    })
    .await?;
    repeat(transaction, KeepRow::UPDATE, &kept, |row, query| row.bind(query)).await?;
    repeat(transaction, CloseRow::UPDATE, &closed, |row, query| {
        row.bind(query)
    })
    .await?;
    let mut below: BTreeMap<(&Tenant, &str), u64> = BTreeMap::new();
    for row in closed {
        let ledger = (&row.tenant, row.closed.entry.replica.as_str());
        let highest = below.entry(ledger).or_default();
        *highest = row.below.max(*highest);
    }
    for ((tenant, replica), below) in below {
        sqlx::query("UPDATE replicas SET closed_below = ? WHERE tenant = ? AND replica = ?")
            .bind(below as i64)
            .bind(tenant.as_str())
            .bind(replica)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(())
}

/// How many rows one call of SQLite takes. Each size is a statement of its own, which stays prepared; each call costs
/// two changes of thread.
const SIZES: [usize; 3] = [16, 4, 1];

/// Executes `sql`, which ends in a semicolon and has no numbered parameters, once for each row.
async fn repeat<'q, T>(
    transaction: &mut SqliteConnection,
    sql: &str,
    mut rows: &'q [T],
    bind: impl Fn(&'q T, Statement<'q>) -> Statement<'q>,
) -> Result<(), sqlx::Error> {
    while !rows.is_empty() {
        let size = SIZES.into_iter().find(|size| *size <= rows.len()).unwrap_or(1);
        let (now, later) = rows.split_at(size);
        let query = sqlx::query(sqlx::AssertSqlSafe(sql.repeat(size)));
        let query = now.iter().fold(query, |query, row| bind(row, query));
        query.execute(&mut *transaction).await?;
        rows = later;
    }
    Ok(())
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

    const INSERT: &str = "INSERT INTO records (tenant, replica, entry, state, created, actor, conversation, route,
             label, secret, question, messages, passages, decision, attempts, citations)
         VALUES (?, ?, ?, 'open', ?, ?, (SELECT id FROM conversations WHERE tenant = ? AND id = ? AND actor = ?),
             ?, ?, ?, ?, ?, ?, ?, '[]', '[]');";

    fn bind<'q>(&'q self, query: Statement<'q>) -> Statement<'q> {
        query
            .bind(self.tenant.as_str())
            .bind(&self.entry.replica)
            .bind(self.entry.index as i64)
            .bind(self.created)
            .bind(&self.actor)
            .bind(self.tenant.as_str())
            .bind(&self.conversation)
            .bind(&self.actor)
            .bind(&self.route)
            .bind(&self.label)
            .bind(self.secret.0.as_slice())
            .bind(&self.question)
            .bind(&self.messages)
            .bind(&self.passages)
            .bind(&self.decision)
    }

    /// Notes that the conversation, where it is still there, went on; its first question gives it its title.
    async fn go_on(&self, transaction: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE conversations SET updated = max(updated, ?), title = CASE title WHEN '' THEN ? ELSE title END
             WHERE tenant = ? AND id = ? AND actor = ?",
        )
        .bind(self.created)
        .bind(super::conversations::title_of(&self.question))
        .bind(self.tenant.as_str())
        .bind(&self.conversation)
        .bind(&self.actor)
        .execute(transaction)
        .await?;
        Ok(())
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
            usage: end.and_then(|end| end.counted()).map(to_json).transpose()?,
        })
    }

    const UPDATE: &str =
        "UPDATE records SET target = ?, model = ?, attempts = ?, answer = ?, answer_digest = ?,
             citations = ?, usage = ?
         WHERE tenant = ? AND replica = ? AND entry = ?;";

    fn bind<'q>(&'q self, query: Statement<'q>) -> Statement<'q> {
        query
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
    }
}

/// See [`Closed`].
#[derive(Debug)]
pub(super) struct CloseRow {
    pub tenant: Tenant,
    pub closed: Closed,
    /// Every decision below this index has its outcome, this one among them.
    pub below: u64,
}

impl CloseRow {
    const UPDATE: &str = "UPDATE records SET outcome = ?, state = ?, finished = ? WHERE tenant = ? AND replica = ? AND entry = ?;";

    fn bind<'q>(&'q self, query: Statement<'q>) -> Statement<'q> {
        query
            .bind(self.closed.outcome as i64)
            .bind(self.closed.state.name())
            .bind(self.closed.finished.as_millisecond())
            .bind(self.tenant.as_str())
            .bind(&self.closed.entry.replica)
            .bind(self.closed.entry.index as i64)
    }
}
