//! Lets small writes have the processor beside large ones.

/// Samples of a piece that are looked up, and that are written, before a larger piece yields the processor: otherwise a small write
/// that has just woken up waits until this thread has used up its time slice. To write so many takes half a millisecond. Two threads
/// that yield to each other more often are left on one processor by Linux, which takes what they need to be in its cache, while
/// another one is idle.
const YIELD_EVERY: usize = 4096;

/// Yields the processor in the middle of a large piece; a small one does not yield, because it is done soon.
#[derive(Debug, Default)]
pub(super) struct Yielding {
    since: usize,
}

impl Yielding {
    /// Counts `samples` more samples, and yields if it is time.
    pub(super) fn done(&mut self, samples: usize) {
        self.since += samples;
        if self.since >= YIELD_EVERY {
            self.since = 0;
            std::thread::yield_now();
        }
    }
}
