//! The tables of `documents.sqlite`. Every table carries its tenant.

use crate::database::Schema;

/// `documents.sqlite`.
pub(super) const DOCUMENTS: Schema = Schema {
    steps: &[STEP_1, STEP_2],
};

/// - `documents` holds one row per current document; `version` counts its replacements.
/// - `texts` and `chunks` hold what was read from it; `originals` the bytes it was read from, once per digest.
/// - `declared` is the label its collection and the command gave it, without what was found in its text; `secret`
///   salts the commitments to it in the ledger.
/// - `readers` is its access list.
/// - `outbox` names, in order, the documents whose derived indexes are to be brought up to date.
/// - `tasks` is the durable queue of what is to be ingested and removed.
const STEP_1: &str = "
CREATE TABLE collections (
    tenant  TEXT NOT NULL,
    name    TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE originals (
    tenant TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes  BLOB NOT NULL,
    PRIMARY KEY (tenant, digest)
) STRICT;

CREATE TABLE documents (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    collection TEXT NOT NULL,
    source     BLOB NOT NULL,
    path       TEXT NOT NULL,
    title      TEXT NOT NULL,
    format     TEXT NOT NULL,
    digest     TEXT NOT NULL,
    size       INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    class      INTEGER NOT NULL,
    label      TEXT NOT NULL,
    declared   TEXT NOT NULL,
    secret     BLOB NOT NULL,
    warnings   TEXT NOT NULL,
    updated    INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    UNIQUE (tenant, collection, path),
    FOREIGN KEY (tenant, collection) REFERENCES collections (tenant, name),
    FOREIGN KEY (tenant, digest) REFERENCES originals (tenant, digest)
) STRICT;
CREATE INDEX documents_by_digest ON documents (tenant, digest);

CREATE TABLE readers (
    tenant   TEXT NOT NULL,
    document TEXT NOT NULL,
    reader   TEXT NOT NULL,
    PRIMARY KEY (tenant, document, reader),
    FOREIGN KEY (tenant, document) REFERENCES documents (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE texts (
    tenant   TEXT NOT NULL,
    document TEXT NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (tenant, document),
    FOREIGN KEY (tenant, document) REFERENCES documents (tenant, id) ON DELETE CASCADE
) STRICT;

CREATE TABLE chunks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     TEXT NOT NULL,
    document   TEXT NOT NULL,
    ordinal    INTEGER NOT NULL,
    heading    TEXT NOT NULL,
    char_start INTEGER NOT NULL,
    char_end   INTEGER NOT NULL,
    page       INTEGER,
    blocks     TEXT NOT NULL,
    text       TEXT NOT NULL,
    FOREIGN KEY (tenant, document) REFERENCES documents (tenant, id) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX chunks_by_document ON chunks (tenant, document, ordinal);

CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE tasks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant     TEXT NOT NULL,
    kind       TEXT NOT NULL,
    collection TEXT NOT NULL,
    path       TEXT NOT NULL,
    source     BLOB NOT NULL,
    label      TEXT NOT NULL,
    readers    TEXT NOT NULL,
    state      TEXT NOT NULL,
    outcome    TEXT,
    document   TEXT,
    evidence   TEXT,
    error      TEXT,
    enqueued   INTEGER NOT NULL,
    finished   INTEGER
) STRICT;
CREATE INDEX tasks_by_state ON tasks (tenant, state, id);
";

/// Files and collections that come over HTTP.
///
/// - A collection has an id, which stays when it is shown under another title. `readers` is the access list of one that
///   somebody made there; that of the others is in the configuration.
/// - `files` holds one row per upload; its bytes lie in the folder of uploads.
/// - `attachments` says which upload is to be which document of which collection, and which task sees to it.
/// - `batches` names attachments that were made together.
const STEP_2: &str = "
ALTER TABLE collections ADD COLUMN id TEXT;
ALTER TABLE collections ADD COLUMN title TEXT;
ALTER TABLE collections ADD COLUMN owner TEXT;
ALTER TABLE collections ADD COLUMN readers TEXT;
ALTER TABLE collections ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
UPDATE collections SET id = 'vs_' || lower(hex(randomblob(12)));
CREATE UNIQUE INDEX collections_by_id ON collections (tenant, id);

CREATE TABLE files (
    tenant  TEXT NOT NULL,
    id      TEXT NOT NULL,
    owner   TEXT NOT NULL,
    name    TEXT NOT NULL,
    purpose TEXT NOT NULL,
    digest  TEXT NOT NULL,
    size    INTEGER NOT NULL,
    label   TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_owner ON files (tenant, owner, created, id);

CREATE TABLE batches (
    tenant     TEXT NOT NULL,
    id         TEXT NOT NULL,
    collection TEXT NOT NULL,
    created    INTEGER NOT NULL,
    PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, collection) REFERENCES collections (tenant, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_by_collection ON batches (tenant, collection);

CREATE TABLE attachments (
    tenant     TEXT NOT NULL,
    collection TEXT NOT NULL,
    file       TEXT NOT NULL,
    document   TEXT NOT NULL,
    source     BLOB NOT NULL,
    task       INTEGER NOT NULL,
    batch      TEXT,
    attributes TEXT NOT NULL,
    created    INTEGER NOT NULL,
    PRIMARY KEY (tenant, collection, file),
    FOREIGN KEY (tenant, collection) REFERENCES collections (tenant, name) ON DELETE CASCADE,
    FOREIGN KEY (tenant, file) REFERENCES files (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX attachments_by_document ON attachments (tenant, document);
CREATE INDEX attachments_by_file ON attachments (tenant, file);
CREATE INDEX attachments_by_batch ON attachments (tenant, batch);
";

#[cfg(test)]
mod tests {
    use trousseau_core::principal::Tenant;

    use super::*;
    use crate::database::{Access, Database};
    use crate::store::Store;

    #[tokio::test]
    async fn collections_of_an_older_file_get_an_id_that_stays() {
        let folder = tempfile::tempdir().unwrap();
        let first = Schema { steps: &[STEP_1] };
        let path = folder.path().join("documents.sqlite");
        let old = Database::open(&path, &first, Access::Write).await.unwrap();
        sqlx::raw_sql(
            "INSERT INTO collections VALUES ('default', 'a', 1), ('default', 'b', 2), ('autre', 'a', 3)",
        )
        .execute(&mut *old.writer().await.unwrap())
        .await
        .unwrap();
        old.close().await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            let store = Store::open(folder.path(), Access::Write).await.unwrap();
            let found = store.all_collections(&Tenant::default()).await.unwrap();
            let ids: Vec<String> = found.iter().map(|one| one.id.clone()).collect();
            assert!(
                ids.len() == 2 && ids[0] != ids[1] && ids[0].starts_with("vs_"),
                "{ids:?}"
            );
            assert!(
                found
                    .iter()
                    .all(|one| one.readers.is_none() && one.owner.is_none())
            );
            seen.push(ids);
            store.close().await;
        }
        assert_eq!(seen[0], seen[1]);
    }
}
