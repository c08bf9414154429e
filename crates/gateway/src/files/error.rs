//! Why a file or a collection is not kept, shown or deleted.

use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::label::Class;
use trousseau_retrieval::error::StoreError;

use crate::error::GatewayError;

/// An error of files and collections.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// There is no such file for this caller.
    #[error("no file {id}")]
    NoFile {
        /// The id that was asked for.
        id: String,
    },
    /// There is no such collection for this caller.
    #[error("no vector store {id}")]
    NoStore {
        /// The id that was asked for.
        id: String,
    },
    /// There is no such batch in this collection.
    #[error("no batch {id}")]
    NoBatch {
        /// The id that was asked for.
        id: String,
    },
    /// The caller may read it and no more.
    #[error("{id} is somebody else's")]
    NotYours {
        /// What was to be changed.
        id: String,
    },
    /// The caller keeps as many files as it may.
    #[error("there are {limit} files already")]
    TooMany {
        /// The limit.
        limit: u64,
    },
    /// What the caller is about to keep it may not read itself.
    #[error("it would be {class}, and the caller's clearance is {clearance}")]
    Clearance {
        /// The class it would have.
        class: Class,
        /// The highest class that the caller may read.
        clearance: Class,
    },
    /// The configuration says who may read it.
    #[error("the configuration says who may read {id}")]
    Configured {
        /// What was to be changed.
        id: String,
    },
    /// Others attach it as fast as it is deleted.
    #[error("{id} is in use")]
    Changing {
        /// What was to be deleted.
        id: String,
    },
    /// A step of the service failed.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
}

impl From<StoreError> for FileError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoFile { id } => Self::NoFile { id },
            error => Self::Gateway(error.into()),
        }
    }
}

impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<getrandom::Error> for FileError {
    fn from(error: getrandom::Error) -> Self {
        GatewayError::from(error).into()
    }
}

impl Explain for FileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoFile { .. } | Self::NoStore { .. } | Self::NoBatch { .. } => ErrorKind::NotFound,
            Self::NotYours { .. } | Self::Clearance { .. } => ErrorKind::Forbidden,
            Self::TooMany { .. } => ErrorKind::TooLarge,
            Self::Changing { .. } | Self::Configured { .. } => ErrorKind::Conflict,
            Self::Gateway(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoFile { .. } => "files-no-file",
            Self::NoStore { .. } => "files-no-store",
            Self::NoBatch { .. } => "files-no-batch",
            Self::NotYours { .. } => "files-not-yours",
            Self::TooMany { .. } => "files-too-many",
            Self::Clearance { .. } => "files-clearance",
            Self::Changing { .. } => "files-changing",
            Self::Configured { .. } => "files-configured",
            Self::Gateway(error) => error.code(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NoFile { id }
            | Self::NoStore { id }
            | Self::NoBatch { id }
            | Self::NotYours { id }
            | Self::Configured { id }
            | Self::Changing { id } => vec![("id", id.clone())],
            Self::TooMany { limit } => vec![("limit", limit.to_string())],
            Self::Clearance { class, clearance } => {
                vec![("class", class.to_string()), ("clearance", clearance.to_string())]
            }
            Self::Gateway(error) => error.fields(),
        }
    }
}
