//! Turns the markers of a grounded answer into citations, as the answer comes.
//!
//! A marker cites the sentence of its passage that shares the most words with the sentence it stands behind; the whole
//! passage where none shares enough. Citations are numbered by first use, so that a reader meets `[1]` before `[2]`; the
//! same sentence keeps its number. Markers that point to no passage are removed and counted. In the rest of an answer that
//! another model began, numbers go on behind those that were delivered.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use trousseau_core::chat::{ChatEnd, ChatEvent, ChatRequest};
use trousseau_core::document::{BlockKind, Citation, Passage, Span};
use trousseau_text::language::{Evidence, Language};
use trousseau_text::sentences::sentences;
use trousseau_text::terms::{Steps, visit};

use crate::abstention::Wording;
use crate::markers::{Scanner, Sink};
use crate::prompt;

/// How much of the text before a marker is looked at, in bytes: more than a sentence that can be read has.
const BEFORE: usize = 600;
/// The least weight of shared words for which a sentence is cited instead of its passage.
const ENOUGH: u32 = 2;
/// The passage of a number that was delivered without its citation.
const UNKNOWN: usize = usize::MAX;
/// The highest number of a citation that is taken over from what was delivered.
const NUMBERS: usize = 999;
/// How much of the answer's beginning is kept to see whether it is an abstention, in bytes.
const HEAD: usize = 2_000;

/// The citations of one answer.
pub(crate) struct Citing {
    scanner: Scanner,
    found: Found,
    wording: Arc<Wording>,
}

struct Found {
    request: Arc<ChatRequest>,
    language: Language,
    /// The passages that were cited so far, cut into sentences.
    cut: Vec<Option<Cut>>,
    /// What is cited: passage and place in its text, by number.
    cited: Vec<(usize, Range<usize>)>,
    /// Text and markers since the last event.
    text: String,
    /// The text without markers since the beginning of the paragraph.
    before: String,
    /// The beginning of the answer without markers.
    head: String,
    events: VecDeque<ChatEvent>,
    removed: u64,
}

/// A passage cut into sentences.
struct Cut {
    /// Only words of the same analysis can be compared: that of the passage's language.
    language: Language,
    units: Vec<Unit>,
}

/// A sentence, list item or table row, and its words.
struct Unit {
    bytes: Range<usize>,
    terms: HashSet<String>,
}

impl Citing {
    /// For the answer to a grounded request.
    pub(crate) fn new(request: Arc<ChatRequest>, wording: Arc<Wording>) -> Self {
        let (scanner, begun) = Begun::read(&request);
        let mut found = Found {
            language: prompt::language(&request),
            cut: request.passages.iter().map(|_| None).collect(),
            cited: begun.cited,
            request,
            text: String::new(),
            before: String::new(),
            head: String::new(),
            events: VecDeque::new(),
            removed: 0,
        };
        found.note(&begun.text);
        Self {
            scanner,
            found,
            wording,
        }
    }

    /// Takes in an event of the model and adds to `events` what becomes of it.
    pub(crate) fn take(&mut self, event: ChatEvent, events: &mut VecDeque<ChatEvent>) {
        match event {
            ChatEvent::Text(text) => self.scanner.push(&text, &mut self.found),
            ChatEvent::End(end) => {
                self.scanner.finish(&mut self.found);
                self.found.flush();
                let end = self.end(end);
                self.found.events.push_back(ChatEvent::End(end));
            }
            other => {
                self.found.flush();
                self.found.events.push_back(other);
            }
        }
        self.found.flush();
        events.append(&mut self.found.events);
    }

    fn end(&self, end: ChatEnd) -> ChatEnd {
        ChatEnd {
            abstained: self
                .wording
                .recognises(&self.found.head, !self.found.cited.is_empty()),
            removed_markers: self.found.removed,
            ..end
        }
    }
}

/// What of an answer was delivered already.
#[derive(Default)]
struct Begun {
    /// The text without markers.
    text: String,
    /// See [`Found::cited`].
    cited: Vec<(usize, Range<usize>)>,
}

impl Begun {
    /// What `request` says of it, and a scanner that stands behind it.
    fn read(request: &ChatRequest) -> (Scanner, Self) {
        let mut begun = Self::default();
        for citation in &request.cited {
            begun.number(citation.number);
            let (at, place) = (citation.number.checked_sub(1), place(citation, request));
            if let Some((cited, place)) = at.and_then(|at| begun.cited.get_mut(at)).zip(place) {
                *cited = place;
            }
        }
        let text = request.begun.as_deref().unwrap_or_default();
        (Scanner::behind(text, &mut begun), begun)
    }

    /// Takes note that a number is taken, whatever it stands for.
    fn number(&mut self, number: usize) {
        if self.cited.len() < number {
            self.cited.resize(number.min(NUMBERS), (UNKNOWN, 0..0));
        }
    }
}

impl Sink for Begun {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn marker(&mut self, numbers: &[u16], _space: &str) -> bool {
        numbers
            .iter()
            .for_each(|number| self.number(usize::from(*number)));
        false
    }
}

/// Where a citation of what was delivered points to: passage and place in its text.
fn place(citation: &Citation, request: &ChatRequest) -> Option<(usize, Range<usize>)> {
    let of = |passage: &Passage| passage.document == citation.document && passage.chunk == citation.chunk;
    let at = request.passages.iter().position(of)?;
    let passage = request.passages.get(at)?;
    let from = citation.span.start.checked_sub(passage.span.start)?;
    let (start, _) = passage.text.char_indices().nth(from)?;
    let bytes = start..start + citation.text.len();
    (passage.text.get(bytes.clone())? == citation.text).then_some((at, bytes))
}

/// What was delivered of an answer as its model wrote it: the numbers of its markers are those of the passages.
pub(crate) fn as_written(request: &ChatRequest) -> String {
    struct Written<'a>(String, &'a [(usize, Range<usize>)]);
    impl Sink for Written<'_> {
        fn text(&mut self, text: &str) {
            self.0.push_str(text);
        }

        fn marker(&mut self, numbers: &[u16], space: &str) -> bool {
            self.0.push_str(space);
            for number in numbers {
                let number = usize::from(*number);
                let cited = number.checked_sub(1).and_then(|at| self.1.get(at));
                let known = cited.filter(|(passage, _)| *passage != UNKNOWN);
                let number = known.map_or(number, |(passage, _)| passage + 1);
                self.0.push_str(&format!("[{number}]"));
            }
            true
        }
    }
    let text = request.begun.as_deref().unwrap_or_default();
    if !request.grounded {
        return text.to_owned();
    }
    let (_, begun) = Begun::read(request);
    let mut written = Written(String::with_capacity(text.len()), &begun.cited);
    let mut scanner = Scanner::default();
    scanner.push(text, &mut written);
    scanner.finish(&mut written);
    written.0
}

impl Sink for Found {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
        self.note(text);
    }

    fn marker(&mut self, numbers: &[u16], space: &str) -> bool {
        let passages = self.request.passages.len();
        let known: Vec<usize> = numbers
            .iter()
            .filter_map(|number| usize::from(*number).checked_sub(1))
            .filter(|at| *at < passages)
            .collect();
        self.removed += (numbers.len() - known.len()) as u64;
        if known.is_empty() {
            return false;
        }
        self.text.push_str(space);
        let mut new = Vec::new();
        for passage in known {
            let bytes = self.best(passage);
            let place = (passage, bytes);
            let number = match self.cited.iter().position(|cited| *cited == place) {
                Some(at) => at + 1,
                None => {
                    self.cited.push(place);
                    new.push(self.cited.len());
                    self.cited.len()
                }
            };
            self.text.push_str(&format!("[{number}]"));
        }
        if !new.is_empty() {
            self.flush();
            for number in new {
                let citation = self.citation(number);
                self.events.extend(citation.map(ChatEvent::Citation));
            }
        }
        true
    }
}

impl Found {
    /// Takes note of text without markers.
    fn note(&mut self, text: &str) {
        if self.head.len() < HEAD {
            self.head.push_str(text);
        }
        self.before.push_str(text);
        if self.before.len() > 2 * BEFORE {
            let from = self.before.ceil_char_boundary(self.before.len() - BEFORE);
            self.before.drain(..from);
        }
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.events.push_back(ChatEvent::Text(text));
        }
    }

    fn citation(&self, number: usize) -> Option<Citation> {
        let (passage, bytes) = self.cited.get(number - 1)?;
        let passage = self.request.passages.get(*passage)?;
        Some(Citation {
            number,
            document: passage.document.clone(),
            version: passage.version,
            chunk: passage.chunk,
            title: passage.title.clone(),
            path: passage.path.clone(),
            heading: passage.heading.clone(),
            span: Span::locate(&passage.text, passage.span.start, bytes.clone())?,
            text: passage.text.get(bytes.clone())?.to_owned(),
        })
    }

    /// The place in a passage that supports the sentence before the marker.
    fn best(&mut self, at: usize) -> Range<usize> {
        let request = Arc::clone(&self.request);
        let Some(passage) = request.passages.get(at) else {
            return 0..0;
        };
        let Some(cut) = self.cut.get_mut(at) else {
            return whole(passage);
        };
        let Cut { language, units } = cut.get_or_insert_with(|| {
            let language = Evidence::of(&passage.text).language();
            let language = language.unwrap_or(self.language);
            let units = units(passage, language);
            Cut { language, units }
        });
        let said = terms(last_sentence(&self.before), *language);
        let mut best: Option<(u32, &Unit)> = None;
        for unit in units.iter() {
            let shared = weight(said.intersection(&unit.terms));
            let better = best.is_none_or(|(most, shorter)| {
                shared > most || (shared == most && unit.terms.len() < shorter.terms.len())
            });
            if better {
                best = Some((shared, unit));
            }
        }
        // Two words, or a third of a short sentence: less may be chance.
        let enough = weight(said.iter()).div_ceil(3).clamp(1, ENOUGH);
        match best {
            Some((shared, unit)) if shared >= enough => unit.bytes.clone(),
            _ => whole(passage),
        }
    }
}

/// What shared words weigh: a number tells more than a word.
fn weight<'a>(terms: impl Iterator<Item = &'a String>) -> u32 {
    terms
        .map(|term| {
            if term.bytes().any(|byte| byte.is_ascii_digit()) {
                2
            } else {
                1
            }
        })
        .sum()
}

fn last_sentence(text: &str) -> &str {
    let from = text.ceil_char_boundary(text.len().saturating_sub(BEFORE));
    let text = text[from..].trim_end();
    sentences(text).pop().map_or("", |bytes| &text[bytes])
}

fn whole(passage: &Passage) -> Range<usize> {
    trimmed(&passage.text, 0..passage.text.len())
}

fn trimmed(text: &str, bytes: Range<usize>) -> Range<usize> {
    let piece = &text[bytes.clone()];
    let start = bytes.start + piece.len() - piece.trim_start().len();
    start..(start + piece.trim().len())
}

/// The sentences, list items and table rows of a passage.
fn units(passage: &Passage, language: Language) -> Vec<Unit> {
    let text = &passage.text;
    let everything = [(BlockKind::Paragraph, 0..text.len())];
    let blocks = if passage.blocks.is_empty() {
        everything.as_slice()
    } else {
        passage.blocks.as_slice()
    };
    let mut units = Vec::new();
    for (kind, block) in blocks {
        let Some(piece) = text.get(block.clone()) else {
            continue;
        };
        let pieces = match kind {
            BlockKind::Heading => continue,
            BlockKind::ListItem | BlockKind::TableRow | BlockKind::Code => vec![trimmed(text, block.clone())],
            BlockKind::Paragraph => sentences(piece)
                .into_iter()
                .map(|bytes| block.start + bytes.start..block.start + bytes.end)
                .collect(),
        };
        units.extend(pieces.into_iter().map(|bytes| Unit {
            terms: terms(&text[bytes.clone()], language),
            bytes,
        }));
    }
    units
}

fn terms(text: &str, language: Language) -> HashSet<String> {
    let mut terms = HashSet::new();
    visit(text, language, Steps::default(), |term| {
        if !terms.contains(term.text) {
            terms.insert(term.text.to_owned());
        }
    });
    terms
}
