//! The texts of times that conditions compare with, as ISO 8601 writes them. A clock's distance from UTC belongs to each: a time
//! without it would mean another one to each reader.

use jiff::civil::Date;

/// A day in seconds.
pub(super) const DAY: i64 = 86_400;

/// The first day of epoch seconds.
const EPOCH: Date = Date::constant(1970, 1, 1);

/// No clock is further from UTC.
const OFFSET_HOURS_MAX: i64 = 14;

/// A time of day on a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockTime {
    /// The second of the day, by that clock.
    pub(super) second: i64,
    /// How many seconds the clock is ahead of UTC.
    pub(super) offset: i64,
}

/// A day of the week on a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClockDay {
    /// From Monday, 1, to Sunday, 7.
    pub(super) weekday: i64,
    /// How many seconds the clock is ahead of UTC.
    pub(super) offset: i64,
}

/// A number of two digits that is at most so large.
fn two_digits(text: &str, max: i64) -> Option<i64> {
    let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = text.parse().ok().filter(|_| is_number)?;
    (number <= max).then_some(number)
}

/// The seconds of `Z`, `+01:00`, `-05:30`.
fn offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (is_ahead, text) = match text.split_at_checked(1)? {
        ("+", rest) => (true, rest),
        ("-", rest) => (false, rest),
        _ => return None,
    };
    let (hours, minutes) = text.split_once(':')?;
    let minutes = two_digits(minutes, 59)?;
    let seconds = two_digits(hours, OFFSET_HOURS_MAX)? * 3600 + minutes * 60;
    let is_there = seconds <= OFFSET_HOURS_MAX * 3600;
    is_there.then_some(if is_ahead { seconds } else { -seconds })
}

/// Reads `09:00:00+00:00`.
pub(super) fn clock_time(text: &str) -> Option<ClockTime> {
    let (time, zone) = text.split_at_checked("hh:mm:ss".len())?;
    let mut parts = time.split(':');
    let hour = two_digits(parts.next()?, 23)?;
    let minute = two_digits(parts.next()?, 59)?;
    let second = two_digits(parts.next()?, 59)?;
    Some(ClockTime {
        second: hour * 3600 + minute * 60 + second,
        offset: offset(zone)?,
    })
}

/// Reads `2026-12-01T09:00:00+00:00`, as epoch seconds.
pub(super) fn date_time(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let ClockTime { second, offset } = clock_time(time)?;
    Some(days(date)? * DAY + second - offset)
}

/// The days until `2026-12-01`.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    if !is_year || parts.next().is_some() {
        return None;
    }
    let part = |text: &str| i8::try_from(two_digits(text, 31)?).ok();
    let date = Date::new(year.parse().ok()?, part(month)?, part(day)?).ok()?;
    let since = EPOCH.until(date).ok()?;
    Some(i64::from(since.get_days()))
}

/// Reads `1+00:00`, Monday in UTC; without an offset the day is that of UTC, too.
pub(super) fn clock_day(text: &str) -> Option<ClockDay> {
    let (weekday, zone) = text.split_at_checked(1)?;
    let weekday: i64 = weekday.parse().ok()?;
    let offset = if zone.is_empty() { 0 } else { offset(zone)? };
    let is_day = (1..=7).contains(&weekday);
    is_day.then_some(ClockDay { weekday, offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_read_with_its_clock() {
        let time = |second, offset| Some(ClockTime { second, offset });
        for (text, expected) in [
            ("00:00:00+00:00", time(0, 0)),
            ("09:00:00Z", time(9 * 3600, 0)),
            ("23:59:59-05:00", time(DAY - 1, -5 * 3600)),
            ("17:30:01+05:45", time(63_001, 20_700)),
            ("00:00:00+14:00", time(0, 50_400)),
            ("00:00:00+14:01", None),
            ("00:00:00+15:00", None),
            ("24:00:00+00:00", None),
            ("09:60:00+00:00", None),
            ("09:00:60+00:00", None),
            ("09:00+00:00", None),
            ("9:00:00+00:00", None),
            ("09:00:00", None),
            ("09:00:00 +00:00", None),
            ("09:00:00+0000", None),
            ("09:00:00.5+00:00", None),
            ("+9:00:00+00:00", None),
            ("0é:00:00Z", None),
            ("", None),
        ] {
            assert_eq!(clock_time(text), expected, "{text}");
        }
    }

    #[test]
    fn a_date_with_its_time_is_an_instant() {
        for (text, expected) in [
            ("1970-01-01T00:00:00+00:00", Some(0)),
            ("1970-01-02T00:00:01Z", Some(DAY + 1)),
            ("1969-12-31T23:59:59Z", Some(-1)),
            ("2026-11-28T14:00:00+01:00", Some(1_795_870_800)),
            ("2024-02-29T00:00:00-05:00", Some(1_709_182_800)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799)),
            ("2026-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-00-01T00:00:00Z", None),
            ("2026-11-28", None),
            ("2026-11-28T14:00:00", None),
            ("2026-11-28 14:00:00Z", None),
            ("26-11-28T14:00:00Z", None),
            ("+026-11-28T14:00:00Z", None),
            ("2026-11-28-01T14:00:00Z", None),
        ] {
            assert_eq!(date_time(text), expected, "{text}");
        }
    }

    #[test]
    fn a_day_of_the_week_is_read_with_its_clock() {
        let day = |weekday, offset| Some(ClockDay { weekday, offset });
        for (text, expected) in [
            ("1+00:00", day(1, 0)),
            ("7-05:00", day(7, -18_000)),
            ("3", day(3, 0)),
            ("3Z", day(3, 0)),
            ("0+00:00", None),
            ("8+00:00", None),
            ("10", None),
            ("Monday", None),
            ("é", None),
            ("", None),
        ] {
            assert_eq!(clock_day(text), expected, "{text}");
        }
    }
}
