//! Picks units within the space given and puts them in reading order.
//!
//! Space goes first to the units that are worth most for their length, as a greedy answer to the knapsack
//! problem: a short sentence that is nearly as likely leaves room for another.

use std::collections::{HashMap, HashSet};

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
    let best = relevance.iter().copied().fold(0.0, f32::max);
    let mut picked = Picked {
        passages,
        units,
        chosen: Vec::new(),
        words: Vec::new(),
        left: options.max_chars,
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
    left: usize,
}

impl Picked<'_> {
    /// Adds a unit, with the line that introduces it, unless it does not fit or is said already.
    fn try_add(&mut self, place: usize) {
        let text = self.text(place);
        let words: HashSet<String> = words(text).map(|word| fold(&text[word.bytes])).collect();
        if self.chosen.contains(&place) || words.is_empty() || self.said(&words) {
            return;
        }
        let introduction = self.units[place]
            .introduction
            .filter(|line| !self.chosen.contains(line));
        let cost = self.cost(place);
        let Some(left) = self.left.checked_sub(cost) else {
            return;
        };
        self.left = left;
        self.chosen.push(place);
        self.words.push(words);
        if let Some(line) = introduction
            && let Some(left) = self.left.checked_sub(self.cost(line))
        {
            self.left = left;
            self.chosen.push(line);
            self.words.push(HashSet::new());
        }
    }

    fn text(&self, place: usize) -> &str {
        let unit = &self.units[place];
        &self.passages[unit.passage].text[unit.bytes.clone()]
    }

    /// The characters it takes: text, marker, and the separator before it.
    fn cost(&self, place: usize) -> usize {
        let separator = usize::from(!self.chosen.is_empty());
        self.text(place).chars().count() + marker(self.chosen.len() + 1).len() + separator
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
        self.chosen.sort_by_key(|place| {
            let unit = &self.units[*place];
            let passage = &self.passages[unit.passage];
            let rank = ranks.get(passage.document.as_str()).copied();
            (rank, passage.span.start, unit.passage, unit.bytes.start)
        });
        self.chosen
            .iter()
            .map(|place| Quote {
                passage: self.units[*place].passage,
                bytes: self.units[*place].bytes.clone(),
                relevance: relevance[*place],
            })
            .collect()
    }
}
