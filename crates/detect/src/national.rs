//! Identification numbers that European states give to people, where their check digits are published.
//!
//! A check of one digit lets one number in ten through. Formats that nothing else holds together (a date in them, a letter,
//! signs between their groups) are found where a word near them says what they are.

use std::ops::Range;

use crate::check::{icao, is_day, is_dmy, is_ymd, luhn, mod_11_10, number, value, verhoeff, weighted};
use crate::number::{self, Number, Run, is_fraction, is_symbol_before};
use crate::view::View;

/// Numbers of digits only.
struct Digits {
    length: usize,
    /// Before which digits there may be a gap, and which signs it may be.
    gaps: &'static [usize],
    signs: &'static [u8],
    /// Whether it is written without gaps too.
    compact: bool,
    check: fn(&[u8]) -> bool,
    /// One of these must stand near it; where there is none it is found anywhere that no reference is told.
    words: &'static [&'static str],
}

const fn digits(length: usize, check: fn(&[u8]) -> bool, words: &'static [&'static str]) -> Digits {
    Digits {
        length,
        gaps: &[],
        signs: b"",
        compact: true,
        check,
        words,
    }
}

const fn spaced(
    length: usize,
    (gaps, signs, compact): (&'static [usize], &'static [u8], bool),
    check: fn(&[u8]) -> bool,
    words: &'static [&'static str],
) -> Digits {
    Digits {
        length,
        gaps,
        signs,
        compact,
        check,
        words,
    }
}

/// The fewest digits of these formats.
const SHORTEST: usize = 9;

const FORMATS: &[Digits] = &[
    // France, tax: the remainder by 511.
    spaced(13, (&[2, 4, 7, 10], b" ", true), tax, &[]),
    // Belgium: two digits of 97, with a 2 before those born from 2000 on.
    spaced(11, (&[6, 9], b"-. ", true), belgium, &[]),
    spaced(11, (&[2, 4, 6, 9], b"-. ", false), belgium, &[]),
    // Portugal, tax.
    spaced(
        9,
        (&[3, 6], b" .", true),
        nif,
        &["nif", "contribuinte", "nif:", "numero de identificacao fiscal"],
    ),
    // The Netherlands.
    spaced(
        9,
        (&[4, 6], b". ", true),
        bsn,
        &["bsn", "burgerservicenummer", "sofinummer", "bsn-nummer"],
    ),
    spaced(
        9,
        (&[3, 6], b". ", true),
        bsn,
        &["bsn", "burgerservicenummer", "sofinummer", "bsn-nummer"],
    ),
    // Poland; Germany, tax; Croatia.
    digits(11, pesel, &["pesel"]),
    spaced(11, (&[2, 5, 8], b" ", true), steuer_id, &[]),
    digits(11, mod_11_10, &["oib", "osobni"]),
    // Austria; Bulgaria.
    spaced(
        10,
        (&[4], b" ", true),
        austria,
        &[
            "svnr",
            "sv-nr",
            "sv-nummer",
            "sozialversicherung",
            "versicherungsnummer",
        ],
    ),
    digits(10, egn, &["егн", "ЕГН", "egn"]),
    // Czechia and Slovakia: eleven divides it, and there is a stroke in it.
    spaced(10, (&[6], b"/", false), rodne_cislo, &[]),
    // Estonia and Lithuania; Greece.
    digits(11, baltic, &[]),
    digits(11, |n| is_dmy(n) && luhn(n), &["ΑΜΚΑ", "αμκα", "amka"]),
    // Sweden, with its sign; Latvia, with its.
    spaced(10, (&[6], b"-", false), |n| is_ymd(n) && luhn(n), &[]),
    spaced(
        12,
        (&[8], b"-", true),
        |n| matches!(number(&n[..2]), 18..=20) && is_ymd(&n[2..]) && luhn(&n[2..]),
        &[],
    ),
    spaced(11, (&[6], b"-", false), latvia, &[]),
    // Luxembourg: two check digits; Romania; Slovenia and its neighbours.
    spaced(13, (&[8], b" ", true), luxembourg, &[]),
    digits(13, romania, &[]),
    digits(13, emso, &[]),
    // Norway: two check digits; Switzerland.
    spaced(11, (&[6], b" ", true), norway, &[]),
    spaced(13, (&[3, 7, 11], b".", true), switzerland, &[]),
    // Denmark and Hungary, where a word says so.
    spaced(
        10,
        (&[6], b"-", true),
        |n| is_dmy(n) && weighted(n, &[4, 3, 2, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11),
        &["cpr", "personnummer"],
    ),
    digits(
        10,
        |n| n[0] == b'8' && weighted(n, &[1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 == value(n[9]),
        &["adoazonosito"],
    ),
];

/// The place of the number that begins the run at the view's place.
pub(crate) fn find(view: &View<'_>, run: &Run) -> Option<Range<usize>> {
    if !is_fraction(view.bytes, view.at) {
        let formats = if run.len() < SHORTEST { &[] } else { FORMATS };
        for format in formats {
            let Some((digits, end)) = run.first(format.length) else {
                continue;
            };
            if !(format.check)(digits)
                || !run.spelled(format.length, format.gaps, format.signs, format.compact)
            {
                continue;
            }
            let place = view.at..end;
            let told = if format.words.is_empty() {
                !view.is_reference(view.at)
            } else {
                view.near(&place, format.words)
            };
            if told {
                return Some(place);
            }
        }
        return misread(view);
    }
    None
}

/// The same with letters in place of digits, for the formats whose checks are of 97 and more.
fn misread(view: &View<'_>) -> Option<Range<usize>> {
    const STRONG: [&Digits; 2] = [
        &spaced(13, (&[2, 4, 7, 10], b" ", true), tax, &[]),
        &spaced(11, (&[2, 4, 6, 9], b"-. ", true), belgium, &[]),
    ];
    if view.at < view.floor || is_symbol_before(view.bytes, view.at) {
        return None;
    }
    STRONG.into_iter().find_map(|format| {
        let accepts = |_, symbol: u8| symbol.is_ascii_digit();
        let number: Number<13> = number::read(view.bytes, view.at, format.length, true, accepts)?;
        let places = format.gaps.iter().fold(0, |places, at| places | 1 << at);
        let sound = number.grouped(places, &[]) && (format.check)(number.symbols());
        (sound && !view.is_reference(view.at)).then_some(view.at..number.end)
    })
}

/// The French tax number.
fn tax(n: &[u8]) -> bool {
    n[0] < b'4' && number(&n[..10]) % 511 == number(&n[10..])
}

/// The same for a number with letters whose first digits stand at the view's place.
pub(crate) fn find_lettered(view: &View<'_>) -> Option<Range<usize>> {
    let found = spanish(view).or_else(|| italian(view)).or_else(|| finnish(view));
    found
        .or_else(|| portuguese(view))
        .or_else(|| german(view))
        .or_else(|| irish(view))
}

/// What `form` takes, from `start` on: `#` a digit, `@` a letter, `*` either.
fn form<const N: usize>(view: &View<'_>, start: usize, form: &str, gaps: u64) -> Option<Number<N>> {
    // In the machine-readable lines of a document a filler stands before it.
    let inside = view.before(start) == Some(b'<');
    if start < view.floor || inside || is_symbol_before(view.bytes, start) || is_fraction(view.bytes, start) {
        return None;
    }
    let form = form.as_bytes();
    let read = number::read(view.bytes, start, form.len(), false, |index, symbol| {
        match form[index] {
            b'#' => symbol.is_ascii_digit(),
            b'@' => symbol.is_ascii_uppercase(),
            _ => true,
        }
    });
    read.filter(|number: &Number<N>| number.grouped(gaps, &[]))
}

/// The DNI, eight digits and a letter, and the NIE, whose first digit is a letter.
fn spanish(view: &View<'_>) -> Option<Range<usize>> {
    const WORDS: &[&str] = &[
        "dni",
        "nif",
        "nie",
        "documento",
        "identidad",
        "spain",
        "espana",
        "espagnol",
    ];
    let nie =
        |start: usize| form::<9>(view, start, "@#######@", 1 << 1 | 1 << 8).map(|number| (number, start));
    let dni = form::<9>(view, view.at, "########@", 1 << 2 | 1 << 5 | 1 << 8).map(|number| (number, view.at));
    let before = (1..=2).find_map(|back| nie(view.at.checked_sub(back)?));
    let (number, start) = before.or(dni)?;
    let symbols = number.symbols();
    let known = matches!(symbols[0], b'X' | b'Y' | b'Z' | b'0'..=b'9');
    let place = start..number.end;
    let attached = number.gaps & 1 << 8 == 0 || view.bytes[place.end - 2] == b'-';
    let told = || view.near(&place, WORDS);
    let sound = known && is_spanish(symbols) && (attached && !view.is_reference(start) || told());
    sound.then_some(place)
}

/// Whether nine symbols are a DNI, a NIE or a company's CIF.
pub(crate) fn is_spanish(n: &[u8]) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let (body, check) = (&n[1..8], n[8]);
    let lead = match n[0] {
        b'X' => 0,
        b'Y' => 1,
        b'Z' => 2,
        digit @ b'0'..=b'9' => u64::from(digit - b'0'),
        b'A'
        | b'B'
        | b'C'
        | b'D'
        | b'E'
        | b'F'
        | b'G'
        | b'H'
        | b'J'
        | b'N'
        | b'P'..=b'S'
        | b'U'
        | b'V'
        | b'W' => {
            let digit = (b'0'..=b'9').find(|digit| {
                let mut number = [b'0'; 8];
                number[..7].copy_from_slice(body);
                number[7] = *digit;
                luhn(&number)
            });
            return digit
                .is_some_and(|digit| check == digit || check == b"JABCDEFGHI"[usize::from(digit - b'0')]);
        }
        _ => return false,
    };
    check == LETTERS[((lead * 10_000_000 + number(body)) % 23) as usize]
}

/// The codice fiscale. Where two people would have the same, digits are letters.
fn italian(view: &View<'_>) -> Option<Range<usize>> {
    const ODD: [u32; 36] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12,
        14, 16, 10, 22, 25, 24, 23,
    ];
    let gaps = 1 << 3 | 1 << 6 | 1 << 11;
    let number = (6..=14).find_map(|back| {
        form::<16>(view, view.at.checked_sub(back)?, "@@@@@@**@**@***@", gaps)
            .map(|number| (number, view.at - back))
    });
    let (number, start) = number?;
    let symbols = number.symbols();
    let month = b"ABCDEHLMPRST".contains(&symbols[8]);
    let digit = |symbol: u8| symbol.is_ascii_digit() || b"LMNPQRSTUV".contains(&symbol);
    let sum: u32 = symbols[..15]
        .iter()
        .enumerate()
        .map(|(at, symbol)| match (at % 2, value(*symbol)) {
            (0, value) => ODD[value as usize],
            (_, value) if value > 9 => value - 10,
            (_, value) => value,
        })
        .sum();
    let shaped = month && [6, 7, 9, 10, 12, 13, 14].into_iter().all(|at| digit(symbols[at]));
    (shaped && value(symbols[15]) == 10 + sum % 26).then_some(start..number.end)
}

/// A date, a sign for the century, three digits and a symbol of 31.
fn finnish(view: &View<'_>) -> Option<Range<usize>> {
    let (start, text) = (view.at, view.from(view.at));
    let (date, rest) = (text.get(..6)?, text.get(6..11)?);
    let digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    if !digits(date) || !digits(&rest[1..4]) || !b"+-ABCDEFYXWVU".contains(&rest[0]) || !is_dmy(date) {
        return None;
    }
    if is_symbol_before(view.bytes, start) || number::is_symbol(view.bytes, start + 11) {
        return None;
    }
    let check =
        b"0123456789ABCDEFHJKLMNPRSTUVWXY"[((number(date) * 1000 + number(&rest[1..4])) % 31) as usize];
    (check == rest[4].to_ascii_uppercase()).then_some(start..start + 11)
}

/// The citizen's card: eight digits, one, two letters and one more, by Luhn.
fn portuguese(view: &View<'_>) -> Option<Range<usize>> {
    let number = form::<12>(view, view.at, "#########@@#", 1 << 8 | 1 << 9)?;
    luhn(number.symbols()).then_some(view.at..number.end)
}

/// The serial number of a German card or passport and its check digit.
fn german(view: &View<'_>) -> Option<Range<usize>> {
    const WORDS: &[&str] = &[
        "ausweis",
        "personalausweis",
        "reisepass",
        "ausweisnummer",
        "pass-nr",
        "passnummer",
        "identity card",
        "carte d'identite",
    ];
    let start = (0..=9)
        .filter_map(|back| view.at.checked_sub(back))
        .find(|start| !is_symbol_before(view.bytes, *start))?;
    let number = form::<10>(view, start, "*********#", 0)?;
    let symbols = number.symbols();
    let known = b"CFGHJKLMNPRTVWXYZ".contains(&symbols[0]);
    let place = start..number.end;
    let sound = known && icao(symbols[..9].iter()) == value(symbols[9]) && view.near(&place, WORDS);
    sound.then_some(place)
}

fn irish(view: &View<'_>) -> Option<Range<usize>> {
    let number = form::<9>(view, view.at, "#######@@", 1 << 7)
        .or_else(|| form::<9>(view, view.at, "#######@", 1 << 7))?;
    let place = view.at..number.end;
    (pps(number.symbols()) && view.near(&place, &["pps", "ppsn", "personal public service"])).then_some(place)
}

/// Seven digits, a letter of 23, and a second letter that counts nine times.
pub(crate) fn pps(n: &[u8]) -> bool {
    let second = match n.get(8) {
        None | Some(b'W') => 0,
        Some(letter) => value(*letter) - 9,
    };
    let sum = weighted(&n[..7], &[8, 7, 6, 5, 4, 3, 2]) + second * 9;
    n[7] == b"WABCDEFGHIJKLMNOPQRSTUV"[(sum % 23) as usize]
}

fn belgium(n: &[u8]) -> bool {
    let (body, check) = (number(&n[..9]), number(&n[9..]));
    // Months plus 20 or 40 are of people without residence; an unknown day is 0.
    let month = number(&n[2..4]) % 20;
    month <= 12
        && number(&n[4..6]) <= 31
        && [body, 2_000_000_000 + body]
            .into_iter()
            .any(|body| 97 - body % 97 == check)
}

pub(crate) fn nif(n: &[u8]) -> bool {
    let check = match 11 - weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 {
        10 | 11 => 0,
        check => check,
    };
    n[0] != b'0' && check == value(n[8])
}

pub(crate) fn bsn(n: &[u8]) -> bool {
    let sum = weighted(n, &[9, 8, 7, 6, 5, 4, 3, 2]);
    sum > 0 && sum % 11 == value(n[8])
}

fn pesel(n: &[u8]) -> bool {
    let day = is_day(number(&n[2..4]) % 20, number(&n[4..6]));
    day && weighted(n, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Of the first ten digits one is there twice or thrice, the others once at most.
fn steuer_id(n: &[u8]) -> bool {
    let mut counts = [0_u8; 10];
    for digit in &n[..10] {
        counts[usize::from(digit - b'0')] += 1;
    }
    let repeated = counts.iter().filter(|count| **count > 1).count();
    n[0] != b'0' && repeated == 1 && counts.iter().all(|count| *count <= 3) && mod_11_10(n)
}

fn austria(n: &[u8]) -> bool {
    let sum = weighted(n, &[3, 7, 9, 0, 5, 8, 4, 2, 1, 6]);
    n[0] != b'0' && is_dmy(&n[4..]) && sum % 11 == value(n[3])
}

fn egn(n: &[u8]) -> bool {
    let month = number(&n[2..4]);
    let day = month <= 52 && is_day(month % 20, number(&n[4..6]));
    day && weighted(n, &[2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11 % 10 == value(n[9])
}

pub(crate) fn rodne_cislo(n: &[u8]) -> bool {
    let month = number(&n[2..4]) % 50;
    let month = if month > 20 { month - 20 } else { month };
    is_day(month, number(&n[4..6])) && number(n).is_multiple_of(11)
}

fn baltic(n: &[u8]) -> bool {
    let first = weighted(n, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
    let second = weighted(n, &[3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11 % 10;
    matches!(n[0], b'1'..=b'6')
        && is_ymd(&n[1..])
        && (if first == 10 { second } else { first }) == value(n[10])
}

fn latvia(n: &[u8]) -> bool {
    let sum = 1 + weighted(n, &[10, 5, 8, 4, 2, 1, 6, 3, 7, 9]);
    is_dmy(n) && sum % 11 % 10 == value(n[10])
}

fn luxembourg(n: &[u8]) -> bool {
    let mut last = [0; 12];
    last[..11].copy_from_slice(&n[..11]);
    last[11] = n[12];
    matches!(number(&n[..4]), 1880..=2099) && is_ymd(&n[2..]) && luhn(&n[..12]) && verhoeff(&last)
}

fn romania(n: &[u8]) -> bool {
    let check = match weighted(n, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11 {
        10 => 1,
        check => check,
    };
    matches!(n[0], b'1'..=b'8')
        && is_ymd(&n[1..])
        && matches!(number(&n[7..9]), 1..=52 | 70)
        && check == value(n[12])
}

/// The unique number of the citizens of Yugoslavia's successors.
fn emso(n: &[u8]) -> bool {
    let check = (11 - weighted(n, &[7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) % 11;
    is_dmy(n) && matches!(n[4], b'0' | b'9') && check == value(n[12])
}

fn norway(n: &[u8]) -> bool {
    let first = weighted(n, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]);
    let second = weighted(n, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]);
    // Numbers of people without residence have a day plus 40.
    let mut date = [0; 6];
    date.copy_from_slice(&n[..6]);
    date[0] = if date[0] >= b'4' { date[0] - 4 } else { date[0] };
    is_dmy(&date) && first.is_multiple_of(11) && second.is_multiple_of(11)
}

fn switzerland(n: &[u8]) -> bool {
    n.starts_with(b"756") && weighted(n, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]).is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples of the issuers and of descriptions of the formats.
    #[test]
    fn published_numbers() {
        for text in [
            "3023217600053",
            "85.07.30-033 28",
            "85073003328",
            "NIF 501964843",
            "BSN 111222333",
            "PESEL 44051401359",
            "36 574 261 809",
            "OIB 33392005961",
            "SVNR 1237 010180",
            "EGN 7523169263",
            "710319/2745",
            "36805280109",
            "33309240064",
            "AMKA 01013099997",
            "880320-0016",
            "161175-19997",
            "1893120105732",
            "1630615123457",
            "0101006500006",
            "15108695088",
            "756.9217.0769.85",
            "CPR 211062-5629",
            "54362315K",
            "DNI 54362315 K",
            "X2482300W",
            "RCCMNL83S18D969H",
            "131052-308T",
            "00000000 0 ZZ4",
            "Personalausweis T220001293",
            "PPS 6433435F",
            "PPS 6433435OA",
        ] {
            let at = text.find(|symbol: char| symbol.is_ascii_digit()).unwrap();
            let view = View {
                bytes: text.as_bytes(),
                at,
                floor: 0,
            };
            let found = find(&view, &Run::read(view.bytes, at)).or_else(|| find_lettered(&view));
            assert_eq!(found.map(|place| place.end), Some(text.len()), "{text}");
        }
    }

    #[test]
    fn a_number_with_another_digit_is_none() {
        for text in [
            "3023217600054",
            "85073003329",
            "PESEL 44051401358",
            "54362315L",
            "RCCMNL83S18D969I",
            "131052-308S",
            "111222333",
        ] {
            let at = text.find(|symbol: char| symbol.is_ascii_digit()).unwrap();
            let view = View {
                bytes: text.as_bytes(),
                at,
                floor: 0,
            };
            assert_eq!(
                find(&view, &Run::read(view.bytes, at)).or_else(|| find_lettered(&view)),
                None,
                "{text}"
            );
        }
    }
}
