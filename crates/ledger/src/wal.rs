//! The write-ahead files: an entry is sequenced here first, in `wal/` below the log's folder.

pub(crate) mod record;
pub(crate) mod replay;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err::os::unix::fs::FileExt as _;

use crate::error::{At as _, LedgerError};
use crate::merkle::Hash;
use crate::store::Batch;
use record::{Check, Flags, HEADER_BYTES, Header, Kind, Record, header_check};
use replay::{Tail, segment_name};

/// How many records and how many damaged places a write-ahead file of these bytes has: for fuzzing.
#[doc(hidden)]
pub fn scan_wal(bytes: &[u8]) -> (usize, usize) {
    let is_record = |found: &record::Found<'_>| matches!(found, record::Found::Record { .. });
    let (records, damage): (Vec<_>, Vec<_>) = record::Scan::new(bytes).partition(is_record);
    (records.len(), damage.len())
}

/// How much room is tried, in bytes: more than the entries of one question take.
const PROBE_BYTES: usize = 64 << 10;

/// A write that did not happen.
#[derive(Debug)]
pub(crate) struct WriteFailure {
    pub(crate) error: LedgerError,
    /// Whether the file could be cut back, so that it is as before.
    pub(crate) is_undone: bool,
}

/// The file that entries are written to.
#[derive(Debug)]
pub(crate) struct Wal {
    file: Arc<fs_err::File>,
    length: u64,
    check: Check,
    buffer: Vec<u8>,
    buffer_check: Check,
}

impl Wal {
    /// Begins the file whose first entry is `first`, and makes it durable.
    pub(crate) fn begin(folder: &Path, first: u64, flags: Flags) -> Result<Self, LedgerError> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| LedgerError::Random(error.to_string()))?;
        let path = folder.join(segment_name(first));
        let header = Header { first, flags, nonce }.to_bytes();
        let mut batch = Batch::default();
        batch.write(&path, &header)?;
        batch.commit()?;
        let check = header_check(&header);
        Self::resume(&Tail {
            path,
            length: HEADER_BYTES as u64,
            check,
        })
    }

    /// Goes on with a file after its last record in order; what follows that is cut.
    pub(crate) fn resume(tail: &Tail) -> Result<Self, LedgerError> {
        let file = fs_err::OpenOptions::new()
            .write(true)
            .open(&tail.path)
            .at(&tail.path)?;
        if file.metadata().at(&tail.path)?.len() != tail.length {
            file.set_len(tail.length)
                .and_then(|()| file.sync_data())
                .at(&tail.path)?;
        }
        let check = tail.check;
        Ok(Self {
            file: Arc::new(file),
            length: tail.length,
            check,
            buffer: Vec::new(),
            buffer_check: check,
        })
    }

    pub(crate) fn file(&self) -> Arc<fs_err::File> {
        Arc::clone(&self.file)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    /// The length of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Adds an entry to the next [`Wal::flush`].
    pub(crate) fn push_entry(&mut self, index: u64, durable: u64, entry: &[u8], leaf: Hash) {
        self.push(&Record {
            kind: Kind::Entry,
            index,
            durable,
            entry,
            leaf,
        });
    }

    /// Adds a mark to the next [`Wal::flush`].
    pub(crate) fn push_mark(&mut self, kind: Kind, index: u64, durable: u64) {
        self.push(&Record {
            kind,
            index,
            durable,
            entry: &[],
            leaf: Hash::leaf(&[]),
        });
    }

    fn push(&mut self, record: &Record<'_>) {
        self.buffer_check = record.write(&self.buffer_check, &mut self.buffer);
    }

    /// Whether the file has room for more: writes zeros behind its end and cuts them off. A crash in between leaves
    /// what a cut write leaves.
    pub(crate) fn probe(&self) -> Result<(), WriteFailure> {
        let tried = self.file.write_all_at(&[0; PROBE_BYTES], self.length);
        let cut = self.file.set_len(self.length);
        let is_undone = cut.is_ok();
        tried.and(cut).map_err(|error| WriteFailure {
            error: LedgerError::io(self.file.path(), error),
            is_undone,
        })
    }

    /// Hands what was added to the operating system, all of it or nothing.
    pub(crate) fn flush(&mut self) -> Result<(), WriteFailure> {
        let written = self.file.write_all_at(&self.buffer, self.length);
        let added = self.buffer.len() as u64;
        self.buffer.clear();
        match written {
            Ok(()) => {
                self.length += added;
                self.check = self.buffer_check;
                Ok(())
            }
            Err(error) => {
                self.buffer_check = self.check;
                let is_undone = self.file.set_len(self.length).is_ok();
                Err(WriteFailure {
                    error: LedgerError::io(self.file.path(), error),
                    is_undone,
                })
            }
        }
    }
}
