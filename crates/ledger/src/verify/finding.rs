//! What a verification can find, each with the file, the entry or the line concerned.

use std::path::{Path, PathBuf};

use crate::merkle::Hash;
use crate::text::TextFault;

/// One thing that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// There is no checkpoint.
    #[error("{} is missing", path.display())]
    CheckpointMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The checkpoint is not written as one.
    #[error("{}: {fault}", path.display())]
    CheckpointMalformed {
        /// The checkpoint.
        path: PathBuf,
        /// Where, and what.
        fault: TextFault,
    },
    /// The checkpoint was edited, or another key signed it.
    #[error("{} was changed after it was signed, or is not signed by {key}", path.display())]
    CheckpointEdited {
        /// The checkpoint.
        path: PathBuf,
        /// The key that should have signed it.
        key: String,
    },
    /// No key was given and none lies beside the checkpoint, so that the signature was not checked.
    #[error("{} is missing, so that the signature was not checked", path.display())]
    KeyMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The key beside the checkpoint is not the one that was given, or is no key.
    #[error("{} does not hold the key {expected}", path.display())]
    KeyChanged {
        /// The key file.
        path: PathBuf,
        /// The key given.
        expected: String,
    },
    /// A tile or bundle that the checkpoint needs is not there.
    #[error("{} is missing", path.display())]
    TileMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A tile of hashes is too short or too long.
    #[error("{} has {bytes} bytes instead of {expected}", path.display())]
    TileLength {
        /// The tile.
        path: PathBuf,
        /// Its length.
        bytes: u64,
        /// The length it should have.
        expected: u64,
    },
    /// A hash in a tile was changed: what it stands for leads to the signed root without it.
    #[error("hash {position} of {} was changed", path.display())]
    TileChanged {
        /// The tile.
        path: PathBuf,
        /// Which of its hashes, from 0.
        position: u64,
    },
    /// A bundle holds bytes that are no entry.
    #[error("{} holds no entry {index} at byte {offset}", path.display())]
    BundleCut {
        /// The bundle.
        path: PathBuf,
        /// Where the entry should begin.
        offset: u64,
        /// The entry that should be there.
        index: u64,
    },
    /// One byte of an entry was changed, as failing storage does.
    #[error("byte {byte} of entry {index} was changed, in {}", path.display())]
    ByteChanged {
        /// The entry.
        index: u64,
        /// Which of its bytes, from 0.
        byte: u64,
        /// Its bundle.
        path: PathBuf,
    },
    /// An entry is not the one that was signed.
    #[error("entry {index} was changed, in {}", path.display())]
    EntryChanged {
        /// The entry.
        index: u64,
        /// Its bundle.
        path: PathBuf,
    },
    /// An entry is not there any more; those after it moved up.
    #[error("entry {index} was dropped from {}", path.display())]
    EntryDropped {
        /// The entry.
        index: u64,
        /// The bundle it was in.
        path: PathBuf,
    },
    /// An entry stands where none was signed; those after it moved down.
    #[error("an entry was put before entry {index} into {}", path.display())]
    EntryAdded {
        /// The entry before which it stands.
        index: u64,
        /// The bundle.
        path: PathBuf,
    },
    /// The entries are those that were signed, in another order.
    #[error("entries {first} to {last} were reordered, in {}", path.display())]
    EntriesReordered {
        /// The first that is out of place.
        first: u64,
        /// The last that is out of place.
        last: u64,
        /// The bundle.
        path: PathBuf,
    },
    /// Entries and their tiles of hashes were changed together; a tile above them was not.
    #[error("entries {first} to {last} were rewritten with their hashes: {} contradicts them", path.display())]
    EntriesRewritten {
        /// The first entry concerned.
        first: u64,
        /// The last entry concerned.
        last: u64,
        /// The tile that still has the hash of what was signed.
        path: PathBuf,
    },
    /// The entries do not lead to the root of the checkpoint.
    #[error("the root over {size} entries is {computed}, the checkpoint says {signed}")]
    RootMismatch {
        /// The number of entries.
        size: u64,
        /// The root that they have.
        computed: Hash,
        /// The root in the checkpoint.
        signed: Hash,
    },
    /// Files reach beyond the checkpoint and the write-ahead file: those were put back to an older state.
    #[error("the log was set back to {size} entries: {} reaches further", path.display())]
    SetBack {
        /// The tile that reaches further.
        path: PathBuf,
        /// The number of entries left.
        size: u64,
    },
    /// The write-ahead file is damaged in a part that was durable.
    #[error("{} is damaged at byte {offset}, where entry {index} was written", path.display())]
    WalDamaged {
        /// The write-ahead file.
        path: PathBuf,
        /// Where the damage begins.
        offset: u64,
        /// The first entry that cannot be read.
        index: u64,
    },
    /// Somebody holds a checkpoint or a proof of a longer log: this one was truncated or rolled back.
    #[error("the log has {size} entries, but the evidence was signed when it had {held}: it was rolled back")]
    RolledBack {
        /// The number of entries now.
        size: u64,
        /// The number of entries in the evidence.
        held: u64,
    },
    /// Somebody holds a checkpoint or a proof of another history.
    #[error("the first {held} entries are not those of the evidence: the log was forked")]
    Forked {
        /// The number of entries in the evidence.
        held: u64,
    },
    /// The evidence is not signed by the log's key, or does not prove what it says.
    #[error("the evidence of {origin} is not signed by {key}, or proves nothing")]
    EvidenceInvalid {
        /// The log that the evidence names.
        origin: String,
        /// The key that should have signed it.
        key: String,
    },
}

impl Finding {
    /// The stable code, a key of the message catalogue.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CheckpointMissing { .. } => "ledger-finding-checkpoint-missing",
            Self::CheckpointMalformed { .. } => "ledger-finding-checkpoint-malformed",
            Self::CheckpointEdited { .. } => "ledger-finding-checkpoint-edited",
            Self::KeyMissing { .. } => "ledger-finding-key-missing",
            Self::KeyChanged { .. } => "ledger-finding-key-changed",
            Self::TileMissing { .. } => "ledger-finding-tile-missing",
            Self::TileLength { .. } => "ledger-finding-tile-length",
            Self::TileChanged { .. } => "ledger-finding-tile-changed",
            Self::BundleCut { .. } => "ledger-finding-bundle-cut",
            Self::ByteChanged { .. } => "ledger-finding-byte-changed",
            Self::EntryChanged { .. } => "ledger-finding-entry-changed",
            Self::EntryDropped { .. } => "ledger-finding-entry-dropped",
            Self::EntryAdded { .. } => "ledger-finding-entry-added",
            Self::EntriesReordered { .. } => "ledger-finding-entries-reordered",
            Self::EntriesRewritten { .. } => "ledger-finding-entries-rewritten",
            Self::RootMismatch { .. } => "ledger-finding-root-mismatch",
            Self::SetBack { .. } => "ledger-finding-set-back",
            Self::WalDamaged { .. } => "ledger-finding-wal-damaged",
            Self::RolledBack { .. } => "ledger-finding-rolled-back",
            Self::Forked { .. } => "ledger-finding-forked",
            Self::EvidenceInvalid { .. } => "ledger-finding-evidence-invalid",
        }
    }

    /// The values that the message names.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let file = |path: &Path| ("path", path.display().to_string());
        let number = |name: &'static str, value: &u64| (name, value.to_string());
        match self {
            Self::CheckpointMissing { path } | Self::KeyMissing { path } | Self::TileMissing { path } => {
                vec![file(path)]
            }
            Self::CheckpointMalformed { path, fault } => {
                let line = fault.line.to_string();
                vec![file(path), ("line", line), ("reason", fault.reason.to_owned())]
            }
            Self::CheckpointEdited { path, key } => vec![file(path), ("key", key.clone())],
            Self::KeyChanged { path, expected } => vec![file(path), ("expected", expected.clone())],
            Self::TileLength {
                path,
                bytes,
                expected,
            } => {
                vec![file(path), number("bytes", bytes), number("expected", expected)]
            }
            Self::TileChanged { path, position } => vec![file(path), number("position", position)],
            Self::BundleCut { path, offset, index } | Self::WalDamaged { path, offset, index } => {
                vec![file(path), number("offset", offset), number("index", index)]
            }
            Self::ByteChanged { index, byte, path } => {
                vec![number("index", index), number("byte", byte), file(path)]
            }
            Self::EntryChanged { index, path }
            | Self::EntryDropped { index, path }
            | Self::EntryAdded { index, path } => vec![number("index", index), file(path)],
            Self::EntriesReordered { first, last, path } | Self::EntriesRewritten { first, last, path } => {
                vec![number("first", first), number("last", last), file(path)]
            }
            Self::RootMismatch {
                size,
                computed,
                signed,
            } => {
                vec![
                    number("size", size),
                    ("computed", computed.to_string()),
                    ("signed", signed.to_string()),
                ]
            }
            Self::SetBack { path, size } => vec![file(path), number("size", size)],
            Self::RolledBack { size, held } => vec![number("size", size), number("held", held)],
            Self::Forked { held } => vec![number("held", held)],
            Self::EvidenceInvalid { origin, key } => vec![("origin", origin.clone()), ("key", key.clone())],
        }
    }
}
