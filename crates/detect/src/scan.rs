//! One pass over folded text: an automaton finds every place where something may be, and only there a detector looks.
//!
//! A detector sees a stretch around the place ([`View`]), of the same bounds however the text came. A place is looked at
//! once all of its stretch is there; until then it waits, and so does everything behind it.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use crate::detector::Detector;
use crate::number::{Run, end_of_digits};
use crate::own::Compiled;
use crate::view::{AHEAD, BEHIND, View};
use crate::{
    address, card, company, document, email, health, iban, ip, name, national, nir, password, phone, plate,
    secret, vat,
};

/// How much of a long line the organisation's detectors see at once, and how far they go on then.
const LINE: usize = 4096;
const STRIDE: usize = LINE / 2;

/// Something found, as a place in folded text.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) detector: Detector,
    pub(crate) place: Range<usize>,
}

/// Folded text as it comes, and how far it has been read. Places count from the beginning of all text.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// What may still be looked at.
    pub(crate) text: Vec<u8>,
    /// How much has been dropped before it.
    base: usize,
    /// What has been looked at.
    at: usize,
    /// Where the last finding ends.
    floor: usize,
    found: Vec<Found>,
    /// Words of health that wait for what stands behind them.
    words: VecDeque<Range<usize>>,
    /// Where people were found lately.
    people: VecDeque<Range<usize>>,
    /// Where the last finding that was told ends.
    told: usize,
    own: OwnScan,
}

#[derive(Debug, Default)]
struct OwnScan {
    all: Arc<[Compiled]>,
    /// Where the line begins that has not been looked at.
    at: usize,
    /// Where each one's last finding ends.
    ends: Vec<usize>,
}

impl Scan {
    pub(crate) fn new(own: &Arc<[Compiled]>) -> Self {
        Self {
            own: OwnScan {
                all: Arc::clone(own),
                at: 0,
                ends: vec![0; own.len()],
            },
            ..Self::default()
        }
    }

    /// One past the last byte that has come.
    pub(crate) fn end(&self) -> usize {
        self.base + self.text.len()
    }

    /// Looks at what can be looked at; with `last` nothing more comes. Findings that nothing can come before any more are
    /// put into `out`, in order.
    pub(crate) fn run(&mut self, last: bool, out: &mut Vec<Found>) {
        self.look(last);
        self.look_for_own(last);
        self.settle(last);
        let clear = self.cleared(last);
        self.found
            .sort_by(|a, b| (a.place.start, &a.detector).cmp(&(b.place.start, &b.detector)));
        let ready = self
            .found
            .partition_point(|found| last || found.place.start < clear);
        for found in self.found.drain(..ready) {
            let own = matches!(found.detector, Detector::Own(_));
            if own || found.place.start >= self.told {
                self.told = if own { self.told } else { found.place.end };
                out.push(found);
            }
        }
        self.trim(clear);
    }

    /// No finding to come begins before this.
    pub(crate) fn cleared(&self, last: bool) -> usize {
        if last {
            return self.end();
        }
        let word = self.words.front().map_or(self.at, |word| word.start.min(self.at));
        let own = if self.own.all.is_empty() {
            word
        } else {
            self.own.at.min(word)
        };
        word.saturating_sub(BEHIND).min(own)
    }

    fn look(&mut self, last: bool) {
        let end = self.end();
        loop {
            let Some(hit) = TRIGGERS.find(Input::new(&self.text).range(self.at - self.base..)) else {
                // The beginning of a trigger may stand at the end.
                self.at = if last {
                    end
                } else {
                    self.at.max(end.saturating_sub(LONGEST_TRIGGER - 1))
                };
                return;
            };
            let (place, trigger) = (hit.start(), Trigger::of(hit.pattern().as_usize()));
            if let Trigger::Key(at) = trigger
                && !self.text[place..].starts_with(secret::FORMATS[at].prefix.as_bytes())
            {
                self.at = self.base + place + 1;
                continue;
            }
            if !last && self.base + place + trigger.reach() > end {
                self.at = self.base + place;
                return;
            }
            let from = place.saturating_sub(BEHIND);
            let to = self.text.len().min(place + trigger.reach());
            let floor = self.floor.saturating_sub(self.base).max(from) - from;
            let view = View {
                bytes: &self.text[from..to],
                at: place - from,
                floor,
            };
            let length = hit.end() - place;
            let (found, next) = look_at(&view, trigger, length);
            let turn = |range: Range<usize>| range.start + from + self.base..range.end + from + self.base;
            self.at = self.base + from + next;
            match found {
                Some((Detector::Health, word)) => {
                    let word = turn(word);
                    self.at = word.end;
                    self.words.push_back(word);
                }
                Some((detector, place)) => {
                    let place = turn(place);
                    (self.at, self.floor) = (place.end, place.end);
                    if detector.is_person() {
                        self.people.push_back(place.clone());
                    }
                    self.found.push(Found { detector, place });
                }
                None => {}
            }
        }
    }

    /// Decides about the words of health behind which enough has been looked at.
    fn settle(&mut self, last: bool) {
        while let Some(word) = self.words.front().cloned() {
            if !last && word.end + health::REACH + BEHIND > self.at {
                break;
            }
            self.words.pop_front();
            let here = word.start - self.base..word.end - self.base;
            let around = health::around(&self.text, &here);
            let name = name::find(&self.text, around.clone(), &here);
            let around = around.start + self.base..around.end + self.base;
            let near = |person: &Range<usize>| person.start < around.end && around.start < person.end;
            if name.is_none() && !self.people.iter().any(near) {
                continue;
            }
            if let Some(name) = name {
                let place = name.start + self.base..name.end + self.base;
                self.found.push(Found {
                    detector: Detector::Name,
                    place,
                });
            }
            self.found.push(Found {
                detector: Detector::Health,
                place: word,
            });
        }
        let needed = self
            .words
            .front()
            .map_or(self.at, |word| word.start)
            .saturating_sub(2 * BEHIND);
        while self.people.front().is_some_and(|person| person.end < needed) {
            self.people.pop_front();
        }
    }

    fn look_for_own(&mut self, last: bool) {
        let own = &mut self.own;
        while !own.all.is_empty() && own.at < self.base + self.text.len() {
            let text = &self.text[own.at - self.base..];
            let line = text[..text.len().min(LINE)]
                .iter()
                .position(|byte| *byte == b'\n');
            // A line, a piece of a long one, or the last.
            let (length, next) = match line {
                Some(length) => (length, length + 1),
                None if text.len() >= LINE => (LINE, STRIDE),
                None if last => (text.len(), text.len()),
                None => return,
            };
            for (one, end) in own.all.iter().zip(&mut own.ends) {
                let places = one.places(&text[..length]).take_while(|place| place.start < next);
                let places = places.map(|place| place.start + own.at..place.end + own.at);
                for place in places.filter(|place| place.start >= *end).collect::<Vec<_>>() {
                    *end = place.end.max(*end);
                    let detector = Detector::Own(Arc::clone(&one.own));
                    self.found.push(Found { detector, place });
                }
            }
            own.at += next;
        }
    }

    /// Drops what nobody looks at any more.
    fn trim(&mut self, clear: usize) {
        let keep = clear.saturating_sub(BEHIND).max(self.base);
        if keep - self.base > self.text.len() / 2 {
            self.text.drain(..keep - self.base);
            self.base = keep;
        }
    }
}

/// What begins at the view's place, and where to go on when nothing does.
fn look_at(view: &View<'_>, trigger: Trigger, length: usize) -> (Option<(Detector, Range<usize>)>, usize) {
    let named = |detector: Detector| move |place: Range<usize>| (detector, place);
    let found = match trigger {
        Trigger::At => email::find(view).map(named(Detector::Email)),
        Trigger::Armour => secret::private_key(view.bytes, view.at).map(named(Detector::PrivateKey)),
        Trigger::Fillers => document::find(view).map(named(Detector::Document)),
        Trigger::Digit => return (number(view), end_of_digits(view.bytes, view.at)),
        Trigger::Key(at) => {
            secret::api_key(view.bytes, view.at, &secret::FORMATS[at]).map(named(Detector::ApiKey))
        }
        Trigger::Password => password::find(view, view.at + length).map(named(Detector::Password)),
        Trigger::Health => health::find(view.bytes, view.at, view.at + length).map(named(Detector::Health)),
    };
    // Of a row of fillers the first two are enough.
    let fillers = view
        .from(view.at)
        .iter()
        .take_while(|byte| **byte == b'<')
        .count();
    (found, view.at + fillers.max(1))
}

/// Looks at a place.
type Find<'a> = &'a dyn Fn() -> Option<Range<usize>>;

/// What a group of digits that begins at the view's place belongs to: the strictest formats first.
fn number(view: &View<'_>) -> Option<(Detector, Range<usize>)> {
    let run = Run::read(view.bytes, view.at);
    if run.len() < SHORT_RUN && !run.goes_on() && !has_capital_before(view) {
        return short_number(view, &run);
    }
    let dialled = view.before(view.at) == Some(b'+');
    let dialled = || dialled.then(|| phone::find(view, &run)).flatten();
    let find: [(Detector, Find<'_>); 12] = [
        (Detector::Phone, &dialled),
        (Detector::Iban, &|| iban::find(view)),
        (Detector::Nir, &|| nir::find(view)),
        (Detector::Vat, &|| vat::find(view)),
        (Detector::Card, &|| card::find(view, &run)),
        (Detector::Company, &|| company::find(view, &run)),
        (Detector::NationalId, &|| national::find(view, &run)),
        (Detector::NationalId, &|| national::find_lettered(view)),
        (Detector::Ip, &|| ip::find(view)),
        (Detector::Phone, &|| phone::find(view, &run)),
        (Detector::Plate, &|| plate::find(view)),
        (Detector::Address, &|| address::find(view)),
    ];
    let mut found = find
        .into_iter()
        .filter_map(|(detector, find)| Some((detector, find()?)));
    found.find(|(_, place)| place.start >= view.floor)
}

/// The fewest digits that a number of these formats begins with before its first letter; house numbers, internet addresses
/// and plates may have fewer.
const SHORT_RUN: usize = 6;

/// Most numbers of prose are short and stand alone: years, amounts, articles.
fn short_number(view: &View<'_>, run: &Run) -> Option<(Detector, Range<usize>)> {
    let rest = view.from(end_of_digits(view.bytes, view.at));
    let (found, detector) = match rest {
        [b'.' | b':', ..] => (ip::find(view), Detector::Ip),
        [b' ' | b'-', b'A'..=b'Z', ..] => (plate::find(view), Detector::Plate),
        _ if view.before(view.at) == Some(b'+') => (phone::find(view, run), Detector::Phone),
        _ => (None, Detector::Address),
    };
    let found = found.map(|place| (detector, place));
    found
        .or_else(|| Some((Detector::Address, address::find(view)?)))
        .filter(|(_, place)| place.start >= view.floor)
}

/// Whether a letter stands right before the view's place, or a capital one sign before it.
fn has_capital_before(view: &View<'_>) -> bool {
    match &view.bytes[..view.at] {
        [.., letter] if letter.is_ascii_alphabetic() => true,
        [.., letter, _] => letter.is_ascii_uppercase(),
        _ => false,
    }
}

/// What the automaton looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trigger {
    At,
    Armour,
    Fillers,
    Digit,
    Key(usize),
    Password,
    Health,
}

/// The automaton's patterns in order, before the beginnings of keys, the words of secrets and those of health.
const SIGNS: [&str; 13] = [
    "@",
    "-----BEGIN ",
    "<<",
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
];

impl Trigger {
    fn of(pattern: usize) -> Self {
        let keys = SIGNS.len() + secret::FORMATS.len();
        match pattern {
            0 => Self::At,
            1 => Self::Armour,
            2 => Self::Fillers,
            at if at < SIGNS.len() => Self::Digit,
            at if at < keys => Self::Key(at - SIGNS.len()),
            at if at < keys + password::WORDS.len() => Self::Password,
            _ => Self::Health,
        }
    }

    /// How much of the text from its place on must be there before it is looked at.
    fn reach(self) -> usize {
        match self {
            Self::Armour => secret::LONGEST,
            Self::Key(at) => secret::FORMATS[at].reach(),
            Self::At => 2 * AHEAD,
            _ => AHEAD,
        }
    }
}

fn triggers() -> impl Iterator<Item = &'static str> {
    let keys = secret::FORMATS.iter().map(|format| format.prefix);
    SIGNS
        .into_iter()
        .chain(keys)
        .chain(password::WORDS.iter().copied())
        .chain(health::WORDS.iter().copied())
}

/// More than the longest of the patterns.
const LONGEST_TRIGGER: usize = 48;

static TRIGGERS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        .build(triggers())
        .expect("some hundred short constant patterns fit in an automaton")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_trigger_is_longer_than_what_is_kept_for_it() {
        for trigger in triggers() {
            assert!(trigger.len() < LONGEST_TRIGGER && trigger.is_ascii(), "{trigger}");
        }
    }
}
