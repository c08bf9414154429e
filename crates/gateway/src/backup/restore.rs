//! A data folder made from a backup.
//!
//! A file `restoring` stands in the data folder from before the first file is copied to after the last: a restore
//! that was cut is known for one, is refused by whatever opens the folder, and is gone on with by the same restore.

use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use trousseau_core::digest::Digest;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;

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

/// A store and the newest form of it that this program knows.
type Known = (&'static str, i64);

/// Makes the data folder `data`, which is empty (a `lock` aside) or not there yet, from the backup `from`. `accounts`
/// is the newest form of `accounts.sqlite` that this program knows.
///
/// # Errors
///
/// [`BackupError::Incomplete`], [`BackupError::Newer`], [`BackupError::Malformed`], [`BackupError::Damaged`], and
/// [`BackupError::Store`] for a store that was damaged when it was backed up, before anything is written;
/// [`BackupError::NotEmpty`]; [`BackupError::Unfinished`] when another backup was being restored there; or when a file
/// cannot be written: the same restore goes on from there.
pub async fn restore(from: &Path, data: &Path, accounts: usize) -> Result<Manifest, BackupError> {
    let known: [Known; 4] = [
        (
            "documents.sqlite",
            trousseau_retrieval::store::Store::FORMAT as i64,
        ),
        (crate::records::FILE, crate::records::Records::FORMAT as i64),
        ("accounts.sqlite", accounts as i64),
        (trousseau_limits::FILE, trousseau_limits::FORMAT as i64),
    ];
    let source = from.to_path_buf();
    let (manifest, digest) = blocking(move || check(&source, &known)).await??;
    for (store, version) in known {
        if manifest.files.iter().any(|file| file.path == store) {
            check_store(&from.join(store), version).await?;
        }
    }
    let (from, data) = (from.to_path_buf(), data.to_path_buf());
    blocking(move || fill(&from, &data, manifest, digest)).await?
}

/// Reads the manifest of a backup and holds every file against it.
fn check(from: &Path, known: &[Known]) -> Result<(Manifest, Digest), BackupError> {
    let (manifest, digest) = Manifest::read(from)?;
    check_versions(from, &manifest, known)?;
    for file in &manifest.files {
        file.check(from, None)?;
    }
    Ok((manifest, digest))
}

/// Opens a store of a backup: it is one, it is whole, and no newer than what this program knows. Nothing is written
/// beside it.
async fn check_store(path: &Path, known: i64) -> Result<(), BackupError> {
    let fault = |error| StoreError::sql(path, error);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(true)
        .disable_statement_logging();
    let mut connection = options.connect().await.map_err(fault)?;
    let read = read_state(&mut connection).await;
    // Nothing was written through it.
    let _closed = connection.close().await;
    let (found, state) = read.map_err(fault)?;
    let path = path.to_path_buf();
    if found > known {
        return Err(BackupError::Newer { path, found, known });
    }
    if state != "ok" {
        let reason = state;
        return Err(StoreError::Damaged { path, reason }.into());
    }
    Ok(())
}

/// The version of a store's tables, and what SQLite finds when it goes through all of it: `ok`, or what is wrong.
async fn read_state(connection: &mut SqliteConnection) -> Result<(i64, String), sqlx::Error> {
    let version = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await?;
    let state = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(connection)
        .await?;
    Ok((version, state))
}

/// Copies a backup that was found whole.
fn fill(from: &Path, data: &Path, manifest: Manifest, digest: Digest) -> Result<Manifest, BackupError> {
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
fn check_versions(from: &Path, manifest: &Manifest, known: &[Known]) -> Result<(), BackupError> {
    for file in &manifest.files {
        let known = known.iter().find(|(name, _)| *name == file.path);
        let Some((known, found)) = known.map(|(_, known)| *known).zip(file.version) else {
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
