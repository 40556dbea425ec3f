//! Recovery from a full disk, and from a lack of file descriptors or memory. Unlike a failed sync it does not poison the store:
//! the write that failed is cut off, kept in memory and retried; until that succeeds, further writes are refused before they begin.

use crate::error;
use crate::sync::{AtomicBool, Mutex, MutexGuard, Ordering, PoisonError};
use base::store::{Outage, StoreError};
use std::time::{Duration, Instant};

/// The missing resource, and the time of the last attempt to write.
#[derive(Debug)]
struct Shortage {
    outage: Outage,
    reason: String,
    tried: Instant,
}

impl Shortage {
    fn refusal(&self) -> StoreError {
        error::unavailable(self.outage, &self.reason)
    }
}

/// Whether one kind of write (the log, or flushes) found no room on the disk, or no file descriptor or memory, and when it was tried
/// last.
#[derive(Debug)]
pub(crate) struct ResourceShortage {
    retry: Duration,
    /// Read by every writer, without the lock.
    is_present: AtomicBool,
    current: Mutex<Option<Shortage>>,
}

impl ResourceShortage {
    pub(crate) fn new(retry_ms: u64) -> Self {
        Self {
            retry: Duration::from_millis(retry_ms),
            is_present: AtomicBool::new(false),
            current: Mutex::new(None),
        }
    }

    fn current(&self) -> MutexGuard<'_, Option<Shortage>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something is short, as far as is known.
    pub(crate) fn is_present(&self) -> bool {
        self.is_present.load(Ordering::Relaxed)
    }

    /// Refuses while something is short, as far as is known.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if !self.is_present() {
            return Ok(());
        }
        match &*self.current() {
            None => Ok(()),
            Some(shortage) => Err(shortage.refusal()),
        }
    }

    /// While something is short, refuses until the pause since the last try is over; then lets one caller try.
    pub(crate) fn check_retry(&self) -> Result<(), StoreError> {
        if !self.is_present() {
            return Ok(());
        }
        let mut current = self.current();
        match &mut *current {
            Some(shortage) if shortage.tried.elapsed() < self.retry => Err(shortage.refusal()),
            Some(shortage) => {
                shortage.tried = Instant::now();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Records what a write found short, and returns the refusal for writers.
    pub(crate) fn set(&self, found: &StoreError) -> StoreError {
        let shortage = Shortage {
            outage: found.outage().unwrap_or(Outage::DiskFull),
            reason: error::with_source(found),
            tried: Instant::now(),
        };
        let refusal = shortage.refusal();
        let mut current = self.current();
        *current = Some(shortage);
        // With the lock held, so that the flag never differs from what it stands for.
        self.is_present.store(true, Ordering::Relaxed);
        drop(current);
        refusal
    }

    /// Records that a write found all that it needs.
    pub(crate) fn clear(&self) {
        if self.is_present() {
            let mut current = self.current();
            *current = None;
            self.is_present.store(false, Ordering::Relaxed);
            drop(current);
        }
    }
}
