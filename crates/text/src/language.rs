//! Which of the two languages a text is in.

use crate::words::{WordKind, words};

/// The languages that Trousseau analyses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// French, also what is taken when a text does not tell.
    #[default]
    French,
    /// English.
    English,
}

impl Language {
    /// The ISO 639-1 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }
}

/// As many words are read; more do not change the verdict.
const WORDS_READ: usize = 400;

/// The language of `text`, a question of three words or a whole document; French when it does not tell.
pub fn detect(text: &str) -> Language {
    Evidence::of(text).language().unwrap_or_default()
}

/// How much in a text speaks for either language. Evidence of parts can be added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Points for French.
    pub french: u32,
    /// Points for English.
    pub english: u32,
}

impl Evidence {
    /// The evidence in the first 400 words of `text`: words that only one of the languages has, elisions,
    /// letters with French accents.
    pub fn of(text: &str) -> Self {
        let mut evidence = Self::default();
        for word in words(text).take(WORDS_READ) {
            let letters = &text[word.bytes];
            if word.kind == WordKind::Elided {
                evidence.french += 2;
            } else {
                evidence.weigh(letters);
            }
        }
        evidence
    }

    /// The evidence of two texts together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            french: self.french + other.french,
            english: self.english + other.english,
        }
    }

    /// The language that the evidence speaks for; `None` when it is level.
    pub fn language(self) -> Option<Language> {
        match self.french.cmp(&self.english) {
            std::cmp::Ordering::Greater => Some(Language::French),
            std::cmp::Ordering::Less => Some(Language::English),
            std::cmp::Ordering::Equal => None,
        }
    }

    fn weigh(&mut self, word: &str) {
        let mut lower = [0_u8; 12];
        match lower.get_mut(..word.len()) {
            Some(lower) if word.is_ascii() => {
                lower.copy_from_slice(word.as_bytes());
                lower.make_ascii_lowercase();
                self.weigh_ascii(lower);
            }
            _ => {
                let french = |letter| "éèêëàâçùûîïôœÉÈÊÀÂÇÔÎ\u{301}\u{300}\u{302}\u{327}".contains(letter);
                self.french += u32::from(word.contains(french));
                self.weigh_ending(word.as_bytes());
            }
        }
    }

    fn weigh_ascii(&mut self, word: &[u8]) {
        if FRENCH.binary_search(&word).is_ok() {
            self.french += 2;
        } else if ENGLISH.binary_search(&word).is_ok() {
            self.english += 2;
        } else {
            self.weigh_ending(word);
        }
    }

    fn weigh_ending(&mut self, word: &[u8]) {
        let english: [&[u8]; 8] = [b"ing", b"tion's", b"'s", b"n't", b"ly", b"ness", b"th", b"wh"];
        let french: [&[u8]; 6] = [b"eux", b"aux", b"ment", b"eur", b"oir", b"ique"];
        if word.len() > 4 {
            self.english += u32::from(english.iter().any(|ending| word.ends_with(ending)));
            self.french += u32::from(french.iter().any(|ending| word.ends_with(ending)));
        }
    }
}

/// Frequent words that English does not have, sorted.
const FRENCH: &[&[u8]] = &[
    b"afin",
    b"ainsi",
    b"alors",
    b"apres",
    b"au",
    b"aucun",
    b"aussi",
    b"autre",
    b"autres",
    b"aux",
    b"avec",
    b"avez",
    b"avoir",
    b"avons",
    b"beaucoup",
    b"bien",
    b"ce",
    b"cela",
    b"celle",
    b"celui",
    b"ces",
    b"cet",
    b"cette",
    b"chaque",
    b"chez",
    b"combien",
    b"comme",
    b"comment",
    b"dans",
    b"de",
    b"depuis",
    b"des",
    b"dois",
    b"doit",
    b"doivent",
    b"donc",
    b"dont",
    b"du",
    b"elle",
    b"elles",
    b"en",
    b"entre",
    b"est",
    b"et",
    b"etre",
    b"eu",
    b"faire",
    b"fait",
    b"faut",
    b"il",
    b"ils",
    b"je",
    b"jour",
    b"la",
    b"le",
    b"les",
    b"leur",
    b"leurs",
    b"lors",
    b"lorsque",
    b"lui",
    b"ma",
    b"mais",
    b"mes",
    b"moi",
    b"mon",
    b"ne",
    b"nos",
    b"notre",
    b"nous",
    b"ou",
    b"par",
    b"parce",
    b"pas",
    b"pendant",
    b"peut",
    b"peuvent",
    b"plusieurs",
    b"pour",
    b"pourquoi",
    b"puis",
    b"quand",
    b"que",
    b"quel",
    b"quelle",
    b"quelles",
    b"quels",
    b"qui",
    b"quoi",
    b"sa",
    b"sans",
    b"se",
    b"selon",
    b"ses",
    b"si",
    b"soit",
    b"sommes",
    b"son",
    b"sont",
    b"sous",
    b"suis",
    b"sur",
    b"ta",
    b"tous",
    b"tout",
    b"toute",
    b"toutes",
    b"tu",
    b"un",
    b"une",
    b"vers",
    b"vos",
    b"votre",
    b"vous",
];

/// Frequent words that French does not have, sorted.
const ENGLISH: &[&[u8]] = &[
    b"about", b"after", b"all", b"and", b"any", b"are", b"at", b"be", b"because", b"been", b"before",
    b"being", b"between", b"both", b"but", b"by", b"can", b"could", b"did", b"do", b"does", b"during",
    b"each", b"for", b"from", b"had", b"has", b"have", b"he", b"her", b"his", b"how", b"i", b"if", b"in",
    b"into", b"is", b"it", b"its", b"many", b"more", b"most", b"much", b"must", b"my", b"not", b"of",
    b"only", b"other", b"our", b"out", b"over", b"she", b"should", b"some", b"such", b"than", b"that",
    b"the", b"their", b"them", b"then", b"there", b"these", b"they", b"this", b"those", b"through", b"to",
    b"under", b"up", b"was", b"we", b"were", b"what", b"when", b"where", b"which", b"while", b"who", b"whom",
    b"whose", b"why", b"will", b"with", b"would", b"you", b"your",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        assert!(FRENCH.is_sorted() && ENGLISH.is_sorted());
    }

    #[test]
    fn short_questions_tell() {
        for french in [
            "Combien d'employeurs",
            "Qui est propriétaire ?",
            "quel délai pour un recours",
            "Peut-on changer de nom ?",
            "télétravail",
            "",
            "2024-449",
        ] {
            assert_eq!(detect(french), Language::French, "{french}");
        }
        for english in [
            "Who was Count of Melfi",
            "how many points?",
            "What is the deadline",
            "working hours of the town hall",
        ] {
            assert_eq!(detect(english), Language::English, "{english}");
        }
    }
}
