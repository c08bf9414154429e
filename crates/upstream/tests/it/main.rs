//! The upstreams against real sockets: servers, proxies and authorities that these tests write byte by byte.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod bodies;
mod chat;
mod continued;
mod egress;
mod grounded;
mod mock;
mod refusals;
mod secrets;
mod stage;
mod surroundings;
mod timeouts;
mod vectors;
