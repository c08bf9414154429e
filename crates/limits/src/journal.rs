//! What is reserved of budgets and spent, line by line as it happens: a process that is killed loses nothing of it.
//!
//! A line is in the hands of the operating system before its request is sent. Nobody waits for the disk: when the machine loses
//! its power, what was not folded into `limits.sqlite` yet may be lost. Journals are numbered; the store says which is the first
//! that it has not folded.

use std::borrow::Cow;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::counter::Cost;
use super::money::Money;
use super::period::Span;

/// A cost in one counter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry<'a> {
    pub limit: Cow<'a, str>,
    pub counter: Cow<'a, str>,
    pub span: Span,
    pub tokens: u64,
    /// In billionths.
    pub money: u64,
}

impl Entry<'static> {
    pub(crate) fn new((limit, counter): (&str, &str), span: Span, cost: Cost) -> Self {
        Self {
            limit: limit.to_owned().into(),
            counter: counter.to_owned().into(),
            span,
            tokens: cost.tokens,
            money: cost.money.0,
        }
    }
}

impl Entry<'_> {
    pub(crate) const fn cost(&self) -> Cost {
        Cost {
            tokens: self.tokens,
            money: Money(self.money),
        }
    }
}

/// One line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Line<'a> {
    /// A request is about to be sent.
    Reserve(u64, Vec<Entry<'a>>),
    /// It ended, and cost this.
    Settle(u64, Vec<Entry<'a>>),
    /// It cost nothing.
    Release(u64),
}

/// The file that is written to.
#[derive(Debug)]
pub(crate) struct Journal {
    file: fs_err::File,
    bytes: Vec<u8>,
}

impl Journal {
    /// Begins the journal of this number. What stands in it already stays.
    pub(crate) fn begin(data: &Path, number: u64) -> std::io::Result<Self> {
        let mut options = fs_err::OpenOptions::new();
        let file = options.create(true).append(true).open(path(data, number))?;
        Ok(Self {
            file,
            bytes: Vec::new(),
        })
    }

    pub(crate) fn write(&mut self, line: &Line<'_>) -> std::io::Result<()> {
        // A line that was cut off by a full disk ends here.
        self.bytes.clear();
        self.bytes.push(b'\n');
        serde_json::to_writer(&mut self.bytes, line)?;
        self.bytes.push(b'\n');
        self.file.write_all(&self.bytes)
    }
}

fn path(data: &Path, number: u64) -> PathBuf {
    data.join(format!("limits.{number}.journal"))
}

/// The lines of the journals from this number on, and the number behind the last of them. What is no line was cut off as it was
/// written.
pub(crate) fn read(data: &Path, first: u64) -> std::io::Result<(Vec<Line<'static>>, u64)> {
    let mut lines = Vec::new();
    let mut number = first;
    loop {
        let bytes = match fs_err::read(path(data, number)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((lines, number)),
            Err(error) => return Err(error),
        };
        lines.extend(parse(&bytes));
        number += 1;
    }
}

fn parse(bytes: &[u8]) -> impl Iterator<Item = Line<'static>> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.filter_map(|line| {
        let read = serde_json::from_slice(line);
        if let Err(error) = &read {
            tracing::warn!(%error, "a line of the journal of limits cannot be read");
        }
        read.ok()
    })
}

/// Deletes the journals before this number.
pub(crate) fn delete_before(data: &Path, first: u64) -> std::io::Result<()> {
    for entry in fs_err::read_dir(data)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("limits."));
        let number = number.and_then(|rest| rest.strip_suffix(".journal")?.parse::<u64>().ok());
        if number.is_some_and(|number| number < first) {
            fs_err::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_up_to_where_it_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        let span = Span { from: 1, until: 2 };
        let cost = Cost {
            tokens: 7,
            money: Money(9),
        };
        let entries = vec![Entry::new(("jour\n\"1\"", "default/anne"), span, cost)];
        let mut first = Journal::begin(data, 3).unwrap();
        first.write(&Line::Reserve(1, entries.clone())).unwrap();
        first.write(&Line::Release(2)).unwrap();
        let mut second = Journal::begin(data, 4).unwrap();
        second.write(&Line::Settle(1, entries.clone())).unwrap();
        let all = || {
            vec![
                Line::Reserve(1, entries.clone()),
                Line::Release(2),
                Line::Settle(1, entries.clone()),
            ]
        };
        assert_eq!(read(data, 3).unwrap(), (all(), 5));
        assert_eq!(read(data, 5).unwrap(), (Vec::new(), 5));
        let whole = fs_err::read(path(data, 4)).unwrap();
        for cut in 0..whole.len() - 1 {
            fs_err::write(path(data, 4), &whole[..cut]).unwrap();
            assert_eq!(read(data, 3).unwrap().0, all()[..2], "{cut}");
            // What comes after a line that was cut off is read again.
            Journal::begin(data, 4).unwrap().write(&Line::Release(8)).unwrap();
            assert_eq!(read(data, 3).unwrap().0[2..], [Line::Release(8)], "{cut}");
        }
        delete_before(data, 4).unwrap();
        assert_eq!(read(data, 3).unwrap(), (Vec::new(), 3));
        assert_eq!(read(data, 4).unwrap().1, 5);
    }
}
