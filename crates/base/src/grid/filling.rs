//! Puts samples into the slots of a grid as they are decoded. The usual case, one sample in each slot, takes no division for
//! each sample.

use super::fold::FoldState;
use super::{Fold, Grid, Window};
use crate::time::Millis;

/// A grid that is being filled with samples that ascend.
#[derive(Debug, Clone)]
pub struct Filling {
    window: Window,
    fold: Fold,
    grid: Grid,
    /// The slot that the last sample fell into, and the instant at which it ends; no sample has fallen into any at first.
    slot: usize,
    end: i64,
    /// The fold so far of the samples in that slot, if it has several.
    running: Option<FoldState>,
}

impl Filling {
    /// With nothing in any slot.
    #[must_use]
    pub fn new(window: Window, fold: Fold) -> Self {
        Self {
            window,
            fold,
            grid: window.empty(),
            slot: 0,
            end: i64::MIN,
            running: None,
        }
    }

    /// Takes in samples, all later than those before; what lies outside the window is left out.
    #[inline]
    pub fn add(&mut self, samples: impl IntoIterator<Item = (Millis, f64)>) {
        let step = self.window.step().millis();
        for (at, value) in samples {
            if at.0 < self.end {
                self.add_to_slot(value);
                continue;
            }
            // What is asked for most: a sample for each slot.
            let next_end = self.end.saturating_add(step);
            let (slot, end) = match at.0 < next_end {
                true => (self.slot + 1, next_end),
                false => match self.window.slot_of(at) {
                    Some(slot) => (slot, self.window.start_of(slot).0.saturating_add(step)),
                    None => continue,
                },
            };
            if let Some(filled) = self.grid.values.get_mut(slot) {
                (self.slot, self.end, self.running) = (slot, end, None);
                // One value is itself, whatever several would become.
                if !value.is_nan() {
                    *filled = value;
                }
            }
        }
    }

    /// Takes in a further sample of the slot that the last one fell into.
    fn add_to_slot(&mut self, value: f64) {
        if let Some(filled) = self.grid.values.get_mut(self.slot) {
            let running = self.running.get_or_insert_with(|| {
                let mut running = FoldState::new(self.fold);
                running.add(*filled);
                running
            });
            running.add(value);
            *filled = running.value();
        }
    }

    /// The grid.
    #[must_use]
    pub fn end(self) -> Grid {
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
                let bits = |grid: &Grid| grid.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
                prop_assert_eq!(bits(&found), bits(&whole));
            }
        }
    }
}
