//! The upstreams against real sockets: servers, proxies and authorities that these tests write byte by byte.

mod bodies;
mod chat;
mod egress;
mod grounded;
mod mock;
mod proxy;
mod refusals;
mod secrets;
mod stage;
mod timeouts;
mod tls;
mod vectors;
