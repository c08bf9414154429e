//! The same for the north and the east of Europe.

use super::european::{Form, made};
use super::{Dice, Made, birth, luhn_digit, mod_11_10, weighted};

pub(super) fn bulgarian(dice: &mut Dice) -> Made {
    let (year, month, day) = birth(dice);
    let month = if year < 2000 { month } else { month + 40 };
    let body = format!("{:02}{month:02}{day:02}{}", year % 100, dice.digits(3));
    let check = weighted(&body, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10;
    let form = Form {
        kind: "bg-egn",
        lengths: &[10],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["ЕГН ", "EGN ", "ЕГН: "],
    };
    made(&format!("{body}{check}"), &form)
}

/// A number that eleven divides, women's months plus 50.
pub(super) fn czech(dice: &mut Dice) -> Made {
    let number = loop {
        let (year, month, day) = birth(dice);
        let month = if dice.once_in(2) { month } else { month + 50 };
        let body = format!("{:02}{month:02}{day:02}{}", year.max(1954) % 100, dice.digits(3));
        let check = body.parse::<u64>().unwrap_or_default() % 11;
        if check < 10 {
            break format!("{body}{check}");
        }
    };
    let form = Form {
        kind: "cz-rc",
        lengths: &[6, 4],
        gaps: &["/"],
        compact: false,
        strong: false,
        before: &["", "rodné číslo ", "r. č. ", "RČ: "],
    };
    made(&number, &form)
}

fn baltic(dice: &mut Dice) -> String {
    let (year, month, day) = birth(dice);
    let century = if year < 2000 { 3 } else { 5 } + dice.range(0, 1);
    let body = format!("{century}{:02}{month:02}{day:02}{}", year % 100, dice.digits(3));
    let first = weighted(&body, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(&body, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
    format!("{body}{}", if first == 10 { second } else { first })
}

pub(super) fn estonian(dice: &mut Dice) -> Made {
    let form = Form {
        kind: "ee-ik",
        lengths: &[11],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["", "isikukood ", "Isikukood: "],
    };
    made(&baltic(dice), &form)
}

pub(super) fn lithuanian(dice: &mut Dice) -> Made {
    let form = Form {
        kind: "lt-ak",
        lengths: &[11],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["", "asmens kodas ", "a. k. "],
    };
    made(&baltic(dice), &form)
}

pub(super) fn finnish(dice: &mut Dice) -> Made {
    let (year, month, day) = birth(dice);
    let (date, serial) = (format!("{day:02}{month:02}{:02}", year % 100), dice.range(2, 899));
    let value: u64 = format!("{date}{serial:03}").parse().unwrap_or_default();
    let check = char::from(b"0123456789ABCDEFHJKLMNPRSTUVWXY"[(value % 31) as usize]);
    let sign = if year < 2000 { "-" } else { "A" };
    let form = Form {
        kind: "fi-hetu",
        lengths: &[11],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["", "henkilötunnus ", "HETU: "],
    };
    made(&format!("{date}{sign}{serial:03}{check}"), &form)
}

pub(super) fn swedish(dice: &mut Dice) -> Made {
    let (year, month, day) = birth(dice);
    let (date, serial) = (format!("{:02}{month:02}{day:02}", year % 100), dice.digits(3));
    let check = luhn_digit(&format!("{date}{serial}"));
    let century = if dice.once_in(2) {
        (year / 100).to_string()
    } else {
        String::new()
    };
    let form = Form {
        kind: "se-pnr",
        lengths: if century.is_empty() { &[6, 4] } else { &[8, 4] },
        gaps: &["-"],
        compact: false,
        strong: false,
        before: &["", "personnummer ", "pnr: "],
    };
    made(&format!("{century}{date}{serial}{check}"), &form)
}

pub(super) fn croatian(dice: &mut Dice) -> Made {
    let body = dice.digits(10);
    let form = Form {
        kind: "hr-oib",
        lengths: &[11],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["OIB ", "OIB: ", "osobni identifikacijski broj "],
    };
    made(&format!("{body}{}", mod_11_10(&body)), &form)
}

pub(super) fn latvian(dice: &mut Dice) -> Made {
    let number = loop {
        let (year, month, day) = birth(dice);
        let century = if year < 2000 { 1 } else { 2 };
        let body = format!("{day:02}{month:02}{:02}{century}{}", year % 100, dice.digits(3));
        let check = (1 + weighted(&body, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11;
        if check < 10 {
            break format!("{body}{check}");
        }
    };
    let form = Form {
        kind: "lv-pk",
        lengths: &[6, 5],
        gaps: &["-"],
        compact: false,
        strong: false,
        before: &["", "personas kods ", "p. k. "],
    };
    made(&number, &form)
}

pub(super) fn romanian(dice: &mut Dice) -> Made {
    let (year, month, day) = birth(dice);
    let sex = if year < 2000 { 1 } else { 5 } + dice.range(0, 1);
    let body = format!(
        "{sex}{:02}{month:02}{day:02}{:02}{}",
        year % 100,
        dice.range(1, 46),
        dice.digits(3)
    );
    let check = match weighted(&body, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
        10 => 1,
        check => check,
    };
    let form = Form {
        kind: "ro-cnp",
        lengths: &[13],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["", "CNP ", "CNP: "],
    };
    made(&format!("{body}{check}"), &form)
}

pub(super) fn slovenian(dice: &mut Dice) -> Made {
    let number = loop {
        let (year, month, day) = birth(dice);
        let body = format!("{day:02}{month:02}{:03}50{}", year % 1000, dice.digits(3));
        let check = (11 - weighted(&body, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
        if check < 10 {
            break format!("{body}{check}");
        }
    };
    let form = Form {
        kind: "si-emso",
        lengths: &[13],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["", "EMŠO ", "EMŠO: "],
    };
    made(&number, &form)
}

pub(super) fn greek(dice: &mut Dice) -> Made {
    let (year, month, day) = birth(dice);
    let body = format!("{day:02}{month:02}{:02}{}", year % 100, dice.digits(4));
    let form = Form {
        kind: "gr-amka",
        lengths: &[11],
        gaps: &[],
        compact: true,
        strong: false,
        before: &["ΑΜΚΑ ", "AMKA ", "AMKA: "],
    };
    made(&format!("{body}{}", luhn_digit(&body)), &form)
}

pub(super) fn norwegian(dice: &mut Dice) -> Made {
    let number = loop {
        let (year, month, day) = birth(dice);
        let body = format!("{day:02}{month:02}{:02}{}", year % 100, dice.digits(3));
        let first = (11 - weighted(&body, &[3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11) % 11;
        let second = (11 - weighted(&format!("{body}{first}"), &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
        if first < 10 && second < 10 {
            break format!("{body}{first}{second}");
        }
    };
    let form = Form {
        kind: "no-fnr",
        lengths: &[6, 5],
        gaps: &[" "],
        compact: true,
        strong: false,
        before: &["", "fødselsnummer ", "personnummer "],
    };
    made(&number, &form)
}
