//! Accepted connections, below HTTP: nothing here knows what is said on them.
//!
//! [`client`] is who is at the other end, as the reverse proxies of trusted [`network`]s tell it.
//! [`places`] counts the open ones, and has those idle the longest make room for new ones. [`workers`] are the threads that
//! attend to them, one for each core; a connection stays with its thread. [`watched`] is a socket with limits on time: a
//! client that sends its head slowly, never reads or says nothing for long does not hold its place. [`tls`] is the
//! certificate, taken up again when its files change, [`process`] what the process that holds them uses. `trousseau-http` accepts connections and speaks on them.

pub mod client;
pub mod network;
pub mod places;
pub mod process;
pub mod tls;
pub mod watched;
pub mod workers;
