//! VAT numbers of the Union's countries, with the check digits that their administrations have published.

use super::{Dice, Made, cut, luhn_digit, mod_11_10, weighted};

const BEFORE: &[&str] = &[
    "",
    "TVA ",
    "N° TVA : ",
    "VAT ",
    "TVA intracommunautaire : ",
    "USt-IdNr. ",
    "P. IVA ",
];

/// A number of one of the countries, with its prefix.
pub(super) fn vat(dice: &mut Dice) -> Made {
    let countries = [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "HR", "HU", "IE", "IT", "LT",
        "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ];
    let country = dice.pick(&countries);
    let body = loop {
        if let Some(body) = number(country, dice) {
            break body;
        }
    };
    let groups = match country {
        "FR" => {
            let mut groups = vec![country.to_owned()];
            groups.extend(cut(&body, &[2, 3, 3, 3]));
            groups
        }
        _ => vec![country.to_owned(), body],
    };
    Made {
        kind: format!("vat-{country}"),
        groups,
        gaps: &[" "],
        compact: true,
        strong: country == "FR",
        before: if matches!(country, "FR" | "NL") {
            BEFORE
        } else {
            &BEFORE[1..]
        },
    }
}

/// The digit 11 less the weighted sum modulo 11, if there is one.
fn complement(body: &str, weights: &[u32]) -> Option<u32> {
    let check = (11 - weighted(body, weights) % 11) % 11;
    (check < 10).then_some(check)
}

fn number(country: &str, dice: &mut Dice) -> Option<String> {
    let seven = format!("{}{}", dice.range(1, 9), dice.digits(6));
    let eight = format!("{seven}{}", dice.digits(1));
    let with = |body: &str, check: u32| Some(format!("{body}{check}"));
    match country {
        "AT" => {
            let sum = seven
                .chars()
                .filter_map(|digit| digit.to_digit(10))
                .enumerate()
                .fold(0, |sum, (at, digit)| {
                    sum + if at % 2 == 1 {
                        digit * 2 / 10 + digit * 2 % 10
                    } else {
                        digit
                    }
                });
            with(&format!("U{seven}"), (10 - (sum + 4) % 10) % 10)
        }
        "BE" => {
            let body = format!("0{seven}");
            let value: u64 = body.parse().ok()?;
            Some(format!("{body}{:02}", 97 - value % 97))
        }
        "BG" => {
            let check = match weighted(&eight, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11 {
                10 => weighted(&eight, &[3, 4, 5, 6, 7, 8, 9, 10]) % 11 % 10,
                check => check,
            };
            with(&eight, check)
        }
        "CY" => Some(cypriot(dice)),
        "CZ" => {
            let body = format!("2{}", &seven[1..]);
            let check = match 11 - weighted(&body, &[8, 7, 6, 5, 4, 3, 2]) % 11 {
                10 => 0,
                11 => 1,
                check => check,
            };
            with(&body, check)
        }
        "DE" => with(&eight, mod_11_10(&eight)),
        "DK" => with(&seven, complement(&seven, &[2, 7, 6, 5, 4, 3, 2])?),
        "EE" => with(
            &eight,
            (10 - weighted(&eight, &[3, 7, 1, 3, 7, 1, 3, 7]) % 10) % 10,
        ),
        "EL" => with(
            &eight,
            weighted(&eight, &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10,
        ),
        "ES" => Some(format!("{}{seven}{}", dice.pick(&["A", "B"]), luhn_digit(&seven))),
        "FI" => with(&seven, complement(&seven, &[7, 9, 10, 5, 8, 4, 2])?),
        "FR" => {
            let siren = format!("{eight}{}", luhn_digit(&eight));
            let value: u64 = siren.parse().ok()?;
            Some(format!("{:02}{siren}", (12 + 3 * (value % 97)) % 97))
        }
        "HR" => {
            let ten = format!("{eight}{}", dice.digits(2));
            with(&ten, mod_11_10(&ten))
        }
        "HU" => with(&seven, (10 - weighted(&seven, &[9, 7, 3, 1, 9, 7, 3]) % 10) % 10),
        "IE" => {
            let second = ["", "W", "H"][dice.range(0, 2) as usize];
            let extra = match second {
                "H" => 72,
                _ => 0,
            };
            let sum = weighted(&seven, &[8, 7, 6, 5, 4, 3, 2]) + extra;
            let check = char::from(b"WABCDEFGHIJKLMNOPQRSTUV"[(sum % 23) as usize]);
            Some(format!("{seven}{check}{}", if second == "H" { "H" } else { "" }))
        }
        "IT" => {
            let ten = format!("0{}{:03}", &seven[1..], dice.range(1, 100));
            with(&ten, luhn_digit(&ten))
        }
        "LT" => {
            let body = format!("{seven}1");
            let first = weighted(&body, &[1, 2, 3, 4, 5, 6, 7, 8]) % 11;
            let second = weighted(&body, &[3, 4, 5, 6, 7, 8, 9, 1]) % 11 % 10;
            with(&body, if first == 10 { second } else { first })
        }
        "LU" => {
            let six = &seven[..6];
            Some(format!("{six}{:02}", six.parse::<u64>().ok()? % 89))
        }
        "LV" => {
            let ten = format!("4{}{}", &seven[1..], dice.digits(3));
            let check = (3 + 11 * 50 - weighted(&ten, &[9, 1, 4, 8, 3, 10, 2, 5, 7, 6])) % 11;
            (check < 10).then(|| format!("{ten}{check}"))
        }
        "MT" => {
            let six = &seven[..6];
            Some(format!(
                "{six}{:02}",
                37 - weighted(six, &[3, 4, 6, 7, 8, 9]) % 37
            ))
        }
        "NL" => {
            let check = weighted(&eight, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
            (check < 10).then(|| format!("{eight}{check}B{:02}", dice.range(1, 9)))
        }
        "PL" => {
            let nine = format!("{eight}{}", dice.digits(1));
            let check = weighted(&nine, &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11;
            (check < 10).then(|| format!("{nine}{check}"))
        }
        "PT" => {
            let body = format!("5{}", &eight[1..]);
            with(&body, complement(&body, &[9, 8, 7, 6, 5, 4, 3, 2]).unwrap_or(0))
        }
        "RO" => with(&eight, weighted(&eight, &[5, 3, 2, 1, 7, 5, 3, 2]) * 10 % 11 % 10),
        "SE" => {
            let nine = format!("55{}", &eight[1..]);
            Some(format!("{nine}{}01", luhn_digit(&nine)))
        }
        "SI" => {
            let check = 11 - weighted(&seven, &[8, 7, 6, 5, 4, 3, 2]) % 11;
            (check < 11).then(|| format!("{seven}{}", check % 10))
        }
        _ => {
            let body = format!("20{}", &eight[1..]);
            let check = (11 - format!("{body}0").parse::<u64>().ok()? % 11) % 11;
            (check < 10).then(|| format!("{body}{check}"))
        }
    }
}

/// Digits on odd places count by a table; the sum modulo 26 is a letter.
fn cypriot(dice: &mut Dice) -> String {
    let body = format!("10{}", dice.digits(6));
    let table = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let digits = body.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { table[digit as usize] } else { digit })
        .sum();
    format!("{body}{}", char::from(b'A' + (sum % 26) as u8))
}
