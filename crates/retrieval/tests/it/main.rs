//! Documents kept and found, with real SQLite files and a real index.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod damage;
mod index;
mod stock;
