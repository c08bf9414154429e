//! The bytes of a write-ahead file. Pure: they are written into and read from memory.
//!
//! A file begins with a header of 56 bytes:
//!
//! | bytes | what |
//! | --- | --- |
//! | 8 | `TRSWAL`, a zero byte, the format's number (1) |
//! | 8 | the index of its first entry, big-endian as all numbers |
//! | 8 | flags: bit 0 *batch open*, bit 1 *gap owed* |
//! | 16 | random bytes |
//! | 16 | the check: the first half of the SHA-256 of what precedes |
//!
//! and goes on with records:
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | `F1 74 72 72` |
//! | 1 | the kind: 1 entry, 2 batch open, 3 closed, 4 gap owed |
//! | 2 | the length of the entry |
//! | 8 | the index of the entry, or of the next one |
//! | 8 | *durable*: entries below this index were durable when the record was written |
//! | 16 | the check of the record before, or of the header |
//! | n | the entry |
//! | 16 | the check: the first half of the SHA-256 of the 39 bytes above and the entry's leaf hash |
//!
//! Each check covers the one before it, so records cannot be dropped, swapped or repeated unnoticed. *Durable*
//! tells a crash from damage: a crash can only lose what no later record calls durable.

use sha2::{Digest as _, Sha256};

use crate::merkle::Hash;

/// The newest format that is read.
pub(crate) const FORMAT: u8 = 1;

pub(crate) const HEADER_BYTES: usize = 56;

const HEADER_MAGIC: &[u8; 7] = b"TRSWAL\0";
const RECORD_MAGIC: [u8; 4] = [0xf1, b't', b'r', b'r'];
const HEAD_BYTES: usize = 39;
const CHECK_BYTES: usize = 16;

/// What ties a record to the one before it.
pub(crate) type Check = [u8; CHECK_BYTES];

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An entry of the log.
    Entry,
    /// From here on entries may be acknowledged before they are durable.
    BatchOpen,
    /// The writer ended in good order; all before it is durable.
    Closed,
    /// A batch was open when the writer died: the next entry must say so.
    GapOwed,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Entry => 1,
            Self::BatchOpen => 2,
            Self::Closed => 3,
            Self::GapOwed => 4,
        }
    }

    fn of(code: u8) -> Option<Self> {
        [Self::Entry, Self::BatchOpen, Self::Closed, Self::GapOwed]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// The state that a run leaves to the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// A batch is open, so that a power loss may take entries that were acknowledged.
    pub(crate) batch_open: bool,
    /// The next entry must tell of a possible gap.
    pub(crate) gap_owed: bool,
}

impl Flags {
    /// The state after a record.
    pub(crate) fn after(self, kind: Kind) -> Self {
        match kind {
            Kind::Entry => Self {
                gap_owed: false,
                ..self
            },
            Kind::BatchOpen => Self {
                batch_open: true,
                ..self
            },
            Kind::Closed => Self {
                batch_open: false,
                ..self
            },
            Kind::GapOwed => Self {
                batch_open: false,
                gap_owed: true,
            },
        }
    }
}

/// The header of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) first: u64,
    pub(crate) flags: Flags,
    pub(crate) nonce: [u8; 16],
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..7].copy_from_slice(HEADER_MAGIC);
        bytes[7] = FORMAT;
        bytes[8..16].copy_from_slice(&self.first.to_be_bytes());
        bytes[23] = u8::from(self.flags.batch_open) | u8::from(self.flags.gap_owed) << 1;
        bytes[24..40].copy_from_slice(&self.nonce);
        let check = half_digest(Sha256::new_with_prefix(&bytes[..40]));
        bytes[40..].copy_from_slice(&check);
        bytes
    }

    /// Reads a header whose check is right.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        let nonce = *bytes[24..].first_chunk()?;
        let flags = Flags {
            batch_open: bytes[23] & 1 != 0,
            gap_owed: bytes[23] & 2 != 0,
        };
        let header = Self {
            first: read_u64(&bytes[8..16])?,
            flags,
            nonce,
        };
        (header.to_bytes() == *bytes).then_some(header)
    }

    /// The format's number of a file that another version may have written.
    pub(crate) fn format(bytes: &[u8]) -> Option<u8> {
        bytes.strip_prefix(HEADER_MAGIC)?.first().copied()
    }
}

/// A record as it stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    pub(crate) kind: Kind,
    pub(crate) index: u64,
    pub(crate) durable: u64,
    pub(crate) entry: &'a [u8],
    pub(crate) leaf: Hash,
}

impl Record<'_> {
    /// Writes the record after the one whose check is `previous`, and gives back its own check.
    pub(crate) fn write(&self, previous: &Check, bytes: &mut Vec<u8>) -> Check {
        let start = bytes.len();
        bytes.extend_from_slice(&RECORD_MAGIC);
        bytes.push(self.kind.code());
        bytes.extend_from_slice(&u16::try_from(self.entry.len()).unwrap_or(u16::MAX).to_be_bytes());
        bytes.extend_from_slice(&self.index.to_be_bytes());
        bytes.extend_from_slice(&self.durable.to_be_bytes());
        bytes.extend_from_slice(previous);
        let check = record_check(&bytes[start..], &self.leaf);
        bytes.extend_from_slice(self.entry);
        bytes.extend_from_slice(&check);
        check
    }
}

/// What a scan of a file meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A record that is in order.
    Record {
        /// Where it begins.
        offset: usize,
        /// What it says.
        record: Record<'a>,
    },
    /// Bytes that are no record, up to the next one that is or to the end of the file.
    Damage {
        /// Where they begin.
        offset: usize,
    },
}

/// Reads the records of a file, from its first byte on.
#[derive(Clone, Debug)]
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    previous: Check,
    end: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let previous = check_before(bytes, HEADER_BYTES).unwrap_or_default();
        Self {
            bytes,
            at: HEADER_BYTES.min(bytes.len()),
            previous,
            end: HEADER_BYTES.min(bytes.len()),
        }
    }

    /// Where the last record in order ends, and its check: where a writer goes on.
    pub(crate) fn end(&self) -> (usize, Check) {
        (self.end, self.previous)
    }
}

impl<'a> Iterator for Scan<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let offset = self.at;
        if let Some(read) = read_record(self.bytes, offset).filter(|read| read.previous == self.previous) {
            self.previous = read.check;
            self.at += HEAD_BYTES + read.record.entry.len() + CHECK_BYTES;
            self.end = self.at;
            return Some(Found::Record {
                offset,
                record: read.record,
            });
        }
        // A record that is whole but follows another one is where the scan goes on.
        let next =
            (offset..self.bytes.len()).find_map(|at| Some((at, read_record(self.bytes, at)?.previous)));
        (self.at, self.previous) = next.unwrap_or((self.bytes.len(), self.previous));
        Some(Found::Damage { offset })
    }
}

struct ReadRecord<'a> {
    record: Record<'a>,
    previous: Check,
    check: Check,
}

fn read_record(bytes: &[u8], at: usize) -> Option<ReadRecord<'_>> {
    let rest = bytes.get(at..)?;
    let kind = Kind::of(*rest.strip_prefix(&RECORD_MAGIC)?.first()?)?;
    let head = rest.get(..HEAD_BYTES)?;
    let length = usize::from(u16::from_be_bytes([head[5], head[6]]));
    let entry = rest.get(HEAD_BYTES..HEAD_BYTES + length)?;
    let check: &Check = rest.get(HEAD_BYTES + length..)?.first_chunk()?;
    let leaf = Hash::leaf(entry);
    if record_check(head, &leaf) != *check {
        return None;
    }
    let record = Record {
        kind,
        index: read_u64(&head[7..15])?,
        durable: read_u64(&head[15..23])?,
        entry,
        leaf,
    };
    Some(ReadRecord {
        record,
        previous: *head[23..].first_chunk()?,
        check: *check,
    })
}

fn check_before(bytes: &[u8], at: usize) -> Option<Check> {
    bytes
        .get(at.checked_sub(CHECK_BYTES)?..at)?
        .first_chunk()
        .copied()
}

fn record_check(head: &[u8], leaf: &Hash) -> Check {
    half_digest(Sha256::new_with_prefix(head).chain_update(leaf.0))
}

/// The check of a header.
pub(crate) fn header_check(header: &[u8; HEADER_BYTES]) -> Check {
    check_before(header, HEADER_BYTES).unwrap_or_default()
}

fn half_digest(hasher: Sha256) -> Check {
    let digest: [u8; 32] = hasher.finalize().into();
    let mut check = Check::default();
    check.copy_from_slice(&digest[..CHECK_BYTES]);
    check
}

fn read_u64(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(index: u64, bytes: &[u8]) -> Record<'_> {
        Record {
            kind: Kind::Entry,
            index,
            durable: 0,
            entry: bytes,
            leaf: Hash::leaf(bytes),
        }
    }

    fn file(entries: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
        let header = Header {
            first: 0,
            flags: Flags::default(),
            nonce: [7; 16],
        };
        let mut bytes = header.to_bytes().to_vec();
        let mut check = check_before(&bytes, HEADER_BYTES).unwrap();
        let mut starts = Vec::new();
        for (index, body) in entries.iter().enumerate() {
            starts.push(bytes.len());
            check = entry(index as u64, body).write(&check, &mut bytes);
        }
        (bytes, starts)
    }

    fn offsets(bytes: &[u8]) -> Vec<Result<usize, usize>> {
        Scan::new(bytes)
            .map(|found| match found {
                Found::Record { offset, .. } => Ok(offset),
                Found::Damage { offset } => Err(offset),
            })
            .collect()
    }

    #[test]
    fn a_header_is_read_back_only_as_it_was_written() {
        for flags in [(false, false), (true, false), (false, true), (true, true)] {
            let flags = Flags {
                batch_open: flags.0,
                gap_owed: flags.1,
            };
            let header = Header {
                first: 300,
                flags,
                nonce: [3; 16],
            };
            let mut bytes = header.to_bytes();
            assert_eq!(Header::parse(&bytes), Some(header));
            assert_eq!(Header::format(&bytes), Some(1));
            assert_eq!(Header::parse(&bytes[..HEADER_BYTES - 1]), None);
            for at in 0..HEADER_BYTES {
                bytes[at] ^= 1;
                assert_eq!(Header::parse(&bytes), None, "byte {at}");
                bytes[at] ^= 1;
            }
        }
    }

    #[test]
    fn after_damage_the_scan_goes_on_at_the_next_record() {
        let entries: Vec<Vec<u8>> = ["one", "two", "three"].map(Vec::from).to_vec();
        let (mut bytes, starts) = file(&entries);
        assert_eq!(offsets(&bytes), [Ok(starts[0]), Ok(starts[1]), Ok(starts[2])]);
        bytes[starts[1] + HEAD_BYTES] ^= 1;
        assert_eq!(offsets(&bytes), [Ok(starts[0]), Err(starts[1]), Ok(starts[2])]);
        bytes[starts[1] + HEAD_BYTES] ^= 1;
        bytes[starts[2] - 1] ^= 1;
        assert_eq!(offsets(&bytes), [Ok(starts[0]), Err(starts[1]), Ok(starts[2])]);
    }

    #[test]
    fn records_cannot_be_dropped_swapped_or_repeated() {
        let entries: Vec<Vec<u8>> = ["one", "two", "six"].map(Vec::from).to_vec();
        let (bytes, starts) = file(&entries);
        let (first, second, third) = (
            &bytes[starts[0]..starts[1]],
            &bytes[starts[1]..starts[2]],
            &bytes[starts[2]..],
        );
        let header = &bytes[..HEADER_BYTES];
        for changed in [
            [header, second, third].concat(),
            [header, first, third].concat(),
            [header, first, third, second].concat(),
            [header, first, first, second].concat(),
        ] {
            assert!(offsets(&changed).iter().any(Result::is_err));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_scanned_to_the_end(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut scan = Scan::new(&bytes);
            let found = scan.by_ref().count();
            prop_assert!(found <= 1 && scan.end().0 <= bytes.len());
        }

        #[test]
        fn no_flipped_bit_passes_unnoticed(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 1..6),
            at in any::<prop::sample::Index>(), bit in 0_u8..8,
        ) {
            let (mut bytes, starts) = file(&entries);
            let at = HEADER_BYTES + at.index(bytes.len() - HEADER_BYTES);
            bytes[at] ^= 1 << bit;
            let found = offsets(&bytes);
            let hit = starts.iter().rposition(|start| *start <= at).unwrap();
            prop_assert_eq!(&found[..hit], &starts[..hit].iter().map(|start| Ok(*start)).collect::<Vec<_>>());
            prop_assert_eq!(found[hit], Err(starts[hit]));
        }
    }
}
