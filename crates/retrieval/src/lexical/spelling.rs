//! Words of a question that nothing readable holds, taken for typing errors.

use std::collections::BTreeMap;

use strsim::osa_distance;
use tantivy::schema::Field;
use tantivy::{Searcher, SegmentReader};

/// Shorter words are never corrected: too many others are near.
const SHORTEST: usize = 5;

/// From this length on, two errors are forgiven.
const LONG: usize = 8;

/// So many letters at the beginning must be right.
const SURE: usize = 2;

/// The words of `field` that differ from `word` by a letter left out, added, changed or swapped with its
/// neighbour, or two in a long word, each with its distance. They may stand in chunks that may not be read.
pub(super) fn neighbours(
    searcher: &Searcher,
    field: Field,
    word: &str,
) -> tantivy::Result<BTreeMap<String, usize>> {
    let mut found = BTreeMap::new();
    let length = word.chars().count();
    if length >= SHORTEST && !word.contains(|letter: char| letter.is_ascii_digit()) {
        let errors = if length >= LONG { 2 } else { 1 };
        for segment in searcher.segment_readers() {
            neighbours_in(segment, field, word, errors, &mut found)?;
        }
    }
    Ok(found)
}

fn neighbours_in(
    segment: &SegmentReader,
    field: Field,
    word: &str,
    errors: usize,
    found: &mut BTreeMap<String, usize>,
) -> tantivy::Result<()> {
    let sure = word.char_indices().nth(SURE).map_or(word.len(), |(at, _)| at);
    let from = &word.as_bytes()[..sure];
    let until = [from, &[0xff]].concat();
    let inverted = segment.inverted_index(field)?;
    let mut terms = inverted.terms().range().ge(from).lt(until).into_stream()?;
    while terms.advance() {
        let near = |term: &&str| term.len().abs_diff(word.len()) <= errors;
        let Some(term) = std::str::from_utf8(terms.key()).ok().filter(near) else {
            continue;
        };
        let distance = osa_distance(term, word);
        if distance <= errors && !term.contains(|letter: char| letter.is_ascii_digit()) {
            found.insert(term.to_owned(), distance);
        }
    }
    Ok(())
}
