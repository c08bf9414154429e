//! What must hold of a data folder whenever no ingest is under way, whatever happened before.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use trousseau_core::principal::{Principal, Tenant};
use trousseau_gateway::logs;
use trousseau_gateway::service::Gateway;
use trousseau_ledger::{VerifyOptions, verify};

use crate::stage::{REPLICA, entries};

/// Statements that find what belongs to nothing, or what a document lacks.
const LOOSE_ENDS: &[(&str, &str)] = &[
    (
        "texts without a document",
        "SELECT count(*) FROM texts t WHERE NOT EXISTS
         (SELECT 1 FROM documents d WHERE d.tenant = t.tenant AND d.id = t.document)",
    ),
    (
        "chunks without a document",
        "SELECT count(*) FROM chunks t WHERE NOT EXISTS
         (SELECT 1 FROM documents d WHERE d.tenant = t.tenant AND d.id = t.document)",
    ),
    (
        "readers without a document",
        "SELECT count(*) FROM readers t WHERE NOT EXISTS
         (SELECT 1 FROM documents d WHERE d.tenant = t.tenant AND d.id = t.document)",
    ),
    (
        "originals without a document",
        "SELECT count(*) FROM originals o WHERE NOT EXISTS
         (SELECT 1 FROM documents d WHERE d.tenant = o.tenant AND d.digest = o.digest)",
    ),
    (
        "documents without their original",
        "SELECT count(*) FROM documents d WHERE NOT EXISTS
         (SELECT 1 FROM originals o WHERE d.tenant = o.tenant AND d.digest = o.digest)",
    ),
    (
        "documents without a text",
        "SELECT count(*) FROM documents d WHERE NOT EXISTS
         (SELECT 1 FROM texts t WHERE d.tenant = t.tenant AND d.id = t.document)",
    ),
    (
        "documents without readers",
        "SELECT count(*) FROM documents d WHERE NOT EXISTS
         (SELECT 1 FROM readers t WHERE d.tenant = t.tenant AND d.id = t.document)",
    ),
    (
        "documents whose chunks have gaps",
        "SELECT count(*) FROM (SELECT count(c.id) AS n, max(c.ordinal) + 1 AS last FROM documents d
         LEFT JOIN chunks c ON c.tenant = d.tenant AND c.document = d.id GROUP BY d.tenant, d.id)
         WHERE n = 0 OR n <> last",
    ),
    (
        "tasks that have not ended",
        "SELECT count(*) FROM tasks WHERE state NOT IN ('succeeded', 'failed') OR evidence IS NOT NULL",
    ),
];

/// Checks everything that can be checked without knowing what was ingested.
pub(crate) async fn check(data: &Path) {
    let mut database = database(data, "documents.sqlite").await;
    for (what, sql) in LOOSE_ENDS {
        let found: i64 = sqlx::query_scalar(*sql).fetch_one(&mut database).await.unwrap();
        assert_eq!(found, 0, "{what}");
    }
    let sound: String = sqlx::query_scalar("PRAGMA integrity_check")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(sound, "ok");
    let changes: Vec<(String, i64)> =
        sqlx::query_as("SELECT tenant, id FROM tasks WHERE outcome IN ('added', 'replaced', 'removed')")
            .fetch_all(&mut database)
            .await
            .unwrap();
    let mut entered: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
    for (tenant, task) in changes {
        let entered = entered.entry(tenant.clone()).or_insert_with(|| {
            let entries = entries(data, &crate::stage::tenant(&tenant));
            let tasks = entries.iter().filter(|entry| entry["type"] == "document");
            tasks.map(|entry| entry["task"].as_i64().unwrap()).collect()
        });
        assert!(entered.contains(&task), "task {task} has no entry in the ledger");
    }
    check_ledger(data, &Tenant::default());
}

/// Checks that the ledger verifies and that every decision has its one outcome: its own, or that of the decision before it
/// which it continues.
pub(crate) fn check_ledger(data: &Path, tenant: &Tenant) {
    let folder = logs::folder(data, tenant, REPLICA);
    if !folder.exists() {
        return;
    }
    assert_eq!(verify(&folder, &VerifyOptions::default()).unwrap().findings, []);
    let entries = entries(data, tenant);
    for (index, _) in entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| entry["type"] == "decision")
    {
        let continues = entries[index]["continues"].as_u64();
        if let Some(first) = continues.map(|first| usize::try_from(first).unwrap()) {
            assert!(first < index, "decision {index} continues {first}");
            assert_eq!(entries[first]["type"], "decision");
            assert!(entries[first]["continues"].is_null());
        }
        let expected = usize::from(continues.is_none());
        let outcomes = entries.iter().filter(|entry| entry["decision"] == index);
        assert_eq!(outcomes.count(), expected, "outcomes of decision {index}");
    }
}

/// Checks that exactly these files, each with its word, are documents and are found, and that these words are not.
pub(crate) async fn check_documents(
    gateway: &Gateway,
    tenant: &Tenant,
    present: &BTreeMap<String, String>,
    gone: &[String],
) {
    let reader = Principal::operator(tenant.clone());
    let library = &gateway.library;
    let rows = library.store().documents(&reader, None).await.unwrap();
    let found: BTreeSet<&str> = rows
        .iter()
        .map(|row| row.path.rsplit('/').next().unwrap())
        .collect();
    let expected: BTreeSet<&str> = present.keys().map(String::as_str).collect();
    assert_eq!(found, expected);
    assert_eq!(rows.len(), expected.len());
    for (name, word) in present {
        let hits = library.search(&reader, word, None, 20).await.unwrap();
        assert!(!hits.is_empty(), "{name} is not found by {word}");
        for hit in hits {
            assert!(hit.path.ends_with(name), "{} found by {word}", hit.path);
            assert!(hit.text.contains(word), "{word} is not in {:?}", hit.text);
        }
    }
    for word in gone {
        let hits = library.search(&reader, word, None, 20).await.unwrap();
        // A word that nothing holds any more may find one that is written like it; never itself.
        assert!(hits.iter().all(|hit| !hit.text.contains(word)), "{word} has gone");
    }
}

pub(crate) async fn database(data: &Path, name: &str) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(data.join(name))
        .connect()
        .await
        .unwrap()
}
