//! The one writer of a log.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::entries::Entries;
use crate::error::{At as _, LedgerError};
use crate::merkle::Hash;
use crate::publisher::{Publisher, write_durably};
use crate::sequencer::{Sequencer, hold};
use crate::store::{Batch, Store};
use crate::text::checkpoint::Checkpoint;
use crate::text::key::SigningKey;
use crate::text::proof::Proof;
use crate::tile::MAX_ENTRY_BYTES;
use crate::wal::replay::Pending;

/// When an append returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Durability {
    /// Once the entry is on the disk: it survives a power loss.
    Request,
    /// Once the operating system has it: it survives a killed process, and a power loss may take the entries of
    /// the last [`Options::batch_interval`].
    Batch,
}

/// How often the log does by itself what is not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// After how long entries appended in [`Durability::Batch`] are synced.
    pub batch_interval: Duration,
    /// After how long new entries are put into tiles under a new checkpoint.
    pub checkpoint_interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch_interval: Duration::from_millis(50),
            checkpoint_interval: Duration::from_secs(1),
        }
    }
}

/// What opening a log found to repair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// How many entries the last run had sequenced but not published. They are in the log.
    pub replayed: u64,
    /// How many bytes of unfinished writes were cut. None of them was acknowledged in [`Durability::Request`].
    pub torn_bytes: u64,
    /// The last run acknowledged entries in [`Durability::Batch`] and did not end in good order, so that a power
    /// loss may have taken some: the next entry appended should say so. Stays set until an entry is appended.
    pub unclean_batch: bool,
}

/// A log open for writing. There is one such handle per folder; it may be shared between threads.
///
/// All methods block on the disk. Dropping the handle closes the log like [`Ledger::close`], without a word when
/// that fails.
#[derive(Debug)]
pub struct Ledger {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    key: SigningKey,
    sequencer: Sequencer,
    publisher: Mutex<Publisher>,
    published: Mutex<Checkpoint>,
    publish_failure: Mutex<Option<String>>,
    sync_due: Due,
    publish_due: Due,
    /// Held, with its lock, as long as the log is open.
    lock: fs_err::File,
}

impl Ledger {
    /// Opens the log in `dir`, or begins it, and repairs what a crash left.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Locked`] when somebody else writes to it; [`LedgerError::OtherKey`] and
    /// [`LedgerError::Signature`] when it is the log of another key; [`LedgerError::Tile`],
    /// [`LedgerError::WalDamaged`] and [`LedgerError::SetBack`] when its files were damaged or put back, so that to
    /// go on would contradict what was signed.
    pub fn open(dir: &Path, key: SigningKey, options: Options) -> Result<(Self, Recovery), LedgerError> {
        let store = Store::new(dir);
        let mut folders = Batch::default();
        folders.ensure_folder(&store.wal_path())?;
        folders.commit()?;
        let lock = take_lock(dir)?;
        publish_verifier(&store, &key)?;

        let checkpoint = store.checkpoint()?;
        if let Some(checkpoint) = &checkpoint {
            checkpoint.verify(&key.verifier())?;
        }
        let mut publisher = Publisher::open(&store, checkpoint.as_ref())?;
        let (sequencer, recovery) = Sequencer::open(dir, &store.wal_path(), publisher.size())?;
        let size = sequencer.size();
        if let Some(found) = store.tile_beyond(size)? {
            return Err(LedgerError::SetBack {
                path: store.tile_path(found),
                size,
            });
        }
        let published = match checkpoint {
            Some(checkpoint) => checkpoint,
            None => publisher.publish(&store, &key, &[])?,
        };
        let shared = Arc::new(Shared {
            store,
            key,
            sequencer,
            publisher: Mutex::new(publisher),
            published: Mutex::new(published),
            publish_failure: Mutex::default(),
            sync_due: Due::new(options.batch_interval),
            publish_due: Due::new(options.checkpoint_interval),
            lock,
        });
        if recovery.replayed > 0 {
            shared.publish_due.set();
        }
        let threads = Shared::start(&shared).at(dir)?;
        Ok((Self { shared, threads }, recovery))
    }

    /// Appends one entry and gives back its index.
    ///
    /// # Errors
    ///
    /// [`LedgerError::EntryTooLarge`]; [`LedgerError::DiskFull`] and [`LedgerError::Io`] when it could not be
    /// written, and [`LedgerError::Failed`] from then on if the file could not be put right. An entry whose
    /// append failed was not acknowledged and may or may not be in the log after the next start.
    pub fn append(&self, entry: &[u8], durability: Durability) -> Result<u64, LedgerError> {
        Ok(self.append_all(&[entry], durability)?.start)
    }

    /// Appends several entries, one after the other and all or none, with at most one sync.
    ///
    /// # Errors
    ///
    /// As [`Ledger::append`].
    pub fn append_all(
        &self,
        entries: &[impl AsRef<[u8]>],
        durability: Durability,
    ) -> Result<Range<u64>, LedgerError> {
        let pending = entries.iter().map(|entry| pending(entry.as_ref()));
        let pending = pending.collect::<Result<Vec<_>, _>>()?;
        let range = self.shared.sequencer.append(pending, durability)?;
        if !range.is_empty() {
            self.shared.publish_due.set();
            if durability == Durability::Batch {
                self.shared.sync_due.set();
            }
        }
        Ok(range)
    }

    /// Appends one entry in [`Durability::Batch`] where that waits neither for another thread nor for the disk, so that
    /// a task may do it. `None` when it would wait: nothing is appended then.
    ///
    /// # Errors
    ///
    /// As [`Ledger::append`].
    pub fn append_at_once(&self, entry: &[u8]) -> Option<Result<u64, LedgerError>> {
        let pending = match pending(entry) {
            Ok(pending) => pending,
            Err(error) => return Some(Err(error)),
        };
        let appended = self.shared.sequencer.append_at_once(pending)?;
        if appended.is_ok() {
            self.shared.publish_due.set();
            self.shared.sync_due.set();
        }
        Some(appended)
    }

    /// The number of entries, published or not.
    pub fn size(&self) -> u64 {
        self.shared.sequencer.size()
    }

    /// The latest published checkpoint.
    pub fn checkpoint(&self) -> Checkpoint {
        hold(&self.shared.published).clone()
    }

    /// The key that checks this log's checkpoints.
    pub fn verifier(&self) -> crate::VerifierKey {
        self.shared.key.verifier()
    }

    /// The folder of the log.
    pub fn dir(&self) -> &Path {
        self.shared.store.dir()
    }

    /// Puts all entries into tiles and signs the new head now, if there are any new ones.
    ///
    /// # Errors
    ///
    /// When files cannot be written; the published log is then as before and all entries are kept.
    pub fn publish(&self) -> Result<Checkpoint, LedgerError> {
        self.shared.publish()
    }

    /// Why the last attempt to publish failed, until one succeeds. Entries are kept meanwhile.
    pub fn publish_failure(&self) -> Option<String> {
        hold(&self.shared.publish_failure).clone()
    }

    /// One entry.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoSuchEntry`], or when its bundle cannot be read.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, LedgerError> {
        match self.shared.sequencer.entry(index) {
            (_, Some(pending)) => Ok(pending.entry.to_vec()),
            (published, None) => self.shared.store.entry(index, published),
        }
    }

    /// The entries of `range`, in order, as they are now; indexes past the end are left out.
    pub fn entries(&self, range: Range<u64>) -> Entries {
        let (size, tail) = self.shared.sequencer.tail();
        Entries::new(self.shared.store.clone(), range, size, tail)
    }

    /// The proof that entry `index` is in the log; publishes first when no checkpoint covers it yet.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoSuchEntry`], or when publishing or reading tiles fails.
    pub fn prove(&self, index: u64) -> Result<Proof, LedgerError> {
        let size = self.size();
        if index >= size {
            return Err(LedgerError::NoSuchEntry { index, size });
        }
        let mut checkpoint = self.checkpoint();
        if index >= checkpoint.size {
            checkpoint = self.publish()?;
        }
        self.shared.store.prove(index, checkpoint)
    }

    /// Publishes what is new, writes down that the run ended in good order, and lets go of the folder.
    ///
    /// # Errors
    ///
    /// When something could not be written. No acknowledged entry is lost by that.
    pub fn close(mut self) -> Result<(), LedgerError> {
        self.finish()
    }

    fn finish(&mut self) -> Result<(), LedgerError> {
        if self.threads.is_empty() {
            return Ok(());
        }
        self.shared.sync_due.stop();
        self.shared.publish_due.stop();
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing left to finish.
            let _ = thread.join();
        }
        let published = self.shared.publish();
        let closed = self.shared.sequencer.close();
        // A process that was just forked off has the same open file: closing ours would not unlock it.
        let unlocked = flock(&self.shared.lock, FlockOperation::Unlock).at(self.dir());
        closed.and(published.map(drop)).and(unlocked)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // Nobody is there to be told; the next start repairs.
        let _ = self.finish();
    }
}

impl Shared {
    fn start(this: &Arc<Self>) -> std::io::Result<Vec<JoinHandle<()>>> {
        let syncing = Arc::clone(this);
        let publishing = Arc::clone(this);
        Ok(vec![
            std::thread::Builder::new()
                .name("ledger-sync".to_owned())
                .spawn(move || {
                    while syncing.sync_due.wait() {
                        // A failed sync makes every later append fail with its reason.
                        let _ = syncing.sequencer.sync(syncing.sequencer.size());
                    }
                })?,
            std::thread::Builder::new()
                .name("ledger-publish".to_owned())
                .spawn(move || {
                    while publishing.publish_due.wait() {
                        if publishing.publish().is_err() {
                            publishing.publish_due.set();
                        }
                    }
                })?,
        ])
    }

    fn publish(&self) -> Result<Checkpoint, LedgerError> {
        let result = self.try_publish();
        *hold(&self.publish_failure) = result.as_ref().err().map(ToString::to_string);
        result
    }

    fn try_publish(&self) -> Result<Checkpoint, LedgerError> {
        let mut publisher = hold(&self.publisher);
        let (size, pending) = self.sequencer.tail();
        if publisher.size() == size {
            return Ok(hold(&self.published).clone());
        }
        // Tiles never hold what the write-ahead file could lose: after a crash the same entries come back and
        // the same tiles, and no second checkpoint of one size is ever signed.
        self.sequencer.sync(size)?;
        let checkpoint = publisher.publish(&self.store, &self.key, &pending)?;
        *hold(&self.published) = checkpoint.clone();
        self.sequencer.release(checkpoint.size);
        Ok(checkpoint)
    }
}

fn pending(entry: &[u8]) -> Result<Pending, LedgerError> {
    if entry.len() > MAX_ENTRY_BYTES {
        return Err(LedgerError::EntryTooLarge {
            bytes: entry.len(),
            limit: MAX_ENTRY_BYTES,
        });
    }
    Ok(Pending {
        entry: entry.into(),
        leaf: Hash::leaf(entry),
    })
}

fn take_lock(dir: &Path) -> Result<fs_err::File, LedgerError> {
    let path = dir.join("lock");
    let file = fs_err::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .at(&path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(LedgerError::Locked { dir: dir.to_owned() }),
        other => other.at(&path).map(|()| file),
    }
}

fn publish_verifier(store: &Store, key: &SigningKey) -> Result<(), LedgerError> {
    let expected = key.verifier();
    match store.verifier()? {
        Some(found) if found == expected => Ok(()),
        Some(found) => {
            let path: PathBuf = store.verifier_path();
            Err(LedgerError::OtherKey {
                path,
                found: found.to_string(),
                expected: expected.to_string(),
            })
        }
        None => write_durably(&store.verifier_path(), format!("{expected}\n").as_bytes()),
    }
}

/// Something to do a while after it was first asked for.
#[derive(Debug)]
struct Due {
    interval: Duration,
    is_set: AtomicBool,
    is_stopped: Mutex<bool>,
    changed: Condvar,
}

impl Due {
    fn new(interval: Duration) -> Self {
        Self {
            interval,
            is_set: AtomicBool::new(false),
            is_stopped: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    /// Asks for it; cheap when it was asked for already.
    fn set(&self) {
        if !self.is_set.swap(true, Ordering::AcqRel) {
            drop(hold(&self.is_stopped));
            self.changed.notify_all();
        }
    }

    fn stop(&self) {
        *hold(&self.is_stopped) = true;
        self.changed.notify_all();
    }

    /// Waits until it was asked for and the interval has passed; `false` once stopped.
    fn wait(&self) -> bool {
        let stopped = hold(&self.is_stopped);
        let stopped = self
            .changed
            .wait_while(stopped, |stopped| {
                !*stopped && !self.is_set.load(Ordering::Acquire)
            })
            .unwrap_or_else(PoisonError::into_inner);
        let (stopped, _) = self
            .changed
            .wait_timeout_while(stopped, self.interval, |stopped| !*stopped)
            .unwrap_or_else(PoisonError::into_inner);
        self.is_set.store(false, Ordering::Release);
        !*stopped
    }
}
