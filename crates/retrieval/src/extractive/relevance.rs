//! How likely a unit holds the answer: a logistic model over features that can be read.
//!
//! The weights are fitted on several collections together by `bench-answers fit`; see
//! `bench/answers/README.md`. There is one set of weights for all kinds of documents.

use std::collections::HashMap;

use trousseau_core::document::{BlockKind, Passage};
use trousseau_text::fold::fold;
use trousseau_text::language::Evidence;
use trousseau_text::words::analyze;

use super::cues::{Expected, match_expected, new_names};
use super::question::Question;
use super::units::{Unit, ends_sentence};

/// How many features a unit has.
pub const COUNT: usize = 36;

/// What each feature is called, for reports.
pub const NAMES: [&str; COUNT] = [
    "covered",
    "covered_by_context",
    "covered_by_title",
    "covered_before",
    "passage_match",
    "document_score",
    "passage_score",
    "lead",
    "document_lead",
    "first_of_document",
    "adjacent",
    "rarest",
    "fits",
    "misfits",
    "defines",
    "answers_yes_no",
    "longer",
    "novel",
    "asks",
    "unfinished",
    "begins_with_pronoun",
    "listed",
    "best_of_passage",
    "best_of_all",
    "kin",
    "kin_before",
    "fits_and_covers",
    "leans_on_covered",
    "names_covered",
    "names_left",
    "new_names",
    "numbers",
    "passage_covered",
    "near_best",
    "dense",
    "document_rank",
];

/// The features of one unit, in the order of [`NAMES`].
#[derive(Clone, Debug, PartialEq)]
pub struct Features(pub [f32; COUNT]);

/// The fitted weights and, last, the constant.
const WEIGHTS: [f32; COUNT] = [1.0; COUNT];
const CONSTANT: f32 = -3.0;

impl Features {
    /// The probability that the unit holds the answer.
    pub fn relevance(&self) -> f32 {
        let sum: f32 = self
            .0
            .iter()
            .zip(WEIGHTS)
            .map(|(feature, weight)| feature * weight)
            .sum();
        1.0 / (1.0 + (-(sum + CONSTANT)).exp())
    }
}

/// The share of the question's weight that the terms at `places` hold.
pub(super) fn covered(question: &Question, places: impl IntoIterator<Item = usize>) -> f32 {
    let mut seen = 0_u64;
    let mut sum = 0.0;
    for place in places {
        if seen & (1 << place) == 0 {
            seen |= 1 << place;
            sum += question.terms[place].weight;
        }
    }
    sum / question.mass
}

/// The features of all units.
pub fn features(question: &Question, passages: &[Passage], units: &[Unit]) -> Vec<Features> {
    let surroundings = Surroundings::of(question, passages, units);
    let mut all: Vec<Features> = (0..units.len())
        .map(|place| one(question, passages, units, place, &surroundings))
        .collect();
    rank_coverage(units, &mut all);
    all
}

/// What the units of a passage share.
struct Surroundings {
    /// Question terms in the title and headings of each passage.
    titles: Vec<Vec<usize>>,
    /// BM25-like match of each passage, 0 to 1.
    matches: Vec<f32>,
    /// Score of each passage relative to the best.
    scores: Vec<f32>,
    /// Score of each passage's document relative to the best.
    documents: Vec<f32>,
    /// How many documents stand above each passage's.
    ranks: Vec<f32>,
    /// The share of the question that each passage covers.
    covered: Vec<f32>,
}

/// The mean length of a passage in terms, for the length normalisation of [`passage_match`].
const MEAN_TERMS: f32 = 80.0;

impl Surroundings {
    fn of(question: &Question, passages: &[Passage], units: &[Unit]) -> Self {
        let best = passages
            .iter()
            .map(|passage| passage.score)
            .fold(f32::MIN_POSITIVE, f32::max);
        let scores: Vec<f32> = passages
            .iter()
            .map(|passage| (passage.score / best).max(0.0))
            .collect();
        let mut by_document: HashMap<&str, f32> = HashMap::new();
        for (passage, score) in passages.iter().zip(&scores) {
            let known = by_document.entry(&passage.document).or_default();
            *known = known.max(*score);
        }
        let mut order: Vec<f32> = by_document.values().copied().collect();
        order.sort_by(|a, b| b.total_cmp(a));
        let rank = |document: &str| {
            order
                .iter()
                .take_while(|other| **other > by_document[document])
                .count() as f32
        };
        Self {
            ranks: passages.iter().map(|passage| rank(&passage.document)).collect(),
            covered: (0..passages.len())
                .map(|place| {
                    let held = units.iter().filter(|unit| unit.passage == place);
                    covered(
                        question,
                        held.flat_map(|unit| unit.matches.iter().map(|(place, _)| *place)),
                    )
                })
                .collect(),
            titles: passages
                .iter()
                .map(|passage| title_terms(question, passage))
                .collect(),
            matches: passage_matches(question, passages.len(), units),
            documents: passages
                .iter()
                .map(|passage| {
                    by_document
                        .get(passage.document.as_str())
                        .copied()
                        .unwrap_or_default()
                })
                .collect(),
            scores,
        }
    }
}

fn title_terms(question: &Question, passage: &Passage) -> Vec<usize> {
    let titles = std::iter::once(&passage.title).chain(&passage.heading);
    titles
        .flat_map(|title| {
            let language = Evidence::of(title).language().unwrap_or(question.language);
            analyze(title, language)
                .into_iter()
                .filter_map(move |term| question.place(&term.text, language))
        })
        .collect()
}

/// BM25 of each passage over the most it could be, with rarity as the question has it.
pub(super) fn passage_matches(question: &Question, passages: usize, units: &[Unit]) -> Vec<f32> {
    let mut frequencies = vec![vec![0.0_f32; question.terms.len()]; passages];
    let mut lengths = vec![0.0_f32; passages];
    for unit in units {
        lengths[unit.passage] += unit.length as f32;
        for (place, _) in &unit.matches {
            frequencies[unit.passage][*place] += 1.0;
        }
    }
    frequencies
        .iter()
        .zip(&lengths)
        .map(|(frequencies, length)| {
            let norm = 1.2 * (0.25 + 0.75 * length / MEAN_TERMS);
            let sum: f32 = frequencies
                .iter()
                .zip(&question.terms)
                .map(|(frequency, term)| term.weight * frequency / (frequency + norm))
                .sum();
            sum / question.mass
        })
        .collect()
}

fn one(
    question: &Question,
    passages: &[Passage],
    units: &[Unit],
    place: usize,
    around: &Surroundings,
) -> Features {
    let unit = &units[place];
    let passage = &passages[unit.passage];
    let text = &passage.text[unit.bytes.clone()];
    let neighbour = |step: isize| {
        place
            .checked_add_signed(step)
            .and_then(|place| units.get(place))
            .filter(|other| other.passage == unit.passage)
    };
    let own = || unit.matches.iter().map(|(place, _)| *place);
    let of = |other: Option<&Unit>| -> Vec<usize> {
        other.map_or_else(Vec::new, |other| {
            other.matches.iter().map(|(place, _)| *place).collect()
        })
    };
    let before = of(neighbour(-1));
    let after = of(neighbour(1));
    let introduction = of(unit.introduction.map(|place| &units[place]));
    let cover = covered(question, own());
    let in_context = covered(
        question,
        own()
            .chain(before.iter().copied())
            .chain(after)
            .chain(introduction),
    );
    let with_title = covered(question, own().chain(around.titles[unit.passage].iter().copied()));
    let fits = match_expected(question, text);
    let leads = passage.span.start == 0;
    let first = |yes: bool| f32::from(u8::from(yes));
    let nearness = 1.0 / (1.0 + unit.index as f32);
    let length = text.chars().count() as f32;
    Features([
        cover,
        in_context - cover,
        with_title - cover,
        covered(question, before),
        around.matches[unit.passage],
        around.documents[unit.passage],
        around.scores[unit.passage],
        nearness,
        if leads { nearness } else { 0.0 } * around.documents[unit.passage].powi(4),
        first(leads && unit.index < 3) * around.documents[unit.passage].powi(4),
        adjacent(question, unit),
        rarest(question, unit),
        fits.unwrap_or(0.0),
        fits.map_or(0.0, |fit| 1.0 - fit),
        f32::from(u8::from(question.expected == Expected::Definition)) * fits.unwrap_or(0.0),
        f32::from(u8::from(question.expected == Expected::Verdict)) * fits.unwrap_or(0.0),
        (length.max(1.0) / 100.0).ln(),
        novel(unit),
        first(text.ends_with('?')),
        first(!ends_sentence(text) && length < 90.0),
        first(begins_with_pronoun(text)),
        first(matches!(unit.kind, BlockKind::ListItem | BlockKind::TableRow) || unit.introduction.is_some()),
        0.0,
        0.0,
        covered(question, own().chain(unit.kin.iter().copied())) - cover,
        neighbour(-1).map_or(0.0, |before| covered(question, before.kin.iter().copied())),
        fits.unwrap_or(0.0) * cover,
        first(begins_with_pronoun(text)) * covered(question, of(neighbour(-1))),
        names(question, &|place| {
            unit.matches.iter().any(|(own, _)| *own == place)
        }),
        names(question, &|_| true),
        (new_names(question, text).0 as f32).min(3.0) / 3.0,
        first(text.bytes().any(|byte| byte.is_ascii_digit())),
        around.covered[unit.passage],
        0.0,
        dense(unit),
        1.0 / (1.0 + around.ranks[unit.passage]),
    ])
}

/// Marks the unit that covers most of the question in its passage, and of all.
fn rank_coverage(units: &[Unit], all: &mut [Features]) {
    let score = |features: &Features| features.0[0] + 0.5 * features.0[10] + 0.3 * features.0[1];
    let mut best: HashMap<usize, f32> = HashMap::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    for (unit, features) in units.iter().zip(all.iter()) {
        let known = best.entry(unit.passage).or_default();
        if score(features) > *known {
            *known = score(features);
            places.insert(unit.passage, unit.index);
        }
    }
    let top = best.values().copied().fold(f32::MIN_POSITIVE, f32::max);
    for (unit, features) in units.iter().zip(all) {
        let own = score(features);
        let of_passage = best
            .get(&unit.passage)
            .copied()
            .unwrap_or_default()
            .max(f32::MIN_POSITIVE);
        features.0[22] = own / of_passage;
        features.0[23] = own / top;
        features.0[33] = places
            .get(&unit.passage)
            .map_or(0.0, |best| 1.0 / (1.0 + best.abs_diff(unit.index) as f32));
    }
}

/// The share of neighbouring question terms that stand within three words of each other here.
fn adjacent(question: &Question, unit: &Unit) -> f32 {
    let pairs = question.terms.len().saturating_sub(1);
    if pairs == 0 {
        return 0.0;
    }
    let mut found = 0_u64;
    for window in unit.matches.windows(2) {
        let [(a, at), (b, then)] = [window[0], window[1]];
        if a.abs_diff(b) == 1 && then - at <= 3 {
            found |= 1 << a.min(b);
        }
    }
    let weight = |place: usize| question.terms[place].weight + question.terms[place + 1].weight;
    let all: f32 = (0..pairs).map(weight).sum();
    (0..pairs)
        .filter(|place| found & (1 << place) != 0)
        .map(weight)
        .sum::<f32>()
        / all
}

/// The weight of the names among the question's terms that `held` holds, over the whole question.
fn names(question: &Question, held: &dyn Fn(usize) -> bool) -> f32 {
    let names = question
        .terms
        .iter()
        .enumerate()
        .filter(|(place, term)| term.name && held(*place));
    names.map(|(_, term)| term.weight).sum::<f32>() / question.mass
}

/// How close together the question's terms stand: their number over the words from the first to the last.
fn dense(unit: &Unit) -> f32 {
    let (Some((_, from)), Some((_, to))) = (unit.matches.first(), unit.matches.last()) else {
        return 0.0;
    };
    if unit.matches.len() < 2 {
        0.0
    } else {
        unit.matches.len() as f32 / (1 + to - from) as f32
    }
}

/// Whether the unit holds the term that tells most.
fn rarest(question: &Question, unit: &Unit) -> f32 {
    let rarest = (0..question.terms.len())
        .max_by(|a, b| question.terms[*a].weight.total_cmp(&question.terms[*b].weight));
    let held = rarest.is_some_and(|rarest| unit.matches.iter().any(|(place, _)| *place == rarest));
    f32::from(u8::from(held))
}

/// The share of the unit's terms that the question does not have, over a sentence's usual length: a
/// sentence that only repeats the question answers nothing.
fn novel(unit: &Unit) -> f32 {
    let fresh = unit.length.saturating_sub(unit.matches.len());
    (fresh as f32 / 10.0).min(1.0)
}

/// Whether the unit leans on the one before it.
fn begins_with_pronoun(text: &str) -> bool {
    let word: String = text.chars().take_while(|c| c.is_alphabetic()).collect();
    matches!(
        fold(&word).as_str(),
        "il" | "elle"
            | "ils"
            | "elles"
            | "ce"
            | "cet"
            | "cette"
            | "ces"
            | "cela"
            | "celui"
            | "celle"
            | "ceux"
            | "he"
            | "she"
            | "it"
            | "they"
            | "this"
            | "these"
            | "those"
            | "his"
            | "her"
            | "its"
            | "their"
            | "son"
            | "sa"
            | "ses"
            | "leur"
            | "leurs"
    )
}
