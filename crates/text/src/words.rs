//! Words of running text, in French and English.
//!
//! A word is a run of letters, digits and their marks, with what binds inside it: hyphens
//! (`rendez-vous`), apostrophes that do not elide (`aujourd'hui`, `don't`), the marks inside a number (`10 000`,
//! `3,5`, `2024-449`). An elided article or pronoun is a word of its own, apostrophe included: `l'`, `d’`, `qu'`.
//! The typographic and the straight apostrophe are alike.
//!
//! What words are indexed and compared by is a [`Term`].

use std::ops::Range;

use crate::fold::fold;
pub use crate::terms::{Term, analyze};

/// One word and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its place in the text, in bytes.
    pub bytes: Range<usize>,
    /// What it is made of.
    pub kind: WordKind,
}

/// What a word is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WordKind {
    /// Letters and digits.
    Plain,
    /// Several parts bound by hyphens.
    Hyphenated,
    /// An elided article, pronoun or conjunction, with its apostrophe.
    Elided,
    /// Digits only, with the separators that belong to the number.
    Number,
}

/// The words of `text`, in order, in one pass.
pub fn words(text: &str) -> Words<'_> {
    Words { text, at: 0 }
}

/// The iterator that [`words`] returns.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        let start = self.at + self.text[self.at..].find(is_word_letter)?;
        let word = Scanner::scan(self.text, start);
        self.at = word.bytes.end;
        Some(word)
    }
}

/// Whether this character can begin and continue a word.
pub(crate) fn is_word_letter(letter: char) -> bool {
    if letter.is_ascii() {
        letter.is_ascii_alphanumeric()
    } else {
        letter.is_alphanumeric() && !is_apostrophe(letter)
    }
}

/// Whether this character is written for an apostrophe.
pub(crate) const fn is_apostrophe(letter: char) -> bool {
    matches!(
        letter,
        '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '\u{ff07}' | '\u{60}' | '\u{b4}' | '\u{2032}'
    )
}

/// Whether this character is a hyphen, the soft hyphen not counted.
pub(crate) const fn is_hyphen(letter: char) -> bool {
    matches!(letter, '-' | '\u{2010}' | '\u{2011}')
}

/// Whether this character separates the thousands of a number in French typography.
const fn is_number_space(letter: char) -> bool {
    matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}')
}

/// Whether this character continues a word without being a letter: combining accents, soft hyphens, joiners.
fn is_continuation(letter: char) -> bool {
    match letter {
        '\0'..='\u{7f}' => false,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => true,
        _ => unicode_normalization::char::is_combining_mark(letter),
    }
}

/// The words that lose their vowel before an apostrophe.
fn is_elidable(stem: &str) -> bool {
    if stem.len() > 12 {
        return false;
    }
    let mut lower = [0_u8; 12];
    let lower = if stem.is_ascii() {
        let lower = &mut lower[..stem.len()];
        lower.copy_from_slice(stem.as_bytes());
        lower.make_ascii_lowercase();
        lower
    } else {
        &mut fold(stem).into_bytes()
    };
    matches!(
        &*lower,
        b"l" | b"d"
            | b"j"
            | b"m"
            | b"t"
            | b"s"
            | b"c"
            | b"n"
            | b"qu"
            | b"jusqu"
            | b"lorsqu"
            | b"puisqu"
            | b"quoiqu"
            | b"quelqu"
            | b"presqu"
    )
}

/// The state of reading one word.
struct Scanner<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    hyphenated: bool,
    /// Whether all letters so far are ASCII digits.
    number: bool,
    /// Digits since the last separator, as long as the word is a number.
    group: usize,
    /// Whether the first group of digits could stand before a thousands separator.
    grouped: bool,
}

impl<'a> Scanner<'a> {
    /// The word of `text` that begins at byte `start`.
    fn scan(text: &'a str, start: usize) -> Word {
        let mut scanner = Scanner {
            text,
            start,
            end: start,
            hyphenated: false,
            number: true,
            group: 0,
            grouped: true,
        };
        while let Some(letter) = scanner.text[scanner.end..].chars().next() {
            if is_word_letter(letter) || is_continuation(letter) {
                scanner.push(letter);
            } else if is_apostrophe(letter) {
                match scanner.apostrophe(letter) {
                    Some(true) => return scanner.word(WordKind::Elided),
                    Some(false) => {}
                    None => break,
                }
            } else if !scanner.bind(letter) {
                break;
            }
        }
        let kind = match (scanner.number, scanner.hyphenated) {
            (true, false) => WordKind::Number,
            (_, true) => WordKind::Hyphenated,
            (false, false) => WordKind::Plain,
        };
        scanner.word(kind)
    }

    fn word(self, kind: WordKind) -> Word {
        Word {
            bytes: self.start..self.end,
            kind,
        }
    }

    fn push(&mut self, letter: char) {
        self.end += letter.len_utf8();
        if letter.is_ascii_digit() {
            self.group += 1;
        } else {
            self.number = false;
        }
    }

    /// Takes an apostrophe: `Some(true)` when it ends an elision, `Some(false)` when it binds inside the
    /// word, `None` when it does not belong to it.
    fn apostrophe(&mut self, letter: char) -> Option<bool> {
        let after = self.end + letter.len_utf8();
        let next = self.text[after..].chars().next()?;
        if !is_word_letter(next) {
            return None;
        }
        let elided = is_elidable(&self.text[self.start..self.end]);
        if !elided && (self.number || !next.is_alphabetic()) {
            return None;
        }
        self.end = after;
        self.number = false;
        Some(elided)
    }

    /// Takes a hyphen or a number's inner mark when it binds to what follows.
    fn bind(&mut self, letter: char) -> bool {
        let after = self.end + letter.len_utf8();
        let rest = &self.text[after..];
        let Some(next) = rest.chars().next() else {
            return false;
        };
        let bound = if is_hyphen(letter) {
            self.hyphenated |= is_word_letter(next);
            is_word_letter(next)
        } else if !self.number || self.hyphenated || !next.is_ascii_digit() {
            false
        } else if is_number_space(letter) {
            self.grouped && self.group <= 3 && starts_with_group(rest)
        } else {
            matches!(letter, '.' | ',')
        };
        if bound {
            let thousands = is_number_space(letter);
            self.grouped &= thousands;
            self.group = 0;
            self.end = after;
        }
        bound
    }
}

/// Whether `text` begins with exactly three digits.
fn starts_with_group(text: &str) -> bool {
    let digits = text.bytes().take(4).take_while(u8::is_ascii_digit).count();
    digits == 3 && !text[3..].starts_with(is_word_letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        words(text).map(|word| &text[word.bytes]).collect()
    }

    #[test]
    fn elisions_are_words_of_their_own() {
        assert_eq!(
            split("l'école d’Évry jusqu'à"),
            ["l'", "école", "d’", "Évry", "jusqu'", "à"]
        );
        assert_eq!(
            split("Qu’est-ce que c'est ?"),
            ["Qu’", "est-ce", "que", "c'", "est"]
        );
        assert_eq!(split("Ç’a été"), ["Ç’", "a", "été"]);
        assert_eq!(
            split("lorsqu'il s'agit d'1 an"),
            ["lorsqu'", "il", "s'", "agit", "d'", "1", "an"]
        );
    }

    #[test]
    fn other_apostrophes_bind() {
        assert_eq!(split("aujourd’hui, prud'hommes"), ["aujourd’hui", "prud'hommes"]);
        assert_eq!(
            split("don't O'Brien's 'quoted'"),
            ["don't", "O'Brien's", "quoted"]
        );
    }

    #[test]
    fn numbers_keep_their_separators() {
        assert_eq!(
            split("10 000 € ou 10\u{202f}000,50 €"),
            ["10 000", "ou", "10\u{202f}000,50"]
        );
        assert_eq!(split("en 2003 200 personnes"), ["en", "2003", "200", "personnes"]);
        assert_eq!(
            split("loi n° 2024-449 du 21.5."),
            ["loi", "n", "2024-449", "du", "21.5"]
        );
        assert_eq!(split("06 12 34"), ["06", "12", "34"]);
        assert_eq!(split("1 000e 12 000 000"), ["1", "000e", "12 000 000"]);
    }

    #[test]
    fn hyphens_bind_only_inside() {
        assert_eq!(split("- rendez-vous -"), ["rendez-vous"]);
        assert_eq!(split("porte‑monnaie — fin-"), ["porte‑monnaie", "fin"]);
        assert_eq!(split("étudiant·e·s"), ["étudiant", "e", "s"]);
    }

    proptest! {
        #[test]
        fn words_are_ordered_and_begin_with_a_letter(text in "[a-zA-Z0-9éÉœ'’ ,.\u{301}\u{202f}·-]{0,40}|\\PC{0,40}") {
            let mut end = 0;
            for word in words(&text) {
                prop_assert!(word.bytes.start >= end && word.bytes.end > word.bytes.start);
                prop_assert!(text[word.bytes.clone()].starts_with(is_word_letter));
                end = word.bytes.end;
            }
            prop_assert!(!text[end..].contains(is_word_letter));
        }
    }
}
