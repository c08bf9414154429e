//! The French social security number (NIR): thirteen digits and a key.
//!
//! Sex, year, month, département, commune, order, key: `1 85 05 78 006 084 91`. The key is
//! 97 - (number mod 97); Corsica's départements 2A and 2B are read as 19 and 18 for it
//! (Insee, Répertoire national d'identification des personnes physiques).

use std::ops::Range;

use crate::check;
use crate::number::{self, Number, look_alike};
use crate::view::View;

/// A bit for each place where a gap may be: before the second to seventh field, where overseas
/// départements have three digits and their communes two.
const FIELDS: u64 = 1 << 1 | 1 << 3 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 13;
/// As a spreadsheet groups the digits of a number by thousands.
const THOUSANDS: u64 = 1 << 3 | 1 << 6 | 1 << 9 | 1 << 12;
/// As forms with one box per digit leave them.
const BOXES: u64 = 0b111_1111_1111_1110;

/// The place of the NIR that begins at the view's place, or a misread digit before it.
pub(crate) fn find(view: &View<'_>) -> Option<Range<usize>> {
    let misread = || {
        let before = view
            .at
            .checked_sub(1)
            .filter(|before| look_alike(view.bytes[*before]) == Some(b'1'));
        read(view, view.at, true).or_else(|| read(view, before?, true))
    };
    read(view, view.at, false).or_else(misread)
}

fn read(view: &View<'_>, start: usize, misread: bool) -> Option<Range<usize>> {
    let bytes = view.bytes;
    if start < view.floor || number::is_symbol_before(bytes, start) || number::is_fraction(bytes, start) {
        return None;
    }
    let number: Number<15> = number::read(bytes, start, 15, misread, |index, symbol| match index {
        // 3 and 4: registration under way; 7 and 8: provisional numbers.
        0 => matches!(symbol, b'1'..=b'4' | b'7' | b'8'),
        6 => symbol.is_ascii_digit() || matches!(symbol, b'A' | b'B'),
        _ => symbol.is_ascii_digit(),
    })?;
    // The numbers of a table do not run into one.
    if !number.grouped(FIELDS, &[THOUSANDS, BOXES]) {
        return None;
    }
    let symbols = number.symbols();
    let department = department(&symbols[5..7])?;
    let month = pair(&symbols[3..5]);
    // 20 to 42 and 50 to 99: the month of birth is not known.
    if !matches!(month, 1..=12 | 20..=42 | 50..=99) {
        return None;
    }
    let value = (check::number(&symbols[..5]) * 100 + u64::from(department)) * 1_000_000
        + check::number(&symbols[7..13]);
    let key = u64::from(pair(&symbols[13..15]));
    (key == 97 - value % 97).then_some(start..number.end)
}

/// The number that stands for the département in the key; `None` where there is no such département.
fn department(symbols: &[u8]) -> Option<u8> {
    match symbols {
        b"2A" => Some(19),
        b"2B" => Some(18),
        [b'0'..=b'9', b'0'..=b'9'] => Some(pair(symbols)).filter(|department| *department > 0),
        _ => None,
    }
}

fn pair(digits: &[u8]) -> u8 {
    digits.iter().fold(0, |value, digit| value * 10 + (digit - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> bool {
        let view = View {
            bytes: text.as_bytes(),
            at: 0,
            floor: 0,
        };
        find(&view) == Some(0..text.len())
    }

    /// Keys worked out apart from this code, from the definition.
    #[test]
    fn numbers_of_the_mainland_corsica_and_overseas() {
        for text in [
            "185057800608491",
            "2 55 08 14 168 025 38",
            "1 50 05 2A 004 123 25",
            "1 50 05 2b 004 123 52",
            "2.99.12.971.05.001.44",
            "1 85 05\r\n    78 006 084 91",
            "1 8 5 0 5 7 8 0 0 6 0 8 4 9 1",
        ] {
            assert!(found(text), "{text}");
        }
    }

    #[test]
    fn the_numbers_of_a_table_do_not_run_into_one() {
        for text in [
            "18 5057 8006 0849 1",
            "18\n5057\n8006\n0849\n1",
            "1 8505 7800 60 84 91",
        ] {
            assert!(!found(text), "{text}");
        }
        assert!(found("18505\n78006084 91") && found("185 057 800 608 491"));
    }

    #[test]
    fn a_misread_digit_is_told_by_the_key() {
        for text in [
            "1 85 O5 78 006 084 91",
            "18SO578006084q1".replace('q', "9").as_str(),
            "1 B5 05 78 006 084 9l",
        ] {
            assert!(found(text), "{text}");
        }
        assert!(!found("1 85 O5 78 006 084 92") && !found("1 BS OS 78 006 084 91"));
    }

    #[test]
    fn a_wrong_key_month_or_sex_is_refused() {
        for text in [
            "185057800608492",
            "185007800608491",
            "585057800608491",
            "1 85 05 2C 006 084 91",
        ] {
            assert!(!found(text), "{text}");
        }
    }
}
