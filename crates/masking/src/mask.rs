//! A request with tokens in the place of values.
//!
//! First every text is looked through, and each value of a kind that may be masked gets its token. Then the texts are written
//! anew, with the token wherever the value stands, also where no detector would have found it: beside a name near an illness,
//! the same name in the next paragraph. What has come to light by that is looked for again, a few times over. What could not
//! be replaced is kept in mind, for its label stays.

use std::ops::Range;
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use serde::de::IgnoredAny;
use serde_json::Value;
use trousseau_core::chat::{ChatRequest, stretches};
use trousseau_policy::detect::{Detector, Detectors, Finding, Findings};

use crate::settings::Kinds;
use crate::table::Table;
use crate::texts::{Slot, content_of, read, visit};
use crate::token::{Reading, read as read_token};

/// How often what was masked is looked through again for more.
const ROUNDS: usize = 3;

/// A request in which values were replaced.
pub struct Masked {
    /// The request as it may be sent: another content than the one it was made from.
    pub request: ChatRequest,
    /// What its tokens stand for.
    pub table: Arc<Table>,
    /// Texts of the original with what was found in them and not replaced.
    pub(crate) left: Vec<(String, Findings)>,
}

/// Replaces what `detectors` find of these kinds; nothing where nothing is found that can be replaced.
pub fn mask(request: &ChatRequest, detectors: &Detectors, kinds: &Kinds) -> Option<Masked> {
    let mut masking = Masking {
        detectors,
        kinds,
        table: Table::default(),
        left: Vec::new(),
    };
    let mut masked = ChatRequest {
        // Neither is sent, and both are made of the question.
        standalone: None,
        rarities: None,
        ..request.clone()
    };
    if !masking.learn(&mut masked, true) {
        return None;
    }
    masking.avoid(request);
    let mut wrote = false;
    for round in 0..ROUNDS {
        if round > 0 && !masking.learn(&mut masked, false) {
            break;
        }
        if !masking.write(&mut masked) {
            break;
        }
        wrote = true;
    }
    wrote.then(|| Masked {
        request: masked,
        table: Arc::new(masking.table),
        left: masking.left,
    })
}

struct Masking<'a> {
    detectors: &'a Detectors,
    kinds: &'a Kinds,
    table: Table,
    left: Vec<(String, Findings)>,
}

/// A place in a text, and whose it is.
type Hit = (Range<usize>, Detector);

impl Masking<'_> {
    /// Notes what is found and will not be replaced; tells whether there is anything that may be.
    fn learn(&mut self, request: &mut ChatRequest, first: bool) -> bool {
        let mut any = false;
        visit(request, &mut |name, slot| {
            let text = read(name, &slot);
            let before = name.map_or(0, |name| name.len() + 2);
            let found = self.detect(&text, &slot);
            let replaced = |finding: &&Finding| {
                let in_place = match &slot {
                    Slot::Text(_) | Slot::Begun(..) => finding.bytes.start >= before,
                    Slot::Number(_) => finding.bytes == (before..text.len()),
                    Slot::Fixed(_) => false,
                    Slot::Copy(_, parts) => stands_in(parts, &text[finding.bytes.clone()]),
                };
                in_place && self.kinds.contain(&finding.detector)
            };
            any |= found.iter().any(|finding| replaced(&finding));
            let left: Findings = found
                .iter()
                .filter(|finding| !replaced(finding))
                .cloned()
                .collect();
            if first && !left.is_empty() {
                self.left.push((text, left));
            }
        });
        any
    }

    /// Takes no token that stands in the request already, passages among it.
    fn avoid(&mut self, request: &ChatRequest) {
        request.visit_texts(&mut |text| self.table.avoid(text));
        for passage in &request.passages {
            self.table.avoid(&passage.title);
            self.table.avoid(&passage.text);
        }
    }

    /// Replaces what is found, then every other place where the same stands; tells whether anything was.
    fn write(&mut self, request: &mut ChatRequest) -> bool {
        let mut wrote = self.write_hits(request, None);
        // Where its joints were stand other words now.
        request.joints.clear();
        let spelled: Vec<(String, usize)> = self.table.spelled.clone();
        let automaton = AhoCorasick::new(spelled.iter().map(|(value, _)| value));
        if let Ok(automaton) = automaton {
            wrote |= self.write_hits(request, Some((&automaton, &spelled)));
        }
        for message in &mut request.messages {
            if !message.parts.is_empty() {
                message.content = content_of(&message.parts);
            }
        }
        wrote
    }

    fn write_hits(&mut self, request: &mut ChatRequest, same: Option<Same<'_>>) -> bool {
        let mut wrote = false;
        visit(request, &mut |name, mut slot| {
            let text = read(name, &slot);
            let before = name.map_or(0, |name| name.len() + 2);
            let mut hits = match same {
                Some(same) => self.repeated(&text, same),
                None => self.found(&text, &slot),
            };
            let mine = self.table.places(&text);
            hits.retain(|(place, _)| !mine.iter().any(|token| overlap(token, place)));
            if hits.is_empty() || matches!(slot, Slot::Copy(..)) {
                return;
            }
            let inside = hits.iter().all(|(place, _)| place.start >= before);
            let shifted: Vec<Hit> = hits
                .iter()
                .filter(|(place, _)| place.start >= before)
                .map(|(place, detector)| (place.start - before..place.end - before, detector.clone()))
                .collect();
            let written = match &mut slot {
                Slot::Text(text) | Slot::Begun(text, _) => self.write_text(text, &shifted),
                Slot::Number(number) => self.write_number(number, &shifted),
                Slot::Fixed(_) | Slot::Copy(..) => false,
            };
            wrote |= written;
            // What was found elsewhere counts here too, even where no detector sees it.
            if !(written && inside) {
                let findings = hits
                    .into_iter()
                    .map(|(bytes, detector)| Finding { detector, bytes });
                self.left.push((text, findings.collect()));
            }
        });
        wrote
    }

    /// What detectors find in a text; in what is begun, in each of its stretches as well.
    fn detect(&self, text: &str, slot: &Slot<'_>) -> Findings {
        let Slot::Begun(begun, joints) = slot else {
            return self.detectors.detect(text);
        };
        let mut findings = Vec::new();
        for (start, stretch) in stretches(begun, joints) {
            let found = self.detectors.detect(stretch);
            findings.extend(found.iter().map(|finding| Finding {
                detector: finding.detector.clone(),
                bytes: finding.bytes.start + start..finding.bytes.end + start,
            }));
        }
        findings.into_iter().collect()
    }

    /// What detectors find of the kinds that are masked.
    fn found(&self, text: &str, slot: &Slot<'_>) -> Vec<Hit> {
        let found = self.detect(text, slot);
        let hits = found
            .iter()
            .filter(|finding| self.kinds.contain(&finding.detector));
        apart(
            hits.map(|finding| (finding.bytes.clone(), finding.detector.clone()))
                .collect(),
        )
    }

    /// Where a value stands that has a token.
    fn repeated(&self, text: &str, (automaton, spelled): Same<'_>) -> Vec<Hit> {
        let hits = automaton.find_overlapping_iter(text).filter(|hit| {
            let (start, end) = (hit.start(), hit.end());
            let joined = |one: Option<char>, other: Option<char>| {
                one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
            };
            let value = &text[start..end];
            !joined(text[..start].chars().next_back(), value.chars().next())
                && !joined(value.chars().next_back(), text[end..].chars().next())
        });
        let hits = hits.map(|hit| {
            let entry = self.table.entry(spelled[hit.pattern().as_usize()].1);
            (hit.range(), entry.detector.clone())
        });
        apart(hits.collect())
    }

    fn write_text(&mut self, text: &mut String, hits: &[Hit]) -> bool {
        let is_json = is_json(text);
        let (mut out, mut from, mut quotes) = (String::with_capacity(text.len()), 0, Quotes::default());
        for (place, detector) in hits {
            let raw = &text[place.clone()];
            let value = if is_json {
                unescaped(raw)
            } else {
                Some(raw.to_owned())
            };
            let token = value.and_then(|value| self.table.token(detector, &value, raw));
            let Some(token) = token else {
                return false;
            };
            out.push_str(&text[from..place.start]);
            // A number of JSON becomes a string of it.
            if is_json && !quotes.are_open(&text[from..place.start]) {
                out.push_str(&format!("\"{token}\""));
            } else {
                out.push_str(&token.to_string());
            }
            if is_json {
                quotes.are_open(raw);
            }
            from = place.end;
        }
        out.push_str(&text[from..]);
        if is_json && !self::is_json(&out) {
            return false;
        }
        *text = out;
        true
    }

    fn write_number(&mut self, number: &mut Value, hits: &[Hit]) -> bool {
        let digits = number.to_string();
        match hits {
            [(place, detector)] if *place == (0..digits.len()) => {
                let token = self.table.token(detector, &digits, &digits);
                token
                    .map(|token| *number = Value::from(token.to_string()))
                    .is_some()
            }
            _ => false,
        }
    }
}

/// What finds values that have tokens, and their entries.
type Same<'a> = (&'a AhoCorasick, &'a [(String, usize)]);

impl Masked {
    /// What is found in the masked texts, each with what was found in it. A token is not anything.
    pub(crate) fn still_found(&self, detectors: &Detectors, found: &mut dyn FnMut(&str, &Findings)) {
        self.request.visit_texts(&mut |text| {
            let mine = self.table.places(text);
            let within = |finding: &&Finding| {
                let inside = |token: &Range<usize>| {
                    token.start <= finding.bytes.start && finding.bytes.end <= token.end
                };
                !mine.iter().any(inside)
            };
            let findings: Findings = detectors.detect(text).iter().filter(within).cloned().collect();
            if !findings.is_empty() {
                found(text, &findings);
            }
        });
    }
}

impl Table {
    /// Where tokens of this request stand in a text.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        if self.is_empty() {
            return Vec::new();
        }
        let tokens =
            memchr::memchr_iter(b'[', text.as_bytes()).filter_map(|at| match read_token(text, at, true) {
                Reading::Token { token, end, .. } => self.get(token).map(|_| at..end),
                Reading::No | Reading::More(_) => None,
            });
        tokens.collect()
    }
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

/// Places in order, those that overlap made one, which is the first one's.
fn apart(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by(|(a, _), (b, _)| (a.start, b.end).cmp(&(b.start, a.end)));
    let mut out: Vec<Hit> = Vec::with_capacity(hits.len());
    for (place, detector) in hits {
        match out.last_mut() {
            Some((last, _)) if place.start < last.end => last.end = last.end.max(place.end),
            _ => out.push((place, detector)),
        }
    }
    out
}

/// Whether a value stands in one part of a message, and not only across several.
fn stands_in(parts: &[Value], value: &str) -> bool {
    let mut texts = parts.iter().filter_map(|part| part["text"].as_str());
    texts.any(|text| text.contains(value))
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// What a piece of a string of JSON says.
fn unescaped(raw: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{raw}\"")).ok()
}

/// Whether the end of a beginning of JSON stands within a string.
#[derive(Default)]
struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    fn are_open(&mut self, more: &str) -> bool {
        for byte in more.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = self.open,
                b'"' => self.open = !self.open,
                _ => {}
            }
        }
        self.open
    }
}
