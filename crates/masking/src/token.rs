//! The form of a pseudonym: a word, a number, brackets around both, as in `[IBAN-1]`.
//!
//! Models keep such a thing apart and copy it. They also change its letters, put blanks or another hyphen into it, and escape
//! its brackets for Markdown or its signs for JSON; so it is read in all of these forms. The words are abbreviations that
//! French and English share, so that no model translates them, and none is a word that a detector looks for.

use std::fmt;

use trousseau_policy::detect::Detector;

/// The words.
const WORDS: [&str; 18] = [
    "EMAIL", "IBAN", "NIR", "SIREN", "VAT", "CARD", "ID", "DOC", "TEL", "IP", "PLATE", "ADDR", "PERSON",
    "HEALTH", "PASS", "KEY", "PEM", "TERM",
];

/// The most letters of a word.
const LETTERS: usize = 6;
/// The most digits of a number.
const DIGITS: usize = 6;
/// The most blanks at one place within.
const BLANKS: usize = 3;
/// The most backslashes before a sign.
pub(crate) const BACKSLASHES: usize = 8;

/// The most bytes that a token takes in any of its forms: each of its signs may be an escape.
pub const LONGEST: usize = (2 + LETTERS + DIGITS + 2 + 4 * BLANKS) * (BACKSLASHES + 5);

/// A pseudonym. The spellings of one value have a number in common, and a letter each but the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Token {
    pub(crate) word: usize,
    pub(crate) number: u32,
    /// 0 for the first spelling of a value, 1 for `B`, and so on.
    pub(crate) spelling: u8,
}

impl Token {
    /// The most spellings of one value.
    pub(crate) const SPELLINGS: u8 = 26;

    /// Which word stands for what a detector finds. The names of an organisation's detectors may say too much.
    pub(crate) const fn word_of(detector: &Detector) -> usize {
        match detector {
            Detector::Email => 0,
            Detector::Iban => 1,
            Detector::Nir => 2,
            Detector::Company => 3,
            Detector::Vat => 4,
            Detector::Card => 5,
            Detector::NationalId => 6,
            Detector::Document => 7,
            Detector::Phone => 8,
            Detector::Ip => 9,
            Detector::Plate => 10,
            Detector::Address => 11,
            Detector::Name => 12,
            Detector::Health => 13,
            Detector::Password => 14,
            Detector::ApiKey => 15,
            Detector::PrivateKey => 16,
            Detector::Own(_) => 17,
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}-{}", WORDS[self.word], self.number)?;
        if self.spelling > 0 {
            write!(f, "{}", char::from(b'A' + self.spelling))?;
        }
        f.write_str("]")
    }
}

/// What stands at a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// No token.
    No,
    /// What may become one when more comes.
    More(Beginning),
    /// One, up to `end`, with so many backslashes before its brackets.
    Token {
        token: Token,
        end: usize,
        opening: usize,
        closing: usize,
    },
}

/// The beginning of a token: as much as is known of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// The letters of its word so far, in capitals.
    pub(crate) letters: String,
    /// Its number so far; 0 where it has not begun.
    pub(crate) number: u32,
    /// Whether the word is whole.
    pub(crate) spelled: bool,
}

impl Beginning {
    /// Whether it may become one of these.
    pub(crate) fn may_be(&self, token: &Token) -> bool {
        let word = WORDS[token.word];
        if !self.spelled && self.number == 0 {
            return word.starts_with(&self.letters);
        }
        let mut number = token.number;
        while self.number > 0 && number > self.number {
            number /= 10;
        }
        word == self.letters && (self.number == 0 || number == self.number)
    }
}

/// One sign, raw or escaped.
enum Sign {
    /// Nothing more has come.
    Missing,
    /// None that a token has.
    Other,
    /// This one; the next begins at `next`.
    Is { sign: char, next: usize, slashes: usize },
}

/// Reads what begins at `at`, with a bracket or with the backslashes before one. With `last`, nothing comes behind `text`.
pub(crate) fn read(text: &str, at: usize, last: bool) -> Reading {
    let mut reader = Reader {
        text,
        at,
        begun: Beginning::default(),
    };
    match reader.token() {
        Ok((token, opening, closing)) => Reading::Token {
            token,
            end: reader.at,
            opening,
            closing,
        },
        Err(Stop::More) if !last => Reading::More(reader.begun),
        Err(_) => Reading::No,
    }
}

/// Why there is no token.
enum Stop {
    More,
    No,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    begun: Beginning,
}

impl Reader<'_> {
    fn token(&mut self) -> Result<(Token, usize, usize), Stop> {
        let opening = self.bracket('[')?;
        self.blanks()?;
        let word = self.word()?;
        let blanks = self.blanks()?;
        if self.take(is_hyphen, true)?.is_some() || blanks > 0 {
            self.begun.spelled = true;
        }
        self.blanks()?;
        let number = self.number()?;
        let spelling = self.take(|sign| sign.is_ascii_alphabetic(), false)?;
        let spelling = spelling.map_or(0, |sign| sign.to_ascii_uppercase() as u8 - b'A');
        self.blanks()?;
        let closing = self.bracket(']')?;
        let token = Token {
            word,
            number,
            spelling,
        };
        Ok((token, opening, closing))
    }

    fn bracket(&mut self, bracket: char) -> Result<usize, Stop> {
        match self.sign() {
            Sign::Is { sign, next, slashes } if sign == bracket => {
                self.at = next;
                Ok(slashes)
            }
            Sign::Missing => Err(Stop::More),
            Sign::Is { .. } | Sign::Other => Err(Stop::No),
        }
    }

    fn blanks(&mut self) -> Result<usize, Stop> {
        let mut count = 0;
        while self.take(is_blank, false)?.is_some() {
            count += 1;
            if count > BLANKS {
                return Err(Stop::No);
            }
        }
        Ok(count)
    }

    fn word(&mut self) -> Result<usize, Stop> {
        while let Some(letter) = self.take(|sign| sign.is_ascii_alphabetic(), false)? {
            self.begun.letters.push(letter.to_ascii_uppercase());
            if self.begun.letters.len() > LETTERS {
                return Err(Stop::No);
            }
        }
        let word = WORDS.iter().position(|word| *word == self.begun.letters);
        word.ok_or(Stop::No)
    }

    fn number(&mut self) -> Result<u32, Stop> {
        for digits in 0_usize.. {
            let Some(digit) = self.take(|sign| sign.is_ascii_digit(), false)? else {
                break;
            };
            let digit = u32::from(digit) - u32::from('0');
            self.begun.number = self.begun.number * 10 + digit;
            // No number begins with a zero.
            if digits == DIGITS || self.begun.number == 0 {
                return Err(Stop::No);
            }
        }
        match self.begun.number {
            0 => Err(Stop::No),
            number => Ok(number),
        }
    }

    /// Takes the next sign where it is one of these. What is no part of the token's form is left for whoever comes next.
    fn take(&mut self, is: impl Fn(char) -> bool, escaped: bool) -> Result<Option<char>, Stop> {
        match self.sign() {
            Sign::Is { sign, next, slashes } if is(sign) && (escaped || slashes == 0) => {
                self.at = next;
                Ok(Some(sign))
            }
            Sign::Missing => Err(Stop::More),
            Sign::Is { .. } | Sign::Other => Ok(None),
        }
    }

    fn sign(&self) -> Sign {
        let rest = &self.text[self.at..];
        let slashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
        if slashes > BACKSLASHES {
            return Sign::Other;
        }
        let begins = self.at + slashes;
        let Some(sign) = rest[slashes..].chars().next() else {
            return Sign::Missing;
        };
        if slashes == 0 || sign != 'u' {
            let next = begins + sign.len_utf8();
            return Sign::Is { sign, next, slashes };
        }
        // JSON's escape, however deep the JSON is.
        let digits = &rest.as_bytes()[slashes + 1..];
        let hex = digits
            .iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        if hex < 4 {
            return if hex == digits.len() {
                Sign::Missing
            } else {
                Sign::Other
            };
        }
        let value = self.text.get(begins + 1..begins + 5);
        let value = value.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match value.and_then(char::from_u32) {
            Some(sign) => Sign::Is {
                sign,
                next: begins + 5,
                slashes: 0,
            },
            None => Sign::Other,
        }
    }
}

const fn is_blank(sign: char) -> bool {
    matches!(sign, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')
}

const fn is_hyphen(sign: char) -> bool {
    matches!(sign, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<(String, usize)> {
        match read(text, 0, true) {
            Reading::Token { token, end, .. } => Some((token.to_string(), end)),
            Reading::No | Reading::More(_) => None,
        }
    }

    #[test]
    fn a_token_is_read_as_models_write_it() {
        for written in [
            "[IBAN-12]",
            "[iban-12]",
            "[ Iban - 12 ]",
            "[IBAN 12]",
            "[IBAN12]",
            "[IBAN\u{2011}12]",
            "[IBAN_12]",
            "[IBAN\u{a0}–\u{a0}12]",
            r"\[IBAN-12\]",
            r"\\[IBAN\\-12\\]",
            r"\[IBAN\_12\]",
            r"\u005bIBAN\u002d12\u005d",
            r"[IBAN\u201112]",
        ] {
            assert_eq!(
                whole(written),
                Some(("[IBAN-12]".to_owned(), written.len())),
                "{written}"
            );
        }
        assert_eq!(whole("[TEL-3b]").unwrap().0, "[TEL-3B]");
    }

    #[test]
    fn what_only_looks_like_a_token_is_none() {
        for written in [
            "[IBAN]",
            "[IBAN-]",
            "[IBAN-0]",
            "[IBAN-01]",
            "[IBANS-1]",
            "[1]",
            "[]",
            "[IBAN-1",
            "IBAN-1",
            "[IBAN--1]",
            "[IBAN-1234567]",
            "[IBAN    -1]",
            "[IBAN-1BB]",
            "[IBAN\n-1]",
            "[[IBAN-1]",
            "(IBAN-1)",
            "[IBAN.1]",
            r"\u005",
        ] {
            assert_eq!(whole(written), None, "{written}");
        }
    }

    #[test]
    fn every_beginning_of_a_token_waits_for_the_rest() {
        let token = Token {
            word: 1,
            number: 120,
            spelling: 1,
        };
        for written in [
            "[IBAN-120B]",
            r"\\[ iban \\- 120b \\]",
            r"\u005bIBAN\u002d120B\u005d",
        ] {
            assert!(written.len() <= LONGEST);
            for cut in 1..written.len() {
                let Reading::More(begun) = read(&written[..cut], 0, false) else {
                    panic!("{}", &written[..cut]);
                };
                assert!(begun.may_be(&token), "{}", &written[..cut]);
            }
        }
        let Reading::More(begun) = read("[IBAN-13", 0, false) else {
            panic!()
        };
        assert!(!begun.may_be(&token));
        let Reading::More(begun) = read("[IP", 0, false) else {
            panic!()
        };
        assert!(!begun.may_be(&token));
    }
}
