//! The fields of the index, and how a document fills them.

use tantivy::TantivyDocument;
use tantivy::schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token};
use trousseau_core::label::Class;
use trousseau_text::language::{Evidence, Language};
use trousseau_text::terms::{Steps, visit};

use super::IndexedDocument;

/// The fields of a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// The document's id: what a change removes by.
    pub(super) document: Field,
    chunk: Field,
    collection: Field,
    readers: Field,
    class: Field,
    length: Field,
    /// The terms of the text, with positions.
    pub(super) body: Field,
    /// The terms of the title and the headings.
    pub(super) context: Field,
}

pub(super) const DOCUMENT: &str = "document";
pub(super) const CHUNK: &str = "chunk";
pub(super) const COLLECTION: &str = "collection";
pub(super) const READERS: &str = "readers";
pub(super) const CLASS: &str = "class";
pub(super) const LENGTH: &str = "length";
const BODY: &str = "body";
const CONTEXT: &str = "context";

impl Fields {
    /// The schema of the index.
    pub(super) fn schema() -> Schema {
        let mut schema = Schema::builder();
        let terms = |record| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer("raw")
                .set_fieldnorms(false)
                .set_index_option(record);
            TextOptions::default().set_indexing_options(indexing)
        };
        let name = || TextOptions::default().set_fast("raw");
        schema.add_text_field(DOCUMENT, STRING | name());
        schema.add_i64_field(CHUNK, FAST);
        schema.add_text_field(COLLECTION, name());
        schema.add_text_field(READERS, name());
        schema.add_u64_field(CLASS, FAST);
        schema.add_u64_field(LENGTH, FAST);
        schema.add_text_field(BODY, terms(IndexRecordOption::WithFreqsAndPositions));
        schema.add_text_field(CONTEXT, terms(IndexRecordOption::WithFreqs));
        schema.build()
    }

    /// The fields of an opened index.
    pub(super) fn of(schema: &Schema) -> tantivy::Result<Self> {
        Ok(Self {
            document: schema.get_field(DOCUMENT)?,
            chunk: schema.get_field(CHUNK)?,
            collection: schema.get_field(COLLECTION)?,
            readers: schema.get_field(READERS)?,
            class: schema.get_field(CLASS)?,
            length: schema.get_field(LENGTH)?,
            body: schema.get_field(BODY)?,
            context: schema.get_field(CONTEXT)?,
        })
    }

    /// What is indexed for each chunk of `document`.
    pub(super) fn chunks(self, document: IndexedDocument) -> impl Iterator<Item = TantivyDocument> {
        let evidence: Vec<Evidence> = document
            .chunks
            .iter()
            .map(|chunk| Evidence::of(&chunk.text))
            .collect();
        let whole = evidence
            .iter()
            .fold(Evidence::of(&document.title), |sum, part| sum.and(*part))
            .language()
            .unwrap_or_default();
        let class = class_number(document.class);
        let (id, collection, readers, title) =
            (document.id, document.collection, document.readers, document.title);
        document
            .chunks
            .into_iter()
            .zip(evidence)
            .map(move |(chunk, evidence)| {
                let language = chunk_language(evidence, whole);
                let mut context = pre_tokenized(&title, language, 0);
                for heading in &chunk.heading {
                    let from = context.tokens.len();
                    context
                        .tokens
                        .extend(pre_tokenized(heading, language, from).tokens);
                }
                let body = pre_tokenized(&chunk.text, language, 0);
                let mut fields = TantivyDocument::new();
                fields.add_text(self.document, &id);
                fields.add_i64(self.chunk, chunk.id);
                fields.add_text(self.collection, &collection);
                for reader in &readers {
                    fields.add_text(self.readers, reader);
                }
                fields.add_u64(self.class, class);
                fields.add_u64(self.length, (body.tokens.len() + context.tokens.len()) as u64);
                fields.add_pre_tokenized_text(self.body, body);
                fields.add_pre_tokenized_text(self.context, context);
                fields
            })
    }
}

/// The place of a class among the five.
pub(super) fn class_number(class: Class) -> u64 {
    Class::ALL.iter().take_while(|other| **other < class).count() as u64
}

/// A chunk is read as its document, unless it clearly speaks for itself.
fn chunk_language(chunk: Evidence, document: Language) -> Language {
    let clear = chunk.french.abs_diff(chunk.english) >= 10;
    chunk.language().filter(|_| clear).unwrap_or(document)
}

/// The terms of `text` as the engine takes them; `from` is the position of the first.
fn pre_tokenized(text: &str, language: Language, from: usize) -> PreTokenizedString {
    let mut tokens = Vec::with_capacity(text.len() / 8);
    visit(text, language, Steps::default(), |term| {
        tokens.push(Token {
            offset_from: term.bytes.start,
            offset_to: term.bytes.end,
            position: from + term.position as usize,
            text: term.text.to_owned(),
            position_length: 1,
        });
    });
    PreTokenizedString {
        text: String::new(),
        tokens,
    }
}
