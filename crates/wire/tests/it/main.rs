//! The wire format against what servers document and what clients send.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::panic, reason = "a test that finds something else fails")]

mod answers;
mod golden;
mod quirks;
mod requests;
mod stores;
mod streams;
mod told;
