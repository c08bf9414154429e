//! The tables of one commit: for each chunk its id, its document, its length and its part.

use std::collections::HashMap;

use tantivy::{Searcher, SegmentReader};

use super::fields::{CHUNK, DOCUMENT, LENGTH, PLACE};
use crate::rank::{Collection, PART};

/// The chunks of all segments, numbered through, deleted ones included.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// The number of the first chunk of each segment.
    pub(super) bases: Vec<u32>,
    /// The id of each chunk.
    pub(super) chunks: Vec<i64>,
    /// The document of each chunk, by its place in `names`.
    pub(super) documents: Vec<u32>,
    /// The documents' ids.
    pub(super) names: Vec<String>,
    /// The part of each chunk.
    pub(super) parts: Vec<u32>,
    lengths: Vec<u32>,
    part_lengths: Vec<u32>,
    openings: Vec<u32>,
}

impl Tables {
    /// Reads the tables from the columns of every segment.
    pub(super) fn of(searcher: &Searcher) -> tantivy::Result<Self> {
        let mut tables = Self::default();
        let mut numbers = HashMap::new();
        let mut places = Vec::new();
        let mut alive = Vec::new();
        for segment in searcher.segment_readers() {
            let columns = segment.fast_fields();
            tables.bases.push(number(tables.chunks.len()));
            let chunks = columns.i64(CHUNK)?.first_or_default_col(0);
            let lengths = columns.u64(LENGTH)?.first_or_default_col(0);
            let place = columns.u64(PLACE)?.first_or_default_col(0);
            for doc in 0..segment.max_doc() {
                tables.chunks.push(chunks.get_val(doc));
                tables
                    .lengths
                    .push(u32::try_from(lengths.get_val(doc)).unwrap_or(u32::MAX));
                places.push(u32::try_from(place.get_val(doc)).unwrap_or(u32::MAX));
                alive.push(!segment.is_deleted(doc));
            }
            let documents = number_names(segment, &mut numbers, &mut tables.names)?;
            tables.documents.extend(documents);
        }
        tables.make_parts(&places, &alive);
        Ok(tables)
    }

    /// What ranking needs of them.
    pub(super) fn collection(&self) -> Collection<'_> {
        Collection {
            lengths: &self.lengths,
            parts: &self.parts,
            part_lengths: &self.part_lengths,
            openings: &self.openings,
        }
    }

    /// The number of terms of a chunk.
    pub(super) fn length(&self, chunk: usize) -> u32 {
        self.lengths[chunk]
    }

    /// Cuts each document into as few parts of equal numbers of chunks as there must be.
    fn make_parts(&mut self, places: &[u32], alive: &[bool]) {
        let mut chunks_of = vec![0_u32; self.names.len()];
        let mut opening_of = vec![0_u32; self.names.len()];
        for (chunk, document) in self
            .documents
            .iter()
            .enumerate()
            .filter(|(chunk, _)| alive[*chunk])
        {
            chunks_of[*document as usize] += 1;
            if places[chunk] == 0 {
                opening_of[*document as usize] = number(chunk);
            }
        }
        let mut first_part = Vec::with_capacity(self.names.len());
        for (count, opening) in chunks_of.iter().zip(&opening_of) {
            first_part.push(number(self.openings.len()));
            let parts = count.div_ceil(PART).max(1);
            self.openings.extend((0..parts).map(|_| *opening));
        }
        self.part_lengths = vec![0; self.openings.len()];
        for (chunk, document) in self.documents.iter().enumerate() {
            let document = *document as usize;
            let parts = chunks_of[document].div_ceil(PART).max(1);
            let size = chunks_of[document].div_ceil(parts).max(1);
            let part = first_part[document] + (places[chunk] / size).min(parts - 1);
            self.parts.push(part);
            if alive[chunk] {
                self.part_lengths[part as usize] += self.lengths[chunk];
            }
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The document of each chunk of `segment`, as its place in `names`, which grows by the new ones.
fn number_names(
    segment: &SegmentReader,
    numbers: &mut HashMap<String, u32>,
    names: &mut Vec<String>,
) -> tantivy::Result<Vec<u32>> {
    let Some(column) = segment.fast_fields().str(DOCUMENT)? else {
        return Ok(vec![0; segment.max_doc() as usize]);
    };
    let mut of_segment = Vec::with_capacity(column.num_terms());
    let mut terms = column.dictionary().stream()?;
    while terms.advance() {
        let name = String::from_utf8_lossy(terms.key()).into_owned();
        let next = number(names.len());
        of_segment.push(*numbers.entry(name).or_insert_with_key(|name| {
            names.push(name.clone());
            next
        }));
    }
    let ordinals = column.ords();
    let document = |doc| {
        ordinals
            .first(doc)
            .and_then(|ordinal| of_segment.get(ordinal as usize))
            .copied()
    };
    Ok((0..segment.max_doc())
        .map(|doc| document(doc).unwrap_or(0))
        .collect())
}
