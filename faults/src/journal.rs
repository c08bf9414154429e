//! A file of JSON lines that outlives the process that writes it: each line is one write.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file that is appended to.
#[derive(Debug)]
pub(crate) struct Journal(fs_err::File);

impl Journal {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = fs_err::OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self(file))
    }

    pub(crate) fn note(&mut self, line: &impl Serialize) -> Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        Ok(self.0.write_all(&bytes)?)
    }
}

/// Everything that was noted so far; nothing where there is no file. A line that a dying process did not finish is left out.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs_err::read_to_string(path)?;
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().map(|line| {
        serde_json::from_str(line).with_context(|| format!("{}: not a note: {line}", path.display()))
    });
    lines.collect()
}
