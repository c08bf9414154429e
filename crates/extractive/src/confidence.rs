//! How well the passages support an answer at all: a logistic model over six features that can be read.
//!
//! One threshold has to serve every collection, so that each feature is a share, or a ratio to what the question
//! itself could reach. How it is fitted, and what is measured, stands in `bench/answers/README.md`.

use trousseau_core::document::Passage;

use super::Weighed;
use super::question::Question;
use super::relevance::{Features, covered, title_terms};
use super::units::Unit;

/// How many features the support of an answer has.
pub const COUNT: usize = 6;

/// What each feature is called, for reports:
///
/// - `attained`: the logarithm of the best passage's score over what the question could attain;
/// - `mass_held`: how much the terms tell that the fullest passage holds, in terms that no document holds;
/// - `names_held`: the share of the question that is names which this passage holds;
/// - `focus`: how likely the answer stands in the document of this passage, as the units' relevance has it;
/// - `new_names`: whether the likely units bring names and numbers that the question does not have;
/// - `misfit`: whether the likely units lack the sort of answer that is asked for.
pub const NAMES: [&str; COUNT] = [
    "attained",
    "mass_held",
    "names_held",
    "focus",
    "new_names",
    "misfit",
];

/// What the confidence is computed from, in the order of [`NAMES`].
#[derive(Clone, Debug, PartialEq)]
pub struct Support(pub [f32; COUNT]);

/// The fitted weights and the constant.
const WEIGHTS: [f32; COUNT] = [2.93, 0.80, 1.83, 1.21, 1.34, -1.20];
const CONSTANT: f32 = -5.15;

/// Added to the constant where rarity is estimated from the passages. Chosen so that the same threshold answers as
/// many questions.
const ESTIMATED: f32 = -1.85;

/// A score is taken to attain at least and at most this many times what the question alone gives: matches in
/// titles, pairs and exact forms add to it.
const ATTAINED: (f32, f32) = (0.05, 20.0);

impl Support {
    /// The support of what is weighed, where a term that matches once adds its part of `attainable` to a score;
    /// `None` when nothing shares a term with the question.
    pub fn of(weighed: &Weighed, passages: &[Passage], attainable: f32) -> Option<Self> {
        let Weighed {
            question,
            units,
            features,
            relevance,
        } = weighed;
        let (fullest, held) = fullest(question, passages, units)?;
        let names = held.iter().copied().filter(|place| question.terms[*place].name);
        let score = passages.iter().map(|passage| passage.score).fold(0.0, f32::max);
        let attained = score / (attainable * question.subject).max(f32::MIN_POSITIVE);
        let document = &passages[fullest].document;
        let inside = |unit: &Unit| f32::from(u8::from(passages[unit.passage].document == *document));
        let expected = |of: &dyn Fn(&Unit, &Features) -> f32| -> f32 {
            let each = units.iter().zip(features).zip(relevance);
            each.map(|((unit, features), relevance)| relevance * of(unit, features))
                .sum()
        };
        Some(Self([
            attained.clamp(ATTAINED.0, ATTAINED.1).ln(),
            covered(question, held.iter().copied()) * question.mass / question.rarest_possible,
            covered(question, names),
            expected(&|unit, _| inside(unit)),
            expected(&|_, features| features.new_names()),
            expected(&|_, features| features.misfit()),
        ]))
    }

    /// The confidence that the passages hold the answer, 0 to 1; `estimated` says that the rarity of terms was
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

/// The passage that holds most of the question, with what stands above it, and the terms it holds.
fn fullest(question: &Question, passages: &[Passage], units: &[Unit]) -> Option<(usize, Vec<usize>)> {
    let mut held: Vec<Vec<usize>> = passages
        .iter()
        .map(|passage| title_terms(question, passage))
        .collect();
    for unit in units {
        held[unit.passage].extend(unit.matches.iter().map(|(place, _)| *place));
    }
    held.into_iter()
        .map(|terms| (covered(question, terms.iter().copied()), terms))
        .enumerate()
        .filter(|(_, (_, terms))| !terms.is_empty())
        .max_by(|(a, (more, _)), (b, (less, _))| more.total_cmp(less).then(b.cmp(a)))
        .map(|(passage, (_, terms))| (passage, terms))
}
