//! Days: the partitions that samples are kept in. One UTC day each.

use base::time::{Millis, TimeRange};
use std::fmt;

/// Milliseconds of a day; no leap seconds in Unix time.
pub(crate) const DAY_MILLIS: i64 = 86_400_000;

/// A UTC day, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) i32);

impl Day {
    /// The day that `instant` lies in; instants a `Day` cannot hold lie in its first or last one.
    pub(crate) fn of(instant: Millis) -> Self {
        let day = instant.0.div_euclid(DAY_MILLIS);
        Self(i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Its first instant.
    pub(crate) const fn start(self) -> i64 {
        self.0 as i64 * DAY_MILLIS
    }

    /// From its first to its last instant.
    pub(crate) const fn range(self) -> TimeRange {
        TimeRange {
            from: Millis(self.start()),
            until: Millis(self.start() + DAY_MILLIS - 1),
        }
    }
}

impl fmt::Display for Day {
    /// `2026-11-23`: the date of the proleptic Gregorian calendar, counted in years that begin in March so that the
    /// leap day comes last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since_march_0000 = i64::from(self.0) + 719_468;
        let era = since_march_0000.div_euclid(146_097);
        let day_of_era = since_march_0000.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (day, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_780, "2026-11-23"),
        ] {
            assert_eq!(Day(day).to_string(), text);
        }
    }

    #[test]
    fn an_instant_lies_in_the_range_of_its_day() {
        for instant in [-1, 0, 1, DAY_MILLIS - 1, DAY_MILLIS, 1_795_000_000_123] {
            assert!(Day::of(Millis(instant)).range().contains(Millis(instant)));
        }
        assert_eq!(Day::of(Millis(i64::MAX)), Day(i32::MAX));
    }
}
