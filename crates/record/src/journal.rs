//! The journal of the records: what requests write is here first, and in `records.sqlite` a little later.
//!
//! A row of SQLite costs a request several changes of thread and several pages. A journal costs it one call of the
//! operating system, shared by all that write at that moment. Two files take turns: while what stands in one is put
//! into the database ([`crate::applier`]), the other is written to; then the first is emptied. What a killed process
//! leaves in them is put into the database at the next start.
//!
//! A write that was handed over is made whether or not its request still waits.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::frame::{self, FramedRef};
use fs_err::File;
use tokio::sync::{mpsc, oneshot};
use trousseau_ledger::Durability;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;
use trousseau_retrieval::pace::Pace;

use crate::write::Write;

/// The names of the files in a data folder.
pub const FILES: [&str; 2] = ["records.journal.0", "records.journal.1"];

/// How many writes go together at most.
const GROUP: usize = 128;

/// How many writes may wait; who comes then waits for room.
const QUEUE: usize = 1024;

/// How many bytes may stand in a file until the database has caught up.
const MOST: u64 = 64 << 20;

/// How often it is looked whether the database has caught up, and for how long.
const PAUSE: Duration = Duration::from_millis(5);
const PAUSES: usize = 400;

/// A write and who waits for it.
struct Waiting {
    write: Write,
    durability: Durability,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// Where writes are handed over.
#[derive(Debug)]
pub struct Journal {
    /// None when it ends.
    queue: Option<mpsc::Sender<Waiting>>,
    thread: Option<JoinHandle<()>>,
    pace: Pace,
    pub shared: Arc<Shared>,
}

/// The files, and what is in them and not yet in the database.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    /// Told when there is something to put into the database.
    pub written: tokio::sync::Notify,
}

#[derive(Debug)]
struct State {
    turns: [Turn; 2],
    /// Which of the two is written to.
    active: usize,
    /// The number of the next write.
    number: u64,
    /// Why the database does not catch up.
    failure: Option<String>,
    /// The last write was refused.
    is_refused: bool,
}

/// One of the two files.
#[derive(Debug)]
struct Turn {
    path: PathBuf,
    file: Arc<File>,
    bytes: u64,
    writes: Vec<Write>,
    /// The labels of the answers among them, by tenant and digest of the answer.
    labels: HashMap<String, Vec<String>>,
}

impl Journal {
    /// Opens the files in the folder `data`, with what an earlier run left in them, oldest first.
    pub fn open(data: &Path) -> Result<(Shared, Vec<Write>), StoreError> {
        let mut left = Vec::new();
        let mut turns = Vec::with_capacity(FILES.len());
        for name in FILES {
            let path = data.join(name);
            let file = fs_err::OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .open(&path)?;
            let bytes = fs_err::read(&path)?;
            let read = frame::read(&bytes).into_iter();
            left.extend(read.map(|(number, framed)| (number, Write::from(framed))));
            turns.push(Turn {
                path,
                file: Arc::new(file),
                bytes: bytes.len() as u64,
                writes: Vec::new(),
                labels: HashMap::new(),
            });
        }
        // A file whose name the disk has not yet would be lost with all that is written to it.
        File::open(data)?.sync_all()?;
        left.sort_by_key(|(number, _)| *number);
        let Ok(turns) = turns.try_into() else {
            return Err(StoreError::Died("two files are not two".to_owned()));
        };
        let state = State {
            turns,
            active: 0,
            number: left.last().map_or(0, |(number, _)| number + 1),
            failure: None,
            is_refused: false,
        };
        let shared = Shared {
            state: Mutex::new(state),
            written: tokio::sync::Notify::new(),
        };
        Ok((shared, left.into_iter().map(|(_, write)| write).collect()))
    }

    /// Starts the thread that writes.
    pub fn start(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new().name("records-journal".to_owned());
        let writing = Arc::clone(&shared);
        let thread = thread.spawn(move || work(&writing, waiting))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
            pace: Pace::default(),
            shared,
        })
    }

    /// Hands a write over; returns once it is as durable as `durability` says.
    pub async fn write(&self, mut write: Write, durability: Durability) -> Result<(), StoreError> {
        if durability == Durability::Batch {
            let mut handed = Some(write);
            let at_once = || self.shared.append_at_once(&mut handed);
            if let Some(written) = self.pace.at_once(at_once) {
                return written;
            }
            let Some(back) = handed else { return Ok(()) };
            write = back;
        }
        let (done, heard) = oneshot::channel();
        let waiting = Waiting {
            write,
            durability,
            done,
        };
        let ended = || StoreError::Died("the journal of the records has ended".to_owned());
        let queue = self.queue.as_ref().ok_or_else(ended)?;
        queue.send(waiting).await.map_err(|_| ended())?;
        heard.await.map_err(|_| ended())?
    }

    /// Ends after the last write that was handed over.
    pub async fn close(self) -> Result<(), StoreError> {
        blocking(move || drop(self)).await
    }
}

impl Drop for Journal {
    /// Waits for the last write.
    fn drop(&mut self) {
        self.queue = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that writes the journal of the records has died");
        }
    }
}

fn work(shared: &Shared, mut queue: mpsc::Receiver<Waiting>) {
    let mut group = Vec::with_capacity(GROUP);
    while queue.blocking_recv_many(&mut group, GROUP) > 0 {
        write_group(shared, group.drain(..));
    }
}

/// Writes a group; who must survive a power loss waits for the disk, the others do not.
fn write_group(shared: &Shared, group: impl Iterator<Item = Waiting>) {
    let (mut writes, mut ends) = (Vec::new(), Vec::new());
    for waiting in group {
        writes.push(waiting.write);
        ends.push((waiting.durability, waiting.done));
    }
    let written = shared.append(writes);
    let (durable, quick): (Vec<_>, Vec<_>) = ends
        .into_iter()
        .partition(|(durability, _)| *durability == Durability::Request);
    let file = match written {
        Ok(file) => file,
        Err(error) => {
            let ends = durable.into_iter().chain(quick);
            ends.for_each(|(_, done)| drop(done.send(Err(copied(&error)))));
            return;
        }
    };
    quick.into_iter().for_each(|(_, done)| drop(done.send(Ok(()))));
    if durable.is_empty() {
        return;
    }
    let synced = file.sync_data().map_err(StoreError::File);
    for (_, done) in durable {
        let heard = synced.as_ref().map(|&()| ()).map_err(copied);
        let _gone = done.send(heard);
    }
}

/// The same error for another waiter.
fn copied(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full { path } => StoreError::Full { path: path.clone() },
        StoreError::Disk { path, reason } => StoreError::Disk {
            path: path.clone(),
            reason: reason.clone(),
        },
        other => StoreError::Died(other.to_string()),
    }
}

impl Shared {
    fn hold(&self) -> MutexGuard<'_, State> {
        // Each change under the lock is whole, so a poisoned state is still sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what need not be in a file.
    pub fn remember(&self, write: Write) {
        let mut state = self.hold();
        let active = state.active;
        state.turns[active].writes.push(write);
        drop(state);
        self.written.notify_one();
    }

    /// Takes a write and makes it, where that waits neither for another thread nor for the disk.
    fn append_at_once(&self, write: &mut Option<Write>) -> Option<Result<(), StoreError>> {
        let state = self.state.try_lock().ok()?;
        if state.turns[state.active].bytes >= MOST {
            return None;
        }
        let write = write.take()?;
        Some(self.append_to(state, vec![write]).map(drop))
    }

    /// Writes to the file whose turn it is; returns it.
    fn append(&self, writes: Vec<Write>) -> Result<Arc<File>, StoreError> {
        self.append_to(self.with_room()?, writes)
    }

    fn append_to(
        &self,
        mut state: MutexGuard<'_, State>,
        writes: Vec<Write>,
    ) -> Result<Arc<File>, StoreError> {
        let mut bytes = Vec::with_capacity(writes.len() << 10);
        for write in &writes {
            let framed = match write {
                Write::Open(row) => FramedRef::Open(row),
                Write::Keep(row) => FramedRef::Keep(row),
                Write::Close(_) => continue,
            };
            frame::put(&mut bytes, state.number, framed);
            state.number += 1;
        }
        let active = state.active;
        let turn = &mut state.turns[active];
        if let Err(error) = (&*turn.file).write_all(&bytes) {
            // What stands there in part would hide what comes after it.
            turn.file.set_len(turn.bytes)?;
            let error = refused(&turn.path, &error);
            state.is_refused = true;
            return Err(error);
        }
        turn.bytes += bytes.len() as u64;
        for write in writes {
            turn.note_label(&write);
            turn.writes.push(write);
        }
        let file = Arc::clone(&turn.file);
        state.is_refused = false;
        drop(state);
        self.written.notify_one();
        Ok(file)
    }

    /// The state, once there is room for more; waits a while for the database to catch up.
    fn with_room(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        for _ in 0..PAUSES {
            let state = self.hold();
            if state.turns[state.active].bytes < MOST {
                return Ok(state);
            }
            drop(state);
            std::thread::sleep(PAUSE);
        }
        let state = self.hold();
        let turn = &state.turns[state.active];
        Err(StoreError::Disk {
            path: turn.path.clone(),
            reason: state
                .failure
                .clone()
                .unwrap_or_else(|| "the database is too slow".to_owned()),
        })
    }

    /// Takes what is to be put into the database, and lets the other file have its turn.
    pub fn take(&self) -> Option<Taken> {
        let mut state = self.hold();
        let turn = state.active;
        let writes = std::mem::take(&mut state.turns[turn].writes);
        if writes.is_empty() {
            return None;
        }
        state.active = 1 - turn;
        Some(Taken { turn, writes })
    }

    /// Empties the file whose writes are all in the database, on the disk.
    pub fn empty(&self, turn: usize) -> Result<(), StoreError> {
        let mut state = self.hold();
        state.failure = None;
        let turn = &mut state.turns[turn];
        turn.labels.clear();
        if turn.bytes > 0 {
            turn.file.set_len(0)?;
            turn.bytes = 0;
        }
        Ok(())
    }

    /// Whether the disk refused the last write, or the database does not catch up.
    pub fn is_refused(&self) -> bool {
        let state = self.hold();
        state.is_refused || state.failure.is_some()
    }

    /// There is room again.
    pub fn accept(&self) {
        self.hold().is_refused = false;
    }

    /// Notes why the database does not catch up.
    pub fn fail(&self, reason: String) {
        self.hold().failure = Some(reason);
    }

    /// The labels of the records in the journal whose answer has this digest.
    pub fn labels(&self, key: &str) -> Vec<String> {
        let state = self.hold();
        let found = state.turns.iter().filter_map(|turn| turn.labels.get(key));
        found.flatten().cloned().collect()
    }
}

/// What is to be put into the database, and which file holds it.
#[derive(Debug)]
pub struct Taken {
    pub turn: usize,
    pub writes: Vec<Write>,
}

/// What the label of an answer is found by.
pub fn label_key(tenant: &str, digest: &str) -> String {
    format!("{tenant}/{digest}")
}

impl Turn {
    fn note_label(&mut self, write: &Write) {
        if let Write::Keep(row) = write
            && let Some((_, digest)) = &row.answer
        {
            let labels = self
                .labels
                .entry(label_key(row.tenant.as_str(), digest))
                .or_default();
            if !labels.contains(&row.label) {
                labels.push(row.label.clone());
            }
        }
    }
}

fn refused(path: &Path, error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let path = path.to_path_buf();
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => StoreError::Full { path },
        _ => StoreError::Disk {
            path,
            reason: error.to_string(),
        },
    }
}
