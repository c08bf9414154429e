//! Cuts blocks into chunks: the unit that is indexed, found and cited.
//!
//! A chunk holds neighbouring blocks that stand under the same headings and never crosses one. A table row or
//! a list item is kept whole. Only a block longer than [`LONGEST`] is cut, at the end of a line, of a
//! sentence or of a word.

use std::ops::Range;

use trousseau_core::document::{Block, BlockKind, Chunk, Extracted, Span};

/// A chunk is closed once it is this long, in bytes.
const TARGET: usize = 700;

/// No chunk is longer than this, in bytes.
const LONGEST: usize = 1_400;

/// The chunks of a document, in reading order, not overlapping.
///
/// Every block with text is in exactly one chunk, but for headings: a heading is the context of the chunks under it,
/// and makes a chunk of its own only when nothing stands under it.
pub fn chunk(document: &Extracted) -> Vec<Chunk> {
    let mut chunks = Chunks::new(&document.text);
    let mut blocks = document.blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        let Some(bytes) = trimmed(&document.text, &block.bytes) else {
            continue;
        };
        if block.kind == BlockKind::Heading {
            chunks.close();
            let next_is_under = blocks
                .peek()
                .is_some_and(|next| next.heading.starts_with(&block.heading));
            if next_is_under {
                continue;
            }
        }
        chunks.add(block, bytes);
    }
    chunks.close();
    chunks.done
}

/// The range without the white space at its ends; `None` when nothing remains.
fn trimmed(text: &str, bytes: &Range<usize>) -> Option<Range<usize>> {
    let inside = text.get(bytes.clone())?;
    let start = bytes.start + (inside.len() - inside.trim_start().len());
    let end = start + inside.trim().len();
    (end > start).then_some(start..end)
}

struct Chunks<'a> {
    text: &'a str,
    done: Vec<Chunk>,
    open: Option<(&'a Block, Range<usize>)>,
    /// The last byte whose character was counted, and that count.
    counted: (usize, usize),
}

impl<'a> Chunks<'a> {
    const fn new(text: &'a str) -> Self {
        Self {
            text,
            done: Vec::new(),
            open: None,
            counted: (0, 0),
        }
    }

    /// Adds a block to the open chunk, or closes that and opens another.
    fn add(&mut self, block: &'a Block, bytes: Range<usize>) {
        let fits = self.open.as_ref().is_some_and(|(first, open)| {
            first.heading == block.heading && open.len() < TARGET && bytes.end - open.start <= LONGEST
        });
        if !fits {
            self.close();
        }
        let start = self.open.take().map_or(bytes.start, |(first, open)| {
            debug_assert_eq!(first.heading, block.heading);
            open.start
        });
        let mut rest = start..bytes.end;
        while rest.len() > LONGEST {
            let cut = rest.start + break_after(&self.text[rest.clone()]);
            if let Some(piece) = trimmed(self.text, &(rest.start..cut)) {
                self.push(block, piece);
            }
            rest.start = cut;
        }
        if let Some(rest) = trimmed(self.text, &rest) {
            self.open = Some((block, rest));
        }
    }

    fn close(&mut self) {
        if let Some((block, bytes)) = self.open.take() {
            self.push(block, bytes);
        }
    }

    fn push(&mut self, block: &Block, bytes: Range<usize>) {
        let start = self.count(bytes.start);
        let end = self.count(bytes.end);
        self.done.push(Chunk {
            heading: block.heading.clone(),
            span: Span { start, end },
            page: block.page,
            bytes,
        });
    }

    /// How many characters stand before byte `at`; asked in rising order, so that the text is read once.
    fn count(&mut self, at: usize) -> usize {
        let (byte, characters) = self.counted;
        self.counted = (at, characters + self.text[byte..at].chars().count());
        self.counted.1
    }
}

/// Where to cut a `text` that is longer than [`LONGEST`]: after the first line that ends past [`TARGET`], else
/// after such a sentence, else before the last word that fits, else anywhere. Always past the start.
fn break_after(text: &str) -> usize {
    let from = text.ceil_char_boundary(TARGET);
    let until = text.floor_char_boundary(LONGEST);
    let window = &text[from..until];
    let sentence = || {
        let mut ends = window
            .match_indices(['.', '!', '?', ';', '…'])
            .map(|(at, mark)| at + mark.len());
        ends.find(|end| window[*end..].starts_with(char::is_whitespace))
    };
    window
        .find('\n')
        .or_else(sentence)
        .or_else(|| window.rfind(char::is_whitespace))
        .map_or(until, |at| from + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn document(blocks: &[(BlockKind, &[&str], &str)]) -> Extracted {
        let mut document = Extracted::default();
        for (kind, heading, text) in blocks {
            let start = document.text.len();
            document.text.push_str(text);
            document.blocks.push(Block {
                kind: *kind,
                heading: heading.iter().map(|part| (*part).to_owned()).collect(),
                bytes: start..document.text.len(),
                page: None,
            });
            document.text.push('\n');
        }
        document
    }

    fn texts(document: &Extracted) -> Vec<&str> {
        chunk(document)
            .into_iter()
            .map(|chunk| &document.text[chunk.bytes])
            .collect()
    }

    #[test]
    fn a_chunk_ends_where_a_heading_begins() {
        let document = document(&[
            (BlockKind::Heading, &["A"], "A"),
            (BlockKind::Paragraph, &["A"], "un"),
            (BlockKind::ListItem, &["A"], "deux"),
            (BlockKind::Heading, &["A", "B"], "B"),
            (BlockKind::Paragraph, &["A", "B"], "trois"),
            (BlockKind::Heading, &["C"], "C"),
        ]);
        assert_eq!(texts(&document), ["un\ndeux", "trois", "C"]);
    }

    #[test]
    fn a_row_is_kept_whole_and_a_huge_block_is_cut_at_sentences() {
        let row = "cellule | ".repeat(120);
        let long = "Une phrase assez longue pour compter. ".repeat(100);
        let document = document(&[
            (BlockKind::TableRow, &[], &row),
            (BlockKind::TableRow, &[], &row),
            (BlockKind::Paragraph, &[], &long),
        ]);
        let texts = texts(&document);
        assert_eq!(texts[..2], [row.trim(), row.trim()]);
        assert!(
            texts[2..].len() > 1
                && texts[2..]
                    .iter()
                    .all(|text| text.ends_with('.') && text.len() <= LONGEST)
        );
    }

    proptest! {
        #[test]
        fn chunks_hold_all_text_once_with_exact_spans(
            blocks in prop::collection::vec((0_usize..5, 0_usize..3, "[a-zé\\n .]{0,30}", 1_usize..90), 0..12),
        ) {
            let kinds = [BlockKind::Heading, BlockKind::Paragraph, BlockKind::ListItem, BlockKind::TableRow, BlockKind::Code];
            let headings: [&[&str]; 3] = [&[], &["a"], &["a", "b"]];
            let blocks: Vec<_> = blocks
                .into_iter()
                .map(|(kind, heading, text, times)| (kinds[kind], headings[heading], text.repeat(times)))
                .collect();
            let blocks: Vec<_> = blocks.iter().map(|(kind, heading, text)| (*kind, *heading, text.as_str())).collect();
            let document = document(&blocks);
            let chunks = chunk(&document);
            for pair in chunks.windows(2) {
                prop_assert!(pair[0].bytes.end <= pair[1].bytes.start);
            }
            for chunk in &chunks {
                let text = &document.text[chunk.bytes.clone()];
                prop_assert!(text.len() <= LONGEST && !text.trim().is_empty());
                prop_assert_eq!(chunk.span.slice(&document.text), Some(text));
            }
            for block in document.blocks.iter().filter(|block| block.kind != BlockKind::Heading) {
                for (at, letter) in document.text[block.bytes.clone()].char_indices() {
                    let at = block.bytes.start + at;
                    let mut holders = chunks.iter().filter(|chunk| chunk.bytes.contains(&at));
                    let holder = holders.next();
                    prop_assert!(holders.next().is_none());
                    prop_assert!(letter.is_whitespace() || holder.is_some_and(|holder| holder.heading == block.heading));
                }
            }
        }
    }
}
