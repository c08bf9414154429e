//! The truth about documents: `documents.sqlite`.
//!
//! Indexes are derived from it and never believed against it. A document is replaced or removed in one
//! transaction together with its row in the outbox, so that after a kill at any moment the indexes can be
//! brought up to date, and together with its task's state, so that the ledger entry still owed is known.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard};
use trousseau_core::document::BlockKind;
use trousseau_core::principal::Tenant;

use crate::database::{Access, Database};
use crate::error::StoreError;

mod access;
mod attachments;
mod collections;
mod documents;
mod files;
mod paging;
mod passages;
mod schema;
mod tasks;
mod writes;

pub use attachments::{
    Attaching, Batch, Counts, DOCUMENT_FILE, Member, Members, NewAttachment, Origin, Progress,
};
pub use collections::Collection;
pub use documents::{Committed, DocumentRow, Known, NewDocument, Stored};
pub use files::{FileRow, MadeOf};
pub use paging::{Page, Paging};
pub use tasks::{NewTask, Operation, Outcome, Task, TaskError, TaskState};

/// The document store.
#[derive(Debug)]
pub struct Store {
    database: Database,
    at_work: Turns,
    settling: Turns,
}

/// Who has the word, by tenant.
#[derive(Debug, Default)]
struct Turns(StdMutex<HashMap<Tenant, Arc<Mutex<()>>>>);

impl Turns {
    async fn take(&self, tenant: &Tenant) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(tenant.clone()).or_default())
        };
        turn.lock_owned().await
    }
}

/// A collection and how many documents it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionRow {
    /// Its name.
    pub name: String,
    /// How many documents it holds.
    pub documents: u64,
}

impl Store {
    /// Where the documents of the folder `data` are.
    /// The version of the file's form.
    pub const FORMAT: usize = schema::DOCUMENTS.steps.len();

    pub(crate) fn path(data: &Path) -> PathBuf {
        data.join("documents.sqlite")
    }

    /// Opens `documents.sqlite` in the folder `data`.
    pub async fn open(data: &Path, access: Access) -> Result<Self, StoreError> {
        let path = Self::path(data);
        let database = Database::open(&path, &schema::DOCUMENTS, access).await?;
        Ok(Self {
            database,
            at_work: Turns::default(),
            settling: Turns::default(),
        })
    }

    /// Fails when the file cannot be read.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.database.check().await
    }

    /// Closes the file.
    pub async fn close(self) {
        self.database.close().await;
    }

    /// Waits until nobody else works on the tenant's tasks, and keeps others waiting until it is dropped.
    pub async fn work(&self, tenant: &Tenant) -> OwnedMutexGuard<()> {
        self.at_work.take(tenant).await
    }

    /// Waits until nobody else takes up tasks that were left, or removes documents out of turn: either looks at tasks
    /// that are begun and not ended, and must not take the other's for abandoned.
    pub async fn settling(&self, tenant: &Tenant) -> OwnedMutexGuard<()> {
        self.settling.take(tenant).await
    }

    /// The tenant's collections, by name.
    pub async fn collections(&self, tenant: &Tenant) -> Result<Vec<CollectionRow>, StoreError> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT name, (SELECT count(*) FROM documents d WHERE d.tenant = c.tenant AND d.collection = c.name)
             FROM collections c WHERE tenant = ? ORDER BY name",
        )
        .bind(tenant.as_str())
        .fetch_all(self.database.readers())
        .await
        .map_err(|error| self.database.fault(error))?;
        let row = |(name, documents): (String, i64)| CollectionRow {
            name,
            documents: documents.unsigned_abs(),
        };
        Ok(rows.into_iter().map(row).collect())
    }
}

/// The blocks of a chunk, as the store keeps them: kind and byte range within the chunk's text.
type Blocks = Vec<(BlockKind, std::ops::Range<usize>)>;
