//! How well the passages support an answer at all: a logistic model over features that can be read.
//!
//! It is fitted to tell questions asked of the whole collection from the same questions with their
//! document removed and from questions of other collections, several collections together: see
//! `bench/answers/README.md`.

use std::collections::HashMap;

use trousseau_core::document::Passage;

use super::question::Question;
use super::relevance::{adjacent, covered, passage_matches, title_terms};
use super::units::Unit;

/// How many features the support of an answer has.
pub const COUNT: usize = 16;

/// What each feature is called, for reports.
pub const NAMES: [&str; COUNT] = [
    "passage_match",
    "passage_covered",
    "passage_covered_with_kin",
    "unit_covered",
    "window_covered",
    "adjacent",
    "rarest_in_unit",
    "score",
    "names_held",
    "names_missing",
    "mass_held",
    "heaviest_missing",
    "margin_second",
    "margin_fifth",
    "relevance",
    "terms_held",
];

/// What the confidence is computed from, in the order of [`NAMES`].
#[derive(Clone, Debug, PartialEq)]
pub struct Support(pub [f32; COUNT]);

/// The fitted weights and the constant.
const WEIGHTS: [f32; COUNT] = [
    5.86, -2.89, 1.65, -1.26, -0.68, 0.61, 0.37, 2.23, 1.80, -1.42, 1.23, 1.08, 0.12, -0.45, 1.39, 0.90,
];
const CONSTANT: f32 = -7.01;

/// Added to the constant where rarity is estimated from the passages: estimates make every passage look
/// closer. Chosen so that the same threshold answers as many questions.
const ESTIMATED: f32 = -2.06;

/// The margin taken where there is no other document to compare with.
const UNKNOWN_MARGIN: f32 = 0.3;

impl Support {
    /// The support that `units` of this relevance give, where a passage's score could reach about twice `attainable`; `None` when no unit shares a term with the question.
    pub fn of(
        question: &Question,
        passages: &[Passage],
        (units, relevance): (&[Unit], &[f32]),
        attainable: f32,
    ) -> Option<Self> {
        // What stands above a passage speaks for it as its own words do.
        let titles: Vec<Vec<usize>> = passages
            .iter()
            .map(|passage| title_terms(question, passage))
            .collect();
        let evidence = Evidence::of(question, &titles, units)?;
        let matches = passage_matches(question, &titles, units);
        let held: Vec<usize> = evidence.passage_terms.clone();
        let weight = |names: bool, inside: bool| -> f32 {
            let terms = question.terms.iter().enumerate();
            terms
                .filter(|(place, term)| (term.name || !names) && held.contains(place) == inside)
                .map(|(_, term)| term.weight)
                .sum()
        };
        let heaviest_missing = question
            .terms
            .iter()
            .enumerate()
            .filter(|(place, _)| !held.contains(place))
            .map(|(_, term)| term.weight)
            .fold(0.0, f32::max);
        let (second, fifth) = margins(passages);
        let score = passages.iter().map(|passage| passage.score).fold(0.0, f32::max);
        let flag = |yes: bool| f32::from(u8::from(yes));
        let in_unit = |rank: usize| {
            let rarest = question.by_weight().nth(rank);
            flag(rarest.is_none_or(|term| evidence.unit_terms.contains(&term)))
        };
        Some(Self([
            matches.iter().copied().fold(0.0, f32::max),
            covered(question, held.iter().copied()),
            covered(
                question,
                held.iter().copied().chain(evidence.passage_kin.iter().copied()),
            ),
            covered(question, evidence.unit_terms.iter().copied()),
            evidence.window,
            units
                .iter()
                .map(|unit| adjacent(question, unit))
                .fold(0.0, f32::max),
            in_unit(0),
            score / (attainable * 2.2),
            weight(true, true) / question.mass,
            weight(true, false) / question.mass,
            weight(false, true) / question.rarest_possible,
            heaviest_missing / question.rarest_possible,
            second,
            fifth,
            relevance.iter().copied().fold(0.0, f32::max),
            (1.0 + evidence.unit_terms.len() as f32).ln(),
        ]))
    }

    /// The probability that the passages hold the answer; `estimated` says that the rarity of terms was
    /// estimated from the passages.
    pub fn confidence(&self, estimated: bool) -> f32 {
        let sum: f32 = self
            .0
            .iter()
            .zip(WEIGHTS)
            .map(|(feature, weight)| feature * weight)
            .sum();
        let constant = CONSTANT + if estimated { ESTIMATED } else { 0.0 };
        1.0 / (1.0 + (-(sum + constant)).exp())
    }
}

/// The terms of the question that the best passage, the best unit and the best two neighbouring units hold.
struct Evidence {
    passage_terms: Vec<usize>,
    passage_kin: Vec<usize>,
    unit_terms: Vec<usize>,
    window: f32,
}

impl Evidence {
    fn of(question: &Question, titles: &[Vec<usize>], units: &[Unit]) -> Option<Self> {
        let places = |unit: &Unit| unit.matches.iter().map(|(place, _)| *place).collect::<Vec<_>>();
        let cover = |places: &[usize]| covered(question, places.iter().copied());
        let mut of_passage: Vec<(Vec<usize>, Vec<usize>)> =
            titles.iter().map(|titles| (titles.clone(), Vec::new())).collect();
        for unit in units {
            of_passage[unit.passage].0.extend(places(unit));
            of_passage[unit.passage].1.extend(unit.kin.iter().copied());
        }
        let best = |a: &f32, b: &f32| a.total_cmp(b);
        let (passage_terms, passage_kin) = of_passage
            .into_iter()
            .filter(|(terms, _)| !terms.is_empty())
            .max_by(|a, b| best(&cover(&a.0), &cover(&b.0)))?;
        let mut unit_terms = units
            .iter()
            .map(places)
            .max_by(|a, b| best(&cover(a), &cover(b)))?;
        unit_terms.sort_unstable();
        unit_terms.dedup();
        let window = units
            .windows(2)
            .filter(|pair| pair[0].passage == pair[1].passage)
            .map(|pair| covered(question, places(&pair[0]).into_iter().chain(places(&pair[1]))))
            .fold(cover(&unit_terms), f32::max);
        Some(Self {
            passage_terms,
            passage_kin,
            unit_terms,
            window,
        })
    }
}

/// How far the best document's score stands above the second's and the fifth's, as logarithms.
fn margins(passages: &[Passage]) -> (f32, f32) {
    let mut best: HashMap<&str, f32> = HashMap::new();
    for passage in passages {
        let known = best.entry(&passage.document).or_default();
        *known = known.max(passage.score);
    }
    let mut scores: Vec<f32> = best.into_values().filter(|score| *score > 0.0).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    let margin = |rank: usize| {
        let last = scores.get(rank).or(scores.last().filter(|_| scores.len() > 1));
        last.map_or(UNKNOWN_MARGIN, |other| (scores[0] / other).ln())
    };
    (margin(1), margin(4))
}
