//! The bytes of uploads: `files/<tenant>/<file id>/<file name>`, readable by the owner of the data folder only.
//!
//! No part of a path is a client's but the file's name, and that only once [`FileName`] has looked at it. Everything here
//! waits for the disk: not for a task that others wait for.

use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use trousseau_core::digest::Digest;
use trousseau_core::principal::Tenant;
use trousseau_extract::{DETECT_BYTES, ExtractError, Format};

/// The longest name of a file, in bytes: what file systems take.
pub const NAME_BYTES: usize = 255;

/// The name of an upload: one part of a path, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

/// A text that cannot be the name of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the name of a file: 1 to 255 bytes, and neither '.' nor '..'")]
pub struct InvalidFileName(pub String);

impl FileName {
    /// The last part of what a client gives as a name, with `_` in place of characters that cannot be shown.
    pub fn new(given: &str) -> Result<Self, InvalidFileName> {
        let last = given.rsplit(['/', '\\']).next().unwrap_or(given).trim();
        let plain = |c: char| if is_hidden(c) { '_' } else { c };
        let name: String = last.chars().map(plain).collect();
        if name.is_empty() || name == "." || name == ".." || name.len() > NAME_BYTES {
            return Err(InvalidFileName(given.chars().take(NAME_BYTES).collect()));
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character cannot be seen, or changes how those around it are: control characters, zero widths, marks of
/// direction (Unicode Standard Annex 9).
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The folder of uploads.
#[derive(Debug)]
pub struct Uploads {
    folder: PathBuf,
}

impl Uploads {
    /// The uploads of the data folder `data`. Nothing is created yet.
    pub fn new(data: &Path) -> Self {
        Self {
            folder: data.join("files"),
        }
    }

    /// Where the bytes of an upload lie.
    pub fn path(&self, tenant: &Tenant, id: &str, name: &str) -> PathBuf {
        self.folder(tenant, id).join(name)
    }

    fn folder(&self, tenant: &Tenant, id: &str) -> PathBuf {
        self.folder.join(tenant.as_str()).join(id)
    }

    /// Begins to take in an upload under an id that this program made.
    pub fn begin(&self, tenant: &Tenant, id: &str, name: &FileName) -> io::Result<Incoming> {
        let folder = self.folder(tenant, id);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let mut options = fs_err::OpenOptions::new();
        options.write(true).create_new(true);
        fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(folder.join(name.as_str()));
        let mut incoming = Incoming {
            file: None,
            hasher: Sha256::new(),
            size: 0,
            first: Vec::new(),
            folder,
        };
        // From here on the folder goes when the upload does not come to its end.
        incoming.file = Some(file?);
        Ok(incoming)
    }

    /// The bytes of an upload.
    pub fn read(&self, tenant: &Tenant, id: &str, name: &str) -> io::Result<Vec<u8>> {
        fs_err::read(self.path(tenant, id, name))
    }

    /// Removes the bytes of an upload; that they are gone already is no fault.
    pub fn remove(&self, tenant: &Tenant, id: &str) -> io::Result<()> {
        match fs_err::remove_dir_all(self.folder(tenant, id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The tenants with uploads.
    pub fn tenants(&self) -> io::Result<Vec<Tenant>> {
        let names = entries(&self.folder)?;
        Ok(names
            .into_iter()
            .filter_map(|name| Tenant::new(name).ok())
            .collect())
    }

    /// Removes what a killed process left: the uploads of a tenant that are not `known`. To be called before uploads are
    /// taken in.
    pub fn sweep(&self, tenant: &Tenant, known: &[String]) -> io::Result<usize> {
        let mut removed = 0;
        for id in entries(&self.folder.join(tenant.as_str()))? {
            if !known.contains(&id) {
                self.remove(tenant, &id)?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs_err::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let names = entries.map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    names.collect()
}

/// An upload that is coming in. Dropping it before it is [kept](Incoming::keep) removes it.
#[derive(Debug)]
pub struct Incoming {
    file: Option<fs_err::File>,
    hasher: Sha256,
    size: u64,
    first: Vec<u8>,
    folder: PathBuf,
}

impl Incoming {
    /// Takes in the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let wanted = DETECT_BYTES.saturating_sub(self.first.len()).min(bytes.len());
        self.first
            .extend_from_slice(bytes.get(..wanted).unwrap_or_default());
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Its size so far, in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Whether it is long enough to tell its format.
    pub fn tells_format(&self) -> bool {
        self.first.len() >= DETECT_BYTES
    }

    /// Fails, by the format's name, when there is no reader for it yet; where it is not whole, only as far as its first
    /// bytes tell.
    pub fn check_format(&self, name: &FileName) -> Result<(), ExtractError> {
        Format::detect(name.as_str(), &self.first).map(|_| ())
    }

    /// Waits until it is on the disk; returns its size and digest.
    pub fn finish(&mut self) -> io::Result<(u64, Digest)> {
        if let Some(file) = &self.file {
            file.sync_all()?;
        }
        fs_err::File::open(&self.folder)?.sync_all()?;
        Ok((self.size, Digest(self.hasher.clone().finalize().into())))
    }

    /// Leaves it where it is.
    pub fn keep(mut self) {
        self.folder = PathBuf::new();
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if self.folder.as_os_str().is_empty() {
            return;
        }
        if let Err(error) = fs_err::remove_dir_all(&self.folder) {
            tracing::warn!(%error, "an upload that broke off was not removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_the_last_part_of_a_path() {
        for (given, name) in [
            ("note.txt", "note.txt"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\été.md", "été.md"),
            ("a\0b\n.txt", "a_b_.txt"),
            ("fiche\u{202e}dm.exe", "fiche_dm.exe"),
            (" x ", "x"),
            ("...", "..."),
        ] {
            assert_eq!(FileName::new(given).unwrap().as_str(), name, "{given:?}");
        }
        for bad in ["", ".", "..", "a/..", "/", " ", &"a".repeat(256)] {
            assert!(FileName::new(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_name_leaves_its_folder(given in ".{0,300}") {
            if let Ok(name) = FileName::new(&given) {
                let path = Path::new("/a/b").join(name.as_str());
                prop_assert_eq!(path.parent(), Some(Path::new("/a/b")));
                prop_assert_eq!(path.file_name().and_then(|name| name.to_str()), Some(name.as_str()));
                prop_assert!(!name.as_str().chars().any(char::is_control));
            }
        }
    }

    #[test]
    fn an_upload_is_its_owner_s_alone_and_goes_when_it_breaks_off() {
        let folder = tempfile::tempdir().unwrap();
        let (uploads, tenant) = (Uploads::new(folder.path()), Tenant::default());
        let name = FileName::new("a.txt").unwrap();
        let mut incoming = uploads.begin(&tenant, "file-1", &name).unwrap();
        incoming.write(b"bon").unwrap();
        incoming.write(b"jour").unwrap();
        assert_eq!(incoming.finish().unwrap(), (7, Digest::of(b"bonjour")));
        incoming.keep();
        let path = uploads.path(&tenant, "file-1", "a.txt");
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let broken = uploads.begin(&tenant, "file-2", &name).unwrap();
        drop(broken);
        assert_eq!(entries(&folder.path().join("files/default")).unwrap(), ["file-1"]);
        assert_eq!(uploads.sweep(&tenant, &["file-1".to_owned()]).unwrap(), 0);
        assert_eq!(uploads.sweep(&tenant, &[]).unwrap(), 1);
        assert!(uploads.read(&tenant, "file-1", "a.txt").is_err());
    }
}
