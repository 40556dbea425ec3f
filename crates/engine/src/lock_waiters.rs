//! Knows the threads that wait for a lock. A thread that takes the lock again and again would nearly always get it before those
//! that wait, who have to be woken first: it asks here who they are, and lets them have it.

use crate::lock_tickets::{ServedTarget, Tickets};
use crate::sync::{Condvar, Mutex, PoisonError, lock};
use std::time::Instant;

#[derive(Debug, Default)]
struct Line {
    tickets: Tickets,
    /// Threads that want to know when one of those who wait has the lock.
    yielding: u64,
}

/// The threads that wait for one lock.
#[derive(Debug, Default)]
pub(crate) struct LockWaiters {
    line: Mutex<Line>,
    changed: Condvar,
}

impl LockWaiters {
    /// Counts this thread while `acquire` waits for the lock.
    pub(crate) fn count<G>(&self, acquire: impl FnOnce() -> G) -> G {
        let ticket = lock(&self.line).tickets.arrive();
        let guard = acquire();
        let mut line = lock(&self.line);
        line.tickets.serve(ticket);
        let is_awaited = line.yielding > 0;
        drop(line);
        if is_awaited {
            self.changed.notify_all();
        }
        guard
    }

    /// The threads that wait now, for [`Self::let_through`]; `None` if no thread waits.
    pub(crate) fn now(&self) -> Option<ServedTarget> {
        lock(&self.line).tickets.target()
    }

    /// Returns once these threads have got the lock, or at `until`.
    pub(crate) fn let_through(&self, target: ServedTarget, until: Instant) {
        let mut line = lock(&self.line);
        line.yielding += 1;
        while !line.tickets.is_reached(target) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(line, left);
            (line, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
        line.yielding -= 1;
    }
}
