//! What was done to the entries of one bundle, told from the leaf hashes that were signed.

use std::path::Path;

use super::finding::Finding;
use crate::merkle::Hash;
use crate::tile::bundle_entries;

/// The entries of a bundle, as far as they can be read.
pub(crate) struct ReadBundle<'a> {
    pub(crate) entries: Vec<&'a [u8]>,
    pub(crate) leaves: Vec<Hash>,
    /// Where bytes begin that are no entry.
    pub(crate) cut: Option<usize>,
}

impl<'a> ReadBundle<'a> {
    /// Reads at most `width` entries when the bundle is that of a longer log, else all.
    pub(crate) fn new(bytes: &'a [u8], limit: Option<u16>) -> Self {
        let mut bundle = Self {
            entries: Vec::with_capacity(256),
            leaves: Vec::with_capacity(256),
            cut: None,
        };
        for entry in bundle_entries(bytes).take(limit.map_or(usize::MAX, usize::from)) {
            match entry {
                Ok(entry) => {
                    bundle.entries.push(entry);
                    bundle.leaves.push(Hash::leaf(entry));
                }
                Err(offset) => bundle.cut = Some(offset),
            }
        }
        bundle
    }
}

/// Names the differences between a bundle, whose first entry is number `start`, and the `signed` leaves.
///
/// `effort` is how many bytes may still be hashed in search of a single changed byte.
pub(crate) fn compare(
    bundle: &ReadBundle<'_>,
    signed: &[Hash],
    start: u64,
    path: &Path,
    effort: &mut usize,
) -> Vec<Finding> {
    let path = path.to_owned();
    let index_of = |at: usize| start + at as u64;
    let read = &bundle.leaves;
    if let Some(offset) = bundle.cut {
        let index = index_of(common_prefix(read, signed));
        return vec![Finding::BundleCut {
            path,
            offset: offset as u64,
            index,
        }];
    }
    if read.len() == signed.len() {
        let apart: Vec<usize> = (0..read.len()).filter(|at| read[*at] != signed[*at]).collect();
        if let (Some(first), Some(last)) = (apart.first(), apart.last())
            && is_permutation(&read[*first..=*last], &signed[*first..=*last])
        {
            return vec![Finding::EntriesReordered {
                first: index_of(*first),
                last: index_of(*last),
                path,
            }];
        }
        return apart
            .into_iter()
            .map(|at| {
                let index = index_of(at);
                let path = path.clone();
                match changed_byte(bundle.entries[at], &signed[at], effort) {
                    Some(byte) => Finding::ByteChanged {
                        index,
                        byte: byte as u64,
                        path,
                    },
                    None => Finding::EntryChanged { index, path },
                }
            })
            .collect();
    }
    if let Some(dropped) = left_out(read, signed) {
        return dropped
            .into_iter()
            .map(|at| Finding::EntryDropped {
                index: index_of(at),
                path: path.clone(),
            })
            .collect();
    }
    if let Some(added) = left_out(signed, read) {
        // The n-th added entry stands n places further than the signed one that it was put before.
        return added
            .into_iter()
            .enumerate()
            .map(|(before, at)| Finding::EntryAdded {
                index: index_of(at - before),
                path: path.clone(),
            })
            .collect();
    }
    vec![Finding::EntryChanged {
        index: index_of(common_prefix(read, signed)),
        path,
    }]
}

fn common_prefix(a: &[Hash], b: &[Hash]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

fn is_permutation(a: &[Hash], b: &[Hash]) -> bool {
    let sorted = |hashes: &[Hash]| {
        let mut bytes: Vec<[u8; 32]> = hashes.iter().map(|hash| hash.0).collect();
        bytes.sort_unstable();
        bytes
    };
    sorted(a) == sorted(b)
}

/// The places of `whole` that `part` lacks, when it has all others in order.
fn left_out(part: &[Hash], whole: &[Hash]) -> Option<Vec<usize>> {
    let mut rest = part.iter().peekable();
    let lacking = (0..whole.len())
        .filter(|at| rest.next_if_eq(&&whole[*at]).is_none())
        .collect();
    rest.peek().is_none().then_some(lacking)
}

/// Which single byte of the entry must have another value for the entry to be the signed one.
fn changed_byte(entry: &[u8], signed: &Hash, effort: &mut usize) -> Option<usize> {
    let mut entry = entry.to_vec();
    // Where not all values can be tried, single flipped bits are.
    let whole_search = 255 * entry.len() * entry.len() <= *effort;
    let changes: Vec<u8> = if whole_search {
        (1..=255).collect()
    } else {
        (0..8).map(|bit| 1 << bit).collect()
    };
    let cost = changes.len() * entry.len() * entry.len();
    *effort = effort.checked_sub(cost)?;
    for at in 0..entry.len() {
        for change in &changes {
            entry[at] ^= change;
            let found = Hash::leaf(&entry) == *signed;
            entry[at] ^= change;
            if found {
                return Some(at);
            }
        }
    }
    None
}
