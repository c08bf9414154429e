//! When something ends or began, as people write it: a day, or a number of days from now.

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// When something ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// At this moment.
    At(Timestamp),
    /// So many days from now.
    Days(u32),
}

/// A text that says no end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a day (2027-06-30) nor a number of days (90d)")]
pub struct InvalidExpiry(pub String);

impl Expiry {
    /// The moment, where `now` is the present.
    pub fn after(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Days(days) => {
                let ahead = SignedDuration::from_hours(24 * i64::from(days));
                now.checked_add(ahead).unwrap_or(Timestamp::MAX)
            }
        }
    }
}

impl FromStr for Expiry {
    type Err = InvalidExpiry;

    fn from_str(text: &str) -> Result<Self, InvalidExpiry> {
        Ok(match text.parse()? {
            Written::Days(days) => Self::Days(days),
            Written::Moment(moment) => Self::At(moment),
            // A day ends with its midnight.
            Written::Day(day) => {
                let next = day.tomorrow().map_err(|_| InvalidExpiry(text.to_owned()))?;
                Self::At(midnight(next, text)?)
            }
        })
    }
}

/// When something began, as people write it: a day, or a number of days ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// At this moment.
    At(Timestamp),
    /// So many days ago.
    Days(u32),
}

impl Beginning {
    /// The moment, where `now` is the present.
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Days(days) => {
                let back = SignedDuration::from_hours(24 * i64::from(days));
                now.checked_sub(back).unwrap_or(Timestamp::MIN)
            }
        }
    }
}

impl FromStr for Beginning {
    type Err = InvalidExpiry;

    fn from_str(text: &str) -> Result<Self, InvalidExpiry> {
        Ok(match text.parse()? {
            Written::Days(days) => Self::Days(days),
            Written::Moment(moment) => Self::At(moment),
            // A day begins with its midnight; an end of the same text is the next one.
            Written::Day(day) => Self::At(midnight(day, text)?),
        })
    }
}

/// How long something lasts, as people write it: seconds, minutes or hours, at most a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lasting(pub Duration);

/// A text that says no such length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no length of time from a second to a day, such as 60s, 5m or 1h")]
pub struct InvalidLasting(pub String);

/// The longest, in seconds.
const DAY: u64 = 24 * 60 * 60;

impl FromStr for Lasting {
    type Err = InvalidLasting;

    fn from_str(text: &str) -> Result<Self, InvalidLasting> {
        let invalid = || InvalidLasting(text.to_owned());
        let units = [("s", 1), ("m", 60), ("h", 60 * 60)];
        let read = units.into_iter().find_map(|(unit, seconds)| {
            let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
            number.checked_mul(seconds)
        });
        let seconds = read
            .filter(|seconds| (1..=DAY).contains(seconds))
            .ok_or_else(invalid)?;
        Ok(Self(Duration::from_secs(seconds)))
    }
}

/// What is written, before it is an end or a beginning.
enum Written {
    Days(u32),
    Moment(Timestamp),
    Day(Date),
}

impl FromStr for Written {
    type Err = InvalidExpiry;

    fn from_str(text: &str) -> Result<Self, InvalidExpiry> {
        let invalid = || InvalidExpiry(text.to_owned());
        // French counts in jours.
        if let Some(days) = text.strip_suffix(['d', 'j']) {
            return days.parse().map(Self::Days).map_err(|_| invalid());
        }
        // A moment is read as a day too: it comes first.
        if let Ok(moment) = text.parse() {
            return Ok(Self::Moment(moment));
        }
        text.parse().map(Self::Day).map_err(|_| invalid())
    }
}

/// Where a day begins, in UTC.
fn midnight(day: Date, text: &str) -> Result<Timestamp, InvalidExpiry> {
    let midnight = day.to_zoned(TimeZone::UTC);
    midnight
        .map(|midnight| midnight.timestamp())
        .map_err(|_| InvalidExpiry(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_the_midnight_before_and_days_count_back() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (text, beginning) in [
            ("2026-06-30", "2026-06-30T00:00:00Z"),
            ("2026-06-30T12:00:00+02:00", "2026-06-30T10:00:00Z"),
            ("90d", "2026-08-23T10:00:00Z"),
        ] {
            let read: Beginning = text.parse().unwrap();
            assert_eq!(read.before(now).to_string(), beginning, "{text}");
        }
        assert!("yesterday".parse::<Beginning>().is_err());
    }

    #[test]
    fn a_length_of_time_is_from_a_second_to_a_day() {
        for (text, seconds) in [("1s", 1), ("90s", 90), ("5m", 300), ("24h", 86_400)] {
            assert_eq!(text.parse(), Ok(Lasting(Duration::from_secs(seconds))), "{text}");
        }
        for bad in [
            "",
            "s",
            "60",
            "0s",
            "25h",
            "-5m",
            "1.5h",
            "1d",
            "99999999999999999999h",
            "5 m",
            "é",
        ] {
            assert!(bad.parse::<Lasting>().is_err(), "{bad}");
        }
    }

    #[test]
    fn days_and_numbers_of_days_are_read() {
        let now: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        for (text, end) in [
            ("2027-06-30", "2027-07-01T00:00:00Z"),
            ("2027-06-30T12:00:00Z", "2027-06-30T12:00:00Z"),
            ("2027-06-30T12:00:00+02:00", "2027-06-30T10:00:00Z"),
            ("90d", "2027-02-19T10:00:00Z"),
            ("1j", "2026-11-22T10:00:00Z"),
        ] {
            let expiry: Expiry = text.parse().unwrap();
            assert_eq!(expiry.after(now).to_string(), end, "{text}");
        }
        assert_eq!(Expiry::Days(u32::MAX).after(now), Timestamp::MAX);
        for bad in ["", "d", "-1d", "tomorrow", "2027-13-01", "30/06/2027"] {
            assert!(bad.parse::<Expiry>().is_err(), "{bad}");
        }
    }
}
