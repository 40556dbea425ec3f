//! Times as ISO 8601 and RFC 3339 write them, and what people and programs make of that.
//!
//! A date, then perhaps a time of day after a `T`, a blank or a `_`, then perhaps a zone: `2025-11-25`,
//! `2025-11-25 12:00`, `20251125T120000Z`, `2025-11-25T12:00:00.250+01:00`, `2025-11`. `/` parts a date as `-` does. A week
//! (`2025-W48`, `2025-W48-2`, `2025W482`) begins on its Monday, and a day of the year (`2026-331`) is taken as well. Without a zone it is of the zone that is handed in.

use super::error::TimeError;
use super::text::in_range;
use super::wall_clock;
use crate::time::Millis;
use jiff::civil::{Date, DateTime, ISOWeekDate, Weekday};
use jiff::tz::{Offset, TimeZone};

/// No zone was ever further from UTC.
const OFFSET_SECONDS_MAX: i32 = 18 * 3600;

/// The instant, if the text begins as a date of this sort does: `None` leaves it to other readers.
pub(super) fn instant(text: &str, zone: &TimeZone) -> Option<Result<Millis, TimeError>> {
    let (date, rest) = date(text)?;
    Some(read(&date, rest, zone).ok_or_else(|| TimeError::NoSuchTime(text.to_owned())))
}

/// The date as `YYYY-MM-DD`, and what follows it.
fn date(text: &str) -> Option<(String, &str)> {
    let year = digits(text, 4)?;
    let rest = text.get(4..)?;
    if let Some((week, weekday, rest)) = week(rest) {
        return Some((of_week(year, week, weekday), rest));
    }
    if let Some(rest) = rest.strip_prefix(['-', '/']) {
        if let Some((day, rest)) = day_of_year(rest) {
            return Some((of_day(year, day), rest));
        }
        let month = digits(rest, 2)?;
        let rest = rest.get(2..)?;
        return match rest.strip_prefix(['-', '/']) {
            Some(rest) => {
                let day = digits(rest, 2)?;
                Some((format!("{year}-{month}-{day}"), rest.get(2..)?))
            }
            None => Some((format!("{year}-{month}-01"), rest)),
        };
    }
    // Eight digits alone are Graphite's as well; it reads them, and those that are none.
    let (month, day) = (digits(rest, 2)?, digits(rest.get(2..)?, 2)?);
    let rest = rest.get(4..)?;
    let has_time = rest.starts_with(['t', 'T', ' ', '_']) && digits(rest.get(1..)?, 2).is_some();
    has_time.then(|| (format!("{year}-{month}-{day}"), rest))
}

/// The three digits of a day of the year, and what follows them.
fn day_of_year(text: &str) -> Option<(&str, &str)> {
    let (day, rest) = (digits(text, 3)?, text.get(3..)?);
    (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some((day, rest))
}

/// The date as `YYYY-MM-DD`; of a day that the year does not have a text that is no date.
fn of_day(year: &str, day: &str) -> String {
    let date = || {
        let first = Date::new(year.parse().ok()?, 1, 1).ok()?;
        first.with().day_of_year(day.parse().ok()?).build().ok()
    };
    date().map_or_else(String::new, |date| date.to_string())
}

/// The week and the weekday (from Monday, `1`) after a year, and what follows them: `-W48`, `-W48-2`, `W48`, `W482`.
fn week(text: &str) -> Option<(&str, &str, &str)> {
    const MONDAY: &str = "1";
    let has_dashes = text.starts_with('-');
    let text = text.strip_prefix('-').unwrap_or(text);
    let text = text.strip_prefix(['w', 'W'])?;
    let (week, rest) = (digits(text, 2)?, text.get(2..)?);
    let day = if has_dashes {
        rest.strip_prefix('-')
    } else {
        Some(rest)
    };
    let day = day.and_then(|day| Some((digits(day, 1)?, day.get(1..)?)));
    // `-05:00` is a zone.
    let day = day.filter(|(_, after)| !after.starts_with(|c: char| c.is_ascii_digit()));
    let (weekday, rest) = day.unwrap_or((MONDAY, rest));
    Some((week, weekday, rest))
}

/// The date as `YYYY-MM-DD`; of a week that does not exist a text that is no date.
fn of_week(year: &str, week: &str, weekday: &str) -> String {
    let date = || {
        let weekday = Weekday::from_monday_one_offset(weekday.parse().ok()?).ok()?;
        ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, weekday).ok()
    };
    date().map_or_else(String::new, |date| date.date().to_string())
}

fn read(date: &str, rest: &str, zone: &TimeZone) -> Option<Millis> {
    let Some(time) = rest.strip_prefix(['t', 'T', ' ', '_']) else {
        let (none, offset) = split_zone(rest);
        return none.is_empty().then(|| at(date, "00:00", offset, zone))?;
    };
    let (time, offset) = split_zone(time.trim());
    let time = time.trim();
    let is_compact = matches!(time.len(), 4 | 6) || time.get(6..7) == Some(".");
    let time = if is_compact && !time.contains(':') {
        let (hour, rest) = time.split_at_checked(2)?;
        let (minute, second) = rest.split_at_checked(2)?;
        let colon = if second.is_empty() { "" } else { ":" };
        format!("{hour}:{minute}{colon}{second}")
    } else {
        time.to_owned()
    };
    at(date, &time, offset, zone)
}

/// Parts a time of day from its zone: `Z`, `UTC`, `+01:00`, `-0130`, `+02`. In a URL's query a `+` that was not escaped
/// arrives as a blank.
fn split_zone(time: &str) -> (&str, &str) {
    let beginnings = |c: char| matches!(c, 'z' | 'Z' | 'u' | 'U' | '+' | '-' | ' ');
    time.split_at(time.find(beginnings).unwrap_or(time.len()))
}

fn at(date: &str, time: &str, offset: &str, zone: &TimeZone) -> Option<Millis> {
    let civil: DateTime = format!("{date}T{time}").parse().ok()?;
    let instant = match offset_of(offset)? {
        Some(offset) => offset.to_timestamp(civil).ok()?,
        None => wall_clock::instant(civil, zone)?,
    };
    in_range(instant.as_millisecond())
}

/// `Some(None)` where no zone is named, `None` where it is none.
#[expect(
    clippy::option_option,
    reason = "no zone at all, and a zone that is none, are two answers"
)]
fn offset_of(text: &str) -> Option<Option<Offset>> {
    let text = text.trim_end();
    if text.is_empty() {
        return Some(None);
    }
    let named = text.trim_start().to_ascii_lowercase();
    if matches!(named.as_str(), "z" | "utc") {
        return Some(Some(Offset::UTC));
    }
    let sign = match text.chars().next()? {
        '-' => -1,
        _ => 1,
    };
    let plain: String = text
        .get(1..)?
        .trim_start_matches('+')
        .chars()
        .filter(|c| *c != ':')
        .collect();
    let hours: i32 = digits(&plain, 2)?.parse().ok()?;
    let minutes: i32 = match plain.get(2..)? {
        "" => 0,
        minutes if minutes.len() == 2 => digits(minutes, 2)?.parse().ok()?,
        _ => return None,
    };
    let seconds = hours * 3600 + minutes * 60;
    if minutes > 59 || seconds > OFFSET_SECONDS_MAX {
        return None;
    }
    Offset::from_seconds(sign * seconds).ok().map(Some)
}

fn digits(text: &str, count: usize) -> Option<&str> {
    text.get(..count)
        .filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}
