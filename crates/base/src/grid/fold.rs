//! Aggregates values one by one as they arrive: average, sum, minimum, maximum, and so on.

/// The aggregation of several values into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fold {
    /// Their arithmetic mean.
    #[default]
    Average,
    /// The earliest.
    First,
    /// The latest.
    Last,
    /// Their sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

impl Fold {
    /// One value out of many; NaN where there is none.
    pub fn of(self, values: impl IntoIterator<Item = f64>) -> f64 {
        let mut running = FoldState::new(self);
        values.into_iter().for_each(|value| running.add(value));
        running.value()
    }
}

/// The state of an aggregation, value by value.
#[derive(Debug, Clone, Copy)]
pub struct FoldState {
    fold: Fold,
    value: f64,
    count: f64,
    /// Of an average: `value` is the mean, as the sum would be more than a number can hold.
    is_mean: bool,
}

impl FoldState {
    /// Nothing yet.
    #[must_use]
    pub const fn new(fold: Fold) -> Self {
        Self {
            fold,
            value: f64::NAN,
            count: 0.0,
            is_mean: false,
        }
    }

    /// Takes in a value; NaN counts for nothing.
    pub fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.count += 1.0;
        if self.count <= 1.0 {
            self.value = value;
            return;
        }
        self.value = match self.fold {
            Fold::First => self.value,
            Fold::Last => value,
            Fold::Sum => self.value + value,
            Fold::Min => self.value.min(value),
            Fold::Max => self.value.max(value),
            Fold::Average => self.averaged(value),
        };
    }

    /// The sum, as Graphite has it; and from where the sum overflows on a running mean, which does not.
    fn averaged(&mut self, value: f64) -> f64 {
        if !self.is_mean {
            let sum = self.value + value;
            if sum.is_finite() || !value.is_finite() || !self.value.is_finite() {
                return sum;
            }
            self.is_mean = true;
            self.value /= self.count - 1.0;
        }
        self.value + (value / self.count - self.value / self.count)
    }

    /// The folded value; NaN if there was no sample.
    #[must_use]
    pub fn value(&self) -> f64 {
        match self.fold {
            Fold::Average if !self.is_mean && self.count > 1.0 => self.value / self.count,
            _ => self.value,
        }
    }
}
