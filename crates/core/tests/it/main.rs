//! The vocabulary, as other crates use it.

mod chat;
