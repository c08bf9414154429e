//! The writes of one turn, those of one record together.
//!
//! Most requests begin and end between two turns: what is a row that changes twice becomes one row that is written once.

use std::collections::HashMap;

use crate::rows::{KeepRow, OpenRow};
use crate::write::{CloseRow, Write};

/// A record whose every write is there.
pub(crate) struct Whole<'a> {
    pub(crate) open: &'a OpenRow,
    pub(crate) keep: &'a KeepRow,
    pub(crate) close: &'a CloseRow,
}

impl<'a> Whole<'a> {
    /// The label of the record: that of what was made, where that raised it.
    pub(crate) fn label(&self) -> &'a str {
        match self.keep.label.as_str() {
            "" => &self.open.label,
            raised => raised,
        }
    }
}

/// Writes, by what is to be done for them.
#[derive(Default)]
pub(crate) struct Gathered<'a> {
    pub(crate) whole: Vec<Whole<'a>>,
    pub(crate) opened: Vec<&'a OpenRow>,
    pub(crate) kept: Vec<&'a KeepRow>,
    pub(crate) closed: Vec<&'a CloseRow>,
}

/// What there is of one record so far.
#[derive(Default)]
struct Parts<'a> {
    open: Option<&'a OpenRow>,
    keep: Option<&'a KeepRow>,
    close: Option<&'a CloseRow>,
    /// Something of it was written twice.
    is_apart: bool,
}

impl<'a> Gathered<'a> {
    /// Puts together what belongs together. A record that was written to twice in the same way is not whole: its writes stay
    /// apart, in their order.
    pub(crate) fn of(writes: &'a [Write]) -> Self {
        let mut gathered = Self::default();
        let mut records: HashMap<_, Parts<'a>> = HashMap::with_capacity(writes.len() / 3 + 1);
        for write in writes {
            match write {
                Write::Open(row) => {
                    let parts = records.entry((&row.tenant, &row.entry)).or_default();
                    let earlier = parts.open.replace(row);
                    parts.is_apart |= earlier.is_some();
                    gathered.opened.extend(earlier);
                }
                Write::Keep(row) => {
                    let parts = records.entry((&row.tenant, &row.entry)).or_default();
                    let earlier = parts.keep.replace(row);
                    parts.is_apart |= earlier.is_some();
                    gathered.kept.extend(earlier);
                }
                Write::Close(row) => {
                    let parts = records.entry((&row.tenant, &row.closed.entry)).or_default();
                    let earlier = parts.close.replace(row);
                    parts.is_apart |= earlier.is_some();
                    gathered.closed.extend(earlier);
                }
            }
        }
        for parts in records.into_values() {
            gathered.add(parts);
        }
        // Rows go into the table in the order of its key.
        gathered
            .whole
            .sort_unstable_by_key(|whole| whole.open.entry.index);
        gathered
    }

    fn add(&mut self, parts: Parts<'a>) {
        let Parts {
            open,
            keep,
            close,
            is_apart,
        } = parts;
        if let (Some(open), Some(keep), Some(close), false) = (open, keep, close, is_apart) {
            self.whole.push(Whole { open, keep, close });
            return;
        }
        self.opened.extend(open);
        self.kept.extend(keep);
        self.closed.extend(close);
    }

    /// The records that begin, in their order.
    pub(crate) fn begun(&self) -> Vec<&'a OpenRow> {
        let whole = self.whole.iter().map(|whole| whole.open);
        let mut begun: Vec<_> = whole.chain(self.opened.iter().copied()).collect();
        begun.sort_by_key(|row| row.entry.index);
        begun
    }

    /// The records that end.
    pub(crate) fn ended(&self) -> Vec<&'a CloseRow> {
        let whole = self.whole.iter().map(|whole| whole.close);
        whole.chain(self.closed.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use trousseau_core::principal::Tenant;
    use trousseau_entries::commitment::Secret;
    use trousseau_entries::entry::State;
    use trousseau_entries::name::EntryId;

    use super::*;
    use crate::owed::Owed;
    use crate::record::Closed;

    fn entry(index: u64) -> EntryId {
        EntryId {
            replica: "main".to_owned(),
            index,
        }
    }

    fn open(index: u64) -> Write {
        Write::Open(Box::new(OpenRow {
            tenant: Tenant::default(),
            entry: entry(index),
            created: 1,
            actor: "alice".to_owned(),
            conversation: None,
            parent: None,
            route: "r".to_owned(),
            label: "public".to_owned(),
            secret: Secret([0; 32]),
            question: "Oui ?".to_owned(),
            messages: "[]".to_owned(),
            passages: "[]".to_owned(),
            decision: "{}".to_owned(),
        }))
    }

    fn keep(index: u64, label: &str) -> Write {
        Write::Keep(Box::new(KeepRow {
            tenant: Tenant::default(),
            entry: entry(index),
            made_by: None,
            attempts: "[]".to_owned(),
            answer: None,
            citations: "[]".to_owned(),
            usage: None,
            reasoning: None,
            seams: None,
            tool_calls: None,
            label: label.to_owned(),
        }))
    }

    fn close(index: u64) -> Write {
        Write::Close(Box::new(CloseRow {
            tenant: Tenant::default(),
            closed: Closed {
                entry: entry(index),
                outcome: index + 1,
                state: State::Answered,
                finished: Timestamp::UNIX_EPOCH,
            },
            owed: Arc::new(Owed::default()),
        }))
    }

    /// What is gathered of writes: the whole records with their labels, and the indexes of the rest.
    fn gathered(writes: &[Write]) -> (Vec<(u64, String)>, [Vec<u64>; 3]) {
        let gathered = Gathered::of(writes);
        let whole = gathered.whole.iter();
        let whole = whole.map(|whole| (whole.open.entry.index, whole.label().to_owned()));
        let opened = gathered.opened.iter().map(|row| row.entry.index).collect();
        let kept = gathered.kept.iter().map(|row| row.entry.index).collect();
        let closed = gathered.closed.iter().map(|row| row.closed.entry.index);
        (whole.collect(), [opened, kept, closed.collect()])
    }

    #[test]
    fn records_that_began_and_ended_are_whole_and_in_order_however_they_were_interleaved() {
        let writes = [
            open(4),
            open(0),
            keep(0, "personal"),
            keep(4, ""),
            close(4),
            close(0),
        ];
        let (whole, rest) = gathered(&writes);
        assert_eq!(whole, [(0, "personal".to_owned()), (4, "public".to_owned())]);
        assert_eq!(rest, [const { Vec::<u64>::new() }; 3]);
    }

    #[test]
    fn what_is_not_whole_stays_apart() {
        let (whole, rest) = gathered(&[open(0), keep(2, ""), close(2), open(6), close(6)]);
        assert_eq!(whole, []);
        let [mut opened, kept, mut closed] = rest;
        opened.sort_unstable();
        closed.sort_unstable();
        assert_eq!((opened, kept, closed), (vec![0, 6], vec![2], vec![2, 6]));
    }

    #[test]
    fn the_last_of_two_writes_of_a_kind_is_made_last() {
        let writes = [open(0), keep(0, "personal"), keep(0, "sensitive"), close(0)];
        assert_eq!(gathered(&writes).0, []);
        let labels: Vec<&str> = Gathered::of(&writes)
            .kept
            .iter()
            .map(|row| row.label.as_str())
            .collect();
        assert_eq!(labels, ["personal", "sensitive"]);
    }

    #[test]
    fn records_begin_in_their_order_whole_or_not() {
        let writes = [open(3), open(1), keep(3, ""), close(3)];
        let gathered = Gathered::of(&writes);
        let begun: Vec<u64> = gathered.begun().iter().map(|row| row.entry.index).collect();
        assert_eq!(begun, [1, 3]);
        assert_eq!(gathered.ended().len(), 1);
    }
}
