//! French identifiers: the NIR (INSEE), SIREN and SIRET (INSEE), the tax number (DGFiP), and the machine-readable lines
//! of passports and identity cards (ICAO Doc 9303; the older French card by its decree).

use super::{Dice, Made, birth, cut, luhn_digit};

/// A number in the national register, with its key: 97 less the number modulo 97; 2A counts as 19, 2B as 18.
pub(super) fn nir(dice: &mut Dice) -> Made {
    let (year, month, _) = birth(dice);
    let department = match dice.range(0, 9) {
        0 => "2A".to_owned(),
        1 => "2B".to_owned(),
        2 => "99".to_owned(),
        3 => "97".to_owned(),
        _ => format!("{:02}", dice.range(1, 95)),
    };
    let (sex, commune, order) = (dice.range(1, 2), dice.range(1, 590), dice.range(1, 600));
    let body = format!(
        "{sex}{:02}{month:02}{department}{commune:03}{order:03}",
        year % 100
    );
    let value: u64 = body
        .replace("2A", "19")
        .replace("2B", "18")
        .parse()
        .unwrap_or_default();
    let number = format!("{body}{:02}", 97 - value % 97);
    let lengths: &[usize] = match dice.range(0, 3) {
        0 => &[13],
        1 => &[1, 2, 2, 2, 6],
        _ => &[1, 2, 2, 2, 3, 3],
    };
    Made {
        kind: "nir".to_owned(),
        groups: cut(&number, lengths),
        gaps: &[" ", " ", ".", "-"],
        compact: true,
        strong: true,
        before: &[
            "",
            "n° de sécurité sociale ",
            "NIR : ",
            "Sécu ",
            "assurée sous le numéro ",
        ],
    }
}

/// A company (SIREN, nine digits) or one of its places (SIRET, five more), both by Luhn; the Poste's places have a sum of
/// digits that five divides.
pub(super) fn company(dice: &mut Dice) -> Made {
    let body = format!("{}{}", dice.range(3, 9), dice.digits(7));
    let siren = format!("{body}{}", luhn_digit(&body));
    match dice.range(0, 4) {
        0 => Made {
            kind: "siren".to_owned(),
            groups: cut(&siren, &[3, 3, 3]),
            gaps: &[" ", " ", "."],
            compact: true,
            strong: false,
            before: &[
                "SIREN ",
                "SIREN : ",
                "RCS Lyon ",
                "immatriculée au RCS de Nantes sous le n° ",
                "N° Siren: ",
            ],
        },
        1 if dice.once_in(3) => {
            let siren = "356000000".to_owned();
            let place = loop {
                let place = dice.digits(5);
                let sum: u32 = place.chars().filter_map(|digit| digit.to_digit(10)).sum();
                if (sum + 14).is_multiple_of(5) {
                    break place;
                }
            };
            siret("siret-poste", &format!("{siren}{place}"), &["SIRET ", "Siret : "])
        }
        _ => {
            let place = format!("{siren}{:04}", dice.range(1, 120));
            let number = format!("{place}{}", luhn_digit(&place));
            siret(
                "siret",
                &number,
                &["", "SIRET ", "Siret : ", "n° SIRET: ", "établissement "],
            )
        }
    }
}

fn siret(kind: &str, number: &str, before: &'static [&'static str]) -> Made {
    Made {
        kind: kind.to_owned(),
        groups: cut(number, &[3, 3, 3, 5]),
        gaps: &[" ", " ", "."],
        compact: true,
        strong: false,
        before,
    }
}

/// A tax number: ten digits, the first 0 to 3, and the remainder by 511.
pub(super) fn tax_id(dice: &mut Dice) -> Made {
    let body = format!("{}{}", dice.range(0, 3), dice.digits(9));
    let value: u64 = body.parse().unwrap_or_default();
    Made {
        kind: "spi".to_owned(),
        groups: cut(&format!("{body}{:03}", value % 511), &[2, 2, 3, 3, 3]),
        gaps: &[" "],
        compact: true,
        strong: true,
        before: &["numéro fiscal ", "N° fiscal : ", "SPI ", "identifiant fiscal : "],
    }
}

const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBER: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SURNAMES: [&str; 8] = [
    "MARTIN",
    "LE<GOFF",
    "DUBOIS",
    "BENALI",
    "DE<LA<TOUR",
    "MUELLER",
    "ROSSI",
    "NGUYEN",
];
const FIRST: [&str; 7] = ["JEANNE", "PAUL<HENRI", "AMINA", "KARL", "LUCIA", "MINH", "ZOE"];

/// The check digit of Doc 9303, part 3: weights 7, 3, 1; letters from 10, `<` for 0.
fn icao(field: &str) -> u32 {
    let values = field.chars().map(|symbol| symbol.to_digit(36).unwrap_or(0));
    values
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(value, weight)| value * weight)
        .sum::<u32>()
        % 10
}

fn checked(field: &str) -> String {
    format!("{field}{}", icao(field))
}

fn filled(text: &str, length: usize) -> String {
    let mut text = text.to_owned();
    text.truncate(length);
    while text.len() < length {
        text.push('<');
    }
    text
}

/// The machine-readable lines of a travel document, each a group.
pub(super) fn document(dice: &mut Dice) -> Made {
    let (year, month, day) = birth(dice);
    let born = checked(&format!("{:02}{month:02}{day:02}", year % 100));
    let ends = checked(&format!("{:02}{month:02}{day:02}", dice.range(26, 36)));
    let sex = dice.pick(&["M", "F", "<"]);
    let state = dice.pick(&["FRA", "ESP", "ITA", "BEL", "D<<", "POL", "NLD", "PRT", "UTO"]);
    let name = format!("{}<<{}", dice.pick(&SURNAMES), dice.pick(&FIRST));
    let number = checked(&filled(&dice.word(NUMBER, 9), 9));
    let (kind, lines) = match dice.range(0, 3) {
        0 => {
            let optional = checked(&filled("", 14));
            let all = icao(&format!("{number}{born}{ends}{optional}"));
            let first = filled(&format!("P<{state}{name}"), 44);
            (
                "td3",
                vec![first, format!("{number}{state}{born}{sex}{ends}{optional}{all}")],
            )
        }
        1 => {
            let optional = filled("", 15);
            let all = icao(&format!("{number}{optional}{born}{ends}{}", filled("", 11)));
            let second = format!("{born}{sex}{ends}{state}{}{all}", filled("", 11));
            (
                "td1",
                vec![format!("I<{state}{number}{optional}"), second, filled(&name, 30)],
            )
        }
        2 => {
            let optional = filled("", 7);
            let all = icao(&format!("{number}{born}{ends}{optional}"));
            let first = filled(&format!("I<{state}{name}"), 36);
            (
                "td2",
                vec![first, format!("{number}{state}{born}{sex}{ends}{optional}{all}")],
            )
        }
        _ => {
            let surname = filled(dice.pick(&SURNAMES), 25);
            let department = format!("{:02}", dice.range(1, 95));
            let first = format!("IDFRA{surname}{department}{}", dice.word("0123456789", 4));
            let card = format!(
                "{:02}{:02}{department}{}{}",
                dice.range(4, 20),
                dice.range(1, 12),
                dice.word(CAPITALS, 1),
                dice.word("0123456789", 5)
            );
            let first_name = filled(dice.pick(&FIRST), 14);
            let second = format!("{}{first_name}{born}{}", checked(&card), dice.pick(&["M", "F"]));
            let all = icao(&format!("{first}{second}"));
            ("cni", vec![first, format!("{second}{all}")])
        }
    };
    Made {
        kind: kind.to_owned(),
        groups: lines,
        gaps: &["\n", "\r\n", "\n  "],
        compact: false,
        strong: false,
        before: &["", "Passeport :\n", "MRZ\n"],
    }
}
