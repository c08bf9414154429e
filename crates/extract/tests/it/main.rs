//! Behaviour of the crate as its callers see it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cases;
mod fragments;
mod messages;
mod pool;
mod properties;
mod readers;
