//! The synchronization primitives of the engine. `tests/interleavings` runs the files that use only these under `loom`, which
//! replaces them by its own.

pub(crate) use base::mutex::lock;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
pub(crate) use std::thread::yield_now;
use std::time::Duration;

/// How often the processor is offered to others before a thread sleeps.
const YIELDS: u32 = 16;

/// How long it sleeps then, each time.
const SLEEP: Duration = Duration::from_micros(50);

/// The pauses of a thread that waits for writers, who take no lock to say that they are done: they are mostly done in an
/// instant, and where they are not, the thread that waits leaves them the processor.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    yields: u32,
}

impl Backoff {
    /// Call it after each look in vain.
    pub(crate) fn pause(&mut self) {
        if self.yields < YIELDS {
            self.yields += 1;
            yield_now();
        } else {
            std::thread::sleep(SLEEP);
        }
    }
}
