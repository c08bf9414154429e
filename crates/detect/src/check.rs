//! The arithmetic of check digits.

/// The value of a digit, or of a letter counted from 10.
pub(crate) const fn value(symbol: u8) -> u32 {
    match symbol {
        b'0'..=b'9' => (symbol - b'0') as u32,
        b'A'..=b'Z' => (symbol - b'A') as u32 + 10,
        _ => 0,
    }
}

/// The number that these digits are; at most nineteen of them.
pub(crate) fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |all, digit| all * 10 + u64::from(value(*digit)))
}

/// The sum of values times weights.
pub(crate) fn weighted(symbols: &[u8], weights: &[u32]) -> u32 {
    symbols
        .iter()
        .zip(weights)
        .map(|(symbol, weight)| value(*symbol) * weight)
        .sum()
}

/// Luhn's test (ISO/IEC 7812-1, annex B), check digit last; letters count from 10.
pub(crate) fn luhn(symbols: &[u8]) -> bool {
    let doubled = |value: u32| if value * 2 > 9 { value * 2 - 9 } else { value * 2 };
    let values = symbols.iter().rev().map(|symbol| value(*symbol)).enumerate();
    let sum: u32 = values
        .map(|(at, value)| if at % 2 == 1 { doubled(value) } else { value })
        .sum();
    sum.is_multiple_of(10)
}

/// ISO 7064, MOD 97-10: the remainder by 97 with letters as 10 to 35.
pub(crate) fn mod_97<'a>(symbols: impl Iterator<Item = &'a u8>) -> u32 {
    symbols.fold(0, |remainder, symbol| {
        (remainder * if symbol.is_ascii_digit() { 10 } else { 100 } + value(*symbol)) % 97
    })
}

/// ISO 7064, MOD 11,10, check digit last.
pub(crate) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else {
        return false;
    };
    let product = body.iter().fold(10, |product, digit| {
        let sum = (product + value(*digit)) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (product + value(*check)) % 10 == 1
}

/// Verhoeff's test, check digit last.
pub(crate) fn verhoeff(digits: &[u8]) -> bool {
    const TURN: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    // Products in the group of the pentagon's turns and flips.
    let times = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let state = digits.iter().rev().enumerate().fold(0, |state, (at, digit)| {
        let turned = (0..at % 8).fold(digit - b'0', |value, _| TURN[usize::from(value)]);
        times(state, turned)
    });
    state == 0
}

/// The check digit of ICAO Doc 9303, part 3: weights 7, 3, 1; fillers count 0.
pub(crate) fn icao<'a>(symbols: impl Iterator<Item = &'a u8>) -> u32 {
    let weights = [7, 3, 1].into_iter().cycle();
    symbols
        .zip(weights)
        .map(|(symbol, weight)| value(*symbol) * weight)
        .sum::<u32>()
        % 10
}

/// Whether these six digits begin with a day: year, month and day of two digits each.
pub(crate) fn is_ymd(digits: &[u8]) -> bool {
    is_day(number(&digits[2..4]), number(&digits[4..6]))
}

/// The same for day, month and year.
pub(crate) fn is_dmy(digits: &[u8]) -> bool {
    is_day(number(&digits[2..4]), number(&digits[..2]))
}

/// Whether a month has such a day.
pub(crate) const fn is_day(month: u64, day: u64) -> bool {
    matches!(
        (month, day),
        (1..=12, 1..=29) | (1 | 3..=12, 30) | (1 | 3 | 5 | 7 | 8 | 10 | 12, 31)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the standards and of their usual descriptions.
    #[test]
    fn published_examples() {
        assert!(luhn(b"79927398713") && !luhn(b"79927398714"));
        assert!(mod_11_10(b"07945") && !mod_11_10(b"07946"));
        assert!(verhoeff(b"2363") && verhoeff(b"123451") && !verhoeff(b"2364"));
        assert_eq!(mod_97(b"3214282912345698765432161182".iter()), 1);
        assert_eq!(icao(b"520727".iter()), 3);
        assert_eq!(icao(b"AB2134<<<".iter()), 5);
        assert!(is_ymd(b"000229") && !is_ymd(b"000230") && is_dmy(b"311299") && !is_dmy(b"310499"));
    }
}
