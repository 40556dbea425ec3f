//! Parses the time of a sample in any of the accepted formats.

use super::{Now, short_text};
use base::sample::RejectReason;
use base::time::Millis;
use base::time_expr::TimeError;
use base::time_expr::lenient::{self, Notice};
use jiff::tz::TimeZone;

/// A time counted from now means another moment when it is read so much later.
const LATER_MS: i64 = 3_600_000;

/// A time, and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The instant.
    pub at: Millis,
    /// It counts from now, so that the same text means another instant later. Known only to who tells now by another clock.
    pub counts_from_now: bool,
    /// A notice about how it was read.
    pub notice: Option<Notice>,
}

impl From<Millis> for Moment {
    fn from(at: Millis) -> Self {
        Self {
            at,
            counts_from_now: false,
            notice: None,
        }
    }
}

impl Now<'_> {
    /// The time of a sample that has none of its own.
    #[must_use]
    pub fn moment(self) -> Moment {
        Moment {
            at: self.exact(),
            counts_from_now: true,
            notice: None,
        }
    }
}

/// Reads a time in whatever form it is written, in UTC where it names no zone.
///
/// # Errors
/// It is empty, no time, or lies before 1970.
pub fn moment(text: &str, now: Now<'_>) -> Result<Moment, RejectReason> {
    moment_in(text, now, &TimeZone::UTC)
}

/// The same, in this zone where it names none.
///
/// # Errors
/// As [`moment`].
pub fn moment_in(text: &str, now: Now<'_>, zone: &TimeZone) -> Result<Moment, RejectReason> {
    let refuse = |what: &dyn std::fmt::Display| {
        RejectReason::Timestamp(format!(
            "the timestamp `{}` {what}",
            short_text::short(text)
        ))
    };
    if text.trim().is_empty() {
        return Err(refuse(&"is empty"));
    }
    let read = |now: Millis| {
        lenient::parse(text, now, zone).map_err(|error| match error {
            TimeError::SlashedDate(_) => refuse(
                &"is no date: with slashes the month comes first; write `2025-11-25` or `2025-11-25T12:00:00Z`, in which no day is taken for a month",
            ),
            _ => refuse(
                &"is no time: write epoch seconds, RFC 3339 as `2025-11-25T12:00:00Z`, or an offset as `-10min`",
            ),
        })
    };
    let here = now.here();
    let mut found = read(here)?;
    let counts_from_now = now.is_corrected() && read(here.plus(LATER_MS))?.at != found.at;
    if counts_from_now {
        found = read(now.exact())?;
    }
    if found.at.0 < 0 {
        return Err(refuse(&"lies before 1970"));
    }
    Ok(Moment {
        at: found.at,
        counts_from_now,
        notice: found.notice,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const HERE: Millis = Millis(1_700_000_000_000);

    #[test]
    fn the_other_clock_is_asked_only_for_what_depends_on_it() {
        let asked = Cell::new(0);
        let by = |here: Millis| {
            asked.set(asked.get() + 1);
            here.plus(60_000)
        };
        let now = Now::corrected_by(HERE, &by);
        for text in ["2025-11-25T12:00:00Z", "1519862400", "20171101"] {
            assert!(!moment(text, now).unwrap().counts_from_now, "{text}");
        }
        assert_eq!(asked.get(), 0);
        let read = moment("10m", now).unwrap();
        assert_eq!(
            (read.at, read.counts_from_now, read.notice),
            (HERE.plus(-540_000), true, Some(Notice::Minutes))
        );
        assert_eq!(asked.get(), 1);
    }
}
