//! The drawing options of a series.

use std::sync::Arc;

/// Drawing options that functions set; where one is `None`, the picture's own applies.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drawing {
    /// Name or hexadecimal digits of its colour.
    pub color: Option<String>,
    /// Opacity of its line or area, 0 to 1.
    pub alpha: Option<f64>,
    /// Width of its line.
    pub line_width: Option<f64>,
    /// Length of its dashes.
    pub dashed: Option<f64>,
    /// Stacked onto the series before it.
    pub is_stacked: bool,
    /// Of both ends of an area between two series, the same text.
    pub band: Option<Arc<str>>,
    /// Not drawn: the lower end of such an area.
    pub is_invisible: bool,
    /// A vertical line where it is not zero.
    pub is_infinite: bool,
    /// On the axis at the right.
    pub is_on_second_axis: bool,
}
