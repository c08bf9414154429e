//! `/v1/files`: documents as OpenAI's files, and the lists that files and vector stores are given in.

use serde::Serialize;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Names it.
    pub id: String,
    /// Always `file`.
    pub object: &'static str,
    /// Its size, in bytes.
    pub bytes: u64,
    /// When it was given, in seconds since 1970.
    pub created_at: i64,
    /// Its name.
    pub filename: String,
    /// What it was given for: `assistants`, `user_data`.
    pub purpose: String,
    /// How far it is: older clients read it here.
    pub status: FileStatus,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// It lies here.
    Uploaded,
    /// It is ready to be used.
    Processed,
    /// It cannot be used.
    Error,
}

impl File {
    /// A file that lies here for answering questions.
    pub fn new(id: impl Into<String>, filename: impl Into<String>, bytes: u64, created_at: i64) -> Self {
        Self {
            id: id.into(),
            object: "file",
            bytes,
            created_at,
            filename: filename.into(),
            purpose: "assistants".to_owned(),
            status: FileStatus::Uploaded,
        }
    }
}

/// That something is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// What it was named.
    pub id: String,
    /// What it was: `file`, `vector_store.deleted`, `vector_store.file.deleted`.
    pub object: &'static str,
    /// Always true.
    pub deleted: bool,
}

impl Deleted {
    /// A file is gone. OpenAI gives the object's own name here, not `file.deleted`.
    pub fn file(id: impl Into<String>) -> Self {
        Self::of("file", id)
    }

    /// A vector store is gone.
    pub fn vector_store(id: impl Into<String>) -> Self {
        Self::of("vector_store.deleted", id)
    }

    /// A file is gone from a vector store.
    pub fn vector_store_file(id: impl Into<String>) -> Self {
        Self::of("vector_store.file.deleted", id)
    }

    fn of(object: &'static str, id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            object,
            deleted: true,
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct List<T> {
    /// Always `list`.
    pub object: &'static str,
    /// The page.
    pub data: Vec<T>,
    /// The id of its first object: `before` gives the page before it.
    pub first_id: Option<String>,
    /// The id of its last object: `after` gives the next page.
    pub last_id: Option<String>,
    /// Whether there are more behind it.
    pub has_more: bool,
}

impl<T: Listed> List<T> {
    /// A page, and whether there are more behind it.
    pub fn new(data: Vec<T>, has_more: bool) -> Self {
        Self {
            object: "list",
            first_id: data.first().map(|first| first.id().to_owned()),
            last_id: data.last().map(|last| last.id().to_owned()),
            data,
            has_more,
        }
    }
}

/// What is given in lists: it has an id.
pub trait Listed {
    /// Its id.
    fn id(&self) -> &str;
}

impl Listed for File {
    fn id(&self) -> &str {
        &self.id
    }
}
