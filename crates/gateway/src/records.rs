//! The records: questions, answers and passages, one row per answer, keyed by its decision's ledger entry.
//!
//! The ledger proves that something was decided and answered; what it was stands here, with the secret that
//! opens the ledger's commitments. `records.sqlite` has its own writer, apart from the documents'.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use trousseau_core::chat::{ChatAnswer, Message};
use trousseau_core::digest::Digest;
use trousseau_core::document::{Citation, Passage};
use trousseau_core::label::Label;
use trousseau_core::principal::Tenant;
use trousseau_retrieval::columns::{self, bytes32, parsed, to_json};
use trousseau_retrieval::database::{Access, Database, Schema};
use trousseau_retrieval::error::StoreError;

use crate::commitment::Secret;
use crate::entry::{Attempt, State};

const SCHEMA: Schema = Schema { steps: &[STEP_1] };

/// - `records`: one row per answer; `answer_digest` finds the record of an answer that comes back as history.
/// - `replicas`: per ledger, the secret of its pseudonyms, and the index below which every decision has its outcome.
const STEP_1: &str = "
CREATE TABLE records (
    tenant        TEXT NOT NULL,
    replica       TEXT NOT NULL,
    entry         INTEGER NOT NULL,
    outcome       INTEGER,
    state         TEXT NOT NULL,
    created       INTEGER NOT NULL,
    finished      INTEGER,
    actor         TEXT NOT NULL,
    route         TEXT NOT NULL,
    label         TEXT NOT NULL,
    secret        BLOB NOT NULL,
    question      TEXT NOT NULL,
    messages      TEXT NOT NULL,
    passages      TEXT NOT NULL,
    decision      TEXT NOT NULL,
    target        TEXT,
    model         TEXT,
    attempts      TEXT NOT NULL,
    answer        TEXT,
    answer_digest TEXT,
    citations     TEXT NOT NULL,
    usage         TEXT,
    PRIMARY KEY (tenant, replica, entry)
) STRICT;
CREATE INDEX records_by_answer ON records (tenant, answer_digest);
CREATE INDEX records_by_time ON records (tenant, created);

CREATE TABLE replicas (
    tenant       TEXT NOT NULL,
    replica      TEXT NOT NULL,
    actor_secret BLOB NOT NULL,
    closed_below INTEGER NOT NULL,
    PRIMARY KEY (tenant, replica)
) STRICT;
";

/// Which ledger, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntryId {
    /// The replica whose ledger it is.
    pub replica: String,
    /// The index of the entry.
    pub index: u64,
}

impl std::fmt::Display for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.replica, self.index)
    }
}

/// What is recorded when a request has been decided upon.
#[derive(Debug)]
pub struct Opened<'a> {
    /// The decision's entry.
    pub entry: &'a EntryId,
    /// Who asked.
    pub actor: &'a str,
    /// The route that was asked.
    pub route: &'a str,
    /// The label that was decided under.
    pub label: &'a Label,
    /// What salts the entry's commitments.
    pub secret: &'a Secret,
    /// The question.
    pub question: &'a str,
    /// The conversation.
    pub messages: &'a [Message],
    /// The passages.
    pub passages: &'a [Passage],
    /// The decision.
    pub decision: &'a serde_json::Value,
    /// When, in milliseconds since 1970.
    pub created: i64,
}

/// What is recorded when a request has ended.
#[derive(Debug)]
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
    /// The route that was asked.
    pub route: String,
    /// The label that was decided under.
    pub label: Label,
    /// The question.
    pub question: String,
    /// The answer's text.
    pub answer: Option<String>,
    /// What its markers point to.
    pub citations: Vec<Citation>,
    /// The passages.
    pub passages: Vec<Passage>,
    /// The decision.
    pub decision: serde_json::Value,
    /// 64 hexadecimal digits that open the commitments of its entries.
    pub secret: String,
}

/// A ledger's row: the secret of its pseudonyms, and how far its decisions are closed.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Salts the pseudonyms of who asked.
    pub actor_secret: Secret,
    /// Every decision below this index has its outcome.
    pub closed_below: u64,
}

/// The record store.
#[derive(Debug)]
pub struct Records {
    database: Database,
}

impl Records {
    /// Opens `records.sqlite` in the folder `data`.
    pub async fn open(data: &Path, access: Access) -> Result<Self, StoreError> {
        let path = data.join("records.sqlite");
        let database = Database::open(&path, &SCHEMA, access).await?;
        Ok(Self { database })
    }

    /// Closes the file.
    pub async fn close(self) {
        self.database.close().await;
    }

    /// The row of a ledger, created with `fresh` as its secret when it is new.
    pub async fn replica(
        &self,
        tenant: &Tenant,
        replica: &str,
        fresh: Secret,
    ) -> Result<Replica, StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let row = sqlx::query(
            "INSERT INTO replicas (tenant, replica, actor_secret, closed_below) VALUES (?, ?, ?, 0)
             ON CONFLICT DO UPDATE SET closed_below = closed_below RETURNING actor_secret, closed_below",
        )
        .bind(tenant.as_str())
        .bind(replica)
        .bind(fresh.0.as_slice())
        .fetch_one(&mut *writer)
        .await
        .map_err(fault)?;
        let read = || {
            Ok(Replica {
                actor_secret: Secret(bytes32(&row, "actor_secret")?),
                closed_below: row.try_get::<i64, _>("closed_below")?.unsigned_abs(),
            })
        };
        read().map_err(fault)
    }

    /// Records a decision, before anything is sent.
    pub async fn open_record(&self, tenant: &Tenant, opened: &Opened<'_>) -> Result<(), StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        sqlx::query(
            "INSERT INTO records (tenant, replica, entry, state, created, actor, route, label, secret, question,
                 messages, passages, decision, attempts, citations)
             VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', '[]')",
        )
        .bind(tenant.as_str())
        .bind(&opened.entry.replica)
        .bind(opened.entry.index as i64)
        .bind(opened.created)
        .bind(opened.actor)
        .bind(opened.route)
        .bind(opened.label.to_string())
        .bind(opened.secret.0.as_slice())
        .bind(opened.question)
        .bind(to_json(&opened.messages).map_err(fault)?)
        .bind(to_json(&opened.passages).map_err(fault)?)
        .bind(opened.decision.to_string())
        .execute(&mut *writer)
        .await
        .map_err(fault)?;
        Ok(())
    }

    /// Keeps what the calls for a request brought, before the ledger says that they did.
    pub async fn keep_made(
        &self,
        tenant: &Tenant,
        entry: &EntryId,
        made: &Made<'_>,
    ) -> Result<(), StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let text = made.answer.map(|answer| answer.text.as_str());
        let citations = made.answer.map_or(&[] as &[Citation], |answer| &answer.citations);
        let usage = made.answer.and_then(|answer| answer.end.as_ref());
        let usage = usage.map(|end| to_json(&end.usage)).transpose();
        sqlx::query(
            "UPDATE records SET target = ?, model = ?, attempts = ?, answer = ?, answer_digest = ?, citations = ?, usage = ?
             WHERE tenant = ? AND replica = ? AND entry = ?",
        )
        .bind(made.made_by.map(|(target, _)| target))
        .bind(made.made_by.map(|(_, model)| model))
        .bind(to_json(&made.attempts).map_err(fault)?)
        .bind(text)
        .bind(text.map(|text| Digest::of(text.as_bytes()).to_string()))
        .bind(to_json(&citations).map_err(fault)?)
        .bind(usage.map_err(fault)?)
        .bind(tenant.as_str())
        .bind(&entry.replica)
        .bind(entry.index as i64)
        .execute(&mut *writer)
        .await
        .map_err(fault)?;
        Ok(())
    }

    /// The entries, from `from` on, whose records have not heard how they ended.
    pub async fn open_entries(
        &self,
        tenant: &Tenant,
        replica: &str,
        from: u64,
    ) -> Result<Vec<u64>, StoreError> {
        let entries: Vec<i64> = sqlx::query_scalar(
            "SELECT entry FROM records WHERE tenant = ? AND replica = ? AND entry >= ? AND state = 'open' ORDER BY entry",
        )
        .bind(tenant.as_str())
        .bind(replica)
        .bind(from as i64)
        .fetch_all(self.database.readers())
        .await
        .map_err(|error| self.database.fault(error))?;
        Ok(entries.into_iter().map(i64::unsigned_abs).collect())
    }

    /// Records how a request ended, and that every decision below `closed_below` has its outcome now.
    pub async fn close_record(
        &self,
        tenant: &Tenant,
        closed: &Closed,
        closed_below: u64,
    ) -> Result<(), StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        close_row(&mut transaction, tenant, closed).await.map_err(fault)?;
        sqlx::query("UPDATE replicas SET closed_below = ? WHERE tenant = ? AND replica = ?")
            .bind(closed_below as i64)
            .bind(tenant.as_str())
            .bind(&closed.entry.replica)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        transaction.commit().await.map_err(fault)
    }

    /// The label of the record whose answer is exactly `answer`, if there is one.
    pub async fn label_of_answer(&self, tenant: &Tenant, answer: &str) -> Result<Option<Label>, StoreError> {
        let fault = |error| self.database.fault(error);
        let rows = sqlx::query("SELECT DISTINCT label FROM records WHERE tenant = ? AND answer_digest = ?")
            .bind(tenant.as_str())
            .bind(Digest::of(answer.as_bytes()).to_string())
            .fetch_all(self.database.readers())
            .await
            .map_err(fault)?;
        let mut joined: Option<Label> = None;
        for row in &rows {
            let label: Label = parsed(row, "label").map_err(fault)?;
            joined.get_or_insert_default().raise(&label);
        }
        Ok(joined)
    }

    /// One record.
    pub async fn record(&self, tenant: &Tenant, entry: &EntryId) -> Result<Option<Record>, StoreError> {
        let fault = |error| self.database.fault(error);
        let row = sqlx::query(
            "SELECT replica, entry, outcome, state, created, actor, route, label, question, answer, citations,
                 passages, decision, secret FROM records WHERE tenant = ? AND replica = ? AND entry = ?",
        )
        .bind(tenant.as_str())
        .bind(&entry.replica)
        .bind(entry.index as i64)
        .fetch_optional(self.database.readers())
        .await
        .map_err(fault)?;
        row.map(|row| record(&row)).transpose().map_err(fault)
    }
}

async fn close_row(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    closed: &Closed,
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
    .execute(transaction)
    .await?;
    Ok(())
}

fn record(row: &SqliteRow) -> Result<Record, sqlx::Error> {
    let index = |column: &str| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
    Ok(Record {
        replica: row.try_get("replica")?,
        entry: index("entry")?,
        outcome: row.try_get::<Option<i64>, _>("outcome")?.map(i64::unsigned_abs),
        state: columns::word(row, "state")?,
        created: row.try_get("created")?,
        actor: row.try_get("actor")?,
        route: row.try_get("route")?,
        label: parsed(row, "label")?,
        question: row.try_get("question")?,
        answer: row.try_get("answer")?,
        citations: columns::json(row, "citations")?,
        passages: columns::json(row, "passages")?,
        decision: columns::json(row, "decision")?,
        secret: Digest(bytes32(row, "secret")?).to_string(),
    })
}
