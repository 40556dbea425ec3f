//! Times in texts. This is Graphite's own grammar, to the letter: what the reference refuses is refused. Everybody else
//! reads with [`lenient`], which takes more.
//!
//! Blanks, `_` and `,` are dropped and case is ignored. What remains is
//! - digits: epoch seconds, or a date where eight digits read as `YYYYMMDD`;
//! - otherwise `[reference][offset]`, both optional, an absent reference being `now`;
//! - reference: `now`, or a time of day (`HH:MM`, `6am`, `noon`, `midnight`, `teatime`) and a day (`today`, `yesterday`,
//!   `tomorrow`, `MM/DD/YY`, `MM/DD/YYYY`, `YYYYMMDD`, and after `HH:MM` also `YYMMDD`; a month's name and a day; a weekday's
//!   name, the latest such day), each optional;
//! - offset: `+` or `-` and one or more of number and unit, added up: `-1d12h`. Units are known by their beginning: `s`,
//!   `min`, `h`, `d`, `w`, `mon` (30 days), `y` (365 days). A bare `m` could be either, and is refused.
//!
//! Days begin at midnight of the given zone; offsets are spans of absolute time. Two habits of the original are kept
//! because dashboards may rest on them: `12pm` is midnight (twelve hours are added and wrapped), and `-` alone is `now`.

pub mod bounds;
mod error;
mod iso;
pub mod lenient;
mod reference;
mod text;
mod wall_clock;

pub(crate) use error::EXPRESSION_BYTES_MAX;
pub use error::TimeError;
pub use wall_clock::is_dst;

use crate::time::{Millis, TimeRange};
use jiff::tz::TimeZone;
use text::{in_range, is_digits};

/// A number of this size is milliseconds, not seconds.
pub const MILLISECONDS_FROM: f64 = 1e11;

/// How far back a query reaches that has no `from`.
const DEFAULT_SPAN_MS: i64 = 24 * 60 * 60 * 1000;

/// Reads one time expression.
///
/// # Errors
/// [`TimeError`] says what is wrong with it.
pub fn parse(text: &str, now: Millis, zone: &TimeZone) -> Result<Millis, TimeError> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(TimeError::TooLong);
    }
    let plain = plain(text);
    if is_digits(&plain) && !reference::is_plausible_date(&plain) {
        return plain
            .parse::<i64>()
            .ok()
            .and_then(|seconds| seconds.checked_mul(1000))
            .and_then(in_range)
            .ok_or_else(|| TimeError::OutOfRange(plain.clone()));
    }
    let sign_at = plain.find('+').or_else(|| plain.find('-'));
    let (reference, offset) = plain.split_at(sign_at.unwrap_or(plain.len()));
    let instant = reference::instant(reference, now, zone)?;
    let offset = offset_ms(offset)?;
    instant
        .0
        .checked_add(offset)
        .and_then(in_range)
        .ok_or_else(|| TimeError::OutOfRange(plain.clone()))
}

/// Reads `from` and `until`: an absent or empty `from` is 24 hours ago, an absent or empty `until` is now, and the two
/// are swapped where they run backwards.
///
/// # Errors
/// [`TimeError`] of either, or [`TimeError::EmptyRange`].
pub fn range(
    from: Option<&str>,
    until: Option<&str>,
    now: Millis,
    zone: &TimeZone,
) -> Result<TimeRange, TimeError> {
    let given = |text: Option<&str>| -> Result<Option<Millis>, TimeError> {
        text.filter(|text| !text.trim().is_empty())
            .map(|text| parse(text, now, zone))
            .transpose()
    };
    let default = default_range(now);
    let from = given(from)?.unwrap_or(default.from);
    let until = given(until)?.unwrap_or(default.until);
    between(from, until)
}

/// The range between two instants, swapped where they run backwards.
fn between(from: Millis, until: Millis) -> Result<TimeRange, TimeError> {
    if from == until {
        return Err(TimeError::EmptyRange);
    }
    Ok(TimeRange {
        from: from.min(until),
        until: from.max(until),
    })
}

/// The text as the grammar reads it.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | ','))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The range of a query that says nothing about time.
#[must_use]
pub const fn default_range(now: Millis) -> TimeRange {
    TimeRange {
        from: now.plus(-DEFAULT_SPAN_MS),
        until: now,
    }
}

/// The zone of a `tz` parameter, for example `Europe/Berlin`, out of the table built in. The original silently takes
/// UTC where there is no such zone.
#[must_use]
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name.trim()).ok()
}

/// The milliseconds of `+1d12h` or `-1d12h`; nothing, or a sign alone, is none.
fn offset_ms(offset: &str) -> Result<i64, TimeError> {
    let (sign, terms) = match offset.strip_prefix('-') {
        Some(terms) => (-1, terms),
        None => (1, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let mut total = 0_i64;
    let mut rest = terms;
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit());
        if number.is_empty() {
            return Err(TimeError::Offset(offset.to_owned()));
        }
        let (unit, after) = split_where(after, |c| !c.is_alphabetic());
        total = number
            .parse::<i64>()
            .ok()
            .zip(Some(unit_ms(unit, offset)?))
            .and_then(|(number, unit)| number.checked_mul(unit))
            .and_then(|term| total.checked_add(term))
            .ok_or_else(|| TimeError::OutOfRange(offset.to_owned()))?;
        rest = after;
    }
    Ok(sign * total)
}

fn unit_ms(unit: &str, offset: &str) -> Result<i64, TimeError> {
    const SECOND: i64 = 1000;
    const DAY: i64 = 24 * 60 * 60 * SECOND;
    let units = [
        ("s", SECOND),
        ("min", 60 * SECOND),
        ("h", 60 * 60 * SECOND),
        ("d", DAY),
        ("w", 7 * DAY),
        ("mon", 30 * DAY),
        ("y", 365 * DAY),
    ];
    match unit {
        "" => Err(TimeError::UnitMissing(offset.to_owned())),
        "m" => Err(TimeError::UnitAmbiguous),
        _ => units
            .into_iter()
            .find(|(beginning, _)| unit.starts_with(beginning))
            .map(|(_, milliseconds)| milliseconds)
            .ok_or_else(|| TimeError::Unit(unit.to_owned())),
    }
}

fn split_where(text: &str, stop: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(stop).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;
