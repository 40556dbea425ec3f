//! The locks that a writer takes. A thread that holds one does a bounded number of steps before it releases it. Queries take none of
//! them: the state that they need is published ([`crate::state::State`]).
//!
//! A deletion, a retention pass or a merge takes the locks once for each piece of its work, and lets those who wait have them in
//! between ([`crate::state::State::yield_to_waiters`]). Code that goes through entries one by one counts them with [`step`]. In
//! builds with debug assertions, and so in every test, a thread panics that takes more than [`LOCK_STEPS_MAX`] steps while it holds
//! a lock.
//!
//! Not counted are an append, which writes a few thousand samples at a time, and what is copied of series with a lock held
//! ([`LOCKED_SAMPLES_MAX`]).

use crate::lock_waiters::LockWaiters;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{
    PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError, TryLockResult,
};

/// Steps that a thread may take while it holds a lock. A step takes far less than a microsecond; only with the bitmap of a day, or
/// with a series that has many samples in the head, it takes a few.
pub(crate) const LOCK_STEPS_MAX: u64 = 4096;

/// Entries of one piece of work under the lock where each of them is changed and not only read. With names of a thousand bytes, a
/// piece takes about a millisecond.
pub(crate) const PIECE: usize = 256;

/// Samples that are copied with a lock held, at most: those of short series that are folded with their shard locked, and those that came in
/// while a copy was made without it, unless they come in as fast as they are copied. A sample takes some 50 ns.
pub(crate) const LOCKED_SAMPLES_MAX: usize = 4096;

thread_local! {
    /// Locks that this thread holds, and the steps since it took the first of them.
    static HELD: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

/// Counts `steps` entries that are read or changed. Does nothing without debug assertions.
#[inline]
pub(crate) fn step(steps: u64) {
    if cfg!(debug_assertions) {
        HELD.with(|cell| {
            let (locks, before) = cell.get();
            if locks > 0 {
                let now = before + steps;
                cell.set((locks, now));
                debug_assert!(
                    now <= LOCK_STEPS_MAX,
                    "{now} steps under a lock that writers need"
                );
            }
        });
    }
}

/// Marks a place where this thread may wait for others: it must not hold a lock there. Does nothing without debug assertions.
#[inline]
pub(crate) fn may_wait() {
    debug_assert!(!holds_any(), "waits with the lock that writers need");
}

/// Marks a step of a query, which must not hold a lock that writers need. Does nothing without debug assertions.
#[inline]
pub(crate) fn query_step() {
    debug_assert!(!holds_any(), "a query holds a lock that writers need");
}

fn holds_any() -> bool {
    HELD.with(|cell| cell.get().0 > 0)
}

fn begin() {
    if cfg!(debug_assertions) {
        HELD.with(|cell| {
            let (locks, steps) = cell.get();
            cell.set((locks + 1, if locks == 0 { 0 } else { steps }));
        });
    }
}

fn end() {
    if cfg!(debug_assertions) {
        HELD.with(|cell| {
            let (locks, steps) = cell.get();
            cell.set((locks.saturating_sub(1), steps));
        });
    }
}

/// A lock that writers take. It has cache lines of its own: otherwise two threads that use neighbouring shards would invalidate each
/// other's caches all the time.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Lock<T> {
    inner: RwLock<T>,
    /// How often the lock has been acquired.
    turns: AtomicU64,
    waiters: LockWaiters,
}

/// A guard for reading.
#[derive(Debug)]
pub(crate) struct ReadGuard<'l, T>(RwLockReadGuard<'l, T>);

/// A guard for writing.
#[derive(Debug)]
pub(crate) struct WriteGuard<'l, T>(RwLockWriteGuard<'l, T>);

impl<T> Lock<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self {
            inner: RwLock::new(inner),
            turns: AtomicU64::new(0),
            waiters: LockWaiters::default(),
        }
    }

    // Code that changes something under a lock creates a `crate::poison::OnPanic` after it has taken the lock. That is then dropped
    // first, so that a panic poisons the store before another thread can take the lock and use the half-done change.
    pub(crate) fn read(&self) -> ReadGuard<'_, T> {
        let wait = || self.inner.read().unwrap_or_else(PoisonError::into_inner);
        let at_once = acquired(self.inner.try_read());
        let guard = at_once.unwrap_or_else(|| self.waiters.count(wait));
        self.turns.fetch_add(1, Ordering::Relaxed);
        begin();
        ReadGuard(guard)
    }

    pub(crate) fn write(&self) -> WriteGuard<'_, T> {
        let wait = || self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let at_once = acquired(self.inner.try_write());
        let guard = at_once.unwrap_or_else(|| self.waiters.count(wait));
        self.turns.fetch_add(1, Ordering::Relaxed);
        begin();
        WriteGuard(guard)
    }

    /// As [`Self::write`]; none where another thread holds the lock.
    pub(crate) fn try_write(&self) -> Option<WriteGuard<'_, T>> {
        let guard = acquired(self.inner.try_write())?;
        self.turns.fetch_add(1, Ordering::Relaxed);
        begin();
        Some(WriteGuard(guard))
    }

    /// The threads that wait for the lock.
    pub(crate) const fn waiters(&self) -> &LockWaiters {
        &self.waiters
    }

    /// How often the lock has been acquired so far, if it is locked now.
    pub(crate) fn acquisitions_if_locked(&self) -> Option<u64> {
        match self.inner.try_read() {
            Err(TryLockError::WouldBlock) => Some(self.turns.load(Ordering::Relaxed)),
            Ok(_) | Err(TryLockError::Poisoned(_)) => None,
        }
    }
}

/// None where another thread holds the lock.
fn acquired<G>(attempt: TryLockResult<G>) -> Option<G> {
    match attempt {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for WriteGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for WriteGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        end();
    }
}

impl<T> Drop for WriteGuard<'_, T> {
    fn drop(&mut self) {
        end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_allowed_steps_under_the_lock_are_a_bug_and_seen() {
        let (lock, other) = (Lock::new(()), Lock::new(()));
        step(LOCK_STEPS_MAX + 1);
        drop(lock.read());
        step(LOCK_STEPS_MAX + 1);
        let guard = lock.write();
        step(LOCK_STEPS_MAX);
        drop(guard);
        assert!(!holds_any());
        let over = std::panic::catch_unwind(|| {
            let _guard = lock.read();
            step(LOCK_STEPS_MAX);
            let _second = other.write();
            step(1);
        });
        assert!(over.is_err());
        may_wait();
        let waits = std::panic::catch_unwind(|| {
            let _guard = lock.read();
            may_wait();
        });
        assert!(waits.is_err());
        assert!(!holds_any());
    }
}
