//! The statements of one replacement or removal, run inside the caller's transaction.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::json;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use trousseau_core::digest::Digest;
use trousseau_core::document::{Block, Chunk};
use trousseau_core::label::{Class, Label};
use trousseau_core::principal::Tenant;

use super::Blocks;
use super::documents::{Committed, NewDocument};
use super::tasks::{Outcome, Task};
use crate::columns::{self, parsed, to_json};
use crate::lexical::{Change, IndexedChunk, IndexedDocument};
use crate::source;

/// Keeps one document in place of its earlier version, and names it in the outbox.
pub(super) async fn keep(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    document: &NewDocument,
    now: i64,
) -> Result<Committed, sqlx::Error> {
    sqlx::query("INSERT OR IGNORE INTO originals (tenant, digest, bytes) VALUES (?, ?, ?)")
        .bind(tenant.as_str())
        .bind(document.digest.to_string())
        .bind(&document.original)
        .execute(&mut *transaction)
        .await?;
    let earlier: Option<String> =
        sqlx::query_scalar("SELECT digest FROM documents WHERE tenant = ? AND id = ?")
            .bind(tenant.as_str())
            .bind(&document.id)
            .fetch_optional(&mut *transaction)
            .await?;
    let version = upsert(transaction, tenant, document, now).await?;
    if let Some(earlier) = &earlier {
        clear(transaction, tenant, &document.id, earlier).await?;
    }
    fill(transaction, tenant, document).await?;
    let outcome = if earlier.is_some() {
        Outcome::Replaced
    } else {
        Outcome::Added
    };
    let committed = Committed {
        task: document.task.id,
        outcome,
        evidence: json!({
            "document": document.id,
            "version": version,
            "digest": document.digest,
            "label": document.label,
            "secret": Digest(document.secret),
        }),
    };
    settle(transaction, tenant, &document.id, &committed).await?;
    Ok(committed)
}

/// Removes the document of a removal task, if it is there, and names it in the outbox.
pub(super) async fn drop_document(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    task: &Task,
) -> Result<Option<Committed>, sqlx::Error> {
    let id = source::document_id(tenant, &task.collection, &task.source);
    let row = sqlx::query("SELECT digest, version, label, secret FROM documents WHERE tenant = ? AND id = ?")
        .bind(tenant.as_str())
        .bind(&id)
        .fetch_optional(&mut *transaction)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let digest: String = row.try_get("digest")?;
    let secret = columns::bytes32(&row, "secret")?;
    sqlx::query("DELETE FROM documents WHERE tenant = ? AND id = ?")
        .bind(tenant.as_str())
        .bind(&id)
        .execute(&mut *transaction)
        .await?;
    clear(transaction, tenant, &id, &digest).await?;
    let committed = Committed {
        task: task.id,
        outcome: Outcome::Removed,
        evidence: json!({
            "document": id,
            "version": row.try_get::<i64, _>("version")?,
            "digest": digest,
            "label": parsed::<Label>(&row, "label")?,
            "secret": Digest(secret),
        }),
    };
    settle(transaction, tenant, &id, &committed).await?;
    Ok(Some(committed))
}

/// Writes the document's row; returns its new version.
async fn upsert(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    document: &NewDocument,
    now: i64,
) -> Result<i64, sqlx::Error> {
    let title = match &document.extracted.title {
        Some(title) => title.clone(),
        None => source::title(&document.task.source),
    };
    sqlx::query_scalar(
        "INSERT INTO documents (tenant, id, collection, source, path, title, format, digest, size, version, class, label,
             declared, secret, warnings, updated)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant, id) DO UPDATE SET title = excluded.title, format = excluded.format,
             digest = excluded.digest, size = excluded.size, version = version + 1, class = excluded.class,
             label = excluded.label, declared = excluded.declared, secret = excluded.secret,
             warnings = excluded.warnings, updated = excluded.updated
         RETURNING version",
    )
    .bind(tenant.as_str())
    .bind(&document.id)
    .bind(&document.task.collection)
    .bind(source::to_bytes(&document.task.source))
    .bind(&document.task.path)
    .bind(title)
    .bind(&document.format)
    .bind(document.digest.to_string())
    .bind(document.original.len() as i64)
    .bind(document.label.class as i64)
    .bind(document.label.to_string())
    .bind(document.task.label.to_string())
    .bind(document.secret.as_slice())
    .bind(to_json(&document.extracted.warnings)?)
    .bind(now)
    .fetch_one(transaction)
    .await
}

/// Deletes what an earlier version left, and its original when no document is read from it any more.
async fn clear(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    id: &str,
    digest: &str,
) -> Result<(), sqlx::Error> {
    for sql in [
        "DELETE FROM readers WHERE tenant = ? AND document = ?",
        "DELETE FROM texts WHERE tenant = ? AND document = ?",
        "DELETE FROM chunks WHERE tenant = ? AND document = ?",
    ] {
        let delete = sqlx::query(sql).bind(tenant.as_str()).bind(id);
        delete.execute(&mut *transaction).await?;
    }
    sqlx::query(
        "DELETE FROM originals WHERE tenant = ?1 AND digest = ?2
         AND NOT EXISTS (SELECT 1 FROM documents WHERE tenant = ?1 AND digest = ?2)",
    )
    .bind(tenant.as_str())
    .bind(digest)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Writes the text, the chunks and the access list of the present version.
async fn fill(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    document: &NewDocument,
) -> Result<(), sqlx::Error> {
    let text = &document.extracted.text;
    sqlx::query("INSERT INTO texts (tenant, document, text) VALUES (?, ?, ?)")
        .bind(tenant.as_str())
        .bind(&document.id)
        .bind(text)
        .execute(&mut *transaction)
        .await?;
    // As its task has it now: the list may have changed since the task was taken up.
    sqlx::query(
        "INSERT OR IGNORE INTO readers (tenant, document, reader)
         SELECT ?1, ?2, list.value FROM tasks t, json_each(t.readers) list WHERE t.id = ?3",
    )
    .bind(tenant.as_str())
    .bind(&document.id)
    .bind(document.task.id)
    .execute(&mut *transaction)
    .await?;
    for (ordinal, chunk) in (0_i64..).zip(&document.chunks) {
        let Some(words) = text.get(chunk.bytes.clone()) else {
            return Err(sqlx::Error::Encode(
                format!("chunk {ordinal} lies outside its text").into(),
            ));
        };
        sqlx::query(
            "INSERT INTO chunks (tenant, document, ordinal, heading, char_start, char_end, page, blocks, text)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(tenant.as_str())
        .bind(&document.id)
        .bind(ordinal)
        .bind(to_json(&chunk.heading)?)
        .bind(chunk.span.start as i64)
        .bind(chunk.span.end as i64)
        .bind(chunk.page)
        .bind(to_json(&blocks_within(&document.extracted.blocks, chunk))?)
        .bind(words)
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}

/// The blocks that a chunk covers, each with its byte range within the chunk's text.
fn blocks_within(blocks: &[Block], chunk: &Chunk) -> Blocks {
    let first = blocks.partition_point(|block| block.bytes.end <= chunk.bytes.start);
    let inside = |block: &&Block| block.bytes.start < chunk.bytes.end;
    let relative = |block: &Block| {
        let clip = |at: usize| at.clamp(chunk.bytes.start, chunk.bytes.end) - chunk.bytes.start;
        (
            block.kind,
            Range {
                start: clip(block.bytes.start),
                end: clip(block.bytes.end),
            },
        )
    };
    let rest = blocks.get(first..).unwrap_or_default();
    rest.iter().take_while(inside).map(relative).collect()
}

/// Names the document in the outbox and marks its task as committed.
async fn settle(
    transaction: &mut SqliteConnection,
    tenant: &Tenant,
    id: &str,
    committed: &Committed,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO outbox (tenant, document) VALUES (?, ?)")
        .bind(tenant.as_str())
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "UPDATE tasks SET state = 'committed', outcome = ?, document = ?, evidence = ? WHERE tenant = ? AND id = ?",
    )
    .bind(committed.outcome.name())
    .bind(id)
    .bind(committed.evidence.to_string())
    .bind(tenant.as_str())
    .bind(committed.task)
    .execute(transaction)
    .await?;
    Ok(())
}

/// Puts documents and their chunks together as changes; an id without a row is a removal.
pub(super) fn assemble(
    ids: &[String],
    documents: &[SqliteRow],
    chunks: &[SqliteRow],
) -> Result<Vec<Change>, sqlx::Error> {
    let mut found: HashMap<String, IndexedDocument> = HashMap::with_capacity(documents.len());
    for row in documents {
        let class: i64 = row.try_get("class")?;
        let class = usize::try_from(class)
            .ok()
            .and_then(|class| Class::ALL.get(class));
        let document = IndexedDocument {
            id: row.try_get("id")?,
            collection: row.try_get("collection")?,
            readers: columns::json(row, "readers")?,
            class: *class.ok_or_else(|| sqlx::Error::Decode("class: out of range".into()))?,
            title: row.try_get("title")?,
            chunks: Vec::new(),
        };
        found.insert(document.id.clone(), document);
    }
    for row in chunks {
        let document: &str = row.try_get("document")?;
        let Some(document) = found.get_mut(document) else {
            continue;
        };
        document.chunks.push(IndexedChunk {
            id: row.try_get("id")?,
            heading: columns::json(row, "heading")?,
            text: row.try_get("text")?,
        });
    }
    let change = |id: &String| match found.remove(id) {
        Some(document) => Change::Put(document),
        None => Change::Remove(id.clone()),
    };
    Ok(ids.iter().map(change).collect())
}
