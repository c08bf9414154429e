//! The tables of accounts, in `accounts.sqlite` and in PostgreSQL. Times are milliseconds since 1970.

use trousseau_retrieval::database::Schema;
use trousseau_state::Steps;

pub(super) const SCHEMA: Schema = Schema {
    steps: &[STEP_1, STEP_2, STEP_3],
};

/// - `keys`: `digest` is the SHA-256 of the key. A revoked key stays, so that the ledger's entries can be read.
/// - `users`: local ones have a `password` (or none until they follow their link), others an `issuer` and
///   `subject`. A user is disabled, never deleted, so that nobody inherits a name.
/// - `links`: one-time links by which a user chooses a password; without a user, the first administrator's.
/// - `sessions`: `digest` is the SHA-256 of the cookie.
const STEP_1: &str = "
CREATE TABLE keys (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL,
    name        TEXT NOT NULL COLLATE NOCASE,
    digest      BLOB NOT NULL UNIQUE,
    role        TEXT NOT NULL,
    groups      TEXT NOT NULL,
    clearance   TEXT NOT NULL,
    label_floor TEXT NOT NULL,
    routes      TEXT,
    created     INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    expires     INTEGER,
    revoked     INTEGER,
    used        INTEGER
) STRICT;
CREATE UNIQUE INDEX keys_by_name ON keys (tenant, name) WHERE revoked IS NULL;

CREATE TABLE users (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL,
    name        TEXT NOT NULL COLLATE NOCASE,
    display     TEXT NOT NULL,
    issuer      TEXT,
    subject     TEXT,
    password    TEXT,
    role        TEXT NOT NULL,
    groups      TEXT NOT NULL,
    clearance   TEXT NOT NULL,
    label_floor TEXT NOT NULL,
    routes      TEXT,
    created     INTEGER NOT NULL,
    created_by  TEXT NOT NULL,
    disabled    INTEGER,
    used        INTEGER
) STRICT;
CREATE UNIQUE INDEX users_by_name ON users (tenant, name);
CREATE UNIQUE INDEX users_by_subject ON users (tenant, issuer, subject) WHERE issuer IS NOT NULL;

CREATE TABLE links (
    digest  BLOB PRIMARY KEY,
    tenant  TEXT NOT NULL,
    user    TEXT REFERENCES users (id),
    expires INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    digest  BLOB PRIMARY KEY,
    user    TEXT NOT NULL REFERENCES users (id),
    created INTEGER NOT NULL,
    seen    INTEGER NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user);
";

/// `sessions`: `id_token` is what the identity provider said at the sign-in, which it wants to see again at the sign-out.
const STEP_2: &str = "
ALTER TABLE sessions ADD COLUMN id_token TEXT;
";

/// `keys`: `limits` is what may be spent with the key, as JSON; none where nothing limits it.
const STEP_3: &str = "
ALTER TABLE keys ADD COLUMN limits TEXT;
";

/// The kinds of rows that [`SHARED`] tells of: the id of a key, the id of a user whose sessions are others.
pub(super) const KEY: &str = "key";
pub(super) const USER: &str = "user";

/// The same tables in PostgreSQL, up to step 3. Names are told apart without regard to the case of `a` to `z`, as SQLite does.
/// Whatever changes them, replicas hear of it.
pub(super) const SHARED: Steps = Steps {
    store: "accounts",
    steps: &[SHARED_1],
};

const SHARED_1: &str = "
CREATE TABLE trousseau.keys (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL,
    name        TEXT COLLATE \"C\" NOT NULL,
    digest      BYTEA NOT NULL UNIQUE,
    role        TEXT NOT NULL,
    groups      TEXT NOT NULL,
    clearance   TEXT NOT NULL,
    label_floor TEXT NOT NULL,
    routes      TEXT,
    created     BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    expires     BIGINT,
    revoked     BIGINT,
    used        BIGINT,
    limits      TEXT
);
CREATE UNIQUE INDEX keys_by_name ON trousseau.keys (tenant, lower(name)) WHERE revoked IS NULL;

CREATE TABLE trousseau.users (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL,
    name        TEXT COLLATE \"C\" NOT NULL,
    display     TEXT NOT NULL,
    issuer      TEXT,
    subject     TEXT,
    password    TEXT,
    role        TEXT NOT NULL,
    groups      TEXT NOT NULL,
    clearance   TEXT NOT NULL,
    label_floor TEXT NOT NULL,
    routes      TEXT,
    created     BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    disabled    BIGINT,
    used        BIGINT
);
CREATE UNIQUE INDEX users_by_name ON trousseau.users (tenant, lower(name));
CREATE UNIQUE INDEX users_by_subject ON trousseau.users (tenant, issuer, subject) WHERE issuer IS NOT NULL;

CREATE TABLE trousseau.links (
    digest  BYTEA PRIMARY KEY,
    tenant  TEXT NOT NULL,
    \"user\"  TEXT REFERENCES trousseau.users (id),
    expires BIGINT NOT NULL
);

CREATE TABLE trousseau.sessions (
    digest   BYTEA PRIMARY KEY,
    \"user\"   TEXT NOT NULL REFERENCES trousseau.users (id),
    created  BIGINT NOT NULL,
    seen     BIGINT NOT NULL,
    expires  BIGINT NOT NULL,
    id_token TEXT
);
CREATE INDEX sessions_by_user ON trousseau.sessions (\"user\");
CREATE INDEX sessions_by_seen ON trousseau.sessions (seen);

CREATE FUNCTION trousseau.key_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trousseau.tell('key', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END
$$;
CREATE FUNCTION trousseau.user_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trousseau.tell('user', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END
$$;
CREATE FUNCTION trousseau.session_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trousseau.tell('user', coalesce(NEW.\"user\", OLD.\"user\"));
    RETURN NULL;
END
$$;
CREATE TRIGGER told AFTER INSERT OR DELETE OR UPDATE OF tenant, name, digest, role, groups, clearance, label_floor,
    routes, expires, revoked, limits ON trousseau.keys FOR EACH ROW EXECUTE FUNCTION trousseau.key_changed();
CREATE TRIGGER told AFTER DELETE OR UPDATE OF tenant, name, display, role, groups, clearance, label_floor, routes,
    disabled ON trousseau.users FOR EACH ROW EXECUTE FUNCTION trousseau.user_changed();
CREATE TRIGGER told AFTER INSERT OR DELETE ON trousseau.sessions
    FOR EACH ROW EXECUTE FUNCTION trousseau.session_changed();
";
