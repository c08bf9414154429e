//! The policy seen from outside: what it decides, what it finds, and how it says so.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test takes for granted fails the test"
)]

mod cards;
mod catalogue;
mod explanation;
mod properties;
mod rules;
mod snapshots;
mod table;
