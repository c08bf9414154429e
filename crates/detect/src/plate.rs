//! French number plates: `AB-123-CD` since 2009 (SIV), `1234 AB 75` before (FNI), where a word says that it is one.

use std::ops::Range;

use crate::number::{is_symbol, is_symbol_before};
use crate::view::View;

const WORDS: &[&str] = &[
    "plaque",
    "immatricul",
    "vehicule",
    "voiture",
    "automobile",
    "camion",
    "camionnette",
    "moto",
    "scooter",
    "carte grise",
    "stationn",
    "garee",
    "gare ",
    "renault",
    "peugeot",
    "citroen",
    "dacia",
    "volkswagen",
    "toyota",
    "conducteur",
    "conductrice",
    "fourriere",
    "contravention",
    "license plate",
    "registration",
    "utilitaire",
    "remorque",
    "parking",
    "certificat d'immatriculation",
];

/// The place of the plate whose first digits stand at the view's place.
pub(crate) fn find(view: &View<'_>) -> Option<Range<usize>> {
    let place = siv(view).or_else(|| fni(view))?;
    (place.start >= view.floor && view.near(&place, WORDS)).then_some(place)
}

/// A gap of a plate: nothing, a space or a hyphen.
fn gap(view: &View<'_>, at: usize) -> usize {
    usize::from(matches!(view.bytes.get(at), Some(b' ' | b'-' | b'.')))
}

fn siv(view: &View<'_>) -> Option<Range<usize>> {
    let (bytes, at) = (view.bytes, view.at);
    let spaced = usize::from(matches!(view.before(at), Some(b' ' | b'-' | b'.')));
    let start = at.checked_sub(2 + spaced)?;
    if is_symbol_before(bytes, start) || !is_pair(&bytes[start..start + 2]) {
        return None;
    }
    let digits = bytes.get(at..at + 3)?;
    let letters = at + 3 + gap(view, at + 3);
    let tail = bytes.get(letters..letters + 2)?;
    let sound = digits.iter().all(u8::is_ascii_digit)
        && digits != b"000"
        && letters - at - 3 == spaced
        && is_pair(tail)
        && !is_symbol(bytes, letters + 2);
    sound.then_some(start..letters + 2)
}

/// Two of the letters that plates have: not I, O, U, and not the pair SS.
fn is_pair(letters: &[u8]) -> bool {
    letters
        .iter()
        .all(|letter| letter.is_ascii_uppercase() && !b"IOU".contains(letter))
        && letters != b"SS"
}

fn fni(view: &View<'_>) -> Option<Range<usize>> {
    let (bytes, at) = (view.bytes, view.at);
    if is_symbol_before(bytes, at) {
        return None;
    }
    let digits = view
        .from(at)
        .iter()
        .take(5)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let letters = at + digits + gap(view, at + digits);
    let count = view
        .from(letters)
        .iter()
        .take(4)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    let tail = letters + count + gap(view, letters + count);
    let department = view.from(tail);
    let length = match department {
        [b'9', b'7', b'1'..=b'8', ..] => 3,
        [b'2', b'A' | b'B', ..] => 2,
        [b'0', b'1'..=b'9', ..] | [b'1'..=b'9', b'0'..=b'9', ..] => 2,
        _ => return None,
    };
    let sound = (2..=4).contains(&digits) && (2..=3).contains(&count) && !is_symbol(bytes, tail + length);
    sound.then_some(at..tail + length)
}
