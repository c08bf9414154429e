//! National identification numbers of Europe whose check digits are published, by the issuers' own descriptions.

use super::eastern::{
    bulgarian, croatian, czech, estonian, finnish, greek, latvian, lithuanian, norwegian, romanian,
    slovenian, swedish,
};
use super::{Dice, Made, birth, cut, luhn_digit, mod_11_10, weighted};

/// A number of one of the countries.
pub(super) fn national_id(dice: &mut Dice) -> Made {
    let makers: [fn(&mut Dice) -> Made; 27] = [
        dni,
        nie,
        codice_fiscale,
        belgian,
        nif,
        cartao,
        bsn,
        pesel,
        ausweis,
        steuer_id,
        austrian,
        bulgarian,
        czech,
        estonian,
        lithuanian,
        finnish,
        swedish,
        croatian,
        luxembourgish,
        latvian,
        romanian,
        slovenian,
        greek,
        irish,
        norwegian,
        swiss,
        super::french::tax_id,
    ];
    makers[dice.range(0, makers.len() as u64 - 1) as usize](dice)
}

pub(super) struct Form {
    pub(super) kind: &'static str,
    pub(super) lengths: &'static [usize],
    pub(super) gaps: &'static [&'static str],
    pub(super) compact: bool,
    pub(super) strong: bool,
    pub(super) before: &'static [&'static str],
}

pub(super) fn made(number: &str, form: &Form) -> Made {
    Made {
        kind: form.kind.to_owned(),
        groups: cut(number, form.lengths),
        gaps: form.gaps,
        compact: form.compact,
        strong: form.strong,
        before: form.before,
    }
}

/// The letter of Spanish numbers: the remainder by 23.
fn spanish_letter(value: u64) -> char {
    char::from(b"TRWAGMYFPDXBNJZSQVHLCKE"[(value % 23) as usize])
}

fn dni(dice: &mut Dice) -> Made {
    let body = dice.digits(8);
    let letter = spanish_letter(body.parse().unwrap_or_default());
    let form = Form {
        kind: "es-dni",
        lengths: &[8],
        gaps: &["-"],
        compact: true,
        strong: false,
        before: &["DNI ", "NIF: ", "DNI n.º ", "documento nacional de identidad "],
    };
    made(&format!("{body}{letter}"), &form)
}

fn nie(dice: &mut Dice) -> Made {
    let (lead, body) = (dice.range(0, 2), dice.digits(7));
    let letter = spanish_letter(format!("{lead}{body}").parse().unwrap_or_default());
    let head = ["X", "Y", "Z"][lead as usize];
    let form = Form {
        kind: "es-nie",
        lengths: &[1, 7],
        gaps: &["-"],
        compact: true,
        strong: false,
        before: &["NIE ", "NIE: ", "", "número de extranjero "],
    };
    made(&format!("{head}{body}{letter}"), &form)
}

/// Decree of the Italian ministry of finance of 23 December 1976: letters on odd places count by a table.
fn codice_fiscale(dice: &mut Dice) -> Made {
    const ODD: [u32; 36] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12,
        14, 16, 10, 22, 25, 24, 23,
    ];
    let (year, _, day) = birth(dice);
    let day = if dice.once_in(2) { day } else { day + 40 };
    let body = format!(
        "{}{:02}{}{day:02}{}{}",
        dice.word("BCDFGLMNPRSTVZ", 6),
        year % 100,
        dice.word("ABCDEHLMPRST", 1),
        dice.word("ABCDEFGHIL", 1),
        dice.digits(3)
    );
    let sum: u32 = body
        .chars()
        .filter_map(|symbol| symbol.to_digit(36))
        .enumerate()
        .map(|(at, value)| match at % 2 {
            0 => ODD[value as usize],
            _ if value > 9 => value - 10,
            _ => value,
        })
        .sum();
    let check = char::from(b'A' + (sum % 26) as u8);
    let form = Form {
        kind: "it-cf",
        lengths: &[3, 3, 5, 5],
        gaps: &[" "],
        compact: true,
        strong: false,
        before: &["", "codice fiscale ", "C.F. ", "CF: "],
    };
    made(&format!("{body}{check}"), &form)
}

/// 97 less the first nine digits modulo 97, with a 2 before them for those born from 2000 on.
fn belgian(dice: &mut Dice) -> Made {
    let (year, month, day) = birth(dice);
    let body = format!("{:02}{month:02}{day:02}{:03}", year % 100, dice.range(1, 997));
    let whole = if year < 2000 {
        body.clone()
    } else {
        format!("2{body}")
    };
    let check = 97 - whole.parse::<u64>().unwrap_or_default() % 97;
    let number = format!("{body}{check:02}");
    let mut written = made(
        &number,
        &Form {
            kind: "be-nn",
            lengths: &[6, 3, 2],
            gaps: &["-", " "],
            compact: true,
            strong: true,
            before: &["", "numéro national ", "NISS : ", "rijksregisternummer "],
        },
    );
    if dice.once_in(2) {
        written.groups = vec![format!(
            "{}.{}.{}-{}.{}",
            &number[..2],
            &number[2..4],
            &number[4..6],
            &number[6..9],
            &number[9..]
        )];
        written.gaps = &[];
    }
    written
}

fn nif(dice: &mut Dice) -> Made {
    let body = format!("{}{}", dice.pick(&["1", "2", "3"]), dice.digits(7));
    let check = match 11 - weighted(&body, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
        10 | 11 => 0,
        check => check,
    };
    let form = Form {
        kind: "pt-nif",
        lengths: &[3, 3, 3],
        gaps: &[" "],
        compact: true,
        strong: false,
        before: &["NIF ", "contribuinte n.º ", "NIF: "],
    };
    made(&format!("{body}{check}"), &form)
}

/// The number of the citizen's card: Luhn over digits and letters, letters from 10.
fn cartao(dice: &mut Dice) -> Made {
    let body = dice.digits(8);
    let civil = (0..10)
        .find(|check| weighted(&format!("{body}{check}"), &[9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11));
    let civil = civil.unwrap_or(0);
    let version = dice.word("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 2);
    let number = format!("{body}{civil}{version}");
    let sum: u32 = number
        .chars()
        .rev()
        .filter_map(|symbol| symbol.to_digit(36))
        .enumerate()
        .map(|(at, value)| match at % 2 {
            0 if value * 2 > 9 => value * 2 - 9,
            0 => value * 2,
            _ => value,
        })
        .sum();
    let form = Form {
        kind: "pt-cc",
        lengths: &[8, 1],
        gaps: &[" "],
        compact: true,
        strong: false,
        before: &["cartão de cidadão ", "CC ", "Cartão de Cidadão n.º "],
    };
    made(&format!("{number}{}", (10 - sum % 10) % 10), &form)
}

fn bsn(dice: &mut Dice) -> Made {
    let number = loop {
        let body = format!("{}{}", dice.range(1, 9), dice.digits(7));
        let check = weighted(&body, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        if check < 10 {
            break format!("{body}{check}");
        }
    };
    let form = Form {
        kind: "nl-bsn",
        lengths: &[4, 2, 3],
        gaps: &[".", " "],
        compact: true,
        strong: false,
        before: &["BSN ", "burgerservicenummer ", "BSN: ", "bsn-nummer "],
    };
    made(&number, &form)
}

fn pesel(dice: &mut Dice) -> Made {
    let (year, month, day) = birth(dice);
    let month = if year < 2000 { month } else { month + 20 };
    let body = format!("{:02}{month:02}{day:02}{}", year % 100, dice.digits(4));
    let check = (10 - weighted(&body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
    let form = Form {
        kind: "pl-pesel",
        lengths: &[11],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["PESEL ", "PESEL: ", "nr PESEL ", "numer PESEL: "],
    };
    made(&format!("{body}{check}"), &form)
}

/// Nine letters and digits of a smaller alphabet, and the check digit of Doc 9303.
fn ausweis(dice: &mut Dice) -> Made {
    let body = format!(
        "{}{}",
        dice.word("CFGHJKLMNPRTVWXYZ", 1),
        dice.word("0123456789CFGHJKLMNPRTVWXYZ", 8)
    );
    let values = body.chars().filter_map(|symbol| symbol.to_digit(36));
    let sum: u32 = values
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(value, weight)| value * weight)
        .sum();
    let form = Form {
        kind: "de-ausweis",
        lengths: &[10],
        gaps: &[],
        compact: true,
        strong: false,
        before: &[
            "Personalausweis ",
            "Ausweisnummer: ",
            "Personalausweis-Nr. ",
            "Reisepass Nr. ",
        ],
    };
    made(&format!("{body}{}", sum % 10), &form)
}

/// Of the first ten digits one is there twice, one is missing.
fn steuer_id(dice: &mut Dice) -> Made {
    let body = loop {
        let mut digits: Vec<char> = ('0'..='9').collect();
        for at in (1..10).rev() {
            digits.swap(at, dice.range(0, at as u64) as usize);
        }
        digits[9] = digits[dice.range(0, 7) as usize];
        if digits[0] != '0' {
            break digits.into_iter().collect::<String>();
        }
    };
    let form = Form {
        kind: "de-idnr",
        lengths: &[2, 3, 3, 3],
        gaps: &[" "],
        compact: true,
        strong: false,
        before: &["", "Steuer-ID ", "IdNr. ", "steuerliche Identifikationsnummer: "],
    };
    made(&format!("{body}{}", mod_11_10(&body)), &form)
}

fn austrian(dice: &mut Dice) -> Made {
    let number = loop {
        let (year, month, day) = birth(dice);
        let (serial, date) = (
            dice.range(100, 999).to_string(),
            format!("{day:02}{month:02}{:02}", year % 100),
        );
        let check = weighted(&format!("{serial}{date}"), &[3, 7, 9, 5, 8, 4, 2, 1, 6]) % 11;
        if check < 10 {
            break format!("{serial}{check}{date}");
        }
    };
    let form = Form {
        kind: "at-svnr",
        lengths: &[4, 6],
        gaps: &[" "],
        compact: true,
        strong: false,
        before: &["SVNR ", "Sozialversicherungsnummer ", "SV-Nummer: "],
    };
    made(&number, &form)
}

/// Luhn over eleven digits, and Verhoeff's digit over the same eleven.
fn luxembourgish(dice: &mut Dice) -> Made {
    const TIMES: [[usize; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    const TURN: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    const INVERSE: [usize; 10] = [0, 4, 3, 2, 1, 5, 6, 7, 8, 9];
    let (year, month, day) = birth(dice);
    let body = format!("{year}{month:02}{day:02}{}", dice.digits(3));
    let mut state = 0;
    for (at, digit) in super::digits_of(&body).into_iter().rev().enumerate() {
        let turned = (0..(at + 1) % 8).fold(digit as usize, |value, _| TURN[value]);
        state = TIMES[state][turned];
    }
    let form = Form {
        kind: "lu-tin",
        lengths: &[8, 5],
        gaps: &[" "],
        compact: true,
        strong: false,
        before: &["", "matricule ", "numéro d’identification national "],
    };
    made(&format!("{body}{}{}", luhn_digit(&body), INVERSE[state]), &form)
}

fn irish(dice: &mut Dice) -> Made {
    let body = dice.digits(7);
    let second = ["", "", "A", "H"][dice.range(0, 3) as usize];
    let extra = match second {
        "A" => 9,
        "H" => 72,
        _ => 0,
    };
    let sum = weighted(&body, &[8, 7, 6, 5, 4, 3, 2]) + extra;
    let check = char::from(b"WABCDEFGHIJKLMNOPQRSTUV"[(sum % 23) as usize]);
    let form = Form {
        kind: "ie-pps",
        lengths: &[10],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["PPS ", "PPSN: ", "PPS number "],
    };
    made(&format!("{body}{check}{second}"), &form)
}

fn swiss(dice: &mut Dice) -> Made {
    let body = format!("756{}", dice.digits(9));
    let sum = weighted(&body, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
    let form = Form {
        kind: "ch-ahv",
        lengths: &[3, 4, 4, 2],
        gaps: &["."],
        compact: true,
        strong: false,
        before: &["", "AHV ", "n° AVS "],
    };
    made(&format!("{body}{}", (10 - sum % 10) % 10), &form)
}
