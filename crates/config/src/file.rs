//! The configuration file and the files of keys, written whole or not at all.

use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use zeroize::Zeroizing;

use super::AdditionError;

/// A key and the file that it belongs in.
pub struct KeyFile {
    /// The file.
    pub path: PathBuf,
    /// The key.
    pub text: Zeroizing<String>,
}

/// What was written, so that it can be undone.
pub struct Written {
    file: PathBuf,
    before: Option<String>,
    key: Option<PathBuf>,
}

/// The text of the file; the empty one where there is none.
pub fn read(file: &Path) -> Result<String, AdditionError> {
    match fs_err::read_to_string(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(|error| unwritten(file, &error)),
    }
}

/// Writes the key, then the configuration. `None` where this process may not write the configuration, and has written
/// nothing.
pub fn write(file: &Path, text: &str, key: Option<KeyFile>) -> Result<Option<Written>, AdditionError> {
    // What a link leads to is written, not the link.
    let whole = fs_err::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    if !is_writable(&whole) {
        return Ok(None);
    }
    let before = whole.is_file().then(|| read(&whole)).transpose()?;
    let key_path = match key {
        None => None,
        Some(key) => match write_key(&key) {
            Ok(()) => Some(key.path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let file = key.path.display().to_string();
                return Err(AdditionError::KeyThere { file });
            }
            Err(error) => return Err(unwritten(&key.path, &error)),
        },
    };
    let written = Written {
        file: whole,
        before,
        key: key_path,
    };
    match replace(&written.file, text) {
        Ok(()) => Ok(Some(written)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            written.take_key_back();
            Ok(None)
        }
        Err(error) => {
            let told = unwritten(&written.file, &error);
            written.take_key_back();
            Err(told)
        }
    }
}

impl Written {
    /// Puts everything back as it was before.
    pub fn undo(self) -> Result<(), AdditionError> {
        let undone = match &self.before {
            Some(text) => replace(&self.file, text),
            None => fs_err::remove_file(&self.file),
        };
        let undone = undone.map_err(|error| unwritten(&self.file, &error));
        self.take_key_back();
        undone
    }

    fn take_key_back(&self) {
        if let Some(key) = &self.key
            && let Err(error) = fs_err::remove_file(key)
        {
            tracing::warn!(%error, "a key that is not needed is left");
        }
    }
}

/// Whether the file, or one in its place, can be written by this process, without trying to.
fn is_writable(file: &Path) -> bool {
    use rustix::fs::{Access, access};
    let folder = file
        .parent()
        .is_some_and(|folder| access(folder, Access::WRITE_OK).is_ok());
    folder && (!file.exists() || access(file, Access::WRITE_OK).is_ok())
}

/// A new file that its owner alone can read, in a folder that its owner alone may enter.
fn write_key(key: &KeyFile) -> io::Result<()> {
    if let Some(folder) = key.path.parent() {
        create_private(folder)?;
    }
    let mut file = fs_err::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&key.path)?;
    file.write_all(key.text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Another text in the place of a file's: a reader sees the one or the other, also after a power loss.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.new"));
    let mode = fs_err::metadata(file).map_or(0o600, |there| there.permissions().mode() & 0o7777);
    let written = (|| {
        let mut new = fs_err::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        new.write_all(text.as_bytes())?;
        new.set_permissions(std::fs::Permissions::from_mode(mode))?;
        new.sync_all()?;
        fs_err::rename(&beside, file)?;
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        fs_err::File::open(folder)?.sync_all()
    })();
    if written.is_err() {
        let _left = fs_err::remove_file(&beside);
    }
    written
}

/// Creates a folder that only its owner may enter.
pub fn create_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs_err::create_dir_all(folder)?;
    fs_err::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

/// An error of a file, as it is told.
fn unwritten(file: &Path, error: &io::Error) -> AdditionError {
    AdditionError::Write {
        file: file.display().to_string(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_mode_and_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.toml");
        fs_err::write(&file, "old").unwrap();
        fs_err::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        let key = || KeyFile {
            path: folder.path().join("secrets/a.key"),
            text: "sk".to_owned().into(),
        };
        let written = write(&file, "new", Some(key())).unwrap().unwrap();
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "new");
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&file), mode(&key().path), mode(key().path.parent().unwrap())),
            (0o640, 0o600, 0o700)
        );
        assert_eq!(fs_err::read_to_string(&key().path).unwrap(), "sk\n");
        // Somebody else's key is not overwritten, and nothing else is then.
        assert!(matches!(
            write(&file, "newer", Some(key())),
            Err(AdditionError::KeyThere { .. })
        ));
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "new");
        written.undo().unwrap();
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "old");
        assert!(!key().path.exists());
        let names: Vec<_> = fs_err::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn a_folder_that_takes_nothing_is_left_as_it_is() {
        use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
        // Root may write everything; this thread no longer.
        let mut own = capabilities(None).unwrap();
        own.effective.remove(CapabilitySet::DAC_OVERRIDE);
        own.permitted.remove(CapabilitySet::DAC_OVERRIDE);
        set_capabilities(None, own).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.toml");
        fs_err::write(&file, "old").unwrap();
        let mode =
            |bits| fs_err::set_permissions(folder.path(), std::fs::Permissions::from_mode(bits)).unwrap();
        mode(0o555);
        let key = KeyFile {
            path: folder.path().join("secrets/a.key"),
            text: "sk".to_owned().into(),
        };
        assert!(write(&file, "new", Some(key)).unwrap().is_none());
        mode(0o755);
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "old");
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_was_not_there_is_gone_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.toml");
        let written = write(&file, "new", None).unwrap().unwrap();
        assert_eq!(fs_err::read_to_string(&file).unwrap(), "new");
        written.undo().unwrap();
        assert!(!file.exists());
    }
}
