//! The durable queue: one task per file to ingest and per document to remove.
//!
//! ```text
//! enqueued -> processing -> committed -> succeeded
//!                        \-> failed
//! ```
//!
//! `committed` means that the document's transaction is done and its ledger entry is still owed. A killed
//! process leaves tasks in `processing`, which are enqueued again at the next start, and in `committed`,
//! which need nothing more than their ledger entry.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use trousseau_core::error::Explain;
use trousseau_core::label::Label;
use trousseau_core::principal::{Reader, Tenant};

use super::Store;
use super::documents::Committed;
use crate::columns::{json, parsed, to_json};
use crate::error::StoreError;
use crate::source;

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Read a file and keep it as a document.
    Ingest,
    /// Remove a document.
    Remove,
}

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Remove => "remove",
        }
    }
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskState {
    /// Waiting.
    Enqueued,
    /// Being worked on.
    Processing,
    /// Done in the store; its ledger entry is still owed.
    Committed,
    /// Done.
    Succeeded,
    /// Not done; the error says why.
    Failed,
}

impl TaskState {
    /// Every state, in the order in which a task goes through them.
    pub const ALL: [Self; 5] = [
        Self::Enqueued,
        Self::Processing,
        Self::Committed,
        Self::Succeeded,
        Self::Failed,
    ];

    /// The word that users and the database see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enqueued => "enqueued",
            Self::Processing => "processing",
            Self::Committed => "committed",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// What a task that ended well did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The document is new.
    Added,
    /// The document took the place of its earlier version.
    Replaced,
    /// The file is the one already kept.
    Unchanged,
    /// The document is gone.
    Removed,
}

impl Outcome {
    /// The word that users, the database and the ledger see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::Removed => "removed",
        }
    }
}

/// Why a task failed, in a form that can be put into either language later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskError {
    /// The error's stable code.
    pub code: String,
    /// The error's fields.
    pub fields: BTreeMap<String, String>,
    /// The error in English.
    pub message: String,
}

impl TaskError {
    /// Keeps what `error` says of itself.
    pub fn of(error: &dyn Explain) -> Self {
        Self {
            code: error.code().to_owned(),
            fields: error
                .fields()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            message: error.to_string(),
        }
    }
}

/// A task to be enqueued.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// What to do.
    pub operation: Operation,
    /// The collection the document belongs to.
    pub collection: String,
    /// The file; absolute.
    pub source: PathBuf,
    /// The label that the collection and the command give the document.
    pub label: Label,
    /// Who may read the document.
    pub readers: Vec<Reader>,
    /// Set when the file could not even be listed: the task is kept as failed.
    pub error: Option<TaskError>,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number, unique in the store.
    pub id: i64,
    /// What it does.
    pub operation: Operation,
    /// The collection the document belongs to.
    pub collection: String,
    /// The file.
    pub source: PathBuf,
    /// The file's path as it is shown.
    pub path: String,
    /// The label that the collection and the command give the document.
    pub label: Label,
    /// Who may read the document.
    pub readers: Vec<Reader>,
    /// Where it stands.
    pub state: TaskState,
    /// What it did, once committed.
    pub outcome: Option<Outcome>,
    /// The document, once known.
    pub document: Option<String>,
    /// What the ledger entry is made from, once committed.
    pub evidence: Option<serde_json::Value>,
    /// Why it failed.
    pub error: Option<TaskError>,
    /// When it was enqueued, in milliseconds since 1970.
    pub enqueued: i64,
    /// When it ended, in milliseconds since 1970.
    pub finished: Option<i64>,
}

/// How many task numbers back tasks that ended are remembered.
const KEPT_TASKS: i64 = 100_000;

const SELECT: &str =
    "SELECT id, kind, collection, path, source, label, readers, state, outcome, document, evidence,
    error, enqueued, finished FROM tasks ";

impl Store {
    /// Enqueues tasks in one transaction and creates their collections where they are new.
    pub async fn enqueue(&self, tenant: &Tenant, tasks: &[NewTask], now: i64) -> Result<(), StoreError> {
        let mut writer = self.database.writer().await?;
        enqueue(&mut writer, tenant, tasks, now)
            .await
            .map_err(|error| self.database.fault(error))
    }

    /// Begins the removal of documents out of turn. `None` when a task on one of them waits or is worked on: then their
    /// removal has to wait its turn. To be called while [`Store::settling`] is held, and until the tasks are ended.
    pub async fn begin_removal(
        &self,
        tenant: &Tenant,
        removals: &[NewTask],
        now: i64,
    ) -> Result<Option<Vec<Task>>, StoreError> {
        let mut writer = self.database.writer().await?;
        let rows = begin_removal(&mut writer, tenant, removals, now)
            .await
            .map_err(|error| self.database.fault(error))?;
        rows.map(|rows| self.read(rows)).transpose()
    }

    /// Takes up to `limit` waiting tasks, oldest first, and marks them as being worked on.
    pub async fn claim(&self, tenant: &Tenant, limit: usize) -> Result<Vec<Task>, StoreError> {
        let sql = "UPDATE tasks SET state = 'processing' WHERE id IN
             (SELECT id FROM tasks WHERE tenant = ? AND state = 'enqueued' ORDER BY id LIMIT ?)
             RETURNING id, kind, collection, path, source, label, readers, state, outcome, document, evidence,
             error, enqueued, finished";
        let mut writer = self.database.writer().await?;
        let rows = sqlx::query(sql)
            .bind(tenant.as_str())
            .bind(limit as i64)
            .fetch_all(&mut *writer)
            .await
            .map_err(|error| self.database.fault(error))?;
        let mut tasks = self.read(rows)?;
        tasks.sort_by_key(|task| task.id);
        Ok(tasks)
    }

    /// Puts what a killed process had begun back into the queue. Returns how many tasks that were.
    pub async fn requeue(&self, tenant: &Tenant) -> Result<u64, StoreError> {
        let sql = "UPDATE tasks SET state = 'enqueued' WHERE tenant = ? AND state = 'processing'";
        let mut writer = self.database.writer().await?;
        let done = sqlx::query(sql).bind(tenant.as_str()).execute(&mut *writer).await;
        Ok(done.map_err(|error| self.database.fault(error))?.rows_affected())
    }

    /// Ends tasks: each as failed with its error, or as succeeded.
    pub async fn finish(
        &self,
        tenant: &Tenant,
        ends: &[(i64, Result<Option<Outcome>, TaskError>)],
        now: i64,
    ) -> Result<(), StoreError> {
        let mut writer = self.database.writer().await?;
        finish(&mut writer, tenant, ends, now)
            .await
            .map_err(|error| self.database.fault(error))
    }

    /// The tasks in this state, or all; newest first, at most `limit`.
    pub async fn tasks(
        &self,
        tenant: &Tenant,
        state: Option<TaskState>,
        limit: usize,
    ) -> Result<Vec<Task>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{SELECT} WHERE tenant = ? AND (?2 IS NULL OR state = ?2) ORDER BY id DESC LIMIT ?3"
        ));
        let rows = sqlx::query(sql)
            .bind(tenant.as_str())
            .bind(state.map(TaskState::name))
            .bind(limit as i64)
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        self.read(rows)
    }

    /// The failed tasks on whose file no later task has been registered, newest first.
    pub async fn failing(&self, tenant: &Tenant) -> Result<Vec<Task>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{SELECT} WHERE tenant = ? AND state = 'failed' AND NOT EXISTS (
                 SELECT 1 FROM tasks later WHERE later.tenant = tasks.tenant AND later.id > tasks.id
                 AND later.collection = tasks.collection AND later.source = tasks.source)
             ORDER BY id DESC"
        ));
        let rows = sqlx::query(sql)
            .bind(tenant.as_str())
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        self.read(rows)
    }

    /// The tasks whose document is committed and whose ledger entry is owed, oldest first.
    pub async fn owed(&self, tenant: &Tenant) -> Result<Vec<(Task, Committed)>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{SELECT} WHERE tenant = ? AND state = 'committed' ORDER BY id"
        ));
        let rows = sqlx::query(sql)
            .bind(tenant.as_str())
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let owed = self.read(rows)?.into_iter().filter_map(|task| {
            let committed = Committed {
                task: task.id,
                outcome: task.outcome?,
                evidence: task.evidence.clone()?,
            };
            Some((task, committed))
        });
        Ok(owed.collect())
    }

    /// The tenants for whom tasks wait or have been left unfinished.
    pub async fn tenants_at_work(&self) -> Result<Vec<Tenant>, StoreError> {
        let fault = |error| self.database.fault(error);
        let sql = "SELECT DISTINCT tenant FROM tasks WHERE state IN ('enqueued', 'processing', 'committed')";
        let names: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(self.database.readers())
            .await
            .map_err(fault)?;
        let tenants: Result<_, _> = names.into_iter().map(Tenant::new).collect();
        tenants.map_err(|error| fault(sqlx::Error::Decode(Box::new(error))))
    }

    /// The number of the newest task; 0 where there is none.
    pub async fn newest_task(&self, tenant: &Tenant) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM tasks WHERE tenant = ?")
            .bind(tenant.as_str())
            .fetch_one(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))
    }

    /// The tasks with these numbers, oldest first.
    pub async fn tasks_between(
        &self,
        tenant: &Tenant,
        numbers: RangeInclusive<i64>,
    ) -> Result<Vec<Task>, StoreError> {
        let sql = sqlx::AssertSqlSafe(format!(
            "{SELECT} WHERE tenant = ? AND id BETWEEN ? AND ? ORDER BY id"
        ));
        let rows = sqlx::query(sql)
            .bind(tenant.as_str())
            .bind(*numbers.start())
            .bind(*numbers.end())
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        self.read(rows)
    }

    /// How many tasks of all tenants are in each state.
    pub async fn tasks_by_state(&self) -> Result<Vec<(TaskState, u64)>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT state, count(*) FROM tasks GROUP BY state")
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let count = |state: TaskState| {
            let row = rows.iter().find(|(name, _)| name == state.name());
            (state, row.map_or(0, |(_, count)| count.unsigned_abs()))
        };
        Ok(TaskState::ALL.into_iter().map(count).collect())
    }

    /// How many tasks wait or are being worked on.
    pub async fn pending(&self, tenant: &Tenant) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM tasks WHERE tenant = ? AND state IN ('enqueued', 'processing')";
        let count: i64 = sqlx::query_scalar(sql)
            .bind(tenant.as_str())
            .fetch_one(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        Ok(count.unsigned_abs())
    }

    fn read(&self, rows: Vec<SqliteRow>) -> Result<Vec<Task>, StoreError> {
        let tasks: Result<_, sqlx::Error> = rows.iter().map(task).collect();
        tasks.map_err(|error| self.database.fault(error))
    }
}

async fn enqueue(
    writer: &mut SqliteConnection,
    tenant: &Tenant,
    tasks: &[NewTask],
    now: i64,
) -> Result<(), sqlx::Error> {
    let mut transaction = writer.begin().await?;
    let mut known: Option<&str> = None;
    for task in tasks {
        if known != Some(&task.collection) {
            found_collection(&mut transaction, tenant, &task.collection, now).await?;
            known = Some(&task.collection);
        }
        let state = if task.error.is_some() {
            TaskState::Failed
        } else {
            TaskState::Enqueued
        };
        let path = source::shown(&task.source);
        insert(&mut transaction, tenant, task, &path, (state, now)).await?;
    }
    // A folder that is ingested every night must not make the table grow for ever.
    sqlx::query(
        "DELETE FROM tasks WHERE tenant = ?1 AND state IN ('succeeded', 'failed')
         AND id <= (SELECT max(id) FROM tasks WHERE tenant = ?1) - ?2",
    )
    .bind(tenant.as_str())
    .bind(KEPT_TASKS)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

async fn begin_removal(
    writer: &mut SqliteConnection,
    tenant: &Tenant,
    removals: &[NewTask],
    now: i64,
) -> Result<Option<Vec<SqliteRow>>, sqlx::Error> {
    let mut transaction = writer.begin().await?;
    let mut rows = Vec::with_capacity(removals.len());
    for removal in removals {
        let busy: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM tasks WHERE tenant = ? AND state IN ('enqueued', 'processing')
                 AND collection = ? AND source = ?)",
        )
        .bind(tenant.as_str())
        .bind(&removal.collection)
        .bind(source::to_bytes(&removal.source))
        .fetch_one(&mut *transaction)
        .await?;
        if busy {
            return Ok(None);
        }
        let path = source::shown(&removal.source);
        let state = (TaskState::Processing, now);
        let number = insert(&mut transaction, tenant, removal, &path, state).await?;
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} WHERE id = ?"));
        rows.push(sqlx::query(sql).bind(number).fetch_one(&mut *transaction).await?);
    }
    transaction.commit().await?;
    Ok(Some(rows))
}

/// Sees to it that a collection exists.
async fn found_collection(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    name: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT OR IGNORE INTO collections (tenant, name, created, id)
         VALUES (?, ?, ?, 'vs_' || lower(hex(randomblob(12))))",
    )
    .bind(tenant.as_str())
    .bind(name)
    .bind(now)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Writes one task, whose file is shown as `path`; returns its number.
pub(super) async fn insert(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    task: &NewTask,
    path: &str,
    (state, now): (TaskState, i64),
) -> Result<i64, sqlx::Error> {
    let readers: Vec<String> = task.readers.iter().map(Reader::to_string).collect();
    sqlx::query_scalar(
        "INSERT INTO tasks (tenant, kind, collection, path, source, label, readers, state, error, enqueued, finished)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(tenant.as_str())
    .bind(task.operation.name())
    .bind(&task.collection)
    .bind(path)
    .bind(source::to_bytes(&task.source))
    .bind(task.label.to_string())
    .bind(to_json(&readers)?)
    .bind(state.name())
    .bind(task.error.as_ref().map(to_json).transpose()?)
    .bind(now)
    .bind(task.error.is_some().then_some(now))
    .fetch_one(transaction)
    .await
}

async fn finish(
    writer: &mut SqliteConnection,
    tenant: &Tenant,
    ends: &[(i64, Result<Option<Outcome>, TaskError>)],
    now: i64,
) -> Result<(), sqlx::Error> {
    let mut transaction = writer.begin().await?;
    for (id, end) in ends {
        let (state, outcome, error) = match end {
            Ok(outcome) => (TaskState::Succeeded, outcome.map(Outcome::name), None),
            Err(error) => (TaskState::Failed, None, Some(to_json(error)?)),
        };
        sqlx::query(
            "UPDATE tasks SET state = ?, outcome = coalesce(?, outcome), error = ?, evidence = NULL, finished = ?
             WHERE tenant = ? AND id = ?",
        )
        .bind(state.name())
        .bind(outcome)
        .bind(error)
        .bind(now)
        .bind(tenant.as_str())
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await
}

fn task(row: &SqliteRow) -> Result<Task, sqlx::Error> {
    let word = |column: &str| -> Result<serde_json::Value, sqlx::Error> {
        row.try_get::<Option<String>, _>(column)
            .map(serde_json::Value::from)
    };
    let decode = |error: serde_json::Error| sqlx::Error::Decode(error.into());
    let readers: Vec<String> = json(row, "readers")?;
    let readers: Result<_, _> = readers.iter().map(|reader| reader.parse()).collect();
    let optional = |column: &str| match row.try_get::<Option<&str>, _>(column)? {
        Some(text) => serde_json::from_str(text).map(Some).map_err(decode),
        None => Ok(None),
    };
    Ok(Task {
        id: row.try_get("id")?,
        operation: serde_json::from_value(word("kind")?).map_err(decode)?,
        collection: row.try_get("collection")?,
        source: source::from_bytes(row.try_get("source")?),
        path: row.try_get("path")?,
        label: parsed(row, "label")?,
        readers: readers.map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
        state: serde_json::from_value(word("state")?).map_err(decode)?,
        outcome: serde_json::from_value(word("outcome")?).map_err(decode)?,
        document: row.try_get("document")?,
        evidence: optional("evidence")?,
        error: match optional("error")? {
            Some(value) => Some(serde_json::from_value(value).map_err(decode)?),
            None => None,
        },
        enqueued: row.try_get("enqueued")?,
        finished: row.try_get("finished")?,
    })
}
