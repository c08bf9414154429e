//! Postal addresses: a house number beside the word for a street, with its name; further with postcode and town.
//!
//! In French and English the number comes first; in the other languages it comes last and a postcode and a town must
//! follow, since a word and a number alone are too little.

use std::ops::Range;

use crate::number::{end_of_digits, is_symbol, is_symbol_before};
use crate::view::{View, letters};

/// French words for streets, as they stand behind a number; the first letters are enough where a full stop follows.
const FRENCH: &[&str] = &[
    "rue",
    "avenue",
    "av",
    "ave",
    "boulevard",
    "bd",
    "bld",
    "boul",
    "chemin",
    "che",
    "chem",
    "impasse",
    "imp",
    "allee",
    "allees",
    "all",
    "place",
    "pl",
    "quai",
    "cours",
    "route",
    "rte",
    "square",
    "sq",
    "passage",
    "pass",
    "lotissement",
    "lot",
    "residence",
    "res",
    "faubourg",
    "fbg",
    "sentier",
    "villa",
    "rond-point",
    "esplanade",
    "promenade",
    "hameau",
    "montee",
    "traverse",
    "voie",
    "venelle",
    "ruelle",
    "cite",
    "clos",
    "domaine",
    "parvis",
    "mail",
    "galerie",
    "levee",
    "corniche",
    "lieu-dit",
    "chaussee",
];
/// English ones, which stand behind the name.
const ENGLISH: &[&str] = &[
    "street", "road", "lane", "avenue", "drive", "close", "square", "terrace", "gardens", "crescent",
];
/// Those of languages in which the number comes last: before the name, or at the end of it.
const BEFORE_NAME: &[&str] = &[
    "rue",
    "avenue",
    "boulevard",
    "chaussee",
    "place",
    "chemin",
    "route",
    "calle",
    "c/",
    "avenida",
    "avda",
    "plaza",
    "paseo",
    "via",
    "viale",
    "piazza",
    "corso",
    "vicolo",
    "largo",
    "rua",
    "travessa",
    "praca",
    "ul",
    "ulica",
    "aleja",
    "strada",
    "str",
    "bulevardul",
];
const END_OF_NAME: &[&str] = &[
    "strasse", "str", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer", "straat", "laan", "plein",
    "gracht", "kade", "gatan", "vagen", "vej", "gade", "katu", "tie", "utca", "ut",
];
/// Words that join those of a name.
const JOINING: &[&str] = &[
    "de", "du", "des", "la", "le", "les", "l", "d", "a", "au", "aux", "en", "sur", "sous", "et", "saint",
    "ste", "del", "della", "van", "der", "den", "do", "da", "dos",
];

/// The most words of a street's name.
const WORDS: usize = 8;

/// The place of the address whose house number begins at the view's place.
pub(crate) fn find(view: &View<'_>) -> Option<Range<usize>> {
    if is_symbol_before(view.bytes, view.at) {
        return None;
    }
    let end = end_of_digits(view.bytes, view.at);
    if end - view.at > 4 {
        return None;
    }
    let end = suffix(view, end);
    number_first(view, end).or_else(|| number_last(view, end))
}

/// One past `bis`, `ter` or a letter behind the number.
fn suffix(view: &View<'_>, end: usize) -> usize {
    let rest = view.from(end);
    let space = usize::from(rest.first() == Some(&b' '));
    for word in ["bis", "ter", "quater", "b", "a", "c", "d"] {
        let next = space + word.len();
        let alone = !is_symbol(rest, next) && rest.get(next) != Some(&b'\'');
        if rest
            .get(space..next)
            .is_some_and(|text| text.eq_ignore_ascii_case(word.as_bytes()))
            && alone
        {
            return end + next;
        }
    }
    end
}

fn number_first(view: &View<'_>, end: usize) -> Option<Range<usize>> {
    let rest = view.from(end);
    let gap = rest
        .iter()
        .take(4)
        .take_while(|byte| b" ,\t\n".contains(byte))
        .count();
    let start = end + gap;
    if gap == 0 {
        return None;
    }
    let word = word(view, start);
    if is_one_of(&view.bytes[start..word], FRENCH) {
        let capital = view.bytes[start].is_ascii_uppercase();
        let after = word + usize::from(view.bytes.get(word) == Some(&b'.'));
        // "206 av. J.-C." is a year.
        if view.from(after).starts_with(b" J.-C") || view.from(after).starts_with(b" J-C") {
            return None;
        }
        let name = name(view, after)?;
        // "12 places de parking", "3 cours du soir": a street has a proper name.
        let proper = name.capital || capital || town(view, name.end).is_some();
        return proper.then(|| view.at..town(view, name.end).unwrap_or(name.end));
    }
    let (mut at, mut words) = (start, 0);
    while words < 4 {
        let next = word_at(view, at)?;
        let text = &view.bytes[next.clone()];
        if !text[0].is_ascii_uppercase() {
            return None;
        }
        if words > 0 && is_one_of(text, ENGLISH) {
            return Some(view.at..british_town(view, next.end).unwrap_or(next.end));
        }
        (at, words) = (next.end + 1, words + 1);
    }
    None
}

/// One past a British or Irish town with its postcode.
fn british_town(view: &View<'_>, at: usize) -> Option<usize> {
    let rest = view.from(at);
    let rest = &rest[..rest.len().min(48)];
    let code = rest
        .windows(3)
        .position(|three| matches!(three, [b'0'..=b'9', b'A'..=b'Z', b'A'..=b'Z']))?;
    let line = rest[..code]
        .iter()
        .filter(|byte| matches!(byte, b'\n' | b';' | b'.'))
        .count();
    (line <= 2 && rest.first().is_some_and(|byte| b", \n".contains(byte))).then_some(at + code + 3)
}

fn number_last(view: &View<'_>, end: usize) -> Option<Range<usize>> {
    let town = town(view, end)?;
    let before = &view.bytes[view.floor..view.at];
    let line = before
        .iter()
        .rposition(|byte| matches!(byte, b'\n' | b':' | b';' | b'"' | b'(' | b'|' | b'\t'));
    let from = view.floor + line.map_or(0, |line| line + 1);
    let mut last = None;
    let mut at = from;
    while at < view.at {
        let Some(word) = word_at(view, at).filter(|word| word.end <= view.at) else {
            at += 1;
            continue;
        };
        let text = &view.bytes[word.clone()];
        let capital = text[0].is_ascii_uppercase();
        let ends = END_OF_NAME.iter().any(|end| {
            text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes())
        });
        if is_one_of(text, BEFORE_NAME) || capital && ends && view.at - word.end <= 3 {
            last = last.or(Some(word.start));
        }
        at = word.end.max(at + 1);
    }
    let start = last.filter(|start| view.at - start <= 60)?;
    Some(start..town)
}

struct Name {
    end: usize,
    /// Whether one of its words is a proper name or a date.
    capital: bool,
}

/// The name of a street: words up to the end of a line, a comma or a word that belongs to the sentence.
fn name(view: &View<'_>, start: usize) -> Option<Name> {
    let mut name = Name {
        end: start,
        capital: false,
    };
    let mut at = start;
    for count in 0..WORDS {
        let Some(word) = word_at(view, at) else {
            break;
        };
        let text = &view.bytes[word.clone()];
        let joins = is_one_of(text, JOINING);
        let capital = text[0].is_ascii_uppercase();
        let number = text[0].is_ascii_digit();
        // A word in small letters may be a name's first, as in "rue du moulin".
        if number && text.len() > 2 && !name.capital || number && text.len() > 4 {
            break;
        }
        if !capital && !joins && !number && name.capital || !capital && count > 3 && !joins {
            break;
        }
        if !joins {
            name.end = word.end;
        }
        name.capital |= capital && !joins;
        let plain = !capital && !joins && !number;
        at = word.end;
        if plain || !matches!(view.bytes.get(at), Some(b' ' | b'-' | b'\'')) {
            break;
        }
    }
    (name.end > start).then_some(name)
}

/// One past the postcode and town that follow, if they do.
fn town(view: &View<'_>, at: usize) -> Option<usize> {
    let rest = view.from(at);
    let gap = rest
        .iter()
        .take(6)
        .take_while(|byte| b" ,-\n\r\t".contains(byte))
        .count();
    if gap == 0 {
        return None;
    }
    let code = at + gap;
    let text = view.from(code);
    let country = usize::from(matches!(text, [b'A'..=b'Z', b'-', b'0'..=b'9', ..])) * 2;
    let length = text[country..]
        .iter()
        .take(8)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let tail = &text[country + length..];
    let length = match (length, tail) {
        // Corsica's communes; Portugal and Poland; the Netherlands.
        (1, [b'A' | b'B', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ', ..]) => 5,
        (4, [b'-', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..]) => 8,
        (2, [b'-', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..]) => 6,
        (4, [b' ', b'A'..=b'Z', b'A'..=b'Z', b' ', ..]) => 7,
        (4 | 5, [b' ', ..]) => length,
        (3, [b' ', b'0'..=b'9', b'0'..=b'9', b' ', ..]) => 6,
        _ => return None,
    };
    let town = code + country + length + 1;
    let mut end = None;
    let mut at = town;
    for _ in 0..4 {
        let Some(word) = word_at(view, at) else {
            break;
        };
        let text = &view.bytes[word.clone()];
        let goes_on = text[0].is_ascii_uppercase() || end.is_some() && is_one_of(text, JOINING);
        if !goes_on {
            break;
        }
        end = Some(word.end);
        at = word.end;
        if !matches!(view.bytes.get(at), Some(b' ' | b'-' | b'\'')) {
            break;
        }
    }
    end
}

/// One past the word that begins at `at`, hyphens among its letters.
fn word(view: &View<'_>, at: usize) -> usize {
    let rest = view.from(at);
    let length = letters(rest);
    match rest.get(length) {
        Some(b'-') => length + 1 + letters(&rest[length + 1..]) + at,
        Some(b'/') if length == 1 => at + 2,
        _ => at + length,
    }
}

/// The word or number that begins at `at` or behind one sign.
fn word_at(view: &View<'_>, at: usize) -> Option<Range<usize>> {
    let start = at + usize::from(matches!(view.bytes.get(at), Some(b' ' | b'-' | b'\'')));
    let rest = view.from(start);
    let length = rest
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
        .count();
    let length = length + usize::from(length == 1 && rest.get(1) == Some(&b'/'));
    (length > 0).then_some(start..start + length)
}

fn is_one_of(text: &[u8], words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}
