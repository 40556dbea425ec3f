//! The text in which Prometheus shows samples, and OpenMetrics, line by line, as `promtool tsdb dump-openmetrics` and
//! `promtool tsdb dump` write it: `name{label="value"} 1.5 1700000000.000`, `{__name__="name", label="value"} 1.5 1700000000000`.
//!
//! A time is seconds or, when it is large, milliseconds since 1970. A line without one is refused, since old samples are old. What
//! begins with `#` says what a metric means, and is passed over; so is an exemplar after a sample.

#[cfg(test)]
mod tests;

use crate::ingest::prometheus::Sample;
use crate::ingest::{Names, short_text, timestamp};
use base::name::SeriesName;
use base::sample::RejectReason;
use base::time::Millis;

/// The longest line, in bytes.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// A parsed line.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A blank line or a comment.
    Nothing,
    /// A sample; its value may be NaN or infinite.
    Sample(SeriesName<'static>, Millis, f64),
}

/// Reads a line, without its end.
///
/// # Errors
/// The reason why it is none, with the name where it has a readable one.
pub fn line(text: &str, names: Names) -> Result<Line, (Option<String>, RejectReason)> {
    let Some(sample) = Sample::read(text).map_err(|reason| (None, reason))? else {
        return Ok(Line::Nothing);
    };
    let name = sample
        .name(None, names)
        .map_err(|reason| (Some(short_text::name(&sample.written())), reason))?;
    let reject = |reason| (Some(name.as_str().to_owned()), reason);
    let (value, time) = sample.value_and_time().map_err(reject)?;
    let time = time.ok_or_else(|| {
        let what = "the line has no time: old samples are imported with their times";
        reject(RejectReason::Timestamp(what.to_owned()))
    })?;
    let at = timestamp(time).map_err(reject)?;
    Ok(Line::Sample(name, at, value))
}
