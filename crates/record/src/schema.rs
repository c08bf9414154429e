//! The tables of `records.sqlite`, as steps from nothing to where one replica is alone. Every table carries its tenant.

/// - `records`: one row per answer; `answer_digest` finds the record of an answer that comes back as history.
/// - `replicas`: per ledger, the secret of its pseudonyms, and the index below which every decision has its outcome.
pub const STEP_1: &str = "
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

/// - `conversations`: lists of records, each of one person; a record names its conversation.
/// - `feedback`: what its owner says of an answer; `rating` is 1 or -1.
/// - `subjects`: per ledger and person, the secret of the pseudonym; erased with the person. Those of before had one
///   secret for all.
/// - `accesses`: who read another's record, and why; `logged` is the ledger entry that says so, NULL until written.
/// - `erasures`: how much was erased; `through` is the last entry of each replica, as JSON; `logged` as above.
pub const STEP_2: &str = "
ALTER TABLE records ADD COLUMN conversation TEXT;
DROP INDEX records_by_answer;
DROP INDEX records_by_time;
CREATE INDEX records_by_answer ON records (tenant, answer_digest) WHERE answer_digest IS NOT NULL;
CREATE INDEX records_by_actor ON records (tenant, actor, created);
CREATE INDEX records_by_conversation ON records (tenant, conversation, created) WHERE conversation IS NOT NULL;

CREATE TABLE conversations (
    tenant  TEXT NOT NULL,
    id      TEXT NOT NULL,
    actor   TEXT NOT NULL,
    title   TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX conversations_by_actor ON conversations (tenant, actor, updated);

CREATE TABLE feedback (
    tenant  TEXT NOT NULL,
    replica TEXT NOT NULL,
    entry   INTEGER NOT NULL,
    rating  INTEGER NOT NULL,
    comment TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, replica, entry),
    FOREIGN KEY (tenant, replica, entry) REFERENCES records (tenant, replica, entry)
        ON DELETE CASCADE ON UPDATE CASCADE
) STRICT;

CREATE TABLE subjects (
    tenant  TEXT NOT NULL,
    replica TEXT NOT NULL,
    actor   TEXT NOT NULL,
    secret  BLOB NOT NULL,
    PRIMARY KEY (tenant, replica, actor)
) STRICT;

INSERT INTO subjects SELECT DISTINCT r.tenant, r.replica, r.actor, p.actor_secret
    FROM records r JOIN replicas p ON p.tenant = r.tenant AND p.replica = r.replica;
ALTER TABLE replicas DROP COLUMN actor_secret;

CREATE TABLE accesses (
    id      INTEGER PRIMARY KEY,
    tenant  TEXT NOT NULL,
    replica TEXT NOT NULL,
    entry   INTEGER NOT NULL,
    officer TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason  TEXT NOT NULL,
    secret  BLOB NOT NULL,
    created INTEGER NOT NULL,
    logged  INTEGER
) STRICT;
CREATE INDEX accesses_by_subject ON accesses (tenant, subject);

CREATE TABLE erasures (
    id      INTEGER PRIMARY KEY,
    tenant  TEXT NOT NULL,
    cause   TEXT NOT NULL,
    records INTEGER NOT NULL,
    through TEXT NOT NULL,
    created INTEGER NOT NULL,
    logged  INTEGER
) STRICT;
";

/// - `searched`: the folded words of questions and answers, each row beside a word for its owner; see the searches of the gateway.
/// - `records.searchable`: the number of that row; NULL until the record is in the index.
pub const STEP_3: &str = "
ALTER TABLE records ADD COLUMN searchable INTEGER;
CREATE UNIQUE INDEX records_by_searchable ON records (searchable) WHERE searchable IS NOT NULL;
CREATE INDEX records_to_index ON records (tenant, actor, created) WHERE searchable IS NULL;

CREATE VIRTUAL TABLE searched USING fts5 (
    owner, words,
    tokenize = \"unicode61 remove_diacritics 0 categories 'L* N* Co M*'\"
);
INSERT INTO searched (searched, rank) VALUES ('secure-delete', 1);

CREATE TRIGGER records_unsearched AFTER DELETE ON records WHEN old.searchable IS NOT NULL BEGIN
    DELETE FROM searched WHERE rowid = old.searchable;
END;
";

/// - `records.parent`: the record that the question follows, as `replica/entry`; those of before stand in one row.
pub const STEP_4: &str = "
ALTER TABLE records ADD COLUMN parent TEXT;
";

/// - `records.reasoning`: what the model wrote before its answer, a [`Reasoning`](crate::Reasoning) as JSON; NULL where it showed none,
///   and in what is from before.
pub const STEP_5: &str = "
ALTER TABLE records ADD COLUMN reasoning TEXT;
";

/// - `records.seams`: where another target went on with the answer, a list of [`Seam`](trousseau_core::chat::Seam)s as JSON; NULL
///   where none did, and in what is from before.
pub const STEP_6: &str = "
ALTER TABLE records ADD COLUMN seams TEXT;
";

/// - `records.tool_calls`: the tools that the answer calls, as JSON; NULL where it calls none, and in what is from before.
pub const STEP_7: &str = "
ALTER TABLE records ADD COLUMN tool_calls TEXT;
";
