//! How much a head holds for each tenant, or for each owner. Reads and updates take no lock, except for the first sample of
//! one.

use arc_swap::ArcSwap;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The count of one tenant or owner.
#[derive(Debug, Default)]
struct Count {
    samples: AtomicI64,
    bytes: AtomicU64,
}

/// The counts of a head by tenant or owner.
#[derive(Debug)]
pub(crate) struct Counts<K> {
    known: ArcSwap<HashMap<K, Arc<Count>>>,
    growing: Mutex<()>,
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self {
            known: ArcSwap::from_pointee(HashMap::new()),
            growing: Mutex::new(()),
        }
    }
}

impl<K: Eq + Hash + Copy> Counts<K> {
    /// Samples of this one.
    pub(crate) fn of(&self, whose: K) -> u64 {
        let known = self.known.load();
        let count = known.get(&whose);
        count.map_or(0, |count| {
            count.samples.load(Ordering::Relaxed).max(0).cast_unsigned()
        })
    }

    /// Bytes of this one.
    pub(crate) fn bytes_of(&self, whose: K) -> u64 {
        let known = self.known.load();
        let count = known.get(&whose);
        count.map_or(0, |count| count.bytes.load(Ordering::Relaxed))
    }

    /// Of how many there are counts.
    pub(crate) fn len(&self) -> usize {
        self.known.load().len()
    }

    pub(crate) fn add(&self, whose: K, samples: i64, bytes: u64) {
        if samples == 0 && bytes == 0 {
            return;
        }
        if let Some(count) = self.known.load().get(&whose) {
            count.samples.fetch_add(samples, Ordering::Relaxed);
            count.bytes.fetch_add(bytes, Ordering::Relaxed);
            return;
        }
        let growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = HashMap::clone(&self.known.load());
        let count = known.entry(whose).or_default();
        count.samples.fetch_add(samples, Ordering::Relaxed);
        count.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.known.store(Arc::new(known));
        drop(growing);
    }
}
