//! In place of `crates/engine/src/sync.rs`.

pub(crate) use loom::sync::atomic::{AtomicBool, Ordering};
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
pub(crate) use loom::thread::yield_now;
use std::cell::Cell;
pub(crate) use std::sync::PoisonError;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// All threads of a model are one of the operating system's.
    static MAY_BE_STALE: Cell<bool> = const { Cell::new(false) };
}

/// Whether a load may find what was stored before the last time.
pub(crate) fn may_be_stale(may_be: bool) {
    MAY_BE_STALE.set(may_be);
}

/// Lets the others go on: time does not pass in a model.
#[derive(Debug, Default)]
pub(crate) struct Backoff(());

impl Backoff {
    pub(crate) fn pause(&mut self) {
        yield_now();
    }
}

#[derive(Debug)]
pub(crate) struct AtomicU64(loom::sync::atomic::AtomicU64);

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        Self(loom::sync::atomic::AtomicU64::new(value))
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        match MAY_BE_STALE.get() {
            true => self.0.load(order),
            // What changes as well finds what was stored last.
            false => self.0.fetch_add(0, Ordering::AcqRel),
        }
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        match MAY_BE_STALE.get() {
            true => self.0.store(value, order),
            false => {
                self.0.swap(value, Ordering::AcqRel);
            }
        }
    }

    pub(crate) fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_add(value, order)
    }

    pub(crate) fn fetch_max(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_max(value, order)
    }

    pub(crate) fn fetch_sub(&self, value: u64, order: Ordering) -> u64 {
        self.0.fetch_sub(value, order)
    }

    pub(crate) fn compare_exchange(
        &self,
        current: u64,
        new: u64,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u64, u64> {
        self.0.compare_exchange(current, new, success, failure)
    }
}
