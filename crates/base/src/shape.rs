//! What a query asks for of each series: raw samples, or a grid.

use crate::grid::{Fold, Window};
use crate::time::TimeRange;

/// What is asked for of each series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Its samples as they were sent, both ends of the range included.
    Raw(TimeRange),
    /// One value for each slot of a window that has samples, at the beginning of the slot.
    Grid {
        /// The slots.
        window: Window,
        /// What the samples of a slot become.
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
