//! The directory against a real slapd, and against servers that do not do as they should.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod hostile;
mod slapd;
mod town;
