//! The lock of the memory, with a promise: whoever holds it does a bounded number of steps.
//!
//! A query takes copies that cost nothing ([`crate::memory::View`]) and works on these; a deletion, a retention pass or
//! a merge takes the lock once for each piece of its work. What goes through entries one by one says so with [`step`]; in
//! builds with debug assertions, and so in every test, a thread that holds the lock and takes more than
//! [`LOCK_STEPS_MAX`] panics.
//!
//! What is not counted so: an append, which writes a few thousand samples at one time; the one sync at the beginning of a
//! flush; folding late samples into the column of their series.

use crate::memory::Memory;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};
use std::time::Duration;

/// Steps that may be taken under the lock at one time. A step is far below a microsecond, but for a bitmap of a day or a
/// series with many samples in the head, which are some.
pub(crate) const LOCK_STEPS_MAX: u64 = 4096;

/// Entries of one piece of work under the lock, where each costs more than a look: with names of a thousand bytes about a
/// millisecond.
pub(crate) const PIECE: usize = 256;

/// Lets those who wait for the lock have it, between two pieces: whoever lets go of it and takes it again at once would
/// else nearly always be the first.
pub(crate) fn give_way() {
    std::thread::sleep(Duration::from_micros(100));
}

thread_local! {
    /// Steps under the lock that this thread holds.
    static STEPS: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Says that `steps` entries are looked at. Free of cost without debug assertions.
#[inline]
pub(crate) fn step(steps: u64) {
    if cfg!(debug_assertions) {
        STEPS.with(|own| {
            if let Some(before) = own.get() {
                let now = before + steps;
                own.set(Some(now));
                debug_assert!(
                    now <= LOCK_STEPS_MAX,
                    "{now} steps under the lock that writers need"
                );
            }
        });
    }
}

/// Says that this thread may come to wait for others, which it never does with the lock. Free of cost without debug
/// assertions.
#[inline]
pub(crate) fn may_wait() {
    if cfg!(debug_assertions) {
        let is_held = STEPS.get().is_some();
        debug_assert!(!is_held, "waits with the lock that writers need");
    }
}

fn begin() {
    if cfg!(debug_assertions) {
        STEPS.set(Some(0));
    }
}

fn end() {
    if cfg!(debug_assertions) {
        STEPS.set(None);
    }
}

/// The memory, locked.
#[derive(Debug)]
pub(crate) struct Lock {
    memory: RwLock<Memory>,
    /// How often anybody has got it.
    turns: AtomicU64,
}

/// Held to look.
#[derive(Debug)]
pub(crate) struct Reading<'l>(RwLockReadGuard<'l, Memory>);

/// Held to change.
#[derive(Debug)]
pub(crate) struct Writing<'l>(RwLockWriteGuard<'l, Memory>);

impl Lock {
    pub(crate) fn new(memory: Memory) -> Self {
        Self {
            memory: RwLock::new(memory),
            turns: AtomicU64::new(0),
        }
    }

    // A panic while a lock was held leaves no half-made state here: what changes memory under the lock cannot fail.
    pub(crate) fn read(&self) -> Reading<'_> {
        let guard = self.memory.read().unwrap_or_else(PoisonError::into_inner);
        self.turns.fetch_add(1, Ordering::Relaxed);
        begin();
        Reading(guard)
    }

    pub(crate) fn write(&self) -> Writing<'_> {
        let guard = self.memory.write().unwrap_or_else(PoisonError::into_inner);
        self.turns.fetch_add(1, Ordering::Relaxed);
        begin();
        Writing(guard)
    }

    /// How often anybody has got it so far, when it is not to be had now.
    pub(crate) fn is_held(&self) -> Option<u64> {
        match self.memory.try_read() {
            Err(TryLockError::WouldBlock) => Some(self.turns.load(Ordering::Relaxed)),
            Ok(_) | Err(TryLockError::Poisoned(_)) => None,
        }
    }
}

impl Deref for Reading<'_> {
    type Target = Memory;

    fn deref(&self) -> &Memory {
        &self.0
    }
}

impl Deref for Writing<'_> {
    type Target = Memory;

    fn deref(&self) -> &Memory {
        &self.0
    }
}

impl DerefMut for Writing<'_> {
    fn deref_mut(&mut self) -> &mut Memory {
        &mut self.0
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        end();
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::table::Registry;

    #[test]
    fn more_than_the_allowed_steps_under_the_lock_are_a_bug_and_seen() {
        let lock = Lock::new(Memory::new(Registry::new([1, 2])));
        step(LOCK_STEPS_MAX + 1);
        drop(lock.read());
        step(LOCK_STEPS_MAX + 1);
        let guard = lock.write();
        step(LOCK_STEPS_MAX);
        drop(guard);
        let over = std::panic::catch_unwind(|| {
            let _guard = lock.read();
            step(LOCK_STEPS_MAX + 1);
        });
        assert!(over.is_err());
        may_wait();
        let waits = std::panic::catch_unwind(|| {
            let _guard = lock.read();
            may_wait();
        });
        assert!(waits.is_err());
    }
}
