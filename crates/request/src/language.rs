//! In which language a caller is answered, and who has the words.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use trousseau_core::error::Explain;

/// The languages of the messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// French.
    #[default]
    French,
    /// English.
    English,
}

/// The words for people. The composition root has them in its catalogue.
pub trait Texts: Send + Sync {
    /// What an error says, and how to mend it where that is known.
    fn explain(&self, language: Language, error: &dyn Explain) -> (String, Option<String>);
}

impl Language {
    /// The one of the two that `Accept-Language` (RFC 9110, section 12.5.4) prefers; `otherwise` when it names
    /// neither.
    pub fn of(headers: &HeaderMap, otherwise: Self) -> Self {
        let named = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        named.and_then(preferred).unwrap_or(otherwise)
    }

    /// Its code (BCP 47).
    pub const fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

fn preferred(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for range in header.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let tag = parts.next().unwrap_or_default();
        let weight = parts
            .find_map(|part| part.strip_prefix("q="))
            .map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
        let language = match tag.split('-').next().unwrap_or_default() {
            primary if primary.eq_ignore_ascii_case("fr") => Language::French,
            primary if primary.eq_ignore_ascii_case("en") => Language::English,
            _ => continue,
        };
        if weight > 0.0 && best.is_none_or(|(other, _)| weight > other) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_header_is_read(header in "\\PC{0,80}", weights in "(fr|en|de)?(;q=[0-9.-]{0,4})?(, ?(fr|en)(;q=[0-9.]{0,4})?){0,3}") {
            preferred(&header);
            let named = ["fr", "en"].iter().any(|tag| weights.contains(tag));
            prop_assert!(named || preferred(&weights).is_none());
        }
    }

    #[test]
    fn the_preferred_language_is_taken() {
        for (header, expected) in [
            ("fr-FR,fr;q=0.9,en;q=0.8", Some(Language::French)),
            ("en-GB, fr;q=0.5", Some(Language::English)),
            ("de, en;q=0.3, fr;q=0.7", Some(Language::French)),
            ("EN", Some(Language::English)),
            ("fr;q=0, en;q=0.1", Some(Language::English)),
            ("de", None),
            ("*", None),
            ("", None),
            (";q=,,;;", None),
            ("en;q=x", None),
        ] {
            assert_eq!(preferred(header), expected, "{header:?}");
        }
    }
}
