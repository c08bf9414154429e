//! The two paths against real parts: SQLite, the lexical index, the ledger, extraction in this process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod accounts;
mod accounts_oidc;
mod accounts_users;
mod answers;
mod backup;
mod child;
mod conversations;
mod crash;
mod damage;
mod entries;
mod erasure;
mod forger;
mod full_disk;
mod groups;
mod http_chat;
mod interruptions;
mod labels;
mod scripted;
mod sources;
mod stage;
mod sync;
mod tenants;
mod truth;
mod wired;
