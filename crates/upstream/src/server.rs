//! One upstream as the configuration describes it.

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use trousseau_wire::client::{Continues, Dialect};

use crate::secret::Secret;

/// A server that speaks OpenAI's protocol, and one model on it.
#[derive(Clone, Debug)]
pub struct Server {
    /// The name of the target in the policy.
    pub target: String,
    /// The model's name at the server.
    pub model: String,
    /// The address that its paths are added to: `https://api.example/v1`. A query, such as Azure's `api-version`, stays.
    pub url: String,
    /// The way of speaking that it wants.
    pub dialect: Dialect,
    /// How it is asked to go on with an answer that another began.
    pub continues: Continues,
    /// The key that it asks for.
    pub secret: Option<Secret>,
    /// The header that carries the key; `None` is `Authorization: Bearer`.
    pub key_header: Option<HeaderName>,
    /// Further headers of each call. What is secret in them must be marked as sensitive.
    pub headers: HeaderMap,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// How much it may send.
    pub limits: Limits,
    /// Whether it can send an answer as it is made. Otherwise answers are asked for whole.
    pub streams: bool,
}

impl Server {
    /// A server without a key, with the usual limits, in the dialect that its host tells.
    pub fn new(target: impl Into<String>, model: impl Into<String>, url: impl Into<String>) -> Self {
        let url = url.into();
        let dialect = Dialect::of_url(&url);
        Self {
            target: target.into(),
            model: model.into(),
            dialect,
            continues: Continues::of(dialect),
            url,
            secret: None,
            key_header: None,
            headers: HeaderMap::new(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
            streams: true,
        }
    }
}

/// How long a server may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection: name, proxy and TLS together. Given to [`Network::client`](crate::egress::Network::client).
    pub connect: Duration,
    /// From sending a request to the first byte of a streamed answer. A whole answer begins when it is finished: there
    /// only `total` counts.
    pub first_byte: Duration,
    /// Between two pieces of an answer. A comment of the server, sent to keep the connection open, is a piece.
    pub idle: Duration,
    /// From sending a request to the last byte of the answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            first_byte: Duration::from_secs(60),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
        }
    }
}

/// How much a server may send, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// An answer that is sent whole.
    pub whole: usize,
    /// One event of a stream.
    pub event: usize,
    /// A whole stream.
    pub stream: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            whole: 16 << 20,
            event: 1 << 20,
            stream: 64 << 20,
        }
    }
}
