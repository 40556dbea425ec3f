//! One deletion of a range at a time copies what it keeps of series in the head: each of several would copy them, and of each copy but
//! one nothing would be used. Whoever has waited is next, also beside a deletion of many pieces.

use crate::guard::may_wait;
use crate::lock_waiters::LockWaiters;
use crate::state::YIELD_MAX;
use crate::sync::{Mutex, MutexGuard, lock};
use std::sync::TryLockError;
use std::time::Instant;

#[derive(Debug, Default)]
pub(crate) struct DeletionTurns {
    turn: Mutex<()>,
    waiters: LockWaiters,
}

impl DeletionTurns {
    /// The turn of a piece of a deletion, until it is dropped. Those who wait now have theirs before this thread has another.
    pub(crate) fn take(&self) -> MutexGuard<'_, ()> {
        may_wait();
        if let Some(target) = self.waiters.now() {
            self.waiters.let_through(target, Instant::now() + YIELD_MAX);
        }
        match self.turn.try_lock() {
            Ok(turn) => turn,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => self.waiters.count(|| lock(&self.turn)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    /// A mutex alone goes back to the thread that has just released it, some hundred times until another one is awake.
    #[test]
    fn who_waits_is_next_beside_one_that_takes_turn_after_turn() {
        let turns = DeletionTurns::default();
        let (taken, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        let mut meanwhile = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let turn = turns.take();
                    taken.fetch_add(1, Ordering::SeqCst);
                    drop(turn);
                }
            });
            while taken.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            for _ in 0..101 {
                let before = taken.load(Ordering::SeqCst);
                let turn = turns.take();
                meanwhile.push(taken.load(Ordering::SeqCst) - before);
                drop(turn);
            }
            done.store(true, Ordering::SeqCst);
        });
        meanwhile.sort_unstable();
        // Not all of them: where this thread is interrupted before it waits, nobody knows that it will.
        assert!(meanwhile[50] <= 10, "{meanwhile:?}");
        assert!(turns.waiters.now().is_none());
    }
}
