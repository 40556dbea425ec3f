//! Times as people, programs and files write them: all that Graphite takes ([`super::parse`]), and beyond it
//! - ISO 8601 and RFC 3339 (`iso.rs`);
//! - epoch seconds with decimals, and epoch milliseconds, told by their size as in samples;
//! - a span alone, which is before now: `10min`, `2h`, `1d12h ago`;
//! - `m` for minutes, of which the reader is told, and decimals in spans: `-1.5h`;
//! - `lasthour`, `lastday`, `lastweek`, `lastmonth`, `lastyear`: one such span ago; and `lastmonday`: the latest one before
//!   today.

use super::error::TimeError;
use super::text::in_range;
use super::{
    EXPRESSION_BYTES_MAX, MILLISECONDS_FROM, default_range, iso, reference, split_where, wall_clock,
};
use crate::time::{Millis, TimeRange};
use jiff::tz::TimeZone;
use std::fmt;

/// The reading chosen for an ambiguous text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// `m` as minutes.
    Minutes,
}

impl Notice {
    /// The value of the reply header `X-Vigie-Time-Notice`.
    #[must_use]
    pub const fn header(self) -> &'static str {
        match self {
            Self::Minutes => "m-read-as-minutes",
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes => f.write_str("`m` was read as minutes: months are `mon`"),
        }
    }
}

/// An instant, and the notice about how it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParsedTime {
    /// The instant.
    pub at: Millis,
    /// A second meaning that was not taken.
    pub notice: Option<Notice>,
}

/// Reads one time.
///
/// # Errors
/// [`TimeError`] says what is wrong with it.
pub fn parse(text: &str, now: Millis, zone: &TimeZone) -> Result<ParsedTime, TimeError> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(TimeError::TooLong);
    }
    let text = text.trim();
    let read = |at| ParsedTime { at, notice: None };
    if let Some(instant) = number(text) {
        return instant.map(read);
    }
    if let Some(instant) = iso::instant(text, zone) {
        return instant.map(read);
    }
    let plain = super::plain(text);
    match super::parse(&plain, now, zone) {
        Ok(at) => Ok(read(at)),
        Err(error) => match beyond(&plain, now, zone) {
            Some(read) => read,
            None => Err(error.repeating(text)),
        },
    }
}

/// The range of a query: as [`super::range`], with times read as [`parse`] does, and an absent `from` is 24 hours before
/// `until`.
///
/// # Errors
/// [`TimeError`] of either, or [`TimeError::EmptyRange`].
pub fn range(
    from: Option<&str>,
    until: Option<&str>,
    now: Millis,
    zone: &TimeZone,
) -> Result<(TimeRange, Option<Notice>), TimeError> {
    let given = |text: Option<&str>, default: Millis| {
        text.filter(|text| !text.trim().is_empty()).map_or(
            Ok(ParsedTime {
                at: default,
                notice: None,
            }),
            |text| parse(text, now, zone),
        )
    };
    let until = given(until, now)?;
    let from = given(from, default_range(until.at).from)?;
    let notice = from.notice.or(until.notice);
    Ok((super::between(from.at, until.at)?, notice))
}

/// Epoch seconds with decimals, or epoch milliseconds; whole seconds are Graphite's.
fn number(text: &str) -> Option<Result<Millis, TimeError>> {
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.starts_with(|c: char| c.is_ascii_digit());
    if !is_number {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let milliseconds = if number >= MILLISECONDS_FROM {
        number
    } else if text.contains('.') {
        number * 1000.0
    } else {
        return None;
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of floats ends at the bounds, which are out of range"
    )]
    let instant = in_range(milliseconds.round() as i64);
    Some(instant.ok_or_else(|| TimeError::OutOfRange(text.to_owned())))
}

/// Reads forms that Graphite does not have; `None` if it is none of ours either.
fn beyond(plain: &str, now: Millis, zone: &TimeZone) -> Option<Result<ParsedTime, TimeError>> {
    if let Some(name) = plain.strip_prefix("last") {
        return last(name, now, zone).map(|at| Ok(ParsedTime { at, notice: None }));
    }
    let (text, is_ago) = match plain.strip_suffix("ago") {
        Some(text) => (text, true),
        None => (plain, false),
    };
    let is_span = is_ago || text.starts_with(|c: char| c.is_ascii_digit());
    let (base, sign, terms) = match text.find(['+', '-']) {
        None if is_span => (now, -1, text),
        Some(at) if !is_ago => {
            let (base, offset) = text.split_at(at);
            let base = reference::instant(base, now, zone).ok()?;
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            (base, sign, offset.get(1..)?)
        }
        _ => return None,
    };
    let (span, notice) = span(terms)?;
    let at = span
        .checked_mul(sign)
        .and_then(|span| base.0.checked_add(span))
        .and_then(in_range)
        .ok_or_else(|| TimeError::OutOfRange(plain.to_owned()));
    Some(at.map(|at| ParsedTime { at, notice }))
}

/// Milliseconds of numbers, perhaps with decimals, and units.
fn span(terms: &str) -> Option<(i64, Option<Notice>)> {
    let mut total = 0_f64;
    let mut notice = None;
    let mut rest = terms;
    while !rest.is_empty() {
        let (number, after) = split_where(rest, |c| !c.is_ascii_digit() && c != '.');
        let (unit, after) = split_where(after, |c| !c.is_alphabetic());
        let unit = if unit == "m" {
            notice = Some(Notice::Minutes);
            "min"
        } else {
            unit
        };
        #[expect(clippy::cast_precision_loss, reason = "at most a year in milliseconds")]
        let unit = super::unit_ms(unit, terms).ok()? as f64;
        total += number.parse::<f64>().ok()? * unit;
        rest = after;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a cast of floats ends at the bounds, which are out of range"
    )]
    Some((total.round() as i64, notice))
}

fn last(name: &str, now: Millis, zone: &TimeZone) -> Option<Millis> {
    if let Some((_, weekday)) = reference::WEEKDAYS.iter().find(|(day, _)| *day == name) {
        let now = jiff::Timestamp::from_millisecond(now.0).ok()?;
        let yesterday = zone.to_datetime(now).date().yesterday().ok()?;
        let day = reference::latest(*weekday, yesterday)?;
        let midnight = day.to_datetime(jiff::civil::Time::midnight());
        return in_range(wall_clock::instant(midnight, zone)?.as_millisecond());
    }
    let units = ["hour", "day", "week", "month", "year"];
    let unit = units.into_iter().find(|unit| *unit == name)?;
    in_range(now.0.checked_sub(super::unit_ms(unit, name).ok()?)?)
}

#[cfg(test)]
mod tests;
