//! The list on disk: JSON, replaced as a whole, so that a reader sees the list of before or the list of after.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::WithdrawalError;
use crate::withdrawal::Withdrawal;

/// The name of the file in a data folder.
pub const FILE: &str = "withdrawals.json";

/// The version of its form.
const FORMAT: u32 = 1;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// What tells one state of the file from another: every change replaces it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    length: u64,
    modified: Duration,
    inode: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: u32,
    withdrawals: Vec<Withdrawal>,
}

/// How the file stands now; nothing where there is none.
pub(crate) fn seen(path: &Path) -> Result<Option<Seen>, WithdrawalError> {
    use std::os::unix::fs::MetadataExt as _;
    match fs_err::metadata(path) {
        Ok(metadata) => Ok(Some(Seen {
            length: metadata.len(),
            modified: Duration::new(
                metadata.mtime().unsigned_abs(),
                u32::try_from(metadata.mtime_nsec()).unwrap_or(0),
            ),
            inode: metadata.ino(),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The list, and how the file stood when it was read.
pub(crate) fn read(path: &Path) -> Result<(Vec<Withdrawal>, Option<Seen>), WithdrawalError> {
    let Some(seen) = seen(path)? else {
        return Ok((Vec::new(), None));
    };
    let damaged = |reason: String| WithdrawalError::Damaged {
        path: path.to_path_buf(),
        reason,
    };
    if seen.length > LARGEST {
        return Err(damaged(format!("{} bytes, more than {LARGEST}", seen.length)));
    }
    let text = fs_err::read(path)?;
    let form: Form = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    if form.format != FORMAT {
        return Err(damaged(format!(
            "format {}; this program reads {FORMAT}",
            form.format
        )));
    }
    Ok((form.withdrawals, Some(seen)))
}

/// Replaces the list, on disk when this returns.
pub(crate) fn write(path: &Path, list: &[Withdrawal]) -> Result<Option<Seen>, WithdrawalError> {
    let form = Form {
        format: FORMAT,
        withdrawals: list.to_vec(),
    };
    let text = serde_json::to_vec_pretty(&form).map_err(io::Error::from)?;
    let next = path.with_extension("json.new");
    let mut file = fs_err::File::create(&next)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs_err::rename(&next, path)?;
    if let Some(folder) = path.parent() {
        fs_err::File::open(folder)?.sync_all()?;
    }
    seen(path)
}
