//! When something ends or began, as people write it: a day, or a number of days from now.

use std::str::FromStr;

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
        let invalid = || InvalidExpiry(text.to_owned());
        // French counts in jours.
        if let Some(days) = text.strip_suffix(['d', 'j']) {
            return days.parse().map(Self::Days).map_err(|_| invalid());
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Self::At(moment));
        }
        // A day ends with its midnight, in UTC.
        let end = text.parse::<Date>().and_then(Date::tomorrow);
        let end = end.and_then(|end| end.to_zoned(TimeZone::UTC));
        end.map(|end| Self::At(end.timestamp())).map_err(|_| invalid())
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
        let invalid = || InvalidExpiry(text.to_owned());
        if let Some(days) = text.strip_suffix(['d', 'j']) {
            return days.parse().map(Self::Days).map_err(|_| invalid());
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Ok(Self::At(moment));
        }
        // A day begins with its midnight, in UTC; an end of the same text is the next one.
        let day = text.parse::<Date>().and_then(|day| day.to_zoned(TimeZone::UTC));
        day.map(|day| Self::At(day.timestamp())).map_err(|_| invalid())
    }
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
