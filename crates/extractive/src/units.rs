//! What can be quoted: sentences, whole list items, whole table rows.

use std::ops::Range;

use trousseau_core::document::{BlockKind, Passage};
use trousseau_text::language::{Evidence, Language};
use trousseau_text::sentences::sentences;
use trousseau_text::terms::{Steps, visit};

use super::question::Question;

/// One piece of a passage that can be quoted.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The place of its passage in the list.
    pub passage: usize,
    /// Its place in the text of the passage.
    pub bytes: Range<usize>,
    /// What its block is.
    pub kind: BlockKind,
    /// Its place among the units of its passage, counted from 0.
    pub index: usize,
    /// The question's terms that it holds: place in the question, position in the passage.
    pub matches: Vec<(usize, u32)>,
    /// The question's terms that it has a word of the same family for, but not the term itself.
    pub kin: Vec<usize>,
    /// How many terms it has.
    pub length: usize,
    /// The unit that introduces the list or table it stands in.
    pub introduction: Option<usize>,
}

/// The units of all passages, passage by passage in reading order.
pub fn units(question: &Question, passages: &[Passage]) -> Vec<Unit> {
    let mut all = Vec::new();
    for (place, passage) in passages.iter().enumerate() {
        let language = Evidence::of(&passage.text)
            .language()
            .unwrap_or(question.language);
        let first = all.len();
        cut(place, passage, &mut all);
        fill(question, passage, language, &mut all[first..]);
        introduce(passage, first, &mut all);
    }
    all
}

fn cut(place: usize, passage: &Passage, all: &mut Vec<Unit>) {
    let whole = [(BlockKind::Paragraph, 0..passage.text.len())];
    let blocks = if passage.blocks.is_empty() {
        whole.as_slice()
    } else {
        passage.blocks.as_slice()
    };
    let mut index = 0;
    for (kind, bytes) in blocks {
        let Some(text) = passage.text.get(bytes.clone()) else {
            continue;
        };
        let pieces = match kind {
            BlockKind::ListItem | BlockKind::TableRow => vec![trimmed(text)],
            BlockKind::Paragraph | BlockKind::Heading | BlockKind::Code => sentences(text),
        };
        for piece in pieces.into_iter().filter(|piece| !piece.is_empty()) {
            all.push(Unit {
                passage: place,
                bytes: bytes.start + piece.start..bytes.start + piece.end,
                kind: *kind,
                index,
                matches: Vec::new(),
                kin: Vec::new(),
                length: 0,
                introduction: None,
            });
            index += 1;
        }
    }
}

fn trimmed(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    start..start + text.trim().len()
}

/// Finds the question's terms in the units of one passage.
fn fill(question: &Question, passage: &Passage, language: Language, units: &mut [Unit]) {
    let mut place = 0;
    visit(&passage.text, language, Steps::default(), |term| {
        while units
            .get(place)
            .is_some_and(|unit| unit.bytes.end <= term.bytes.start)
        {
            place += 1;
        }
        let Some(unit) = units
            .get_mut(place)
            .filter(|unit| unit.bytes.start <= term.bytes.start)
        else {
            return;
        };
        unit.length += 1;
        if let Some(term_place) = question.place(term.text, language) {
            unit.matches.push((term_place, term.position));
        } else if let Some(term_place) = question.kin_place(term.form) {
            unit.kin.push(term_place);
        }
    });
    for unit in units {
        let matches = std::mem::take(&mut unit.matches);
        unit.kin
            .retain(|kin| matches.iter().all(|(place, _)| place != kin));
        unit.matches = matches;
    }
}

/// Links list items, table rows and lines of a plain list to the line that ends with a colon before them.
fn introduce(passage: &Passage, first: usize, all: &mut [Unit]) {
    let mut introduction = None;
    for (place, unit) in all.iter_mut().enumerate().skip(first) {
        let text = &passage.text[unit.bytes.clone()];
        let listed = matches!(unit.kind, BlockKind::ListItem | BlockKind::TableRow) || looks_listed(text);
        if text.ends_with(':') {
            introduction = Some(place);
        } else if listed {
            unit.introduction = introduction;
        } else {
            introduction = None;
        }
    }
}

/// Whether a line of plain text looks like the item of a list: a bullet, or no full stop at its end.
fn looks_listed(text: &str) -> bool {
    text.starts_with(['-', '•', '–', '—', '*', '·', '‣']) || text.ends_with(';') || !ends_sentence(text)
}

/// Whether `text` ends as a sentence does.
pub(super) fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['»', '”', '"', ')', ']', ' ', '\u{a0}', '\u{202f}'])
        .ends_with(['.', '!', '?', '…'])
}
