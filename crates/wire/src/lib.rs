//! OpenAI's wire format, and its conversion to and from `trousseau-core`. No I/O.
//!
//! Two sides meet here. As a [`client`] this program writes requests to upstream servers and reads what they answer; as a
//! [`server`] it reads what clients of OpenAI's API send and answers in their form. Both read foreign bytes, with limits,
//! and both pass on fields that they do not know. Between them stands the core's vocabulary.
//!
//! [`sse`] is the stream format of both sides, and [`fault`] tells what was wrong with bytes that cannot be used.

mod call;
pub mod client;
mod content;
pub mod fault;
mod json;
pub mod server;
pub mod sse;

pub use fault::Fault;
