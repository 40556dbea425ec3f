//! The time range of `metrics get`, checked before a request is made.

use crate::context::Context;
use crate::error::Failure;
use base::time::{Clock as _, SystemClock, TimeRange};
use base::time_expr::TimeError;
use base::time_expr::lenient;
use jiff::tz::TimeZone;

/// The range of `--from` and `--until`. A reversed range is an error here, although the server swaps it.
pub(super) fn time_range(
    from: Option<&str>,
    until: Option<&str>,
    zone: &TimeZone,
    context: &Context,
) -> Result<TimeRange, Failure> {
    let now = SystemClock.now();
    let wrong = |error: TimeError| {
        let failure = Failure::usage(error.to_string());
        match (&error, given(until)) {
            (TimeError::EmptyRange | TimeError::Backwards, None) => {
                failure.hint("without `--until` it is now")
            }
            (TimeError::EmptyRange | TimeError::Backwards, Some(_)) => {
                failure.hint("without `--from` it is 24 hours before `--until`")
            }
            _ => failure.hint("times are written as in `vigie metrics get --help`"),
        }
    };
    let (range, notice) = lenient::range(from, until, now, zone).map_err(wrong)?;
    if let Some(from) = given(from) {
        let from = lenient::parse(from, now, zone).map_err(wrong)?.at;
        if from != range.from {
            return Err(wrong(TimeError::Backwards));
        }
    }
    if let Some(notice) = notice {
        context.output.note(notice.to_string());
    }
    Ok(range)
}

/// An empty text counts as absent.
fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.trim().is_empty())
}
