//! A copy of everything in a data folder, made while it is in use, and a data folder made from such a copy.
//!
//! ```text
//! DIR/documents.sqlite  records.sqlite                    the stores, each as it was at one moment
//! DIR/accounts.sqlite  limits.sqlite                      the same
//! DIR/withdrawals.json                                    what is withdrawn
//! DIR/files/...                                           the bytes of uploads
//! DIR/ledger/...                                          the ledgers, published: no write-ahead files
//! DIR/keys/...                                            the ledgers' private keys
//! DIR/trousseau.toml                                      the configuration, where one is given
//! DIR/manifest.json                                       what all of it must be; written last
//! ```
//!
//! The stores are copied before the ledgers, so that no record names an entry that the copied ledger lacks, and before the
//! uploads, so that a copied row has its bytes unless they were deleted meanwhile; bytes without a row are swept later. A folder
//! without a manifest is no backup. Indexes are not copied: they are built anew. What is restored is an older state:
//! a `restored` entry says so in each ledger. Nothing in a backup is encrypted; its folder is closed to others.

mod error;
mod manifest;
mod restore;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use trousseau_core::principal::Tenant;
use trousseau_ledger::LogReader;
use trousseau_retrieval::error::StoreError;
use trousseau_retrieval::library::blocking;

use self::manifest::{close_to_others, is_empty, sync_folder};
use crate::service::Gateway;

pub use self::error::BackupError;
pub use self::manifest::{FileSeal, Manifest};
pub use self::restore::{check_whole, restore};

/// The name of the manifest.
pub const MANIFEST: &str = "manifest.json";

/// The name of the configuration in a backup, and in the data folder made from it.
pub const CONFIGURATION: &str = "trousseau.toml";

/// The stores of a data folder. Accounts and budgets are copied where there are any.
const STORES: [&str; 4] = [
    "documents.sqlite",
    crate::records::FILE,
    "accounts.sqlite",
    trousseau_limits::FILE,
];

/// Copies the data folder `data`, which `gateway` has open, into the folder `to`, which is empty or not there yet.
///
/// # Errors
///
/// [`BackupError::NotEmpty`]; or when something cannot be read or written: `to` is no backup then.
pub async fn backup(
    gateway: &Gateway,
    data: &Path,
    to: &Path,
    configuration: Option<&Path>,
) -> Result<Manifest, BackupError> {
    if !is_empty(to, &[])? {
        let path = to.to_path_buf();
        return Err(BackupError::NotEmpty { path });
    }
    close_to_others(to)?;
    let created = (gateway.now)();
    gateway.records.settle().await?;
    gateway.limits.fold(created).await?;
    for store in STORES {
        if data.join(store).is_file() {
            copy_store(&data.join(store), &to.join(store)).await?;
        }
    }
    let withdrawn = data.join(trousseau_withdrawals::FILE);
    if withdrawn.is_file() {
        fs_err::copy(&withdrawn, to.join(trousseau_withdrawals::FILE))?;
    }
    for (tenant, replica) in ledgers(data)? {
        copy_ledger(gateway, data, to, (&tenant, &replica)).await?;
    }
    let (data, to) = (data.to_path_buf(), to.to_path_buf());
    let configuration = configuration.map(Path::to_path_buf);
    blocking(move || seal(&data, &to, configuration.as_deref(), created)).await?
}

/// Copies one store as it is at one moment, whoever writes to it meanwhile.
async fn copy_store(from: &Path, to: &Path) -> Result<(), StoreError> {
    let fault = |error| StoreError::sql(from, error);
    let options = SqliteConnectOptions::new()
        .filename(from)
        .read_only(true)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging();
    let mut connection = options.connect().await.map_err(fault)?;
    let copied = sqlx::query("VACUUM INTO ?")
        .bind(to.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await;
    // Nothing was written through it.
    let _closed = connection.close().await;
    copied.map(drop).map_err(|error| StoreError::sql(to, error))
}

/// The ledgers of a data folder: tenant and replica of each.
pub(crate) fn ledgers(data: &Path) -> io::Result<Vec<(Tenant, String)>> {
    let mut found = Vec::new();
    for tenant in folders(&data.join("ledger"))? {
        // What is not named like a tenant is not ours.
        let Ok(name) = Tenant::new(tenant.clone()) else {
            continue;
        };
        for replica in folders(&data.join("ledger").join(&tenant))? {
            found.push((name.clone(), replica));
        }
    }
    Ok(found)
}

/// The names of the folders in a folder, if it is there.
fn folders(folder: &Path) -> io::Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().to_str().map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

/// Copies one ledger, every entry it has so far under a checkpoint.
async fn copy_ledger(
    gateway: &Gateway,
    data: &Path,
    to: &Path,
    (tenant, replica): (&Tenant, &str),
) -> Result<(), BackupError> {
    let from = crate::logs::folder(data, tenant, replica);
    let to = crate::logs::folder(to, tenant, replica);
    if replica == gateway.plan().settings.replica {
        let now = (gateway.now)();
        let log = gateway.logs.log(tenant, &gateway.records, now).await;
        log.map_err(Box::new)?.publish().await.map_err(Box::new)?;
        let copied = blocking(move || LogReader::open(&from)?.copy_to(&to));
        copied.await??;
        return Ok(());
    }
    // Nobody writes to the ledger of another replica here.
    blocking(move || copy_folder(&from, &to)).await?
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), BackupError> {
    fs_err::create_dir_all(to)?;
    for entry in fs_err::read_dir(from)? {
        let entry = entry?;
        let copy = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &copy)?;
        } else if entry.file_name() != "lock" {
            fs_err::copy(entry.path(), copy)?;
        }
    }
    Ok(())
}

/// Copies the bytes of uploads. One that is deleted meanwhile is left out.
fn copy_uploads(from: &Path, to: &Path) -> Result<(), BackupError> {
    for tenant in folders(from)? {
        for id in folders(&from.join(&tenant))? {
            let place = Path::new(&tenant).join(id);
            match copy_folder(&from.join(&place), &to.join(&place)) {
                Err(BackupError::File(error)) if error.kind() == io::ErrorKind::NotFound => {}
                copied => copied?,
            }
        }
    }
    Ok(())
}

/// Copies uploads, keys and configuration, then writes the manifest over everything.
fn seal(
    data: &Path,
    to: &Path,
    configuration: Option<&Path>,
    created: Timestamp,
) -> Result<Manifest, BackupError> {
    copy_uploads(&data.join("files"), &to.join("files"))?;
    let keys = data.join("keys");
    if keys.is_dir() {
        copy_folder(&keys, &to.join("keys"))?;
    }
    if let Some(file) = configuration {
        fs_err::copy(file, to.join(CONFIGURATION))?;
    }
    let manifest = Manifest::over(to, created)?;
    manifest.write(to)?;
    let above: Option<PathBuf> = to.parent().map(Path::to_path_buf);
    if let Some(above) = above.filter(|above| !above.as_os_str().is_empty()) {
        sync_folder(&above)?;
    }
    Ok(manifest)
}
