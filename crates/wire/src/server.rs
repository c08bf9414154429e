//! This program as a server of OpenAI's API: what clients send, and what they are answered.
//!
//! [`chat`] reads a request; [`completion`] and [`Chunks`] write its answer, whole and as a stream; [`error`] writes what
//! went wrong. The same question may be asked in other forms: [`responses`], Anthropic's [`anthropic`], the old
//! [`completions`]. Each reads into a [`ChatCall`] and writes what comes of it through its own [`Shape`]. [`embeddings`] and
//! [`rerank`] are asked of other models. [`files`] and [`vector_stores`] hold the objects through which documents and collections are reached;
//! [`multipart`] is the form in which files come.

mod annotations;
mod answer;
pub mod anthropic;
mod attributes;
mod chunks;
pub mod completions;
pub mod embeddings;
mod errors;
mod fields;
pub mod file_batches;
pub mod files;
mod message;
mod models;
pub mod multipart;
mod refused;
mod request;
pub mod rerank;
pub mod responses;
mod shape;
pub mod vector_stores;

pub use answer::{Completion, CompletionBody, Head, completion};
pub use attributes::{attributes, check_attributes};
pub use chunks::Chunks;
pub use errors::{error, error_body, status};
pub use models::{Model, Models, Place, model, models};
pub use request::{ChatCall, Options, chat};
pub use shape::{Chat, Shape};
