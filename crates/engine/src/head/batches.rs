//! Which batches a reader sees. A batch here is what readers see as a whole: a sender's batch, or 4096 samples of a larger one. Each has a
//! number; what it writes is marked with it, and readers leave out what is marked with the number of a batch that is still being written.
//! So a batch is seen as a whole or not at all. A number is given in one step, and a batch that is done says so in one: no reader waits
//! here, and a writer only where a batch is [`WINDOW`] numbers behind. A number and the numbers that were done are what PostgreSQL calls a
//! transaction id and a snapshot.
//!
//! `tests/interleavings` runs this file under `loom`.

use crate::sync::{AtomicU64, Backoff, Ordering};

/// Batches that may begin while the first of them is being written; a further one waits until that is done. Many times the
/// threads that write: only one that got no processor for long can be so far behind.
const WINDOW: usize = 4096;

/// Marks samples that were there before all batches.
static BEFORE_ALL: DoneBatches = DoneBatches {
    until: 1,
    open: Vec::new(),
    first_open: 1,
};

/// The batches being written.
#[derive(Debug)]
pub(crate) struct Batches {
    /// The number of the next batch.
    next: AtomicU64,
    /// The numbers of finished batches: a batch writes its number at that number modulo the length.
    done: Vec<AtomicU64>,
    /// All with lower numbers are done, and perhaps some more.
    done_below: AtomicU64,
}

/// A batch being written, until it is dropped.
#[derive(Debug)]
pub(crate) struct BatchWriteGuard<'b> {
    batches: &'b Batches,
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
        Self::with_window(WINDOW)
    }
}

impl Batches {
    pub(crate) fn with_window(batches: usize) -> Self {
        Self {
            next: AtomicU64::new(1),
            done: std::iter::repeat_with(|| AtomicU64::new(0))
                .take(batches)
                .collect(),
            done_below: AtomicU64::new(1),
        }
    }

    fn window(&self) -> u64 {
        self.done.len() as u64
    }

    /// The place for the number of a batch once it is done.
    fn place(&self, number: u64) -> Option<&AtomicU64> {
        self.done.get((number % self.window()) as usize)
    }

    /// Whether the batch with this number is done. The number has been given.
    fn is_done(&self, number: u64) -> bool {
        // A later batch at the same place began when this one was done.
        let place = self.place(number);
        place.is_some_and(|last| last.load(Ordering::SeqCst) >= number)
    }

    /// Begins a batch.
    pub(crate) fn begin(&self) -> BatchWriteGuard<'_> {
        // Before the number is given: a reader who knows of the number knows of all that is in here.
        let before = self.done();
        let mut backoff = Backoff::default();
        loop {
            let number = self.next.load(Ordering::SeqCst);
            let last_at_place = number.checked_sub(self.window());
            if !last_at_place.is_none_or(|last| self.is_done(last)) {
                backoff.pause();
                continue;
            }
            // Where somebody else has got the number, the next one is tried.
            let given =
                self.next
                    .compare_exchange(number, number + 1, Ordering::SeqCst, Ordering::Relaxed);
            if given.is_ok() {
                return BatchWriteGuard {
                    batches: self,
                    number,
                    before,
                };
            }
        }
    }

    /// The last batch that was begun; 0 when there was none.
    pub(crate) fn last(&self) -> u64 {
        self.next.load(Ordering::SeqCst) - 1
    }

    /// Returns once the batch and all that were begun before it are done. Whoever writes one must not wait here.
    pub(crate) fn wait_through(&self, number: u64) {
        let mut backoff = Backoff::default();
        while !self.done().has_all_through(number) {
            backoff.pause();
        }
    }

    /// The batches that are done now. It waits for nobody.
    pub(crate) fn done(&self) -> DoneBatches {
        // Before the next number, which it so never exceeds.
        let done_below = self.done_below.load(Ordering::SeqCst);
        // Before the places: whatever has a lower number, and has not put it there, is open.
        let until = self.next.load(Ordering::SeqCst);
        let oldest = done_below.max(until.saturating_sub(self.window()));
        let open: Vec<u64> = (oldest..until)
            .filter(|number| !self.is_done(*number))
            .collect();
        let first_open = open.first().copied().unwrap_or(until);
        if first_open > done_below {
            self.done_below.fetch_max(first_open, Ordering::SeqCst);
        }
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
        if let Some(place) = self.batches.place(self.number) {
            place.store(self.number, Ordering::SeqCst);
        }
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
