//! Which batches a reader sees. Each batch has a number; what it writes is marked with it, and readers leave out what is marked
//! with the number of a batch that is still being written. So a batch is seen as a whole or not at all, and neither side waits
//! for the other.

use std::sync::atomic::{AtomicU64, Ordering};

/// Batches that are written at one time; a further one waits for a place. More than there are threads that write.
const PLACES: usize = 128;

/// Nobody writes here.
const FREE: u64 = 0;

/// Somebody is about to get a number. No batch has it.
const TAKING: u64 = u64::MAX;

/// The batches being written.
#[derive(Debug)]
pub(crate) struct Batches {
    next: AtomicU64,
    places: Vec<AtomicU64>,
}

/// A batch being written, until it is dropped.
#[derive(Debug)]
pub(crate) struct Writing<'b> {
    place: &'b AtomicU64,
    number: u64,
}

/// What one reader sees: every batch that was done when it looked.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    until: u64,
    unfinished: Vec<u64>,
}

impl Default for Batches {
    fn default() -> Self {
        Self {
            next: AtomicU64::new(1),
            places: std::iter::repeat_with(AtomicU64::default)
                .take(PLACES)
                .collect(),
        }
    }
}

impl Batches {
    /// Begins a batch.
    pub(crate) fn begin(&self) -> Writing<'_> {
        loop {
            for place in &self.places {
                let taken =
                    place.compare_exchange(FREE, TAKING, Ordering::SeqCst, Ordering::Relaxed);
                if taken.is_ok() {
                    let number = self.next.fetch_add(1, Ordering::SeqCst);
                    place.store(number, Ordering::SeqCst);
                    return Writing { place, number };
                }
            }
            std::thread::yield_now();
        }
    }

    /// What a reader who looks now sees.
    pub(crate) fn seen(&self) -> Seen {
        // Before the places: whatever has a lower number and is in none of them is done.
        let until = self.next.load(Ordering::SeqCst);
        let mut unfinished = Vec::new();
        for place in &self.places {
            loop {
                match place.load(Ordering::SeqCst) {
                    TAKING => std::thread::yield_now(),
                    FREE => break,
                    number => {
                        unfinished.push(number);
                        break;
                    }
                }
            }
        }
        Seen { until, unfinished }
    }
}

impl Writing<'_> {
    /// Its number, above 0.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.place.store(FREE, Ordering::SeqCst);
    }
}

impl Seen {
    /// Whether what is marked with `number` is seen. 0 marks what was there before all batches.
    pub(crate) fn has(&self, number: u64) -> bool {
        number < self.until && !self.unfinished.contains(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_seen_once_it_is_done_by_those_who_look_after_it() {
        let batches = Batches::default();
        let first = batches.begin();
        let second = batches.begin();
        let (one, two) = (first.number(), second.number());
        let before = batches.seen();
        assert!(before.has(0) && !before.has(one) && !before.has(two));
        drop(second);
        assert!(!before.has(two));
        let between = batches.seen();
        assert!(between.has(two) && !between.has(one));
        drop(first);
        assert!(batches.seen().has(one));
    }
}
