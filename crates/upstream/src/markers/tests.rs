//! Markers as models write them, split anywhere.

use proptest::prelude::*;

use super::*;

/// Writes markers of passages 1 to 3 as `{n}`.
#[derive(Default)]
struct Shown {
    text: String,
    removed: usize,
}

impl Sink for Shown {
    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn marker(&mut self, numbers: &[u16], space: &str) -> bool {
        let known: Vec<_> = numbers
            .iter()
            .filter(|number| (1..=3).contains(*number))
            .collect();
        self.removed += numbers.len() - known.len();
        if !known.is_empty() {
            self.text.push_str(space);
        }
        known
            .iter()
            .for_each(|number| self.text.push_str(&format!("{{{number}}}")));
        !known.is_empty()
    }
}

fn scan<'a>(pieces: impl IntoIterator<Item = &'a str>) -> (String, usize) {
    let (mut scanner, mut shown) = (Scanner::default(), Shown::default());
    for piece in pieces {
        scanner.push(piece, &mut shown);
    }
    scanner.finish(&mut shown);
    (shown.text, shown.removed)
}

fn check(text: &str, expected: &str, removed: usize) {
    assert_eq!(scan([text]), (expected.to_owned(), removed), "{text:?}");
    let signs: Vec<String> = text.chars().map(String::from).collect();
    let split = scan(signs.iter().map(String::as_str));
    assert_eq!(split, (expected.to_owned(), removed), "{text:?} sign by sign");
}

#[test]
fn markers_in_all_their_forms() {
    check("Il paie 5 € [1].", "Il paie 5 € {1}.", 0);
    check(
        "a[1][3] b [1, 2] c [1;3] d [1-3]",
        "a{1}{3} b {1}{2} c {1}{3} d {1}{2}{3}",
        0,
    );
    check(
        "a [^1] b [ 2 ] c [Passage 3] d [source: 1] e [1 et 2] f [passages 1 & 2]",
        "a {1} b {2} c {3} d {1} e {1}{2} f {1}{2}",
        0,
    );
    check("a【1】b【2†L1-L4】【3†source】", "a{1}b{2}{3}", 0);
    check("[1]", "{1}", 0);
    check("[1] Ainsi.", "{1} Ainsi.", 0);
}

#[test]
fn what_points_nowhere_is_removed_and_counted() {
    check("Il paie 5 € [7].", "Il paie 5 €.", 1);
    check("a [7] b", "a b", 1);
    check("a [7] ; b", "a ; b", 1);
    check("a [7]\nb", "a\nb", 1);
    check("a [7] [1].", "a {1}.", 1);
    check("a [1, 7].", "a {1}.", 1);
    check("a [7][8]", "a", 2);
    check("[7] a\n[0] b", "a\nb", 2);
    check("a\n\n[7] b", "a\n\nb", 1);
}

#[test]
fn what_is_no_marker_stays() {
    for text in [
        "[1](https://example.org) et [x][y]",
        "`a[1]` et ``b`[2]`` c",
        "```\nx[1]\n```",
        "~~~\nx[1]\n~~~",
        "  ```rust\nx[1]\n```` ",
        "\\[1\\]",
        "[2024] [1 000] [5 %] [sic] [...] [] [1",
        "[ ] a\n[x] b",
        "[1/2] [a1] [3-1] [1-200]",
        "fin  ",
        "【x】 [",
    ] {
        check(text, text, 0);
    }
    check("```\na[1]\n```\nb [1]", "```\na[1]\n```\nb {1}", 0);
    check("`a` [1] et `b", "`a` {1} et `b", 0);
    check("`ouvert\nfin [1]", "`ouvert\nfin {1}", 0);
    check("[[1]]", "[{1}]", 0);
    check("[ouvert [1]", "[ouvert {1}", 0);
}

#[test]
fn earlier_answers_lose_their_markers() {
    assert_eq!(stripped("Oui [1]. Non [2][12].\n- a [3]\n"), "Oui. Non.\n- a\n");
}

#[test]
fn numbers_of_a_document_are_no_markers() {
    let mut text = "Voir [12], [1, 2] et 【3】, non [a] ni [2024], [".to_owned();
    in_round_brackets(&mut text);
    assert_eq!(text, "Voir (12), (1, 2) et (3), non [a] ni [2024], [");
}

proptest! {
    #[test]
    fn the_text_may_be_split_anywhere(
        pieces in prop::collection::vec("[a \\[\\]【】()0-9,`~\n\\\\é^†.-]{0,6}", 0..12),
    ) {
        let whole = pieces.concat();
        prop_assert_eq!(scan(pieces.iter().map(String::as_str)), scan([whole.as_str()]));
    }

    #[test]
    fn without_brackets_nothing_changes(text in "[^\\[【]{0,60}") {
        prop_assert_eq!(scan([text.as_str()]), (text, 0));
    }

    #[test]
    fn no_marker_remains_in_a_passage(text in "[a \\[\\]【】0-9,-]{0,40}") {
        let mut changed = text;
        in_round_brackets(&mut changed);
        let mut shown = Shown::default();
        let mut scanner = Scanner::default();
        scanner.push(&changed, &mut shown);
        scanner.finish(&mut shown);
        prop_assert_eq!(shown.text, changed);
    }
}
