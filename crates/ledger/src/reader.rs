//! Reading a log without writing to it, also while somebody else does.

use std::ops::Range;
use std::path::Path;

use crate::entries::Entries;
use crate::error::LedgerError;
use crate::merkle::Hash;
use crate::store::Store;
use crate::text::checkpoint::Checkpoint;
use crate::text::key::VerifierKey;
use crate::text::proof::Proof;
use crate::wal::replay::{Pending, Replay, replay};

/// How often a log that changes while it is opened is read anew.
const ATTEMPTS: usize = 10;

/// A log as it was when it was opened. Takes no lock and writes nothing.
#[derive(Debug)]
pub struct LogReader {
    store: Store,
    verifier: VerifierKey,
    checkpoint: Checkpoint,
    tail: Vec<Pending>,
}

impl LogReader {
    /// Opens the log in `dir`. The checkpoint is checked with the key that lies beside it, which shows that it is
    /// whole and nothing more; [`crate::verify()`] shows more.
    ///
    /// # Errors
    ///
    /// When there is no log, or its checkpoint or its write-ahead file is damaged.
    pub fn open(dir: &Path) -> Result<Self, LedgerError> {
        let store = Store::new(dir);
        let verifier = store.verifier()?.ok_or_else(|| no_log(&store))?;
        let (checkpoint, replay) = consistent_read(&store)?;
        checkpoint.verify(&verifier)?;
        Ok(Self {
            store,
            verifier,
            checkpoint,
            tail: replay?.pending,
        })
    }

    /// The number of entries, published or not.
    pub fn size(&self) -> u64 {
        self.checkpoint.size + self.tail.len() as u64
    }

    /// The published checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The key that lies beside the checkpoint.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// One entry.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoSuchEntry`], or when its bundle cannot be read.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, LedgerError> {
        let at = index
            .checked_sub(self.checkpoint.size)
            .and_then(|at| usize::try_from(at).ok());
        match at.map(|at| self.tail.get(at)) {
            Some(Some(pending)) => Ok(pending.entry.to_vec()),
            Some(None) => Err(LedgerError::NoSuchEntry {
                index,
                size: self.size(),
            }),
            None => self.store.entry(index, self.checkpoint.size),
        }
    }

    /// The entries of `range`, in order; indexes past the end are left out.
    pub fn entries(&self, range: Range<u64>) -> Entries {
        Entries::new(self.store.clone(), range, self.size(), self.tail.clone())
    }

    /// The proof that entry `index` is under the published checkpoint.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NotCovered`] when it is sequenced and not yet published; [`LedgerError::NoSuchEntry`]; or
    /// when tiles cannot be read.
    pub fn prove(&self, index: u64) -> Result<Proof, LedgerError> {
        let size = self.checkpoint.size;
        if (size..self.size()).contains(&index) {
            return Err(LedgerError::NotCovered { index, size });
        }
        self.store.prove(index, self.checkpoint.clone())
    }

    /// The hashes that show that the first `old` entries are the beginning of the published log, for
    /// [`crate::merkle::is_consistent`]: what a witness asks for before it signs a newer checkpoint.
    ///
    /// # Errors
    ///
    /// [`LedgerError::NoSuchEntry`] when the published log is shorter; or when tiles cannot be read.
    pub fn prove_consistency(&self, old: u64) -> Result<Vec<Hash>, LedgerError> {
        self.store.prove_consistency(old, self.checkpoint.size)
    }
}

/// The checkpoint and what the write-ahead files hold beyond it, of one moment.
///
/// A writer that publishes between the two reads removes files; then both are read anew. What remains wrong with
/// the write-ahead files is given back beside the checkpoint.
pub(crate) fn consistent_read(
    store: &Store,
) -> Result<(Checkpoint, Result<Replay, LedgerError>), LedgerError> {
    let mut checkpoint = store.checkpoint()?.ok_or_else(|| no_log(store))?;
    let mut attempts = ATTEMPTS;
    loop {
        let read = replay(&store.wal_path(), checkpoint.size);
        let now = store.checkpoint()?.ok_or_else(|| no_log(store))?;
        attempts -= 1;
        if now == checkpoint || read.is_ok() || attempts == 0 {
            return Ok((checkpoint, read));
        }
        checkpoint = now;
    }
}

fn no_log(store: &Store) -> LedgerError {
    LedgerError::NoLog {
        dir: store.dir().to_owned(),
    }
}
