//! When a new API key expires: `--expires` as people write times and lengths of time, in the form in which the server takes it.

use crate::command::metrics::zone::zone;
use crate::context::Context;
use crate::duration;
use crate::error::{Failure, code};
use crate::figures;
use crate::printable_text::{PrintableText, escaped};
use base::time::{Clock as _, Millis, SystemClock};
use base::time_expr::{TimeError, lenient};
use jiff::tz::TimeZone;
use wire::iam::api_key::read_time;

/// The forms that are taken.
const FORMS: &str = "`--expires` takes a length of time from now (`90d`, `6 months`, `1h30m`), a moment (`2030-01-31T12:00:00Z`), a day (`2030-01-31`) or an ISO week (`2030-W05`); a day and a week mean their first moment, and without a zone that of `TZ` counts, else UTC";

/// Units in words, whole: `3 dec` is no number of days.
const UNITS: [&str; 14] = [
    "second", "seconds", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks",
    "month", "months", "year", "years",
];

/// Reads the text; a moment that has passed is refused.
pub(super) fn read(text: &str, context: &Context) -> Result<String, Failure> {
    if read_time(text).is_some() {
        return Ok(text.to_owned());
    }
    let now = SystemClock.now();
    let at = match from_now(text, now)? {
        Some(at) => at,
        None => moment(text, now, context)?,
    };
    figures::instant(at.secs()).ok_or_else(|| {
        refused(escaped!(
            "`{}` is beyond all times that can be written",
            text
        ))
    })
}

/// The end of a length of time that begins now, with or without blanks; `None` if the text is none.
fn from_now(text: &str, now: Millis) -> Result<Option<Millis>, Failure> {
    let compact: String = text.split_whitespace().collect();
    if compact.is_empty() {
        return Err(refused("`--expires` has no time".into()));
    }
    if compact.bytes().all(|byte| byte.is_ascii_digit()) {
        if compact != text.trim() {
            return Ok(None);
        }
        return Err(refused(escaped!(
            "`{}` could be a time or a length of time",
            text
        )));
    }
    if let Ok(length) = duration::parse(&compact) {
        let milliseconds = i64::try_from(length.as_millis()).ok();
        return Ok(milliseconds
            .and_then(|length| now.0.checked_add(length))
            .map(Millis));
    }
    // Without a sign they are before now elsewhere, where no key expires.
    let unit = compact.trim_start_matches(|character: char| character.is_ascii_digit());
    let is_span = unit.len() < compact.len() && UNITS.contains(&unit.to_ascii_lowercase().as_str());
    let read = is_span.then(|| lenient::parse(&format!("+{compact}"), now, &TimeZone::UTC));
    Ok(read.and_then(Result::ok).map(|read| read.at))
}

/// The moment, as every other option reads times.
fn moment(text: &str, now: Millis, context: &Context) -> Result<Millis, Failure> {
    let (_, zone) = zone(None, context)?;
    let read = lenient::parse(text, now, &zone).map_err(|error| {
        refused(match error {
            TimeError::NoSuchTime(_) | TimeError::SlashedDate(_) | TimeError::OutOfRange(_) => {
                error.to_string().into()
            }
            _ => escaped!("`{}` is no time at which a key can expire", text),
        })
    })?;
    if read.at <= now {
        let at = figures::instant(read.at.secs()).unwrap_or_default();
        return Err(refused(escaped!("`{}` is {}, which has passed", text, at)));
    }
    if let Some(notice) = read.notice {
        context.output.note(notice.to_string());
    }
    Ok(read.at)
}

fn refused(message: PrintableText) -> Failure {
    Failure::usage(message)
        .coded(code::INVALID_VALUE)
        .hint(FORMS)
}
