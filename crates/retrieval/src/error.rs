//! What can go wrong in the document store, and what the caller can do about it.

use std::path::PathBuf;

use trousseau_core::error::{ErrorKind, Explain};

use crate::lexical::LexicalError;

/// An error of the document store, the record store or an index.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused a statement.
    #[error("{path}: {source}")]
    Sql {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
    /// The disk, or the quota, is full.
    #[error("{path}: no space left to write")]
    Full {
        /// The database file.
        path: PathBuf,
    },
    /// The disk refused to read or write.
    #[error("{path}: the disk failed: {reason}")]
    Disk {
        /// The database file.
        path: PathBuf,
        /// What was seen.
        reason: String,
    },
    /// The file is not a sound database.
    #[error("{path}: damaged: {reason}")]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// A newer program wrote the file.
    #[error("{path}: written in format {found}, newer than the {known} this program knows")]
    Newer {
        /// The database file.
        path: PathBuf,
        /// The format version in the file.
        found: i64,
        /// The highest version this program reads.
        known: i64,
    },
    /// An older program wrote the file, and it was opened for reading only.
    #[error("{path}: written in format {found}, older than {known}, and opened for reading only")]
    Older {
        /// The database file.
        path: PathBuf,
        /// The format version in the file.
        found: i64,
        /// The version this program reads.
        known: i64,
    },
    /// The database of the replicas does not answer.
    #[error("{database}: cannot be reached: {reason}")]
    Away {
        /// Where it is, without a password.
        database: String,
        /// What was seen.
        reason: String,
    },
    /// The database of the replicas lets nobody in like this: the password, the certificate, a name, a right.
    #[error("{database}: refused: {reason}")]
    Rejected {
        /// Where it is, without a password.
        database: String,
        /// What it said.
        reason: String,
    },
    /// Another data folder has this replica's name, or another process uses this one's.
    #[error("{database}: the replica {replica} is there twice")]
    Twice {
        /// Where the database is.
        database: String,
        /// The name.
        replica: String,
    },
    /// Two records of replicas have one name, and are not the same.
    #[error("{database}: the record {record} is another than here")]
    Clash {
        /// Where the database is.
        database: String,
        /// The record's name, or what the database said of it.
        record: String,
    },
    /// A file or folder beside the databases cannot be used.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// The lexical index failed.
    #[error(transparent)]
    Lexical(#[from] LexicalError),
    /// There is no such document for this reader.
    #[error("no document {id}")]
    NoDocument {
        /// The id that was asked for.
        id: String,
    },
    /// There is no such upload.
    #[error("no file {id}")]
    NoFile {
        /// The id that was asked for.
        id: String,
    },
    /// There is no such collection.
    #[error("no collection {name}")]
    NoCollection {
        /// The name that was asked for.
        name: String,
    },
    /// A background step of the program died.
    #[error("a step of the store died: {0}")]
    Died(String),
}

impl StoreError {
    /// Sorts what SQLite said by what the caller can do.
    pub fn sql(path: &std::path::Path, source: sqlx::Error) -> Self {
        let code = source.as_database_error().and_then(|error| error.code());
        let primary = code
            .and_then(|code| code.parse::<i64>().ok())
            .map(|code| code & 0xff);
        let path = path.to_path_buf();
        match primary {
            Some(SQLITE_FULL) => Self::Full { path },
            Some(SQLITE_IOERR) => Self::Disk {
                path,
                reason: source.to_string(),
            },
            Some(SQLITE_CORRUPT | SQLITE_NOTADB) => Self::Damaged {
                path,
                reason: source.to_string(),
            },
            _ => Self::Sql { path, source },
        }
    }
}

/// Primary result codes of SQLite (sqlite.org/rescode.html).
const SQLITE_IOERR: i64 = 10;
const SQLITE_CORRUPT: i64 = 11;
const SQLITE_FULL: i64 = 13;
const SQLITE_NOTADB: i64 = 26;

impl Explain for StoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Sql { .. } | Self::Died(_) => ErrorKind::Internal,
            Self::Full { .. }
            | Self::Disk { .. }
            | Self::File(_)
            | Self::Away { .. }
            | Self::Rejected { .. } => ErrorKind::Unavailable,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Newer { .. } | Self::Older { .. } | Self::Twice { .. } | Self::Clash { .. } => {
                ErrorKind::Conflict
            }
            Self::Lexical(error) => error.kind(),
            Self::NoDocument { .. } | Self::NoFile { .. } | Self::NoCollection { .. } => ErrorKind::NotFound,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Sql { .. } => "store-sql",
            Self::Full { .. } => "store-full",
            Self::Disk { .. } => "store-disk",
            Self::Damaged { .. } => "store-damaged",
            Self::Newer { .. } => "store-newer",
            Self::Older { .. } => "store-older",
            Self::Away { .. } => "store-away",
            Self::Rejected { .. } => "store-rejected",
            Self::Twice { .. } => "store-replica-twice",
            Self::Clash { .. } => "store-records-clash",
            Self::File(_) => "store-file",
            Self::Lexical(error) => error.code(),
            Self::NoDocument { .. } => "store-no-document",
            Self::NoFile { .. } => "store-no-file",
            Self::NoCollection { .. } => "store-no-collection",
            Self::Died(_) => "store-died",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let shown = |path: &PathBuf| ("path", path.display().to_string());
        match self {
            Self::Sql { path, source } => vec![shown(path), ("reason", source.to_string())],
            Self::Full { path } => vec![shown(path)],
            Self::Disk { path, reason } | Self::Damaged { path, reason } => {
                vec![shown(path), ("reason", reason.clone())]
            }
            Self::Newer { path, found, known } | Self::Older { path, found, known } => {
                vec![
                    shown(path),
                    ("found", found.to_string()),
                    ("known", known.to_string()),
                ]
            }
            Self::Away { database, reason } | Self::Rejected { database, reason } => {
                vec![("database", database.clone()), ("reason", reason.clone())]
            }
            Self::Twice { database, replica } => {
                vec![("database", database.clone()), ("replica", replica.clone())]
            }
            Self::Clash { database, record } => {
                vec![("database", database.clone()), ("record", record.clone())]
            }
            Self::File(error) => vec![("reason", error.to_string())],
            Self::Lexical(error) => error.fields(),
            Self::NoDocument { id } | Self::NoFile { id } => vec![("id", id.clone())],
            Self::NoCollection { name } => vec![("name", name.clone())],
            Self::Died(reason) => vec![("reason", reason.clone())],
        }
    }
}
