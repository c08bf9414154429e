//! Hours of the day and days of the week, in the organisation's own time.

use std::str::FromStr;

use serde::Serialize;

/// The minutes of a day.
const DAY: u16 = 24 * 60;

/// A day of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Monday.
    #[default]
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// The week, from Monday (ISO 8601).
    pub const ALL: [Self; 7] = [
        Self::Mon,
        Self::Tue,
        Self::Wed,
        Self::Thu,
        Self::Fri,
        Self::Sat,
        Self::Sun,
    ];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        }
    }

    fn before(self) -> Self {
        let place = Self::ALL.iter().position(|day| *day == self).unwrap_or_default();
        Self::ALL[(place + 6) % 7]
    }
}

/// A time of the week where the organisation is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LocalTime {
    /// The day of the week.
    pub day: Weekday,
    /// Minutes since midnight, below 1,440.
    pub minute: u16,
}

/// A stretch of the day that ends before its `to`; over midnight where `to` is not after `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Stretch {
    from: u16,
    to: u16,
}

/// When a rule speaks: some stretches of some days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hours {
    stretches: Vec<Stretch>,
    days: Vec<Weekday>,
}

/// A word that is neither hours nor a day.
pub(super) struct NotHours;

impl Hours {
    /// Whether it is any time at all.
    pub const fn is_always(&self) -> bool {
        self.stretches.is_empty() && self.days.is_empty()
    }

    /// Whether `time` is among them. What follows midnight in a stretch over midnight belongs to the day it began on.
    pub fn include(&self, time: LocalTime) -> bool {
        if self.stretches.is_empty() {
            return self.on(time.day);
        }
        self.stretches.iter().any(|stretch| {
            if stretch.from < stretch.to {
                self.on(time.day) && (stretch.from..stretch.to).contains(&time.minute)
            } else {
                (self.on(time.day) && time.minute >= stretch.from)
                    || (self.on(time.day.before()) && time.minute < stretch.to)
            }
        })
    }

    fn on(&self, day: Weekday) -> bool {
        self.days.is_empty() || self.days.contains(&day)
    }

    pub(super) fn add_stretch(&mut self, text: &str) -> Result<(), NotHours> {
        self.stretches.push(text.parse()?);
        Ok(())
    }

    pub(super) fn add_days(&mut self, days: Vec<Weekday>) {
        self.days.extend(days);
    }
}

impl FromStr for Stretch {
    type Err = NotHours;

    fn from_str(text: &str) -> Result<Self, NotHours> {
        let (from, to) = text.split_once('-').ok_or(NotHours)?;
        let (from, to) = (minute(from)?, minute(to)?);
        if from == to || from == DAY {
            return Err(NotHours);
        }
        Ok(Self { from, to })
    }
}

/// `22:00`, and `24:00` for the end of the day.
fn minute(text: &str) -> Result<u16, NotHours> {
    let (hour, minute) = text.trim().split_once(':').ok_or(NotHours)?;
    let number = |part: &str| match part.len() {
        2 if part.bytes().all(|byte| byte.is_ascii_digit()) => part.parse::<u16>().map_err(|_| NotHours),
        _ => Err(NotHours),
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let minutes = hour * 60 + minute;
    if minute > 59 || minutes > DAY {
        return Err(NotHours);
    }
    Ok(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(stretches: &[&str], days: &[Weekday]) -> Hours {
        let mut hours = Hours::default();
        for stretch in stretches {
            assert!(hours.add_stretch(stretch).is_ok(), "{stretch}");
        }
        hours.add_days(days.to_vec());
        hours
    }

    fn at(day: Weekday, time: &str) -> LocalTime {
        let minute = minute(time).ok().unwrap();
        LocalTime { day, minute }
    }

    #[test]
    fn a_stretch_ends_before_its_end() {
        let office = hours(&["08:30-12:00", "14:00-18:00"], &[Weekday::Mon, Weekday::Fri]);
        for (time, included) in [
            ("08:29", false),
            ("08:30", true),
            ("11:59", true),
            ("12:00", false),
            ("17:59", true),
        ] {
            assert_eq!(office.include(at(Weekday::Fri, time)), included, "{time}");
            assert!(!office.include(at(Weekday::Sat, time)), "{time}");
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_it_began_on() {
        let night = hours(&["22:00-06:00"], &[Weekday::Sun]);
        assert!(night.include(at(Weekday::Sun, "23:00")));
        assert!(night.include(at(Weekday::Mon, "05:59")));
        assert!(!night.include(at(Weekday::Sun, "05:59")));
        assert!(!night.include(at(Weekday::Mon, "22:00")));
        let always = hours(&[], &[]);
        assert!(always.is_always() && always.include(at(Weekday::Wed, "00:00")));
        let weekend = hours(&[], &[Weekday::Sat, Weekday::Sun]);
        assert!(weekend.include(at(Weekday::Sun, "00:00")) && !weekend.include(at(Weekday::Mon, "00:00")));
        let evening = hours(&["18:00-24:00"], &[]);
        assert!(evening.include(at(Weekday::Sun, "23:59")) && !evening.include(at(Weekday::Sun, "00:00")));
    }

    #[test]
    fn what_is_not_a_stretch_is_refused() {
        for bad in [
            "",
            "22:00",
            "22-06",
            "9:00-10:00",
            "25:00-26:00",
            "10:60-11:00",
            "10:00-10:00",
            "24:00-06:00",
            "+1:00-02:00",
        ] {
            assert!(bad.parse::<Stretch>().is_err(), "{bad}");
        }
    }
}
