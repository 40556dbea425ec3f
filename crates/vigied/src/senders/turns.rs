//! Turns for decoding and storing, so that the memory for decoded batches does not grow with the connections.

use std::sync::{Condvar, Mutex, PoisonError};

/// Who has a turn.
#[derive(Debug)]
pub(super) struct Turns {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A turn, until this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'t>(&'t Turns);

impl Default for Turns {
    /// Two for each processor: while one waits for the log, another decodes.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            free: Mutex::new(2 * cores),
            freed: Condvar::new(),
        }
    }
}

impl Turns {
    /// Waits for a turn.
    pub(super) fn take(&self) -> Turn<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_while(free, |free| *free == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
