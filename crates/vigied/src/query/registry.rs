//! A registry of what is open: an entry stays until the guard that its owner holds is dropped.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
struct Entries<T> {
    next: u64,
    all: HashMap<u64, T>,
}

/// The open entries.
#[derive(Debug)]
pub(super) struct Registry<T>(Mutex<Entries<T>>);

/// Keeps an entry registered until dropped.
#[derive(Debug)]
pub(super) struct Registered<T> {
    registry: Arc<Registry<T>>,
    number: u64,
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self(Mutex::new(Entries {
            next: 0,
            all: HashMap::new(),
        }))
    }
}

impl<T> Registry<T> {
    fn entries(&self) -> MutexGuard<'_, Entries<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(self: &Arc<Self>, entry: T) -> Registered<T> {
        let mut entries = self.entries();
        let number = entries.next;
        entries.next += 1;
        entries.all.insert(number, entry);
        Registered {
            registry: Arc::clone(self),
            number,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.entries().all.len() as u64
    }
}

impl<T: Clone> Registry<T> {
    /// A copy of each entry, so that nothing is done under the lock.
    pub(super) fn all(&self) -> Vec<T> {
        self.entries().all.values().cloned().collect()
    }
}

impl<T> Drop for Registered<T> {
    fn drop(&mut self) {
        self.registry.entries().all.remove(&self.number);
    }
}
