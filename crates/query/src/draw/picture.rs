//! The content of a picture: series, a time range, and how they are drawn.

use super::options::{Options, PictureFormat};
use crate::series::Series;
use jiff::tz::TimeZone;

/// A picture to draw: series, time range and options.
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

impl Picture<'_> {
    /// The points that are drawn at most: of each series no more than pixels lie beside each other.
    pub(crate) fn points(&self) -> u64 {
        let wide = self.options.width as u64 + 1;
        let points = |series: &Series| (series.values.len() as u64).min(wide);
        self.series.iter().map(points).sum()
    }

    /// The pixels, where it is made of them.
    pub(crate) fn pixels(&self) -> u64 {
        match self.options.form {
            PictureFormat::Png => (self.options.width * self.options.height) as u64,
            PictureFormat::Svg | PictureFormat::Pdf => 0,
        }
    }
}
