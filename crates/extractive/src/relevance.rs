//! How likely a unit holds the answer: a logistic model over features that can be read.
//!
//! The weights are fitted on several collections together: see `bench/answers/README.md`. There is one set of weights for all kinds of documents.

use std::collections::HashMap;

use trousseau_core::document::{BlockKind, Passage};
use trousseau_text::fold::fold;
use trousseau_text::language::Evidence;
use trousseau_text::words::analyze;

use super::cues::{Expected, match_expected, new_names};
use super::question::Question;
use super::units::{Unit, ends_sentence};

/// How many features a unit has.
pub const COUNT: usize = 25;

/// What each feature is called, for reports.
pub const NAMES: [&str; COUNT] = [
    "covered",
    "covered_by_context",
    "covered_by_title",
    "passage_match",
    "document_score",
    "document_lead",
    "first_of_document",
    "adjacent",
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
    "best_of_all",
    "kin",
    "leans_on_covered",
    "names_covered",
    "new_names",
    "passage_covered",
    "near_best",
];

/// The features of one unit, in the order of [`NAMES`].
#[derive(Clone, Debug, PartialEq)]
pub struct Features(pub [f32; COUNT]);

/// The fitted weights.
const WEIGHTS: [f32; COUNT] = [
    3.54, 0.88, 3.11, -4.88, 4.35, 0.66, 0.81, 0.43, 0.73, -0.59, 0.73, 1.18, 0.80, -0.49, -0.95, -3.47,
    -0.40, -3.91, 0.63, 4.44, 2.12, -0.12, -0.73, 3.44, 0.50,
];

impl Features {
    /// How far the unit lacks the sort of answer that is asked for: 0 to 1, and 0 where no sort is.
    pub(super) const fn misfit(&self) -> f32 {
        self.0[9]
    }

    /// How many names and numbers it has that the question does not have: 0 to 1, which is three or more.
    pub(super) const fn new_names(&self) -> f32 {
        self.0[22]
    }

    fn logit(&self) -> f32 {
        self.0
            .iter()
            .zip(WEIGHTS)
            .map(|(feature, weight)| feature * weight)
            .sum()
    }
}

/// For each unit the probability that it is the one that holds the answer, given that one does: a softmax
/// over all units.
pub(super) fn relevance(features: &[Features]) -> Vec<f32> {
    let logits: Vec<f32> = features.iter().map(Features::logit).collect();
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|logit| (logit - highest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
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
    /// Score of each passage's document relative to the best.
    documents: Vec<f32>,
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
        let mut held = vec![Vec::new(); passages.len()];
        for unit in units {
            held[unit.passage].extend(unit.matches.iter().map(|(place, _)| *place));
        }
        let titles: Vec<Vec<usize>> = passages
            .iter()
            .map(|passage| title_terms(question, passage))
            .collect();
        Self {
            covered: held.into_iter().map(|places| covered(question, places)).collect(),
            matches: passage_matches(question, &titles, units),
            titles,
            documents: passages
                .iter()
                .map(|passage| {
                    by_document
                        .get(passage.document.as_str())
                        .copied()
                        .unwrap_or_default()
                })
                .collect(),
        }
    }
}

pub(super) fn title_terms(question: &Question, passage: &Passage) -> Vec<usize> {
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
pub(super) fn passage_matches(question: &Question, titles: &[Vec<usize>], units: &[Unit]) -> Vec<f32> {
    let mut frequencies = vec![vec![0.0_f32; question.terms.len()]; titles.len()];
    let mut lengths = vec![0.0_f32; titles.len()];
    for (frequencies, titles) in frequencies.iter_mut().zip(titles) {
        for place in titles {
            frequencies[*place] = 1.0;
        }
    }
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
    let flag = |yes: bool| f32::from(u8::from(yes));
    let leaning = begins_with_pronoun(text);
    let nearness = 1.0 / (1.0 + unit.index as f32);
    let length = text.chars().count() as f32;
    Features([
        cover,
        in_context - cover,
        with_title - cover,
        around.matches[unit.passage],
        around.documents[unit.passage],
        flag(leads) * nearness * around.documents[unit.passage].powi(4),
        flag(leads && unit.index < 3) * around.documents[unit.passage].powi(4),
        adjacent(question, unit),
        fits.unwrap_or(0.0),
        fits.map_or(0.0, |fit| 1.0 - fit),
        flag(question.expected == Expected::Definition) * fits.unwrap_or(0.0),
        flag(question.expected == Expected::Verdict) * fits.unwrap_or(0.0),
        (length.max(1.0) / 100.0).ln(),
        novel(unit),
        flag(text.ends_with('?')),
        flag(!ends_sentence(text) && length < 90.0),
        flag(leaning),
        flag(matches!(unit.kind, BlockKind::ListItem | BlockKind::TableRow) || unit.introduction.is_some()),
        0.0,
        covered(question, own().chain(unit.kin.iter().copied())) - cover,
        flag(leaning) * covered(question, before),
        names_covered(question, unit),
        (new_names(question, text).0 as f32).min(3.0) / 3.0,
        around.covered[unit.passage],
        0.0,
    ])
}

/// Compares each unit with the one that covers most of the question, of all and in its passage.
fn rank_coverage(units: &[Unit], all: &mut [Features]) {
    const CONTEXT: usize = 1;
    const ADJACENT: usize = 7;
    const OF_ALL: usize = 18;
    const NEAR: usize = 24;
    let score = |features: &Features| features.0[0] + 0.5 * features.0[ADJACENT] + 0.3 * features.0[CONTEXT];
    let mut best: HashMap<usize, (f32, usize)> = HashMap::new();
    for (unit, features) in units.iter().zip(all.iter()) {
        let known = best.entry(unit.passage).or_default();
        if score(features) > known.0 {
            *known = (score(features), unit.index);
        }
    }
    let top = best
        .values()
        .map(|known| known.0)
        .fold(f32::MIN_POSITIVE, f32::max);
    for (unit, features) in units.iter().zip(all) {
        features.0[OF_ALL] = score(features) / top;
        features.0[NEAR] = match best.get(&unit.passage) {
            Some((score, index)) if *score > 0.0 => 1.0 / (1.0 + index.abs_diff(unit.index) as f32),
            _ => 0.0,
        };
    }
}

/// The share of neighbouring question terms that stand within three words of each other here.
pub(super) fn adjacent(question: &Question, unit: &Unit) -> f32 {
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

/// The weight of the question's names that the unit holds, over the whole question.
fn names_covered(question: &Question, unit: &Unit) -> f32 {
    let held = |place: usize| unit.matches.iter().any(|(own, _)| *own == place);
    let names = question
        .terms
        .iter()
        .enumerate()
        .filter(|(place, term)| term.name && held(*place));
    names.map(|(_, term)| term.weight).sum::<f32>() / question.mass
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
