//! Which token stands for which value.

use std::collections::{BTreeMap, HashMap, HashSet};

use trousseau_policy::detect::Detector;

use crate::token::{Beginning, Reading, Token, read};

/// The most values of one request.
const MOST: usize = 10_000;

/// The tokens of one request. Their values are in it and nowhere else; it is not to be kept.
#[derive(Default)]
pub struct Table {
    entries: Vec<Entry>,
    by_token: HashMap<Token, usize>,
    by_value: HashMap<(usize, String), usize>,
    /// The number of each value whatever its spelling, and how many spellings it has.
    numbers: HashMap<(usize, String), (u32, u8)>,
    /// The last number of each word.
    last: HashMap<usize, u32>,
    /// Numbers that stand behind a word in the request itself.
    taken: HashSet<(usize, u32)>,
    /// Every spelling that was found, raw, with its entry.
    pub(crate) spelled: Vec<(String, usize)>,
}

/// A token and what it stands for.
pub(crate) struct Entry {
    pub(crate) token: Token,
    pub(crate) detector: Detector,
    value: String,
    /// The value as it stands within a string of JSON.
    escaped: String,
}

impl Entry {
    /// The value, as it stands within a string of JSON or alone.
    pub(crate) fn value(&self, in_json: bool) -> &str {
        if in_json { &self.escaped } else { &self.value }
    }
}

impl Table {
    /// How many values of each detector were replaced, by its name.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for entry in &self.entries {
            *counts.entry(entry.detector.name().to_owned()).or_default() += 1;
        }
        counts
    }

    /// How many values there are.
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes no token that stands in `text`, in any form.
    pub(crate) fn avoid(&mut self, text: &str) {
        for at in memchr::memchr2_iter(b'[', b'\\', text.as_bytes()) {
            if let Reading::Token { token, .. } = read(text, at, true) {
                self.taken.insert((token.word, token.number));
            }
        }
    }

    /// The token of a value, which stands in the request as `raw`; none where there are too many.
    pub(crate) fn token(&mut self, detector: &Detector, value: &str, raw: &str) -> Option<Token> {
        let word = Token::word_of(detector);
        let known = self.by_value.get(&(word, value.to_owned())).copied();
        let at = match known {
            Some(at) => at,
            None if self.entries.len() < MOST => self.add(detector, value),
            None => return None,
        };
        if known.is_none() {
            self.spelled.push((value.to_owned(), at));
        }
        if raw != value && !self.spelled.iter().any(|(known, _)| known == raw) {
            self.spelled.push((raw.to_owned(), at));
        }
        Some(self.entries[at].token)
    }

    /// The entry of a token, where it is one of this request's.
    pub(crate) fn get(&self, token: Token) -> Option<&Entry> {
        self.by_token.get(&token).map(|at| &self.entries[*at])
    }

    pub(crate) fn entry(&self, at: usize) -> &Entry {
        &self.entries[at]
    }

    /// Whether the beginning of a token may be that of one of this request's.
    pub(crate) fn may_begin(&self, begun: &Beginning) -> bool {
        self.entries.iter().any(|entry| begun.may_be(&entry.token))
    }

    fn add(&mut self, detector: &Detector, value: &str) -> usize {
        let at = self.entries.len();
        let token = self.next(detector, value);
        self.by_token.insert(token, at);
        self.by_value.insert((token.word, value.to_owned()), at);
        let quoted = serde_json::Value::from(value).to_string();
        self.entries.push(Entry {
            token,
            detector: detector.clone(),
            value: value.to_owned(),
            escaped: quoted[1..quoted.len() - 1].to_owned(),
        });
        at
    }

    fn next(&mut self, detector: &Detector, value: &str) -> Token {
        let word = Token::word_of(detector);
        let same = (word, same_spelling(detector, value));
        if let Some((number, spellings)) = self.numbers.get_mut(&same)
            && *spellings < Token::SPELLINGS
        {
            let spelling = *spellings;
            *spellings += 1;
            return Token {
                word,
                number: *number,
                spelling,
            };
        }
        let last = self.last.entry(word).or_insert(0);
        *last += 1;
        while self.taken.contains(&(word, *last)) {
            *last += 1;
        }
        let number = *last;
        self.numbers.insert(same, (number, 1));
        Token {
            word,
            number,
            spelling: 0,
        }
    }
}

/// One spelling for what people group and write in several ways. A secret has one.
fn same_spelling(detector: &Detector, value: &str) -> String {
    match detector {
        Detector::Password | Detector::ApiKey | Detector::PrivateKey => value.to_owned(),
        Detector::Email
        | Detector::Ip
        | Detector::Address
        | Detector::Name
        | Detector::Health
        | Detector::Own(_) => value.to_lowercase(),
        Detector::Iban
        | Detector::Nir
        | Detector::Company
        | Detector::Vat
        | Detector::Card
        | Detector::NationalId
        | Detector::Document
        | Detector::Phone
        | Detector::Plate => value
            .chars()
            .filter(|sign| sign.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_a_value_share_its_number_and_values_share_none() {
        let mut table = Table::default();
        table.avoid(r"voir [iban 1] et \[IBAN-2\]");
        let mut token = |value: &str| table.token(&Detector::Iban, value, value).unwrap().to_string();
        assert_eq!(token("FR14 2004"), "[IBAN-3]");
        assert_eq!(token("FR142004"), "[IBAN-3B]");
        assert_eq!(token("FR14 2004"), "[IBAN-3]");
        assert_eq!(token("FR99"), "[IBAN-4]");
        assert_eq!((table.len(), table.counts()["iban"]), (3, 3));
    }

    #[test]
    fn a_value_with_more_spellings_than_letters_gets_another_number() {
        let mut table = Table::default();
        let tokens: HashSet<String> = (0..60)
            .map(|blanks| {
                let value = format!("FR14{}2004", " ".repeat(blanks));
                table.token(&Detector::Iban, &value, &value).unwrap().to_string()
            })
            .collect();
        assert_eq!(tokens.len(), 60);
        assert!(tokens.contains("[IBAN-1Z]") && tokens.contains("[IBAN-2]"));
    }
}
