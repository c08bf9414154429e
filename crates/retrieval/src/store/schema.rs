//! The tables of `documents.sqlite`. Every table carries its tenant.

use crate::database::Schema;

/// `documents.sqlite`.
pub(super) const DOCUMENTS: Schema = Schema { steps: &[STEP_1] };

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
