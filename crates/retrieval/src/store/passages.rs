//! The check of hits against the truth: what does not exist any more, or is not this reader's, is dropped.

use std::collections::HashMap;

use serde_json::json;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use trousseau_core::document::{Passage, Span};
use trousseau_core::principal::Principal;

use super::Store;
use super::documents::readable;
use crate::columns::{self, parsed};
use crate::error::StoreError;
use crate::lexical::LexicalHit;

const SELECT: &str =
    "SELECT c.id AS chunk, c.document, c.heading, c.char_start, c.char_end, c.blocks, c.text,
        d.version, d.collection, d.title, d.path, d.label
    FROM json_each(?6) AS hit
    CROSS JOIN chunks c ON c.id = hit.value
    CROSS JOIN documents d ON d.tenant = c.tenant AND d.id = c.document";

impl Store {
    /// The passages of these hits, in their order, without those that are gone or another document's by now,
    /// that `principal` may not read, or that lie outside `collections` (all when `None`).
    pub async fn passages(
        &self,
        principal: &Principal,
        collections: Option<&[String]>,
        hits: &[LexicalHit],
    ) -> Result<Vec<Passage>, StoreError> {
        let ids: Vec<i64> = hits.iter().map(|hit| hit.chunk).collect();
        let rows = readable(
            principal,
            SELECT,
            "AND (?5 IS NULL OR d.collection IN (SELECT value FROM json_each(?5)))",
        )
        .bind(collections.map(|names| json!(names).to_string()))
        .bind(json!(ids).to_string())
        .fetch_all(self.database.readers())
        .await
        .map_err(|error| self.database.fault(error))?;
        let read: Result<Vec<Passage>, sqlx::Error> = rows.iter().map(passage).collect();
        let read = read.map_err(|error| self.database.fault(error))?;
        let mut by_chunk: HashMap<i64, Passage> =
            read.into_iter().map(|found| (found.chunk, found)).collect();
        let in_order = hits.iter().filter_map(|hit| {
            let found = by_chunk.remove(&hit.chunk)?;
            (found.document == hit.document).then_some(())?;
            Some(Passage {
                score: hit.score,
                ..found
            })
        });
        Ok(in_order.collect())
    }
}

fn passage(row: &SqliteRow) -> Result<Passage, sqlx::Error> {
    let place = |column: &str| row.try_get::<i64, _>(column).map(|at| at as usize);
    Ok(Passage {
        document: row.try_get("document")?,
        collection: row.try_get("collection")?,
        version: row.try_get::<i64, _>("version")?.unsigned_abs(),
        chunk: row.try_get("chunk")?,
        title: row.try_get("title")?,
        path: row.try_get("path")?,
        heading: columns::json(row, "heading")?,
        span: Span {
            start: place("char_start")?,
            end: place("char_end")?,
        },
        text: row.try_get("text")?,
        blocks: columns::json(row, "blocks")?,
        label: parsed(row, "label")?,
        score: 0.0,
    })
}
