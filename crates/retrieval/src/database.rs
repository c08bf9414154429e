//! One SQLite file with one writer: how it is opened, migrated and written to.
//!
//! Reads go through a small pool of read-only connections and never wait for the writer (WAL). Writes take
//! the one writing connection, in a transaction that is durable when `commit` returns
//! (`synchronous = FULL`).

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, SqlitePool};
use tokio::sync::{Mutex, MutexGuard};

use crate::error::StoreError;

/// The tables of one file, as steps from an empty file to the present version. A step that was released
/// is never edited; a change is one more step.
pub struct Schema {
    /// Each step's SQL. The format version of a file is the number of steps it has seen.
    pub steps: &'static [&'static str],
}

/// Whether a file is opened to write or only to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Create, migrate and write.
    Write,
    /// Only read; the file must exist in a version this program knows.
    Read,
}

/// An open SQLite file.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    writer: Option<Mutex<SqliteConnection>>,
    readers: SqlitePool,
    /// The file that was opened: its device and its number there.
    file: (u64, u64),
}

/// How many reads run side by side.
const READERS: u32 = 4;

impl Database {
    /// Opens the file, creating and migrating it when `access` allows.
    pub async fn open(path: &Path, schema: &Schema, access: Access) -> Result<Self, StoreError> {
        let fault = |error| StoreError::sql(path, error);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(Duration::from_secs(5))
            .foreign_keys(true)
            .synchronous(SqliteSynchronous::Full)
            .disable_statement_logging();
        let writer = match access {
            Access::Read => None,
            Access::Write => {
                let mut writer = options
                    .clone()
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .connect()
                    .await
                    .map_err(fault)?;
                migrate(&mut writer, path, schema).await?;
                Some(Mutex::new(writer))
            }
        };
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await
            .map_err(fault)?;
        let database = Self {
            path: path.to_path_buf(),
            writer,
            readers,
            file: identity(path)?,
        };
        database.check_version(schema).await?;
        Ok(database)
    }

    /// The connections that read.
    pub const fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// The one connection that writes; waits for whoever writes now.
    ///
    /// It is outside any transaction. When a commit fails on a full disk, SQLite ends the transaction by itself, and
    /// sqlx, which counts them, then takes the next one for a part of it: rolling that one back would leave it open, and
    /// every later commit would only end a part of it and write nothing. So whatever is open is ended here.
    pub async fn writer(&self) -> Result<MutexGuard<'_, SqliteConnection>, StoreError> {
        match &self.writer {
            Some(writer) => {
                let mut writer = writer.lock().await;
                // Refused when nothing is open, which is how it should be.
                let _ended = sqlx::raw_sql("ROLLBACK").execute(&mut *writer).await;
                Ok(writer)
            }
            None => Err(StoreError::sql(
                &self.path,
                sqlx::Error::Protocol("opened for reading only".to_owned()),
            )),
        }
    }

    /// Fails when the file is gone, another is in its place, or it cannot be read.
    pub async fn check(&self) -> Result<(), StoreError> {
        if identity(&self.path)? != self.file {
            let reason = format!("{}: another file is in its place", self.path.display());
            return Err(std::io::Error::other(reason).into());
        }
        let read = sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&self.readers);
        read.await.map(|_| ()).map_err(|error| self.fault(error))
    }

    /// Sorts an error of a statement on this file.
    pub fn fault(&self, error: sqlx::Error) -> StoreError {
        StoreError::sql(&self.path, error)
    }

    /// Writes the WAL back into the file and closes every connection.
    pub async fn close(self) {
        self.readers.close().await;
        if let Some(writer) = self.writer {
            // A failed checkpoint leaves the WAL to the next start, which replays it.
            if let Err(error) = writer.into_inner().close().await {
                tracing::debug!(path = %self.path.display(), %error, "closing the database");
            }
        }
    }

    async fn check_version(&self, schema: &Schema) -> Result<(), StoreError> {
        let found: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&self.readers)
            .await
            .map_err(|error| self.fault(error))?;
        let known = schema.steps.len() as i64;
        if found > known {
            return Err(StoreError::Newer {
                path: self.path.clone(),
                found,
                known,
            });
        }
        if found < known {
            return Err(StoreError::Older {
                path: self.path.clone(),
                found,
                known,
            });
        }
        Ok(())
    }
}

/// What tells a file from another of the same name.
fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    let metadata = fs_err::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Runs the steps the file has not seen, each in a transaction with its new version number.
async fn migrate(writer: &mut SqliteConnection, path: &Path, schema: &Schema) -> Result<(), StoreError> {
    let fault = |error| StoreError::sql(path, error);
    let seen: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *writer)
        .await
        .map_err(fault)?;
    for (version, step) in (1_i64..).zip(schema.steps).filter(|(version, _)| *version > seen) {
        let mut transaction = writer.begin().await.map_err(fault)?;
        sqlx::raw_sql(*step)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        // A pragma takes no parameters; the number comes from this program alone.
        let stamp = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {version}"));
        sqlx::raw_sql(stamp)
            .execute(&mut *transaction)
            .await
            .map_err(fault)?;
        transaction.commit().await.map_err(fault)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Schema = Schema {
        steps: &["CREATE TABLE a (x INTEGER)"],
    };
    const TWO: Schema = Schema {
        steps: &["CREATE TABLE a (x INTEGER)", "ALTER TABLE a ADD COLUMN y TEXT"],
    };

    #[tokio::test]
    async fn an_old_file_is_migrated_and_a_newer_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let old = Database::open(&path, &ONE, Access::Write).await.unwrap();
        old.close().await;
        let new = Database::open(&path, &TWO, Access::Write).await.unwrap();
        sqlx::query("INSERT INTO a (x, y) VALUES (1, 'z')")
            .execute(&mut *new.writer().await.unwrap())
            .await
            .unwrap();
        new.close().await;
        let refused = Database::open(&path, &ONE, Access::Write).await.unwrap_err();
        assert!(
            matches!(
                refused,
                StoreError::Newer {
                    found: 2,
                    known: 1,
                    ..
                }
            ),
            "{refused}"
        );
    }

    #[tokio::test]
    async fn a_file_of_garbage_is_named_as_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        fs_err::write(&path, vec![b'x'; 8192]).unwrap();
        let refused = Database::open(&path, &ONE, Access::Write).await.unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    }

    #[tokio::test]
    async fn a_reader_migrates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let old = Database::open(&path, &ONE, Access::Write).await.unwrap();
        old.close().await;
        let refused = Database::open(&path, &TWO, Access::Read).await.unwrap_err();
        assert!(
            matches!(
                refused,
                StoreError::Older {
                    found: 1,
                    known: 2,
                    ..
                }
            ),
            "{refused}"
        );
    }

    #[tokio::test]
    async fn another_file_in_its_place_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        let open = Database::open(&path, &ONE, Access::Write).await.unwrap();
        open.check().await.unwrap();
        let other = folder.path().join("b.sqlite");
        fs_err::write(&other, []).unwrap();
        fs_err::rename(&other, &path).unwrap();
        assert!(
            open.check()
                .await
                .unwrap_err()
                .to_string()
                .contains("another file")
        );
        fs_err::remove_file(&path).unwrap();
        assert!(open.check().await.is_err());
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sqlite");
        Database::open(&path, &ONE, Access::Write)
            .await
            .unwrap()
            .close()
            .await;
        let reader = Database::open(&path, &ONE, Access::Read).await.unwrap();
        assert!(reader.writer().await.is_err());
        let insert = sqlx::query("INSERT INTO a (x) VALUES (1)");
        assert!(insert.execute(reader.readers()).await.is_err());
    }
}
