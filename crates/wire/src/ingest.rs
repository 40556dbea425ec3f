//! From bytes to samples, and back. Decoders take bytes and give a [`base::sample::Batch`] and what was wrong with the
//! rest; they know nothing of sockets or files.
//!
//! Timestamps are epoch seconds, whole or with decimals of which milliseconds are kept. From [`MILLISECONDS_FROM`] on
//! they are read as milliseconds, which clients in JavaScript send: as seconds they would lie beyond the year 5138.

pub mod csv;
mod cut;
pub mod encode;
pub mod json;
mod line;
pub mod plaintext;
mod slip;
mod stamp;

use crate::time_expr::lenient;
use base::sample::{Batch, RejectReason};
use base::time::Millis;

/// A timestamp of this size is milliseconds, not seconds.
pub const MILLISECONDS_FROM: f64 = 1e11;

/// The last millisecond of year 9999.
const LATEST: f64 = 253_402_300_799_999.0;

/// An item of a body that is no sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Its position in the body, from 0.
    pub index: usize,
    /// Its name, where it has a readable one; cut where it is very long.
    pub name: Option<String>,
    /// What is wrong with it.
    pub reason: RejectReason,
}

/// A line that is no sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineReject {
    /// Its number, from 1.
    pub line: u64,
    /// Its name, where it has a readable one; cut where it is very long.
    pub name: Option<String>,
    /// What is wrong with it.
    pub reason: RejectReason,
}

/// What a decoder of lines has made so far: `received = batch.len() + rejects.len()`.
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
}

/// Reads a number as people write numbers; correctly rounded, finite.
pub(crate) fn value(text: &str) -> Result<f64, RejectReason> {
    match fast_float2::parse::<f64, _>(text) {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(RejectReason::Value(format!(
            "the value `{}` is not a finite number",
            cut::short(text)
        ))),
        Err(_) => Err(RejectReason::Value(format!(
            "the value `{}` is not a number",
            cut::short(text)
        ))),
    }
}

/// Reads a time in whatever form it is written, in UTC where it names no zone.
pub(crate) fn moment(text: &str, now: Millis) -> Result<Millis, RejectReason> {
    let refuse = |what: &dyn std::fmt::Display| {
        RejectReason::Timestamp(format!("the timestamp `{}` {what}", cut::short(text)))
    };
    let utc = jiff::tz::TimeZone::UTC;
    match lenient::parse(text, now, &utc) {
        _ if text.trim().is_empty() => Err(refuse(&"is empty")),
        Ok(read) if read.at.0 >= 0 => Ok(read.at),
        Ok(_) => Err(refuse(&"lies before 1970")),
        Err(_) => Err(refuse(
            &"is no time: write epoch seconds, RFC 3339 as `2025-11-25T12:00:00Z`, or an offset as `-10min`",
        )),
    }
}

/// Reads a number of seconds (or, when it is large, milliseconds) since 1970.
pub(crate) fn timestamp(text: &str) -> Result<Millis, RejectReason> {
    let refuse = |what: &str| {
        Err(RejectReason::Timestamp(format!(
            "the timestamp `{}` {what}",
            cut::short(text)
        )))
    };
    let Ok(number) = fast_float2::parse::<f64, _>(text) else {
        return refuse("is not a number of seconds since 1970");
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
        return refuse("lies beyond the year 9999");
    }
    // Below 2^53, so the rounding is the only loss.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked above: between 0 and the year 9999"
    )]
    Ok(Millis(milliseconds.round() as i64))
}
