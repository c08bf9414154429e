//! The tables of `accounts.sqlite`. Times are milliseconds since 1970.

use trousseau_retrieval::database::Schema;

pub(super) const SCHEMA: Schema = Schema {
    steps: &[STEP_1, STEP_2, STEP_3, STEP_4, STEP_5],
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

/// `directory_logins`: the name, in lower case, that the user `account` last typed to sign in at a directory.
const STEP_4: &str = "
CREATE TABLE directory_logins (
    tenant  TEXT NOT NULL,
    login   TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (tenant, login)
) STRICT;
";

/// What a provider hands out: users, groups, and who is in which.
///
/// - `provisioned_users`: `user_name` in lower case, `resource` as JSON, `account` is the user once somebody signed in.
/// - `provisioned_groups`: `folded` is the name in lower case.
/// - `provisioned_members`: the ids of a group and of a user.
const STEP_5: &str = "
CREATE TABLE provisioned_users (
    id          TEXT PRIMARY KEY,
    tenant      TEXT NOT NULL,
    user_name   TEXT NOT NULL,
    external_id TEXT,
    active      INTEGER NOT NULL,
    resource    TEXT NOT NULL,
    account     TEXT,
    created     INTEGER NOT NULL,
    changed     INTEGER NOT NULL,
    version     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX provisioned_users_by_name ON provisioned_users (tenant, user_name);
CREATE INDEX provisioned_users_by_account ON provisioned_users (tenant, account);

CREATE TABLE provisioned_groups (
    id           TEXT PRIMARY KEY,
    tenant       TEXT NOT NULL,
    display_name TEXT NOT NULL,
    folded       TEXT NOT NULL,
    external_id  TEXT,
    created      INTEGER NOT NULL,
    changed      INTEGER NOT NULL,
    version      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX provisioned_groups_by_name ON provisioned_groups (tenant, folded);

CREATE TABLE provisioned_members (
    holder TEXT NOT NULL,
    member TEXT NOT NULL,
    PRIMARY KEY (holder, member)
) STRICT;
CREATE INDEX provisioned_members_by_member ON provisioned_members (member);
";
