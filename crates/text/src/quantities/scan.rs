//! Numbers in digits, words, and the signs that matter beside them.

use std::ops::Range;

use crate::language::Language;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) bytes: Range<usize>,
    pub(super) sign: Sign,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sign {
    /// A number in digits.
    Number(f64),
    /// A word, lowercase; also digits with a suffix, such as `2e`.
    Word(String),
    /// Any other character that is not white space.
    Mark(char),
}

/// The longest word that can matter, in bytes; the rest of a longer one is not read.
const LONGEST_WORD: usize = 40;

/// Cuts `text` into tokens. White space is left out.
pub(super) fn tokens(text: &str, language: Language) -> Vec<Token> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let end = if first.is_ascii_digit() {
            number(text, at, language, &mut found)
        } else if first.is_alphabetic() {
            word(text, at, at, &mut found)
        } else {
            let end = at + first.len_utf8();
            if !first.is_whitespace() {
                let mark = if first == '’' { '\'' } else { first };
                found.push(Token {
                    bytes: at..end,
                    sign: Sign::Mark(mark),
                });
            }
            end
        };
        at = end;
    }
    found
}

fn word(text: &str, start: usize, from: usize, found: &mut Vec<Token>) -> usize {
    let end = from
        + text[from..]
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(text.len() - from);
    let letters = &text[start..end];
    let lower = if letters.len() <= LONGEST_WORD {
        letters.to_lowercase()
    } else {
        String::new()
    };
    found.push(Token {
        bytes: start..end,
        sign: Sign::Word(lower),
    });
    end
}

/// Reads the number at `start`. Digits that a letter follows at once are a number and a word (`14h30`,
/// `10km`), or one word when the letters make an ordinal (`2e`, `3rd`).
fn number(text: &str, start: usize, language: Language, found: &mut Vec<Token>) -> usize {
    let (value, end) = in_digits(text, start, language);
    let letters = text[end..]
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len() - end);
    let suffix = &text[end..end + letters];
    if matches!(
        suffix,
        "e" | "er" | "re" | "ère" | "ème" | "ième" | "nd" | "nde" | "st" | "rd" | "th"
    ) {
        return word(text, start, end, found);
    }
    found.push(Token {
        bytes: start..end,
        sign: Sign::Number(value),
    });
    if letters > 0 {
        found.push(Token {
            bytes: end..end + letters,
            sign: Sign::Word(if letters <= LONGEST_WORD {
                suffix.to_lowercase()
            } else {
                String::new()
            }),
        });
    }
    end + letters
}

/// How many digits stand from `from` onwards.
fn run(text: &str, from: usize) -> usize {
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The value and the end of the number in digits at `start`.
fn in_digits(text: &str, start: usize, language: Language) -> (f64, usize) {
    let mut end = start + run(text, start);
    let mut digits = text[start..end].to_owned();
    let mut separator = None;
    let mut groups = 0;
    if digits.len() <= 3 {
        while let Some(sign) = text[end..].chars().next() {
            let next = end + sign.len_utf8();
            let group = run(text, next);
            let same = separator.is_none_or(|before| before == sign);
            if group != 3 || !same || !thousands(text, sign, next + group, (groups, language)) {
                break;
            }
            digits.push_str(&text[next..next + group]);
            separator = Some(sign);
            groups += 1;
            end = next + group;
        }
    }
    let point = text[end..]
        .chars()
        .next()
        .filter(|sign| matches!(sign, '.' | ','));
    let decimals = point
        .filter(|sign| separator != Some(*sign))
        .map_or(0, |_| run(text, end + 1));
    let followed = text[end + usize::from(decimals > 0) + decimals..]
        .chars()
        .next()
        .is_some_and(|next| matches!(next, '.' | ',' | '/'))
        && run(text, end + 2 + decimals) > 0;
    if decimals > 0 && !followed {
        digits.push('.');
        digits.push_str(&text[end + 1..end + 1 + decimals]);
        end += 1 + decimals;
    }
    (digits.parse().unwrap_or(f64::INFINITY), end)
}

/// Whether `sign` separates thousands, when three digits stand after it and end at `end`.
fn thousands(text: &str, sign: char, end: usize, (groups, language): (usize, Language)) -> bool {
    let mut after = text[end..].chars();
    let next = after.next();
    let digit_after = after.next().is_some_and(|c| c.is_ascii_digit());
    match sign {
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' => true,
        '.' if language == Language::French => true,
        ',' if language == Language::English => true,
        // Repeated, or followed by the other sign, it cannot be a decimal point.
        '.' => groups > 0 || (digit_after && matches!(next, Some('.' | ','))),
        ',' => groups > 0 || (digit_after && matches!(next, Some(',' | '.'))),
        _ => false,
    }
}
