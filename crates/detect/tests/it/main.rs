//! What the detectors find, what they leave alone, and that a stream says what the whole text says.

#![expect(clippy::unwrap_used, reason = "what a test takes for granted fails the test")]

mod own;
mod published;
mod specimens;
mod stream;
