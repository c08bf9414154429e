//! The behaviour of a log from outside: what it keeps, what it proves, what it notices.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod child;
mod copies;
mod crash;
mod evidence;
mod faults;
mod full_disk;
mod logs;
mod messages;
mod mutations;
mod others;
mod reading;
mod tail;
