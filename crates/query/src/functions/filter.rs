//! Functions that select series.

mod above;
mod outside;
mod pattern;
mod present;
mod rank;
#[cfg(test)]
mod tests;
mod threshold;

pub(super) use above::FUNCTIONS as ABOVE;
pub(super) use outside::FUNCTIONS as OUTSIDE;
pub(super) use pattern::FUNCTIONS as PATTERN;
pub(super) use present::FUNCTIONS as PRESENT;
pub(super) use rank::FUNCTIONS as RANK;
pub(super) use threshold::FUNCTIONS as THRESHOLD;
