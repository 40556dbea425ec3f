//! Consolidation as samples come, so that a series need not be in memory as a whole: [`Running`] is one value out of many,
//! [`Filling`] the slots of a window, [`Parts`] fewer samples out of many.

use super::consolidate::{Function, Window};
use base::sample::Grid;
use base::time::Millis;

/// What values have become so far.
#[derive(Debug, Clone, Copy)]
pub struct Running {
    function: Function,
    value: f64,
    count: f64,
    /// Of an average: `value` is the mean, as the sum would be more than a number can hold.
    is_mean: bool,
}

impl Running {
    /// Nothing yet.
    #[must_use]
    pub const fn new(function: Function) -> Self {
        Self {
            function,
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
        self.value = match self.function {
            Function::Last => value,
            Function::Sum => self.value + value,
            Function::Min => self.value.min(value),
            Function::Max => self.value.max(value),
            Function::Average => self.averaged(value),
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

    /// What they have become; NaN where there was none.
    #[must_use]
    pub fn value(&self) -> f64 {
        match self.function {
            Function::Average if !self.is_mean && self.count > 1.0 => self.value / self.count,
            _ => self.value,
        }
    }
}

/// The slots of a window, filled by samples that ascend.
#[derive(Debug, Clone)]
pub struct Filling {
    window: Window,
    values: Vec<f64>,
    /// The one that is being filled.
    slot: usize,
    running: Running,
}

impl Filling {
    /// With nothing in any slot.
    #[must_use]
    pub fn new(window: Window, function: Function) -> Self {
        Self {
            window,
            values: vec![f64::NAN; window.slots()],
            slot: 0,
            running: Running::new(function),
        }
    }

    /// Puts a sample into its slot; one that lies outside the window is left out.
    pub fn add(&mut self, at: Millis, value: f64) {
        let Some(slot) = self.window.slot_of(at) else {
            return;
        };
        if slot != self.slot {
            self.close();
            self.slot = slot;
            self.running = Running::new(self.running.function);
        }
        self.running.add(value);
    }

    fn close(&mut self) {
        if let Some(own) = self.values.get_mut(self.slot) {
            *own = self.running.value();
        }
    }

    /// The slots.
    #[must_use]
    pub fn grid(mut self) -> Grid {
        self.close();
        Grid {
            start: self.window.start(),
            step: self.window.step(),
            values: self.values,
        }
    }
}

/// Fewer samples out of many: the time that they span is cut into equal parts, and the samples of each become one, at the
/// instant of the first of them.
#[derive(Debug, Clone)]
pub struct Parts {
    first: Millis,
    span: i128,
    points_max: i128,
    open: Option<(i128, Millis, Running)>,
    function: Function,
}

impl Parts {
    /// For samples from `first` to `last` that are to become `points_max` at the most, and one at the least.
    #[must_use]
    pub fn new(first: Millis, last: Millis, points_max: usize, function: Function) -> Self {
        Self {
            first,
            span: (i128::from(last.0) - i128::from(first.0) + 1).max(1),
            points_max: i128::try_from(points_max.max(1)).unwrap_or(i128::MAX >> 65),
            open: None,
            function,
        }
    }

    /// Takes in a sample, which is later than those before; returns the part before it when it begins another.
    pub fn add(&mut self, at: Millis, value: f64) -> Option<(Millis, f64)> {
        let part = (i128::from(at.0) - i128::from(self.first.0)) * self.points_max / self.span;
        if let Some((own, _, running)) = &mut self.open
            && *own == part
        {
            running.add(value);
            return None;
        }
        let before = self.end();
        let mut running = Running::new(self.function);
        running.add(value);
        self.open = Some((part, at, running));
        before
    }

    /// The last part; none where there was no sample.
    pub fn end(&mut self) -> Option<(Millis, f64)> {
        let (_, at, running) = self.open.take()?;
        Some((at, running.value()))
    }
}
