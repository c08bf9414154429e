//! The index as of one commit: what a filter lets through, and the search itself.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::postings::{Postings as _, SegmentPostings};
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{DocSet as _, Searcher, SegmentReader, TERMINATED};
use trousseau_core::chat::Rarities;
use trousseau_text::language::Language;
use trousseau_text::words::analyze;

use super::fields::{CLASS, COLLECTION, Fields, READERS, class_number};
use super::question::{Question, QuestionTerm, READ, SEARCHED};
use super::spelling::neighbours;
use super::tables::Tables;
use super::{Filter, LexicalHit, Options};
use crate::rank::{Extent, Posting, Sought, follows, rank, rarity};

/// For so many filters it is kept what they let through, for each commit.
const FILTERS_KEPT: usize = 64;

/// So many unknown words of a question are looked up for typing errors: each costs a walk through the dictionary.
const RESPELT: usize = 4;

/// One commit of the index, unchanging.
pub(super) struct Snapshot {
    searcher: Searcher,
    tables: Tables,
    readable: Mutex<HashMap<Filter, Arc<Readable>>>,
}

/// What a filter lets through.
struct Readable {
    /// For each chunk, whether it may be read and is not deleted.
    chunks: Vec<bool>,
    extent: Extent,
}

/// So many chunks make a collection that speaks for the language.
const BACKGROUND: f32 = 1_000.0;

/// A collection of fewer chunks is too small for the lack of a word to mean that it is rare.
const SMALL: f32 = 600.0;

/// The share of the chunks short of that which are taken to hold a word it lacks.
const COMMON: f32 = 0.02;

impl Snapshot {
    /// Reads the tables of all chunks.
    pub(super) fn of(searcher: Searcher) -> tantivy::Result<Self> {
        Ok(Self {
            tables: Tables::of(&searcher)?,
            searcher,
            readable: Mutex::default(),
        })
    }

    /// The best `limit` readable chunks for `question`.
    pub(super) fn search(
        &self,
        fields: &Fields,
        options: &Options,
        question: &str,
        filter: &Filter,
        limit: usize,
    ) -> tantivy::Result<Vec<LexicalHit>> {
        let readable = self.readable(filter)?;
        let question = Question::read(question, options);
        let sought = self.seek(fields, options, question, &readable)?;
        let collection = self.tables.collection();
        let ranked = rank(&collection, readable.extent, &sought, &options.weights, limit);
        let hit = |place: usize, score| LexicalHit {
            chunk: self.tables.chunks[place],
            document: self.tables.names[self.tables.documents[place] as usize].clone(),
            score,
        };
        Ok(ranked
            .into_iter()
            .map(|ranked| hit(ranked.chunk as usize, ranked.score))
            .collect())
    }

    /// How rare the terms of the question are in what may be read, whichever language they are read in.
    pub(super) fn rarities(
        &self,
        fields: &Fields,
        options: &Options,
        question: &str,
        filter: &Filter,
    ) -> tantivy::Result<Rarities> {
        let readable = self.readable(filter)?;
        let question = &question[..question.floor_char_boundary(READ)];
        let all = readable.extent.chunks as f32;
        // A few documents say little about how rare a word is in the language: unread ones are taken to stand
        // behind them.
        let behind = (BACKGROUND - all).max(0.0);
        let mut rarities = Rarities {
            unseen: rarity(all + behind, (SMALL - all).max(0.0) * COMMON),
            ..Rarities::default()
        };
        for term in Question::read(question, options).words() {
            let holders = self.postings(fields.stems, &term.stem, &readable)?.len() as f32;
            rarities.attainable += term.weight * rarity(all, holders.max(1.0));
        }
        for language in [Language::French, Language::English] {
            for term in analyze(question, language).into_iter().take(SEARCHED) {
                let holders = self.postings(fields.stems, &term.text, &readable)?.len() as f32;
                if holders > 0.0 {
                    rarities.terms.insert(term.text, rarity(all + behind, holders));
                }
            }
        }
        Ok(rarities)
    }

    /// Everything of the question, with where it stands in what may be read.
    fn seek(
        &self,
        fields: &Fields,
        options: &Options,
        mut question: Question,
        readable: &Readable,
    ) -> tantivy::Result<Vec<Sought>> {
        let weights = &options.weights;
        let mut sought = Vec::new();
        let mut respelt = 0;
        for term in &mut question.terms {
            let mut stem = self.seek_stem(fields, term, readable)?;
            let unknown = stem.text.is_empty() && stem.heading.is_empty() && stem.title.is_empty();
            if unknown && !term.compound && respelt < RESPELT && weights.respelt > 0.0 {
                respelt += 1;
                if let Some(form) = self.respelt(fields, &term.form, readable)? {
                    term.respell(form, question.language, options);
                    stem = self.seek_stem(fields, term, readable)?;
                }
            }
            sought.push(stem);
            sought.push(Sought {
                weight: term.weight * weights.form,
                text: self.postings(fields.forms, &term.form, readable)?,
                ..Sought::default()
            });
        }
        for (first, second) in question.pairs() {
            sought.push(Sought {
                weight: weights.pair * first.weight * second.weight,
                text: self.pair(fields.stems, first, second, readable)?,
                ..Sought::default()
            });
        }
        Ok(sought)
    }

    fn seek_stem(
        &self,
        fields: &Fields,
        term: &QuestionTerm,
        readable: &Readable,
    ) -> tantivy::Result<Sought> {
        Ok(Sought {
            weight: term.weight,
            text: self.postings(fields.stems, &term.stem, readable)?,
            heading: self.postings(fields.headings, &term.stem, readable)?,
            title: self.postings(fields.title, &term.stem, readable)?,
        })
    }

    /// Takes an unknown word for the nearest one that stands in a readable text, the most frequent of equals.
    fn respelt(&self, fields: &Fields, form: &str, readable: &Readable) -> tantivy::Result<Option<String>> {
        let mut best = None;
        for (neighbour, distance) in neighbours(&self.searcher, fields.forms, form)? {
            let holders = self.postings(fields.forms, &neighbour, readable)?.len();
            let merit = (std::cmp::Reverse(distance), holders);
            if holders > 0 && best.as_ref().is_none_or(|(known, _)| merit > *known) {
                best = Some((merit, neighbour));
            }
        }
        Ok(best.map(|(_, neighbour)| neighbour))
    }

    /// The readable chunks that hold the term, in rising order.
    fn postings(&self, field: Field, text: &str, readable: &Readable) -> tantivy::Result<Vec<Posting>> {
        let term = Term::from_field_text(field, text);
        let mut found = Vec::new();
        for (segment, base) in self.searcher.segment_readers().iter().zip(&self.tables.bases) {
            let Some(mut postings) = read(segment, &term, IndexRecordOption::WithFreqs)? else {
                continue;
            };
            let mut doc = postings.doc();
            while doc != TERMINATED {
                if readable.holds(base + doc) {
                    found.push(Posting {
                        chunk: base + doc,
                        frequency: postings.term_freq(),
                    });
                }
                doc = postings.advance();
            }
        }
        Ok(found)
    }

    /// The readable chunks in which the two terms follow one another as in the question.
    fn pair(
        &self,
        field: Field,
        first: &QuestionTerm,
        second: &QuestionTerm,
        readable: &Readable,
    ) -> tantivy::Result<Vec<Posting>> {
        let terms = [&first.stem, &second.stem].map(|stem| Term::from_field_text(field, stem));
        let gap = second.position - first.position;
        let mut found = Vec::new();
        let mut positions = [Vec::new(), Vec::new()];
        for (segment, base) in self.searcher.segment_readers().iter().zip(&self.tables.bases) {
            let with_positions = IndexRecordOption::WithFreqsAndPositions;
            let (Some(mut a), Some(mut b)) = (
                read(segment, &terms[0], with_positions)?,
                read(segment, &terms[1], with_positions)?,
            ) else {
                continue;
            };
            while let Some(doc) = next_common(&mut a, &mut b) {
                if readable.holds(base + doc) {
                    a.positions(&mut positions[0]);
                    b.positions(&mut positions[1]);
                    let frequency = follows(&positions[0], &positions[1], gap);
                    found.extend((frequency > 0).then_some(Posting {
                        chunk: base + doc,
                        frequency,
                    }));
                }
                a.advance();
            }
        }
        Ok(found)
    }

    /// What `filter` lets through; worked out once for each commit.
    fn readable(&self, filter: &Filter) -> tantivy::Result<Arc<Readable>> {
        let kept = |held: &HashMap<Filter, Arc<Readable>>| held.get(filter).map(Arc::clone);
        if let Some(readable) = kept(&self.readable.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(readable);
        }
        let readable = Arc::new(self.read_filter(filter)?);
        let mut held = self.readable.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= FILTERS_KEPT {
            held.clear();
        }
        held.insert(filter.clone(), Arc::clone(&readable));
        Ok(readable)
    }

    fn read_filter(&self, filter: &Filter) -> tantivy::Result<Readable> {
        let clearance = class_number(filter.clearance);
        let mut chunks = Vec::with_capacity(self.tables.chunks.len());
        for segment in self.searcher.segment_readers() {
            let classes = segment.fast_fields().u64(CLASS)?.first_or_default_col(u64::MAX);
            let collections = one_of(segment, COLLECTION, filter.collections.as_deref())?;
            let readers = one_of(segment, READERS, filter.readers.as_deref())?;
            let readable = |doc: u32| {
                !segment.is_deleted(doc)
                    && classes.get_val(doc) <= clearance
                    && collections[doc as usize]
                    && readers[doc as usize]
            };
            chunks.extend((0..segment.max_doc()).map(readable));
        }
        let mut extent = Extent::default();
        let mut parts = vec![false; self.tables.collection().part_lengths.len()];
        for chunk in (0..chunks.len()).filter(|chunk| chunks[*chunk]) {
            extent.chunks += 1;
            extent.terms += u64::from(self.tables.length(chunk));
            let seen = &mut parts[self.tables.parts[chunk] as usize];
            extent.parts += u32::from(!*seen);
            *seen = true;
        }
        Ok(Readable { chunks, extent })
    }
}

impl Readable {
    fn holds(&self, chunk: u32) -> bool {
        self.chunks.get(chunk as usize) == Some(&true)
    }
}

fn read(
    segment: &SegmentReader,
    term: &Term,
    record: IndexRecordOption,
) -> tantivy::Result<Option<SegmentPostings>> {
    Ok(segment
        .inverted_index(term.field())?
        .read_postings(term, record)?)
}

/// Moves both to the next chunk that holds both, from where they stand.
fn next_common(a: &mut SegmentPostings, b: &mut SegmentPostings) -> Option<u32> {
    loop {
        let (at, other) = (a.doc(), b.doc());
        if at == TERMINATED || other == TERMINATED {
            return None;
        }
        match at.cmp(&other) {
            std::cmp::Ordering::Equal => return Some(at),
            std::cmp::Ordering::Less => a.seek(other),
            std::cmp::Ordering::Greater => b.seek(at),
        };
    }
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
