//! The store together with the indexes derived from it.
//!
//! The lexical index of a tenant lies in `index/<tenant>/`. It remembers the last outbox sequence it has
//! applied, so that index and store agree again after a kill at any moment. An index that is missing, damaged
//! or of another store is rebuilt from the store when it is next needed. A library that only reads leaves
//! all of that to the next one that writes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;
use trousseau_core::chat::Rarities;
use trousseau_core::document::Passage;
use trousseau_core::principal::{Principal, Reach, Reader, Tenant};

use crate::database::Access;
use crate::error::StoreError;
use crate::lexical::{Filter, LexicalIndex};
use crate::store::Store;
use crate::uploads::Uploads;

/// How many documents one index commit takes in.
const COMMIT_DOCUMENTS: usize = 2_000;

/// How many more hits are taken from the index than asked for, to make up for those the truth drops.
const SPARE_HITS: usize = 8;

/// The share of the best score from which on a passage is worth reading.
const RELEVANT_SHARE: f32 = 1.0 / 3.0;

/// The documents of every tenant, and the way to find passages in them.
pub struct Library {
    folder: PathBuf,
    access: Access,
    store: Store,
    uploads: Arc<Uploads>,
    indexes: Mutex<HashMap<Tenant, Arc<Index>>>,
}

/// One tenant's lexical index and the outbox sequence it has applied.
struct Index {
    lexical: Arc<LexicalIndex>,
    applied: AtomicU64,
    updating: Mutex<()>,
}

impl Library {
    /// Opens the store in the folder `data`; indexes are opened when first needed.
    pub async fn open(data: &Path, access: Access) -> Result<Self, StoreError> {
        let folder = data.join("index");
        if access == Access::Write {
            fs_err::create_dir_all(&folder)?;
        }
        let store = Store::path(data);
        if is_empty_file(&store) && has_entries(&folder) {
            return Err(StoreError::Damaged {
                path: store,
                reason: "the file is empty, and there is an index of its documents".to_owned(),
            });
        }
        Ok(Self {
            folder,
            access,
            store: Store::open(data, access).await?,
            uploads: Arc::new(Uploads::new(data)),
            indexes: Mutex::default(),
        })
    }

    /// The truth.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The bytes of uploads.
    pub const fn uploads(&self) -> &Arc<Uploads> {
        &self.uploads
    }

    /// Closes the store.
    pub async fn close(self) {
        self.store.close().await;
    }

    /// Brings the tenant's indexes up to date with the store. After it returns, what the store held when
    /// it was called is what a search finds. A library that only reads leaves them as they are.
    ///
    /// To be called before documents are changed as well: an index that has applied more than the store has seen
    /// is known for one of another store only as long as the store has not caught up.
    pub async fn refresh(&self, tenant: &Tenant) -> Result<(), StoreError> {
        if self.access == Access::Read {
            return Ok(());
        }
        let Some(index) = self.index(tenant).await? else {
            return Ok(());
        };
        let _one_at_a_time = index.updating.lock().await;
        loop {
            let applied = index.applied.load(Ordering::Acquire);
            let Some((changes, sequence)) = self
                .store
                .changes_after(tenant, applied, COMMIT_DOCUMENTS)
                .await?
            else {
                return Ok(());
            };
            let lexical = Arc::clone(&index.lexical);
            blocking(move || lexical.apply(changes, sequence)).await??;
            index.applied.store(sequence, Ordering::Release);
            self.store.prune_outbox(tenant, sequence).await?;
        }
    }

    /// The best passages for `question` among what `principal` may read, best first, at most `limit`.
    pub async fn search(
        &self,
        principal: &Principal,
        question: &str,
        collections: Option<&[String]>,
        limit: usize,
    ) -> Result<Vec<Passage>, StoreError> {
        let Some(index) = self.index(&principal.tenant).await? else {
            return Ok(Vec::new());
        };
        let filter = filter(principal, collections);
        let question = question.to_owned();
        let lexical = Arc::clone(&index.lexical);
        let hits = blocking(move || lexical.search(&question, &filter, limit + SPARE_HITS)).await??;
        let mut passages = self.store.passages(principal, collections, &hits).await?;
        passages.truncate(limit);
        Ok(passages)
    }

    /// How rare the terms of `question` are in what `principal` may read.
    pub async fn rarities(
        &self,
        principal: &Principal,
        question: &str,
        collections: Option<&[String]>,
    ) -> Result<Option<Rarities>, StoreError> {
        let Some(index) = self.index(&principal.tenant).await? else {
            return Ok(None);
        };
        let filter = filter(principal, collections);
        let question = question.to_owned();
        let lexical = Arc::clone(&index.lexical);
        Ok(Some(
            blocking(move || lexical.rarities(&question, &filter)).await??,
        ))
    }

    /// The tenant's index, opened, and rebuilt from the store when it had to be begun anew; `None` when there is none
    /// to be read.
    async fn index(&self, tenant: &Tenant) -> Result<Option<Arc<Index>>, StoreError> {
        let mut indexes = self.indexes.lock().await;
        if let Some(index) = indexes.get(tenant) {
            return Ok(Some(Arc::clone(index)));
        }
        let folder = self.folder.join(tenant.as_str());
        let opened = match self.access {
            Access::Write => Some(self.open_to_write(tenant, folder).await?),
            Access::Read => blocking(move || LexicalIndex::open_to_read(&folder))
                .await??
                .map(|lexical| (Arc::new(lexical), 0)),
        };
        let Some((lexical, applied)) = opened else {
            return Ok(None);
        };
        let index = Arc::new(Index {
            lexical,
            applied: AtomicU64::new(applied),
            updating: Mutex::default(),
        });
        indexes.insert(tenant.clone(), Arc::clone(&index));
        Ok(Some(index))
    }

    /// Opens the index in `folder`, and rebuilds it unless it can go on from where it is.
    async fn open_to_write(
        &self,
        tenant: &Tenant,
        folder: PathBuf,
    ) -> Result<(Arc<LexicalIndex>, u64), StoreError> {
        let place = folder.clone();
        let (lexical, applied) = blocking(move || LexicalIndex::open(&place)).await??;
        let (oldest, newest) = self.store.sequences(tenant).await?;
        // Before the oldest sequence changes have been forgotten, beyond the newest they were another store's;
        // 0 is an index whose building was cut.
        if let Some(applied) = applied
            && applied > 0
            && (oldest..=newest).contains(&applied)
        {
            return Ok((Arc::new(lexical), applied));
        }
        let lexical = match applied {
            None => lexical,
            Some(_) => {
                drop(lexical);
                blocking(move || LexicalIndex::begin(&folder)).await??
            }
        };
        let lexical = Arc::new(lexical);
        self.rebuild(tenant, &lexical, newest).await?;
        Ok((lexical, newest))
    }

    async fn rebuild(
        &self,
        tenant: &Tenant,
        lexical: &Arc<LexicalIndex>,
        sequence: u64,
    ) -> Result<(), StoreError> {
        let ids = self.store.ever_named(tenant).await?;
        if ids.is_empty() {
            return Ok(());
        }
        tracing::info!(%tenant, documents = ids.len(), "building the lexical index from the store");
        let mut batches = ids.chunks(COMMIT_DOCUMENTS).peekable();
        while let Some(batch) = batches.next() {
            let changes = self.store.changes(tenant, batch).await?;
            let reached = if batches.peek().is_some() { 0 } else { sequence };
            let lexical = Arc::clone(lexical);
            blocking(move || lexical.apply(changes, reached)).await??;
        }
        Ok(())
    }
}

fn is_empty_file(path: &Path) -> bool {
    fs_err::metadata(path).is_ok_and(|metadata| metadata.len() == 0)
}

fn has_entries(folder: &Path) -> bool {
    fs_err::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// What the index lets through of what `principal` asks for.
fn filter(principal: &Principal, collections: Option<&[String]>) -> Filter {
    let whole = principal.reach == Reach::Whole;
    Filter {
        collections: collections.map(<[String]>::to_vec),
        readers: (!whole).then(|| principal.readers().iter().map(Reader::to_string).collect()),
        clearance: principal.clearance,
    }
}

/// Drops passages that score below a third of the best one.
///
/// They say nothing of the question, and each that is kept brings its label: a personnel file at the end of the
/// list would make a public question personal.
pub fn keep_relevant(passages: &mut Vec<Passage>) {
    let best = passages.first().map_or(0.0, |passage| passage.score);
    passages.retain(|passage| passage.score >= best * RELEVANT_SHARE);
}

/// Runs a step that computes or waits for the disk where it holds nobody up.
pub async fn blocking<T: Send + 'static>(step: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(step)
        .await
        .map_err(|error| StoreError::Died(error.to_string()))
}
