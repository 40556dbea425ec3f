//! Draws series as text: sparkline, line chart, aligned table. Pure: values and a size in, text out.
//!
//! The caller determines the terminal's size, colour and characters ([`Glyphs`]).

mod canvas;
mod line;
mod scale;
mod sparkline;
mod table;
mod trace;

pub(crate) use line::{Chart, draw};
pub(crate) use sparkline::sparkline;
pub(crate) use table::{Align, Table};
pub(crate) use trace::{Summary, Trace};

/// Which characters the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// Block elements, braille and box drawing.
    Unicode,
    /// The 95 printable characters of ASCII.
    Ascii,
}

impl Glyphs {
    /// The SI prefix of a millionth.
    pub(crate) const fn micro(self) -> &'static str {
        match self {
            Self::Unicode => "µ",
            Self::Ascii => "u",
        }
    }
}
