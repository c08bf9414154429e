//! What the readers share: the outline of headings, the list of blocks, and text put together from pieces.

use std::ops::Range;

use trousseau_core::document::{Block, BlockKind, Extracted};

use crate::{ExtractError, Limits};

/// A title, and a heading's text in a heading path, is cut after this many characters.
const HEADING_CHARS: usize = 200;

/// The most bytes that all heading paths of a file may take together: a long heading over many small
/// blocks would otherwise multiply a file's size.
const HEADING_BYTES: usize = 64 << 20;

/// The blocks of one file, in order, under the outline of its headings.
pub(crate) struct Blocks {
    blocks: Vec<Block>,
    open: Vec<(u8, String)>,
    heading_bytes: usize,
    limit: usize,
}

impl Blocks {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            blocks: Vec::new(),
            open: Vec::new(),
            heading_bytes: 0,
            limit: limits.max_blocks,
        }
    }

    /// Adds a heading of this level (1 is the highest). It closes every open heading that is not above it;
    /// a skipped level leaves no gap in the path.
    pub(crate) fn heading(&mut self, level: u8, text: &str, bytes: Range<usize>) -> Result<(), ExtractError> {
        while self.open.last().is_some_and(|&(open, _)| open >= level) {
            self.open.pop();
        }
        self.open.push((level, heading_text(text)));
        self.push(BlockKind::Heading, bytes)
    }

    /// Adds a block under the headings that are open.
    pub(crate) fn push(&mut self, kind: BlockKind, bytes: Range<usize>) -> Result<(), ExtractError> {
        let heading: Vec<String> = self.open.iter().map(|(_, text)| text.clone()).collect();
        self.heading_bytes += heading.iter().map(String::len).sum::<usize>();
        if self.blocks.len() >= self.limit || self.heading_bytes > HEADING_BYTES {
            return Err(ExtractError::TooManyBlocks { limit: self.limit });
        }
        self.blocks.push(Block {
            kind,
            heading,
            bytes,
            page: None,
        });
        Ok(())
    }

    /// What was read, or [`ExtractError::Empty`].
    pub(crate) fn finish(
        self,
        title: Option<String>,
        text: String,
        warnings: &[&str],
    ) -> Result<Extracted, ExtractError> {
        if self.blocks.is_empty() {
            return Err(ExtractError::Empty);
        }
        Ok(Extracted {
            title: title
                .map(|title| heading_text(&title))
                .filter(|title| !title.is_empty()),
            text,
            blocks: self.blocks,
            warnings: warnings.iter().map(|&code| code.to_owned()).collect(),
        })
    }
}

/// On one line, and not too long.
fn heading_text(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(HEADING_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Stored text put together block by block, for formats with markup.
pub(crate) struct Composer {
    text: String,
    blocks: Blocks,
    last: Option<(BlockKind, u32)>,
}

impl Composer {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            text: String::new(),
            blocks: Blocks::new(limits),
            last: None,
        }
    }

    /// Adds a block. Rows of one table and items of one list, told by an equal `group`, stand on
    /// neighbouring lines; otherwise an empty line comes between blocks. An empty block is left out.
    pub(crate) fn block(&mut self, kind: BlockKind, group: u32, text: &str) -> Result<(), ExtractError> {
        match self.append(kind, group, text) {
            Some(bytes) => self.blocks.push(kind, bytes),
            None => Ok(()),
        }
    }

    /// Adds a row of a table, unless all its cells are empty; empty cells at its end are left out.
    pub(crate) fn row(&mut self, group: u32, mut cells: Vec<String>) -> Result<(), ExtractError> {
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        let row = cells.join(" | ").replace('\n', " ");
        self.block(BlockKind::TableRow, group, &row)
    }

    /// Adds a heading.
    pub(crate) fn heading(&mut self, level: u8, text: &str) -> Result<(), ExtractError> {
        match self.append(BlockKind::Heading, 0, text) {
            Some(bytes) => self.blocks.heading(level, text, bytes),
            None => Ok(()),
        }
    }

    /// The text of the first heading.
    pub(crate) fn first_title(&self) -> Option<String> {
        let first = self
            .blocks
            .blocks
            .iter()
            .find(|block| block.kind == BlockKind::Heading)?;
        first.heading.last().cloned()
    }

    pub(crate) fn finish(self, title: Option<String>, warnings: &[&str]) -> Result<Extracted, ExtractError> {
        self.blocks.finish(title, self.text, warnings)
    }

    fn append(&mut self, kind: BlockKind, group: u32, text: &str) -> Option<Range<usize>> {
        if text.trim().is_empty() {
            return None;
        }
        if !self.text.is_empty() {
            let close = matches!(kind, BlockKind::ListItem | BlockKind::TableRow);
            let neighbour = close && self.last == Some((kind, group));
            self.text.push_str(if neighbour { "\n" } else { "\n\n" });
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.last = Some((kind, group));
        Some(start..self.text.len())
    }
}

/// What stands between two pieces of running text; the larger one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    None,
    /// Spaces that no line may be broken at: the first one is kept.
    Fixed(char),
    Space,
    Line,
}

/// Running text with its white space collapsed: one space, or one line end, between words.
pub(crate) struct Flow {
    text: String,
    gap: Gap,
}

impl Flow {
    pub(crate) const fn new() -> Self {
        Self {
            text: String::new(),
            gap: Gap::None,
        }
    }

    /// Adds text as it stands between tags. Invisible break hints are dropped, for they cut words.
    pub(crate) fn push(&mut self, text: &str) {
        let mut word = None;
        for (at, c) in text.char_indices() {
            let gap = match c {
                ' ' | '\t' | '\n' | '\r' | '\x0c' => Gap::Space,
                '\u{a0}' | '\u{202f}' | '\u{2007}' => Gap::Fixed(c),
                '\u{ad}' | '\u{200b}' | '\u{feff}' => Gap::None,
                c if c.is_whitespace() || c.is_control() => Gap::Space,
                _ => {
                    word.get_or_insert(at);
                    continue;
                }
            };
            if let Some(start) = word.take() {
                self.word(&text[start..at]);
            }
            self.gap(gap);
        }
        if let Some(start) = word {
            self.word(&text[start..]);
        }
    }

    /// Adds white space, unless it is at the beginning or the end.
    pub(crate) fn gap(&mut self, gap: Gap) {
        let kept = matches!((self.gap, gap), (Gap::Fixed(_), Gap::Fixed(_)));
        if !kept {
            self.gap = self.gap.max(gap);
        }
    }

    /// Whether nothing has been added but white space.
    pub(crate) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text so far; begins anew.
    pub(crate) fn take(&mut self) -> String {
        self.gap = Gap::None;
        std::mem::take(&mut self.text)
    }

    fn word(&mut self, word: &str) {
        if !self.text.is_empty() {
            match self.gap {
                Gap::None => {}
                Gap::Fixed(space) => self.text.push(space),
                Gap::Space => self.text.push(' '),
                Gap::Line => self.text.push('\n'),
            }
        }
        self.gap = Gap::None;
        self.text.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(blocks: &Blocks) -> Vec<&str> {
        blocks
            .blocks
            .last()
            .unwrap()
            .heading
            .iter()
            .map(String::as_str)
            .collect()
    }

    #[test]
    fn a_skipped_level_leaves_no_gap_and_a_higher_heading_closes_the_lower_ones() {
        let mut blocks = Blocks::new(&Limits::default());
        blocks.heading(1, "a", 0..1).unwrap();
        blocks.heading(3, "b", 1..2).unwrap();
        assert_eq!(path(&blocks), ["a", "b"]);
        blocks.heading(2, "c", 2..3).unwrap();
        assert_eq!(path(&blocks), ["a", "c"]);
        blocks.heading(2, "d", 3..4).unwrap();
        blocks.push(BlockKind::Paragraph, 4..5).unwrap();
        assert_eq!(path(&blocks), ["a", "d"]);
        blocks.heading(1, "e", 5..6).unwrap();
        assert_eq!(path(&blocks), ["e"]);
    }

    #[test]
    fn a_long_heading_does_not_multiply_the_size_of_the_file() {
        let mut blocks = Blocks::new(&Limits::default());
        blocks.heading(1, &"é".repeat(1 << 20), 0..1).unwrap();
        assert_eq!(path(&blocks)[0].chars().count(), HEADING_CHARS + 1);
    }

    #[test]
    fn white_space_collapses_and_word_breaking_hints_vanish() {
        let mut flow = Flow::new();
        flow.push(" \n  télé\u{ad}tra");
        flow.push("vail\u{a0}\u{a0}:  oui");
        flow.gap(Gap::Space);
        flow.gap(Gap::Line);
        flow.push(" non \n");
        assert_eq!(flow.take(), "télétravail\u{a0}: oui\nnon");
        assert!(flow.is_empty());
    }
}
