//! Where documents come from: files and folders, listed and loaded.

use std::ffi::OsStr;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use trousseau_core::digest::Digest;
use trousseau_core::error::{ErrorKind, Explain};
use trousseau_core::principal::Tenant;

/// What Linux says of a link that leads to itself.
const ELOOP: i32 = 40;

/// Why a file cannot be loaded or a folder not listed.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It is not there, or no more.
    #[error("{path}: not found")]
    NotFound {
        /// The path.
        path: String,
    },
    /// This user may not read it.
    #[error("{path}: permission denied")]
    Denied {
        /// The path.
        path: String,
    },
    /// A link leads back to a folder above it.
    #[error("{path}: a symbolic link leads back to a folder above it")]
    Loop {
        /// The path.
        path: String,
    },
    /// It is larger than the limit.
    #[error("{path}: larger than the limit of {limit} bytes")]
    TooLarge {
        /// The path.
        path: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// It is neither a file nor a folder.
    #[error("{path}: neither a file nor a folder")]
    NotAFile {
        /// The path.
        path: String,
    },
    /// Reading it failed otherwise.
    #[error("{path}: {reason}")]
    Read {
        /// The path.
        path: String,
        /// What the system said.
        reason: String,
    },
}

impl SourceError {
    fn of(path: &Path, error: &io::Error) -> Self {
        let path = shown(path);
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            _ if error.raw_os_error() == Some(ELOOP) => Self::Loop { path },
            _ => Self::Read {
                path,
                reason: error.to_string(),
            },
        }
    }
}

impl Explain for SourceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Denied { .. } => ErrorKind::Forbidden,
            Self::Loop { .. } | Self::NotAFile { .. } => ErrorKind::InvalidInput,
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::Read { .. } => ErrorKind::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "source-not-found",
            Self::Denied { .. } => "source-denied",
            Self::Loop { .. } => "source-loop",
            Self::TooLarge { .. } => "source-too-large",
            Self::NotAFile { .. } => "source-not-a-file",
            Self::Read { .. } => "source-read",
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotFound { path }
            | Self::Denied { path }
            | Self::Loop { path }
            | Self::NotAFile { path } => {
                vec![("path", path.clone())]
            }
            Self::TooLarge { path, limit } => vec![("path", path.clone()), ("limit", limit.to_string())],
            Self::Read { path, reason } => vec![("path", path.clone()), ("reason", reason.clone())],
        }
    }
}

/// What listing a path found.
#[derive(Debug, Default)]
pub struct Listing {
    /// The files, in a stable order.
    pub files: Vec<PathBuf>,
    /// What could not be listed, each with its path.
    pub faults: Vec<(PathBuf, SourceError)>,
}

/// Lists the files under `root`, which is a file or a folder. Folders are entered and links followed;
/// entries whose names begin with a dot are left out. Fails when `root` itself cannot be listed.
pub fn list(root: &Path) -> Result<Listing, SourceError> {
    let kind = fs_err::metadata(root).map_err(|error| SourceError::of(root, &error))?;
    let mut listing = Listing::default();
    if kind.is_file() {
        listing.files.push(root.to_path_buf());
        return Ok(listing);
    }
    if !kind.is_dir() {
        return Err(SourceError::NotAFile { path: shown(root) });
    }
    let visible =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().as_bytes().starts_with(b".");
    let whole = root
        .canonicalize()
        .map_err(|error| SourceError::of(root, &error))?;
    // The walk sees links back to folders that it has entered, not those to folders above the root.
    let leads_above = |entry: &walkdir::DirEntry| {
        let target = (entry.depth() > 0 && entry.path_is_symlink()).then(|| entry.path().canonicalize());
        matches!(target, Some(Ok(target)) if whole.starts_with(&target))
    };
    let walk = walkdir::WalkDir::new(root).follow_links(true).sort_by_file_name();
    let mut walk = walk.into_iter().filter_entry(visible);
    while let Some(entry) = walk.next() {
        match entry {
            Ok(entry) if entry.file_type().is_dir() && leads_above(&entry) => {
                walk.skip_current_dir();
                let path = shown(entry.path());
                listing
                    .faults
                    .push((entry.into_path(), SourceError::Loop { path }));
            }
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if entry.file_type().is_file() => listing.files.push(entry.into_path()),
            Ok(entry) => {
                let path = shown(entry.path());
                listing
                    .faults
                    .push((entry.into_path(), SourceError::NotAFile { path }));
            }
            Err(error) => listing.faults.push(walk_fault(root, error)),
        }
    }
    Ok(listing)
}

fn walk_fault(root: &Path, error: walkdir::Error) -> (PathBuf, SourceError) {
    let path = error.path().unwrap_or(root).to_path_buf();
    let fault = if error.loop_ancestor().is_some() {
        SourceError::Loop { path: shown(&path) }
    } else if let Some(error) = error.io_error() {
        SourceError::of(&path, error)
    } else {
        SourceError::of(&path, &error.into())
    };
    (path, fault)
}

/// Reads a file whole, and digests it. A file that grows past `limit` while it is read is refused too.
pub fn load(path: &Path, limit: u64) -> Result<(Vec<u8>, Digest), SourceError> {
    let fault = |error: io::Error| SourceError::of(path, &error);
    let too_large = || SourceError::TooLarge {
        path: shown(path),
        limit,
    };
    let file = fs_err::File::open(path).map_err(fault)?;
    let size = file.metadata().map_err(fault)?;
    if !size.is_file() {
        return Err(SourceError::NotAFile { path: shown(path) });
    }
    if size.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(size.len() as usize);
    file.take(limit + 1).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    let digest = Digest::of(&bytes);
    Ok((bytes, digest))
}

/// A path as text: control characters and bytes that are not UTF-8 written as `\xNN`, so that it can be
/// shown in a terminal and two different paths never look alike.
pub fn shown(path: &Path) -> String {
    let mut text = String::with_capacity(path.as_os_str().len());
    for piece in path.as_os_str().as_bytes().utf8_chunks() {
        for character in piece.valid().chars() {
            if character.is_control() {
                let mut bytes = [0; 4];
                for byte in character.encode_utf8(&mut bytes).bytes() {
                    text.push_str(&format!("\\x{byte:02x}"));
                }
            } else if character == '\\' {
                text.push_str("\\\\");
            } else {
                text.push(character);
            }
        }
        for byte in piece.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The id of the document that this file is, or would be, in this collection.
pub fn document_id(tenant: &Tenant, collection: &str, path: &Path) -> String {
    let digest = Digest::of_fields([tenant.as_str().as_bytes(), collection.as_bytes(), &to_bytes(path)]);
    let digits: String = digest.to_string().chars().take(16).collect();
    format!("doc-{digits}")
}

/// A document's title where the file gives none: the file's name without its extension.
pub fn title(path: &Path) -> String {
    path.file_stem()
        .map_or_else(|| shown(path), |stem| shown(Path::new(stem)))
}

pub(crate) fn to_bytes(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().to_vec()
}

pub(crate) fn from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn paths_are_shown_without_control_characters_and_never_alike() {
        let odd = Path::new(OsStr::from_bytes(b"a\x1b[31m\n\xff\\x"));
        assert_eq!(shown(odd), "a\\x1b[31m\\x0a\\xff\\\\x");
        assert_eq!(shown(Path::new("été.txt")), "été.txt");
    }

    #[test]
    fn a_link_loop_is_a_fault_and_the_rest_is_listed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs_err::create_dir_all(root.join("a/.git")).unwrap();
        fs_err::write(root.join("a/b.txt"), "b").unwrap();
        fs_err::write(root.join("a/.git/config"), "c").unwrap();
        symlink(root, root.join("a/loop")).unwrap();
        symlink(root.join("gone"), root.join("dangling.txt")).unwrap();
        let listing = list(root).unwrap();
        assert_eq!(listing.files, [root.join("a/b.txt")]);
        let codes: Vec<_> = listing.faults.iter().map(|(_, fault)| fault.code()).collect();
        assert_eq!(codes, ["source-loop", "source-not-found"]);
    }

    #[test]
    fn a_file_past_the_limit_is_refused_before_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.txt");
        fs_err::write(&path, "0123456789").unwrap();
        assert_eq!(load(&path, 9).unwrap_err().code(), "source-too-large");
        assert_eq!(load(&path, 10).unwrap().0, b"0123456789");
        assert_eq!(load(folder.path(), 10).unwrap_err().code(), "source-not-a-file");
        assert_eq!(
            load(&folder.path().join("gone"), 1).unwrap_err().code(),
            "source-not-found"
        );
    }
}
