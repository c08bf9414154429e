//! Numbers that are spelled out, in French and English, and ranks.

/// The value of one spelled number word.
fn word_value(word: &str) -> Option<f64> {
    let value = match word {
        "zéro" | "zero" => 0,
        "deux" | "two" => 2,
        "trois" | "three" => 3,
        "quatre" | "four" => 4,
        "cinq" | "five" => 5,
        "six" => 6,
        "sept" | "seven" => 7,
        "huit" | "eight" => 8,
        "neuf" | "nine" => 9,
        "dix" | "ten" => 10,
        "onze" | "eleven" => 11,
        "douze" | "twelve" => 12,
        "treize" | "thirteen" => 13,
        "quatorze" | "fourteen" => 14,
        "quinze" | "fifteen" => 15,
        "seize" | "sixteen" => 16,
        "seventeen" => 17,
        "eighteen" => 18,
        "nineteen" => 19,
        "vingt" | "vingts" | "twenty" => 20,
        "trente" | "thirty" => 30,
        "quarante" | "forty" => 40,
        "cinquante" | "fifty" => 50,
        "soixante" | "sixty" => 60,
        "septante" | "seventy" => 70,
        "huitante" | "octante" | "eighty" => 80,
        "nonante" | "ninety" => 90,
        "cent" | "cents" | "hundred" => 100,
        "mille" | "thousand" => 1000,
        _ => return None,
    };
    Some(f64::from(value))
}

/// What a word multiplies the number before it by.
pub(super) fn scale(word: &str) -> Option<f64> {
    match word {
        "mille" | "millier" | "milliers" | "thousand" => Some(1e3),
        "million" | "millions" => Some(1e6),
        "milliard" | "milliards" | "billion" | "billions" => Some(1e9),
        "trillion" | "trillions" => Some(1e12),
        _ => None,
    }
}

/// The spelled number that begins at token `at`, and the place after it. `word` gives the word at a place;
/// `joined` skips a hyphen.
pub(super) fn spelled<'a>(
    word: impl Fn(usize) -> Option<&'a str>,
    joined: impl Fn(usize) -> usize,
    at: usize,
) -> Option<(f64, usize)> {
    let first = word(at)?;
    // "cents" after a digit is money, and a lone "hundred" or "thousand" counts nothing.
    if matches!(first, "cents" | "vingts" | "hundred" | "thousand") {
        return None;
    }
    let mut total = 0.0;
    let mut group = word_value(first)?;
    let mut last = group;
    let mut next = at + 1;
    loop {
        let mut place = joined(next);
        let linked = matches!(word(place), Some("et" | "and")) && (last >= 20.0 || place > next);
        if linked {
            place = joined(place + 1);
        }
        let value = match word(place) {
            Some("un" | "une" | "one") if (20.0..100.0).contains(&last) => 1.0,
            Some(other) => match word_value(other) {
                Some(value) => value,
                None => break,
            },
            None => break,
        };
        if !compose(&mut total, &mut group, last, value) {
            break;
        }
        last = value;
        next = place + 1;
    }
    Some((total + group, next))
}

/// Adds `value` to a number that ended with `last`; `false` when the two do not make one number.
fn compose(total: &mut f64, group: &mut f64, last: f64, value: f64) -> bool {
    if value >= 1000.0 {
        *total += *group * value;
        *group = 0.0;
        return last < 1000.0;
    }
    if value >= 100.0 {
        let multiplied = *group < 20.0 && last < 100.0 && *group > 0.0;
        if multiplied {
            *group *= value;
        } else if *group == 0.0 {
            *group = value;
        }
        return multiplied || last >= 1000.0;
    }
    // "quatre-vingt" multiplies; "soixante-dix", "vingt-deux", "cent trois" add.
    if (20.0..21.0).contains(&value) && (4.0..5.0).contains(&last) {
        *group += 4.0 * 20.0 - 4.0;
        return true;
    }
    let fits = (last >= 20.0 && value < 20.0)
        || last >= 100.0
        || (last > 9.0 && last < 11.0 && value > 6.0 && value < 10.0);
    if fits {
        *group += value;
    }
    fits
}

/// The rank that a word spells: `premier`, `3e`, `21st`, `XIXe`.
pub(super) fn ordinal(word: &str) -> Option<f64> {
    let spelled = match word {
        "premier" | "première" | "premiers" | "premières" | "first" => 1,
        "deuxième" | "seconde" | "deuxièmes" => 2,
        "troisième" | "third" => 3,
        "quatrième" | "fourth" => 4,
        "cinquième" | "fifth" => 5,
        "sixième" | "sixth" => 6,
        "septième" | "seventh" => 7,
        "huitième" | "eighth" => 8,
        "neuvième" | "ninth" => 9,
        "dixième" | "tenth" => 10,
        _ => 0,
    };
    if spelled > 0 {
        return Some(f64::from(spelled));
    }
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rank: u32 = word[..digits].parse().ok()?;
    (digits < word.len()).then_some(f64::from(rank))
}

/// The rank that Roman capitals write: `XIXe`, `Ier`; without a suffix only where a century is `named`.
pub(super) fn roman_ordinal(written: &str, named: bool) -> Option<f64> {
    let capitals = written.len() - written.trim_start_matches(['I', 'V', 'X', 'L']).len();
    let suffix = &written[capitals..];
    let suffixed = matches!(
        suffix,
        "e" | "er" | "re" | "ère" | "ème" | "th" | "st" | "nd" | "rd"
    );
    if capitals == 0 || capitals > 8 || !(suffixed || (named && suffix.is_empty())) {
        return None;
    }
    let mut total = 0_i32;
    let mut before = 0;
    for letter in written[..capitals].bytes().rev() {
        let value = match letter {
            b'I' => 1,
            b'V' => 5,
            b'X' => 10,
            _ => 50,
        };
        total += if value < before { -value } else { value };
        before = before.max(value);
    }
    // "Le", "Ve" begin words; a rank of fifty or more in Roman figures does not occur in prose.
    (1..50).contains(&total).then(|| f64::from(total))
}
