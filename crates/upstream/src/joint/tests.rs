//! Texts that are cut anywhere and gone on with in pieces of any size.

use proptest::prelude::*;

use super::*;

/// What goes out of a rest that comes in these pieces.
fn joined<'a>(joint: Joint, pieces: impl IntoIterator<Item = &'a str>) -> String {
    let (mut joint, mut out) = (joint, String::new());
    for piece in pieces {
        joint.push(piece, &mut out);
    }
    joint.finish(&mut out);
    out
}

fn by_sign(text: &str) -> Vec<&str> {
    text.split_inclusive(|_: char| true).collect()
}

fn check_behind(new: impl Fn() -> Joint, rest: &str, expected: &str) {
    assert_eq!(joined(new(), [rest]), expected, "{rest:?}");
    assert_eq!(joined(new(), by_sign(rest)), expected, "{rest:?}, sign by sign");
}

/// Whatever the manner, `rest` becomes `expected` behind `delivered`.
fn check(delivered: &str, rest: &str, expected: &str) {
    for manner in [Manner::Told, Manner::WritesOn, Manner::Echoes] {
        check_as(manner, delivered, rest, expected);
    }
}

fn check_as(manner: Manner, delivered: &str, rest: &str, expected: &str) {
    check_behind(|| Joint::new(delivered, manner), rest, expected);
}

const BEGUN: &str =
    "Le guichet ouvre à neuf heures. Il est fermé le lundi matin et le dimanche, sauf les jours d’él";

#[test]
fn what_repeats_nothing_passes_as_it_is() {
    for rest in [
        "ections.",
        " ections",
        "\n\nVoir « le site ».",
        "```\nx\n```",
        "... et puis",
        "\"a\"",
        "",
        " ",
        "él",
        "d’",
    ] {
        check(BEGUN, rest, rest);
    }
    check("", "Bonjour", "Bonjour");
}

#[test]
fn the_end_written_again_is_taken_away() {
    for again in [
        "Il est fermé le lundi matin et le dimanche, sauf les jours d’él",
        "lundi matin et le dimanche, sauf les jours d’él",
        "est fermé le lundi  matin\net le dimanche, sauf\u{a0}les jours d’él",
        "di matin et le dimanche, sauf les jours d’él",
        BEGUN,
    ] {
        check(BEGUN, &format!("{again}ections."), "ections.");
        check(BEGUN, again, "");
    }
    check(
        BEGUN,
        "Lundi matin et le dimanche, sauf les jours d’élections.",
        "ections.",
    );
    // A beginning that only looks like it is not lost.
    for rest in [
        "Il est fermé le lundi matin et le dimanche, sauf en été.",
        "Le guichet ouvre aussi",
        "sauf les jours d’école",
    ] {
        check(BEGUN, rest, rest);
    }
}

#[test]
fn a_short_overlap_may_be_chance() {
    for (delivered, rest) in [
        ("Il rit : ha", " ha ha !"),
        ("Si vous", " vous levez"),
        ("C’est très", " très bien"),
        ("| oui | oui |\n| oui | oui |\n", "| oui | oui |\n"),
        ("--------", "--------"),
        ("Il vaut 10", "10"),
        ("a", "abc"),
    ] {
        check_as(Manner::WritesOn, delivered, rest, rest);
    }
    check_as(Manner::Told, "Il rit : ha", "ha ha !", "ha ha !");
    check_as(Manner::Told, "Dites-nous si vous", "vous levez", "vous levez");
    // Eight letters are enough for a model that was told, which often begins with a word too many.
    check_as(Manner::Told, "Le télétravail", "télétravail est", " est");
    check_as(
        Manner::WritesOn,
        "Le télétravail",
        "télétravail est",
        "télétravail est",
    );
    let (sentence, more) = ("Le télétravail est ouvert.", " Il l’est.");
    check(&format!("Oui. {sentence}"), &format!("{sentence}{more}"), more);
}

#[test]
fn a_word_that_was_cut_may_be_written_again_whole() {
    let told = |delivered, rest, expected| check_as(Manner::Told, delivered, rest, expected);
    told("Les enfants du pers", "personnel", "onnel");
    told("Les enfants du pers", "pers", "pers");
    told("Les enfants et pers", "pers, dit-il", "pers, dit-il");
    told("Les enfants du per", "personnel", "personnel");
    check_as(Manner::WritesOn, "Les enfants du pers", "personnel", "personnel");
}

#[test]
fn a_short_answer_may_be_begun_again() {
    check_as(Manner::Told, "Oui", "Oui, bien sûr.", ", bien sûr.");
    check_as(Manner::Told, "\nOui, il ", "Oui, il est ouvert.", "est ouvert.");
    check_as(Manner::WritesOn, "Le repas coûte", "Le repas coûte 3 €", " 3 €");
    // Where the server gives the beginning back, it does so with the shortest and the longest.
    check_as(Manner::Echoes, "O", "Oui", "ui");
    check_as(Manner::Echoes, "Oui \n", "Oui \n- a", "- a");
    let long: String = (0..2000).map(|number| format!("{number} ")).collect();
    for manner in [Manner::Echoes, Manner::WritesOn] {
        check_as(manner, &long, &format!("{long}fin"), "fin");
    }
    check_as(Manner::Told, &long, &format!("{long}fin"), &format!("{long}fin"));
}

#[test]
fn white_space_is_given_once() {
    for manner in [Manner::WritesOn, Manner::Echoes] {
        check_as(manner, "Le repas ", " coûte", "coûte");
        check_as(manner, "Le repas ", "coûte", "coûte");
        check_as(manner, "Fin.\n", "\n\n- a", "\n- a");
        check_as(manner, "def f():\n    ", "\n    return", "return");
        check_as(manner, "Fin. ", "\n\nSuite", "\n\nSuite");
    }
    let told = |delivered, rest, expected| check_as(Manner::Told, delivered, rest, expected);
    told("Le repas ", " coûte", "coûte");
    told("Fin.\n", "\n- a", "\n- a");
    told("def f():\n    ", "    return", "    return");
    told("Le repas coûte \n", "le repas coûte\nquatre", "quatre");
    told("Le repas coûte", "le repas coûte quatre", " quatre");
    told("x le repas coûte\n", "le repas coûte\n\nquatre", "\nquatre");
}

#[test]
fn words_do_not_run_together_behind_one_that_is_known_to_be_whole() {
    let joint = |delivered: &str, known: &str| {
        let mut joint = Joint::new(delivered, Manner::Told);
        joint.learn(known);
        joint
    };
    let behind = |delivered, known, rest, expected| {
        check_behind(|| joint(delivered, known), rest, expected);
    };
    behind("Prix du repas", "Combien coûte le repas ?", "3 €", " 3 €");
    behind("Un repas, le repas", "", "est cher", " est cher");
    // Not where a longer word is known, nor behind what may be half a word, nor before anything but a word.
    behind("Prix du repas", "le repas, repassage", "sage", "sage");
    behind("Bonj", "Bonjour", "our", "our");
    behind("Bonj", "", "our", "our");
    behind("Il vaut 1", "chapitre 1", "0 €", "0 €");
    behind("Prix du repas", "le repas", ", puis", ", puis");
    behind("Prix du repas", "le repas", " 3 €", " 3 €");
    behind("Prix du repas ", "le repas", "3 €", "3 €");
    let mut joint = Joint::new("Prix du repas", Manner::WritesOn);
    joint.learn("le repas");
    assert_eq!(joined(joint, ["sage"]), "sage");
}

#[test]
fn what_is_put_around_a_repetition_goes_with_it() {
    let told = |rest, expected| check_as(Manner::Told, "Oui. Le repas coûte", rest, expected);
    told("« Le repas coûte 3 €. »", " 3 €.");
    told("\"Le repas coûte 3 €.\"\n", " 3 €.");
    told("“Le repas coûte” 3 €, “dit-on”", " 3 €, “dit-on”");
    told("... le repas coûte 3 €...", " 3 €...");
    told("… Le repas coûte 3 €…", " 3 €…");
    told("```\nLe repas coûte 3 €.\n```", " 3 €.");
    told("```text\nLe repas coûte 3 €.\n```\n", " 3 €.");
    told("```\nLe repas coûte `3` €", " `3` €");
    // Without a repetition it is the answer's.
    told(" « dit-on ».", " « dit-on ».");
    told("```\nx\n```", "```\nx\n```");
    check_as(
        Manner::WritesOn,
        "Oui. Le repas coûte 3 euros",
        "\"Oui\"",
        "\"Oui\"",
    );
}

#[test]
fn a_block_of_code_is_not_opened_twice() {
    let told = |rest, expected| {
        check_as(
            Manner::Told,
            "Voici :\n```python\ndef double(x):\n",
            rest,
            expected,
        );
    };
    told("```python\n    return 2 * x\n```\n", "    return 2 * x\n```\n");
    told(
        "```python\ndef double(x):\n    return 2 * x\n```",
        "    return 2 * x\n```",
    );
    told("    return 2 * x\n```\nFin.", "    return 2 * x\n```\nFin.");
    // A line without a language closes it.
    told("```\nFin.", "```\nFin.");
}

#[test]
fn nothing_is_held_back_that_cannot_be_a_repetition() {
    let held = |rest: &str| {
        let (mut joint, mut out) = (Joint::new(BEGUN, Manner::Told), String::new());
        joint.push(rest, &mut out);
        rest.len() - out.len()
    };
    assert_eq!(held("x"), 0);
    assert_eq!(held("Il est ferme"), 0);
    assert_eq!(held("Il est fermé"), "Il est fermé".len());
    assert_eq!(held("ections"), 0);
    assert_eq!(held(&" ".repeat(10)), 10);
    let mut joint = Joint::new(BEGUN, Manner::Told);
    let mut out = String::new();
    joint.push(&" ".repeat(BLANKS + 1), &mut out);
    assert!(
        matches!(joint.stage, Stage::Space(_)),
        "it is not waited for ever"
    );
    // The last letters of what was delivered are too few to be waited for.
    assert_eq!(held("jours d’él"), "jours d’él".len());
    assert_eq!(held("d’él"), 0);
}

/// What is removed, found the slow way: the longest end of what was delivered that counts and that the rest begins with.
fn slowly(delivered: &str, rest: &str) -> usize {
    let signs: Vec<char> = delivered.chars().collect();
    let from = signs.len().saturating_sub(LIMIT);
    let ends = (from..signs.len()).map(|at| signs[at..].iter().collect::<String>());
    let mut counting = ends.filter(|end| {
        let letters = overlap::letters(end.chars());
        letters >= WRITTEN_ON || (end == delivered && letters >= TOLD)
    });
    counting
        .find(|end| rest.starts_with(end.as_str()))
        .map_or(0, |end| end.len())
}

/// Pieces of these sizes, in turn.
fn cut<'a>(text: &'a str, sizes: &[usize]) -> Vec<&'a str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    let mut sizes = sizes.iter().cycle();
    while !rest.is_empty() {
        let size = *sizes.next().unwrap_or(&1);
        let end = rest.char_indices().nth(size).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// A text in which nothing is said twice: every word has a number.
fn prose() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("mot"),
        Just("élève"),
        Just("日本"),
        Just("[1]"),
        Just("d’"),
        Just("`x`"),
        Just("3,20 €")
    ];
    let gap = prop_oneof![Just(" "), Just(" "), Just("\n\n"), Just(", "), Just(".\n- ")];
    prop::collection::vec((word, gap), 1..120).prop_map(|words| {
        let numbered = words.iter().enumerate();
        numbered
            .map(|(at, (word, gap))| format!("{word}{at}{gap}"))
            .collect()
    })
}

fn manner() -> impl Strategy<Value = Manner> {
    prop_oneof![Just(Manner::Told), Just(Manner::WritesOn), Just(Manner::Echoes)]
}

proptest! {
    /// Whatever the text, wherever it is cut, however much of its end is written again and however it comes: put together
    /// it is the text.
    #[test]
    fn what_was_delivered_and_the_rest_make_the_text(
        text in prose(),
        at in 0.0_f64..1.0,
        again in 0.0_f64..1.0,
        sizes in prop::collection::vec(1_usize..20, 1..6),
        manner in manner(),
    ) {
        let signs: Vec<char> = text.chars().collect();
        let at = (at * signs.len() as f64) as usize;
        let delivered: String = signs[..at].iter().collect();
        let shown = shown(&delivered).chars().count();
        let most = shown.min(LIMIT);
        let again = shown - (again * most as f64) as usize;
        let end: String = signs[again..shown].iter().collect();
        let counts = overlap::letters(end.chars()) >= WRITTEN_ON;
        // Too short to count is as good as nothing; a model that writes on writes white space that it was not shown.
        let from = if counts { again } else if manner == Manner::Told { at } else { shown };
        let rest: String = signs[from..].iter().collect();
        // A server that gives the beginning back gives the whole of it.
        let echoed = manner == Manner::Echoes && !delivered.is_empty() && rest.starts_with(super::shown(&delivered));
        prop_assume!(!echoed || counts);
        let out = joined(Joint::new(&delivered, manner), cut(&rest, &sizes));
        prop_assert_eq!(format!("{delivered}{out}"), text);
    }

    /// Of texts that repeat themselves at every turn, the same is removed as the slow way finds.
    #[test]
    fn the_longest_repetition_is_found(
        delivered in "[ab]{0,40}[a-c]",
        rest in "[a-c]{0,40}",
        sizes in prop::collection::vec(1_usize..9, 1..4),
    ) {
        let out = joined(Joint::new(&delivered, Manner::WritesOn), cut(&rest, &sizes));
        prop_assert_eq!(out, &rest[slowly(&delivered, &rest)..]);
        let again = format!("{}{rest}", &delivered[delivered.len() / 2..]);
        let out = joined(Joint::new(&delivered, Manner::WritesOn), cut(&again, &sizes));
        prop_assert_eq!(out, &again[slowly(&delivered, &again)..]);
    }

    /// However the rest is split, the same goes out, and it is an end of what came, but for what surrounds it.
    #[test]
    fn any_split_gives_the_same(
        delivered in "[ab «`\n\"]{0,30}",
        rest in "[ab «»`.\n\"x]{0,40}",
        sizes in prop::collection::vec(1_usize..9, 1..4),
        manner in manner(),
    ) {
        let made = || {
            let mut joint = Joint::new(&delivered, manner);
            joint.learn("a ab bb abx");
            joint
        };
        let whole = joined(made(), [rest.as_str()]);
        prop_assert_eq!(&joined(made(), cut(&rest, &sizes)), &whole);
        let kept = whole.strip_prefix(' ').filter(|_| !rest.contains(&*whole)).unwrap_or(&whole);
        prop_assert!(rest.contains(kept), "{kept:?} is no part of {rest:?}");
    }
}
