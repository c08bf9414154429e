//! Documents as Trousseau keeps them: stored text, blocks, chunks, passages, citations.
//!
//! The *stored text* of a document is what extraction read from its file. Every place in it is given
//! either as a byte range (inside the program, for slicing) or as a [`Span`] of characters (in everything
//! a user sees, because clients in other languages count characters, not UTF-8 bytes).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::label::Label;

/// A half-open range of characters (Unicode scalar values) of a document's stored text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The first character, counted from 0.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

impl Span {
    /// The span of the byte range `bytes` inside `text`, when `text` itself begins at character `base`.
    ///
    /// `None` when the range does not fall on character boundaries of `text`.
    pub fn locate(text: &str, base: usize, bytes: Range<usize>) -> Option<Self> {
        let start = base + text.get(..bytes.start)?.chars().count();
        let end = start + text.get(bytes)?.chars().count();
        Some(Self { start, end })
    }

    /// The characters of `text` that this span covers; `None` when it ends past the text.
    pub fn slice(self, text: &str) -> Option<&str> {
        let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        let start = places.by_ref().nth(self.start)?;
        match self.end.checked_sub(self.start)? {
            0 => Some(""),
            length => places.nth(length - 1).and_then(|end| text.get(start..end)),
        }
    }
}

/// What a block is, so that a table row or list item is kept whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockKind {
    /// A heading; its level is the length of its heading path.
    Heading,
    /// Running text.
    Paragraph,
    /// One item of a list, without its nested lists.
    ListItem,
    /// One row of a table, cells separated by ` | `.
    TableRow,
    /// Preformatted text.
    Code,
}

/// One block of a document's stored text, in reading order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// The headings it stands under, outermost first; a heading's own text is the last of its path.
    pub heading: Vec<String>,
    /// Its place in the stored text, in bytes.
    pub bytes: Range<usize>,
    /// The page it begins on, counted from 1, where the format has pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
}

/// What extraction made of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extracted {
    /// The title the file itself gives, if any.
    pub title: Option<String>,
    /// The stored text: Unicode, lines ended by `\n`, no control characters but `\n` and `\t`.
    pub text: String,
    /// Its blocks, in order, not overlapping.
    pub blocks: Vec<Block>,
    /// What was odd about the file but did not prevent reading it, as stable codes.
    pub warnings: Vec<String>,
}

/// The unit of retrieval: neighbouring blocks under one heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The headings it stands under, outermost first.
    pub heading: Vec<String>,
    /// Its place in the stored text, in bytes.
    pub bytes: Range<usize>,
    /// Its place in the stored text, in characters.
    pub span: Span,
    /// The page it begins on, where the format has pages.
    pub page: Option<u32>,
}

/// A chunk on its way to a model, with all that citing it needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// The document's id.
    pub document: String,
    /// The collection it lies in; empty in what was recorded before this was kept.
    #[serde(default)]
    pub collection: String,
    /// The version of the document that was read, counted from 1.
    pub version: u64,
    /// The chunk's id, unique in the store.
    pub chunk: i64,
    /// The document's title.
    pub title: String,
    /// Where the document came from.
    pub path: String,
    /// The headings the chunk stands under.
    pub heading: Vec<String>,
    /// The chunk's place in the stored text.
    pub span: Span,
    /// The chunk's text.
    pub text: String,
    /// The blocks of this chunk: kind, and byte range within `text`.
    pub blocks: Vec<(BlockKind, Range<usize>)>,
    /// The document's label.
    pub label: Label,
    /// The retrieval score, higher is better.
    pub score: f32,
}

/// A place in a document that supports a part of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// The number that marks it in the answer's text: `[1]`, `[2]`, ...
    pub number: usize,
    /// The document's id.
    pub document: String,
    /// The version of the document that was read.
    pub version: u64,
    /// The chunk's id.
    pub chunk: i64,
    /// The document's title.
    pub title: String,
    /// Where the document came from.
    pub path: String,
    /// The headings the cited text stands under, outermost first.
    pub heading: Vec<String>,
    /// The cited text's place in the stored text.
    #[serde(flatten)]
    pub span: Span,
    /// The cited text, verbatim.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_located_span_slices_back(text in "\\PC{0,40}", from in 0_usize..40, length in 0_usize..40) {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let start = places[from.min(places.len() - 1)];
            let end = places[(from + length).min(places.len() - 1)].max(start);
            let span = Span::locate(&text, 0, start..end).unwrap();
            prop_assert_eq!(span.slice(&text), Some(&text[start..end]));
        }
    }

    #[test]
    fn a_span_past_the_text_is_refused() {
        assert_eq!(Span { start: 1, end: 9 }.slice("été"), None);
        assert_eq!(Span { start: 3, end: 3 }.slice("été"), Some(""));
        assert_eq!(Span::locate("été", 0, 1..2), None);
    }
}
