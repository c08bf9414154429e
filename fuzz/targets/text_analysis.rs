//! Sentences, terms and quantities of any text lie in it, in order, and on character boundaries.

#![no_main]

use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use trousseau_text::language::{Language, detect};
use trousseau_text::quantities::quantities;
use trousseau_text::sentences::sentences;
use trousseau_text::terms::analyze;

fuzz_target!(|text: &str| {
    let _ = detect(text);
    let mut end = 0;
    for sentence in sentences(text) {
        assert!(sentence.start >= end, "sentences overlap at {sentence:?}");
        check(text, &sentence);
        end = sentence.end;
    }
    for language in [Language::French, Language::English] {
        let mut position = 0;
        for term in analyze(text, language) {
            check(text, &term.bytes);
            assert!(!term.text.is_empty(), "an empty term at {:?}", term.bytes);
            assert!(term.position >= position, "terms go back at {:?}", term.bytes);
            position = term.position;
        }
        for quantity in quantities(text, language) {
            check(text, &quantity.bytes);
        }
    }
});

fn check(text: &str, bytes: &Range<usize>) {
    assert!(
        text.get(bytes.clone()).is_some_and(|part| !part.is_empty()),
        "{bytes:?} is no part of the text"
    );
}
