//! Accounts (ISO 13616, the registry of SWIFT) and payment cards (ISO/IEC 7812, the networks' published ranges).

use super::{Dice, Made, cut, luhn_digit};

/// The account numbers of the single euro payments area, by country: digits, letters and both.
const ACCOUNTS: [(&str, &str); 41] = [
    ("AD", "8n12c"),
    ("AL", "8n16c"),
    ("AT", "16n"),
    ("BE", "12n"),
    ("BG", "4a6n8c"),
    ("CH", "5n12c"),
    ("CY", "8n16c"),
    ("CZ", "20n"),
    ("DE", "18n"),
    ("DK", "14n"),
    ("EE", "16n"),
    ("ES", "20n"),
    ("FI", "14n"),
    ("FR", "10n11c2n"),
    ("GB", "4a14n"),
    ("GI", "4a15c"),
    ("GR", "7n16c"),
    ("HR", "17n"),
    ("HU", "24n"),
    ("IE", "4a14n"),
    ("IS", "22n"),
    ("IT", "1a10n12c"),
    ("LI", "5n12c"),
    ("LT", "16n"),
    ("LU", "3n13c"),
    ("LV", "4a13c"),
    ("MC", "10n11c2n"),
    ("MD", "20c"),
    ("ME", "18n"),
    ("MK", "3n10c2n"),
    ("MT", "4a5n18c"),
    ("NL", "4a10n"),
    ("NO", "11n"),
    ("PL", "24n"),
    ("PT", "21n"),
    ("RO", "4a16c"),
    ("RS", "18n"),
    ("SE", "20n"),
    ("SI", "15n"),
    ("SK", "20n"),
    ("SM", "1a10n12c"),
];

/// An account number with its check digits: 98 less the rearranged number modulo 97.
pub(super) fn iban(dice: &mut Dice) -> Made {
    let (country, notation) = ACCOUNTS[dice.range(0, ACCOUNTS.len() as u64 - 1) as usize];
    let mut account = String::new();
    let mut count = String::new();
    for symbol in notation.chars() {
        if symbol.is_ascii_digit() {
            count.push(symbol);
            continue;
        }
        let length = count.parse().unwrap_or_default();
        account.push_str(&match symbol {
            'a' => dice.word("ABCDEFGHIJKLMNOPQRSTUVWXYZ", length),
            // Account numbers that may hold letters hardly ever do.
            'c' if dice.once_in(4) => dice.word("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", length),
            _ => dice.digits(length),
        });
        count.clear();
    }
    let turned = format!("{account}{country}00");
    let remainder = turned
        .chars()
        .filter_map(|symbol| symbol.to_digit(36))
        .fold(0, |remainder, value| {
            (remainder * if value > 9 { 100 } else { 10 } + value) % 97
        });
    let whole = format!("{country}{:02}{account}", 98 - remainder);
    let whole = if dice.once_in(8) {
        whole.to_lowercase()
    } else {
        whole
    };
    Made {
        kind: format!("iban-{country}"),
        groups: cut(&whole, &[4, 4, 4, 4, 4, 4, 4, 4]),
        gaps: &[" ", " ", "-"],
        compact: true,
        // A letter in place of a digit is a letter where letters are allowed.
        strong: !notation.contains('c'),
        before: &["", "IBAN ", "IBAN : ", "compte ", "virement sur le "],
    }
}

/// A card of one of the networks that are taken here.
pub(super) fn card(dice: &mut Dice) -> Made {
    let (kind, head, length): (&str, String, usize) = match dice.range(0, 6) {
        0 | 1 => ("visa", "4".to_owned(), 16),
        2 => ("mastercard", dice.range(51, 55).to_string(), 16),
        3 => ("mastercard-2", dice.range(2221, 2720).to_string(), 16),
        4 => ("amex", dice.pick(&["34", "37"]).to_owned(), 15),
        5 => ("jcb", dice.range(3528, 3589).to_string(), 16),
        _ => ("discover", dice.pick(&["6011", "65", "644"]).to_owned(), 16),
    };
    let body = format!("{head}{}", dice.digits(length - 1 - head.len()));
    let number = format!("{body}{}", luhn_digit(&body));
    let lengths: &[usize] = if length == 15 { &[4, 6, 5] } else { &[4, 4, 4, 4] };
    Made {
        kind: kind.to_owned(),
        groups: cut(&number, lengths),
        gaps: &[" ", " ", "-"],
        compact: true,
        strong: false,
        before: &["", "carte ", "CB : ", "carte bancaire n° ", "card number "],
    }
}
