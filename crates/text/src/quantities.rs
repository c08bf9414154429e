//! Numbers with their meaning: amounts, percentages, durations, dates, times of day, ordinals, measures,
//! references to articles and files.
//!
//! [`scan`] cuts the text into numbers, words and signs; [`numerals`] reads numbers that are spelled out;
//! [`units`] knows what may follow or precede a number. This file puts them together, left to right, the
//! longest reading first. Linear in the length of the text.

mod calendar;
mod numerals;
mod scan;
mod units;

use std::ops::Range;

use crate::language::Language;
use scan::{Sign, Token};
pub use units::{Currency, Dimension, TimeUnit};

/// A quantity and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Its place in the text, in bytes, with its unit.
    pub bytes: Range<usize>,
    /// What it says.
    pub value: Value,
}

/// What a quantity says. Two writings of the same quantity have equal values: `1,5 million d'euros` and
/// `1 500 000 €`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A bare number, or one followed by the noun that it counts.
    Number(f64),
    /// A rank: `3e`, `first`.
    Ordinal(f64),
    /// Parts of a hundred.
    Percent(f64),
    /// Money.
    Amount(f64, Currency),
    /// A length of time.
    Duration(f64, TimeUnit),
    /// A day, a month or a year; what is `None` is not said.
    Date {
        /// The year, negative before our era.
        year: Option<i32>,
        /// 1 to 12.
        month: Option<u8>,
        /// 1 to 31.
        day: Option<u8>,
    },
    /// A century, negative before our era.
    Century(i32),
    /// A time of day.
    Time {
        /// 0 to 24.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// A physical measure, in the unit as written.
    Measure(f64, Dimension),
    /// The number of an article, a law or a file, without spaces: `L311-5`, `2024-449`.
    Reference(String),
}

/// What sort of thing a quantity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A bare number or a count.
    Number,
    /// A rank.
    Ordinal,
    /// Parts of a hundred.
    Percent,
    /// Money.
    Amount,
    /// A length of time.
    Duration,
    /// A day, month, year or century.
    Date,
    /// A time of day.
    Time,
    /// A physical measure.
    Measure,
    /// The number of an article, a law or a file.
    Reference,
}

impl Value {
    /// The sort of this value.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Number(_) => Kind::Number,
            Self::Ordinal(_) => Kind::Ordinal,
            Self::Percent(_) => Kind::Percent,
            Self::Amount(..) => Kind::Amount,
            Self::Duration(..) => Kind::Duration,
            Self::Date { .. } | Self::Century(_) => Kind::Date,
            Self::Time { .. } => Kind::Time,
            Self::Measure(..) => Kind::Measure,
            Self::Reference(_) => Kind::Reference,
        }
    }

    const fn year(year: i32) -> Self {
        Self::Date {
            year: Some(year),
            month: None,
            day: None,
        }
    }
}

/// The quantities of `text`, in order, not overlapping. `language` settles what the signs leave open:
/// `1,234` is a decimal in French and a thousand in English. `billion` is 10^9 in both.
pub fn quantities(text: &str, language: Language) -> Vec<Quantity> {
    let tokens = scan::tokens(text, language);
    let reader = Reader {
        text,
        tokens: &tokens,
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((value, next)) = reader.read(at) else {
            at += 1;
            continue;
        };
        found.push(Quantity {
            bytes: tokens[at].bytes.start..tokens[next - 1].bytes.end,
            value,
        });
        at = next;
    }
    found
}

/// The tokens, read from a place onwards. Every `read_*` gives a value and the place after it.
struct Reader<'a> {
    text: &'a str,
    tokens: &'a [Token],
}

type Reading = Option<(Value, usize)>;

impl Reader<'_> {
    fn read(&self, at: usize) -> Reading {
        self.reference(at)
            .or_else(|| calendar::date(self, at))
            .or_else(|| calendar::time(self, at))
            .or_else(|| self.prefixed_amount(at))
            .or_else(|| self.counted(at))
            .or_else(|| self.ordinal(at))
    }

    fn sign(&self, at: usize) -> Option<&Sign> {
        self.tokens.get(at).map(|token| &token.sign)
    }

    fn word(&self, at: usize) -> Option<&str> {
        match self.sign(at)? {
            Sign::Word(word) => Some(word),
            _ => None,
        }
    }

    fn mark(&self, at: usize) -> Option<char> {
        match self.sign(at)? {
            Sign::Mark(mark) => Some(*mark),
            _ => None,
        }
    }

    /// Whether nothing stands between the tokens `at` and `at + 1`.
    fn glued(&self, at: usize) -> bool {
        match (self.tokens.get(at), self.tokens.get(at + 1)) {
            (Some(left), Some(right)) => left.bytes.end == right.bytes.start,
            _ => false,
        }
    }

    /// Digits without separators, as an integer.
    fn digits(&self, at: usize) -> Option<(u32, usize)> {
        let token = self.tokens.get(at)?;
        let written = self.text.get(token.bytes.clone())?;
        let plain = written.len() <= 9 && written.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| Some((written.parse().ok()?, written.len())))?
    }

    /// `L. 311-5`, `R*123-4`, `2024-449`, `n° 12`, `article 6`.
    fn reference(&self, at: usize) -> Reading {
        let (prefix, mut next) = match (self.word(at), self.mark(at)) {
            (Some("l" | "r" | "d" | "a"), _) if self.mark(at + 1) == Some('.') => {
                (self.text[self.tokens[at].bytes.clone()].to_uppercase(), at + 2)
            }
            (Some("article" | "articles" | "art" | "décret" | "loi" | "act" | "section"), _) => (
                String::new(),
                at + 1 + usize::from(self.mark(at + 1) == Some('.')),
            ),
            (Some("n" | "no"), _) if self.mark(at + 1) == Some('°') => (String::new(), at + 2),
            _ => (String::new(), at),
        };
        let named = next > at;
        let mut number = prefix;
        let (digits, _) = self.digits(next)?;
        number.push_str(&digits.to_string());
        let mut parts = 1;
        while self.glued(next) && self.mark(next + 1) == Some('-') && self.glued(next + 1) {
            let Some((digits, _)) = self.digits(next + 2) else {
                break;
            };
            number.push_str(&format!("-{digits}"));
            parts += 1;
            next += 2;
        }
        let spoken = parts == 1 && !named;
        let range = !named && self.unit_follows(next + 1);
        let iso_date = parts == 3 && !named;
        (!spoken && !range && !iso_date).then_some((Value::Reference(number), next + 1))
    }

    fn unit_follows(&self, at: usize) -> bool {
        self.mark(at) == Some('%') || self.word(at).is_some_and(|word| units::unit(word).is_some())
    }

    /// `$1.5 million`, `€ 10`.
    fn prefixed_amount(&self, at: usize) -> Reading {
        let currency = units::currency_sign(self.mark(at)?)?;
        let (value, next) = self.number(at + 1)?;
        Some((Value::Amount(value, currency), next))
    }

    /// A number in digits or words, with its scale: `1,5 million`, `vingt-deux`, `dix mille`.
    fn number(&self, at: usize) -> Option<(f64, usize)> {
        let (value, next) = match self.sign(at)? {
            Sign::Number(value) => (*value, at + 1),
            Sign::Word(_) => numerals::spelled(|place| self.word(place), |place| self.joined(place), at)?,
            Sign::Mark(_) => return None,
        };
        match self.word(next).and_then(numerals::scale) {
            Some(scale) => Some((value * scale, next + 1)),
            None => Some((value, next)),
        }
    }

    /// The place after a hyphen or a white space that may stand inside a spelled number.
    fn joined(&self, at: usize) -> usize {
        at + usize::from(self.mark(at) == Some('-'))
    }

    /// A number and its unit.
    fn counted(&self, at: usize) -> Reading {
        let article = matches!(self.word(at), Some("un" | "une" | "one" | "a" | "an"));
        let (value, next) = if article { (1.0, at + 1) } else { self.number(at)? };
        let reading = self.unit(value, next);
        if article {
            // An indefinite article counts only lengths of time: "un mois", but not "un litre".
            return reading.filter(|(value, _)| value.kind() == Kind::Duration);
        }
        reading.or(Some((Value::Number(value), next)))
    }

    fn unit(&self, value: f64, at: usize) -> Reading {
        if let Some(mark) = self.mark(at) {
            return match mark {
                '%' => Some((Value::Percent(value), at + 1)),
                '°' => {
                    let letter = self.glued(at) && matches!(self.word(at + 1), Some("c" | "f"));
                    Some((
                        Value::Measure(value, Dimension::Temperature),
                        at + 1 + usize::from(letter),
                    ))
                }
                mark => Some((Value::Amount(value, units::currency_sign(mark)?), at + 1)),
            };
        }
        let word = self.word(at)?;
        if matches!(
            (word, self.word(at + 1)),
            ("pour", Some("cent")) | ("per", Some("cent"))
        ) {
            return Some((Value::Percent(value), at + 2));
        }
        let linked =
            matches!(word, "d" | "de" | "of") && numerals::scale(self.word(at.checked_sub(1)?)?).is_some();
        let place = at + usize::from(linked) + usize::from(linked && matches!(self.mark(at + 1), Some('\'')));
        let (read, factor) = units::unit(self.word(place)?)?;
        let next = place + 1;
        Some(match read {
            units::Unit::Percent => (Value::Percent(value), next),
            units::Unit::Money(currency) => (Value::Amount(value * factor, currency), next),
            units::Unit::Time(unit) => (Value::Duration(value * factor, unit), next),
            units::Unit::Physical(dimension) => (Value::Measure(value, dimension), next),
        })
    }

    /// `2e`, `1er`, `3rd`, `premier`, `XIXe`; before `siècle` it is a century.
    fn ordinal(&self, at: usize) -> Reading {
        let word = self.word(at)?;
        let written = &self.text[self.tokens[at].bytes.clone()];
        let century = matches!(self.word(at + 1), Some("siècle" | "siècles" | "century"));
        let rank = numerals::ordinal(word).or_else(|| numerals::roman_ordinal(written, century))?;
        if century {
            return Some((Value::Century(rank as i32), at + 2));
        }
        Some((Value::Ordinal(rank), at + 1))
    }
}

#[cfg(test)]
mod tests;
