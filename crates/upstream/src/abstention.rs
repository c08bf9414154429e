//! How a model says that nothing supports an answer, and how that is recognised.

use trousseau_text::fold::fold;
use trousseau_text::language::Language;

/// The sentences that say so. They come from the catalogue: people read them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// In French.
    pub abstention_fr: String,
    /// In English.
    pub abstention_en: String,
}

/// How much of an answer is looked at, in bytes.
const LOOKED_AT: usize = 2_000;

impl Wording {
    /// The sentence in a language.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::French => &self.abstention_fr,
            Language::English => &self.abstention_en,
        }
    }

    /// Whether an answer is one of the sentences. `text` is the answer without its markers. With no citation, what
    /// follows the sentence does not count: models like to explain themselves.
    pub(crate) fn recognises(&self, text: &str, cites: bool) -> bool {
        let answer = bare(text.get(..text.floor_char_boundary(LOOKED_AT)).unwrap_or(text));
        [&self.abstention_fr, &self.abstention_en]
            .into_iter()
            .any(|sentence| {
                let sentence = bare(sentence);
                let rest = answer.strip_prefix(sentence.as_str());
                !sentence.is_empty()
                    && rest.is_some_and(|rest| rest.is_empty() || (!cites && rest.starts_with(' ')))
            })
    }
}

/// The words alone: without case, accents, punctuation, quotes and emphasis.
fn bare(text: &str) -> String {
    let words = text.split(|sign: char| !sign.is_alphanumeric()).map(fold);
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_is_recognised_as_models_write_it() {
        let wording = Wording {
            abstention_fr: "Je ne trouve pas de réponse à cette question dans les documents.".to_owned(),
            abstention_en: "I find no answer to this question in the documents.".to_owned(),
        };
        for said in [
            "Je ne trouve pas de réponse à cette question dans les documents.",
            "\n« Je ne trouve pas de réponse à cette question dans les documents »",
            "**I find no answer to this question in the documents**",
        ] {
            assert!(wording.recognises(said, false), "{said}");
            assert!(wording.recognises(said, true), "{said}");
        }
        let explained = "I find no answer to this question in the documents. They only speak of taxes.";
        assert!(wording.recognises(explained, false));
        assert!(!wording.recognises(explained, true));
        assert!(!wording.recognises("I find no answer to this question in the documentsandso", false));
        assert!(!wording.recognises("It costs 5 euros.", false));
        assert!(!wording.recognises("", false));
        let unworded = Wording {
            abstention_fr: String::new(),
            abstention_en: " . ".to_owned(),
        };
        assert!(!unworded.recognises("", false) && !unworded.recognises("x", false));
    }
}
