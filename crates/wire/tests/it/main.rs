//! The wire format against what servers document and what clients send.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod golden;
mod messages;
mod quirks;
mod requests;
mod shapes;
mod stores;
mod streams;
mod told;
