//! What can go wrong, with a stable code and the fields that a message names.

use std::io;
use std::path::{Path, PathBuf};

use crate::text::TextFault;

/// What a log answers when it cannot do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A file could not be read or written; the source names it.
    #[error("cannot use {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The disk, a quota or the limit on the size of files leaves no room.
    #[error("no room left to write {}: {source}", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process, or another handle of this one, writes to the log.
    #[error("the log {} is already open for writing", dir.display())]
    Locked {
        /// The log's folder.
        dir: PathBuf,
    },
    /// An earlier write or sync failed, and nothing is appended until the log is opened anew.
    #[error("the log {} takes no more entries since a write failed: {reason}", dir.display())]
    Failed {
        /// The log's folder.
        dir: PathBuf,
        /// What failed.
        reason: String,
    },
    /// The entry does not fit into a bundle.
    #[error("an entry of {bytes} bytes is longer than {limit}")]
    EntryTooLarge {
        /// Its length.
        bytes: usize,
        /// The longest length allowed.
        limit: usize,
    },
    /// The log has no entry of this index.
    #[error("entry {index} does not exist: the log has {size} entries")]
    NoSuchEntry {
        /// The index asked for.
        index: u64,
        /// The number of entries.
        size: u64,
    },
    /// The entry is sequenced and no published checkpoint covers it yet.
    #[error("entry {index} is not yet under a checkpoint: the published log has {size} entries")]
    NotCovered {
        /// The index asked for.
        index: u64,
        /// The number of published entries.
        size: u64,
    },
    /// The folder holds no log.
    #[error("{} holds no log", dir.display())]
    NoLog {
        /// The folder.
        dir: PathBuf,
    },
    /// The checkpoint and the write-ahead file were put back to an older state: tiles exist beyond them. To append
    /// would sign a second history.
    #[error("the log was set back to {size} entries: {} reaches further", path.display())]
    SetBack {
        /// The tile that reaches further.
        path: PathBuf,
        /// The number of entries that the checkpoint and the write-ahead file have.
        size: u64,
    },
    /// A key's name is empty or holds a space or a plus.
    #[error("{name:?} cannot name a key: it must not be empty nor hold spaces or plus signs")]
    KeyName {
        /// The name.
        name: String,
    },
    /// The key file belongs to a log of another name.
    #[error("the key in {} is named {found}, not {expected}", path.display())]
    OtherKey {
        /// The key file.
        path: PathBuf,
        /// The name in it.
        found: String,
        /// The name expected.
        expected: String,
    },
    /// Everybody on the machine may read the secret key.
    #[error("the secret key {} may be read by every user (mode {mode:o})", path.display())]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key, a checkpoint or a proof is not written as its specification says.
    #[error("{}: {fault}", path.display())]
    Malformed {
        /// The file, or what was handed in.
        path: PathBuf,
        /// Where, and what.
        fault: TextFault,
    },
    /// The signature under a checkpoint is not of the log's key, or its text was changed.
    #[error("the checkpoint of {origin} is not signed by the key {key}")]
    Signature {
        /// The origin line of the checkpoint.
        origin: String,
        /// The verifier key.
        key: String,
    },
    /// The proof does not lead from the entry to the signed root.
    #[error("the proof does not show that the entry is number {index} of {origin}")]
    ProofMismatch {
        /// The log.
        origin: String,
        /// The index that the proof claims.
        index: u64,
    },
    /// A tile that the checkpoint promises is missing, or has another length, or does not match.
    #[error("{}: {reason}", path.display())]
    Tile {
        /// The tile's file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The write-ahead file is damaged in a part that was already durable: no crash does that.
    #[error("{}: damaged at byte {offset}, where entry {index} was written", path.display())]
    WalDamaged {
        /// The write-ahead file.
        path: PathBuf,
        /// Where the damage begins.
        offset: u64,
        /// The first entry that cannot be read.
        index: u64,
    },
    /// A file was written by a newer version of this program.
    #[error("{} is of format {found}, this program reads up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// No random bytes could be had for a new key.
    #[error("the operating system gives no random bytes: {0}")]
    Random(String),
}

impl LedgerError {
    /// The stable code, a key of the message catalogue.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "ledger-io",
            Self::DiskFull { .. } => "ledger-disk-full",
            Self::Locked { .. } => "ledger-locked",
            Self::Failed { .. } => "ledger-failed",
            Self::EntryTooLarge { .. } => "ledger-entry-too-large",
            Self::NoSuchEntry { .. } => "ledger-no-such-entry",
            Self::NotCovered { .. } => "ledger-not-covered",
            Self::NoLog { .. } => "ledger-no-log",
            Self::SetBack { .. } => "ledger-set-back",
            Self::KeyName { .. } => "ledger-key-name",
            Self::OtherKey { .. } => "ledger-other-key",
            Self::KeyExposed { .. } => "ledger-key-exposed",
            Self::Malformed { .. } => "ledger-malformed",
            Self::Signature { .. } => "ledger-signature",
            Self::ProofMismatch { .. } => "ledger-proof-mismatch",
            Self::Tile { .. } => "ledger-tile",
            Self::WalDamaged { .. } => "ledger-wal-damaged",
            Self::Newer { .. } => "ledger-newer",
            Self::Random(_) => "ledger-random",
        }
    }

    /// The values that the message names.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let shown = |path: &Path| path.display().to_string();
        match self {
            Self::Io { path, source } | Self::DiskFull { path, source } => {
                vec![("path", shown(path)), ("reason", source.to_string())]
            }
            Self::Locked { dir } | Self::NoLog { dir } => vec![("path", shown(dir))],
            Self::Failed { dir, reason } => vec![("path", shown(dir)), ("reason", reason.clone())],
            Self::EntryTooLarge { bytes, limit } => {
                vec![("bytes", bytes.to_string()), ("limit", limit.to_string())]
            }
            Self::NoSuchEntry { index, size } | Self::NotCovered { index, size } => {
                vec![("index", index.to_string()), ("size", size.to_string())]
            }
            Self::SetBack { path, size } => vec![("path", shown(path)), ("size", size.to_string())],
            Self::KeyName { name } => vec![("name", name.clone())],
            Self::OtherKey {
                path,
                found,
                expected,
            } => {
                vec![
                    ("path", shown(path)),
                    ("found", found.clone()),
                    ("expected", expected.clone()),
                ]
            }
            Self::KeyExposed { path, mode } => vec![("path", shown(path)), ("mode", format!("{mode:o}"))],
            Self::Malformed { path, fault } => vec![
                ("path", shown(path)),
                ("what", fault.what.to_owned()),
                ("line", fault.line.to_string()),
                ("reason", fault.reason.to_owned()),
            ],
            Self::Signature { origin, key } => vec![("origin", origin.clone()), ("key", key.clone())],
            Self::ProofMismatch { origin, index } => {
                vec![("origin", origin.clone()), ("index", index.to_string())]
            }
            Self::Tile { path, reason } => vec![("path", shown(path)), ("reason", reason.clone())],
            Self::WalDamaged { path, offset, index } => {
                vec![
                    ("path", shown(path)),
                    ("offset", offset.to_string()),
                    ("index", index.to_string()),
                ]
            }
            Self::Newer { path, found, known } => {
                vec![
                    ("path", shown(path)),
                    ("found", found.to_string()),
                    ("known", known.to_string()),
                ]
            }
            Self::Random(reason) => vec![("reason", reason.clone())],
        }
    }

    /// Sorts an error of the file system: no room left, or anything else.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull { path, source }
            }
            _ => Self::Io { path, source },
        }
    }
}

/// Names the file of an error of the file system.
pub(crate) trait At<T> {
    /// Turns the error into one that names `path`.
    fn at(self, path: &Path) -> Result<T, LedgerError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, LedgerError> {
        self.map_err(|source| LedgerError::io(path, source))
    }
}

impl<T> At<T> for Result<T, rustix::io::Errno> {
    fn at(self, path: &Path) -> Result<T, LedgerError> {
        self.map_err(|source| LedgerError::io(path, source.into()))
    }
}

impl<T> At<T> for Result<T, TextFault> {
    fn at(self, path: &Path) -> Result<T, LedgerError> {
        self.map_err(|fault| LedgerError::Malformed {
            path: path.to_owned(),
            fault,
        })
    }
}
