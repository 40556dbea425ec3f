//! Lets writers in between two pieces of a long work.

use super::State;
use crate::guard::{Lock, may_wait};
use std::time::{Duration, Instant};

/// A long work waits so long at most, between two of its pieces, for those who wait for its lock. A woken thread mostly runs within a
/// fraction of it, also on busy processors.
pub(crate) const YIELD_MAX: Duration = Duration::from_millis(10);

/// A writer takes several locks, one after the other. After it got the first one, it has so much time to take the others.
const PAUSE: Duration = Duration::from_micros(100);

impl State {
    /// Call it between two pieces, without a lock: those who wait for a lock now have it before this thread takes it again, whoever else
    /// comes meanwhile, unless one of them is not awake within [`YIELD_MAX`].
    pub(crate) fn yield_to_waiters(&self) {
        self.yield_until(Instant::now() + YIELD_MAX);
        std::thread::sleep(PAUSE);
    }

    fn yield_until(&self, until: Instant) {
        may_wait();
        let locks = std::iter::once(self.catalog.waiters());
        let locks = locks.chain(self.shards.iter().map(Lock::waiters));
        // Looked at before it waits for any of them: who comes later waits for one more piece.
        let waiting: Vec<_> = locks
            .filter_map(|waiters| Some((waiters, waiters.now()?)))
            .collect();
        for (waiters, target) in waiting {
            waiters.let_through(target, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dropped_series::DroppedSeries;
    use crate::index::activity::ActivityIndex;
    use crate::registry::table::Registry;
    use crate::state::Version;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// The long-running thread used to retake its locks before the waiters woke up, so that they waited for many pieces.
    #[test]
    fn who_waits_for_a_lock_has_it_before_the_next_piece() {
        const PIECES: usize = 50;
        let state = State::new(
            Registry::new([0; 2]),
            ActivityIndex::default(),
            Version::default(),
            0,
            DroppedSeries::default(),
        );
        let (in_catalog, in_shard) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let mut locked = state.lock_all();
            for piece in 1..=PIECES {
                scope.spawn(|| {
                    let _guard = state.catalog().read();
                    in_catalog.fetch_add(1, Ordering::SeqCst);
                });
                scope.spawn(|| {
                    let _guard = state.shard(0).unwrap().write();
                    in_shard.fetch_add(1, Ordering::SeqCst);
                });
                let shard = state.shard(0).unwrap();
                while state.catalog.waiters().now().is_none() || shard.waiters().now().is_none() {
                    std::thread::yield_now();
                }
                drop(locked);
                state.yield_until(Instant::now() + Duration::from_secs(60));
                locked = state.lock_all();
                assert_eq!(in_catalog.load(Ordering::SeqCst), piece);
                assert_eq!(in_shard.load(Ordering::SeqCst), piece);
            }
            drop(locked);
        });
        let nobody_waits = Instant::now() + Duration::from_secs(60);
        state.yield_until(nobody_waits);
        assert!(Instant::now() < nobody_waits);
    }
}
