//! A lock that a replica holds as long as its connection lives, whatever it does meanwhile.

use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::time::timeout;
use trousseau_retrieval::error::StoreError;

use crate::fault::late;
use crate::postgres::{LOCKS, Postgres};

/// A lock of the database, on a connection of its own: the server lets go of it when the connection ends.
#[derive(Debug)]
pub struct Held(PgConnection);

impl Held {
    /// Whether it is still held. Where it is not, whoever wants it may have it.
    pub async fn is_held(&mut self, postgres: &Postgres) -> bool {
        postgres.bounded(self.0.ping()).await.is_ok()
    }

    /// Lets go of it.
    pub async fn release(self, postgres: &Postgres) {
        let _ended = postgres.bounded(self.0.close()).await;
    }
}

impl Postgres {
    /// Takes the lock of this name; none while another connection, of whichever replica, holds it.
    pub async fn hold(&self, name: &str) -> Result<Option<Held>, StoreError> {
        let options = self.pool.connect_options();
        let connected = timeout(self.patience, options.connect()).await;
        let connected = connected.map_err(|_| late(&self.place))?;
        let mut connection = connected.map_err(|error| self.fault(error))?;
        let asked = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
            .bind(LOCKS)
            .bind(name)
            .fetch_one(&mut connection);
        let is_ours: bool = self.bounded(asked).await?;
        Ok(is_ours.then_some(Held(connection)))
    }
}
