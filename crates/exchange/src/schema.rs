//! The tables of the exchange: on the replicas' server, and beside the records in each replica's own file.

use trousseau_state::Steps;

/// In the database of the replicas.
///
/// - `kept`: one row for each thing that replicas have in common: its kind, its name within the tenant, and what it is, as JSON; NULL
///   once it was deleted. `number` grows in the order of the commits, for whoever writes holds the store's lock: who has read up to
///   one has read everything before it. `place` is what only one living record may have, and what a thing is found by that stands
///   beside another.
/// - `members`: which data folder has which name of a replica.
pub(crate) const SHARED: Steps = Steps {
    store: "kept",
    steps: &["
CREATE SEQUENCE trousseau.kept_number;
CREATE TABLE trousseau.kept (
    kind   TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id     TEXT NOT NULL,
    place  TEXT NOT NULL,
    body   TEXT,
    origin TEXT NOT NULL,
    number BIGINT NOT NULL DEFAULT nextval('trousseau.kept_number'),
    PRIMARY KEY (kind, tenant, id)
);
CREATE UNIQUE INDEX kept_by_number ON trousseau.kept (number);
CREATE UNIQUE INDEX kept_once ON trousseau.kept (tenant, place) WHERE kind = 'record' AND body IS NOT NULL;
CREATE TABLE trousseau.members (
    replica TEXT PRIMARY KEY,
    folder  TEXT NOT NULL
);
"],
};

/// A step of `records.sqlite`.
///
/// - `outbox`: the names of what became another here and is not in the database yet.
/// - `exchange`: what tells this data folder from others, which database it shares records over, and up to which number of `kept`
///   they are here.
/// - `accesses.uid`: what an access is called on every replica.
pub const STEP: &str = "
CREATE TABLE outbox (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    kind   TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id     TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_by_id ON outbox (id, tenant, kind);

CREATE TABLE exchange (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    folder   TEXT NOT NULL,
    identity TEXT NOT NULL,
    seen     INTEGER NOT NULL
) STRICT;

ALTER TABLE accesses ADD COLUMN uid TEXT;
CREATE UNIQUE INDEX accesses_by_uid ON accesses (uid);
";

/// Write down what becomes another. A record's name says when it was decided: the number of an entry may be given twice, where a
/// loss of power took the first.
pub(crate) const TRIGGERS: &str = "
CREATE TRIGGER IF NOT EXISTS out_record_new AFTER INSERT ON records BEGIN
    INSERT INTO outbox (kind, tenant, id)
        VALUES ('record', new.tenant, new.replica || '/' || new.entry || '@' || new.created);
END;
CREATE TRIGGER IF NOT EXISTS out_record AFTER UPDATE OF replica, parent, conversation, state, outcome, label, answer, target, reasoning
    ON records BEGIN
    INSERT INTO outbox (kind, tenant, id)
        SELECT 'record', old.tenant, old.replica || '/' || old.entry || '@' || old.created WHERE old.replica <> new.replica;
    INSERT INTO outbox (kind, tenant, id)
        VALUES ('record', new.tenant, new.replica || '/' || new.entry || '@' || new.created);
END;
CREATE TRIGGER IF NOT EXISTS out_record_gone AFTER DELETE ON records BEGIN
    INSERT INTO outbox (kind, tenant, id)
        VALUES ('record', old.tenant, old.replica || '/' || old.entry || '@' || old.created);
END;
CREATE TRIGGER IF NOT EXISTS out_feedback_new AFTER INSERT ON feedback BEGIN
    INSERT INTO outbox (kind, tenant, id) VALUES ('feedback', new.tenant, new.replica || '/' || new.entry);
END;
CREATE TRIGGER IF NOT EXISTS out_feedback AFTER UPDATE ON feedback BEGIN
    INSERT INTO outbox (kind, tenant, id)
        SELECT 'feedback', old.tenant, old.replica || '/' || old.entry WHERE old.replica <> new.replica;
    INSERT INTO outbox (kind, tenant, id) VALUES ('feedback', new.tenant, new.replica || '/' || new.entry);
END;
CREATE TRIGGER IF NOT EXISTS out_feedback_gone AFTER DELETE ON feedback BEGIN
    INSERT INTO outbox (kind, tenant, id) VALUES ('feedback', old.tenant, old.replica || '/' || old.entry);
END;
CREATE TRIGGER IF NOT EXISTS out_conversation_new AFTER INSERT ON conversations BEGIN
    INSERT INTO outbox (kind, tenant, id) VALUES ('conversation', new.tenant, new.id);
    INSERT INTO outbox (kind, tenant, id) SELECT 'title', new.tenant, new.id WHERE new.title <> '';
END;
CREATE TRIGGER IF NOT EXISTS out_conversation AFTER UPDATE ON conversations BEGIN
    INSERT INTO outbox (kind, tenant, id)
        SELECT 'conversation', new.tenant, new.id WHERE new.updated <> old.updated;
    INSERT INTO outbox (kind, tenant, id) SELECT 'title', new.tenant, new.id WHERE new.title <> old.title;
END;
CREATE TRIGGER IF NOT EXISTS out_conversation_gone AFTER DELETE ON conversations BEGIN
    INSERT INTO outbox (kind, tenant, id) VALUES ('conversation', old.tenant, old.id);
    INSERT INTO outbox (kind, tenant, id) VALUES ('title', old.tenant, old.id);
END;
CREATE TRIGGER IF NOT EXISTS out_subject_new AFTER INSERT ON subjects BEGIN
    INSERT INTO outbox (kind, tenant, id) VALUES ('subject', new.tenant, new.replica || '/' || new.actor);
END;
CREATE TRIGGER IF NOT EXISTS out_subject_gone AFTER DELETE ON subjects BEGIN
    INSERT INTO outbox (kind, tenant, id) VALUES ('subject', old.tenant, old.replica || '/' || old.actor);
END;
CREATE TRIGGER IF NOT EXISTS out_access AFTER UPDATE OF logged, subject ON accesses WHEN new.logged IS NOT NULL BEGIN
    UPDATE accesses SET uid = lower(hex(randomblob(16))) WHERE id = new.id AND uid IS NULL;
    INSERT INTO outbox (kind, tenant, id) SELECT 'access', tenant, uid FROM accesses WHERE id = new.id;
END;
";

/// Names of the triggers, for a data folder that shares nothing any more.
pub(crate) const TRIGGER_NAMES: [&str; 12] = [
    "out_record_new",
    "out_record",
    "out_record_gone",
    "out_feedback_new",
    "out_feedback",
    "out_feedback_gone",
    "out_conversation_new",
    "out_conversation",
    "out_conversation_gone",
    "out_subject_new",
    "out_subject_gone",
    "out_access",
];

/// Writes down everything that there is: the records of before are brought into a database in this way.
pub(crate) const ALL: &str = "
DELETE FROM outbox;
UPDATE accesses SET uid = lower(hex(randomblob(16))) WHERE uid IS NULL AND logged IS NOT NULL;
INSERT INTO outbox (kind, tenant, id) SELECT 'conversation', tenant, id FROM conversations;
INSERT INTO outbox (kind, tenant, id) SELECT 'title', tenant, id FROM conversations WHERE title <> '';
INSERT INTO outbox (kind, tenant, id)
    SELECT 'record', tenant, replica || '/' || entry || '@' || created FROM records ORDER BY created;
INSERT INTO outbox (kind, tenant, id) SELECT 'feedback', tenant, replica || '/' || entry FROM feedback;
INSERT INTO outbox (kind, tenant, id) SELECT 'subject', tenant, replica || '/' || actor FROM subjects;
INSERT INTO outbox (kind, tenant, id) SELECT 'access', tenant, uid FROM accesses WHERE uid IS NOT NULL;
";
