//! Fewer points out of many: samples into the slots of a grid, and grids into coarser ones, both by Graphite's rules.
//!
//! The slot of an instant begins at `at - at % step`; what is in no slot's samples is NaN, and NaN counts for nothing.

mod downsample;
mod filling;
mod fold;
mod folding;
mod window;

pub use downsample::{Parts, at_most};
pub use filling::Filling;
pub use fold::{Fold, FoldState};
pub use folding::Folding;
pub use window::{TooManySlots, Window};

use crate::limit;
use crate::time::{Millis, Step};

/// The coarsest step that the samples of a domain may be read in: a day.
pub const RESOLUTION_SECONDS_MAX: u32 = 86_400;

/// The most slots one grid may have.
pub(crate) const SLOTS_MAX: u64 = limit::SLOTS_PER_SERIES.default;

/// A regular series: `values[i]` is at `start + i * step`; NaN means no sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// First slot.
    pub start: Millis,
    /// Distance of two slots.
    pub step: Step,
    /// One value per slot.
    pub values: Vec<f64>,
}

#[cfg(test)]
mod tests;
