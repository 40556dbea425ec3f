//! Mutexes whose data is whole whenever they are free.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, also after another thread has panicked with the lock. For data that no such thread can leave half changed, or of
/// which somebody else sees to it that nobody uses it then.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_with_the_lock_leaves_it_to_the_others() {
        let counter = Mutex::new(1);
        let panicked = std::panic::catch_unwind(|| {
            let _held = lock(&counter);
            panic!("in between");
        });
        assert!(panicked.is_err() && counter.is_poisoned());
        *lock(&counter) += 1;
        assert_eq!(*lock(&counter), 2);
    }
}
