//! What opens an upstream: keys and passwords that stand in files and may change there while the program runs.
//!
//! A secret is shown to nobody: neither `Debug` nor an error carries it, and its memory is wiped when the last user
//! lets go of it. Copies on their way to a socket are not wiped.

use std::fmt;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use trousseau_core::error::{ErrorKind, Explain};
use zeroize::Zeroizing;

/// The longest secret, in bytes.
const LONGEST: u64 = 64 * 1024;
/// How often a file is looked at again, at most.
const LOOKED_AT: Duration = Duration::from_secs(1);

/// The text of a secret.
pub type Revealed = Arc<Zeroizing<String>>;

/// A secret given as a value, or read from a file again whenever the file changes. Clones share one.
#[derive(Clone)]
pub struct Secret(Arc<Source>);

enum Source {
    Value(Revealed),
    File { path: PathBuf, read: Mutex<Read> },
}

/// What was read of a file, and when.
struct Read {
    stamp: Stamp,
    looked: Instant,
    text: Revealed,
}

/// What changes when a file is written or replaced: device, inode, size, time of change.
type Stamp = (u64, u64, u64, i64, i64);

/// A secret that cannot be used. Says where it stands, never what it is.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read.
    #[error("cannot read a secret")]
    Read(#[source] std::io::Error),
    /// There is nothing in it.
    #[error("the secret {place} is empty")]
    Empty {
        /// Its file, or a word for where it came from.
        place: String,
    },
    /// It holds what cannot be sent in a header: a control character, a line break, a letter outside of ASCII.
    #[error("the secret {place} holds characters that cannot be sent")]
    Unusable {
        /// Its file, or a word for where it came from.
        place: String,
    },
    /// It is longer than any key.
    #[error("the secret {place} is longer than {limit} bytes")]
    TooLong {
        /// Its file, or a word for where it came from.
        place: String,
        /// The limit, in bytes.
        limit: u64,
    },
}

impl Secret {
    /// A secret whose value is known; `place` says in errors where it came from, such as the name of a variable.
    pub fn value(text: &str, place: &str) -> Result<Self, SecretError> {
        let text = checked(text, place)?;
        Ok(Self(Arc::new(Source::Value(text))))
    }

    /// The secret in a file, white space around it left out. It is read at once, so that a fault stops the start.
    pub fn file(path: impl Into<PathBuf>) -> Result<Self, SecretError> {
        let path = path.into();
        let (stamp, text) = read(&path)?;
        let looked = Instant::now();
        let read = Mutex::new(Read { stamp, looked, text });
        Ok(Self(Arc::new(Source::File { path, read })))
    }

    /// The secret. When its file has changed it is read again, at most a second late; while the file is missing,
    /// empty or unreadable the last good one stays in use, and the log says so.
    pub fn reveal(&self) -> Revealed {
        self.look(LOOKED_AT)
    }

    /// Looks at the file at once, for a server has just refused the secret; whether it is another one than `tried`.
    pub fn renewed(&self, tried: &Revealed) -> bool {
        self.look(Duration::ZERO) != *tried
    }

    fn look(&self, every: Duration) -> Revealed {
        match &*self.0 {
            Source::Value(text) => Arc::clone(text),
            Source::File { path, read } => {
                let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
                if read.looked.elapsed() >= every {
                    read.look_at(path);
                }
                Arc::clone(&read.text)
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Source::Value(_) => f.write_str("Secret"),
            Source::File { path, .. } => write!(f, "Secret({})", path.display()),
        }
    }
}

impl Read {
    fn look_at(&mut self, path: &Path) {
        self.looked = Instant::now();
        let unchanged = fs_err::metadata(path).is_ok_and(|metadata| stamp(&metadata) == self.stamp);
        if unchanged {
            return;
        }
        match read(path) {
            Ok((stamp, text)) => {
                self.stamp = stamp;
                if *text != *self.text {
                    tracing::info!(path = %path.display(), "a secret was renewed");
                    self.text = text;
                }
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a secret cannot be renewed; the last one stays in use");
            }
        }
    }
}

fn stamp(metadata: &std::fs::Metadata) -> Stamp {
    let (device, inode, size) = (metadata.dev(), metadata.ino(), metadata.size());
    (device, inode, size, metadata.ctime(), metadata.ctime_nsec())
}

fn read(path: &Path) -> Result<(Stamp, Revealed), SecretError> {
    let mut file = fs_err::File::open(path).map_err(SecretError::Read)?;
    let stamp = stamp(&file.metadata().map_err(SecretError::Read)?);
    let mut text = Zeroizing::new(String::new());
    // Read whole into memory that need not grow: what is left behind by growing is not wiped.
    text.reserve_exact(usize::try_from(LONGEST).unwrap_or(0) + 1);
    file.by_ref()
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(SecretError::Read)?;
    let text = checked(&text, &path.display().to_string())?;
    Ok((stamp, text))
}

fn checked(text: &str, place: &str) -> Result<Revealed, SecretError> {
    let place = || place.to_owned();
    if text.len() as u64 > LONGEST {
        let limit = LONGEST;
        return Err(SecretError::TooLong {
            place: place(),
            limit,
        });
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(SecretError::Empty { place: place() });
    }
    if !text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return Err(SecretError::Unusable { place: place() });
    }
    Ok(Arc::new(Zeroizing::new(text.to_owned())))
}

impl Explain for SecretError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "secret-read",
            Self::Empty { .. } => "secret-empty",
            Self::Unusable { .. } => "secret-unusable",
            Self::TooLong { .. } => "secret-too-long",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Read(error) => vec![("reason", error.to_string())],
            Self::Empty { place } | Self::Unusable { place } => vec![("place", place.clone())],
            Self::TooLong { place, limit } => vec![("place", place.clone()), ("limit", limit.to_string())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_to_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs_err::write(&path, "sk-very-secret\n").unwrap();
        let file = Secret::file(&path).unwrap();
        let value = Secret::value("sk-very-secret", "TROUSSEAU_KEY").unwrap();
        assert_eq!(file.reveal().as_str(), "sk-very-secret");
        assert!(!format!("{file:?} {value:?}").contains("very"));
        let error = Secret::value("sk-very-secret\u{1}", "TROUSSEAU_KEY").unwrap_err();
        assert!(!format!("{error:?} {error}").contains("very"));
    }

    #[test]
    fn a_renewed_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs_err::write(&path, "first").unwrap();
        let secret = Secret::file(&path).unwrap();
        let first = secret.reveal();
        assert!(!secret.renewed(&first));
        fs_err::write(&path, "second").unwrap();
        assert!(secret.renewed(&first));
        assert_eq!(secret.reveal().as_str(), "second");
        // Kubernetes and systemd replace the file instead of writing into it.
        fs_err::write(folder.path().join("new"), "third!").unwrap();
        fs_err::rename(folder.path().join("new"), &path).unwrap();
        assert!(secret.renewed(&first));
        assert_eq!(secret.reveal().as_str(), "third!");
    }

    #[test]
    fn the_last_good_secret_stays_while_its_file_is_bad() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs_err::write(&path, "good").unwrap();
        let secret = Secret::file(&path).unwrap();
        let first = secret.reveal();
        for bad in ["", "two\nlines", "é"] {
            fs_err::write(&path, bad).unwrap();
            assert!(!secret.renewed(&first));
        }
        fs_err::remove_file(&path).unwrap();
        assert!(!secret.renewed(&first));
        assert_eq!(secret.reveal().as_str(), "good");
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert!(matches!(Secret::file(&path), Err(SecretError::Read(_))));
        fs_err::write(&path, " \n").unwrap();
        assert!(matches!(Secret::file(&path), Err(SecretError::Empty { .. })));
        fs_err::write(&path, "a\nb").unwrap();
        assert!(matches!(Secret::file(&path), Err(SecretError::Unusable { .. })));
        fs_err::write(&path, "x".repeat(70_000)).unwrap();
        assert!(matches!(Secret::file(&path), Err(SecretError::TooLong { .. })));
        fs_err::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(Secret::file(&path), Err(SecretError::Read(_))));
    }
}
