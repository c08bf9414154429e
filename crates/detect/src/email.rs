//! E-mail addresses in the forms that people use: RFC 5321 without quoted local parts, address literals and
//! the signs that stand around addresses more often than in them.

use std::ops::Range;

use crate::view::View;

/// The most bytes before and after the sign (RFC 5321, 4.5.3.1).
const LONGEST_LOCAL: usize = 64;
const LONGEST_DOMAIN: usize = 255;

/// Endings that belong to files, as in `logo@2x.png`, and to no top-level domain.
const FILES: [&str; 7] = ["png", "jpg", "jpeg", "gif", "svg", "webp", "css"];

/// The place of the address whose sign stands at the view's place.
pub(crate) fn find(view: &View<'_>) -> Option<Range<usize>> {
    let sign = view.at;
    // The stretch may begin or end within a character.
    let before = view.bytes[view.floor.min(sign)..sign].utf8_chunks().last();
    let start = sign - local(before.filter(|chunk| chunk.invalid().is_empty())?.valid())?;
    let after = view.from(sign + 1).utf8_chunks().next()?.valid();
    let domain = domain(after)?;
    Some(start..sign + 1 + domain)
}

/// The length in bytes of the local part that `before` ends with.
fn local(before: &str) -> Option<usize> {
    let mut length = 0;
    let characters = before.chars().rev();
    for character in characters.take_while(|character| is_local(*character)) {
        length += character.len_utf8();
        if length > LONGEST_LOCAL {
            return None;
        }
    }
    let part = &before[before.len() - length..];
    // Signs that open a quotation or a sentence are not the address's own.
    let part = part.trim_start_matches(['\'', '.', '%', '~', '-', '_']);
    let sound = !part.is_empty() && !part.ends_with('.') && !part.contains("..");
    sound.then_some(part.len())
}

fn is_local(character: char) -> bool {
    character.is_alphanumeric() || "._%+-'~".contains(character)
}

/// The length in bytes of the domain that `after` begins with.
fn domain(after: &str) -> Option<usize> {
    let is_domain = |character: char| character.is_alphanumeric() || character == '-' || character == '.';
    let rest = after.char_indices().take(LONGEST_DOMAIN + 1);
    let length = rest
        .take_while(|(_, character)| is_domain(*character))
        .last()
        .map(|(at, character)| at + character.len_utf8())?;
    if length > LONGEST_DOMAIN {
        return None;
    }
    let mut name = after[..length].trim_end_matches(['.', '-']);
    // What follows may be glued to the address: "a@b.fr-2026", "a@b.fr.2".
    loop {
        let (_, last) = name.rsplit_once('.')?;
        let end = last.find('-').filter(|_| !last.starts_with("xn--"));
        let top = &last[..end.unwrap_or(last.len())];
        if is_top_level(top) && name.split('.').all(is_label) {
            return Some(name.len() - last.len() + top.len());
        }
        name = name[..name.len() - last.len() - 1].trim_end_matches(['.', '-']);
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
}

fn is_top_level(label: &str) -> bool {
    let letters = label.chars().all(char::is_alphabetic) && label.chars().nth(1).is_some();
    let file = FILES.iter().any(|file| label.eq_ignore_ascii_case(file));
    (letters || label.starts_with("xn--")) && !file
}
