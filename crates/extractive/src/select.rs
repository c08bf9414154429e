//! Picks units within the space given and puts them in reading order.
//!
//! Space goes first to the units that are worth most for their length, as a greedy answer to the knapsack
//! problem: a short sentence that is nearly as likely leaves room for another. Units that stand side by side become
//! one quote with one citation.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use trousseau_core::document::Passage;
use trousseau_text::fold::fold;
use trousseau_text::words::words;

use super::units::Unit;
use super::{Options, Quote, marker};

/// A unit whose relevance is below this share of the best one's is left out, even where there is space.
const RELATIVE_FLOOR: f32 = 0.01;

/// Two units that share more of their words than this say the same.
const SAME: f32 = 0.7;

pub(super) fn select(
    passages: &[Passage],
    units: &[Unit],
    relevance: &[f32],
    options: &Options<'_>,
) -> Vec<Quote> {
    let worth: Vec<f32> = units
        .iter()
        .zip(relevance)
        .map(|(unit, relevance)| relevance / unit.bytes.len() as f32)
        .collect();
    let mut order: Vec<usize> = (0..units.len()).collect();
    order.sort_by(|a, b| worth[*b].total_cmp(&worth[*a]).then(a.cmp(b)));
    // The likeliest unit comes first whatever its length; the space it leaves goes by worth.
    let likeliest = (0..units.len()).max_by(|a, b| relevance[*a].total_cmp(&relevance[*b]).then(b.cmp(a)));
    if let Some(at) = order.iter().position(|place| Some(*place) == likeliest) {
        order[..=at].rotate_right(1);
    }
    let best = likeliest.map_or(0.0, |place| relevance[place]);
    let mut picked = Picked {
        passages,
        units,
        chosen: Vec::new(),
        words: Vec::new(),
        space: options.max_chars,
    };
    for place in order {
        if picked.chosen.len() >= options.max_units {
            break;
        }
        if relevance[place] >= best * RELATIVE_FLOOR {
            picked.try_add(place);
        }
    }
    picked.in_reading_order(relevance)
}

struct Picked<'a> {
    passages: &'a [Passage],
    units: &'a [Unit],
    chosen: Vec<usize>,
    words: Vec<HashSet<String>>,
    space: usize,
}

impl Picked<'_> {
    /// Adds a unit, with the line that introduces it, unless it does not fit or is said already.
    fn try_add(&mut self, place: usize) {
        let text = self.text(place);
        let words: HashSet<String> = words(text).map(|word| fold(&text[word.bytes])).collect();
        if self.chosen.contains(&place) || words.is_empty() || self.said(&words) {
            return;
        }
        if !self.fits(place) {
            return;
        }
        self.chosen.push(place);
        self.words.push(words);
        let introduction = self.units[place].introduction;
        if let Some(line) = introduction.filter(|line| !self.chosen.contains(line) && self.fits(*line)) {
            self.chosen.push(line);
        }
    }

    fn text(&self, place: usize) -> &str {
        let unit = &self.units[place];
        &self.passages[unit.passage].text[unit.bytes.clone()]
    }

    /// Whether the answer keeps within its space when this unit is added.
    fn fits(&self, place: usize) -> bool {
        let mut places = self.chosen.clone();
        places.push(place);
        places.sort_unstable();
        let runs = self.runs(&places);
        let quoted: usize = runs
            .iter()
            .map(|(passage, bytes)| self.passages[*passage].text[bytes.clone()].chars().count())
            .sum();
        let markers: usize = (1..=runs.len()).map(|number| marker(number).len()).sum();
        quoted + markers + runs.len().saturating_sub(1) <= self.space
    }

    /// The chosen units as ranges of passages: neighbours become one.
    fn runs(&self, places: &[usize]) -> Vec<(usize, Range<usize>)> {
        let mut runs: Vec<(usize, Range<usize>)> = Vec::new();
        let mut last = None;
        for place in places {
            let unit = &self.units[*place];
            match runs.last_mut().filter(|_| last == place.checked_sub(1)) {
                Some((passage, bytes)) if *passage == unit.passage => bytes.end = unit.bytes.end,
                _ => runs.push((unit.passage, unit.bytes.clone())),
            }
            last = Some(*place);
        }
        runs
    }

    fn said(&self, words: &HashSet<String>) -> bool {
        self.words.iter().any(|known| {
            let shared = known.intersection(words).count() as f32;
            shared / words.len() as f32 > SAME
        })
    }

    /// Documents in the order of their best unit, and inside a document the order of its text.
    fn in_reading_order(mut self, relevance: &[f32]) -> Vec<Quote> {
        let mut ranks: HashMap<&str, usize> = HashMap::new();
        for place in &self.chosen {
            let next = ranks.len();
            ranks
                .entry(&self.passages[self.units[*place].passage].document)
                .or_insert(next);
        }
        self.chosen.sort_unstable();
        let mut runs = self.runs(&self.chosen);
        runs.sort_by_key(|(passage, bytes)| {
            let found = &self.passages[*passage];
            (
                ranks.get(found.document.as_str()).copied(),
                found.span.start,
                *passage,
                bytes.start,
            )
        });
        let inside = |place: &usize, passage: usize, bytes: &Range<usize>| {
            let unit = &self.units[*place];
            unit.passage == passage && bytes.start <= unit.bytes.start && unit.bytes.end <= bytes.end
        };
        runs.into_iter()
            .map(|(passage, bytes)| Quote {
                relevance: self
                    .chosen
                    .iter()
                    .filter(|place| inside(place, passage, &bytes))
                    .map(|place| relevance[*place])
                    .sum(),
                passage,
                bytes,
            })
            .collect()
    }
}
