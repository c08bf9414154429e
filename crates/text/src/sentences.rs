//! Sentence boundaries for French and English.
//!
//! A rule per sign instead of a model: a terminator ends a sentence when what follows can begin one and
//! what precedes is not an abbreviation, an initial, a reference (`L. 311-5`) or the number of a list
//! item. A line break ends a sentence, except inside a hard-wrapped paragraph. One pass, linear in the
//! length of the text.

use std::ops::Range;

/// The longest word, in bytes, that is looked at before a full stop.
const LONGEST_ABBREVIATION: usize = 16;
/// A line at least this long, in bytes, that ends within a phrase is taken for hard-wrapped.
const WRAPPED_LINE: usize = 50;

/// Words that a full stop shortens rather than ends, lowercase, without the stop.
const ABBREVIATIONS: &[&str] = &[
    "adj", "al", "app", "approx", "apr", "art", "arts", "av", "boul", "bd", "capt", "cf", "chap", "ch",
    "circ", "col", "coll", "comm", "corp", "dec", "déc", "dept", "dir", "dr", "env", "esp", "ex", "éd", "ed",
    "fasc", "feb", "févr", "fig", "figs", "gen", "gov", "hab", "hon", "inf", "jan", "janv", "jr", "juil",
    "lt", "ltd", "m", "max", "me", "mgr", "min", "mlle", "mlles", "mm", "mme", "mmes", "mr", "mrs", "ms",
    "mt", "no", "nos", "nov", "num", "obs", "oct", "op", "p", "par", "pp", "pr", "prof", "réf", "réf", "rép",
    "rep", "rev", "sect", "sen", "sept", "sep", "sr", "st", "ste", "suiv", "suppl", "sup", "tél", "tel",
    "trad", "univ", "v", "vol", "vs", "éq",
];

/// Words that commonly begin a sentence: after `etc.`, `J.-C.` or `U.S.` they tell an end from a pause.
const STARTERS: &[&str] = &[
    "a", "after", "an", "and", "as", "at", "au", "aux", "but", "by", "c", "ce", "ces", "cet", "cette",
    "chaque", "d", "dans", "de", "depuis", "des", "du", "elle", "elles", "en", "et", "for", "he", "her",
    "his", "if", "il", "ils", "in", "it", "its", "j", "je", "l", "la", "le", "les", "leur", "lors", "mais",
    "n", "nous", "on", "or", "par", "pour", "pourtant", "s", "sa", "selon", "she", "si", "since", "son",
    "sur", "that", "the", "their", "there", "these", "they", "this", "those", "to", "un", "une", "vous",
    "we", "when", "with", "you",
];

/// The byte ranges of the sentences of `text`, in order, not overlapping, trimmed of white space. Together
/// they cover every character that is not white space.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut scan = text.char_indices();
    while let Some((at, sign)) = scan.next() {
        let after = at + sign.len_utf8();
        let end = match sign {
            '\n' => (!wrapped(text, start, at)).then_some(after),
            '.' | '!' | '?' | '…' => closed(text, start, at, after, sign),
            ';' | ':' => bulleted(&text[after..]).then_some(after),
            _ => None,
        };
        let Some(end) = end else { continue };
        push(text, start..end, &mut found);
        start = end;
        while scan.offset() < end {
            scan.next();
        }
    }
    push(text, start..text.len(), &mut found);
    found
}

fn push(text: &str, bytes: Range<usize>, found: &mut Vec<Range<usize>>) {
    let line = &text[bytes.clone()];
    let trimmed = line.trim_start();
    let start = bytes.end - trimmed.len();
    let trimmed = trimmed.trim_end();
    if !trimmed.is_empty() {
        found.push(start..start + trimmed.len());
    }
}

/// Whether the line break at `at` only wraps a paragraph: a long line that ends within a phrase, and a
/// next line that begins in lowercase.
fn wrapped(text: &str, start: usize, at: usize) -> bool {
    let line = &text[start..at];
    let inside = line
        .chars()
        .next_back()
        .is_some_and(|last| last.is_alphanumeric() || last == ',');
    let line_start = line.rfind('\n').map_or(0, |place| place + 1);
    let next = text[at + 1..].chars().next();
    inside && line.len() - line_start >= WRAPPED_LINE && next.is_some_and(char::is_lowercase)
}

/// Whether a list begins after `;` or `:` on the same line.
fn bulleted(rest: &str) -> bool {
    let trimmed = rest.trim_start_matches([' ', '\t', '\u{a0}', '\u{202f}']);
    let mut signs = trimmed.chars();
    trimmed.len() < rest.len()
        && matches!(signs.next(), Some('•' | '‣' | '–' | '—' | '-' | '*' | '·'))
        && signs.next().is_some_and(char::is_whitespace)
}

/// Where the sentence ends when the terminator at `at` ends one: past further terminators and closing
/// quotes. A run of terminators is judged once, at its first.
fn closed(text: &str, start: usize, at: usize, after: usize, sign: char) -> Option<usize> {
    if text[start..at].ends_with(['.', '!', '?', '…']) {
        return None;
    }
    let mut end = after;
    let mut ellipsis = sign == '…';
    for next in text[after..].chars() {
        match next {
            '.' | '…' => ellipsis = true,
            '!' | '?' => ellipsis = false,
            _ => break,
        }
        end += next.len_utf8();
    }
    let lone_stop = sign == '.' && end == after;
    let quoted = closers(&text[end..]);
    let end = end + quoted;
    let rest = &text[end..];
    let follows = rest.trim_start_matches(|c: char| c.is_whitespace() && c != '\n');
    if follows.is_empty() || follows.starts_with('\n') {
        return Some(end);
    }
    if follows.len() == rest.len() || !begins(follows, ellipsis || sign != '.') {
        return None;
    }
    if lone_stop && quoted == 0 && shortened(&text[start..at], follows) {
        return None;
    }
    Some(end)
}

/// The length of the closing quotes and brackets at the head of `rest`, with the spaces French typography
/// puts before a closing guillemet.
fn closers(rest: &str) -> usize {
    let mut length = 0;
    let mut spaces = 0;
    for sign in rest.chars() {
        match sign {
            '»' | '”' | '’' | ')' | ']' => {
                length += spaces + sign.len_utf8();
                spaces = 0;
            }
            '"' | '\'' if spaces == 0 => length += 1,
            ' ' | '\u{a0}' | '\u{202f}' if spaces == 0 => spaces = sign.len_utf8(),
            _ => break,
        }
    }
    length
}

/// Whether `follows` can begin a sentence. After `?`, `!` and an ellipsis a digit does not.
fn begins(follows: &str, weak: bool) -> bool {
    let mut signs = follows.chars().skip_while(|c| {
        matches!(
            c,
            '«' | '“' | '"' | '\'' | '(' | '[' | ' ' | '\u{a0}' | '\u{202f}' | '¿' | '¡'
        )
    });
    match signs.next() {
        Some(first) if first.is_uppercase() => true,
        Some(first) if first.is_numeric() => !weak,
        Some('-' | '–' | '—' | '•' | '·' | '*' | '‣') => true,
        Some(first) => first.is_alphabetic() && !first.is_lowercase(),
        None => false,
    }
}

/// Whether the full stop after `before` belongs to an abbreviation, an initial or a list number.
fn shortened(before: &str, follows: &str) -> bool {
    let mut from = before.len().saturating_sub(LONGEST_ABBREVIATION);
    while !before.is_char_boundary(from) {
        from -= 1;
    }
    let tail = &before[from..];
    let cut = tail
        .char_indices()
        .rev()
        .find(|(_, c)| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '°')))
        .map_or(0, |(at, c)| at + c.len_utf8());
    let word = &tail[cut..];
    let opens = from + cut == 0 || before[..from + cut].trim_end().is_empty();
    if word.is_empty() {
        return false;
    }
    if word.chars().all(|c| c.is_ascii_digit()) {
        return opens && word.len() <= 3;
    }
    let starter = || {
        let first = follows
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        let elided = follows[first.len()..].starts_with(['\'', '’']);
        STARTERS.contains(&first.to_lowercase().as_str())
            && !follows[first.len()..].starts_with('.')
            && (first.len() > 1 || elided || first == "A")
    };
    let letters = word.chars().count();
    let lower = word.to_lowercase();
    if lower == "etc" {
        return !starter();
    }
    if word.contains(['.', '-']) {
        let initials = word
            .split(['.', '-'])
            .filter(|part| !part.is_empty())
            .all(|part| part.chars().count() == 1);
        return initials && !starter();
    }
    let initial = letters == 1 && word.chars().all(char::is_uppercase);
    if initial {
        return true;
    }
    // "no" and "me" and the like end English and French sentences too: they must look like a title or a
    // reference, that is, be followed by a capital or a digit that no common first word explains.
    ABBREVIATIONS.contains(&lower.as_str()) && !(letters > 1 && starter())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = sentences(text).into_iter().map(|bytes| &text[bytes]).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn french_prose() {
        check(
            "Le maire décide. Le conseil vote ! Qui signe ? Personne… Voilà.",
            &[
                "Le maire décide.",
                "Le conseil vote !",
                "Qui signe ?",
                "Personne…",
                "Voilà.",
            ],
        );
        check(
            "M. Dupont et Mme. Durand sont venus. Ils sont repartis.",
            &["M. Dupont et Mme. Durand sont venus.", "Ils sont repartis."],
        );
        check(
            "Selon l'art. L. 311-5 du code, c'est non. Voir p. 12 et n° 2024-449.",
            &[
                "Selon l'art. L. 311-5 du code, c'est non.",
                "Voir p. 12 et n° 2024-449.",
            ],
        );
        check(
            "Né en 50 av. J.-C. à Rome, mort en 3 apr. J.-C. Il écrivit.",
            &["Né en 50 av. J.-C. à Rome, mort en 3 apr. J.-C.", "Il écrivit."],
        );
        check(
            "Des aides (logement, transport, etc.) existent. D'autres, etc. Elles varient.",
            &[
                "Des aides (logement, transport, etc.) existent.",
                "D'autres, etc.",
                "Elles varient.",
            ],
        );
    }

    #[test]
    fn english_prose() {
        check(
            "Mr. J. R. Smith paid $1.5 million. He left the U.S. in 1990. It rained.",
            &[
                "Mr. J. R. Smith paid $1.5 million.",
                "He left the U.S. in 1990.",
                "It rained.",
            ],
        );
        check(
            "Use a key, e.g. Ed25519, i.e. a curve. No. 5 is alive!",
            &["Use a key, e.g. Ed25519, i.e. a curve.", "No. 5 is alive!"],
        );
    }

    #[test]
    fn quotes_close_with_their_sentence() {
        check(
            "« Est-ce loin ? » demanda-t-il. « Oui. » Il partit.",
            &["« Est-ce loin ? » demanda-t-il.", "« Oui. »", "Il partit."],
        );
        check(
            "He said \"Stop.\" Then he left (at last!). Fine.",
            &["He said \"Stop.\"", "Then he left (at last!).", "Fine."],
        );
    }

    #[test]
    fn lists_break_at_lines_and_at_bullets() {
        check(
            "Vous devez fournir :\n- une photo ;\n- un justificatif.\n1. Signer. 2. Envoyer",
            &[
                "Vous devez fournir :",
                "- une photo ;",
                "- un justificatif.",
                "1. Signer.",
                "2. Envoyer",
            ],
        );
        check(
            "Il faut : • une photo ; • un timbre.",
            &["Il faut :", "• une photo ;", "• un timbre."],
        );
    }

    #[test]
    fn numbers_and_addresses_are_not_cut() {
        check(
            "Le taux est de 3.5 % sur www.exemple.fr. Il monte à 1.234,5 en 2024. 12 sont élus.",
            &[
                "Le taux est de 3.5 % sur www.exemple.fr.",
                "Il monte à 1.234,5 en 2024.",
                "12 sont élus.",
            ],
        );
    }

    #[test]
    fn a_wrapped_paragraph_is_one_text() {
        let wrapped = "Les agents peuvent demander à travailler depuis leur domicile deux\njours par semaine. Le chef signe.";
        check(
            wrapped,
            &[
                "Les agents peuvent demander à travailler depuis leur domicile deux\njours par semaine.",
                "Le chef signe.",
            ],
        );
        check(
            "Titre court\nsuite en minuscule",
            &["Titre court", "suite en minuscule"],
        );
    }

    proptest! {
        #[test]
        fn ranges_are_ordered_trimmed_and_cover_the_text(
            text in "([a-zA-Zé0-9.!?…;:«»\"' \n\u{a0}()-]|etc\\. |M\\. |J\\.-C\\. ){0,60}"
        ) {
            let mut last = 0;
            for bytes in sentences(&text) {
                prop_assert!(bytes.start >= last && bytes.end > bytes.start);
                prop_assert!(text[last..bytes.start].trim().is_empty());
                prop_assert_eq!(text[bytes.clone()].trim(), &text[bytes.clone()]);
                last = bytes.end;
            }
            prop_assert!(text[last..].trim().is_empty());
        }

        #[test]
        fn any_text_is_cut_without_a_panic(text in "\\PC{0,80}") {
            sentences(&text);
        }
    }
}
