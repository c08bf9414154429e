//! This program as a client of OpenAI-compatible servers: what it sends, and what it reads.
//!
//! [`chat_body`] writes a request for an answer and [`ChatReader`] reads the answer, whole or as the events of a stream.
//! [`Continues`] says how a server is asked to go on with an answer that another began.
//! [`embeddings_body`] and [`rerank_body`] ask for vectors and for an order of passages. [`offered`] reads which models
//! there are. [`error`] puts what a server says
//! of its failure into one line.

mod calls;
mod continues;
mod delta;
mod dialect;
mod embeddings;
mod errors;
mod offered;
mod reader;
mod request;
mod reranking;
mod thinking;

pub use continues::Continues;
pub use dialect::Dialect;
pub use embeddings::{Embeddings, EmbeddingsBody, embeddings, embeddings_body};
pub use errors::{blames_setup, error, tells_of_loading};
pub use offered::offered;
pub use reader::ChatReader;
pub use request::{ChatBody, chat_body};
pub use reranking::{Ranked, RerankBody, rerank, rerank_body};
