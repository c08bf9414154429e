//! Plain text: kept verbatim, with paragraphs, list items and headings found conservatively.
//!
//! What is not clearly a heading or a list item is a paragraph. A heading stands alone between empty lines
//! (or above an underline) and is short; it is told by its underline, by its number, or by capitals.

use std::ops::Range;

use trousseau_core::document::{BlockKind, Extracted};

use crate::compose::Blocks;
use crate::decode::{Decoded, decode};
use crate::{ExtractError, Limits};

/// A longer line is no heading.
const HEADING_CHARS: usize = 100;

// Levels of headings by how they are marked; a number's depth is added to the last.
const DOUBLE_UNDERLINE: u8 = 1;
const CAPITALS: u8 = 2;
const UNDERLINE: u8 = 3;
const DIVISION: u8 = 4;
const NUMBERED: u8 = 8;

/// Divisions of French and English legal and administrative texts, from the largest to the smallest.
const DIVISIONS: [&[&str]; 4] = [
    &["partie", "livre", "titre", "part", "book", "title"],
    &["chapitre", "annexe", "chapter", "appendix", "annex"],
    &["section"],
    &["article"],
];

pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let Decoded { text, warnings } = decode(bytes, None)?;
    let mut blocks = Blocks::new(limits);
    let mut title = None;
    let mut groups = Groups { text: &text, at: 0 }.peekable();
    let mut first = true;
    while let Some(group) = groups.next() {
        let next = groups.peek().map(|next| first_line(&text, next));
        let found = match heading(&text, &group, next) {
            Some(found) => {
                blocks.heading(found.level, &text[found.bytes.clone()], found.bytes.clone())?;
                if first {
                    title = Some(text[found.bytes].to_owned());
                }
                found.rest
            }
            None => group,
        };
        body(&text, found, &mut blocks)?;
        first = false;
    }
    blocks.finish(title, text, &warnings)
}

/// Runs of lines that are not empty, as byte ranges without the white space around them.
struct Groups<'t> {
    text: &'t str,
    at: usize,
}

impl Iterator for Groups<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let mut group: Option<Range<usize>> = None;
        while self.at < self.text.len() {
            let line = line_at(self.text, self.at);
            self.at = line.end + 1;
            let line = trimmed(self.text, line);
            match &mut group {
                None if line.is_empty() => {}
                None => group = Some(line),
                Some(_) if line.is_empty() => return group,
                Some(group) => group.end = line.end,
            }
        }
        group
    }
}

/// The line that begins at `start`, without its `\n`.
fn line_at(text: &str, start: usize) -> Range<usize> {
    let rest = &text.as_bytes()[start..];
    start..memchr::memchr(b'\n', rest).map_or(text.len(), |length| start + length)
}

fn trimmed(text: &str, bytes: Range<usize>) -> Range<usize> {
    let slice = &text[bytes.clone()];
    let from_end = slice.trim_end();
    let from_both = from_end.trim_start();
    let start = bytes.start + (from_end.len() - from_both.len());
    start..start + from_both.len()
}

fn first_line<'t>(text: &'t str, group: &Range<usize>) -> &'t str {
    let line = line_at(text, group.start);
    text[line.start..line.end.min(group.end)].trim_end()
}

struct Heading {
    level: u8,
    bytes: Range<usize>,
    /// What follows it in the same group.
    rest: Range<usize>,
}

/// The heading that a group begins with, given the first line of the next group.
fn heading(text: &str, group: &Range<usize>, next: Option<&str>) -> Option<Heading> {
    let line = first_line(text, group);
    if line.chars().nth(HEADING_CHARS).is_some() {
        return None;
    }
    let bytes = group.start..group.start + line.len();
    let after = group.end.min(line_at(text, group.start).end + 1);
    if after < group.end {
        let second = first_line(text, &(after..group.end));
        let level = underline(line, second.trim())?;
        let rest = group.end.min(line_at(text, after).end + 1);
        return Some(Heading {
            level,
            bytes,
            rest: trimmed(text, rest..group.end),
        });
    }
    let level = division(line)
        .or_else(|| number(line, next))
        .or_else(|| capitals(line))?;
    Some(Heading {
        level,
        bytes,
        rest: group.end..group.end,
    })
}

fn underline(line: &str, below: &str) -> Option<u8> {
    let drawn = below.chars().count();
    let mark = below
        .chars()
        .next()
        .filter(|mark| matches!(mark, '=' | '-' | '~' | '*'))?;
    let whole = below.chars().all(|c| c == mark);
    let long_enough = drawn >= 3 && drawn * 2 >= line.chars().count();
    if !whole
        || !long_enough
        || !line.contains(char::is_alphanumeric)
        || marker(line).is_some_and(|m| !m.number)
    {
        return None;
    }
    Some(if mark == '=' { DOUBLE_UNDERLINE } else { UNDERLINE })
}

/// "Chapitre II", "Article 12 - Objet", "ANNEXE A".
fn division(line: &str) -> Option<u8> {
    let mut words = line.split_whitespace();
    let name = words.next()?.to_lowercase();
    let number = words.next()?.trim_end_matches([':', '.', '-', '–', ',', ')']);
    let numeral = number.contains(|c: char| c.is_ascii_digit())
        || number.chars().all(|c| "IVXLC".contains(c))
        || number.chars().count() == 1 && number.starts_with(char::is_uppercase)
        || matches!(
            number.to_lowercase().as_str(),
            "premier" | "première" | "unique" | "1er" | "1ère"
        );
    let rank = (0_u8..)
        .zip(DIVISIONS)
        .find(|(_, names)| names.contains(&name.as_str()));
    let (rank, _) = rank.filter(|_| !number.is_empty() && numeral && !is_sentence(line))?;
    Some(DIVISION + rank)
}

/// "2.1 Objet", "3. Durée", "IV - Sanctions": numbered, alone, and no item of a list whose items stand apart.
fn number(line: &str, next: Option<&str>) -> Option<u8> {
    let (number, rest) = line.split_once(' ')?;
    let name = rest.trim_start_matches(['-', '–', ' ']);
    let (number, ended) = match number.strip_suffix(['.', ')']) {
        Some(number) => (number, true),
        None => (number, name.len() < rest.len()),
    };
    let numeral = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let roman = number.len() > 1 && number.len() <= 5 && number.bytes().all(|b| b"IVX".contains(&b));
    if !roman && !number.split('.').all(numeral) {
        return None;
    }
    let depth = number.split('.').count();
    let in_list = depth == 1 && !roman && next.is_none_or(|next| marker(next).is_some());
    if depth == 1 && !ended || in_list || !name.starts_with(char::is_uppercase) || is_sentence(line) {
        return None;
    }
    Some(NUMBERED + u8::try_from(depth.min(9)).unwrap_or(9))
}

/// A line in capitals that has a word of four letters and mostly letters.
fn capitals(line: &str) -> Option<u8> {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let word = line.split_whitespace().any(|word| letters(word) >= 4);
    let mostly = letters(line) * 2 >= line.chars().count();
    let quiet = !line.contains(char::is_lowercase) && !is_sentence(line) && marker(line).is_none();
    (word && mostly && quiet).then_some(CAPITALS)
}

fn is_sentence(line: &str) -> bool {
    line.ends_with(['.', ';', ',', ':', '!']) && !line.ends_with("...")
}

/// Cuts what is no heading into paragraphs and list items. An item goes on until the next one.
fn body(text: &str, group: Range<usize>, blocks: &mut Blocks) -> Result<(), ExtractError> {
    let mut open: Option<(BlockKind, Range<usize>)> = None;
    let mut at = group.start;
    while at < group.end {
        let line = line_at(text, at);
        let line = at..line.end.min(group.end);
        at = line.end + 1;
        let line = trimmed(text, line);
        let starts_item = marker(&text[line.clone()]).is_some();
        match &mut open {
            Some((_, bytes)) if !starts_item => bytes.end = line.end,
            _ => {
                if let Some((kind, bytes)) = open.take() {
                    blocks.push(kind, bytes)?;
                }
                let kind = if starts_item {
                    BlockKind::ListItem
                } else {
                    BlockKind::Paragraph
                };
                open = Some((kind, line));
            }
        }
    }
    match open {
        Some((kind, bytes)) => blocks.push(kind, bytes),
        None => Ok(()),
    }
}

struct Marker {
    number: bool,
}

/// What marks a list item: a bullet, or a number or letter with a stop.
fn marker(line: &str) -> Option<Marker> {
    let (mark, rest) = line.trim_start().split_once([' ', '\t', '\u{a0}'])?;
    if rest.trim().is_empty() {
        return None;
    }
    let bullet = matches!(
        mark,
        "-" | "*" | "•" | "–" | "·" | "▪" | "‣" | "◦" | "●" | "○" | "■" | "→" | "✓"
    );
    if bullet {
        return Some(Marker { number: false });
    }
    let inner = mark.strip_suffix(['.', ')', '°'])?;
    let digits = (1..=2).contains(&inner.len()) && inner.bytes().all(|b| b.is_ascii_digit());
    let letter = inner.len() == 1 && mark.ends_with(')') && inner.bytes().all(|b| b.is_ascii_lowercase());
    (digits || letter).then_some(Marker { number: true })
}
