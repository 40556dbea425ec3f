//! The part of a time expression before the offset: a time of day and a day.

use super::error::TimeError;
use super::text::{in_range, is_digits};
use super::wall_clock;
use crate::time::Millis;
use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

pub(super) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// Names are known by their first three letters, or more of them.
const NAME_LETTERS_MIN: usize = 3;

/// Whether eight digits look like `YYYYMMDD` rather than like an epoch of 1970.
pub(super) fn is_plausible_date(digits: &str) -> bool {
    let part = |range| digits.get(range).and_then(number);
    digits.len() == 8
        && part(0..4).is_some_and(|year| year > 1900)
        && part(4..6).is_some_and(|month| month < 13)
        && part(6..8).is_some_and(|day| day < 32)
}

/// The instant of a reference (lower case, without blanks).
pub(super) fn instant(reference: &str, now: Millis, zone: &TimeZone) -> Result<Millis, TimeError> {
    if reference.is_empty() || reference == "now" {
        return Ok(now);
    }
    let no_such = || TimeError::NoSuchTime(reference.to_owned());
    let today = Timestamp::from_millisecond(now.0)
        .map_err(|_| TimeError::OutOfRange(reference.to_owned()))
        .map(|timestamp| zone.to_datetime(timestamp).date())?;
    let (time, day, had_clock) = time_of_day(reference).ok_or_else(no_such)?;
    let date = match day {
        "" | "today" => today,
        "yesterday" => today.yesterday().map_err(|_| no_such())?,
        "tomorrow" => today.tomorrow().map_err(|_| no_such())?,
        _ => match named_date(day, today, had_clock) {
            Some(date) => date.ok_or_else(|| match day.contains('/') {
                true => TimeError::SlashedDate(reference.to_owned()),
                false => no_such(),
            })?,
            None => return Err(TimeError::Reference(reference.to_owned())),
        },
    };
    wall_clock::instant(date.to_datetime(time), zone)
        .and_then(|timestamp| in_range(timestamp.as_millisecond()))
        .ok_or_else(|| TimeError::OutOfRange(reference.to_owned()))
}

/// The time of day at the beginning, what follows it, and whether it was written `HH:MM`. Midnight where there is
/// none; `None` where there is one that does not exist.
fn time_of_day(reference: &str) -> Option<(Time, &str, bool)> {
    for (word, hour) in [("noon", 12), ("midnight", 0), ("teatime", 16)] {
        if let Some(rest) = reference.strip_prefix(word) {
            return Some((clock(hour, 0)?, rest, false));
        }
    }
    let hour_end = reference
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(reference.len());
    let (hour, rest) = reference.split_at(hour_end);
    if !(1..=2).contains(&hour.len()) {
        return Some((Time::midnight(), reference, false));
    }
    let hour = number(hour)?;
    if let Some(rest) = rest.strip_prefix(':') {
        // `3:5`, with nothing after it, is five past three.
        let (minute, rest) = rest.split_at_checked(rest.len().min(2))?;
        let minute = number(minute)?;
        let (hour, rest) = half_of_day(hour, rest);
        return Some((clock(hour, minute)?, rest, true));
    }
    let (shifted, after) = half_of_day(hour, rest);
    if after.len() == rest.len() {
        return Some((Time::midnight(), reference, false));
    }
    Some((clock(shifted, 0)?, after, false))
}

/// Reads `am` or `pm` after an hour.
fn half_of_day(hour: u16, rest: &str) -> (u16, &str) {
    if let Some(rest) = rest.strip_prefix("am") {
        (hour, rest)
    } else if let Some(rest) = rest.strip_prefix("pm") {
        ((hour + 12) % 24, rest)
    } else {
        (hour, rest)
    }
}

/// A date by number or name: `None` where it is neither, `Some(None)` where it does not exist.
#[expect(
    clippy::option_option,
    reason = "no date at all, and a date that does not exist, are two errors"
)]
fn named_date(day: &str, today: Date, had_clock: bool) -> Option<Option<Date>> {
    if day.contains('/') {
        return Some(slashed_date(day));
    }
    if is_digits(day) {
        let part = |range| day.get(range).and_then(number);
        return match day.len() {
            8 => Some(date(part(0..4), part(4..6), part(6..8))),
            6 if had_clock => Some(date(part(0..2).map(century), part(2..4), part(4..6))),
            _ => None,
        };
    }
    let letters = day
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(day.len());
    let (name, rest) = day.split_at(letters);
    if name.len() < NAME_LETTERS_MIN {
        return None;
    }
    if let Some(month) = MONTHS.iter().position(|month| month.starts_with(name)) {
        let day = Some(rest)
            .filter(|rest| is_digits(rest) && rest.len() <= 2)
            .and_then(number)?;
        let year = u16::try_from(today.year()).ok();
        return Some(date(year, u16::try_from(month + 1).ok(), Some(day)));
    }
    let (_, weekday) = WEEKDAYS
        .iter()
        .find(|(weekday, _)| weekday.starts_with(name))?;
    if !rest.is_empty() {
        return None;
    }
    Some(latest(*weekday, today))
}

/// `MM/DD/YY` or `MM/DD/YYYY`.
fn slashed_date(day: &str) -> Option<Date> {
    let mut parts = day
        .split('/')
        .map(|part| number(part).filter(|_| is_digits(part)));
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    date(year.map(century), month, day)
}

/// Two digits of a year mean 1970 to 2069.
const fn century(year: u16) -> u16 {
    match year {
        0..70 => year + 2000,
        70..1900 => year + 1900,
        _ => year,
    }
}

/// The latest such weekday, today included.
pub(super) fn latest(weekday: Weekday, today: Date) -> Option<Date> {
    std::iter::successors(Some(today), |date| date.yesterday().ok())
        .take(7)
        .find(|date| date.weekday() == weekday)
}

fn date(year: Option<u16>, month: Option<u16>, day: Option<u16>) -> Option<Date> {
    Date::new(
        i16::try_from(year?).ok()?,
        i8::try_from(month?).ok()?,
        i8::try_from(day?).ok()?,
    )
    .ok()
}

fn clock(hour: u16, minute: u16) -> Option<Time> {
    Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()
}

fn number(digits: &str) -> Option<u16> {
    is_digits(digits).then(|| digits.parse().ok())?
}
