//! Answers made of verbatim sentences.
//!
//! [`answer`] is pure: a question and passages in, an [`Extract`] out. [`question`] reads what is asked:
//! its terms, how much each tells, the sort of answer expected. [`units`] cuts the passages into what can be
//! quoted: sentences, whole list items, whole table rows. [`relevance`] weighs each unit against the
//! question, [`select`] picks within the space given and puts the picks in reading order, and
//! [`confidence`] says how well the passages support an answer at all: below the threshold it abstains.
//! [`model`] is the same behind [`ChatModel`](trousseau_core::chat::ChatModel).
//!
//! Every sentence of an answer is a range of a passage. There is no other source of text, so nothing can be
//! invented.

pub mod confidence;
pub mod cues;
mod kin;
pub mod model;
pub mod question;
pub mod relevance;
mod select;
pub mod units;

use std::ops::Range;

use trousseau_core::chat::Rarities;
use trousseau_core::document::Passage;

use confidence::Support;
use question::Question;
use relevance::Features;
use units::Unit;

pub use model::{Extractive, Wording};

/// How an answer is made.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The most characters of the quoted sentences together, with the spaces and citation markers between
    /// them.
    pub max_chars: usize,
    /// The most sentences, list items and table rows.
    pub max_units: usize,
    /// The confidence, 0 to 1, below which it abstains.
    pub threshold: f32,
    /// How rare the question's terms are where the passages were found; without it, rarity is estimated from the
    /// passages, which tells questions of other collections a little less well.
    pub rarities: Option<&'a Rarities>,
}

/// The space of an answer: three or four sentences.
pub const MAX_CHARS: usize = 400;

/// The threshold shipped, one for every collection: the weights of [`confidence`] are fitted to it. Of PIAF, service-public
/// and XQuAD, with weights fitted on the other half of the documents, it answers at least 80 % of the questions and abstains
/// from about 60 % of those whose document is removed and 96 % of other sets'; of CNIL from 20 % and 90 %. See
/// `bench/answers/README.md`.
pub const THRESHOLD: f32 = 0.5;

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            max_chars: MAX_CHARS,
            max_units: 6,
            threshold: THRESHOLD,
            rarities: None,
        }
    }
}

/// One quoted piece of an answer: a sentence, list item or table row, or several that stand side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// The passage it stands in: its place in the list that was given.
    pub passage: usize,
    /// Its place in the text of that passage.
    pub bytes: Range<usize>,
    /// How likely it holds the answer, given that a passage does: 0 to 1, as [`relevance`] estimates it.
    pub relevance: f32,
}

/// An answer, or the reason why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Extract {
    /// What is quoted, in reading order; empty when it abstains.
    pub quotes: Vec<Quote>,
    /// How well the passages support an answer, 0 to 1.
    pub confidence: f32,
    /// What that confidence was computed from; `None` when no passage shares a term with the question.
    pub support: Option<Support>,
    /// Whether it declines to answer.
    pub abstained: bool,
}

impl Extract {
    /// The quotes as one text, each followed by its citation marker: ` [1]`, ` [2]`, ...
    pub fn text(&self, passages: &[Passage]) -> String {
        let mut text = String::new();
        for (number, quote) in (1..).zip(&self.quotes) {
            text.push_str(separator(&text));
            text.push_str(quote.text(passages));
            text.push_str(&marker(number));
        }
        text
    }
}

impl Quote {
    /// The words quoted.
    pub fn text<'a>(&self, passages: &'a [Passage]) -> &'a str {
        passages
            .get(self.passage)
            .and_then(|passage| passage.text.get(self.bytes.clone()))
            .unwrap_or_default()
    }
}

/// What stands between the marker of a quote and the next quote.
const fn separator(text: &str) -> &'static str {
    if text.is_empty() { "" } else { "\n" }
}

fn marker(number: usize) -> String {
    format!(" [{number}]")
}

/// Picks the sentences of `passages` that answer `question`.
///
/// The passages come from a search, each with its score; they should include the first chunk of the best
/// documents, where a document says what it is about. The work is linear in their length.
pub fn answer(question: &str, passages: &[Passage], options: &Options<'_>) -> Extract {
    let weighed = weigh(question, passages, options);
    let attainable = options
        .rarities
        .map_or(weighed.question.mass, |rarities| rarities.attainable);
    let support = Support::of(&weighed, passages, attainable);
    let estimated = options.rarities.is_none();
    let confidence = support
        .as_ref()
        .map_or(0.0, |support| support.confidence(estimated));
    let quotes = if confidence >= options.threshold && support.is_some() {
        select::select(passages, &weighed.units, &weighed.relevance, options)
    } else {
        Vec::new()
    };
    Extract {
        abstained: quotes.is_empty(),
        quotes,
        confidence,
        support,
    }
}

/// Everything that could be quoted, weighed against the question.
#[derive(Clone, Debug, PartialEq)]
pub struct Weighed {
    /// The question as read.
    pub question: Question,
    /// What can be quoted.
    pub units: Vec<Unit>,
    /// What each unit is judged by.
    pub features: Vec<Features>,
    /// The probability that each unit is the one that holds the answer, given that one does.
    pub relevance: Vec<f32>,
}

/// The first half of [`answer`], for measuring and fitting.
pub fn weigh(question: &str, passages: &[Passage], options: &Options<'_>) -> Weighed {
    let question = Question::read(question, passages, options.rarities);
    let units = units::units(&question, passages);
    let features = relevance::features(&question, passages, &units);
    let relevance = relevance::relevance(&features);
    Weighed {
        question,
        units,
        features,
        relevance,
    }
}

#[cfg(test)]
mod tests;
