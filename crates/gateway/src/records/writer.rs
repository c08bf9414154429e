//! The one writer of the answers' rows: what concurrent requests have to write shares a transaction.
//!
//! A request hands its write over and waits until the transaction that holds it has ended. While one transaction is
//! under way, the writes for the next gather. When a transaction fails, each of its writes is tried by itself, so
//! that one that cannot be made fails alone and every waiter hears its own error. A write that was handed over is
//! made whether or not its request still waits.
//!
//! What must outlive a power loss is on the disk when its waiter hears of it. What need only outlive the process is
//! in the write-ahead file by then, and on the disk within [`INTERVAL`].

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{MutexGuard, mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::TaskTracker;
use trousseau_ledger::Durability;
use trousseau_retrieval::database::Database;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;

use super::rows::{Write, execute_all};

/// How many writes share a transaction at most.
const GROUP: usize = 128;

/// How many writes may wait; who comes then waits for room.
const QUEUE: usize = 1024;

/// After how long what was written without waiting for the disk is there too.
const INTERVAL: Duration = Duration::from_millis(50);

/// How much room is looked for after the disk was full, in bytes.
const ROOM: usize = 512 << 10;

/// The file, and whether its writing connection waits for the disk.
#[derive(Debug)]
pub(super) struct Disk {
    pub database: Database,
    path: PathBuf,
    /// Touched only by who holds the writing connection.
    waits: AtomicBool,
    /// The last write was refused by the disk.
    refuses: AtomicBool,
}

impl Disk {
    pub(super) const fn new(database: Database, path: PathBuf) -> Self {
        Self {
            database,
            path,
            waits: AtomicBool::new(true),
            refuses: AtomicBool::new(false),
        }
    }

    /// The writing connection, set to wait for the disk at each commit or not.
    pub(super) async fn writer(
        &self,
        durability: Durability,
    ) -> Result<MutexGuard<'_, SqliteConnection>, StoreError> {
        let mut writer = self.database.writer().await?;
        let waits = durability == Durability::Request;
        if self.waits.load(Ordering::Relaxed) != waits {
            let pragma = if waits {
                "PRAGMA synchronous = FULL"
            } else {
                "PRAGMA synchronous = NORMAL"
            };
            let set = sqlx::raw_sql(pragma).execute(&mut *writer).await;
            set.map_err(|error| self.database.fault(error))?;
            self.waits.store(waits, Ordering::Relaxed);
        }
        Ok(writer)
    }

    /// Whether writes are taken. After the disk refused one, this looks for room, and makes one that changes nothing:
    /// by itself it would find its room where the refused one was cut.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        if !self.refuses.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut scratch = self.path.clone().into_os_string();
        scratch.push("-room");
        blocking(move || find_room(&PathBuf::from(scratch))).await??;
        let mut writer = self.writer(Durability::Request).await?;
        let same = sqlx::query("UPDATE replicas SET closed_below = closed_below");
        let written = same.execute(&mut *writer).await;
        self.noted(written.map(|_| ()).map_err(|error| self.database.fault(error)))
    }

    /// Remembers whether the disk took a write.
    fn noted(&self, written: Result<(), StoreError>) -> Result<(), StoreError> {
        let refused = matches!(written, Err(StoreError::Full { .. } | StoreError::Disk { .. }));
        self.refuses.store(refused, Ordering::Relaxed);
        written
    }

    /// Waits until everything that was committed is on the disk.
    async fn sync(&self) -> Result<(), StoreError> {
        let mut path = self.path.clone().into_os_string();
        path.push("-wal");
        blocking(move || fs_err::File::open(PathBuf::from(path))?.sync_data()).await??;
        Ok(())
    }
}

/// A write and who waits for it.
struct Waiting {
    write: Write,
    durability: Durability,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// Where writes are handed over.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Waiting>,
    task: TaskTracker,
}

impl Writer {
    /// Starts the task that writes.
    pub(super) fn start(disk: Arc<Disk>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let task = TaskTracker::new();
        task.spawn(work(disk, waiting));
        task.close();
        Self { queue, task }
    }

    /// Hands a write over; returns once it is as durable as `durability` says.
    pub(super) async fn write(&self, write: Write, durability: Durability) -> Result<(), StoreError> {
        let (done, heard) = oneshot::channel();
        let waiting = Waiting {
            write,
            durability,
            done,
        };
        let gone = || StoreError::Died("the writer of the records has ended".to_owned());
        self.queue.send(waiting).await.map_err(|_| gone())?;
        heard.await.map_err(|_| gone())?
    }

    /// Ends after the last write that was handed over.
    pub(super) async fn close(self) {
        drop(self.queue);
        self.task.wait().await;
    }
}

async fn work(disk: Arc<Disk>, mut queue: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    let mut owed: Option<Instant> = None;
    loop {
        let next = queue.recv_many(&mut group, GROUP);
        let came = match owed {
            None => next.await,
            Some(due) => match timeout_at(due, next).await {
                Ok(came) => came,
                Err(_) => {
                    owed = None;
                    told(disk.sync().await);
                    continue;
                }
            },
        };
        if came == 0 {
            break;
        }
        let is_durable = |waiting: &Waiting| waiting.durability == Durability::Request;
        let is_due = owed.is_some_and(|due| due <= Instant::now());
        let durability = if is_due || group.iter().any(is_durable) {
            owed = None;
            Durability::Request
        } else {
            owed.get_or_insert_with(|| Instant::now() + INTERVAL);
            Durability::Batch
        };
        write_group(&disk, &mut group, durability).await;
    }
    if owed.is_some() {
        told(disk.sync().await);
    }
}

async fn write_group(disk: &Disk, group: &mut Vec<Waiting>, durability: Durability) {
    let writes: Vec<&Write> = group.iter().map(|waiting| &waiting.write).collect();
    let written = disk.noted(transact(disk, &writes, durability).await);
    if written.is_err() && group.len() > 1 {
        for waiting in group.drain(..) {
            let written = disk.noted(transact(disk, &[&waiting.write], durability).await);
            let _gone = waiting.done.send(written);
        }
        return;
    }
    // One write hears the error; several hear of success.
    let mut written = Some(written);
    for waiting in group.drain(..) {
        let _gone = waiting.done.send(written.take().unwrap_or(Ok(())));
    }
}

/// Whether there is room for the records of some questions beside the files that there are.
fn find_room(scratch: &Path) -> io::Result<()> {
    let tried = fs_err::write(scratch, vec![0; ROOM]);
    match fs_err::remove_file(scratch) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => tried,
    }
}

async fn transact(disk: &Disk, writes: &[&Write], durability: Durability) -> Result<(), StoreError> {
    let fault = |error| disk.database.fault(error);
    let mut writer = disk.writer(durability).await?;
    if let [write] = writes
        && write.is_one_statement()
    {
        // A transaction by itself.
        return execute_all(&mut writer, writes).await.map_err(fault);
    }
    let mut transaction = writer.begin().await.map_err(fault)?;
    execute_all(&mut transaction, writes).await.map_err(fault)?;
    transaction.commit().await.map_err(fault)
}

/// A sync that failed is told; the next durable transaction tells it again.
fn told(synced: Result<(), StoreError>) {
    if let Err(error) = synced {
        tracing::warn!(%error, "the records could not be synced");
    }
}
