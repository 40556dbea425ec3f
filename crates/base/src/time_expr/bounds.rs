//! The bounds of a deletion. What is read may be guessed at; what is deleted may not: an absent bound is none, and nothing is
//! swapped or taken for another.

use super::lenient::{self, Notice};
use super::{TimeError, plain};
use crate::time::{Millis, TimeRange};
use jiff::tz::TimeZone;

/// Reads the `from` and `until` of a deletion, with times as [`lenient::parse`] reads them: an absent `from` is the earliest
/// instant there is, an absent `until` the latest, and `None` is without either.
///
/// # Errors
/// [`TimeError`] of either; of an empty text; of bounds that are the same instant or run backwards.
pub fn range(
    from: Option<&str>,
    until: Option<&str>,
    now: Millis,
    zone: &TimeZone,
) -> Result<(Option<TimeRange>, Option<Notice>), TimeError> {
    if from.is_none() && until.is_none() {
        return Ok((None, None));
    }
    let read = |key: &'static str, text: Option<&str>| {
        text.map(|text| given(key, text, now, zone)).transpose()
    };
    let (from, until) = (read("from", from)?, read("until", until)?);
    let notice = [from, until]
        .into_iter()
        .flatten()
        .find_map(|read| read.notice);
    let range = TimeRange {
        from: from.map_or(TimeRange::ALL.from, |read| read.at),
        until: until.map_or(TimeRange::ALL.until, |read| read.at),
    };
    if range.from == range.until {
        return Err(TimeError::EmptyRange);
    }
    if range.from > range.until {
        return Err(TimeError::Backwards);
    }
    Ok((Some(range), notice))
}

/// Reads a time that is not empty: `key` names it where it is.
///
/// # Errors
/// [`TimeError`] says what is wrong with it.
pub fn given(
    key: &'static str,
    text: &str,
    now: Millis,
    zone: &TimeZone,
) -> Result<lenient::ParsedTime, TimeError> {
    if plain(text).is_empty() {
        return Err(TimeError::Empty(key));
    }
    lenient::parse(text, now, zone)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_700_002_800_000);
    const HOUR: i64 = 3_600_000;

    fn read(from: Option<&str>, until: Option<&str>) -> Result<Option<(i64, i64)>, TimeError> {
        let (range, _) = range(from, until, NOW, &TimeZone::UTC)?;
        Ok(range.map(|range| (range.from.0, range.until.0)))
    }

    #[test]
    fn an_absent_bound_is_none() {
        assert_eq!(read(None, None), Ok(None));
        let before = (i64::MIN, NOW.0 - 48 * HOUR);
        assert_eq!(read(None, Some("-2d")), Ok(Some(before)));
        let after = (NOW.0 - HOUR, i64::MAX);
        assert_eq!(read(Some("-1h"), None), Ok(Some(after)));
        assert_eq!(
            read(Some("-2h"), Some("-1h")),
            Ok(Some((NOW.0 - 2 * HOUR, NOW.0 - HOUR)))
        );
    }

    #[test]
    fn nothing_is_guessed() {
        for (from, until, error) in [
            (Some("-1h"), Some("-5h"), TimeError::Backwards),
            (Some("-1h"), Some("-1h"), TimeError::EmptyRange),
            (Some(""), None, TimeError::Empty("from")),
            (Some("-1h"), Some(" _,"), TimeError::Empty("until")),
        ] {
            assert_eq!(read(from, until), Err(error), "{from:?} {until:?}");
        }
        assert!(read(Some("soon"), None).is_err());
    }
}
