//! Gives every entry its index: the write-ahead file, the entries not yet in tiles, and group commit.
//!
//! Lock order: `state`, then `disk`; `commit` is never held together with either.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::{At as _, LedgerError};
use crate::ledger::{Durability, Recovery};
use crate::wal::Wal;
use crate::wal::record::{Flags, Kind};
use crate::wal::replay::{Pending, Replay, replay};

/// A write-ahead file longer than this is followed by a new one, so that opening a log stays quick.
const ROTATE_BYTES: u64 = 1 << 20;

/// The entries from the published size on, in memory and in the write-ahead files.
#[derive(Debug)]
pub(crate) struct Sequencer {
    dir: PathBuf,
    folder: PathBuf,
    state: Mutex<State>,
    /// Entries below this index survive a power loss.
    durable: AtomicU64,
    commit: Mutex<Commit>,
    committed: Condvar,
    /// Held during each sync. The operating system tells of a failed one once: whoever syncs next must know of it
    /// already, or take the loss for success.
    disk: Mutex<()>,
    /// Why nothing is appended any more.
    failed: OnceLock<String>,
}

#[derive(Debug)]
struct State {
    wal: Wal,
    /// Files before the current one, with the index after their last entry.
    older: Vec<(PathBuf, u64)>,
    size: u64,
    pending: VecDeque<Pending>,
    flags: Flags,
    is_used: bool,
}

#[derive(Debug, Default)]
struct Commit {
    is_running: bool,
}

impl Sequencer {
    /// Reads back what the last run left in `dir/wal` beyond the `covered` published entries.
    pub(crate) fn open(dir: &Path, folder: &Path, covered: u64) -> Result<(Self, Recovery), LedgerError> {
        let Replay {
            pending,
            tail,
            torn_bytes,
            flags,
            mut older,
        } = replay(folder, covered)?;
        let size = covered + pending.len() as u64;
        let unclean_batch = flags.batch_open || flags.gap_owed;
        let mut wal = match tail {
            Some(tail) => Wal::resume(&tail)?,
            None => Wal::begin(folder, size, flags)?,
        };
        // A file whose beginning a crash had cut is begun anew under its name.
        older.retain(|(path, _)| *path != wal.path());
        let mut after = flags;
        if flags.batch_open {
            after = flags.after(Kind::GapOwed);
            wal.push_mark(Kind::GapOwed, size, covered);
            wal.flush().map_err(|failure| failure.error)?;
            wal.file().sync_data().at(&wal.path())?;
        }
        let recovery = Recovery {
            replayed: pending.len() as u64,
            torn_bytes,
            unclean_batch,
        };
        let state = State {
            wal,
            older,
            size,
            pending: pending.into(),
            flags: after,
            is_used: false,
        };
        let sequencer = Self {
            dir: dir.to_owned(),
            folder: folder.to_owned(),
            state: Mutex::new(state),
            durable: AtomicU64::new(covered),
            commit: Mutex::default(),
            committed: Condvar::new(),
            disk: Mutex::new(()),
            failed: OnceLock::new(),
        };
        Ok((sequencer, recovery))
    }

    /// The number of entries that have an index.
    pub(crate) fn size(&self) -> u64 {
        hold(&self.state).size
    }

    /// The number of entries, and those from the published size on.
    pub(crate) fn tail(&self) -> (u64, Vec<Pending>) {
        let state = hold(&self.state);
        (state.size, state.pending.iter().cloned().collect())
    }

    /// How many entries are in tiles, and entry `index` when it is not.
    pub(crate) fn entry(&self, index: u64) -> (u64, Option<Pending>) {
        let state = hold(&self.state);
        let published = state.size - state.pending.len() as u64;
        let pending = index
            .checked_sub(published)
            .and_then(|at| usize::try_from(at).ok());
        (published, pending.and_then(|at| state.pending.get(at)).cloned())
    }

    /// Sequences entries and hands them to the operating system, all of them or none.
    pub(crate) fn append(
        &self,
        entries: Vec<Pending>,
        durability: Durability,
    ) -> Result<Range<u64>, LedgerError> {
        let range = self.write(entries, durability)?;
        if durability == Durability::Request {
            self.sync(range.end)?;
        }
        Ok(range)
    }

    /// Hands one entry to the operating system, where that waits neither for another thread nor for the disk.
    pub(crate) fn append_at_once(&self, entry: Pending) -> Option<Result<u64, LedgerError>> {
        let state = self.state.try_lock().ok()?;
        if !state.flags.batch_open {
            return None;
        }
        let written = self.write_to(state, vec![entry], Durability::Batch);
        Some(written.map(|range| range.start))
    }

    fn write(&self, entries: Vec<Pending>, durability: Durability) -> Result<Range<u64>, LedgerError> {
        self.write_to(hold(&self.state), entries, durability)
    }

    fn write_to(
        &self,
        mut state: MutexGuard<'_, State>,
        entries: Vec<Pending>,
        durability: Durability,
    ) -> Result<Range<u64>, LedgerError> {
        self.refuse_if_failed()?;
        let durable = self.durable.load(Ordering::Acquire);
        let start = state.size;
        let opens_batch = durability == Durability::Batch && !state.flags.batch_open && !entries.is_empty();
        if opens_batch {
            state.wal.push_mark(Kind::BatchOpen, start, durable);
        }
        for (entry, index) in entries.iter().zip(start..) {
            state.wal.push_entry(index, durable, &entry.entry, entry.leaf);
        }
        if let Err(failure) = state.wal.flush() {
            if !failure.is_undone {
                self.fail(&failure.error);
            }
            return Err(failure.error);
        }
        state.is_used = true;
        state.size += entries.len() as u64;
        if !entries.is_empty() {
            state.flags = state.flags.after(Kind::Entry);
        }
        state.pending.extend(entries);
        let range = start..state.size;
        if opens_batch {
            // The next run must see that a batch was open, whatever else a power loss takes.
            self.sync_file(&state)?;
            state.flags.batch_open = true;
        }
        Ok(range)
    }

    /// Returns when all entries below `end` are durable. Threads that wait together share one sync.
    pub(crate) fn sync(&self, end: u64) -> Result<(), LedgerError> {
        let mut commit = hold(&self.commit);
        loop {
            if self.durable.load(Ordering::Acquire) >= end {
                return Ok(());
            }
            self.refuse_if_failed()?;
            if !commit.is_running {
                break;
            }
            commit = self
                .committed
                .wait(commit)
                .unwrap_or_else(PoisonError::into_inner);
        }
        commit.is_running = true;
        drop(commit);

        let (file, size) = {
            let state = hold(&self.state);
            (state.wal.file(), state.size)
        };
        let synced = self.sync_disk(&file);
        if synced.is_ok() {
            self.durable.fetch_max(size, Ordering::AcqRel);
        }
        hold(&self.commit).is_running = false;
        self.committed.notify_all();
        synced
    }

    /// Lets go of the entries below `published`, which are in durable tiles under a durable checkpoint, and of
    /// the write-ahead files that hold no others.
    pub(crate) fn release(&self, published: u64) {
        let mut state = hold(&self.state);
        let start = state.size - state.pending.len() as u64;
        let count = usize::try_from(published.saturating_sub(start)).unwrap_or(usize::MAX);
        let count = count.min(state.pending.len());
        state.pending.drain(..count);
        // On a full disk the present file goes on.
        if state.wal.length() > ROTATE_BYTES && self.sync_file(&state).is_ok() {
            self.rotate(&mut state);
        }
        state
            .older
            .retain(|(path, end)| *end > published || fs_err::remove_file(path).is_err());
    }

    fn rotate(&self, state: &mut State) {
        if let Ok(wal) = Wal::begin(&self.folder, state.size, state.flags) {
            let before = std::mem::replace(&mut state.wal, wal);
            state.older.push((before.path(), state.size));
        }
    }

    /// Writes down that the run ended in good order.
    pub(crate) fn close(&self) -> Result<(), LedgerError> {
        let mut state = hold(&self.state);
        self.refuse_if_failed()?;
        if !state.is_used {
            return Ok(());
        }
        self.sync_file(&state)?;
        let size = state.size;
        state.wal.push_mark(Kind::Closed, size, size);
        state.wal.flush().map_err(|failure| failure.error)?;
        state.is_used = false;
        state.flags = state.flags.after(Kind::Closed);
        self.sync_file(&state)
    }

    /// Makes all that was written durable, while no other thread can write.
    fn sync_file(&self, state: &State) -> Result<(), LedgerError> {
        self.sync_disk(&state.wal.file())?;
        self.durable.fetch_max(state.size, Ordering::AcqRel);
        Ok(())
    }

    fn sync_disk(&self, file: &Arc<fs_err::File>) -> Result<(), LedgerError> {
        let _one_at_a_time = hold(&self.disk);
        self.refuse_if_failed()?;
        let synced = file.sync_data().at(file.path());
        synced.inspect_err(|error| self.fail(error))
    }

    fn fail(&self, error: &LedgerError) {
        self.failed.get_or_init(|| error.to_string());
    }

    fn refuse_if_failed(&self) -> Result<(), LedgerError> {
        match self.failed.get() {
            Some(reason) => Err(LedgerError::Failed {
                dir: self.dir.clone(),
                reason: reason.clone(),
            }),
            None => Ok(()),
        }
    }
}

/// Locks, also after a thread panicked: what the locks guard is changed in single steps.
pub(crate) fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
