//! Samples into the slots of a grid, as they are decoded: what is asked for most is one sample for each slot, and that takes no
//! division for each.

use super::fold::FoldState;
use super::{Fold, Grid, Window};
use crate::time::Millis;

/// A grid that is being filled with samples that ascend.
#[derive(Debug, Clone)]
pub struct Filling {
    window: Window,
    fold: Fold,
    grid: Grid,
    /// The slot that is open, and the instant at which it ends.
    open: Option<(usize, i64)>,
    running: FoldState,
}

impl Filling {
    /// With nothing in any slot.
    #[must_use]
    pub fn new(window: Window, fold: Fold) -> Self {
        Self {
            window,
            fold,
            grid: window.empty(),
            open: None,
            running: FoldState::new(fold),
        }
    }

    /// Takes in samples, all later than those before; what lies outside the window is left out.
    pub fn add(&mut self, samples: impl IntoIterator<Item = (Millis, f64)>) {
        for (at, value) in samples {
            if self.open.is_none_or(|(_, end)| at.0 >= end) && !self.turn_to(at) {
                continue;
            }
            self.running.add(value);
        }
    }

    /// Closes the open slot and opens that of a later instant; false where there is none, and then the open one stays.
    fn turn_to(&mut self, at: Millis) -> bool {
        let step = self.window.step().millis();
        let next = match self.open {
            Some((slot, end)) if at.0 < end.saturating_add(step) => slot + 1,
            _ => match self.window.slot_of(at) {
                Some(slot) => slot,
                None => return false,
            },
        };
        if next >= self.window.slots() {
            return false;
        }
        self.close();
        let end = self.window.start_of(next).0.saturating_add(step);
        self.open = Some((next, end));
        self.running = FoldState::new(self.fold);
        true
    }

    fn close(&mut self) {
        let slot = self.open.take();
        let slot = slot.and_then(|(slot, _)| self.grid.values.get_mut(slot));
        if let Some(slot) = slot {
            *slot = self.running.value();
        }
    }

    /// The grid.
    #[must_use]
    pub fn end(mut self) -> Grid {
        self.close();
        self.grid
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Step, TimeRange};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_grid_that_is_filled_is_the_one_that_is_folded(
            samples in prop::collection::btree_map(-300_i64..900, prop_oneof![Just(f64::NAN), -9.0..9.0_f64], 0..90),
            cut in 1_usize..9,
            (from, until) in (-100_i64..100, -50_i64..500),
            step in 1_i64..120,
        ) {
            let samples: Vec<_> = samples.into_iter().map(|(at, value)| (Millis(at), value)).collect();
            let range = TimeRange { from: Millis(from), until: Millis(until) };
            let Ok(window) = Window::of(range, Step::new(step).unwrap()) else {
                return Ok(());
            };
            for fold in [Fold::Average, Fold::First, Fold::Last, Fold::Sum, Fold::Min, Fold::Max] {
                let whole = window.grid(samples.iter().copied(), fold);
                let mut filling = Filling::new(window, fold);
                for piece in samples.chunks(cut) {
                    filling.add(piece.iter().copied());
                }
                let found = filling.end();
                prop_assert_eq!(found.start, whole.start);
                let bits = |grid: &Grid| grid.values.iter().map(|own| own.to_bits()).collect::<Vec<_>>();
                prop_assert_eq!(bits(&found), bits(&whole));
            }
        }
    }
}
