//! From bytes to samples, and back. Decoders take bytes and give a [`base::sample::Batch`] and what was wrong with the
//! rest; they know nothing of sockets or files.
//!
//! Timestamps are epoch seconds, whole or with decimals of which milliseconds are kept. From [`MILLISECONDS_FROM`] on
//! they are read as milliseconds, which clients in JavaScript send: as seconds they would lie beyond the year 5138.

pub mod collectd;
pub mod csv;
mod default_times;
pub mod encode;
pub mod exposition;
pub mod graphite_raw;
pub mod influx;
pub mod json;
pub(crate) mod labels;
mod line;
pub mod lumberjack;
mod moment;
mod names;
mod now;
pub mod pickle;
pub mod plaintext;
pub(crate) mod prometheus;
mod script_mistakes;
pub(crate) mod short_text;
pub mod split_body;
pub mod statsd;

pub use default_times::DefaultTimes;
pub use moment::{Moment, moment, moment_in};
pub use names::Names;
pub use now::Now;
pub use script_mistakes::is_number;

pub use base::time_expr::MILLISECONDS_FROM;

use base::name::SeriesName;
use base::sample::{Batch, RejectReason};
use base::time::Millis;
use base::time_expr::lenient::Notice;

/// The last millisecond of year 9999.
const LATEST: f64 = 253_402_300_799_999.0;

/// From here on a time counts microseconds or nanoseconds, in the year 2001 and later: told apart in the error alone.
const MICROSECONDS_FROM: f64 = 1e15;
const NANOSECONDS_FROM: f64 = 1e18;
const NANOSECONDS_TO: f64 = 1e19;

/// An item of a body that is no sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Its position in the body, from 0.
    pub index: usize,
    /// Its name, where it has a readable one; cut where it is very long.
    pub name: Option<String>,
    /// The reason.
    pub reason: RejectReason,
}

/// A line that is no sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineReject {
    /// Its number, from 1.
    pub line: u64,
    /// Its name, where it has a readable one; cut where it is very long.
    pub name: Option<String>,
    /// The reason.
    pub reason: RejectReason,
}

/// The result of a decoder of lines so far: `received = batch.len() + rejects.len()`.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// The samples.
    pub batch: Batch,
    /// The line number of each sample.
    pub lines: Vec<u64>,
    /// The lines that are none.
    pub rejects: Vec<LineReject>,
    /// How many lines (or rows) there were, blank ones and comments aside.
    pub received: u64,
    /// How many of the samples have a time that the reader set: that of their reading, or one that counts from it.
    pub stamped: u64,
    /// How many of the samples have a name in which a character was replaced.
    pub renamed: u64,
    /// A notice about how a time was read.
    pub notice: Option<Notice>,
}

impl Lines {
    /// Adds a sample of a line.
    pub fn push(&mut self, name: &SeriesName<'_>, time: Moment, value: f64, line: u64) {
        self.batch.push(name, time.at, value);
        self.lines.push(line);
        self.stamped += u64::from(time.counts_from_now);
        self.notice = self.notice.or(time.notice);
    }
}

/// Reads a number as people write numbers; correctly rounded, finite.
pub(crate) fn value(text: &str) -> Result<f64, RejectReason> {
    match fast_float2::parse::<f64, _>(text) {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(RejectReason::Value(format!(
            "the value `{}` is not a finite number",
            short_text::short(text)
        ))),
        Err(_) => Err(RejectReason::Value(format!(
            "the value `{}` is not a number",
            short_text::short(text)
        ))),
    }
}

/// Reads a number of seconds (or, when it is large, milliseconds) since 1970.
pub(crate) fn timestamp(text: &str) -> Result<Millis, RejectReason> {
    match fast_float2::parse::<f64, _>(text) {
        Ok(number) => instant(number, &text),
        Err(_) => instant(f64::NAN, &text),
    }
}

/// The instant of such a number, which was sent as `text`.
pub(crate) fn instant(number: f64, text: &dyn std::fmt::Display) -> Result<Millis, RejectReason> {
    let refuse = |what: &str| {
        Err(RejectReason::Timestamp(format!(
            "the timestamp `{}` {what}",
            short_text::short(&text.to_string())
        )))
    };
    if number.is_nan() {
        return refuse("is not a number of seconds since 1970");
    }
    if number.is_sign_negative() && number != 0.0 {
        return refuse("lies before 1970");
    }
    let milliseconds = if number < MILLISECONDS_FROM {
        number * 1000.0
    } else {
        number
    };
    if milliseconds > LATEST {
        return refuse(match number {
            MICROSECONDS_FROM..NANOSECONDS_FROM => {
                "lies beyond the year 9999; it looks like microseconds: send seconds or milliseconds"
            }
            NANOSECONDS_FROM..NANOSECONDS_TO => {
                "lies beyond the year 9999; it looks like nanoseconds: send seconds or milliseconds"
            }
            _ => "lies beyond the year 9999",
        });
    }
    // Below 2^53, so the rounding is the only loss.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked above: between 0 and the year 9999"
    )]
    Ok(Millis(milliseconds.round() as i64))
}
