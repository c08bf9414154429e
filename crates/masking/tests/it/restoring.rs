//! Restoring a text as it comes: at every boundary the same, and nothing that is not this request's.

use proptest::prelude::*;
use trousseau_masking::{Kinds, LONGEST, Restorer, mask};
use trousseau_policy::detect::{Detectors, RawOwn};

use crate::{masked, question, restored, text_of};

const ASKED: &str =
    "Écrire à jean.dupont@exemple.fr et à marie@exemple.fr, IBAN FR14 2004 1010 0505 0001 3M02 606.";

/// What stands between tokens: prose, and what looks like the beginning of one.
fn noise() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z é]{0,6}",
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just("\\".to_owned()),
        Just("[IBAN".to_owned()),
        Just("[EMAIL-".to_owned()),
        Just("[EMAIL-9]".to_owned()),
        Just("[1]".to_owned()),
        Just("\\u005b".to_owned()),
        Just("-1]".to_owned()),
    ];
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

/// A token as a model may write it, and what it stands for.
fn written() -> impl Strategy<Value = (String, &'static str)> {
    let token = prop_oneof![
        Just(("EMAIL", "1", "jean.dupont@exemple.fr")),
        Just(("EMAIL", "2", "marie@exemple.fr")),
        Just(("IBAN", "1", "FR14 2004 1010 0505 0001 3M02 606")),
    ];
    let hyphen = prop_oneof![
        Just("-"),
        Just("\u{2011}"),
        Just(" - "),
        Just(" "),
        Just(""),
        Just("\\-"),
        Just("_")
    ];
    let brackets = prop_oneof![
        Just(("[", "]")),
        Just(("\\[", "\\]")),
        Just(("[ ", " ]")),
        Just(("\\u005b", "\\u005d")),
        Just(("\\\\[", "\\\\]")),
    ];
    (token, hyphen, brackets, any::<bool>()).prop_map(
        |((word, number, value), hyphen, (open, close), small)| {
            let word = if small {
                word.to_lowercase()
            } else {
                word.to_owned()
            };
            (format!("{open}{word}{hyphen}{number}{close}"), value)
        },
    )
}

proptest! {
    /// Cut anywhere and any number of times, a text is restored as it is whole, and little of it waits.
    #[test]
    fn wherever_it_is_cut_a_text_is_restored_the_same(
        parts in prop::collection::vec((noise(), written()), 0..4), last in noise(), size in 1_usize..30,
    ) {
        let masked = masked(ASKED);
        let mut text = String::new();
        for (noise, (token, _)) in &parts {
            text.push_str(noise);
            text.push_str(token);
        }
        text.push_str(&last);
        let whole = masked.table.restore(&text, false);
        let characters: Vec<char> = text.chars().collect();
        let pieces: Vec<String> = characters.chunks(size).map(|piece| piece.iter().collect()).collect();
        prop_assert_eq!(&restored(&masked.table, pieces.iter().map(String::as_str)), &whole);
        for (cut, _) in text.char_indices() {
            let mut restorer = Restorer::new(masked.table.clone(), false);
            let mut out = restorer.push(text[..cut].to_owned());
            prop_assert!(restorer.held() < LONGEST);
            prop_assert!(whole.starts_with(&out), "{out:?} is not the beginning of {whole:?}");
            out.push_str(&restorer.push(text[cut..].to_owned()));
            prop_assert_eq!(&(out + &restorer.finish()), &whole);
        }
    }

    /// Between blanks every form of a token is its value.
    #[test]
    fn a_token_is_restored_in_every_form(words in prop::collection::vec(("[a-z é.]{0,9}", written()), 1..5)) {
        let masked = masked(ASKED);
        let (mut text, mut expected) = (String::new(), String::new());
        for (word, (token, value)) in &words {
            text.push_str(&format!("{word} {token} "));
            expected.push_str(&format!("{word} {value} "));
        }
        prop_assert_eq!(masked.table.restore(&text, false), expected);
    }

    /// Whatever stands in a request, tokens of no request among it: what a model echoes comes back byte for byte.
    #[test]
    fn an_echo_is_what_was_asked(parts in prop::collection::vec((noise(), written()), 0..4), last in noise()) {
        let mut asked = String::new();
        for (noise, (token, value)) in &parts {
            asked.push_str(&format!("{noise}{token} {value} "));
        }
        asked.push_str(&format!(" marie@exemple.fr {last}"));
        let masked = masked(&asked);
        prop_assert!(!text_of(&masked).contains("marie@exemple.fr"));
        prop_assert_eq!(masked.table.restore(text_of(&masked), false), asked);
    }

    /// Within JSON a value is escaped, and what comes out is JSON.
    #[test]
    fn json_stays_json(value in "[a-e\"\\\\é]{1,9}") {
        let raw = RawOwn {
            name: "marks".to_owned(), pattern: Some("<[^>]+>".to_owned()), label: "restricted".to_owned(), ..RawOwn::default()
        };
        let detectors = Detectors::resolve(&[raw]).unwrap();
        let masked = mask(&question(&format!("Voir <{value}>.")), &detectors, &Kinds::All).unwrap();
        prop_assert_eq!(text_of(&masked), "Voir [TERM-1].");
        let text = serde_json::json!({ "a": "-[TERM-1]-", "b": ["[term 1]"] }).to_string();
        let read: serde_json::Value = serde_json::from_str(&masked.table.restore(&text, true)).unwrap();
        prop_assert_eq!(read, serde_json::json!({ "a": format!("-<{value}>-"), "b": [format!("<{value}>")] }));
    }
}

#[test]
fn what_is_not_one_of_this_requests_tokens_stays() {
    let masked = masked(ASKED);
    for text in [
        "[EMAIL-3]",
        "[EMAIL-12]",
        "[IBAN-2]",
        "[IBAN-1B]",
        "[NIR-1]",
        "[EMAIL]",
        "EMAIL-1",
        "[[1]]",
        r"\\[IBAN-3\\]",
        "[IBAN-1",
        "[",
        r"\",
        r"\[",
        "a[b]c",
    ] {
        assert_eq!(restored(&masked.table, [text]), text);
        assert_eq!(restored(&masked.table, text.split_inclusive(|_| true)), text);
    }
    // A backslash that is the text's own.
    assert_eq!(
        restored(&masked.table, [r"C:\[EMAIL-1]"]),
        r"C:\jean.dupont@exemple.fr"
    );
    assert_eq!(
        restored(&masked.table, [r"\[EMAIL-1\]"]),
        "jean.dupont@exemple.fr"
    );
}

#[test]
fn only_what_may_become_a_token_waits() {
    let masked = masked(ASKED);
    for (piece, held) in [
        ("voir [", 1),
        ("voir [1", 0),
        ("voir [E", 2),
        ("voir [Ex", 0),
        ("voir [IBAN-1", 7),
        ("voir [IBAN-2", 0),
        (r"voir \", 1),
        (r"voir \n", 0),
        (r"voir \\\\\\\\\\\\", 8),
        ("voir [NIR", 0),
        ("voir", 0),
    ] {
        let mut restorer = Restorer::new(masked.table.clone(), false);
        let out = restorer.push(piece.to_owned());
        assert_eq!(
            (restorer.held(), out.len()),
            (held, piece.len() - held),
            "{piece}"
        );
    }
}
