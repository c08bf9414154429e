//! The tables of one store, in a file or on a server, and a transaction on them.

use std::path::Path;
use std::sync::Arc;

use sqlx::SqliteConnection;
use tokio::sync::{Mutex, MutexGuard};
use trousseau_retrieval::database::{Access, Database, Schema};
use trousseau_retrieval::error::StoreError;

use crate::postgres::{Postgres, Steps, lock};
use crate::row::Row;
use crate::sql::Sql;

/// See the module.
#[derive(Debug)]
pub struct Tables(Kind);

#[derive(Debug)]
enum Kind {
    File(Database),
    Shared {
        postgres: Arc<Postgres>,
        store: &'static str,
        /// One transaction of a store at a time: whoever waits for the store's lock needs no connection for that.
        writing: Mutex<()>,
    },
}

impl Tables {
    /// Those of a SQLite file, which `access` may create and migrate.
    pub async fn file(path: &Path, schema: &Schema, access: Access) -> Result<Self, StoreError> {
        Ok(Self(Kind::File(Database::open(path, schema, access).await?)))
    }

    /// Those in the database of the replicas, which `access` may create and migrate.
    pub async fn shared(postgres: &Arc<Postgres>, steps: &Steps, access: Access) -> Result<Self, StoreError> {
        postgres.prepare(steps, access).await?;
        Ok(Self(Kind::Shared {
            postgres: Arc::clone(postgres),
            store: steps.store,
            writing: Mutex::default(),
        }))
    }

    /// The database of the replicas, where they are there.
    pub const fn postgres(&self) -> Option<&Arc<Postgres>> {
        match &self.0 {
            Kind::File(_) => None,
            Kind::Shared { postgres, .. } => Some(postgres),
        }
    }

    /// The file, where they are in one.
    pub const fn in_file(&self) -> Option<&Database> {
        match &self.0 {
            Kind::File(database) => Some(database),
            Kind::Shared { .. } => None,
        }
    }

    /// Every row that a statement gives.
    pub async fn all(&self, sql: Sql) -> Result<Vec<Row>, StoreError> {
        match &self.0 {
            Kind::File(database) => {
                let rows = sql.for_sqlite().fetch_all(database.readers()).await;
                let rows = rows.map_err(|error| database.fault(error))?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Kind::Shared { postgres, .. } => {
                let rows = sql.for_postgres().fetch_all(&postgres.pool);
                let rows = postgres.bounded(rows).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row that a statement gives, if any.
    pub async fn optional(&self, sql: Sql) -> Result<Option<Row>, StoreError> {
        match &self.0 {
            Kind::File(database) => {
                let row = sql.for_sqlite().fetch_optional(database.readers()).await;
                let row = row.map_err(|error| database.fault(error))?;
                Ok(row.map(Row::Sqlite))
            }
            Kind::Shared { postgres, .. } => {
                let row = sql.for_postgres().fetch_optional(&postgres.pool);
                Ok(postgres.bounded(row).await?.map(Row::Postgres))
            }
        }
    }

    /// Whether the one value of a statement, which it calls `found`, is true.
    pub async fn is_so(&self, sql: Sql) -> Result<bool, StoreError> {
        let row = self.optional(sql).await?;
        let found = row.map(|row| row.try_get("found")).transpose();
        Ok(found.map_err(|error| self.fault(error))?.unwrap_or(false))
    }

    /// Begins a transaction; waits for whoever writes to the store now, on any replica.
    pub async fn begin(&self) -> Result<Transaction<'_>, StoreError> {
        match &self.0 {
            Kind::File(database) => {
                let mut writer = database.writer().await?;
                let begun = sqlx::raw_sql("BEGIN").execute(&mut *writer).await;
                begun.map_err(|error| database.fault(error))?;
                Ok(Transaction(Inner::File { database, writer }))
            }
            Kind::Shared {
                postgres,
                store,
                writing,
            } => {
                let alone = writing.lock().await;
                let begun = async {
                    let mut begun = postgres.pool.begin().await?;
                    lock(&mut begun, store).await?;
                    Ok(begun)
                };
                let begun = postgres.bounded(begun).await?;
                Ok(Transaction(Inner::Shared {
                    postgres,
                    begun,
                    _alone: alone,
                }))
            }
        }
    }

    /// Holds up every transaction of this program on shared tables, until what is returned is dropped.
    pub async fn alone(&self) -> Option<MutexGuard<'_, ()>> {
        match &self.0 {
            Kind::File(_) => None,
            Kind::Shared { writing, .. } => Some(writing.lock().await),
        }
    }

    /// Sorts an error of reading a row.
    pub fn fault(&self, error: sqlx::Error) -> StoreError {
        match &self.0 {
            Kind::File(database) => database.fault(error),
            Kind::Shared { postgres, .. } => postgres.fault(error),
        }
    }

    /// Fails when the file is gone, is another or cannot be read, or when the server does not answer.
    pub async fn check(&self) -> Result<(), StoreError> {
        match &self.0 {
            Kind::File(database) => database.check().await,
            Kind::Shared { postgres, .. } => postgres.check().await,
        }
    }

    /// Closes the file. The database of the replicas is closed by whoever opened it.
    pub async fn close(self) {
        match self.0 {
            Kind::File(database) => database.close().await,
            Kind::Shared { .. } => {}
        }
    }
}

/// A transaction, alone with its store. Dropped before [`Transaction::commit`] it has done nothing: a server takes it back at
/// once, and a file before anybody writes to it again.
pub struct Transaction<'a>(Inner<'a>);

enum Inner<'a> {
    File {
        database: &'a Database,
        writer: MutexGuard<'a, SqliteConnection>,
    },
    Shared {
        postgres: &'a Postgres,
        begun: sqlx::Transaction<'static, sqlx::Postgres>,
        _alone: MutexGuard<'a, ()>,
    },
}

impl std::fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transaction(..)")
    }
}

impl Transaction<'_> {
    /// Does what a statement says; tells how many rows it concerned.
    pub async fn run(&mut self, sql: Sql) -> Result<u64, StoreError> {
        match &mut self.0 {
            Inner::File { database, writer } => {
                let done = sql.for_sqlite().execute(&mut **writer).await;
                done.map(|done| done.rows_affected())
                    .map_err(|error| database.fault(error))
            }
            Inner::Shared { postgres, begun, .. } => {
                let done = sql.for_postgres().execute(&mut **begun);
                postgres.bounded(done).await.map(|done| done.rows_affected())
            }
        }
    }

    /// Every row that a statement gives.
    pub async fn all(&mut self, sql: Sql) -> Result<Vec<Row>, StoreError> {
        match &mut self.0 {
            Inner::File { database, writer } => {
                let rows = sql.for_sqlite().fetch_all(&mut **writer).await;
                let rows = rows.map_err(|error| database.fault(error))?;
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Inner::Shared { postgres, begun, .. } => {
                let rows = sql.for_postgres().fetch_all(&mut **begun);
                let rows = postgres.bounded(rows).await?;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The first row that a statement gives, if any.
    pub async fn optional(&mut self, sql: Sql) -> Result<Option<Row>, StoreError> {
        match &mut self.0 {
            Inner::File { database, writer } => {
                let row = sql.for_sqlite().fetch_optional(&mut **writer).await;
                let row = row.map_err(|error| database.fault(error))?;
                Ok(row.map(Row::Sqlite))
            }
            Inner::Shared { postgres, begun, .. } => {
                let row = sql.for_postgres().fetch_optional(&mut **begun);
                Ok(postgres.bounded(row).await?.map(Row::Postgres))
            }
        }
    }

    /// Whether the one value of a statement, which it calls `found`, is true.
    pub async fn is_so(&mut self, sql: Sql) -> Result<bool, StoreError> {
        let row = self.optional(sql).await?;
        let found = row.map(|row| row.try_get("found")).transpose();
        Ok(found.map_err(|error| self.fault(error))?.unwrap_or(false))
    }

    /// Ends it: what it did is durable when this returns.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Inner::File { database, mut writer } => {
                let ended = sqlx::raw_sql("COMMIT").execute(&mut *writer).await;
                ended.map(|_| ()).map_err(|error| database.fault(error))
            }
            Inner::Shared { postgres, begun, .. } => postgres.bounded(begun.commit()).await,
        }
    }

    /// Sorts an error of reading a row.
    pub fn fault(&self, error: sqlx::Error) -> StoreError {
        match &self.0 {
            Inner::File { database, .. } => database.fault(error),
            Inner::Shared { postgres, .. } => postgres.fault(error),
        }
    }
}
