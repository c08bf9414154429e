//! Files of collections: uploads attached to one, and documents that came another way.

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use trousseau_core::label::Label;
use trousseau_core::principal::{Principal, Reader, Tenant};

use super::Store;
use super::documents::{READABLE, by_reader};
use super::paging::{Page, Paging};
use super::tasks::{NewTask, Operation, TaskError, TaskState, insert};
use crate::columns::{self, to_json};
use crate::error::StoreError;
use crate::source;

/// The first part of the id of a file that is a document which came another way than as an upload.
pub const DOCUMENT_FILE: &str = "file-";

/// An upload that is to become a document.
#[derive(Clone, Debug)]
pub struct NewAttachment {
    /// The upload.
    pub file: String,
    /// Where its bytes are; absolute.
    pub source: PathBuf,
    /// What the source is shown as.
    pub path: String,
    /// The label of the document, before anything is found in its text.
    pub label: Label,
    /// What its giver writes beside it.
    pub attributes: Map<String, Value>,
}

/// Uploads that are attached to a collection together.
#[derive(Clone, Debug)]
pub struct Attaching<'a> {
    /// The collection.
    pub collection: &'a str,
    /// Who may read the documents.
    pub readers: &'a [Reader],
    /// What they are known as together, if anything.
    pub batch: Option<&'a str>,
    /// The uploads.
    pub uploads: &'a [NewAttachment],
    /// When, in milliseconds since 1970.
    pub now: i64,
}

/// How far a file of a collection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Its task waits or is worked on.
    InProgress,
    /// It is a document.
    Completed,
    /// It could not be made one.
    Failed,
}

impl Progress {
    const ALL: [Self; 3] = [Self::InProgress, Self::Completed, Self::Failed];

    const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// A file of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The upload's id, or [`DOCUMENT_FILE`] and the document's.
    pub id: String,
    /// Whether it is an upload.
    pub uploaded: bool,
    /// What it is shown as: a name or a path.
    pub name: String,
    /// When it came, in milliseconds since 1970.
    pub created: i64,
    /// Its size, in bytes.
    pub size: u64,
    /// The document's id.
    pub document: String,
    /// Where its bytes were when it came.
    pub source: PathBuf,
    /// What its giver wrote beside it.
    pub attributes: Map<String, Value>,
    /// How far it is.
    pub progress: Progress,
    /// Why it failed.
    pub error: Option<TaskError>,
}

/// Which files of a collection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Members<'a> {
    /// The collection.
    pub collection: &'a str,
    /// Those of this batch.
    pub batch: Option<&'a str>,
    /// Those that are so far.
    pub progress: Option<Progress>,
    /// Uploads whatever the reader may read, for whoever looks after the collection.
    pub all_uploads: bool,
}

/// How many files there are, by how far they are, and how large they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that wait or are worked on.
    pub in_progress: u64,
    /// Those that are documents.
    pub completed: u64,
    /// Those that failed.
    pub failed: u64,
    /// The bytes of those that are documents.
    pub bytes: u64,
}

/// Attachments made together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its id.
    pub id: String,
    /// When it was made, in milliseconds since 1970.
    pub created: i64,
}

/// An upload that a document was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The upload's id.
    pub file: String,
    /// What its giver wrote beside it.
    pub attributes: Map<String, Value>,
}

/// The files of collection ?5 that a reader sees, as `listed`; the binds 1 to 4 are the reader's, ?6 is whether every
/// upload is seen, ?7 the reader's name, ?8 the batch. An upload whose document somebody removed is gone.
fn listed() -> String {
    format!(
        "WITH listed AS (
             SELECT a.file AS id, 1 AS uploaded, f.name AS name, a.created AS created, f.size AS size,
                 a.attributes AS attributes, a.document AS document, a.source AS source, t.error AS error,
                 CASE WHEN t.state IN ('enqueued', 'processing', 'committed') THEN 'in_progress'
                      WHEN t.state = 'failed' THEN 'failed' ELSE 'completed' END AS progress
             FROM attachments a
             JOIN files f ON f.tenant = a.tenant AND f.id = a.file
             LEFT JOIN documents d ON d.tenant = a.tenant AND d.id = a.document
             LEFT JOIN tasks t ON t.tenant = a.tenant AND t.id = a.task
             WHERE a.tenant = ?1 AND a.collection = ?5 AND (?8 IS NULL OR a.batch = ?8)
                 AND (d.id IS NOT NULL OR t.state NOT IN ('succeeded'))
                 AND (?6 OR f.owner = ?7 OR (d.id IS NOT NULL AND {READABLE}))
             UNION ALL
             SELECT '{DOCUMENT_FILE}' || d.id, 0, d.path, d.updated, d.size, '{{}}', d.id, d.source, NULL, 'completed'
             FROM documents d
             WHERE d.collection = ?5 AND ?8 IS NULL AND {READABLE} AND NOT EXISTS (
                 SELECT 1 FROM attachments a WHERE a.tenant = d.tenant AND a.document = d.id))"
    )
}

impl Store {
    /// Attaches uploads to a collection: each gets a task that makes it a document, unless it is one or has one already.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoCollection`], [`StoreError::NoFile`]: then none is attached.
    pub async fn attach(&self, tenant: &Tenant, attaching: &Attaching<'_>) -> Result<(), StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        let there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM collections WHERE tenant = ? AND name = ?)")
                .bind(tenant.as_str())
                .bind(attaching.collection)
                .fetch_one(&mut *transaction)
                .await
                .map_err(fault)?;
        if !there {
            let name = attaching.collection.to_owned();
            return Err(StoreError::NoCollection { name });
        }
        if let Some(batch) = attaching.batch {
            sqlx::query("INSERT INTO batches (tenant, id, collection, created) VALUES (?, ?, ?, ?)")
                .bind(tenant.as_str())
                .bind(batch)
                .bind(attaching.collection)
                .bind(attaching.now)
                .execute(&mut *transaction)
                .await
                .map_err(fault)?;
        }
        for upload in attaching.uploads {
            let attached = attach_one(&mut transaction, tenant, attaching, upload).await;
            if !attached.map_err(fault)? {
                let id = upload.file.clone();
                return Err(StoreError::NoFile { id });
            }
        }
        transaction.commit().await.map_err(fault)
    }

    /// A page of the files of a collection that `principal` may see.
    pub async fn members(
        &self,
        principal: &Principal,
        members: &Members<'_>,
        paging: &Paging,
    ) -> Result<Page<Member>, StoreError> {
        let sql = format!(
            "{} SELECT * FROM listed WHERE (?9 IS NULL OR progress = ?9) AND {}",
            listed(),
            paging.clause(10)
        );
        let rows = of_members(principal, members, sql)
            .bind(members.progress.map(Progress::name))
            .bind(paging.cursor().map(str::to_owned))
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let read: Result<Vec<Member>, sqlx::Error> = rows.iter().map(member).collect();
        let read = read.map_err(|error| self.database.fault(error))?;
        Ok(paging.cut(read))
    }

    /// One file of a collection, if `principal` may see it.
    pub async fn member(
        &self,
        principal: &Principal,
        members: &Members<'_>,
        id: &str,
    ) -> Result<Option<Member>, StoreError> {
        let sql = format!("{} SELECT * FROM listed WHERE id = ?9", listed());
        let row = of_members(principal, members, sql)
            .bind(id.to_owned())
            .fetch_optional(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let read = row.as_ref().map(member).transpose();
        read.map_err(|error| self.database.fault(error))
    }

    /// How many files `principal` sees of a collection.
    pub async fn count_members(
        &self,
        principal: &Principal,
        members: &Members<'_>,
    ) -> Result<Counts, StoreError> {
        let sql = format!(
            "{} SELECT progress, count(*) AS count, sum(size) AS bytes FROM listed GROUP BY progress",
            listed()
        );
        let rows = of_members(principal, members, sql)
            .fetch_all(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))?;
        let mut counts = Counts::default();
        for row in &rows {
            counts.add(row).map_err(|error| self.database.fault(error))?;
        }
        Ok(counts)
    }

    /// A batch of a collection.
    pub async fn batch(
        &self,
        tenant: &Tenant,
        collection: &str,
        id: &str,
    ) -> Result<Option<Batch>, StoreError> {
        let row: Option<(String, i64)> =
            sqlx::query_as("SELECT id, created FROM batches WHERE tenant = ? AND collection = ? AND id = ?")
                .bind(tenant.as_str())
                .bind(collection)
                .bind(id)
                .fetch_optional(self.database.readers())
                .await
                .map_err(|error| self.database.fault(error))?;
        Ok(row.map(|(id, created)| Batch { id, created }))
    }

    /// Writes other attributes beside an attached upload. `false` when it is not attached.
    pub async fn set_attributes(
        &self,
        tenant: &Tenant,
        collection: &str,
        file: &str,
        attributes: &Map<String, Value>,
    ) -> Result<bool, StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let set = sqlx::query(
            "UPDATE attachments SET attributes = ? WHERE tenant = ? AND collection = ? AND file = ?",
        )
        .bind(to_json(attributes).map_err(fault)?)
        .bind(tenant.as_str())
        .bind(collection)
        .bind(file)
        .execute(&mut *writer)
        .await
        .map_err(fault)?;
        Ok(set.rows_affected() > 0)
    }

    /// Forgets that an upload was attached.
    pub async fn detach(&self, tenant: &Tenant, collection: &str, file: &str) -> Result<(), StoreError> {
        let mut writer = self.database.writer().await?;
        sqlx::query("DELETE FROM attachments WHERE tenant = ? AND collection = ? AND file = ?")
            .bind(tenant.as_str())
            .bind(collection)
            .bind(file)
            .execute(&mut *writer)
            .await
            .map_err(|error| self.database.fault(error))?;
        Ok(())
    }

    /// The uploads that these documents were made from, by document.
    pub async fn origins(
        &self,
        tenant: &Tenant,
        documents: &[&str],
    ) -> Result<HashMap<String, Origin>, StoreError> {
        let fault = |error| self.database.fault(error);
        let rows = sqlx::query(
            "SELECT document, file, attributes FROM attachments
             WHERE tenant = ? AND document IN (SELECT value FROM json_each(?))",
        )
        .bind(tenant.as_str())
        .bind(json!(documents).to_string())
        .fetch_all(self.database.readers())
        .await
        .map_err(fault)?;
        let origin = |row: &SqliteRow| {
            let origin = Origin {
                file: row.try_get("file")?,
                attributes: columns::json(row, "attributes")?,
            };
            Ok((row.try_get("document")?, origin))
        };
        rows.iter()
            .map(origin)
            .collect::<Result<_, sqlx::Error>>()
            .map_err(fault)
    }
}

/// A query on [`listed`] with its eight binds.
fn of_members(
    principal: &Principal,
    members: &Members<'_>,
    sql: String,
) -> sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
    by_reader(principal, sql)
        .bind(members.collection.to_owned())
        .bind(members.all_uploads)
        .bind(principal.user.clone())
        .bind(members.batch.map(str::to_owned))
}

/// Attaches one upload. `false` when it is gone.
async fn attach_one(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    attaching: &Attaching<'_>,
    upload: &NewAttachment,
) -> Result<bool, sqlx::Error> {
    let stands: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM attachments a LEFT JOIN tasks t ON t.tenant = a.tenant AND t.id = a.task
             WHERE a.tenant = ?1 AND a.collection = ?2 AND a.file = ?3 AND (t.state IN ('enqueued', 'processing', 'committed')
                 OR (coalesce(t.state, '') <> 'failed' AND EXISTS (
                     SELECT 1 FROM documents d WHERE d.tenant = a.tenant AND d.id = a.document))))",
    )
    .bind(tenant.as_str())
    .bind(attaching.collection)
    .bind(&upload.file)
    .fetch_one(&mut *transaction)
    .await?;
    if stands {
        sqlx::query(
            "UPDATE attachments SET attributes = ?, batch = coalesce(?, batch)
             WHERE tenant = ? AND collection = ? AND file = ?",
        )
        .bind(to_json(&upload.attributes)?)
        .bind(attaching.batch)
        .bind(tenant.as_str())
        .bind(attaching.collection)
        .bind(&upload.file)
        .execute(transaction)
        .await?;
        return Ok(true);
    }
    let task = NewTask {
        operation: Operation::Ingest,
        collection: attaching.collection.to_owned(),
        source: upload.source.clone(),
        label: upload.label.clone(),
        readers: attaching.readers.to_vec(),
        error: None,
    };
    let state = (TaskState::Enqueued, attaching.now);
    let number = insert(transaction, tenant, &task, &upload.path, state).await?;
    let attached = sqlx::query(
        "INSERT INTO attachments (tenant, collection, file, document, source, task, batch, attributes, created)
         SELECT tenant, ?, id, ?, ?, ?, ?, ?, ? FROM files WHERE tenant = ? AND id = ?
         ON CONFLICT (tenant, collection, file) DO UPDATE SET document = excluded.document, source = excluded.source,
             task = excluded.task, batch = excluded.batch, attributes = excluded.attributes, created = excluded.created",
    )
    .bind(attaching.collection)
    .bind(source::document_id(tenant, attaching.collection, &upload.source))
    .bind(source::to_bytes(&upload.source))
    .bind(number)
    .bind(attaching.batch)
    .bind(to_json(&upload.attributes)?)
    .bind(attaching.now)
    .bind(tenant.as_str())
    .bind(&upload.file)
    .execute(transaction)
    .await?;
    Ok(attached.rows_affected() > 0)
}

fn member(row: &SqliteRow) -> Result<Member, sqlx::Error> {
    let error = match row.try_get::<Option<&str>, _>("error")? {
        Some(_) => Some(columns::json(row, "error")?),
        None => None,
    };
    Ok(Member {
        id: row.try_get("id")?,
        uploaded: row.try_get("uploaded")?,
        name: row.try_get("name")?,
        created: row.try_get("created")?,
        size: row.try_get::<i64, _>("size")?.unsigned_abs(),
        document: row.try_get("document")?,
        source: source::from_bytes(row.try_get("source")?),
        attributes: columns::json(row, "attributes")?,
        progress: progress(row)?,
        error,
    })
}

fn progress(row: &SqliteRow) -> Result<Progress, sqlx::Error> {
    let name: &str = row.try_get("progress")?;
    let found = Progress::ALL.into_iter().find(|progress| progress.name() == name);
    found.ok_or_else(|| sqlx::Error::Decode(format!("progress: {name}").into()))
}

impl Counts {
    fn add(&mut self, row: &SqliteRow) -> Result<(), sqlx::Error> {
        let count = row.try_get::<i64, _>("count")?.unsigned_abs();
        match progress(row)? {
            Progress::InProgress => self.in_progress = count,
            Progress::Failed => self.failed = count,
            Progress::Completed => {
                self.completed = count;
                self.bytes = row.try_get::<i64, _>("bytes")?.unsigned_abs();
            }
        }
        Ok(())
    }
}
