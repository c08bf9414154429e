//! The behaviour of a log from outside: what it keeps, what it proves, what it notices.

mod child;
mod crash;
mod evidence;
mod full_disk;
mod logs;
mod mutations;
mod others;
mod reading;
mod tail;
