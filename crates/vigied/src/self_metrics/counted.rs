//! Locks counters, also after another thread has panicked with the lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A poisoned counter lock only means that another thread panicked between two additions.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
