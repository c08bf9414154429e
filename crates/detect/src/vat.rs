//! VAT numbers of the Union's countries, with the check digits that their administrations have published (those of
//! `VIES`'s list of structures, chapter "algorithms").

use std::ops::Range;

use crate::check::{luhn, mod_11_10, mod_97, number, value, weighted};
use crate::national::{is_spanish, pps};
use crate::number::{self, Number};
use crate::view::View;

const WORDS: &[&str] = &[
    "tva",
    "vat",
    "ust",
    "umsatzsteuer",
    "mwst",
    "iva",
    "p.iva",
    "btw",
    "moms",
    "alv",
    "nif",
    "cif",
    "uid",
    "dic",
    "intracom",
    "idnr",
    "vies",
    "tax",
    "pvn",
    "pvm",
    "kmkr",
    "afa",
    "dph",
    "ddv",
    "pdv",
    "fpa",
    "facture",
    "fiscal",
    "ic dph",
];

/// A country's numbers: what may follow its code, and the check.
struct Format {
    country: &'static [u8; 2],
    /// Forms, the longest first: `#` a digit, `@` a letter, `*` either, others themselves.
    forms: &'static [&'static str],
    check: fn(&[u8]) -> bool,
}

const FORMATS: &[Format] = &[
    Format {
        country: b"AT",
        forms: &["U########"],
        check: austria,
    },
    Format {
        country: b"BE",
        forms: &["##########"],
        check: |n| n[0] < b'2' && 97 - number(&n[..8]) % 97 == number(&n[8..]),
    },
    Format {
        country: b"BG",
        forms: &["#########"],
        check: bulgaria,
    },
    Format {
        country: b"CY",
        forms: &["########@"],
        check: cyprus,
    },
    Format {
        country: b"CZ",
        forms: &["##########", "########"],
        check: czechia,
    },
    Format {
        country: b"DE",
        forms: &["#########"],
        check: |n| n[0] != b'0' && mod_11_10(n),
    },
    Format {
        country: b"DK",
        forms: &["########"],
        check: |n| n[0] != b'0' && weighted(n, &[2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11),
    },
    Format {
        country: b"EE",
        forms: &["#########"],
        check: |n| weighted(n, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10),
    },
    Format {
        country: b"EL",
        forms: &["#########"],
        check: greece,
    },
    Format {
        country: b"ES",
        forms: &["*#######*"],
        check: is_spanish,
    },
    Format {
        country: b"FI",
        forms: &["########"],
        check: |n| weighted(n, &[7, 9, 10, 5, 8, 4, 2, 1]).is_multiple_of(11),
    },
    Format {
        country: b"FR",
        forms: &["**#########"],
        check: france,
    },
    Format {
        country: b"HR",
        forms: &["###########"],
        check: mod_11_10,
    },
    Format {
        country: b"HU",
        forms: &["########"],
        check: |n| weighted(n, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10),
    },
    Format {
        country: b"IE",
        forms: &["#######@@", "#######@"],
        check: pps,
    },
    Format {
        country: b"IT",
        forms: &["###########"],
        check: luhn,
    },
    Format {
        country: b"LT",
        forms: &["############", "#########"],
        check: lithuania,
    },
    Format {
        country: b"LU",
        forms: &["########"],
        check: |n| number(&n[..6]) % 89 == number(&n[6..]),
    },
    Format {
        country: b"LV",
        forms: &["###########"],
        check: |n| n[0] > b'3' && weighted(n, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1]) % 11 == 3,
    },
    Format {
        country: b"MT",
        forms: &["########"],
        check: |n| weighted(n, &[3, 4, 6, 7, 8, 9, 10, 1]).is_multiple_of(37),
    },
    Format {
        country: b"NL",
        forms: &["#########B##"],
        check: netherlands,
    },
    Format {
        country: b"PL",
        forms: &["##########"],
        check: |n| weighted(n, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == value(n[9]),
    },
    Format {
        country: b"PT",
        forms: &["#########"],
        check: |n| n[0] != b'0' && crate::national::nif(n),
    },
    Format {
        country: b"RO",
        forms: &["##########", "#########", "########", "#######", "######"],
        check: romania,
    },
    Format {
        country: b"SE",
        forms: &["############"],
        check: |n| luhn(&n[..10]) && n.ends_with(b"01"),
    },
    Format {
        country: b"SI",
        forms: &["########"],
        check: slovenia,
    },
    Format {
        country: b"SK",
        forms: &["##########"],
        check: |n| n[0] != b'0' && number(n).is_multiple_of(11),
    },
];

/// The place of the number whose first digits stand at the view's place.
pub(crate) fn find(view: &View<'_>) -> Option<Range<usize>> {
    // A letter or two, and a gap, may stand between the country and the first digit.
    (2..=5).find_map(|back| at(view, view.at.checked_sub(back)?))
}

fn at(view: &View<'_>, start: usize) -> Option<Range<usize>> {
    let bytes = view.bytes;
    let lettered = bytes[start].is_ascii_alphabetic() && bytes[start + 1].is_ascii_alphabetic();
    if !lettered || start < view.floor || number::is_symbol_before(bytes, start) {
        return None;
    }
    let code = [
        bytes[start].to_ascii_uppercase(),
        bytes[start + 1].to_ascii_uppercase(),
    ];
    let code = if &code == b"GR" { *b"EL" } else { code };
    let format = FORMATS.iter().find(|format| format.country == &code)?;
    let capitals = bytes[start..start + 2].iter().all(u8::is_ascii_uppercase);
    let spaced = bytes
        .get(start + 2)
        .is_some_and(|byte| matches!(byte, b' ' | b'.' | b'-' | b'\n' | b'\r'));
    for misread in [false, code == *b"FR"] {
        for form in format.forms {
            let Some(number) = read(bytes, start, form, misread) else {
                continue;
            };
            let place = start..number.end;
            let strong = matches!(&code, b"FR" | b"NL") && capitals;
            if (format.check)(&number.symbols()[2..])
                && (strong || capitals && !spaced && !view.is_reference(start) || view.near(&place, WORDS))
            {
                return Some(place);
            }
        }
    }
    None
}

fn read(bytes: &[u8], start: usize, form: &str, misread: bool) -> Option<Number<14>> {
    let form = form.as_bytes();
    number::read(bytes, start, form.len() + 2, misread, |index, symbol| match index
        .checked_sub(2)
        .map(|at| form[at])
    {
        None | Some(b'@') => symbol.is_ascii_uppercase(),
        Some(b'#') => symbol.is_ascii_digit(),
        // A key of letters is rare; misread digits are not taken for one.
        Some(b'*') => symbol.is_ascii_digit() || !misread,
        Some(letter) => symbol == letter,
    })
}

fn austria(n: &[u8]) -> bool {
    let sum = n[1..8].iter().enumerate().map(|(at, digit)| {
        let digit = value(*digit);
        if at % 2 == 1 {
            digit * 2 / 10 + digit * 2 % 10
        } else {
            digit
        }
    });
    (sum.sum::<u32>() + 4 + value(n[8])).is_multiple_of(10)
}

fn bulgaria(n: &[u8]) -> bool {
    let first = weighted(n, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
    let second = weighted(n, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10;
    (if first == 10 { second } else { first }) == value(n[8])
}

fn cyprus(n: &[u8]) -> bool {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let values = n[..8].iter().map(|digit| value(*digit)).enumerate();
    let sum: u32 = values
        .map(|(at, digit)| if at % 2 == 0 { ODD[digit as usize] } else { digit })
        .sum();
    !n.starts_with(b"12") && value(n[8]) == 10 + sum % 26
}

fn czechia(n: &[u8]) -> bool {
    if n.len() == 10 {
        return crate::national::rodne_cislo(n);
    }
    let check = (11 - weighted(n, &[8, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    n[0] != b'9' && (if check == 0 { 1 } else { check }) % 10 == value(n[7])
}

fn greece(n: &[u8]) -> bool {
    weighted(n, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == value(n[8])
}

/// The old key is worked out from the SIREN; the new one has a letter, and I and O are none of them.
fn france(n: &[u8]) -> bool {
    let (key, siren) = n.split_at(2);
    if !luhn(siren) && !siren.starts_with(b"000") {
        return false;
    }
    if key.iter().all(u8::is_ascii_digit) {
        return (number(siren) * 100 + 12) % 97 == number(key);
    }
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let place = |symbol: u8| {
        ALPHABET
            .iter()
            .position(|letter| *letter == symbol)
            .map(|at| at as u64)
    };
    let (Some(one), Some(two)) = (place(key[0]), place(key[1])) else {
        return false;
    };
    let check = if key[0].is_ascii_digit() {
        (one * 24 + two).checked_sub(10)
    } else {
        (one * 34 + two).checked_sub(100)
    };
    check.is_some_and(|check| (number(siren) + 1 + check / 11) % 11 == check % 11)
}

fn lithuania(n: &[u8]) -> bool {
    let Some((check, body)) = n.split_last() else {
        return false;
    };
    let sum = |shift: usize| -> u32 {
        body.iter()
            .enumerate()
            .map(|(at, digit)| value(*digit) * (1 + (at + shift) as u32 % 9))
            .sum()
    };
    let first = sum(0) % 11;
    n[n.len() - 2] == b'1' && (if first == 10 { sum(2) % 11 % 10 } else { first }) == value(*check)
}

/// The older numbers pass the test of the BSN, those of sole traders since 2020 one by 97.
fn netherlands(n: &[u8]) -> bool {
    n[10..] != *b"00" && (crate::national::bsn(&n[..9]) || mod_97(b"NL".iter().chain(n)) == 1)
}

fn romania(n: &[u8]) -> bool {
    let Some((check, body)) = n.split_last() else {
        return false;
    };
    let weights = [7, 5, 3, 2, 1, 7, 5, 3, 2];
    n[0] != b'0' && weighted(body, &weights[9 - body.len()..]) * 10 % 11 % 10 == value(*check)
}

fn slovenia(n: &[u8]) -> bool {
    let check = 11 - weighted(n, &[8, 7, 6, 5, 4, 3, 2]) % 11;
    n[0] != b'0' && check < 11 && check % 10 == value(n[7])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that administrations and companies have published.
    #[test]
    fn published_numbers() {
        for number in [
            "ATU13585627",
            "BE0428759497",
            "BG175074752",
            "CY10259033P",
            "CZ25123891",
            "DE136695976",
            "DK13585628",
            "EE100931558",
            "EL094259216",
            "ESB58378431",
            "FI20774740",
            "FR40303265045",
            "FR23334175221",
            "FRK7399859412",
            "HR33392005961",
            "HU12892312",
            "IE6433435F",
            "IE6433435OA",
            "IT00743110157",
            "LT119511515",
            "LT100001919017",
            "LU15027442",
            "LV40003521600",
            "MT11679112",
            "NL004495445B01",
            "NL002455799B11",
            "PL8567346215",
            "PT501964843",
            "RO18547290",
            "SE123456789701",
            "SI50223054",
            "SK2022749619",
        ] {
            let text = format!("TVA {number}");
            let digit = text[6..].find(|symbol: char| symbol.is_ascii_digit()).unwrap() + 6;
            let view = View {
                bytes: text.as_bytes(),
                at: digit,
                floor: 0,
            };
            assert_eq!(find(&view), Some(4..text.len()), "{number}");
        }
    }
}
