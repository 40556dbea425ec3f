//! Windows of which all values are the same.

use std::collections::HashMap;

/// Tells of one window after the other whether it is flat, in a constant number of steps.
pub(super) struct Flatness<'v> {
    values: &'v [f64],
    width: usize,
    /// The place after the last window.
    end: usize,
    /// The last value that is there, its place, and the place after the last one that differs from it.
    last: Option<(f64, usize, usize)>,
    /// Results for windows that hold only the last value, by how many values they have.
    known: HashMap<u64, f64>,
    known_of: u64,
}

impl<'v> Flatness<'v> {
    pub(super) fn of(values: &'v [f64], width: usize) -> Self {
        let mut flat = Self {
            values,
            width,
            end: 0,
            last: None,
            known: HashMap::new(),
            known_of: f64::NAN.to_bits(),
        };
        for _ in 1..width {
            flat.add();
        }
        flat
    }

    fn add(&mut self) {
        let index = self.end;
        self.end += 1;
        let value = self.values.get(index).copied().unwrap_or(f64::NAN);
        if value.is_nan() {
            return;
        }
        let since = match self.last {
            Some((last, _, since)) if last == value => since,
            Some((_, before, _)) => before + 1,
            None => 0,
        };
        self.last = Some((value, index, since));
    }

    /// The value of the next window, where all that are there are the same.
    pub(super) fn next(&mut self) -> Option<f64> {
        self.add();
        let start = self.end.saturating_sub(self.width);
        let (value, index, since) = self.last?;
        (since <= start && start <= index).then_some(value)
    }

    /// The result remembered for as many values of the same kind.
    pub(super) fn known(&self, value: f64, count: f64) -> Option<f64> {
        let known = self.known.get(&count.to_bits());
        known.filter(|_| self.known_of == value.to_bits()).copied()
    }

    /// Keeps what a window of a value comes to.
    pub(super) fn keep(&mut self, value: f64, count: f64, deviation: f64) {
        if self.known_of != value.to_bits() {
            self.known.clear();
            self.known_of = value.to_bits();
        }
        self.known.insert(count.to_bits(), deviation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(window: &[f64]) -> Option<f64> {
        let mut present = window.iter().copied().filter(|value| !value.is_nan());
        let first = present.next()?;
        present.all(|value| value == first).then_some(first)
    }

    proptest! {
        #[test]
        fn each_window_is_told_as_if_it_were_alone(
            values in prop::collection::vec(prop_oneof![Just(f64::NAN), Just(1.0), Just(1.0), Just(2.0)], 0..40),
            width in 1_usize..8,
        ) {
            let mut flatness = Flatness::of(&values, width);
            for window in values.windows(width) {
                prop_assert_eq!(flatness.next(), naive(window));
            }
        }
    }
}
