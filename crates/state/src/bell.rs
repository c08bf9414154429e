//! The bell that the database rings when something became another (`LISTEN`, on a connection of its own).

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::time::{sleep, timeout};

use crate::news::LOOKED;
use crate::postgres::Postgres;

/// How long the connection that listens may take to come about.
const PATIENCE: Duration = Duration::from_secs(1);

/// Waits for the database to ring.
pub struct Bell {
    postgres: Arc<Postgres>,
    listener: Option<PgListener>,
}

impl std::fmt::Debug for Bell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bell")
            .field("listens", &self.listener.is_some())
            .finish_non_exhaustive()
    }
}

impl Bell {
    /// The bell of a database; it listens once it is waited for.
    pub const fn new(postgres: Arc<Postgres>) -> Self {
        Self {
            postgres,
            listener: None,
        }
    }

    /// Returns when the bell has rung, and otherwise after [`LOOKED`].
    pub async fn wait(&mut self) {
        if self.listener.is_none() && !self.postgres.is_away() {
            self.listener = self.listen().await;
        }
        let Some(listener) = &mut self.listener else {
            return sleep(LOOKED).await;
        };
        let Ok(heard) = timeout(LOOKED, listener.try_recv()).await else {
            return;
        };
        // One look is enough for all that has rung.
        while listener.next_buffered().is_some() {}
        if !matches!(heard, Ok(Some(_))) {
            self.listener = None;
        }
    }

    async fn listen(&self) -> Option<PgListener> {
        let listening = async {
            let mut listener = PgListener::connect_with(&self.postgres.pool).await?;
            listener.eager_reconnect(false);
            listener.listen("trousseau").await?;
            Ok::<_, sqlx::Error>(listener)
        };
        match timeout(PATIENCE, listening).await {
            Ok(Ok(listener)) => Some(listener),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the bell of the database is not heard");
                None
            }
            Err(_) => None,
        }
    }
}
