//! A client for each thread.
//!
//! A client keeps connections, and each connection has a task that lives where it was opened. A thread that uses a
//! connection of another thread wakes that thread for each piece that comes or goes; with clients of their own, threads
//! that attend to requests leave each other alone.

use std::sync::Arc;

use reqwest::{Client, ClientBuilder};
use thread_local::ThreadLocal;

use super::EgressError;

/// Clients that are alike, one for each thread.
#[derive(Clone)]
pub struct Clients(Arc<Kind>);

struct Kind {
    /// The first one, which showed that such a client can be built.
    first: Client,
    another: Box<dyn Fn() -> Option<Client> + Send + Sync>,
    threads: ThreadLocal<Client>,
}

impl Clients {
    pub(super) fn new(
        build: impl Fn() -> ClientBuilder + Send + Sync + 'static,
    ) -> Result<Self, EgressError> {
        Ok(Self(Arc::new(Kind {
            first: build().build().map_err(EgressError::Client)?,
            another: Box::new(move || build().build().ok()),
            threads: ThreadLocal::new(),
        })))
    }

    /// This thread's client.
    pub(crate) fn here(&self) -> &Client {
        let kind = &self.0;
        kind.threads
            .get_or(|| (kind.another)().unwrap_or_else(|| kind.first.clone()))
    }
}

impl From<Client> for Clients {
    /// One client for all threads.
    fn from(client: Client) -> Self {
        Self(Arc::new(Kind {
            first: client,
            another: Box::new(|| None),
            threads: ThreadLocal::new(),
        }))
    }
}
