//! Which batches a reader sees. Each batch has a number; what it writes is marked with it, and readers leave out what is marked
//! with the number of a batch that is still being written. So a batch is seen as a whole or not at all, and writers wait for
//! nobody.
//!
//! `tests/interleavings` runs this file under `loom`.

use crate::sync::{AtomicU64, Ordering, yield_now};

/// Batches that are written at one time; a further one waits for a slot. More than there are threads that write.
const SLOTS: usize = 128;

/// Nobody writes here.
const FREE: u64 = 0;

/// Somebody is about to get a number. No batch has it.
const TAKING: u64 = u64::MAX;

/// Marks samples that were there before all batches.
static BEFORE_ALL: DoneBatches = DoneBatches {
    until: 1,
    open: Vec::new(),
    first_open: 1,
};

/// The batches being written.
#[derive(Debug)]
pub(crate) struct Batches {
    next: AtomicU64,
    slots: Vec<AtomicU64>,
}

/// A batch being written, until it is dropped.
#[derive(Debug)]
pub(crate) struct BatchWriteGuard<'b> {
    slot: &'b AtomicU64,
    number: u64,
    before: DoneBatches,
}

/// The mark that a batch leaves on a series.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp<'b> {
    /// The batch.
    pub(crate) number: u64,
    /// The batches that were done before it got its number.
    pub(crate) before: &'b DoneBatches,
}

/// The batches that were done at one moment.
#[derive(Debug, Clone)]
pub(crate) struct DoneBatches {
    /// Numbers from here on were not given yet.
    until: u64,
    /// Numbers below `until` whose batches were not done.
    open: Vec<u64>,
    /// The lowest number that was not done.
    first_open: u64,
}

impl Default for Batches {
    fn default() -> Self {
        Self::with_slots(SLOTS)
    }
}

impl Batches {
    pub(crate) fn with_slots(slots: usize) -> Self {
        Self {
            next: AtomicU64::new(1),
            slots: std::iter::repeat_with(|| AtomicU64::new(FREE))
                .take(slots)
                .collect(),
        }
    }

    /// Begins a batch.
    pub(crate) fn begin(&self) -> BatchWriteGuard<'_> {
        // Before the number is given: a reader who knows of the number knows of all that is in here.
        let before = self.done();
        loop {
            for slot in &self.slots {
                let taken =
                    slot.compare_exchange(FREE, TAKING, Ordering::SeqCst, Ordering::Relaxed);
                if taken.is_ok() {
                    let number = self.next.fetch_add(1, Ordering::SeqCst);
                    slot.store(number, Ordering::SeqCst);
                    return BatchWriteGuard {
                        slot,
                        number,
                        before,
                    };
                }
            }
            yield_now();
        }
    }

    /// The last batch that was begun; 0 when there was none.
    pub(crate) fn last(&self) -> u64 {
        self.next.load(Ordering::SeqCst) - 1
    }

    /// Returns once the batch and all that were begun before it are done. Whoever writes one must not wait here.
    pub(crate) fn wait_through(&self, number: u64) {
        while !self.done().has_all_through(number) {
            yield_now();
        }
    }

    /// The batches that are done now.
    pub(crate) fn done(&self) -> DoneBatches {
        // Before the slots: whatever has a lower number and is in none of them is done.
        let until = self.next.load(Ordering::SeqCst);
        let mut open = Vec::new();
        for slot in &self.slots {
            loop {
                match slot.load(Ordering::SeqCst) {
                    TAKING => yield_now(),
                    number => {
                        if number != FREE && number < until {
                            open.push(number);
                        }
                        break;
                    }
                }
            }
        }
        let first_open = open.iter().fold(until, |first, number| first.min(*number));
        DoneBatches {
            until,
            open,
            first_open,
        }
    }
}

impl BatchWriteGuard<'_> {
    /// The stamp with which it marks series.
    pub(crate) const fn stamp(&self) -> Stamp<'_> {
        Stamp {
            number: self.number,
            before: &self.before,
        }
    }
}

impl Drop for BatchWriteGuard<'_> {
    fn drop(&mut self) {
        self.slot.store(FREE, Ordering::SeqCst);
    }
}

impl Stamp<'static> {
    /// The state before all batches.
    pub(crate) fn before_all() -> Self {
        Self {
            number: 0,
            before: &BEFORE_ALL,
        }
    }
}

impl DoneBatches {
    /// Whether the batch was done.
    pub(crate) fn has(&self, number: u64) -> bool {
        number < self.first_open || (number < self.until && !self.open.contains(&number))
    }

    /// Whether the batch and all with lower numbers were done.
    pub(crate) const fn has_all_through(&self, number: u64) -> bool {
        number < self.first_open
    }

    /// Whether the batch had its number.
    pub(crate) const fn has_begun(&self, number: u64) -> bool {
        number < self.until
    }

    /// Whether all that had begun by the time of `other` were done.
    pub(crate) const fn has_all_of(&self, other: &Self) -> bool {
        other.until <= self.first_open
    }
}
