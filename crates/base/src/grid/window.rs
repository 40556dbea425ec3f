//! The slots of a grid that cover a time range.

use super::{Grid, SLOTS_MAX};
use crate::limit;
use crate::time::{Millis, Step, TimeRange};

/// The range holds more than `SLOTS_MAX` slots of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the range holds more than `{}` = {SLOTS_MAX} slots of {} s",
    limit::SLOTS_PER_SERIES.name,
    step_ms / 1000
)]
pub struct TooManySlots {
    /// The step asked for.
    pub step_ms: i64,
}

/// The slots of `step` that a range asks for: those that begin after `from` and not after `until`, and where there are
/// none, the first one after `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    start: Millis,
    step: Step,
    slots: usize,
}

impl Window {
    /// The window of `range`.
    ///
    /// # Errors
    /// [`TooManySlots`] for a range too long for the step.
    pub fn of(range: TimeRange, step: Step) -> Result<Self, TooManySlots> {
        let error = TooManySlots {
            step_ms: step.millis(),
        };
        let slot_of = |at: Millis| at.0.div_euclid(step.millis());
        let first = slot_of(range.from).checked_add(1).ok_or(error)?;
        let slots = slot_of(range.until)
            .checked_sub(first)
            .and_then(|slots| slots.checked_add(1))
            .ok_or(error)?
            .max(1);
        let slots = usize::try_from(slots).map_err(|_| error)?;
        if slots as u64 > SLOTS_MAX {
            return Err(error);
        }
        let start = first.checked_mul(step.millis()).ok_or(error)?;
        Ok(Self {
            start: Millis(start),
            step,
            slots,
        })
    }

    /// How many slots there are; at least one.
    #[must_use]
    pub const fn slots(&self) -> usize {
        self.slots
    }

    /// How far apart they are.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// The instants that fall into one of the slots: what to read, so that the last slot holds the same whenever it is
    /// asked for.
    #[must_use]
    pub fn range(&self) -> TimeRange {
        let length = i64::try_from(self.slots)
            .unwrap_or(i64::MAX)
            .saturating_mul(self.step.millis());
        TimeRange {
            from: self.start,
            until: self.start.plus(length - 1),
        }
    }

    /// A grid with nothing in any slot.
    #[must_use]
    pub fn empty(self) -> Grid {
        Grid {
            start: self.start,
            step: self.step,
            values: vec![f64::NAN; self.slots],
        }
    }

    /// Puts values into the slots that their instants fall into, each instead of what is there; those outside are left out.
    pub fn put(self, grid: &mut Grid, values: impl IntoIterator<Item = (Millis, f64)>) {
        for (at, value) in values {
            let slot = self.slot_of(at).and_then(|slot| grid.values.get_mut(slot));
            if let Some(place) = slot {
                *place = value;
            }
        }
    }

    /// The slot that an instant falls into.
    pub(super) fn slot_of(&self, at: Millis) -> Option<usize> {
        let range = self.range();
        if !range.contains(at) {
            return None;
        }
        usize::try_from((at.0 - self.start.0) / self.step.millis()).ok()
    }

    /// Where a slot begins.
    pub(super) fn start_of(&self, slot: usize) -> Millis {
        let ahead = i64::try_from(slot).unwrap_or(i64::MAX);
        self.start.plus(ahead.saturating_mul(self.step.millis()))
    }
}
