//! The way of one document, from top to bottom in [`Gateway::ingest_batch`].
//!
//! ```text
//! claim tasks -> load -> extract -> chunk -> label -> commit -> ledger entries -> tasks done
//!                                                         \-> lexical index, through the outbox
//! ```
//!
//! Tasks are worked on in batches, one transaction and one wait for the ledger's disk each. While a batch
//! is committed, the next one is read. Tasks on one document never meet in a batch or in two neighbouring
//! ones, so that the last one has the last word. A kill at any moment leaves tasks from which the next run
//! goes on.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::sync::{mpsc, watch};
use trousseau_core::digest::Digest;
use trousseau_core::label::Label;
use trousseau_core::principal::{Reader, Tenant};
use trousseau_ledger::Durability;
use trousseau_retrieval::chunk::chunk;
use trousseau_retrieval::extraction::{ReadFile, Unread};
use trousseau_retrieval::library::blocking;
use trousseau_retrieval::source::{self, Listing};
use trousseau_retrieval::store::{Committed, NewDocument, NewTask, Operation, Outcome, Task, TaskError};

use crate::commitment::Secret;
use crate::entry::{Document, Event};
use crate::error::GatewayError;
use crate::service::Gateway;

/// How many tasks are taken from the queue at once.
const CLAIM_TASKS: usize = 1024;

/// How many tasks are worked on together.
const BATCH_TASKS: usize = 128;

/// The bytes of files that are held in memory together; a batch is cut when it passes them.
const BATCH_BYTES: usize = 16 << 20;

/// What is to be ingested.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Files and folders, absolute.
    pub paths: Vec<PathBuf>,
    /// The collection they go into.
    pub collection: String,
    /// A label beside the collection's own.
    pub label: Option<Label>,
    /// The access list in place of the collection's own.
    pub readers: Option<Vec<Reader>>,
    /// Whether documents whose file has gone from these folders are removed.
    pub sync: bool,
}

/// What became of one task.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The task's number.
    pub task: i64,
    /// The file, as it is shown.
    pub path: String,
    /// What was done, or why not.
    pub end: Result<Outcome, TaskError>,
}

/// Where the ends of tasks are told as they come.
pub type Ends = mpsc::UnboundedSender<Ended>;

impl Gateway {
    /// Lists files and folders and enqueues a durable task for each file. Returns what could not even be
    /// listed; it is kept as failed tasks.
    pub async fn register(
        &self,
        tenant: &Tenant,
        wanted: Registration,
    ) -> Result<Vec<(String, TaskError)>, GatewayError> {
        let mut collection = self.plan().settings.collection(&wanted.collection);
        let known = self.library.store();
        let known = known.collection(tenant, None, Some(&wanted.collection)).await?;
        // Somebody may have made it for themselves.
        if let Some(readers) = known.and_then(|known| known.readers) {
            collection.readers = readers;
        }
        let label = match &wanted.label {
            Some(label) => collection.label.join(label),
            None => collection.label,
        };
        let paths = wanted.paths.clone();
        let listed = blocking(move || list_all(&paths)).await?;
        let mut tasks = Vec::new();
        let task = |operation, source, error| NewTask {
            operation,
            collection: wanted.collection.clone(),
            source,
            label: label.clone(),
            readers: wanted
                .readers
                .clone()
                .unwrap_or_else(|| collection.readers.clone()),
            error,
        };
        if wanted.sync {
            for path in self.vanished(tenant, &wanted, &listed).await? {
                tasks.push(task(Operation::Remove, path, None));
            }
        }
        tasks.extend(
            listed
                .files
                .into_iter()
                .map(|path| task(Operation::Ingest, path, None)),
        );
        let mut faults = Vec::with_capacity(listed.faults.len());
        for (path, fault) in listed.faults {
            let error = TaskError::of(&fault);
            faults.push((source::shown(&path), error.clone()));
            tasks.push(task(Operation::Ingest, path, Some(error)));
        }
        self.library
            .store()
            .enqueue(tenant, &tasks, (self.now)().as_millisecond())
            .await?;
        Ok(faults)
    }

    /// Enqueues the removal of documents.
    pub async fn register_removal(
        &self,
        tenant: &Tenant,
        documents: &[(String, PathBuf)],
    ) -> Result<(), GatewayError> {
        let tasks: Vec<NewTask> = documents.iter().map(removal).collect();
        self.library
            .store()
            .enqueue(tenant, &tasks, (self.now)().as_millisecond())
            .await?;
        Ok(())
    }

    /// Removes documents, out of turn where no task on one of them waits. When this returns, no search finds them.
    pub async fn remove_now(
        &self,
        tenant: &Tenant,
        documents: &[(String, PathBuf)],
    ) -> Result<(), GatewayError> {
        if documents.is_empty() {
            return Ok(());
        }
        self.library.refresh(tenant).await?;
        if !self.remove_out_of_turn(tenant, documents).await? {
            self.register_removal(tenant, documents).await?;
            self.ingest_unheard(tenant).await?;
        }
        Ok(self.library.refresh(tenant).await?)
    }

    async fn remove_out_of_turn(
        &self,
        tenant: &Tenant,
        documents: &[(String, PathBuf)],
    ) -> Result<bool, GatewayError> {
        let store = self.library.store();
        let _settling = store.settling(tenant).await;
        let tasks: Vec<NewTask> = documents.iter().map(removal).collect();
        let now = (self.now)().as_millisecond();
        let Some(removals) = store.begin_removal(tenant, &tasks, now).await? else {
            return Ok(false);
        };
        let batch = Batch {
            removals,
            ..Batch::default()
        };
        let (nobody, _) = mpsc::unbounded_channel();
        self.write_batch(tenant, batch, &nobody).await?;
        Ok(true)
    }

    /// Works on the tenant's tasks for nobody who listens: whoever wants to know asks for the state of a task.
    pub async fn ingest_unheard(&self, tenant: &Tenant) -> Result<(), GatewayError> {
        let (ends, mut told) = mpsc::unbounded_channel();
        let working = async {
            let worked = self.ingest(tenant, &ends).await;
            drop(ends);
            worked
        };
        let hearing = async { while told.recv().await.is_some() {} };
        tokio::join!(working, hearing).0
    }

    /// Works on the tenant's tasks until none waits, those of an earlier run that was cut included, and brings
    /// the indexes up to date. Whoever calls it meanwhile for the same tenant waits. When the receiver of `ends` is
    /// dropped, it stops between two batches and leaves the rest of the tasks to the next call.
    pub async fn ingest(&self, tenant: &Tenant, ends: &Ends) -> Result<(), GatewayError> {
        let store = self.library.store();
        let _one_at_a_time = store.work(tenant).await;
        self.library.refresh(tenant).await?;
        {
            let _settling = store.settling(tenant).await;
            store.requeue(tenant).await?;
            let owed = store.owed(tenant).await?;
            self.settle(tenant, owed, ends).await?;
        }
        let (committed, mut news) = watch::channel(());
        let indexing = async {
            // While batches are committed, the index takes in those before them.
            while news.changed().await.is_ok() {
                self.library.refresh(tenant).await?;
            }
            self.library.refresh(tenant).await
        };
        let (worked, indexed) = tokio::join!(self.work_off(tenant, ends, committed), indexing);
        worked?;
        Ok(indexed?)
    }

    /// Works on the waiting tasks batch by batch, and says on `committed` when one is done.
    async fn work_off(
        &self,
        tenant: &Tenant,
        ends: &Ends,
        committed: watch::Sender<()>,
    ) -> Result<(), GatewayError> {
        let mut queue = VecDeque::new();
        let mut batch = Batch::default();
        loop {
            if batch.is_empty() {
                batch = self.read_batch(tenant, &mut queue, HashSet::new()).await?;
            }
            if batch.is_empty() || ends.is_closed() {
                return Ok(());
            }
            let reading = self.read_batch(tenant, &mut queue, batch.ids(tenant));
            let (next, written) = tokio::join!(reading, self.write_batch(tenant, batch, ends));
            written?;
            committed.send_replace(());
            batch = next?;
        }
    }

    /// Takes the next tasks up to the point where their documents stand ready to be committed. A task on one
    /// of the documents that are `busy` and those behind it are left for later.
    async fn read_batch(
        &self,
        tenant: &Tenant,
        queue: &mut VecDeque<Task>,
        busy: HashSet<String>,
    ) -> Result<Batch, GatewayError> {
        if queue.is_empty() {
            queue.extend(self.library.store().claim(tenant, CLAIM_TASKS).await?);
        }
        let tasks = std::mem::take(queue);
        let limit = self.plan().settings.limits.file_bytes;
        let owner = tenant.clone();
        let (mut batch, loaded, rest) = blocking(move || load_some(&owner, tasks, busy, limit)).await?;
        *queue = rest;
        let changed = self.changed(tenant, loaded, &mut batch).await?;
        let read = self.extract(changed, &mut batch).await;
        let (tenant, detectors) = (tenant.clone(), self.plan().settings.detectors.clone());
        blocking(move || {
            for (file, contents) in read {
                let found = detectors.detect(&contents.extracted.text);
                let found = found.label_within(&file.task.label);
                let found = found.join(&detectors.detect(&file.task.path).label());
                batch.documents.push(prepare(&tenant, file, contents, &found)?);
            }
            Ok(batch)
        })
        .await?
    }

    /// Drops the files whose document is already what it would become.
    async fn changed(
        &self,
        tenant: &Tenant,
        loaded: Vec<Loaded>,
        batch: &mut Batch,
    ) -> Result<Vec<Loaded>, GatewayError> {
        let ids: Vec<String> = loaded.iter().map(|file| id(tenant, &file.task)).collect();
        let known = self.library.store().known(tenant, &ids).await?;
        let mut changed = Vec::with_capacity(loaded.len());
        for (file, id) in loaded.into_iter().zip(ids) {
            let mut readers: Vec<String> = file.task.readers.iter().map(Reader::to_string).collect();
            readers.sort_unstable();
            readers.dedup();
            let same = known.get(&id).is_some_and(|known| {
                known.digest == file.digest && known.declared == file.task.label && known.readers == readers
            });
            if same {
                batch.ended.push((file.task, Ok(Outcome::Unchanged)));
            } else {
                changed.push(file);
            }
        }
        Ok(changed)
    }

    /// Has the worker processes read the files. What cannot be read ends its task.
    async fn extract(&self, files: Vec<Loaded>, batch: &mut Batch) -> Vec<(Loaded, ReadFile)> {
        let unread: Vec<Unread<'_>> = files
            .iter()
            .map(|file| Unread {
                name: &file.task.path,
                bytes: &file.bytes,
            })
            .collect();
        let ends = self.extraction.read_all(&unread).await;
        let mut read = Vec::with_capacity(files.len());
        for (file, end) in files.into_iter().zip(ends) {
            match end {
                Ok(contents) => read.push((file, contents)),
                Err(error) => batch.ended.push((file.task, Err(TaskError::of(&error)))),
            }
        }
        read
    }

    /// Commits a batch, enters it in the ledger, and ends its tasks.
    async fn write_batch(&self, tenant: &Tenant, batch: Batch, ends: &Ends) -> Result<(), GatewayError> {
        let store = self.library.store();
        let now = (self.now)().as_millisecond();
        let Batch {
            documents,
            removals,
            mut ended,
        } = batch;
        let mut owed = Vec::new();
        if !documents.is_empty() {
            let committed = store.replace(tenant, &documents, now).await?;
            owed.extend(documents.into_iter().map(|document| document.task).zip(committed));
        }
        for task in removals {
            match store.remove(tenant, &task).await? {
                Some(committed) => owed.push((task, committed)),
                None => ended.push((task, Ok(Outcome::Unchanged))),
            }
        }
        let finished: Vec<_> = ended
            .iter()
            .map(|(task, end)| (task.id, end.clone().map(Some)))
            .collect();
        store.finish(tenant, &finished, now).await?;
        for (task, end) in ended {
            tell(ends, task, end);
        }
        self.settle(tenant, owed, ends).await
    }

    /// Writes the ledger entries of committed tasks, then ends the tasks.
    async fn settle(
        &self,
        tenant: &Tenant,
        owed: Vec<(Task, Committed)>,
        ends: &Ends,
    ) -> Result<(), GatewayError> {
        if owed.is_empty() {
            return Ok(());
        }
        let now = (self.now)();
        let log = self.logs.log(tenant, &self.records, now).await?;
        let evidence: Vec<Evidence> = owed
            .iter()
            .map(|(_, committed)| Evidence::deserialize(&committed.evidence))
            .collect::<Result<_, _>>()?;
        let events = owed
            .iter()
            .zip(&evidence)
            .map(|((task, committed), evidence)| Event::Document(evidence.entry(task.id, committed.outcome)));
        log.append_all(now, events.collect(), Durability::Request).await?;
        let done: Vec<_> = owed
            .iter()
            .map(|(task, committed)| (task.id, Ok(Some(committed.outcome))))
            .collect();
        self.library
            .store()
            .finish(tenant, &done, now.as_millisecond())
            .await?;
        for (task, committed) in owed {
            tell(ends, task, Ok(committed.outcome));
        }
        Ok(())
    }

    /// The files of documents below the listed folders that are there no more.
    async fn vanished(
        &self,
        tenant: &Tenant,
        wanted: &Registration,
        listed: &Listing,
    ) -> Result<Vec<PathBuf>, GatewayError> {
        let kept = self.library.store().sources(tenant, &wanted.collection).await?;
        let files: HashSet<&PathBuf> = listed.files.iter().collect();
        // Below a folder that could not be listed nobody knows what is there: nothing is removed.
        let unlisted = |path: &Path| listed.faults.iter().any(|(fault, _)| path.starts_with(fault));
        let below = |path: &Path| wanted.paths.iter().any(|root| path.starts_with(root));
        let vanished = kept
            .into_iter()
            .filter(|path| below(path) && !files.contains(path) && !unlisted(path));
        Ok(vanished.collect())
    }
}

/// Tasks with what they have come to.
#[derive(Default)]
struct Batch {
    documents: Vec<NewDocument>,
    removals: Vec<Task>,
    ended: Vec<(Task, Result<Outcome, TaskError>)>,
}

impl Batch {
    fn is_empty(&self) -> bool {
        self.documents.is_empty() && self.removals.is_empty() && self.ended.is_empty()
    }

    /// The documents it is about.
    fn ids(&self, tenant: &Tenant) -> HashSet<String> {
        let kept = self.documents.iter().map(|document| document.id.clone());
        let removed = self.removals.iter().map(|task| id(tenant, task));
        kept.chain(removed).collect()
    }
}

/// A file in memory.
struct Loaded {
    task: Task,
    bytes: Vec<u8>,
    digest: Digest,
}

/// What a committed task left for its ledger entry; written by the store.
#[derive(Deserialize)]
struct Evidence {
    document: String,
    version: u64,
    digest: Digest,
    label: Label,
    secret: Digest,
}

impl Evidence {
    fn entry(&self, task: i64, outcome: Outcome) -> Document<'_> {
        let secret = Secret(self.secret.0);
        Document {
            operation: outcome.name(),
            task,
            document: secret.commit("document", self.document.as_bytes()),
            version: self.version,
            content: secret.commit("content", &self.digest.0),
            label: &self.label,
        }
    }
}

fn removal((collection, path): &(String, PathBuf)) -> NewTask {
    NewTask {
        operation: Operation::Remove,
        collection: collection.clone(),
        source: path.clone(),
        label: Label::default(),
        readers: Vec::new(),
        error: None,
    }
}

/// The document that a task is about.
fn id(tenant: &Tenant, task: &Task) -> String {
    source::document_id(tenant, &task.collection, &task.source)
}

/// Lists every path, and each file once. A path that cannot be listed at all is a fault like any other.
fn list_all(paths: &[PathBuf]) -> Listing {
    let mut all = Listing::default();
    let mut seen = HashSet::new();
    for path in paths {
        match source::list(path) {
            Ok(listing) => {
                let new = |file: &PathBuf| seen.insert(file.clone());
                all.files.extend(listing.files.into_iter().filter(new));
                all.faults.extend(listing.faults);
            }
            Err(fault) => all.faults.push((path.clone(), fault)),
        }
    }
    all
}

/// Loads files until a batch is full or a task is about a document that is `busy` or in the batch already; the
/// rest of the tasks comes back.
fn load_some(
    tenant: &Tenant,
    mut tasks: VecDeque<Task>,
    mut busy: HashSet<String>,
    limit: u64,
) -> (Batch, Vec<Loaded>, VecDeque<Task>) {
    let mut batch = Batch::default();
    let mut loaded: Vec<Loaded> = Vec::new();
    let mut held = 0;
    while loaded.len() < BATCH_TASKS && held < BATCH_BYTES {
        let Some(task) = tasks.pop_front_if(|task| busy.insert(id(tenant, task))) else {
            break;
        };
        if task.operation == Operation::Remove {
            batch.removals.push(task);
            continue;
        }
        match source::load(&task.source, limit) {
            Ok((bytes, digest)) => {
                held += bytes.len();
                loaded.push(Loaded { task, bytes, digest });
            }
            Err(error) => batch.ended.push((task, Err(TaskError::of(&error)))),
        }
    }
    (batch, loaded, tasks)
}

/// Cuts and labels what was read.
fn prepare(tenant: &Tenant, file: Loaded, read: ReadFile, seen: &Label) -> Result<NewDocument, GatewayError> {
    let ReadFile { format, extracted } = read;
    let label = file.task.label.join(seen);
    Ok(NewDocument {
        id: id(tenant, &file.task),
        format: format.to_owned(),
        digest: file.digest,
        original: file.bytes,
        label,
        chunks: chunk(&extracted),
        extracted,
        secret: Secret::generate()?.0,
        task: file.task,
    })
}

fn tell(ends: &Ends, task: Task, end: Result<Outcome, TaskError>) {
    let (task, path) = (task.id, task.path);
    let _nobody_listens = ends.send(Ended { task, path, end });
}
