//! What PostgreSQL says, sorted by what the caller can do about it.

use std::path::PathBuf;

use sqlx::Error;
use trousseau_retrieval::error::StoreError;

/// Classes of SQLSTATE (PostgreSQL documentation, appendix A) after which another try may succeed: a connection that broke, too
/// many of them, an operator who stops the server, a server that does not write at the moment.
const AWAY: [&str; 6] = ["08", "25006", "53", "57", "40001", "40P01"];

/// Those that only a change of the configuration or of the server's rights mends: who may come in, which database, which rights.
const REJECTED: [&str; 4] = ["28", "3D000", "3F000", "42501"];

/// No room on the server's disk.
const FULL: &str = "53100";

pub(crate) fn sort(database: &str, error: Error) -> StoreError {
    let place = || database.to_owned();
    let Some(code) = error.as_database_error().and_then(|told| told.code()) else {
        return of_connection(database, error);
    };
    let is_in = |classes: &[&str]| classes.iter().any(|class| code.starts_with(class));
    if code == FULL {
        return StoreError::Full {
            path: PathBuf::from(database),
        };
    }
    if is_in(&REJECTED) {
        return StoreError::Rejected {
            database: place(),
            reason: error.to_string(),
        };
    }
    if is_in(&AWAY) {
        return StoreError::Away {
            database: place(),
            reason: error.to_string(),
        };
    }
    StoreError::Sql {
        path: PathBuf::from(database),
        source: error,
    }
}

/// An error that is no answer of the server.
fn of_connection(database: &str, error: Error) -> StoreError {
    let (database, reason) = (database.to_owned(), error.to_string());
    match error {
        Error::Io(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::Protocol(_) => StoreError::Away { database, reason },
        Error::Tls(_) | Error::Configuration(_) => StoreError::Rejected { database, reason },
        source => StoreError::Sql {
            path: PathBuf::from(database),
            source,
        },
    }
}

/// What was not answered in time.
pub(crate) fn late(database: &str) -> StoreError {
    StoreError::Away {
        database: database.to_owned(),
        reason: "no answer in time".to_owned(),
    }
}
