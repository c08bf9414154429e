//! The index as of one commit: the tables of its chunks, what a filter lets through, and the search itself.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::postings::Postings as _;
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{DocSet as _, Searcher, SegmentReader, TERMINATED};
use trousseau_text::language::detect;
use trousseau_text::terms::{Steps, visit};

use super::fields::{CHUNK, CLASS, COLLECTION, DOCUMENT, Fields, LENGTH, READERS, class_number};
use super::{Filter, LexicalHit};
use crate::rank::{Collection, Posting, QueryTerm, rank};

/// So many bytes of a question are read.
const QUESTION_READ: usize = 8_192;

/// So many different terms of a question are searched.
const TERMS_SEARCHED: usize = 64;

/// So many filters keep what they let through, for each commit.
const FILTERS_KEPT: usize = 64;

/// One commit of the index, unchanging.
pub(super) struct Snapshot {
    searcher: Searcher,
    /// The number of the first chunk of each segment.
    bases: Vec<u32>,
    /// The id of each chunk.
    chunks: Vec<i64>,
    /// The document of each chunk, by its place in `names`.
    documents: Vec<u32>,
    /// The number of terms of each chunk.
    lengths: Vec<u32>,
    /// The documents' ids.
    names: Vec<String>,
    readable: Mutex<HashMap<Filter, Arc<Readable>>>,
}

/// What a filter lets through.
struct Readable {
    /// For each chunk, whether it may be read and is not deleted.
    chunks: Vec<bool>,
    count: u32,
    terms: u64,
}

impl Snapshot {
    /// Reads the tables of all chunks.
    pub(super) fn of(searcher: Searcher) -> tantivy::Result<Self> {
        let mut snapshot = Self {
            searcher,
            bases: Vec::new(),
            chunks: Vec::new(),
            documents: Vec::new(),
            lengths: Vec::new(),
            names: Vec::new(),
            readable: Mutex::default(),
        };
        let mut numbers = HashMap::new();
        for segment in snapshot.searcher.segment_readers() {
            let columns = segment.fast_fields();
            snapshot
                .bases
                .push(u32::try_from(snapshot.chunks.len()).unwrap_or(u32::MAX));
            let chunks = columns.i64(CHUNK)?.first_or_default_col(0);
            let lengths = columns.u64(LENGTH)?.first_or_default_col(0);
            let documents = number_names(segment, &mut numbers, &mut snapshot.names)?;
            for doc in 0..segment.max_doc() {
                snapshot.chunks.push(chunks.get_val(doc));
                snapshot
                    .lengths
                    .push(u32::try_from(lengths.get_val(doc)).unwrap_or(u32::MAX));
            }
            snapshot.documents.extend(documents);
        }
        Ok(snapshot)
    }

    /// The best `limit` readable chunks for `question`.
    pub(super) fn search(
        &self,
        fields: &Fields,
        question: &str,
        filter: &Filter,
        limit: usize,
    ) -> tantivy::Result<Vec<LexicalHit>> {
        let readable = self.readable(filter)?;
        let mut terms = Vec::new();
        for term in question_terms(question) {
            let mut postings = self.postings(&Term::from_field_text(fields.body, &term), &readable)?;
            postings.extend(self.postings(&Term::from_field_text(fields.context, &term), &readable)?);
            terms.push(QueryTerm {
                weight: 1.0,
                postings: added(postings),
            });
        }
        let collection = Collection {
            documents: &self.documents,
            lengths: &self.lengths,
            readable_chunks: readable.count,
            readable_terms: readable.terms,
        };
        let ranked = rank(&collection, &terms, limit);
        Ok(ranked
            .into_iter()
            .map(|ranked| {
                let place = ranked.chunk as usize;
                LexicalHit {
                    chunk: self.chunks[place],
                    document: self.names[self.documents[place] as usize].clone(),
                    score: ranked.score,
                }
            })
            .collect())
    }

    /// The readable chunks that hold `term`, in rising order.
    fn postings(&self, term: &Term, readable: &Readable) -> tantivy::Result<Vec<Posting>> {
        let mut found = Vec::new();
        for (segment, base) in self.searcher.segment_readers().iter().zip(&self.bases) {
            let inverted = segment.inverted_index(term.field())?;
            let Some(mut postings) = inverted.read_postings(term, IndexRecordOption::WithFreqs)? else {
                continue;
            };
            let mut doc = postings.doc();
            while doc != TERMINATED {
                let chunk = base + doc;
                if readable.chunks.get(chunk as usize) == Some(&true) {
                    found.push(Posting {
                        chunk,
                        frequency: postings.term_freq(),
                    });
                }
                doc = postings.advance();
            }
        }
        Ok(found)
    }

    /// What `filter` lets through; worked out once for each commit.
    fn readable(&self, filter: &Filter) -> tantivy::Result<Arc<Readable>> {
        let mut kept = self.readable.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(readable) = kept.get(filter) {
            return Ok(Arc::clone(readable));
        }
        let readable = Arc::new(self.read_filter(filter)?);
        if kept.len() >= FILTERS_KEPT {
            kept.clear();
        }
        kept.insert(filter.clone(), Arc::clone(&readable));
        Ok(readable)
    }

    fn read_filter(&self, filter: &Filter) -> tantivy::Result<Readable> {
        let clearance = class_number(filter.clearance);
        let mut chunks = Vec::with_capacity(self.chunks.len());
        for segment in self.searcher.segment_readers() {
            let classes = segment.fast_fields().u64(CLASS)?.first_or_default_col(u64::MAX);
            let collections = one_of(segment, COLLECTION, filter.collections.as_deref())?;
            let readers = one_of(segment, READERS, filter.readers.as_deref())?;
            for doc in 0..segment.max_doc() {
                let readable = !segment.is_deleted(doc)
                    && classes.get_val(doc) <= clearance
                    && collections[doc as usize]
                    && readers[doc as usize];
                chunks.push(readable);
            }
        }
        let lengths = chunks
            .iter()
            .zip(&self.lengths)
            .filter(|(readable, _)| **readable);
        let (count, terms) = lengths.fold((0, 0), |(count, terms), (_, length)| {
            (count + 1, terms + u64::from(*length))
        });
        Ok(Readable { chunks, count, terms })
    }
}

/// The different terms of a question, in order.
fn question_terms(question: &str) -> Vec<String> {
    let read = &question[..question.floor_char_boundary(QUESTION_READ)];
    let mut seen = HashSet::new();
    let mut terms = Vec::new();
    visit(read, detect(read), Steps::default(), |term| {
        if terms.len() < TERMS_SEARCHED && seen.insert(term.text.to_owned()) {
            terms.push(term.text.to_owned());
        }
    });
    terms
}

/// Postings of two fields as one.
fn added(mut postings: Vec<Posting>) -> Vec<Posting> {
    postings.sort_unstable_by_key(|posting| posting.chunk);
    postings.dedup_by(|later, kept| {
        let same = later.chunk == kept.chunk;
        if same {
            kept.frequency += later.frequency;
        }
        same
    });
    postings
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
    let mut name = String::new();
    for ordinal in 0..column.num_terms() as u64 {
        column.ord_to_str(ordinal, &mut name)?;
        let number = *numbers.entry(name.clone()).or_insert_with(|| {
            names.push(name.clone());
            u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
        });
        of_segment.push(number);
    }
    let ordinals = column.ords();
    let number = |doc| {
        ordinals
            .first(doc)
            .and_then(|ordinal| of_segment.get(ordinal as usize))
            .copied()
    };
    Ok((0..segment.max_doc())
        .map(|doc| number(doc).unwrap_or(0))
        .collect())
}

/// For each chunk of `segment`, whether its column `name` holds one of `wanted`; always, when all are.
fn one_of(segment: &SegmentReader, name: &str, wanted: Option<&[String]>) -> tantivy::Result<Vec<bool>> {
    let chunks = segment.max_doc();
    let Some(wanted) = wanted else {
        return Ok(vec![true; chunks as usize]);
    };
    let Some(column) = segment.fast_fields().str(name)? else {
        return Ok(vec![false; chunks as usize]);
    };
    let mut ordinals = HashSet::new();
    for value in wanted {
        ordinals.extend(column.dictionary().term_ord(value.as_bytes())?);
    }
    let values = column.ords();
    let holds = |chunk| {
        values
            .values_for_doc(chunk)
            .any(|ordinal| ordinals.contains(&ordinal))
    };
    Ok((0..chunks).map(holds).collect())
}
