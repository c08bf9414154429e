//! The fields of the index, and how a document fills them.

use tantivy::TantivyDocument;
use tantivy::schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use trousseau_core::label::Class;
use trousseau_text::language::{Evidence, Language};
use trousseau_text::terms::{Steps, visit};

use super::IndexedDocument;
use super::written::{WRITTEN, write};

pub(super) const DOCUMENT: &str = "document";
pub(super) const CHUNK: &str = "chunk";
pub(super) const PLACE: &str = "place";
pub(super) const COLLECTION: &str = "collection";
pub(super) const READERS: &str = "readers";
pub(super) const CLASS: &str = "class";
pub(super) const LENGTH: &str = "length";

/// The fields of a chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    /// The document's id: what a change removes by.
    pub(super) document: Field,
    /// The chunk's id.
    chunk: Field,
    /// The chunk's place in its document, counted from 0.
    place: Field,
    collection: Field,
    readers: Field,
    class: Field,
    /// The number of stems of the text.
    length: Field,
    /// The stems of the text, with positions.
    pub(super) stems: Field,
    /// The words of the text, folded.
    pub(super) forms: Field,
    /// The stems of the headings.
    pub(super) headings: Field,
    /// The stems of the document's title.
    pub(super) title: Field,
}

impl Fields {
    /// The schema of the index.
    pub(super) fn schema() -> Schema {
        let mut schema = Schema::builder();
        let terms = |record| {
            let indexing = TextFieldIndexing::default()
                .set_tokenizer(WRITTEN)
                .set_fieldnorms(false)
                .set_index_option(record);
            TextOptions::default().set_indexing_options(indexing)
        };
        let name = || TextOptions::default().set_fast("raw");
        schema.add_text_field(DOCUMENT, STRING | name());
        schema.add_i64_field(CHUNK, FAST);
        schema.add_u64_field(PLACE, FAST);
        schema.add_text_field(COLLECTION, name());
        schema.add_text_field(READERS, name());
        schema.add_u64_field(CLASS, FAST);
        schema.add_u64_field(LENGTH, FAST);
        schema.add_text_field("stems", terms(IndexRecordOption::WithFreqsAndPositions));
        schema.add_text_field("forms", terms(IndexRecordOption::WithFreqs));
        schema.add_text_field("headings", terms(IndexRecordOption::Basic));
        schema.add_text_field("title", terms(IndexRecordOption::Basic));
        schema.build()
    }

    /// The fields of an opened index.
    pub(super) fn of(schema: &Schema) -> tantivy::Result<Self> {
        Ok(Self {
            document: schema.get_field(DOCUMENT)?,
            chunk: schema.get_field(CHUNK)?,
            place: schema.get_field(PLACE)?,
            collection: schema.get_field(COLLECTION)?,
            readers: schema.get_field(READERS)?,
            class: schema.get_field(CLASS)?,
            length: schema.get_field(LENGTH)?,
            stems: schema.get_field("stems")?,
            forms: schema.get_field("forms")?,
            headings: schema.get_field("headings")?,
            title: schema.get_field("title")?,
        })
    }

    /// What is indexed for each chunk of `document`.
    pub(super) fn chunks(
        self,
        document: &IndexedDocument,
        steps: Steps,
    ) -> impl Iterator<Item = TantivyDocument> {
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
        document
            .chunks
            .iter()
            .zip(evidence)
            .zip(0..)
            .map(move |((chunk, evidence), place)| {
                let language = chunk_language(evidence, whole);
                let text = Terms::of(&chunk.text, language, steps);
                let mut fields = TantivyDocument::new();
                fields.add_text(self.document, &document.id);
                fields.add_i64(self.chunk, chunk.id);
                fields.add_u64(self.place, place);
                fields.add_text(self.collection, &document.collection);
                for reader in &document.readers {
                    fields.add_text(self.readers, reader);
                }
                fields.add_u64(self.class, class);
                fields.add_u64(self.length, text.count);
                fields.add_text(self.stems, text.stems);
                fields.add_text(self.forms, text.forms);
                for (field, context) in [
                    (self.title, &document.title),
                    (self.headings, &chunk.heading.join("\n")),
                ] {
                    if !context.is_empty() {
                        fields.add_text(field, Terms::of(context, language, steps).stems);
                    }
                }
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

/// The terms of a text, written down for the engine.
#[derive(Default)]
struct Terms {
    stems: String,
    forms: String,
    count: u64,
}

impl Terms {
    fn of(text: &str, language: Language, steps: Steps) -> Self {
        let mut terms = Self::default();
        visit(text, language, steps, |term| {
            write(&mut terms.stems, term.text, term.position);
            write(&mut terms.forms, term.form, term.position);
            terms.count += 1;
        });
        terms
    }
}
