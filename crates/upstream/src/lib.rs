//! Models over HTTP: OpenAI-compatible servers behind the core's traits.
//!
//! A call takes a permit for exactly what it sends, and checks it before the first byte leaves. How servers are reached
//! is decided by the configuration: [`egress`] opens the way out (proxy, certificate authorities, client certificates)
//! and gives out clients, [`secret`] reads keys and reads them again when they change, [`server`] describes one upstream
//! with its limits. This crate reads neither the environment nor any file that it was not told to read.
//!
//! [`chat`], [`embedding`] and [`reranking`] implement the traits over one call (`call.rs`). Every way in which a server
//! fails becomes one error of the core (`failure.rs`), so that the gateway can choose the next target; what a server says
//! is stripped of secrets and of what it was asked (`redaction.rs`). [`offered`] asks which models there are.
//!
//! An answer that another model began is gone on with: `continuing.rs` asks for the rest, and [`joint`] takes away what the
//! rest repeats.
//!
//! A grounded answer is told its passages and rules by `prompt.rs`; its markers are found by `markers.rs` and become
//! citations in `citing.rs`; `abstention.rs` knows when there is none.

mod abstention;
mod call;
pub mod chat;
mod citing;
mod continuing;
pub mod egress;
pub mod embedding;
mod failure;
pub mod joint;
mod markers;
pub mod offered;
mod prompt;
mod redaction;
pub mod reranking;
pub mod secret;
pub mod server;

pub use abstention::Wording;
pub use chat::OpenAi;
pub use embedding::OpenAiEmbedder;
pub use offered::Offered;
pub use reranking::HttpReranker;
pub use server::Server;
pub use trousseau_wire::client::{Continues, Dialect};
