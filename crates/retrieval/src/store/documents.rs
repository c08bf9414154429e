//! Documents: replaced and removed in one transaction each, listed, shown.

use std::collections::HashMap;
use std::path::PathBuf;

use serde_json::json;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Connection as _, Row as _, Sqlite};
use trousseau_core::digest::Digest;
use trousseau_core::document::{Chunk, Extracted};
use trousseau_core::label::Label;
use trousseau_core::principal::{Principal, Reach, Reader, Tenant};

use super::Store;
use super::tasks::{Outcome, Task};
use super::writes::{assemble, drop_document, keep};
use crate::columns::{self, parsed};
use crate::error::StoreError;
use crate::lexical::Change;
use crate::source;

/// A document read, cut and labelled, ready to be kept.
#[derive(Debug)]
pub struct NewDocument {
    /// The task that brought it.
    pub task: Task,
    /// The document's id.
    pub id: String,
    /// The format it was read as.
    pub format: String,
    /// The digest of the file's bytes.
    pub digest: Digest,
    /// The file's bytes.
    pub original: Vec<u8>,
    /// Its label: declared and found.
    pub label: Label,
    /// What was read.
    pub extracted: Extracted,
    /// How it was cut.
    pub chunks: Vec<Chunk>,
    /// Salts the commitments to it in the ledger.
    pub secret: [u8; 32],
}

/// What a transaction did for one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The task.
    pub task: i64,
    /// What was done.
    pub outcome: Outcome,
    /// What the ledger entry is made from.
    pub evidence: serde_json::Value,
}

/// What is known of a kept document before its file is read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The digest of the kept bytes.
    pub digest: Digest,
    /// The label declared for it.
    pub declared: Label,
    /// Its access list.
    pub readers: Vec<String>,
}

/// A document as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its id.
    pub id: String,
    /// Its collection.
    pub collection: String,
    /// The file it came from.
    pub source: PathBuf,
    /// The file's path as it is shown.
    pub path: String,
    /// Its title.
    pub title: String,
    /// The format it was read as.
    pub format: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its size, in bytes.
    pub size: u64,
    /// Its version, counted from 1.
    pub version: u64,
    /// Its label.
    pub label: Label,
    /// What was odd about the file.
    pub warnings: Vec<String>,
    /// When it was last replaced, in milliseconds since 1970.
    pub updated: i64,
}

/// A document with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The listed part.
    pub row: DocumentRow,
    /// The stored text that all spans point into.
    pub text: String,
}

/// The condition under which a principal may read a document row `d`; it takes the binds 1 to 4.
pub(super) const READABLE: &str = "d.tenant = ?1 AND d.class <= ?2 AND (?3 OR EXISTS (SELECT 1 FROM readers r
    WHERE r.tenant = d.tenant AND r.document = d.id AND r.reader IN (SELECT value FROM json_each(?4))))";

/// A query of `select` restricted to what `principal` may read; `rest` is added to the condition, and its own binds begin
/// at 5.
pub(super) fn readable(
    principal: &Principal,
    select: &str,
    rest: &str,
) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    by_reader(principal, format!("{select} WHERE {READABLE} {rest}"))
}

/// A query in which [`READABLE`] stands, with its four binds.
pub(super) fn by_reader(
    principal: &Principal,
    sql: String,
) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    let readers: Vec<String> = principal.readers().iter().map(Reader::to_string).collect();
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(principal.tenant.to_string())
        .bind(principal.clearance as i64)
        .bind(principal.reach == Reach::Whole)
        .bind(json!(readers).to_string())
}

const ROW: &str =
    "SELECT d.id, d.collection, d.source, d.path, d.title, d.format, d.digest, d.size, d.version, d.label,
    d.warnings, d.updated FROM documents d";

impl Store {
    /// Keeps documents and marks their tasks as committed, all in one transaction.
    pub async fn replace(
        &self,
        tenant: &Tenant,
        documents: &[NewDocument],
        now: i64,
    ) -> Result<Vec<Committed>, StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        let mut done = Vec::with_capacity(documents.len());
        for document in documents {
            let kept = keep(&mut transaction, tenant, document, now)
                .await
                .map_err(fault)?;
            done.push(kept);
        }
        transaction.commit().await.map_err(fault)?;
        Ok(done)
    }

    /// Removes the document of a removal task and marks the task as committed. `None` when it is gone already.
    pub async fn remove(&self, tenant: &Tenant, task: &Task) -> Result<Option<Committed>, StoreError> {
        let fault = |error| self.database.fault(error);
        let mut writer = self.database.writer().await?;
        let mut transaction = writer.begin().await.map_err(fault)?;
        let Some(removed) = drop_document(&mut transaction, tenant, task)
            .await
            .map_err(fault)?
        else {
            return Ok(None);
        };
        transaction.commit().await.map_err(fault)?;
        Ok(Some(removed))
    }

    /// What is kept of each of these files, by document id.
    pub async fn known(&self, tenant: &Tenant, ids: &[String]) -> Result<HashMap<String, Known>, StoreError> {
        let fault = |error| self.database.fault(error);
        let rows = sqlx::query(
            "SELECT id, digest, declared, (SELECT json_group_array(reader ORDER BY reader) FROM readers r
                 WHERE r.tenant = d.tenant AND r.document = d.id) AS readers
             FROM documents d WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))",
        )
        .bind(tenant.as_str())
        .bind(json!(ids).to_string())
        .fetch_all(self.database.readers())
        .await
        .map_err(fault)?;
        let known = |row: &SqliteRow| {
            let known = Known {
                digest: parsed(row, "digest")?,
                declared: parsed(row, "declared")?,
                readers: columns::json(row, "readers")?,
            };
            Ok((row.try_get("id")?, known))
        };
        rows.iter()
            .map(known)
            .collect::<Result<_, sqlx::Error>>()
            .map_err(fault)
    }

    /// The documents that `principal` may read, by collection and path; of one collection, or of all.
    pub async fn documents(
        &self,
        principal: &Principal,
        collection: Option<&str>,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let rows = readable(
            principal,
            ROW,
            "AND (?5 IS NULL OR d.collection = ?5) ORDER BY d.collection, d.path",
        )
        .bind(collection)
        .fetch_all(self.database.readers())
        .await
        .map_err(|error| self.database.fault(error))?;
        let rows: Result<_, sqlx::Error> = rows.iter().map(document_row).collect();
        rows.map_err(|error| self.database.fault(error))
    }

    /// One document with its text, if `principal` may read it.
    pub async fn document(&self, principal: &Principal, id: &str) -> Result<Stored, StoreError> {
        let fault = |error| self.database.fault(error);
        let select = ROW.replace(
            " FROM documents d",
            ", t.text FROM documents d JOIN texts t ON t.tenant = d.tenant AND t.document = d.id",
        );
        let row = readable(principal, &select, "AND d.id = ?5")
            .bind(id)
            .fetch_optional(self.database.readers())
            .await
            .map_err(fault)?
            .ok_or_else(|| StoreError::NoDocument { id: id.to_owned() })?;
        let stored = document_row(&row).and_then(|listed| {
            let text = row.try_get("text")?;
            Ok(Stored { row: listed, text })
        });
        stored.map_err(fault)
    }

    /// One document without its text, if `principal` may read it.
    pub async fn document_row(
        &self,
        principal: &Principal,
        id: &str,
    ) -> Result<Option<DocumentRow>, StoreError> {
        let fault = |error| self.database.fault(error);
        let row = readable(principal, ROW, "AND d.id = ?5")
            .bind(id.to_owned())
            .fetch_optional(self.database.readers())
            .await
            .map_err(fault)?;
        row.as_ref().map(document_row).transpose().map_err(fault)
    }

    /// The headings under which a character of a document stands, if `principal` may read it.
    pub async fn heading_at(
        &self,
        principal: &Principal,
        id: &str,
        character: usize,
    ) -> Result<Vec<String>, StoreError> {
        let fault = |error| self.database.fault(error);
        let select =
            "SELECT c.heading FROM documents d JOIN chunks c ON c.tenant = d.tenant AND c.document = d.id";
        let rest = "AND d.id = ?5 AND c.char_start <= ?6 ORDER BY c.ordinal DESC LIMIT 1";
        let row = readable(principal, select, rest)
            .bind(id.to_owned())
            .bind(character as i64)
            .fetch_optional(self.database.readers())
            .await
            .map_err(fault)?;
        let read = row.as_ref().map(|row| columns::json(row, "heading")).transpose();
        Ok(read.map_err(fault)?.unwrap_or_default())
    }

    /// Whether there is such a document, whoever may read it.
    pub async fn has_document(&self, tenant: &Tenant, id: &str) -> Result<bool, StoreError> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM documents WHERE tenant = ? AND id = ?)")
            .bind(tenant.as_str())
            .bind(id)
            .fetch_one(self.database.readers())
            .await
            .map_err(|error| self.database.fault(error))
    }

    /// The file bytes a readable document was read from.
    pub async fn original(&self, principal: &Principal, id: &str) -> Result<Vec<u8>, StoreError> {
        let fault = |error| self.database.fault(error);
        let select =
            "SELECT o.bytes FROM documents d JOIN originals o ON o.tenant = d.tenant AND o.digest = d.digest";
        let row = readable(principal, select, "AND d.id = ?5")
            .bind(id)
            .fetch_optional(self.database.readers())
            .await
            .map_err(fault)?
            .ok_or_else(|| StoreError::NoDocument { id: id.to_owned() })?;
        row.try_get("bytes").map_err(fault)
    }

    /// The outbox rows after `applied`, as changes of a derived index, with the sequence they bring it to.
    /// `None` when there is nothing to do. At most `limit` documents.
    pub async fn changes_after(
        &self,
        tenant: &Tenant,
        applied: u64,
        limit: usize,
    ) -> Result<Option<(Vec<Change>, u64)>, StoreError> {
        let fault = |error| self.database.fault(error);
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT sequence, document FROM outbox WHERE tenant = ? AND sequence > ? ORDER BY sequence LIMIT ?",
        )
        .bind(tenant.as_str())
        .bind(applied as i64)
        .bind(limit as i64)
        .fetch_all(self.database.readers())
        .await
        .map_err(fault)?;
        let Some((last, _)) = rows.last() else {
            return Ok(None);
        };
        let sequence = last.unsigned_abs();
        let mut ids: Vec<String> = rows.into_iter().map(|(_, document)| document).collect();
        ids.sort_unstable();
        ids.dedup();
        let changes = self.changes(tenant, &ids).await?;
        Ok(Some((changes, sequence)))
    }

    /// The first and the last sequence of the tenant's outbox, both 0 when nothing was ever kept. What came before
    /// the first one is forgotten.
    pub async fn sequences(&self, tenant: &Tenant) -> Result<(u64, u64), StoreError> {
        let (oldest, newest): (i64, i64) = sqlx::query_as(
            "SELECT coalesce(min(sequence), 0), coalesce(max(sequence), 0) FROM outbox WHERE tenant = ?",
        )
        .bind(tenant.as_str())
        .fetch_one(self.database.readers())
        .await
        .map_err(|error| self.database.fault(error))?;
        Ok((oldest.unsigned_abs(), newest.unsigned_abs()))
    }

    /// Every document that is kept or that the outbox still names: what an index is built from.
    pub async fn ever_named(&self, tenant: &Tenant) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar(
            "SELECT id FROM documents WHERE tenant = ?1 UNION SELECT document FROM outbox WHERE tenant = ?1 ORDER BY 1",
        )
        .bind(tenant.as_str())
        .fetch_all(self.database.readers())
        .await
        .map_err(|error| self.database.fault(error))
    }

    /// The present state of these documents as changes of a derived index.
    pub async fn changes(&self, tenant: &Tenant, ids: &[String]) -> Result<Vec<Change>, StoreError> {
        let fault = |error| self.database.fault(error);
        let list = json!(ids).to_string();
        let mut snapshot = self.database.readers().begin().await.map_err(fault)?;
        let documents = sqlx::query(
            "SELECT id, collection, title, class, (SELECT json_group_array(reader) FROM readers r
                 WHERE r.tenant = d.tenant AND r.document = d.id) AS readers
             FROM documents d WHERE tenant = ? AND id IN (SELECT value FROM json_each(?))",
        )
        .bind(tenant.as_str())
        .bind(&list)
        .fetch_all(&mut *snapshot)
        .await
        .map_err(fault)?;
        let chunks = sqlx::query(
            "SELECT document, id, heading, text FROM chunks
             WHERE tenant = ? AND document IN (SELECT value FROM json_each(?)) ORDER BY document, ordinal",
        )
        .bind(tenant.as_str())
        .bind(&list)
        .fetch_all(&mut *snapshot)
        .await
        .map_err(fault)?;
        snapshot.commit().await.map_err(fault)?;
        assemble(ids, &documents, &chunks).map_err(fault)
    }

    /// The files that a collection's documents came from.
    pub async fn sources(&self, tenant: &Tenant, collection: &str) -> Result<Vec<PathBuf>, StoreError> {
        let sources: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT source FROM documents WHERE tenant = ? AND collection = ? ORDER BY path",
        )
        .bind(tenant.as_str())
        .bind(collection)
        .fetch_all(self.database.readers())
        .await
        .map_err(|error| self.database.fault(error))?;
        Ok(sources.iter().map(|bytes| source::from_bytes(bytes)).collect())
    }

    /// The files that a collection's documents came from, and those on which a task waits or is worked on.
    pub async fn sources_and_waiting(
        &self,
        tenant: &Tenant,
        collection: &str,
    ) -> Result<Vec<PathBuf>, StoreError> {
        let sources: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT source FROM documents WHERE tenant = ?1 AND collection = ?2 UNION
             SELECT source FROM tasks WHERE tenant = ?1 AND state IN ('enqueued', 'processing') AND collection = ?2",
        )
        .bind(tenant.as_str())
        .bind(collection)
        .fetch_all(self.database.readers())
        .await
        .map_err(|error| self.database.fault(error))?;
        Ok(sources.iter().map(|bytes| source::from_bytes(bytes)).collect())
    }

    /// Forgets outbox rows that every derived index has applied. The last of them stays: it tells how far the outbox
    /// was forgotten, and of an index that has applied less, that it cannot go on.
    pub async fn prune_outbox(&self, tenant: &Tenant, applied: u64) -> Result<(), StoreError> {
        let sql = "DELETE FROM outbox WHERE tenant = ? AND sequence < ?";
        let mut writer = self.database.writer().await?;
        sqlx::query(sql)
            .bind(tenant.as_str())
            .bind(applied as i64)
            .execute(&mut *writer)
            .await
            .map_err(|error| self.database.fault(error))?;
        Ok(())
    }
}

fn document_row(row: &SqliteRow) -> Result<DocumentRow, sqlx::Error> {
    Ok(DocumentRow {
        id: row.try_get("id")?,
        collection: row.try_get("collection")?,
        source: source::from_bytes(row.try_get("source")?),
        path: row.try_get("path")?,
        title: row.try_get("title")?,
        format: row.try_get("format")?,
        digest: parsed(row, "digest")?,
        size: row.try_get::<i64, _>("size")?.unsigned_abs(),
        version: row.try_get::<i64, _>("version")?.unsigned_abs(),
        label: parsed(row, "label")?,
        warnings: columns::json(row, "warnings")?,
        updated: row.try_get("updated")?,
    })
}
