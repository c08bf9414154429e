//! A question as the index is asked it: weighted terms.

use std::collections::HashMap;

use trousseau_text::language::{Language, detect};
use trousseau_text::stopwords::is_vague;
use trousseau_text::terms::visit;

use super::Options;

/// So many bytes of a question are read.
pub(super) const READ: usize = 8_192;

/// So many different terms of a question are searched.
pub(super) const SEARCHED: usize = 48;

/// Words further apart than this in the question are no pair.
const WIDEST_PAIR: u32 = 4;

/// The different terms of a question, in order.
pub(super) struct Question {
    pub(super) language: Language,
    pub(super) terms: Vec<QuestionTerm>,
}

/// One term of a question.
pub(super) struct QuestionTerm {
    pub(super) stem: String,
    /// The word as written first, folded.
    pub(super) form: String,
    /// How much it counts: as often as it is asked, less when it says little.
    pub(super) weight: f32,
    /// Where it stands first.
    pub(super) position: u32,
    /// Whether it stands for more than its word.
    pub(super) compound: bool,
}

impl QuestionTerm {
    /// Takes another word in its place.
    pub(super) fn respell(&mut self, form: String, language: Language, options: &Options) {
        visit(&form, language, options.steps, |term| {
            term.text.clone_into(&mut self.stem);
        });
        self.form = form;
        self.weight *= options.weights.respelt;
    }
}

impl Question {
    /// Reads `text` as nothing but words; of a very long one, only the beginning.
    pub(super) fn read(text: &str, options: &Options) -> Self {
        let text = &text[..text.floor_char_boundary(READ)];
        let language = detect(text);
        let mut terms: Vec<QuestionTerm> = Vec::new();
        let mut places = HashMap::new();
        visit(text, language, options.steps, |term| {
            let weight = if is_vague(term.form, language) {
                options.weights.vague
            } else {
                1.0
            };
            if let Some(place) = places.get(term.text) {
                let known: &mut QuestionTerm = &mut terms[*place];
                known.weight += weight;
            } else if terms.len() < SEARCHED {
                places.insert(term.text.to_owned(), terms.len());
                terms.push(QuestionTerm {
                    stem: term.text.to_owned(),
                    form: term.form.to_owned(),
                    weight,
                    position: term.position,
                    compound: term.compound,
                });
            }
        });
        Self { language, terms }
    }

    /// The terms that stand for one word each.
    pub(super) fn words(&self) -> impl Iterator<Item = &QuestionTerm> {
        self.terms.iter().filter(|term| !term.compound)
    }

    /// The terms that follow one another closely.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&QuestionTerm, &QuestionTerm)> {
        self.words().zip(self.words().skip(1)).filter(|(first, second)| {
            (1..=WIDEST_PAIR).contains(&second.position.saturating_sub(first.position))
        })
    }
}
