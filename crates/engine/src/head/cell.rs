//! One sample in memory, which its writer may change while others read it.

use crate::sync::{AtomicU64, Ordering};

/// One sample.
#[derive(Debug)]
pub(crate) struct Cell {
    /// The bits of the time, which is signed.
    at: AtomicU64,
    value: AtomicU64,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            at: AtomicU64::new(0),
            value: AtomicU64::new(0),
        }
    }
}

impl Clone for Cell {
    /// The sample as it is now. One that is being changed may be read torn: the new time with the old value.
    fn clone(&self) -> Self {
        // Acquire: who loads a new sample also sees the count of moved samples that was stored before it (`recent.rs`).
        Self {
            at: AtomicU64::new(self.at.load(Ordering::Acquire)),
            value: AtomicU64::new(self.value.load(Ordering::Acquire)),
        }
    }
}

impl From<(i64, f64)> for Cell {
    fn from((at, value): (i64, f64)) -> Self {
        Self {
            at: AtomicU64::new(at.cast_unsigned()),
            value: AtomicU64::new(value.to_bits()),
        }
    }
}

impl Cell {
    pub(crate) fn read(&self) -> (i64, f64) {
        let value = f64::from_bits(self.value.load(Ordering::Relaxed));
        (self.at.load(Ordering::Relaxed).cast_signed(), value)
    }

    /// Changes the sample. Release: a reader who loads the new one also sees what was stored before it.
    pub(crate) fn set(&self, at: i64, value: f64) {
        self.at.store(at.cast_unsigned(), Ordering::Release);
        self.value.store(value.to_bits(), Ordering::Release);
    }
}
