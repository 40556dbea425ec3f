//! How much a head holds for each tenant, or for each owner. Reads and updates take no lock, except for the first sample of
//! one.

use crate::index::tree::Tree;
use arc_swap::ArcSwap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The count of one tenant or owner.
#[derive(Debug, Default)]
struct Count {
    samples: AtomicI64,
    bytes: AtomicU64,
}

impl Count {
    fn add(&self, samples: i64, bytes: u64) {
        if samples != 0 {
            self.samples.fetch_add(samples, Ordering::Relaxed);
        }
        if bytes != 0 {
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
        }
    }
}

/// The counts of a head by tenant or owner. The first sample of one adds it while a shard is locked, so that must not cost as much as
/// there are others.
#[derive(Debug)]
pub(crate) struct Counts<K> {
    known: ArcSwap<Tree<K, Arc<Count>>>,
    growing: Mutex<()>,
}

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self {
            known: ArcSwap::from_pointee(Tree::default()),
            growing: Mutex::new(()),
        }
    }
}

impl<K: Ord + Copy> Counts<K> {
    /// Samples of this one.
    pub(crate) fn count_of(&self, whose: K) -> u64 {
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

    /// The number of keys with a count.
    pub(crate) fn len(&self) -> usize {
        self.known.load().len()
    }

    pub(crate) fn add(&self, whose: K, samples: i64, bytes: u64) {
        if samples == 0 && bytes == 0 {
            return;
        }
        if let Some(count) = self.known.load().get(&whose) {
            count.add(samples, bytes);
            return;
        }
        let growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = Tree::clone(&self.known.load());
        match known.get(&whose) {
            // A writer of another shard was first.
            Some(count) => count.add(samples, bytes),
            None => {
                let count = Count::default();
                count.add(samples, bytes);
                known.insert(whose, Arc::new(count));
                self.known.store(Arc::new(known));
            }
        }
        drop(growing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: u32 = 10_000;

    #[test]
    fn what_all_shards_add_is_counted_for_each() {
        let counts = Counts::default();
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| (0..1000_u32).for_each(|whose| counts.add(whose, 3, 5)));
            }
        });
        counts.add(7, -2, 0);
        counts.add(1000, 0, 0);
        assert_eq!(
            (counts.len(), counts.count_of(6), counts.count_of(7)),
            (1000, 12, 10)
        );
        assert_eq!((counts.bytes_of(7), counts.bytes_of(1000)), (20, 0));
    }

    /// All there were was copied for each tenant that sent its first sample after a flush.
    #[test]
    fn one_more_copies_a_few_of_those_that_there_are() {
        let counts = Counts::default();
        (0..MANY).for_each(|whose| counts.add(2 * whose, 1, 1));
        let before = counts.known.load_full();
        counts.add(MANY + 1, 1, 1);
        let mut copied = 0;
        before.each(|_, count| copied += usize::from(Arc::strong_count(count) > 1));
        assert!((1..=100).contains(&copied), "{copied} of {MANY}");
        assert_eq!(counts.len(), MANY as usize + 1);
    }
}
