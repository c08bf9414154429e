//! Words that a search finds from their beginning, whatever their case and accents.
//!
//! "d’accueil" is found by "accueil", by "daccueil" and by "acc": a word counts as it stands between spaces, and from each
//! sign inside it on. What is kept of a text for such searches is [`indexed`]; what is typed is [`Prefixes`].

use std::collections::BTreeSet;
use std::ops::Range;

use crate::fold::fold_into;

/// How many parts of a word, such as "arc-en-ciel", and how many letters make one word of the index.
const PARTS: usize = 4;
const LETTERS: usize = 64;

/// The folded words that every text found has a word beginning with; none of them finds everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefixes(BTreeSet<String>);

impl Prefixes {
    /// Those of what is typed.
    pub fn of(text: &str) -> Self {
        let mut words = Words::default();
        for word in text.split_whitespace() {
            words.add(word, PARTS);
        }
        Self(words.iter().map(str::to_owned).collect())
    }

    /// Whether everything is found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words, sorted: letters and digits alone.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a text is found.
    pub fn are_in(&self, text: &str) -> bool {
        let words = indexed([text]);
        let begins = |wanted: &String| words.split(' ').any(|word| word.starts_with(wanted.as_str()));
        self.0.iter().all(begins)
    }
}

/// The words of texts, folded, each once, with a space between them: what a search looks in.
pub fn indexed<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut words = Words::default();
    for word in texts.into_iter().flat_map(str::split_whitespace) {
        words.add(word, 1);
    }
    let mut words: Vec<&str> = words.iter().collect();
    words.sort_unstable();
    words.dedup();
    words.join(" ")
}

/// Folded words, all in one text: those that begin inside another one are not copied.
#[derive(Default)]
struct Words {
    letters: String,
    ranges: Vec<Range<usize>>,
    /// The parts of the word that is added.
    parts: Vec<Range<usize>>,
}

impl Words {
    /// Adds a word from its first part on, and from every so many parts later on. A part is what stands between signs.
    fn add(&mut self, word: &str, every: usize) {
        // Accents that stand by themselves, soft hyphens and joiners are inside a word.
        let inside =
            |c: char| matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}');
        self.parts.clear();
        for part in word.split(|c: char| !c.is_alphanumeric() && !inside(c)) {
            let start = self.letters.len();
            fold_into(&mut self.letters, part);
            if self.letters.len() > start {
                self.parts.push(start..self.letters.len());
            }
        }
        let parts = &self.parts;
        // Cut, so that a page of signs without a space is not kept once for each of them.
        for number in (0..parts.len()).step_by(every) {
            let last = parts.len().min(number + PARTS) - 1;
            let word = &self.letters[parts[number].start..parts[last].end];
            let length = word.char_indices().nth(LETTERS).map_or(word.len(), |(at, _)| at);
            self.ranges
                .push(parts[number].start..parts[number].start + length);
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().map(|range| &self.letters[range.clone()])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_word_is_found_whole_and_from_each_sign_inside_it_on() {
        let found = indexed(["Près du guichet d’Accueil : prenez rendez-vous, svp !", "ÉTÉ été"]);
        assert_eq!(
            found,
            "accueil daccueil du ete guichet prenez pres rendezvous svp vous"
        );
        assert_eq!(indexed(["", " !? — "]), "");
        assert_eq!(indexed(["te\u{301}le\u{301}travail"]), "teletravail");
    }

    #[test]
    fn a_page_of_signs_without_a_space_stays_a_page() {
        let page = "ab-".repeat(20_000) + &"z".repeat(20_000);
        let kept = indexed([page.as_str()]);
        assert!(kept.len() < 600, "{}", kept.len());
        for found in ["ab-ab", "ab-ab-ab-ab-ab", "zzzz", &"z".repeat(400)] {
            assert!(Prefixes::of(found).are_in(&page), "{found}");
        }
        assert!(!Prefixes::of("ab-zzy").are_in(&page));
    }

    proptest! {
        /// What begins a word of a text finds the text, in capitals and without accents as well.
        #[test]
        fn the_beginning_of_a_word_finds_its_text(
            words in prop::collection::vec("[a-zà-ÿ]{1,12}", 1..6),
            which in any::<prop::sample::Index>(),
            letters in 1_usize..12,
        ) {
            let text = words.join(" ");
            let begun: String = which.get(&words).chars().take(letters).collect();
            prop_assert!(Prefixes::of(&begun).are_in(&text), "{begun} in {text}");
            prop_assert!(Prefixes::of(&begun.to_uppercase()).are_in(&text), "{begun} in {text}");
        }

        #[test]
        fn whatever_is_typed_and_kept_is_letters_and_digits(text in ".{0,80}") {
            for word in Prefixes::of(&text).iter() {
                prop_assert!(!word.is_empty() && word.chars().all(char::is_alphanumeric), "{word:?}");
            }
            prop_assert!(Prefixes::of(&text).are_in(&text), "{text:?}");
        }
    }

    #[test]
    fn signs_alone_find_everything() {
        assert!(Prefixes::of(" ?! ").is_empty());
        assert!(Prefixes::of(" ?! ").are_in(""));
    }
}
