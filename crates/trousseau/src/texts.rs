//! The catalogue for callers over HTTP: an error's words in the language they prefer.

use trousseau_core::error::Explain;
use trousseau_http::Texts;

use crate::messages::{Language, Messages};

/// The texts of both languages.
pub(crate) struct Catalogue {
    french: Messages,
    english: Messages,
}

impl Catalogue {
    /// Reads them.
    pub(crate) fn new() -> Self {
        Self {
            french: Messages::new(Language::French),
            english: Messages::new(Language::English),
        }
    }
}

impl Texts for Catalogue {
    fn explain(&self, language: trousseau_http::Language, error: &dyn Explain) -> (String, Option<String>) {
        let messages = match language {
            trousseau_http::Language::French => &self.french,
            trousseau_http::Language::English => &self.english,
        };
        let fields = error.fields();
        let text = messages.explained(error.code(), &fields);
        let hint = messages.hint(error.code(), &fields);
        (text.unwrap_or_else(|| error.to_string()), hint)
    }
}
