//! Functions for pictures: how series are drawn, and lines of their own.

mod line;
mod stacked;
mod style;
#[cfg(test)]
mod tests;

pub(super) use line::FUNCTIONS as LINE;
pub(super) use line::constant_line;
pub(super) use stacked::FUNCTIONS as STACKED;
pub(super) use stacked::band;
pub(super) use style::FUNCTIONS as STYLE;
