//! Civil dates, for what is valid until a day. There is no clock in this crate: the caller says what
//! day it is.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use trousseau_core::error::{ErrorKind, Explain};

/// A day of the Gregorian calendar, written `2027-01-31` (RFC 3339, full-date).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// Something that is not a day of the calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date: write YYYY-MM-DD")]
pub struct NotADate(pub String);

impl Explain for NotADate {
    fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }

    fn code(&self) -> &'static str {
        "policy-not-a-date"
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("value", self.0.clone())]
    }
}

impl Date {
    /// The last day there is, by which everything has expired.
    pub const LAST: Self = Self {
        year: 9999,
        month: 12,
        day: 31,
    };

    /// A day, or `None` when the calendar has no such day.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        if year > 9999 || day == 0 || day > days {
            return None;
        }
        Some(Self { year, month, day })
    }

    /// The year.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, counted from 1.
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        read(text).ok_or_else(|| NotADate(text.to_owned()))
    }
}

fn read(text: &str) -> Option<Date> {
    let digits = |part: &str, length: usize| -> Option<u16> {
        let plain = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse().ok()).flatten()
    };
    let mut parts = text.splitn(3, '-');
    let year = digits(parts.next()?, 4)?;
    let month = u8::try_from(digits(parts.next()?, 2)?).ok()?;
    let day = u8::try_from(digits(parts.next()?, 2)?).ok()?;
    Date::new(year, month, day)
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a string, or TOML's own date, which serde shows as a map with one string in it.
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Date;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date such as 2027-01-31")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Date, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Date, A::Error> {
                match map.next_entry::<String, String>()? {
                    Some((_, text)) => text.parse().map_err(de::Error::custom),
                    None => Err(de::Error::invalid_length(0, &self)),
                }
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_of_the_calendar_are_dates() {
        for good in ["2026-11-20", "2024-02-29", "2000-02-29", "0001-01-01"] {
            assert_eq!(good.parse::<Date>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "2026-11",
            "2026-11-31",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "26-1-1",
            "2026-1-1",
            "+026-01-01",
            "2026-01-01-",
            "2026-01-01T00:00",
        ] {
            assert_eq!(bad.parse::<Date>(), Err(NotADate(bad.to_owned())));
        }
    }

    #[test]
    fn dates_are_ordered_by_time() {
        let order = ["2025-12-31", "2026-01-01", "2026-01-02", "2026-02-01"];
        let dates: Vec<Date> = order.map(|text| text.parse().unwrap()).to_vec();
        assert!(dates.is_sorted());
    }

    #[test]
    fn toml_may_write_it_with_or_without_quotes() {
        #[derive(Deserialize)]
        struct Holder {
            until: Date,
        }
        for text in ["until = 2027-01-31", "until = \"2027-01-31\""] {
            let holder: Holder = toml::from_str(text).unwrap();
            assert_eq!(holder.until, Date::new(2027, 1, 31).unwrap());
        }
        assert!(toml::from_str::<Holder>("until = 2027-01-31T10:00:00Z").is_err());
        assert!(toml::from_str::<Holder>("until = 5").is_err());
    }
}
