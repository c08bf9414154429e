//! Reading many entries in order.

use std::ops::Range;

use crate::error::LedgerError;
use crate::store::Store;
use crate::tile::{TILE_WIDTH, bundle_entries};
use crate::wal::replay::Pending;

/// The entries of a range with their indexes, bundle by bundle. Ends after the first error.
#[derive(Debug)]
pub struct Entries {
    store: Store,
    next: u64,
    end: u64,
    published: u64,
    tail: Vec<Pending>,
    bundle: Vec<u8>,
    at: usize,
}

impl Entries {
    /// `size` counts all entries; the last of them are in `tail`, the others in tiles.
    pub(crate) fn new(store: Store, range: Range<u64>, size: u64, tail: Vec<Pending>) -> Self {
        let published = size - tail.len() as u64;
        let end = range.end.min(size);
        Self {
            store,
            next: range.start.min(end),
            end,
            published,
            tail,
            bundle: Vec::new(),
            at: 0,
        }
    }

    fn read(&mut self) -> Result<Vec<u8>, LedgerError> {
        let index = self.next;
        let missing = LedgerError::NoSuchEntry {
            index,
            size: self.published,
        };
        if index >= self.published {
            let at = usize::try_from(index - self.published).unwrap_or(usize::MAX);
            return self
                .tail
                .get(at)
                .map(|pending| pending.entry.to_vec())
                .ok_or(missing);
        }
        let within = usize::try_from(index % TILE_WIDTH).unwrap_or(usize::MAX);
        if within == 0 || self.bundle.is_empty() {
            self.bundle = self.store.bundle(index, self.published)?;
            self.at = bundle_entries(&self.bundle)
                .take(within)
                .flatten()
                .map(|entry| 2 + entry.len())
                .sum();
        }
        let entry = bundle_entries(&self.bundle[self.at..])
            .next()
            .and_then(Result::ok)
            .ok_or(missing)?;
        self.at += 2 + entry.len();
        Ok(entry.to_vec())
    }
}

impl Iterator for Entries {
    type Item = Result<(u64, Vec<u8>), LedgerError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let entry = self.read().map(|entry| (self.next, entry));
        self.next = if entry.is_ok() { self.next + 1 } else { self.end };
        Some(entry)
    }
}
