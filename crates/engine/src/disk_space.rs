//! Recovery from a full disk, and from a lack of file descriptors or memory. Unlike a failed sync it does not poison the store:
//! the write that failed is cut off, kept in memory and retried; until that succeeds, further writes are refused before they begin.

use crate::error;
use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering, PoisonError};
use base::store::{Outage, StoreError};
use std::time::{Duration, Instant};

#[derive(Debug)]
struct OutOfSpace {
    outage: Outage,
    reason: String,
    tried: Instant,
}

impl OutOfSpace {
    fn refusal(&self) -> StoreError {
        error::unavailable(self.outage, &self.reason)
    }
}

/// Whether the disk had no space, or the process no descriptor, for one kind of write (the log, or flushes), and when it was tried last.
#[derive(Debug)]
pub(crate) struct DiskSpace {
    retry: Duration,
    /// Read by every writer, without the lock.
    is_out_of_space: AtomicBool,
    full: Mutex<Option<OutOfSpace>>,
}

impl DiskSpace {
    pub(crate) fn new(retry_ms: u64) -> Self {
        Self {
            retry: Duration::from_millis(retry_ms),
            is_out_of_space: AtomicBool::new(false),
            full: Mutex::new(None),
        }
    }

    fn full(&self) -> MutexGuard<'_, Option<OutOfSpace>> {
        self.full.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_out_of_space(&self) -> bool {
        self.is_out_of_space.load(Ordering::Relaxed)
    }

    /// Refuses while the disk is full, as far as is known.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if !self.is_out_of_space() {
            return Ok(());
        }
        match &*self.full() {
            None => Ok(()),
            Some(full) => Err(full.refusal()),
        }
    }

    /// While the disk is full, refuses until the pause since the last try is over; then lets one caller try.
    pub(crate) fn check_retry(&self) -> Result<(), StoreError> {
        if !self.is_out_of_space() {
            return Ok(());
        }
        let mut full = self.full();
        match &mut *full {
            Some(full) if full.tried.elapsed() < self.retry => Err(full.refusal()),
            Some(full) => {
                full.tried = Instant::now();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Records that the disk is full, and returns the refusal for writers.
    pub(crate) fn set(&self, found: &StoreError) -> StoreError {
        let full = OutOfSpace {
            outage: found.outage().unwrap_or(Outage::DiskFull),
            reason: error::with_source(found),
            tried: Instant::now(),
        };
        let refusal = full.refusal();
        *self.full() = Some(full);
        self.is_out_of_space.store(true, Ordering::Relaxed);
        refusal
    }

    /// Records that the disk has space again.
    pub(crate) fn clear(&self) {
        if self.is_out_of_space() {
            *self.full() = None;
            self.is_out_of_space.store(false, Ordering::Relaxed);
        }
    }
}
