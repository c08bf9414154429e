//! A stream says what the whole text says, wherever it is cut, and keeps little of it.

use proptest::prelude::*;
use trousseau_detect::{Detectors, Finding, RawOwn, Stream, detect};
use trousseau_testing::specimens::{CHECKED, Dice, FREE, negative, specimen};

/// Texts of several specimens, the longest of a few thousand bytes.
fn texts(seed: u64, count: usize) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let kinds: Vec<&'static str> = CHECKED.into_iter().chain(FREE).collect();
    let mut texts = Vec::new();
    for _ in 0..count {
        let mut text = String::new();
        for _ in 0..dice.range(1, 8) {
            text.push_str(&negative(&mut dice));
            text.push_str(dice.pick(&[" ", "\n", ". ", "\n\n"]));
            text.push_str(&specimen(dice.pick(&kinds), &mut dice).text);
            text.push_str(dice.pick(&[" ", "\n", "é ", "\u{a0}"]));
        }
        texts.push(text);
    }
    texts
}

fn in_pieces(mut stream: Stream, text: &str, cuts: &[usize]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut from = 0;
    for cut in cuts.iter().copied().chain([text.len()]) {
        let cleared = stream.cleared();
        let now = stream.push(&text[from..cut]);
        for finding in &now {
            assert!(
                finding.bytes.start >= cleared,
                "{finding:?} begins before {cleared}"
            );
        }
        assert!(stream.cleared() >= cleared && stream.cleared() <= cut);
        findings.extend(now);
        from = cut;
    }
    let cleared = stream.cleared();
    let rest = stream.finish();
    assert!(rest.iter().all(|finding| finding.bytes.start >= cleared));
    assert_eq!(stream.cleared(), text.len());
    findings.extend(rest);
    findings
}

#[test]
fn cut_once_anywhere_a_text_says_the_same() {
    for text in texts(7, 6) {
        let whole: Vec<Finding> = detect(&text).iter().cloned().collect();
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            assert_eq!(
                in_pieces(Detectors::default().stream(), &text, &[cut]),
                whole,
                "{cut} in {text:?}"
            );
        }
    }
}

#[test]
fn cut_everywhere_a_text_says_the_same() {
    for text in texts(8, 50) {
        let whole: Vec<Finding> = detect(&text).iter().cloned().collect();
        let cuts: Vec<usize> = (0..text.len())
            .filter(|cut| text.is_char_boundary(*cut))
            .collect();
        assert_eq!(
            in_pieces(Detectors::default().stream(), &text, &cuts),
            whole,
            "{text:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_in_any_pieces(
        parts in prop::collection::vec(prop_oneof![
            "\\PC{0,9}", "[@0-9A-Z<\\\\u .\n-]{0,24}", Just("a@b.fr".to_owned()), Just("185057800608491".to_owned()),
            Just("FR1420041010050500013M02606".to_owned()), Just("-----BEGIN PRIVATE KEY-----".to_owned()),
            Just("Mme Dupont, diabète ".to_owned()), Just("mot de passe : Abc12345!".to_owned()), Just("Orme".to_owned()),
            Just("\\u00e9\\n".to_owned()), Just("x".repeat(700)), Just("eyJ".to_owned()), Just("\u{200b}".to_owned()),
        ], 0..24),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let own = RawOwn { name: "trees".to_owned(), words: vec!["orme".to_owned()], label: "restricted".to_owned(), ..RawOwn::default() };
        let detectors = Detectors::resolve(&[own]).unwrap();
        let text = parts.concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).filter(|cut| text.is_char_boundary(*cut)).collect();
        cuts.sort_unstable();
        let whole: Vec<Finding> = detectors.detect(&text).iter().cloned().collect();
        prop_assert_eq!(in_pieces(detectors.stream(), &text, &cuts), whole);
    }
}

#[test]
fn what_is_cleared_is_never_far_behind() {
    let mut stream = Detectors::default().stream();
    let mut came = 0;
    for turn in 0..4000 {
        let piece = format!("La commission n° {turn} s’est réunie à huis clos. ");
        came += piece.len();
        stream.push(&piece);
        assert!(came - stream.cleared() < 600, "{} of {came}", stream.cleared());
    }
}
