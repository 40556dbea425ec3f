//! The shape a query asks for of each series: raw samples, or a grid.

use crate::grid::{Fold, Window};
use crate::time::TimeRange;

/// The shape of the result of each series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Its samples as they were sent, both ends of the range included.
    Raw(TimeRange),
    /// One value for each slot of a window that has samples, at the beginning of the slot.
    Grid {
        /// The slots.
        window: Window,
        /// How the samples of a slot are combined.
        fold: Fold,
    },
}

impl Shape {
    /// The instants whose samples count.
    #[must_use]
    pub fn range(&self) -> TimeRange {
        match self {
            Self::Raw(range) => *range,
            Self::Grid { window, .. } => window.range(),
        }
    }
}
