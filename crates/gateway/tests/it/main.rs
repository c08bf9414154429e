//! The two paths against real parts: SQLite, the lexical index, the ledger, extraction in this process.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod accounts;
mod accounts_http;
mod accounts_matrix;
mod accounts_oidc;
mod accounts_oidc_answers;
mod accounts_password;
mod accounts_provider;
mod accounts_sign_out;
mod accounts_users;
mod answers;
mod api_http;
mod backup;
mod child;
mod conversations;
mod crash;
mod damage;
mod desk;
mod entries;
mod erasure;
mod files_hostile;
mod files_http;
mod forger;
mod full_disk;
mod groups;
mod http_chat;
mod http_limits;
mod http_log;
mod http_routes;
mod http_tls;
mod interruptions;
mod labels;
mod monitoring;
mod oidc_scene;
mod openapi;
mod openapi_document;
mod openapi_requests;
mod scripted;
mod search;
mod sources;
mod stage;
mod sync;
mod tenants;
mod truth;
mod wired;
