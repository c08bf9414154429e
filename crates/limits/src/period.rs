//! Days, weeks and months as the calendar of a place has them: a day in March may have 23 hours, one in October 25.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

/// How often a budget begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// At midnight.
    Day,
    /// At midnight before Monday.
    Week,
    /// At midnight before the first of a month.
    Month,
}

/// From one moment to another, in milliseconds since 1970; the latter is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first moment in it.
    pub from: i64,
    /// The first moment behind it.
    pub until: i64,
}

impl Span {
    pub(crate) const fn has(self, moment: i64) -> bool {
        self.from <= moment && moment < self.until
    }
}

impl Period {
    /// Every period.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The one that `now` is in.
    pub fn around(self, now: Timestamp, zone: &TimeZone) -> Span {
        let today = now.to_zoned(zone.clone()).date();
        let (first, next) = match self {
            Self::Day => (Some(today), today.tomorrow().ok()),
            Self::Week => {
                let since_monday = i64::from(today.weekday().to_monday_zero_offset());
                let monday = today.checked_sub(since_monday.days()).ok();
                (
                    monday,
                    monday.and_then(|monday| monday.checked_add(7.days()).ok()),
                )
            }
            Self::Month => (
                Some(today.first_of_month()),
                today.last_of_month().tomorrow().ok(),
            ),
        };
        let begin = |date: Option<Date>| {
            let midnight = date?.to_zoned(zone.clone()).ok()?;
            Some(midnight.timestamp().as_millisecond())
        };
        // Only at the ends of the calendar is there none.
        Span {
            from: begin(first).unwrap_or(i64::MIN),
            until: begin(next).unwrap_or(i64::MAX),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that is no period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a period: day, week or month")]
pub struct InvalidPeriod(pub String);

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        let found = Self::ALL.into_iter().find(|period| period.name() == text);
        found.ok_or_else(|| InvalidPeriod(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    fn around(period: Period, now: &str) -> (String, String, i64) {
        let span = period.around(now.parse().unwrap(), &paris());
        let told = |moment| Timestamp::from_millisecond(moment).unwrap().to_string();
        (
            told(span.from),
            told(span.until),
            (span.until - span.from) / 3_600_000,
        )
    }

    #[test]
    fn days_begin_at_midnight_in_paris_whatever_their_length() {
        for (now, from, until, hours) in [
            (
                "2026-12-01T00:15:00Z",
                "2026-11-30T23:00:00Z",
                "2026-12-01T23:00:00Z",
                24,
            ),
            (
                "2026-12-01T22:59:59Z",
                "2026-11-30T23:00:00Z",
                "2026-12-01T23:00:00Z",
                24,
            ),
            (
                "2026-12-01T23:00:00Z",
                "2026-12-01T23:00:00Z",
                "2026-12-02T23:00:00Z",
                24,
            ),
            // Summer time begins on 29 March 2026 and ends on 25 October.
            (
                "2026-03-29T12:00:00Z",
                "2026-03-28T23:00:00Z",
                "2026-03-29T22:00:00Z",
                23,
            ),
            (
                "2026-10-25T00:30:00Z",
                "2026-10-24T22:00:00Z",
                "2026-10-25T23:00:00Z",
                25,
            ),
            (
                "2026-10-25T01:30:00Z",
                "2026-10-24T22:00:00Z",
                "2026-10-25T23:00:00Z",
                25,
            ),
        ] {
            assert_eq!(
                around(Period::Day, now),
                (from.to_owned(), until.to_owned(), hours),
                "{now}"
            );
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        // 1 December 2026 is a Tuesday.
        let week = around(Period::Week, "2026-12-01T12:00:00Z");
        assert_eq!(
            week,
            (
                "2026-11-29T23:00:00Z".to_owned(),
                "2026-12-06T23:00:00Z".to_owned(),
                168
            )
        );
        let autumn = around(Period::Week, "2026-10-25T22:59:59Z");
        assert_eq!(
            autumn,
            (
                "2026-10-18T22:00:00Z".to_owned(),
                "2026-10-25T23:00:00Z".to_owned(),
                169
            )
        );
        for (now, from, until) in [
            (
                "2028-02-29T12:00:00Z",
                "2028-01-31T23:00:00Z",
                "2028-02-29T23:00:00Z",
            ),
            (
                "2026-12-31T22:59:59Z",
                "2026-11-30T23:00:00Z",
                "2026-12-31T23:00:00Z",
            ),
            (
                "2026-12-31T23:00:00Z",
                "2026-12-31T23:00:00Z",
                "2027-01-31T23:00:00Z",
            ),
            (
                "2026-03-31T21:59:59Z",
                "2026-02-28T23:00:00Z",
                "2026-03-31T22:00:00Z",
            ),
        ] {
            let (begins, ends, _) = around(Period::Month, now);
            assert_eq!((begins.as_str(), ends.as_str()), (from, until), "{now}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_have_periods_too() {
        for moment in [Timestamp::MIN, Timestamp::MAX] {
            for period in Period::ALL {
                let span = period.around(moment, &TimeZone::UTC);
                assert!(
                    span.from <= moment.as_millisecond() && moment.as_millisecond() < span.until,
                    "{span:?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_in_one_period_and_the_next_begins_where_it_ends(
            second in 0_i64..4_000_000_000,
            zone in prop::sample::select(vec!["Europe/Paris", "UTC", "America/Havana", "Pacific/Apia", "Africa/Cairo"]),
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let now = Timestamp::from_second(second).unwrap();
            for period in Period::ALL {
                let span = period.around(now, &zone);
                prop_assert!(span.has(now.as_millisecond()), "{span:?}");
                let next = Timestamp::from_millisecond(span.until).unwrap();
                prop_assert_eq!(period.around(next, &zone).from, span.until);
                let last = Timestamp::from_millisecond(span.until - 1).unwrap();
                prop_assert_eq!(period.around(last, &zone), span);
            }
        }
    }
}
