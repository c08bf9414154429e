//! The behaviour of a log from outside: what it keeps, what it proves, what it notices.

mod logs;
mod reading;
