//! International bank account numbers: ISO 13616, with the country formats of the SWIFT registry.

use std::ops::Range;

use crate::check::mod_97;
use crate::number::{self, Number, look_alike};
use crate::view::View;

/// The fewest digits in the part after the check digits where it is not written in fours or in one piece, so that words
/// cannot pass for the account numbers of countries whose format allows letters throughout.
const FEWEST_DIGITS: usize = 4;

/// The place of the IBAN whose check digits stand at the view's place, or begin a letter before it.
pub(crate) fn find(view: &View<'_>) -> Option<Range<usize>> {
    let bytes = view.bytes;
    let read = |digits: usize, misread: bool| read(view, digits, misread);
    let misread = || {
        let before = view
            .at
            .checked_sub(1)
            .filter(|before| look_alike(bytes[*before]).is_some());
        read(view.at, true).or_else(|| read(before?, true))
    };
    read(view.at, false).or_else(misread)
}

fn read(view: &View<'_>, digits: usize, misread: bool) -> Option<Range<usize>> {
    let bytes = view.bytes;
    let start = country_before(bytes, digits)?;
    if start < view.floor || number::is_symbol_before(bytes, start) {
        return None;
    }
    let code = [
        bytes[start].to_ascii_uppercase(),
        bytes[start + 1].to_ascii_uppercase(),
    ];
    let at = FORMATS
        .binary_search_by(|(country, _)| country.as_bytes().cmp(&code))
        .ok()?;
    let format = Format::parse(FORMATS[at].1);
    let number: Number<34> =
        number::read(
            bytes,
            start,
            format.length + 4,
            misread,
            |index, symbol| match index {
                0 | 1 => symbol.is_ascii_uppercase(),
                2 | 3 => symbol.is_ascii_digit(),
                index => format.accepts(index - 4, symbol),
            },
        )?;
    let (head, account) = number.symbols().split_at(4);
    let digits = account.iter().filter(|symbol| symbol.is_ascii_digit()).count();
    let (fours, gaps) = (
        (1..9).fold(0, |fours, at| fours | 1 << (4 * at)),
        number.gaps | number.breaks,
    );
    let enough = digits >= FEWEST_DIGITS || gaps == 0 || gaps == fours & ((1 << (format.length + 4)) - 1);
    let sound = enough && mod_97(account.iter().chain(head)) == 1;
    sound.then_some(start..number.end)
}

/// Where the two letters of the country begin: right before the check digits, or, in capitals, one space
/// before them.
fn country_before(bytes: &[u8], digits: usize) -> Option<usize> {
    let letters = |end: usize| {
        let start = end.checked_sub(2)?;
        let letters = &bytes[start..end];
        letters
            .iter()
            .all(u8::is_ascii_alphabetic)
            .then_some((start, letters))
    };
    if let Some((start, _)) = letters(digits) {
        return Some(start);
    }
    let spaced = letters(digits.checked_sub(1)?).filter(|_| bytes[digits - 1] == b' ');
    let capitals = spaced.filter(|(_, letters)| letters.iter().all(u8::is_ascii_uppercase));
    capitals.map(|(start, _)| start)
}

/// A country's account number: up to three runs of symbols of a kind.
struct Format {
    runs: [(usize, u8); 3],
    length: usize,
}

impl Format {
    /// Reads the registry's notation: `10n11c2n` is ten digits, eleven digits or letters, two digits.
    fn parse(notation: &str) -> Self {
        let mut format = Self {
            runs: [(0, b'n'); 3],
            length: 0,
        };
        let mut runs = format.runs.iter_mut();
        let mut count = 0;
        for byte in notation.bytes() {
            if byte.is_ascii_digit() {
                count = count * 10 + usize::from(byte - b'0');
            } else if let Some(run) = runs.next() {
                *run = (count, byte);
                format.length += count;
                count = 0;
            }
        }
        format
    }

    fn accepts(&self, mut index: usize, symbol: u8) -> bool {
        for (count, kind) in self.runs {
            if index < count {
                return match kind {
                    b'n' => symbol.is_ascii_digit(),
                    b'a' => symbol.is_ascii_uppercase(),
                    _ => true,
                };
            }
            index -= count;
        }
        false
    }
}

/// The account number that follows country and check digits, in the registry's notation: `n` digits,
/// `a` letters, `c` either. In order of the codes.
const FORMATS: [(&str, &str); 87] = [
    ("AD", "8n12c"),
    ("AE", "19n"),
    ("AL", "8n16c"),
    ("AT", "16n"),
    ("AZ", "4a20c"),
    ("BA", "16n"),
    ("BE", "12n"),
    ("BG", "4a6n8c"),
    ("BH", "4a14c"),
    ("BI", "23n"),
    ("BR", "23n1a1c"),
    ("BY", "4c4n16c"),
    ("CH", "5n12c"),
    ("CR", "18n"),
    ("CY", "8n16c"),
    ("CZ", "20n"),
    ("DE", "18n"),
    ("DJ", "23n"),
    ("DK", "14n"),
    ("DO", "4c20n"),
    ("EE", "16n"),
    ("EG", "25n"),
    ("ES", "20n"),
    ("FI", "14n"),
    ("FK", "2a12n"),
    ("FO", "14n"),
    ("FR", "10n11c2n"),
    ("GB", "4a14n"),
    ("GE", "2a16n"),
    ("GI", "4a15c"),
    ("GL", "14n"),
    ("GR", "7n16c"),
    ("GT", "24c"),
    ("HN", "4a20n"),
    ("HR", "17n"),
    ("HU", "24n"),
    ("IE", "4a14n"),
    ("IL", "19n"),
    ("IQ", "4a15n"),
    ("IS", "22n"),
    ("IT", "1a10n12c"),
    ("JO", "4a4n18c"),
    ("KW", "4a22c"),
    ("KZ", "3n13c"),
    ("LB", "4n20c"),
    ("LC", "4a24c"),
    ("LI", "5n12c"),
    ("LT", "16n"),
    ("LU", "3n13c"),
    ("LV", "4a13c"),
    ("LY", "21n"),
    ("MC", "10n11c2n"),
    ("MD", "20c"),
    ("ME", "18n"),
    ("MK", "3n10c2n"),
    ("MN", "16n"),
    ("MR", "23n"),
    ("MT", "4a5n18c"),
    ("MU", "4a19n3a"),
    ("NI", "4a20n"),
    ("NL", "4a10n"),
    ("NO", "11n"),
    ("OM", "3n16c"),
    ("PK", "4a16c"),
    ("PL", "24n"),
    ("PS", "4a21c"),
    ("PT", "21n"),
    ("QA", "4a21c"),
    ("RO", "4a16c"),
    ("RS", "18n"),
    ("RU", "14n15c"),
    ("SA", "2n18c"),
    ("SC", "4a20n3a"),
    ("SD", "14n"),
    ("SE", "20n"),
    ("SI", "15n"),
    ("SK", "20n"),
    ("SM", "1a10n12c"),
    ("SO", "19n"),
    ("ST", "21n"),
    ("SV", "4a20n"),
    ("TL", "19n"),
    ("TN", "20n"),
    ("TR", "6n16c"),
    ("UA", "6n19c"),
    ("VA", "18n"),
    ("VG", "4a16n"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_are_in_order_and_fit() {
        assert!(FORMATS.is_sorted_by(|a, b| a.0 < b.0));
        for (country, notation) in FORMATS {
            let length = Format::parse(notation).length;
            assert!((11..=30).contains(&length), "{country} has {length}");
        }
    }

    /// The examples that the registry and ISO 13616 print.
    #[test]
    fn published_examples() {
        let examples = [
            "FR1420041010050500013M02606",
            "DE89370400440532013000",
            "GB29NWBK60161331926819",
            "BE68539007547034",
            "ES9121000418450200051332",
            "IT60X0542811101000000123456",
            "NL91ABNA0417164300",
            "PT50000201231234567890154",
            "CH9300762011623852957",
            "MT84MALT011000012345MTLCAST001S",
            "NO9386011117947",
            "LU280019400644750000",
            "PL61109010140000071219812874",
            "SE4550000000058398257466",
            "IE29AIBK93115212345678",
            "MU17BOMM0101101030300200000MUR",
        ];
        for example in examples {
            let view = View {
                bytes: example.as_bytes(),
                at: 2,
                floor: 0,
            };
            assert_eq!(find(&view), Some(0..example.len()), "{example}");
        }
    }
}
