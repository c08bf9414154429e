//! The behaviour of a log from outside: what it keeps, what it proves, what it notices.

mod evidence;
mod logs;
mod mutations;
mod reading;
