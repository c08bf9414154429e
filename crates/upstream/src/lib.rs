//! Models over HTTP: OpenAI-compatible servers behind the core's traits.
//!
//! A call takes a permit for exactly what it sends, and checks it before the first byte leaves. How servers are reached
//! (proxies, certificate authorities, client certificates, secrets) is decided by the configuration; this crate reads
//! neither the environment nor any file that it was not told to read. Every way in which a server fails becomes one
//! error of the core, so that the gateway can choose the next target.

mod abstention;
mod call;
pub mod chat;
mod citing;
pub mod egress;
pub mod embedding;
mod failure;
mod markers;
mod prompt;
mod redaction;
pub mod reranking;
pub mod secret;
pub mod server;

pub use abstention::Wording;
pub use chat::OpenAi;
pub use embedding::OpenAiEmbedder;
pub use reranking::HttpReranker;
pub use server::Server;
