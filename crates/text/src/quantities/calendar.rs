//! Dates and times of day.

use super::scan::Sign;
use super::units;
use super::{Reader, Reading, Value};

/// The month, 1 to 12, that a lowercase word names. `mars`, `may` and `march` mean other things too, so a
/// month alone is not a date unless its context says so.
fn month(word: &str) -> Option<u8> {
    Some(match word {
        "janvier" | "january" | "janv" | "jan" => 1,
        "février" | "february" | "févr" | "feb" => 2,
        "mars" | "march" => 3,
        "avril" | "april" | "apr" => 4,
        "mai" | "may" => 5,
        "juin" | "june" => 6,
        "juillet" | "july" | "juil" => 7,
        "août" | "august" | "aug" => 8,
        "septembre" | "september" | "sept" => 9,
        "octobre" | "october" | "oct" => 10,
        "novembre" | "november" | "nov" => 11,
        "décembre" | "december" | "déc" | "dec" => 12,
        _ => return None,
    })
}

/// Words before a number of four digits that make it a year.
const YEAR_CUES: &[&str] = &[
    "en", "depuis", "dès", "année", "années", "vers", "fin", "début", "avant", "après", "jusqu", "in",
    "since", "year", "by", "until", "from", "late", "early", "around", "between", "entre", "de", "et", "and",
    "to", "à", "during", "of", "l", "circa",
];

/// A date in words or digits.
pub(super) fn date(reader: &Reader<'_>, at: usize) -> Reading {
    in_digits(reader, at)
        .or_else(|| day_first(reader, at))
        .or_else(|| month_first(reader, at))
        .or_else(|| lone_year(reader, at))
}

/// `12/05/2024`, `12.05.2024`, `2024-05-12`.
fn in_digits(reader: &Reader<'_>, at: usize) -> Reading {
    let (first, first_length) = reader.digits(at)?;
    let mark = reader
        .mark(at + 1)
        .filter(|mark| matches!(mark, '/' | '-' | '.'))?;
    let (second, _) = reader.digits(at + 2)?;
    let glued = (at..at + 4).all(|place| reader.glued(place));
    if !glued || reader.mark(at + 3) != Some(mark) {
        return None;
    }
    let (third, third_length) = reader.digits(at + 4)?;
    let (year, month, day) = match (first_length, third_length) {
        (4, 1 | 2) => (first, second, third),
        (1 | 2, 4) if second > 12 => (third, first, second),
        (1 | 2, 4) => (third, second, first),
        _ => return None,
    };
    let real = (1..=12).contains(&month) && (1..=31).contains(&day);
    real.then(|| (whole(Some(year), month as u8, Some(day)), at + 5))
}

fn whole(year: Option<u32>, month: u8, day: Option<u32>) -> Value {
    Value::Date {
        year: year.map(|year| year as i32),
        month: Some(month),
        day: day.map(|day| day as u8),
    }
}

fn day(reader: &Reader<'_>, at: usize) -> Option<u32> {
    if let Some((day, length)) = reader.digits(at) {
        return (length <= 2 && (1..=31).contains(&day)).then_some(day);
    }
    let word = reader.word(at)?;
    let rank = word.trim_end_matches(|c: char| c.is_alphabetic());
    let suffixed = rank.len() < word.len() && !rank.is_empty();
    (suffixed || word == "premier").then(|| rank.parse().ok().or(Some(1)))?
}

fn year(reader: &Reader<'_>, at: usize) -> Option<u32> {
    reader
        .digits(at)
        .filter(|(_, length)| *length == 4)
        .map(|(year, _)| year)
}

/// `12 mai 2024`, `1er mars`, `12 May`.
fn day_first(reader: &Reader<'_>, at: usize) -> Reading {
    let day = day(reader, at)?;
    let place = at + 1 + usize::from(reader.word(at + 1) == Some("of"));
    let month = month(reader.word(place)?)?;
    let year = year(reader, place + 1);
    let next = place + 1 + usize::from(year.is_some());
    Some((whole(year, month, Some(day)), next))
}

/// `mai 2024`, `May 12, 2024`, `en mai`.
fn month_first(reader: &Reader<'_>, at: usize) -> Reading {
    let month = month(reader.word(at)?)?;
    if let Some(year) = year(reader, at + 1) {
        return Some((whole(Some(year), month, None), at + 2));
    }
    let capital = reader.text[reader.tokens[at].bytes.clone()].starts_with(char::is_uppercase);
    if let Some(day) = day(reader, at + 1).filter(|_| capital) {
        let comma = usize::from(reader.mark(at + 2) == Some(','));
        let year = year(reader, at + 2 + comma);
        let next = at + 2 + if year.is_some() { comma + 1 } else { 0 };
        return Some((whole(year, month, Some(day)), next));
    }
    let before = at.checked_sub(1).and_then(|place| reader.word(place));
    let cued = matches!(
        before,
        Some("en" | "in" | "depuis" | "since" | "fin" | "début" | "mi" | "of")
    ) || (matches!(before, Some("de" | "d")) && !capital);
    cued.then(|| (whole(None, month, None), at + 1))
}

/// A number of four digits that stands where a year does.
fn lone_year(reader: &Reader<'_>, at: usize) -> Reading {
    let year = year(reader, at).filter(|year| (1000..=2199).contains(year))?;
    let before = at.checked_sub(1).and_then(|place| reader.word(place));
    let cued = before.is_some_and(|word| YEAR_CUES.contains(&word));
    let counted = match reader.sign(at + 1) {
        Some(Sign::Word(word)) => {
            units::unit(word).is_some()
                || super::numerals::scale(word).is_some()
                || (!cued && word.ends_with('s'))
        }
        Some(Sign::Mark(mark)) => matches!(mark, '%' | '°') || units::currency_sign(*mark).is_some(),
        _ => false,
    };
    (!counted).then(|| (Value::year(year as i32), at + 1))
}

/// `14h30`, `14 h`, `14:30`, `2:30 pm`, `midi`.
pub(super) fn time(reader: &Reader<'_>, at: usize) -> Reading {
    if let Some(hour) = match reader.word(at) {
        Some("midi" | "noon") => Some(12),
        Some("minuit" | "midnight") => Some(0),
        _ => None,
    } {
        return Some((Value::Time { hour, minute: 0 }, at + 1));
    }
    let (hour, _) = reader
        .digits(at)
        .filter(|(hour, length)| *hour <= 24 && *length <= 2)?;
    let minute = |place: usize| {
        reader
            .digits(place)
            .filter(|(minute, length)| *minute < 60 && *length == 2)
            .map(|(minute, _)| minute)
    };
    let colon = reader.mark(at + 1) == Some(':') && reader.glued(at) && reader.glued(at + 1);
    let (minutes, next) = if colon {
        (minute(at + 2)?, at + 3)
    } else if matches!(reader.word(at + 1), Some("h" | "heures")) {
        match minute(at + 2) {
            Some(minute) => (minute, at + 3),
            None => (0, at + 2),
        }
    } else {
        (0, at + 1)
    };
    let (afternoon, next) = meridiem(reader, next);
    let before = at.checked_sub(1).and_then(|place| reader.word(place));
    let cued = matches!(
        before,
        Some("à" | "dès" | "vers" | "at" | "avant" | "après" | "jusqu")
    );
    let bare_hour = next == at + 2 && afternoon.is_none();
    if next == at + 1 || (bare_hour && !cued) {
        return None;
    }
    let hour = match afternoon {
        Some(true) if hour < 12 => hour + 12,
        Some(false) if hour == 12 => 0,
        _ => hour,
    };
    let value = Value::Time {
        hour: hour as u8,
        minute: minutes as u8,
    };
    Some((value, next))
}

/// `am`, `p.m.`: whether it is the afternoon, and the place after it.
fn meridiem(reader: &Reader<'_>, at: usize) -> (Option<bool>, usize) {
    match reader.word(at) {
        Some("am") => (Some(false), at + 1),
        Some("pm") => (Some(true), at + 1),
        Some(half @ ("a" | "p")) if reader.mark(at + 1) == Some('.') && reader.word(at + 2) == Some("m") => {
            let stop = usize::from(reader.mark(at + 3) == Some('.'));
            (Some(half == "p"), at + 3 + stop)
        }
        _ => (None, at),
    }
}
