//! Terms: what documents are indexed by and questions are asked in.
//!
//! The same steps run on both sides. An elided article falls away; a word is folded to lower case without
//! accents; a stopword is left out, its position counted; what remains is stemmed. A hyphenated word gives its
//! parts and the whole written together (`porte-monnaie`: `port`, `monnai`, `portemonnai`). A number takes one
//! spelling (`10 000`, `10.000` and `10000`), and a reference to an article of law gives its number with and without the
//! letter of its code (`L. 311-5`, `L311-5`: `l311-5`, `311-5`).

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

use crate::fold::{fold, fold_into};
use crate::language::Language;
use crate::stems::Stems;
use crate::stopwords::is_stopword;
use crate::words::{Word, WordKind, is_apostrophe, is_hyphen, words};

/// One term and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The term as it is indexed.
    pub text: String,
    /// The word it was made of, in bytes of the text.
    pub bytes: Range<usize>,
    /// How many words stand before it, elided ones not counted.
    pub position: u32,
}

/// A term on its way to an index, borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermRef<'a> {
    /// The term as it is indexed.
    pub text: &'a str,
    /// The folded word before stemming.
    pub form: &'a str,
    /// The word it was made of, in bytes of the text.
    pub bytes: Range<usize>,
    /// How many words stand before it, elided ones not counted.
    pub position: u32,
    /// Whether it stands for more than its word: a hyphenated whole, a reference with its letter.
    pub compound: bool,
}

/// The steps of the analysis, each of which can be left out to measure what it is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "independent steps")]
pub struct Steps {
    /// Split elided articles and pronouns off.
    pub elisions: bool,
    /// Take accents and ligatures off.
    pub folding: bool,
    /// Leave stopwords out.
    pub stopwords: bool,
    /// Stem.
    pub stems: bool,
    /// Reduce French stems to their word family.
    pub families: bool,
    /// Give a hyphenated word also as one, and by its parts.
    pub compounds: bool,
    /// Write numbers and references in one spelling.
    pub numbers: bool,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            elisions: true,
            folding: true,
            stopwords: true,
            stems: true,
            families: true,
            compounds: true,
            numbers: true,
        }
    }
}

/// The terms of `text`, read as `language`, in order.
pub fn analyze(text: &str, language: Language) -> Vec<Term> {
    let mut terms = Vec::with_capacity(text.len() / 8);
    visit(text, language, Steps::default(), |term| {
        terms.push(Term {
            text: term.text.to_owned(),
            bytes: term.bytes,
            position: term.position,
        });
    });
    terms
}

/// Calls `visitor` with each term of `text`, in order, without allocating for each.
pub fn visit(text: &str, language: Language, steps: Steps, visitor: impl FnMut(TermRef<'_>)) {
    let mut analysis = Analysis {
        text,
        language,
        steps,
        stems: Stems::of(language),
        form: String::new(),
        glued: String::new(),
        position: 0,
        visitor,
    };
    let mut letter = None;
    for word in words(text) {
        letter = analysis.word(&word, letter);
    }
}

struct Analysis<'t, V> {
    text: &'t str,
    language: Language,
    steps: Steps,
    stems: Stems,
    form: String,
    /// Elided words not yet given, when they are not split off.
    glued: String,
    position: u32,
    visitor: V,
}

impl<V: FnMut(TermRef<'_>)> Analysis<'_, V> {
    /// Gives the terms of one word. `before` is the letter of a code of law that may stand right before it, with
    /// the byte where it ends; the same is returned for the next word.
    fn word(&mut self, word: &Word, before: Option<(char, usize)>) -> Option<(char, usize)> {
        let text = self.text;
        let written = &text[word.bytes.clone()];
        if word.kind == WordKind::Elided {
            if !self.steps.elisions {
                fold_into(&mut self.glued, written);
            }
            return None;
        }
        if self.steps.numbers && written.starts_with(|first: char| first.is_ascii_digit()) {
            if let Some((letter, end)) = before
                && is_reference_gap(letter, &text[end..word.bytes.start])
                && (word.kind == WordKind::Hyphenated || word.bytes.len() >= 3)
            {
                self.form.clear();
                self.form.push(letter);
                fold_number(&mut self.form, written, self.language);
                self.emit(&word.bytes, false, true);
            }
            self.number(written, &word.bytes, word.kind == WordKind::Hyphenated);
            return None;
        }
        match word.kind {
            WordKind::Hyphenated if self.steps.compounds => self.hyphenated(written, word.bytes.start),
            _ => self.plain(written, word.bytes.clone()),
        }
        code_letter(written).map(|letter| (letter, word.bytes.end))
    }

    fn plain(&mut self, written: &str, bytes: Range<usize>) {
        self.form.clear();
        self.form.push_str(&self.glued);
        self.glued.clear();
        let written = without_possessive(written);
        if self.steps.folding {
            fold_into(&mut self.form, written);
        } else {
            self.form.extend(
                written
                    .nfc()
                    .flat_map(char::to_lowercase)
                    .filter(|letter| letter.is_alphanumeric()),
            );
        }
        if self.steps.numbers {
            normalise_ordinal(&mut self.form);
        }
        self.emit(&bytes, true, false);
        self.position += 1;
    }

    fn number(&mut self, written: &str, bytes: &Range<usize>, hyphenated: bool) {
        self.form.clear();
        fold_number(&mut self.form, written, self.language);
        normalise_ordinal(&mut self.form);
        self.emit(bytes, false, false);
        if hyphenated {
            for (from, part) in parts(written) {
                if part.len() >= 3 {
                    let start = bytes.start + from;
                    self.form.clear();
                    fold_into(&mut self.form, part);
                    let stems = !part.starts_with(|first: char| first.is_ascii_digit());
                    self.emit(&(start..start + part.len()), stems, false);
                }
            }
        }
        self.position += 1;
    }

    /// Gives the whole, written together, then the parts.
    fn hyphenated(&mut self, written: &str, start: usize) {
        let bytes = start..start + written.len();
        if is_compound(written, self.language) {
            self.form.clear();
            fold_number(&mut self.form, written, self.language);
            self.emit(&bytes, true, true);
            if is_lettered_reference(written) {
                self.form.remove(0);
                self.emit(&bytes, false, true);
            }
        }
        for (from, part) in parts(written) {
            let from = start + from;
            self.plain(part, from..from + part.len());
        }
    }

    fn emit(&mut self, bytes: &Range<usize>, stems: bool, compound: bool) {
        if self.form.is_empty() || self.is_left_out() {
            return;
        }
        let stem = if stems && self.steps.stems && !self.form.bytes().any(|byte| byte.is_ascii_digit()) {
            self.stems.stem(&self.form, self.steps)
        } else {
            self.form.as_str()
        };
        (self.visitor)(TermRef {
            text: stem,
            form: &self.form,
            bytes: bytes.clone(),
            position: self.position,
            compound,
        });
    }

    fn is_left_out(&self) -> bool {
        let listed = |form: &str| is_stopword(form, self.language);
        self.steps.stopwords
            && if self.steps.folding {
                listed(&self.form)
            } else {
                listed(&fold(&self.form))
            }
    }
}

/// The parts of a hyphenated word, each with the byte where it begins.
fn parts(written: &str) -> impl Iterator<Item = (usize, &str)> {
    written
        .split(is_hyphen)
        .filter(|part| !part.is_empty())
        .map(|part| (part.as_ptr() as usize - written.as_ptr() as usize, part))
}

/// Whether the parts of this hyphenated word make one word: not a verb with its pronoun (`peut-on`, `est-ce`).
fn is_compound(written: &str, language: Language) -> bool {
    let mut form = String::new();
    let mut meaningful = 0;
    for (_, part) in parts(written) {
        form.clear();
        fold_into(&mut form, part);
        meaningful += usize::from(form == "e" || !is_stopword(&form, language));
    }
    meaningful > 1 || written.eq_ignore_ascii_case("rendez-vous")
}

/// Without the English possessive `'s`.
fn without_possessive(written: &str) -> &str {
    let Some(rest) = written.strip_suffix(['s', 'S']) else {
        return written;
    };
    rest.strip_suffix(is_apostrophe).unwrap_or(written)
}

/// The letter that numbers the parts of a French code: `L.`, `R.`, `D.`, `A.`
fn code_letter(written: &str) -> Option<char> {
    match written.as_bytes() {
        [letter] => Some(letter.to_ascii_lowercase() as char).filter(|letter| "lrda".contains(*letter)),
        _ => None,
    }
}

/// Whether this is a reference written in one, such as `L311-5`.
fn is_lettered_reference(written: &str) -> bool {
    written.get(..1).and_then(code_letter).is_some()
        && written[1..].starts_with(|next: char| next.is_ascii_digit())
}

/// Whether only a stop, an asterisk and a space stand between the letter and the number of a reference.
fn is_reference_gap(letter: char, gap: &str) -> bool {
    // Without its full stop, `a` is the verb or, with its accent lost, the preposition.
    if letter == 'a' && !gap.starts_with('.') {
        return false;
    }
    gap.chars().count() <= 3
        && gap
            .chars()
            .all(|mark| matches!(mark, '.' | '*' | ' ' | '\u{a0}' | '\u{202f}'))
}

/// Appends a number or a word with digits in one spelling: thousands together, a decimal point, hyphens only between digits.
fn fold_number(form: &mut String, written: &str, language: Language) {
    let thousands = thousands_mark(written, language);
    let mut letters = written.chars().peekable();
    let mut before = None;
    while let Some(letter) = letters.next() {
        let between_digits = before.is_some_and(|digit: char| digit.is_ascii_digit())
            && letters.peek().is_some_and(char::is_ascii_digit);
        match letter {
            _ if is_hyphen(letter) => form.extend(between_digits.then_some('-')),
            ',' | '.' if Some(letter) == thousands => {}
            ',' | '.' => form.push('.'),
            '0'..='9' => form.push(letter),
            _ => fold_into(form, letter.encode_utf8(&mut [0; 4])),
        }
        before = Some(letter);
    }
}

/// The mark that parts thousands in this number, if a full stop or a comma does.
fn thousands_mark(written: &str, language: Language) -> Option<char> {
    [',', '.'].into_iter().find(|mark| {
        let mut groups = written.split(*mark);
        let first = groups.next().unwrap_or_default();
        let count = groups.clone().count();
        let grouped = count > 0
            && (1..=3).contains(&first.len())
            && !first.starts_with('0')
            && groups.all(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()));
        grouped && (count > 1 || (*mark == ',') == (language == Language::English))
    })
}

/// Writes `1er`, `2ème` and the like as `1e`, `2e`, and centuries in Roman numerals as `19e`.
fn normalise_ordinal(form: &mut String) {
    let digits = form.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        if matches!(
            &form[digits..],
            "er" | "re" | "ere" | "eme" | "ieme" | "nd" | "nde"
        ) {
            form.truncate(digits);
            form.push('e');
        }
    } else if let Some(number) = roman_ordinal(form) {
        form.clear();
        form.push_str(&number.to_string());
        form.push('e');
    }
}

/// The value of a Roman ordinal such as `xixe`, from `iie` to `xxxixe`; not of the word `vie`.
fn roman_ordinal(form: &str) -> Option<u32> {
    let numeral = form.strip_suffix("eme").or_else(|| form.strip_suffix('e'))?;
    let roman = |letter: u8| match letter {
        b'i' => Some(1),
        b'v' => Some(5),
        b'x' => Some(10),
        _ => None,
    };
    if numeral.len() < 2 || form == "vie" {
        return None;
    }
    let values: Vec<u32> = numeral.bytes().map(roman).collect::<Option<_>>()?;
    let mut sum = 0;
    for (place, value) in values.iter().enumerate() {
        let smaller = values.get(place + 1).is_some_and(|next| next > value);
        sum = if smaller {
            sum - i64::from(*value)
        } else {
            sum + i64::from(*value)
        };
    }
    u32::try_from(sum).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn french(text: &str) -> Vec<String> {
        analyze(text, Language::French)
            .into_iter()
            .map(|term| term.text)
            .collect()
    }

    #[test]
    fn elisions_fall_away_and_aujourd_hui_stays() {
        assert_eq!(french("l'autorité d’Évry"), french("autorité Évry"));
        assert_eq!(french("jusqu'à aujourd'hui"), french("aujourd’hui"));
        assert_eq!(french("aujourd'hui").len(), 1);
    }

    #[test]
    fn hyphenated_words_are_found_whole_and_by_parts() {
        let terms = french("un porte-monnaie");
        assert!(french("portemonnaie").iter().all(|term| terms.contains(term)));
        assert!(french("monnaie").iter().all(|term| terms.contains(term)));
        assert_eq!(french("Peut-on changer ?"), french("changer"));
        assert_eq!(french("e-mail")[0], french("email")[0]);
    }

    #[test]
    fn numbers_and_references_take_one_spelling() {
        assert_eq!(french("10 000"), ["10000"]);
        assert_eq!(french("10\u{202f}000"), ["10000"]);
        assert_eq!(french("10.000"), ["10000"]);
        assert_eq!(french("10000"), ["10000"]);
        assert_eq!(french("3,5"), ["3.5"]);
        for spelling in [
            "article L. 311-5",
            "article L.311-5",
            "article L 311-5",
            "article l311-5",
            "art. L.\u{a0}311‑5",
        ] {
            let terms = french(spelling);
            assert!(
                terms.contains(&"l311-5".to_owned()) && terms.contains(&"311-5".to_owned()),
                "{spelling}: {terms:?}"
            );
        }
        for spelling in ["loi n° 2024-449", "loi nº 2024-449", "Loi N°2024-449"] {
            assert!(french(spelling).contains(&"2024-449".to_owned()), "{spelling}");
        }
        assert_eq!(french("1er 2ème XIXe vie"), ["1e", "2e", "19e", "vi"]);
    }

    proptest! {
        #[test]
        fn every_term_lies_in_the_text(text in "[a-zA-Z0-9éÉœ'’ ,.\u{301}\u{202f}·-]{0,40}|\\PC{0,40}") {
            for language in [Language::French, Language::English] {
                let mut position = 0;
                for term in analyze(&text, language) {
                    prop_assert!(text.get(term.bytes.clone()).is_some_and(|word| !word.is_empty()));
                    prop_assert!(!term.text.is_empty() && term.position >= position);
                    position = term.position;
                }
            }
        }

        #[test]
        fn case_accents_and_apostrophes_do_not_matter(text in "[a-zA-Zéèçàœ]{1,9}(['-][a-zéèçàœ]{1,9}){0,2}( [0-9]{1,4}){0,2}") {
            let expected = french(&text);
            prop_assert_eq!(&french(&text.replace('\'', "’")), &expected);
            prop_assert_eq!(&french(&text.nfd().collect::<String>()), &expected);
            prop_assert_eq!(&french(&text.to_uppercase()), &expected);
            let bare = |letter: &char| !unicode_normalization::char::is_combining_mark(*letter);
            prop_assert_eq!(&french(&text.nfd().filter(bare).collect::<String>()), &expected);
        }
    }
}
