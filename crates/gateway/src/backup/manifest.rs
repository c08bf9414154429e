//! The manifest: every file of a backup with its size and digest. It is written last.

use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use trousseau_core::digest::Digest;

use super::{BackupError, MANIFEST};

/// The version of the form of a backup.
const FORMAT: i64 = 1;

/// The largest manifest that is read, in bytes: some hundred thousand files.
const MANIFEST_BYTES: u64 = 64 << 20;

/// Where the version of a SQLite file stands in it (sqlite.org/fileformat2.html, "user version"), big-endian.
const USER_VERSION: std::ops::Range<usize> = 60..64;

/// What a backup consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the form of the backup.
    pub format: i64,
    /// The version of the program that made it.
    pub program: String,
    /// When it was begun.
    pub created: Timestamp,
    /// Its files, by name.
    pub files: Vec<FileSeal>,
}

/// One file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSeal {
    /// Where it lies in the backup.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// The SHA-256 of its bytes.
    pub sha256: Digest,
    /// Of a store: the version of its tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

/// As much of a manifest as every format has.
#[derive(Deserialize)]
struct Head {
    format: i64,
}

impl Manifest {
    /// Closes every file of a folder to others, waits until it is on the disk, and takes its digest.
    pub(super) fn over(folder: &Path, created: Timestamp) -> Result<Self, BackupError> {
        let mut files = Vec::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(below) = folders.pop() {
            close_to_others(&folder.join(&below))?;
            for entry in fs_err::read_dir(folder.join(&below))? {
                let entry = entry?;
                let name = below.join(entry.file_name());
                if entry.file_type()?.is_dir() {
                    folders.push(name);
                } else {
                    files.push(seal(folder, &name)?);
                }
            }
            sync_folder(&folder.join(&below))?;
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            created,
            files,
        })
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let path = folder.join(MANIFEST);
        let mut text = serde_json::to_string_pretty(self).map_err(|error| malformed(&path, error))?;
        text.push('\n');
        write_whole(&path, text.as_bytes())?;
        Ok(())
    }

    /// Reads the manifest of a backup, with its digest.
    pub(super) fn read(folder: &Path) -> Result<(Self, Digest), BackupError> {
        let path = folder.join(MANIFEST);
        if !path.is_file() {
            let path = folder.to_path_buf();
            return Err(BackupError::Incomplete { path });
        }
        let mut text = Vec::new();
        let file = fs_err::File::open(&path)?;
        file.take(MANIFEST_BYTES).read_to_end(&mut text)?;
        let head: Head = serde_json::from_slice(&text).map_err(|error| malformed(&path, error))?;
        if head.format > FORMAT {
            return Err(BackupError::Newer {
                path,
                found: head.format,
                known: FORMAT,
            });
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| malformed(&path, error))?;
        for file in &manifest.files {
            let mut parts = Path::new(&file.path).components();
            if file.path.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
                return Err(malformed(&path, format!("the path {:?}", file.path)));
            }
        }
        Ok((manifest, Digest::of(&text)))
    }
}

impl FileSeal {
    /// Checks the file in the folder of a backup; with `to`, copies it there meanwhile.
    pub(super) fn check(&self, folder: &Path, to: Option<&mut fs_err::File>) -> Result<(), BackupError> {
        let path = folder.join(&self.path);
        let found = match path.is_file() {
            true => Some(digest(&path, to)?).filter(|(bytes, _)| *bytes == self.bytes),
            false => None,
        };
        let found = found.map(|(_, digest)| digest);
        if found == Some(self.sha256) {
            return Ok(());
        }
        Err(BackupError::Damaged {
            path,
            expected: self.sha256,
            found,
        })
    }
}

fn malformed(path: &Path, reason: impl std::fmt::Display) -> BackupError {
    BackupError::Malformed {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}

fn seal(folder: &Path, name: &Path) -> Result<FileSeal, BackupError> {
    let path = folder.join(name);
    fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    fs_err::File::open(&path)?.sync_all()?;
    let (bytes, sha256) = digest(&path, None)?;
    let version = match name.extension() {
        Some(extension) if extension == "sqlite" => Some(user_version(&path)?),
        _ => None,
    };
    Ok(FileSeal {
        path: name.to_string_lossy().into_owned(),
        bytes,
        sha256,
        version,
    })
}

/// The length and the SHA-256 of a file, copied into `to` meanwhile.
fn digest(path: &Path, mut to: Option<&mut fs_err::File>) -> Result<(u64, Digest), BackupError> {
    let mut file = fs_err::File::open(path)?;
    let (mut hasher, mut length) = (Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        hasher.update(bytes);
        length += read as u64;
        if let Some(to) = &mut to {
            to.write_all(bytes)?;
        }
    }
    Ok((length, Digest(hasher.finalize().into())))
}

fn user_version(path: &Path) -> Result<i64, BackupError> {
    let mut head = [0; 100];
    fs_err::File::open(path)?.read_exact(&mut head)?;
    let bytes = head.get(USER_VERSION).and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(0, i32::from_be_bytes).into())
}

/// Whether a folder holds nothing, besides the names in `besides`, or is not there.
pub(super) fn is_empty(folder: &Path, besides: &[&str]) -> Result<bool, BackupError> {
    if !folder.exists() {
        return Ok(true);
    }
    for entry in fs_err::read_dir(folder)? {
        let name = entry?.file_name();
        if !besides.iter().any(|besides| name == *besides) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes a folder, with those above it, that only its owner may enter.
pub(super) fn close_to_others(folder: &Path) -> Result<(), BackupError> {
    if !folder.is_dir() {
        if let Some(above) = folder.parent() {
            fs_err::create_dir_all(above)?;
        }
        // Closed from its first moment on.
        let mut builder = std::fs::DirBuilder::new();
        builder
            .mode(0o700)
            .create(folder)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", folder.display())))?;
    }
    Ok(fs_err::set_permissions(
        folder,
        std::fs::Permissions::from_mode(0o700),
    )?)
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    Ok(fs_err::File::open(folder)?.sync_all()?)
}

/// Opens a new file that only its owner may read, in the place of one that is there.
pub(super) fn create_closed(path: &Path) -> Result<fs_err::File, BackupError> {
    let mut options = fs_err::OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    Ok(file)
}

/// Writes a file that appears whole, and its name.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".tmp");
    let mut file = create_closed(Path::new(&draft))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs_err::rename(&draft, path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}
