//! A set's documents, chunked and indexed as the product does it, and what the answerer is given for a question.

use std::collections::{HashMap, HashSet};

use trousseau_core::document::{Block, Chunk, Extracted, Passage};
use trousseau_core::label::{Class, Label};
use trousseau_extract::{Format, Limits, read};
use trousseau_retrieval::chunk::chunk;
use trousseau_retrieval::lexical::{Change, Filter, IndexedChunk, IndexedDocument, LexicalIndex, Options};
use trousseau_retrieval::rank::Weights;
use trousseau_text::language::detect;
use trousseau_text::terms::{Steps, visit};

use crate::data::Set;

/// How many chunks a search gives the answerer.
const FOUND: usize = 10;
/// The first chunk of so many of the best documents is given as well.
const LEADS: usize = 3;

/// A set that can be searched.
pub(crate) struct Corpus {
    /// The text of each document.
    pub(crate) documents: HashMap<String, Extracted>,
    chunks: Vec<(String, Chunk)>,
    leads: HashMap<String, usize>,
    titles: HashMap<String, String>,
    holders: HashMap<String, u32>,
    index: LexicalIndex,
    plain: LexicalIndex,
    _folder: tempfile::TempDir,
}

impl Corpus {
    /// Chunks and indexes the documents of `set`.
    pub(crate) fn build(set: &Set) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (index, _) = LexicalIndex::open(&folder.path().join("index"))?;
        let (plain, _) = LexicalIndex::open_with(&folder.path().join("plain"), plain())?;
        let mut corpus = Self {
            documents: HashMap::new(),
            chunks: Vec::new(),
            leads: HashMap::new(),
            titles: HashMap::new(),
            holders: HashMap::new(),
            index,
            plain,
            _folder: folder,
        };
        let mut changes = Vec::new();
        for document in &set.documents {
            let extracted = read(Format::Text, document.text.as_bytes(), &Limits::default())?;
            let mut chunks = Vec::new();
            for part in chunk(&extracted) {
                let text = &extracted.text[part.bytes.clone()];
                corpus.count(text, &document.title);
                chunks.push(IndexedChunk {
                    id: corpus.chunks.len() as i64,
                    heading: part.heading.clone(),
                    text: text.to_owned(),
                });
                corpus
                    .leads
                    .entry(document.id.clone())
                    .or_insert(corpus.chunks.len());
                corpus.chunks.push((document.id.clone(), part));
            }
            changes.push(Change::Put(IndexedDocument {
                id: document.id.clone(),
                collection: String::new(),
                readers: Vec::new(),
                class: Class::Public,
                title: document.title.clone(),
                chunks,
            }));
            corpus.titles.insert(document.id.clone(), document.title.clone());
            corpus.documents.insert(document.id.clone(), extracted);
        }
        corpus.plain.apply(changes.clone(), 1)?;
        corpus.index.apply(changes, 1)?;
        Ok(corpus)
    }

    fn count(&mut self, text: &str, title: &str) {
        let mut seen = HashSet::new();
        let language = detect(text);
        for part in [text, title] {
            visit(part, language, Steps::default(), |term| {
                if seen.insert(term.text.to_owned()) {
                    *self.holders.entry(term.text.to_owned()).or_default() += 1;
                }
            });
        }
    }

    /// How rare a term is, as BM25 has it.
    pub(crate) fn rarity(&self, term: &str) -> f32 {
        let count = self.chunks.len() as f32;
        let holders = self.holders.get(term).map_or(0.0, |holders| *holders as f32);
        (1.0 + (count - holders + 0.5) / (holders + 0.5)).ln()
    }

    /// The passages for a question, best first, as if the document `removed` were not there.
    pub(crate) fn passages(&self, question: &str, removed: Option<&str>) -> anyhow::Result<Vec<Passage>> {
        let filter = Filter {
            clearance: Class::Restricted,
            ..Filter::default()
        };
        let hits: Vec<_> = self
            .index
            .search(question, &filter, 60)?
            .into_iter()
            .filter(|hit| Some(hit.document.as_str()) != removed)
            .collect();
        let mut given: Vec<(usize, f32)> = hits
            .iter()
            .take(FOUND)
            .map(|hit| (hit.chunk as usize, hit.score))
            .collect();
        let mut documents: Vec<&str> = hits.iter().map(|hit| hit.document.as_str()).collect();
        let mut seen = HashSet::new();
        documents.retain(|document| seen.insert(*document));
        for document in documents.into_iter().take(LEADS) {
            let lead = self.leads[document];
            if !given.iter().any(|(chunk, _)| *chunk == lead) {
                let score = hits
                    .iter()
                    .find(|hit| hit.chunk as usize == lead)
                    .map_or(0.0, |hit| hit.score);
                given.push((lead, score));
            }
        }
        Ok(given
            .into_iter()
            .map(|(chunk, score)| self.passage(chunk, score))
            .collect())
    }

    /// The best document for a question by plain BM25 of its chunks.
    pub(crate) fn plain_best(&self, question: &str) -> anyhow::Result<Option<String>> {
        let filter = Filter {
            clearance: Class::Restricted,
            ..Filter::default()
        };
        let best = self.plain.search(question, &filter, 1)?.into_iter().next();
        Ok(best.map(|hit| hit.document))
    }

    fn passage(&self, place: usize, score: f32) -> Passage {
        let (document, chunk) = &self.chunks[place];
        let extracted = &self.documents[document];
        let inside =
            |block: &&Block| chunk.bytes.start <= block.bytes.start && block.bytes.end <= chunk.bytes.end;
        let base = chunk.bytes.start;
        Passage {
            document: document.clone(),
            version: 1,
            chunk: place as i64,
            title: self.titles[document].clone(),
            path: document.clone(),
            heading: chunk.heading.clone(),
            span: chunk.span,
            text: extracted.text[chunk.bytes.clone()].to_owned(),
            blocks: extracted
                .blocks
                .iter()
                .filter(inside)
                .map(|block| (block.kind, block.bytes.start - base..block.bytes.end - base))
                .collect(),
            label: Label::default(),
            score,
        }
    }
}

/// The search without all that the product adds to BM25.
fn plain() -> Options {
    Options {
        weights: Weights {
            form: 0.0,
            pair: 0.0,
            part: 0.0,
            opening: 0.0,
            vague: 1.0,
            ..Weights::default()
        },
        ..Options::default()
    }
}
