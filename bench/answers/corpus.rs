//! A set's documents, chunked and indexed as the product does it, and what the answerer is given for a question.

use std::collections::HashMap;

use trousseau_core::chat::Rarities;
use trousseau_core::document::{Block, Chunk, Extracted, Passage};
use trousseau_core::label::{Class, Label};
use trousseau_extract::{Format, Limits, read};
use trousseau_retrieval::chunk::chunk;
use trousseau_retrieval::lexical::{Change, Filter, IndexedChunk, IndexedDocument, LexicalIndex, Options};
use trousseau_retrieval::library::keep_relevant;
use trousseau_retrieval::rank::Weights;

use crate::data::Set;

/// How many chunks a search gives the answerer.
const FOUND: usize = 10;

/// A set that can be searched.
pub(crate) struct Corpus {
    /// The text of each document.
    pub(crate) documents: HashMap<String, Extracted>,
    /// Whether the answerer is told how rare terms are in the whole set.
    pub(crate) known: bool,
    chunks: Vec<(String, Chunk)>,
    titles: HashMap<String, String>,
    index: LexicalIndex,
    plain: LexicalIndex,
    _folder: tempfile::TempDir,
}

impl Corpus {
    /// Chunks and indexes the documents of `set`.
    pub(crate) fn build(set: &Set, known: bool) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (index, _) = LexicalIndex::open(&folder.path().join("index"))?;
        let (plain, _) = LexicalIndex::open_with(&folder.path().join("plain"), plain())?;
        let mut corpus = Self {
            known,
            documents: HashMap::new(),
            chunks: Vec::new(),
            titles: HashMap::new(),
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
                chunks.push(IndexedChunk {
                    id: corpus.chunks.len() as i64,
                    heading: part.heading.clone(),
                    text: text.to_owned(),
                });
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

    /// How rare the terms of a question are, as the product tells its answerer.
    pub(crate) fn rarities(&self, question: &str) -> anyhow::Result<Rarities> {
        let filter = Filter {
            clearance: Class::Restricted,
            ..Filter::default()
        };
        Ok(self.index.rarities(question, &filter)?)
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
        let mut passages: Vec<Passage> = hits
            .iter()
            .take(FOUND)
            .map(|hit| self.passage(hit.chunk as usize, hit.score))
            .collect();
        keep_relevant(&mut passages);
        Ok(passages)
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
            collection: String::new(),
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
