//! Logs to test with.

use std::path::Path;
use std::time::Duration;

use trousseau_ledger::{Durability, Ledger, LedgerError, Options, Recovery, SigningKey};

/// A log that publishes only when asked to.
pub(crate) const QUIET: Options = Options {
    batch_interval: Duration::from_secs(3600),
    checkpoint_interval: Duration::from_secs(3600),
};

/// Opens the log in `dir/log` with the key in `dir/key`.
pub(crate) fn open(dir: &Path) -> Result<(Ledger, Recovery), LedgerError> {
    let key = SigningKey::load_or_create(&dir.join("key"), "example.org/log").unwrap();
    Ledger::open(&dir.join("log"), key, QUIET)
}

/// What a log of [`grown`] holds at `index`.
pub(crate) fn entry(index: u64) -> Vec<u8> {
    format!("entry {index} of the log").into_bytes()
}

/// A published log of `size` entries in `dir/log`, closed.
pub(crate) fn grown(dir: &Path, size: u64) {
    let (ledger, _) = open(dir).unwrap();
    let entries: Vec<Vec<u8>> = (ledger.size()..size).map(entry).collect();
    ledger.append_all(&entries, Durability::Request).unwrap();
    ledger.close().unwrap();
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for item in fs_err::read_dir(from).unwrap() {
        let item = item.unwrap();
        let target = to.join(item.file_name());
        if item.path().is_dir() {
            copy(&item.path(), &target);
        } else {
            fs_err::copy(item.path(), target).unwrap();
        }
    }
}
