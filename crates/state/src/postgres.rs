//! The PostgreSQL database of the replicas: how it is reached, and how its tables come to be.
//!
//! Everything stands in the schema `trousseau`. Each store has steps of its own, as a SQLite file has; they are run under a lock
//! of the database, so that replicas which start together do it one after the other.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};
use tokio::time::timeout;
use trousseau_retrieval::database::Access;
use trousseau_retrieval::error::StoreError;
use zeroize::Zeroizing;

use crate::fault::{late, sort};

/// The schema of all tables.
const SCHEMA: &str = "trousseau";

/// The first of the two numbers of our advisory locks, which are of the whole database.
pub(crate) const LOCKS: i32 = 0x5452_5353;

/// The longest that the server works on one statement, and leaves a transaction open in which nothing happens. A replica that is
/// cut off in the middle holds up the others for so long.
const STATEMENT: &str = "10s";

/// How a password is read; again after the server has refused one.
pub type Password = Box<dyn Fn() -> Result<Zeroizing<String>, String> + Send + Sync>;

/// Where a database is, and how it is spoken to.
pub struct Place {
    /// `postgres://user@host:port/database`, without a password.
    pub url: String,
    /// The user's password, if there is one.
    pub password: Option<Password>,
    /// Whether it is spoken to over TLS, with a certificate that names the host. Without, nothing is encrypted.
    pub tls: bool,
    /// A file with the certificates of authorities, in the place of the system's.
    pub authorities: Option<std::path::PathBuf>,
    /// How many connections a replica has at most, beside the one that listens.
    pub connections: u32,
    /// How long a connection, and an answer, may take.
    pub patience: Duration,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The tables of one store, as steps from nothing to the present version. A step that was released is never edited; a change is
/// one more step.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    /// The store's name.
    pub store: &'static str,
    /// Each step's SQL.
    pub steps: &'static [&'static str],
}

/// - `changes`: what of the rows that replicas hold in memory is another; `number` grows in the order in which changes are
///   committed, for whoever writes here holds a lock until then.
/// - `identity`: what tells this database from another at the same address; a backup that is put back has it.
/// - `tell` is what the triggers of stores call.
const CHANGES: Steps = Steps {
    store: "changes",
    steps: &["
CREATE TABLE trousseau.identity (id TEXT NOT NULL);
INSERT INTO trousseau.identity VALUES (gen_random_uuid()::TEXT);
CREATE TABLE trousseau.changes (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what   TEXT NOT NULL,
    id     TEXT NOT NULL,
    at     TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE FUNCTION trousseau.tell(kind TEXT, row_id TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1414681427, hashtext('changes'));
    INSERT INTO trousseau.changes (what, id) VALUES (kind, row_id);
    PERFORM pg_notify('trousseau', kind);
END
$$;
"],
};

/// An open database. Every store of a replica shares it.
pub struct Postgres {
    /// Where it is, for messages.
    pub(crate) place: String,
    pub(crate) pool: PgPool,
    pub(crate) patience: Duration,
    password: Option<Password>,
    /// What tells the database from another at the same address.
    pub(crate) identity: String,
    pub(crate) health: Mutex<Health>,
}

/// What the last look at the database came to.
#[derive(Debug)]
pub(crate) struct Health {
    /// When it last answered.
    pub(crate) answered: Instant,
    /// When it was last asked.
    pub(crate) asked: Instant,
    /// Why it did not answer then.
    pub(crate) fault: Option<String>,
    /// The last change that this replica has taken up.
    pub(crate) heard: i64,
    /// When old changes were last forgotten.
    pub(crate) tidied: Instant,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Postgres {
    /// Reaches the database and makes what all stores need; nothing of a store's own.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] where it does not answer, [`StoreError::Rejected`] where it lets nobody in like this,
    /// [`StoreError::Newer`] where a newer program made its tables.
    pub async fn open(place: Place, access: Access) -> Result<Self, StoreError> {
        let name = place.url.clone();
        let fault = |error| sort(&name, error);
        let options = options(&place)?;
        // One connection first: what the pool says of a server that it cannot reach is only that it took too long.
        let first = timeout(place.patience, options.connect()).await;
        let first = first.map_err(|_| late(&name))?.map_err(fault)?;
        let _closed = first.close().await;
        let pool = PgPoolOptions::new()
            .max_connections(place.connections)
            .acquire_timeout(place.patience)
            .idle_timeout(Duration::from_secs(600))
            .connect_lazy_with(options);
        let now = Instant::now();
        let mut opened = Self {
            pool,
            identity: String::new(),
            patience: place.patience,
            password: place.password,
            health: Mutex::new(Health {
                answered: now,
                asked: now,
                fault: None,
                heard: 0,
                tidied: now,
            }),
            place: place.url,
        };
        opened.prepare(&CHANGES, access).await?;
        let asked = sqlx::query_as(
            "SELECT id, (SELECT coalesce(max(number), 0) FROM trousseau.changes) FROM trousseau.identity",
        );
        let (identity, heard) = opened.bounded(asked.fetch_one(&opened.pool)).await?;
        opened.identity = identity;
        opened.health(|health| health.heard = heard);
        Ok(opened)
    }

    /// What tells it from another at the same address.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Where it is, for messages: the address without a password.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Runs the steps of a store that the database has not seen; only looks which it has where nothing may be written.
    pub(crate) async fn prepare(&self, steps: &Steps, access: Access) -> Result<(), StoreError> {
        let known = steps.steps.len() as i64;
        let found = match access {
            Access::Read => self.version(steps).await?,
            Access::Write => self.migrate(steps).await?,
        };
        let path = || format!("{} ({})", self.place, steps.store).into();
        if found > known {
            return Err(StoreError::Newer {
                path: path(),
                found,
                known,
            });
        }
        if found < known {
            return Err(StoreError::Older {
                path: path(),
                found,
                known,
            });
        }
        Ok(())
    }

    async fn version(&self, steps: &Steps) -> Result<i64, StoreError> {
        let exists = sqlx::query_scalar("SELECT to_regclass('trousseau.versions') IS NOT NULL");
        let exists: bool = self.bounded(exists.fetch_one(&self.pool)).await?;
        if !exists {
            return Ok(0);
        }
        let number = sqlx::query_scalar("SELECT number FROM trousseau.versions WHERE store = $1");
        let number = number.bind(steps.store).fetch_optional(&self.pool);
        Ok(self.bounded(number).await?.unwrap_or(0))
    }

    async fn migrate(&self, steps: &Steps) -> Result<i64, StoreError> {
        let fault = |error| self.fault(error);
        let mut transaction = self.bounded(self.pool.begin()).await?;
        lock(&mut transaction, "versions").await.map_err(fault)?;
        let exists: bool = sqlx::query_scalar("SELECT to_regclass('trousseau.versions') IS NOT NULL")
            .fetch_one(&mut *transaction)
            .await
            .map_err(fault)?;
        if !exists {
            let made = sqlx::raw_sql(
                "CREATE SCHEMA IF NOT EXISTS trousseau;
                 CREATE TABLE trousseau.versions (store TEXT PRIMARY KEY, number BIGINT NOT NULL);",
            );
            made.execute(&mut *transaction).await.map_err(fault)?;
        }
        let seen: Option<i64> = sqlx::query_scalar("SELECT number FROM trousseau.versions WHERE store = $1")
            .bind(steps.store)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(fault)?;
        let (seen, known) = (seen.unwrap_or(0), steps.steps.len() as i64);
        if seen >= known {
            return Ok(seen);
        }
        for step in steps.steps.iter().skip(usize::try_from(seen).unwrap_or(0)) {
            let made = sqlx::raw_sql(*step).execute(&mut *transaction).await;
            made.map_err(fault)?;
        }
        sqlx::query(
            "INSERT INTO trousseau.versions (store, number) VALUES ($1, $2)
             ON CONFLICT (store) DO UPDATE SET number = excluded.number",
        )
        .bind(steps.store)
        .bind(known)
        .execute(&mut *transaction)
        .await
        .map_err(fault)?;
        self.bounded(transaction.commit()).await?;
        Ok(known)
    }

    /// Fails when the database did not answer the last time, or, where nobody looks from time to time, does not now.
    pub async fn check(&self) -> Result<(), StoreError> {
        let (fault, is_fresh) = self.health(|health| {
            let is_fresh = health.asked.elapsed() < crate::LOOKED * 6;
            (health.fault.clone(), is_fresh)
        });
        match fault {
            Some(reason) if is_fresh => Err(StoreError::Away {
                database: self.place.clone(),
                reason,
            }),
            _ if is_fresh => Ok(()),
            _ => {
                let asked = sqlx::query("SELECT 1").execute(&self.pool);
                self.bounded(asked).await.map(|_| ())
            }
        }
    }

    /// Whether the database did not answer the last time it was asked: what this replica does not know may be there all the same.
    pub fn is_away(&self) -> bool {
        self.health(|health| health.fault.is_some())
    }

    /// Closes every connection.
    pub async fn close(&self) {
        // One that hangs is given up.
        let _late = timeout(self.patience, self.pool.close()).await;
    }

    /// Has an answer within the time that one may take.
    pub(crate) async fn bounded<T>(
        &self,
        asked: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, StoreError> {
        match timeout(self.patience, asked).await {
            Ok(answered) => answered.map_err(|error| self.fault(error)),
            Err(_) => Err(late(&self.place)),
        }
    }

    /// Sorts an error of a statement.
    pub(crate) fn fault(&self, error: sqlx::Error) -> StoreError {
        sort(&self.place, error)
    }

    pub(crate) fn health<T>(&self, with: impl FnOnce(&mut Health) -> T) -> T {
        with(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes up a password that was changed since.
    pub(crate) fn renew(&self) {
        let Some(password) = &self.password else { return };
        match password() {
            Ok(password) => {
                let options = PgConnectOptions::clone(&self.pool.connect_options());
                self.pool.set_connect_options(options.password(&password));
            }
            Err(reason) => tracing::warn!(reason, "the password of the database cannot be read"),
        }
    }
}

/// Waits for the lock of this name and keeps it to the end of the transaction.
pub(crate) async fn lock(transaction: &mut PgConnection, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock($1, hashtext($2))")
        .bind(LOCKS)
        .bind(name)
        .execute(transaction)
        .await
        .map(|_| ())
}

fn options(place: &Place) -> Result<PgConnectOptions, StoreError> {
    let rejected = |reason: String| StoreError::Rejected {
        database: place.url.clone(),
        reason,
    };
    let options: PgConnectOptions = place.url.parse().map_err(|error| sort(&place.url, error))?;
    let password = match &place.password {
        Some(password) => password().map_err(rejected)?,
        None => Zeroizing::new(String::new()),
    };
    let mode = if place.tls {
        PgSslMode::VerifyFull
    } else {
        PgSslMode::Disable
    };
    let mut options = options
        .password(&password)
        .ssl_mode(mode)
        .application_name("trousseau")
        .options([
            ("search_path", SCHEMA),
            ("statement_timeout", STATEMENT),
            ("idle_in_transaction_session_timeout", STATEMENT),
            ("lock_timeout", STATEMENT),
        ])
        .disable_statement_logging();
    if let Some(file) = &place.authorities {
        options = options.ssl_root_cert(file);
    }
    Ok(options)
}
