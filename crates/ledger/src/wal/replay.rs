//! Reading the write-ahead files back: what is not yet in tiles, and where a crash cut the last write.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{Check, FORMAT, Flags, Found, Header, Kind, Record, Scan};
use crate::error::{At as _, LedgerError};
use crate::merkle::Hash;

/// An entry that is sequenced but not yet in tiles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) entry: Arc<[u8]>,
    pub(crate) leaf: Hash,
}

/// Where a writer goes on in the last file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) path: PathBuf,
    /// The length up to which all is in order.
    pub(crate) length: u64,
    pub(crate) check: Check,
}

/// What the write-ahead files hold beyond the published log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replay {
    /// The entries from the published size on.
    pub(crate) pending: Vec<Pending>,
    /// The file to go on with, unless a new one must be begun.
    pub(crate) tail: Option<Tail>,
    /// What a crash cut: bytes after the last record in order.
    pub(crate) torn_bytes: u64,
    pub(crate) flags: Flags,
    /// The other files, with the index after their last entry: once that is published they may go.
    pub(crate) older: Vec<(PathBuf, u64)>,
}

/// The write-ahead files in the order of their entries, which is that of their names.
pub(crate) fn segments(folder: &Path) -> Result<Vec<(u64, PathBuf)>, LedgerError> {
    let listing = match fs_err::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        listing => listing.at(folder)?,
    };
    let mut found = Vec::new();
    for file in listing {
        let path = file.at(folder)?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|name| name.len() == 20);
        if let Some(first) = name.and_then(|name| name.parse().ok()) {
            found.push((first, path));
        }
    }
    found.sort();
    Ok(found)
}

/// The name of the file whose first entry is `first`.
pub(crate) fn segment_name(first: u64) -> String {
    format!("{first:020}")
}

/// Reads the files in `folder` from entry `covered` on.
pub(crate) fn replay(folder: &Path, covered: u64) -> Result<Replay, LedgerError> {
    let files = segments(folder)?;
    let mut reading = Reading {
        next: covered,
        covered,
        replay: Replay::default(),
    };
    for (number, (first, path)) in files.iter().enumerate() {
        let bytes = match fs_err::read(path) {
            // A writer let go of it meanwhile. If it was still needed, the next file begins too late.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            bytes => bytes.at(path)?,
        };
        let following = files.get(number + 1).map(|(first, _)| *first);
        reading.segment(&Segment {
            path,
            first: *first,
            bytes: &bytes,
            following,
        })?;
    }
    Ok(reading.replay)
}

struct Segment<'a> {
    path: &'a Path,
    first: u64,
    bytes: &'a [u8],
    /// The first entry of the next file, before which this one was made durable.
    following: Option<u64>,
}

struct Reading {
    next: u64,
    covered: u64,
    replay: Replay,
}

/// Where the reading of one file stands.
struct Cursor {
    /// The entry that comes next in the file.
    index: u64,
    /// The end of the last record in order, and its check.
    good: (usize, Check),
    /// Where damage begins that may have cost entries.
    lost: Option<usize>,
}

impl Reading {
    fn segment(&mut self, segment: &Segment<'_>) -> Result<(), LedgerError> {
        let Some(header) = Header::parse(segment.bytes).filter(|header| header.first == segment.first) else {
            return self.headless(segment);
        };
        if header.first > self.next {
            return Err(self.damaged(segment, 0));
        }
        self.replay.flags = header.flags;
        let mut scan = Scan::new(segment.bytes);
        let mut cursor = Cursor {
            index: header.first,
            good: scan.end(),
            lost: None,
        };
        while let Some(found) = scan.next() {
            match found {
                Found::Damage { offset } => cursor.lost = cursor.lost.or(Some(offset)),
                Found::Record { offset, record } => {
                    if self.is_read_on(segment, &record, &mut cursor)? {
                        self.record(segment, &record, offset, &mut cursor)?;
                        cursor.good = scan.end();
                    }
                }
            }
        }
        self.end_of_segment(segment, &cursor)
    }

    /// Whether a record counts: not when it comes after damage that a crash explains.
    fn is_read_on(
        &mut self,
        segment: &Segment<'_>,
        record: &Record<'_>,
        cursor: &mut Cursor,
    ) -> Result<bool, LedgerError> {
        let Some(offset) = cursor.lost else {
            return Ok(true);
        };
        if self.next == self.covered && record.index <= self.covered {
            // Only published entries are missing. The mark of an open batch may be.
            cursor.lost = None;
            cursor.index = record.index;
            self.replay.flags.batch_open = true;
            return Ok(true);
        }
        if record.durable > self.next {
            return Err(self.damaged(segment, offset));
        }
        Ok(false)
    }

    fn record(
        &mut self,
        segment: &Segment<'_>,
        record: &Record<'_>,
        offset: usize,
        cursor: &mut Cursor,
    ) -> Result<(), LedgerError> {
        if record.index != cursor.index {
            return Err(self.damaged(segment, offset));
        }
        self.replay.flags = self.replay.flags.after(record.kind);
        if record.kind != Kind::Entry {
            return Ok(());
        }
        cursor.index += 1;
        if record.index == self.next {
            self.replay.pending.push(Pending {
                entry: record.entry.into(),
                leaf: record.leaf,
            });
            self.next += 1;
        } else if record.index >= self.covered {
            return Err(self.damaged(segment, offset));
        }
        Ok(())
    }

    fn end_of_segment(&mut self, segment: &Segment<'_>, cursor: &Cursor) -> Result<(), LedgerError> {
        if let Some(following) = segment.following {
            if let Some(offset) = cursor.lost.filter(|_| following > self.covered) {
                return Err(self.damaged(segment, offset));
            }
            self.replay.older.push((segment.path.to_owned(), following));
            return Ok(());
        }
        if let Some(offset) = cursor.lost {
            self.replay.torn_bytes = (segment.bytes.len() - offset) as u64;
        }
        if cursor.index == self.next {
            let path = segment.path.to_owned();
            self.replay.tail = Some(Tail {
                path,
                length: cursor.good.0 as u64,
                check: cursor.good.1,
            });
        } else {
            // The file ends before the published log does: a new one begins where that ends.
            self.replay.older.push((segment.path.to_owned(), cursor.index));
        }
        Ok(())
    }

    /// A file whose header is not in order: a crash while it was begun, unless records follow.
    fn headless(&mut self, segment: &Segment<'_>) -> Result<(), LedgerError> {
        if let Some(found) = Header::format(segment.bytes).filter(|format| *format > FORMAT) {
            let (found, known) = (u32::from(found), u32::from(FORMAT));
            return Err(LedgerError::Newer {
                path: segment.path.to_owned(),
                found,
                known,
            });
        }
        let holds_records = Scan::new(segment.bytes).any(|found| matches!(found, Found::Record { .. }));
        let covered = segment
            .following
            .is_some_and(|following| following <= self.covered);
        if !covered && (holds_records || segment.following.is_some() || segment.first > self.next) {
            return Err(self.damaged(segment, 0));
        }
        self.replay.torn_bytes += segment.bytes.len() as u64;
        self.replay.older.push((segment.path.to_owned(), segment.first));
        Ok(())
    }

    fn damaged(&self, segment: &Segment<'_>, offset: usize) -> LedgerError {
        LedgerError::WalDamaged {
            path: segment.path.to_owned(),
            offset: offset as u64,
            index: self.next,
        }
    }
}
