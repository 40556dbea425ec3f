//! Aggregates samples into the slots of a window as they arrive, so that a series need not be in memory as a whole.

use super::fold::FoldState;
use super::{Fold, Grid, Window};
use crate::time::Millis;

/// The slots of a window, one after the other, out of samples that ascend.
#[derive(Debug, Clone)]
pub struct Folding {
    window: Window,
    fold: Fold,
    /// The slot that is being filled.
    open: Option<(usize, FoldState)>,
}

impl Folding {
    /// With nothing in any slot.
    #[must_use]
    pub const fn new(window: Window, fold: Fold) -> Self {
        Self {
            window,
            fold,
            open: None,
        }
    }

    /// Takes in a sample, which is later than those before; one that lies outside the window is left out. Returns the slot
    /// before it, by its beginning, when the sample begins another.
    pub fn add(&mut self, at: Millis, value: f64) -> Option<(Millis, f64)> {
        let slot = self.window.slot_of(at)?;
        if let Some((current, running)) = &mut self.open
            && *current == slot
        {
            running.add(value);
            return None;
        }
        let before = self.end();
        let mut running = FoldState::new(self.fold);
        running.add(value);
        self.open = Some((slot, running));
        before
    }

    /// The last slot; none where no value fell into any, or NaN alone.
    pub fn end(&mut self) -> Option<(Millis, f64)> {
        let (slot, running) = self.open.take()?;
        let value = running.value();
        (!value.is_nan()).then(|| (self.window.start_of(slot), value))
    }
}

impl Window {
    /// Puts samples, which ascend, into the slots; those outside are left out.
    #[must_use]
    pub fn grid(self, samples: impl IntoIterator<Item = (Millis, f64)>, fold: Fold) -> Grid {
        let mut grid = self.empty();
        let mut folding = Folding::new(self, fold);
        for (at, value) in samples {
            self.put(&mut grid, folding.add(at, value));
        }
        self.put(&mut grid, folding.end());
        grid
    }
}
