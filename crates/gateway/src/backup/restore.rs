//! A data folder made from a backup.
//!
//! A file `restoring` stands in the data folder from before the first file is copied to after the last: a restore
//! that was cut is known for one, is refused by whatever opens the folder, and is gone on with by the same restore.

use std::path::Path;

use jiff::Timestamp;

use super::manifest::{close_to_others, create_closed, is_empty, sync_folder, write_whole};
use super::{BackupError, Manifest};
use crate::logs::RESTORED;

/// The name of the file that stands in a data folder while it is restored; it holds the digest of the manifest.
const RESTORING: &str = "restoring";

/// What may lie in a folder that counts as empty: who holds it, and the draft of a marker, when a restore was cut
/// before it had one.
const NOTHING: [&str; 2] = ["lock", "restoring.tmp"];

/// Refuses a data folder that a restore into has begun and not ended.
pub fn check_whole(data: &Path) -> Result<(), BackupError> {
    if data.join(RESTORING).exists() {
        let path = data.to_path_buf();
        return Err(BackupError::Unfinished { path });
    }
    Ok(())
}

/// Makes the data folder `data`, which is empty (a `lock` aside) or not there yet, from the backup `from`. It blocks.
///
/// # Errors
///
/// [`BackupError::Incomplete`], [`BackupError::Newer`], [`BackupError::Malformed`] and [`BackupError::Damaged`] before
/// anything is written; [`BackupError::NotEmpty`]; [`BackupError::Unfinished`] when another backup was being restored
/// there; or when a file cannot be written: the same restore goes on from there.
pub fn restore(from: &Path, data: &Path) -> Result<Manifest, BackupError> {
    let (manifest, digest) = Manifest::read(from)?;
    check_versions(from, &manifest)?;
    for file in &manifest.files {
        file.check(from, None)?;
    }
    let mark = digest.to_string();
    let marker = data.join(RESTORING);
    if marker.exists() {
        if fs_err::read_to_string(&marker)? != mark {
            let path = data.to_path_buf();
            return Err(BackupError::Unfinished { path });
        }
    } else if !is_empty(data, &NOTHING)? {
        let path = data.to_path_buf();
        return Err(BackupError::NotEmpty { path });
    }
    close_to_others(data)?;
    write_whole(&marker, mark.as_bytes())?;
    remove_strays(data)?;
    copy_files(&manifest, from, data)?;
    mark_ledgers(&manifest, data)?;
    fs_err::remove_file(&marker)?;
    sync_folder(data)?;
    Ok(manifest)
}

/// Refuses stores of a newer program. Those of an older one are migrated when they are opened.
fn check_versions(from: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let known = [
        ("documents.sqlite", trousseau_retrieval::store::Store::FORMAT),
        (crate::records::FILE, crate::records::Records::FORMAT),
    ];
    for file in &manifest.files {
        let known = known.iter().find(|(name, _)| *name == file.path);
        let Some((known, found)) = known.map(|(_, known)| *known as i64).zip(file.version) else {
            continue;
        };
        if found > known {
            return Err(BackupError::Newer {
                path: from.join(&file.path),
                found,
                known,
            });
        }
    }
    Ok(())
}

/// Removes what belongs to other stores than those that come: of a program that opened the folder after a cut.
fn remove_strays(data: &Path) -> Result<(), BackupError> {
    for store in super::STORES {
        for end in ["-wal", "-shm"] {
            let stray = data.join(format!("{store}{end}"));
            if stray.exists() {
                fs_err::remove_file(stray)?;
            }
        }
    }
    let index = data.join("index");
    if index.exists() {
        fs_err::remove_dir_all(index)?;
    }
    Ok(())
}

fn copy_files(manifest: &Manifest, from: &Path, data: &Path) -> Result<(), BackupError> {
    let mut folders = std::collections::BTreeSet::new();
    for file in &manifest.files {
        let path = data.join(&file.path);
        let folder = path.parent().unwrap_or(data);
        if folders.insert(folder.to_path_buf()) {
            make_folders(data, Path::new(&file.path))?;
        }
        let mut draft = path.clone().into_os_string();
        draft.push(".tmp");
        let mut copy = create_closed(Path::new(&draft))?;
        file.check(from, Some(&mut copy))?;
        copy.sync_all()?;
        fs_err::rename(&draft, &path)?;
    }
    for folder in &folders {
        sync_folder(folder)?;
    }
    Ok(())
}

/// Makes the folders of a file below `data`.
fn make_folders(data: &Path, file: &Path) -> Result<(), BackupError> {
    let mut folder = data.to_path_buf();
    for part in file.parent().into_iter().flat_map(Path::components) {
        folder.push(part);
        close_to_others(&folder)?;
    }
    Ok(())
}

/// Leaves a word in each ledger that it comes from a backup; whoever opens it next enters that.
fn mark_ledgers(manifest: &Manifest, data: &Path) -> Result<(), BackupError> {
    let created: Timestamp = manifest.created;
    for file in &manifest.files {
        let path = Path::new(&file.path);
        if path.starts_with("ledger") && path.file_name().is_some_and(|name| name == "checkpoint") {
            let mark = data.join(path).with_file_name(RESTORED);
            write_whole(&mark, created.to_string().as_bytes())?;
        }
    }
    Ok(())
}
