//! How well the passages support an answer at all.

use std::collections::HashMap;

use trousseau_core::document::Passage;

use super::question::Question;
use super::relevance::{covered, passage_matches};
use super::units::Unit;

/// How many features the support of an answer has.
pub const COUNT: usize = 14;

/// What each feature is called, for reports.
pub const NAMES: [&str; COUNT] = [
    "best_match",
    "best_covered",
    "unit_covered",
    "window_covered",
    "rarest_in_best",
    "rarest_in_unit",
    "second_rarest_in_unit",
    "names_missing",
    "margin_second",
    "margin_fifth",
    "relevance",
    "terms",
    "terms_covered",
    "relevance_sum",
];

/// What the confidence is computed from.
#[derive(Clone, Debug, PartialEq)]
pub struct Support(pub [f32; COUNT]);

const WEIGHTS: [f32; COUNT] = [1.0; COUNT];
const CONSTANT: f32 = -3.0;

/// The margin taken where there is no other document to compare with.
const UNKNOWN_MARGIN: f32 = 0.25;

impl Support {
    /// The support that `units` give; `None` when no unit shares a term with the question.
    pub fn of(question: &Question, passages: &[Passage], units: &[Unit], relevance: &[f32]) -> Option<Self> {
        let places = |unit: &Unit| unit.matches.iter().map(|(place, _)| *place).collect::<Vec<_>>();
        let cover = |unit: &Unit| covered(question, places(unit));
        let best_unit = units
            .iter()
            .filter(|unit| !unit.matches.is_empty())
            .max_by(|a, b| cover(a).total_cmp(&cover(b)))?;
        let matches = passage_matches(question, passages.len(), units);
        let best_match = matches.iter().copied().fold(0.0, f32::max);
        let mut held: HashMap<usize, Vec<usize>> = HashMap::new();
        for unit in units {
            held.entry(unit.passage).or_default().extend(places(unit));
        }
        let (best_passage, best_covered) = held
            .iter()
            .map(|(passage, places)| (*passage, covered(question, places.iter().copied())))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        let window = units
            .windows(2)
            .filter(|pair| pair[0].passage == pair[1].passage)
            .map(|pair| covered(question, places(&pair[0]).into_iter().chain(places(&pair[1]))))
            .fold(cover(best_unit), f32::max);
        let mut by_weight: Vec<usize> = (0..question.terms.len()).collect();
        by_weight.sort_by(|a, b| question.terms[*b].weight.total_cmp(&question.terms[*a].weight));
        let in_unit = |rank: usize| {
            by_weight
                .get(rank)
                .is_none_or(|term| places(best_unit).contains(term))
        };
        let in_best = by_weight
            .first()
            .is_none_or(|term| held[&best_passage].contains(term));
        let missing: f32 = question
            .terms
            .iter()
            .enumerate()
            .filter(|(place, term)| term.name && !held[&best_passage].contains(place))
            .map(|(_, term)| term.weight)
            .sum();
        let (second, fifth) = margins(passages);
        let flag = |yes: bool| f32::from(u8::from(yes));
        let likely = relevance.iter().copied().fold(0.0, f32::max);
        let mut sorted = relevance.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let terms = question.terms.len() as f32;
        let mut distinct = places(best_unit);
        distinct.sort_unstable();
        distinct.dedup();
        Some(Self([
            best_match,
            best_covered,
            cover(best_unit),
            window,
            flag(in_best),
            flag(in_unit(0)),
            flag(in_unit(1)),
            missing / question.mass,
            second,
            fifth,
            likely,
            (1.0 + terms).ln(),
            (1.0 + distinct.len() as f32).ln(),
            sorted.iter().take(3).sum(),
        ]))
    }

    /// The probability that the passages hold the answer.
    pub fn confidence(&self) -> f32 {
        let sum: f32 = self
            .0
            .iter()
            .zip(WEIGHTS)
            .map(|(feature, weight)| feature * weight)
            .sum();
        1.0 / (1.0 + (-(sum + CONSTANT)).exp())
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
