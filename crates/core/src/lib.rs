//! The vocabulary that every other crate speaks.
//!
//! A *question* arrives as a [`ChatRequest`](chat::ChatRequest) from a
//! [`Principal`](principal::Principal). It carries a [`Label`](label::Label), which only ever rises.
//! The policy answers it with a [`Permit`](permit::Permit) for one target, and nothing is sent to
//! a [`ChatModel`](model::ChatModel) without one. What the model says comes back as a
//! [`ChatAnswer`](chat::ChatAnswer) whose [`Citation`](document::Citation)s point into the stored text of
//! documents.
//!
//! A *document* is read as [`Block`](document::Block)s, cut into [`Chunk`](document::Chunk)s, and handed to
//! a model as [`Passage`](document::Passage)s.
//!
//! Texts become vectors through an [`Embedder`](embedding::Embedder), and are weighed against a question by a
//! [`Reranker`](reranking::Reranker); both take a permit as well.
//!
//! Errors of all crates can [`Explain`](error::Explain) themselves: a stable code, fields, and a kind that
//! says what the caller can do.
//!
//! Nothing in this crate does I/O, reads a clock or knows an executor.

pub mod chat;
pub mod digest;
pub mod document;
pub mod embedding;
pub mod error;
mod extra;
pub mod label;
pub mod model;
pub mod permit;
pub mod principal;
pub mod reranking;
mod texts;
