//! Telephone numbers: France's in the ARCEP's plan, and those of Europe behind their country's code (ITU-T E.164).
//!
//! Numbers of services (08, three and four digits) are nobody's and are left alone. So are the six blocks that the ARCEP keeps
//! for works of fiction (decision 2018-0881, 2.5.12), as documentation uses them.

use std::ops::Range;

use crate::number::{Run, is_symbol_before};
use crate::view::View;

/// Country codes with the fewest and most digits of the numbers behind them.
const COUNTRIES: &[(&str, usize, usize)] = &[
    ("30", 10, 10),
    ("31", 9, 9),
    ("32", 8, 9),
    ("33", 9, 9),
    ("34", 9, 9),
    ("350", 8, 8),
    ("351", 9, 9),
    ("352", 6, 9),
    ("353", 7, 9),
    ("354", 7, 9),
    ("356", 8, 8),
    ("357", 8, 8),
    ("358", 6, 11),
    ("359", 8, 9),
    ("36", 8, 9),
    ("370", 8, 8),
    ("371", 8, 8),
    ("372", 7, 8),
    ("376", 6, 9),
    ("377", 8, 9),
    ("378", 6, 10),
    ("385", 8, 9),
    ("386", 8, 8),
    ("39", 8, 11),
    ("40", 9, 9),
    ("41", 9, 9),
    ("420", 9, 9),
    ("421", 9, 9),
    ("423", 7, 9),
    ("43", 7, 13),
    ("44", 9, 10),
    ("45", 8, 8),
    ("46", 7, 10),
    ("47", 8, 8),
    ("48", 9, 9),
    ("49", 7, 12),
    ("262", 9, 9),
    ("590", 9, 9),
    ("594", 9, 9),
    ("596", 9, 9),
    ("687", 6, 6),
    ("689", 8, 8),
];

/// The blocks of fiction, without the first 0.
const FICTION: [&[u8]; 6] = [b"19900", b"26191", b"35301", b"46571", b"53649", b"63998"];

const WORDS: &[&str] = &[
    "tel",
    "telephone",
    "phone",
    "mobile",
    "portable",
    "appeler",
    "appelez",
    "joindre",
    "joignable",
    "contact",
    "fax",
    "sms",
    "whatsapp",
    "numero",
    "call",
    "telefon",
    "cell",
    "gsm",
    "handy",
];

/// The place of the number at the view's place.
pub(crate) fn find(view: &View<'_>, run: &Run) -> Option<Range<usize>> {
    match view.before(view.at) {
        Some(b'+') => international(view, view.at, view.at - 1),
        Some(b'(') if view.before(view.at - 1) == Some(b'+') => international(view, view.at, view.at - 2),
        before if stands_alone(before) => {
            if view.from(view.at).starts_with(b"00") {
                return Some(view)
                    .filter(|view| !view.is_reference(view.at))
                    .and_then(|view| international(view, view.at + 2, view.at));
            }
            french(view, run)
        }
        _ => None,
    }
}

/// Whether a number may begin behind this.
fn stands_alone(before: Option<u8>) -> bool {
    before.is_none_or(|byte| {
        byte.is_ascii_whitespace() || b"(:\"'<>|;=,[{*".contains(&byte) || !byte.is_ascii()
    })
}

fn french(view: &View<'_>, run: &Run) -> Option<Range<usize>> {
    let (digits, end) = run.first(10)?;
    let fiction = FICTION.iter().any(|block| digits[1..].starts_with(block));
    if digits[0] != b'0' || !matches!(digits[1], b'1'..=b'7' | b'9') || fiction {
        return None;
    }
    let place = view.at..end;
    let pairs =
        run.spelled(10, &[2, 4, 6, 8], b" .-/\t", false) || run.spelled(10, &[4, 6, 8], b" .-", false);
    let threes = run.spelled(10, &[4, 7], b" .-", false);
    let compact = run.spelled(10, &[2, 4, 6, 8], b"", true);
    let told = || view.near(&place, WORDS);
    let sound = pairs && !is_row(view, run)
        || (compact || threes) && (told() || compact && !view.is_reference(view.at));
    sound.then_some(place)
}

/// Whether the pairs are some of a longer row of numbers.
fn is_row(view: &View<'_>, run: &Run) -> bool {
    let more = run.first(12).is_some() && run.spelled(12, &[2, 4, 6, 8, 10], b" .-/\t", false);
    let before = &view.bytes[view.at.saturating_sub(3)..view.at];
    more || matches!(
        before,
        [b'0'..=b'9', b'0'..=b'9', b' '] | [b' ', b'0'..=b'9', b' ']
    )
}

/// The number whose country's code begins at `digits`; it begins itself at `start`.
fn international(view: &View<'_>, digits: usize, start: usize) -> Option<Range<usize>> {
    let bytes = view.bytes;
    let rest = view.from(digits);
    let (code, fewest, most) = *COUNTRIES
        .iter()
        .find(|(code, _, _)| rest.starts_with(code.as_bytes()))?;
    if start < view.floor || is_symbol_before(bytes, start) {
        return None;
    }
    let mut at = digits + code.len();
    at += usize::from(view.from(at).starts_with(b")"));
    let (mut count, mut end, mut number) = (0, at, [0; 16]);
    loop {
        let gap = gap(view.from(at));
        let Some(digit) = bytes.get(at + gap).filter(|byte| byte.is_ascii_digit()) else {
            break;
        };
        // The trunk prefix is not dialled behind the country's code.
        let trunk = count == 0 && *digit == b'0';
        at += gap + 1;
        if !trunk {
            number[count.min(15)] = *digit;
            count += 1;
        }
        end = at;
        if count == most && (code != "39") {
            break;
        }
    }
    let whole = !bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    let fiction = code == "33" && FICTION.iter().any(|block| number.starts_with(block));
    (count >= fewest && count <= most && whole && !fiction).then_some(start..end)
}

/// How long the separator is that a telephone number may have here: signs, a line break, `(0)`.
fn gap(text: &[u8]) -> usize {
    let sign = usize::from(text.first().is_some_and(|byte| b" .-/\t\n\r".contains(byte)));
    let more = text[sign..]
        .iter()
        .take(6 * sign)
        .take_while(|byte| b" -\n\t".contains(byte))
        .count();
    let space = sign + more;
    match &text[space..] {
        [b'(', b'0', b')', b' ', ..] => space + 4,
        [b'(', b'0', b')', ..] => space + 3,
        _ => space,
    }
}
