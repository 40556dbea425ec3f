//! What a picture is of.

use super::options::Options;
use crate::series::Series;
use jiff::tz::TimeZone;

/// What a picture is of.
#[derive(Debug)]
pub struct Picture<'p> {
    /// The series, in the order of the request.
    pub series: Vec<Series>,
    /// Epoch seconds between which they are drawn.
    pub from: i64,
    /// See `from`.
    pub until: i64,
    /// Where days begin.
    pub zone: TimeZone,
    /// How.
    pub options: &'p Options,
}
