//! Pictures of series in a terminal: sparkline, line chart, aligned table. Pure: values and a size in, text out.
//!
//! Not here: asking the terminal for its size, colour and alphabet. The caller does, and says so in [`Glyphs`].

mod canvas;
mod line;
mod scale;
mod sparkline;
mod table;
mod trace;

pub(crate) use line::{Chart, draw};
pub(crate) use scale::number;
pub(crate) use sparkline::sparkline;
pub(crate) use table::{Align, Table};
pub(crate) use trace::{Summary, Trace};

/// Which characters the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// Block elements, braille and box drawing.
    Unicode,
    /// The 95 printable characters of 1963.
    Ascii,
}
