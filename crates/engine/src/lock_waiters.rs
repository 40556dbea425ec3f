//! Counts the threads that wait for a lock. A thread that takes the lock again and again would nearly always get it before those
//! that wait, who have to be woken first: with the count it lets them have it.

use crate::sync::{Condvar, Mutex, PoisonError, lock};
use std::time::Instant;

#[derive(Debug)]
struct Counts {
    waiting: u64,
    /// How many have waited, and got the lock.
    served: u64,
    /// Threads that want to know of it.
    yielding: u64,
}

/// The threads that wait for one lock.
#[derive(Debug)]
pub(crate) struct LockWaiters {
    counts: Mutex<Counts>,
    changed: Condvar,
}

/// As many threads must have got the lock so that those have who waited at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServedTarget(u64);

impl LockWaiters {
    pub(crate) const fn new() -> Self {
        Self {
            counts: Mutex::new(Counts {
                waiting: 0,
                served: 0,
                yielding: 0,
            }),
            changed: Condvar::new(),
        }
    }

    /// Counts this thread while `acquire` waits for the lock.
    pub(crate) fn count<G>(&self, acquire: impl FnOnce() -> G) -> G {
        lock(&self.counts).waiting += 1;
        let guard = acquire();
        let mut counts = lock(&self.counts);
        counts.waiting -= 1;
        counts.served += 1;
        let is_awaited = counts.yielding > 0;
        drop(counts);
        if is_awaited {
            self.changed.notify_all();
        }
        guard
    }

    /// Those that wait now; none where nobody does.
    pub(crate) fn now(&self) -> Option<ServedTarget> {
        let counts = lock(&self.counts);
        (counts.waiting > 0).then(|| ServedTarget(counts.served + counts.waiting))
    }

    /// Returns once as many have got the lock, or when the time has come.
    pub(crate) fn let_through(&self, ServedTarget(target): ServedTarget, until: Instant) {
        let mut counts = lock(&self.counts);
        counts.yielding += 1;
        let left = until.saturating_duration_since(Instant::now());
        let waited = (self.changed).wait_timeout_while(counts, left, |now| now.served < target);
        let (mut counts, _) = waited.unwrap_or_else(PoisonError::into_inner);
        counts.yielding -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn those_who_wait_are_let_through_and_not_those_who_come_later() {
        let waiters = LockWaiters::new();
        assert!(waiters.now().is_none());
        let in_a_minute = Instant::now() + Duration::from_secs(60);
        let (first, first_turn) = mpsc::channel::<()>();
        let (second, second_turn) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(|| waiters.count(move || first_turn.recv().is_ok()));
            let target = loop {
                if let Some(target) = waiters.now() {
                    break target;
                }
                std::thread::yield_now();
            };
            scope.spawn(|| waiters.count(move || second_turn.recv().is_ok()));
            // The time has come already: it does not wait, though nobody has had a turn.
            waiters.let_through(target, Instant::now());
            assert!(waiters.now().is_some());
            first.send(()).unwrap();
            waiters.let_through(target, in_a_minute);
            assert!(Instant::now() < in_a_minute);
            second.send(()).unwrap();
        });
        assert!(waiters.now().is_none());
    }
}
