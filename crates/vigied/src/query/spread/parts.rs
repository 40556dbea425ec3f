//! Tracks the parts of a read: done, being read, and left.

use base::context::PartSpent;
use base::store::ReadPart;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A part, with its place among all.
pub(super) type NumberedPart<'p> = (usize, Box<dyn ReadPart + 'p>);

/// All parts of a piece of work.
pub(super) struct Parts<'p, T> {
    state: Mutex<State<'p, T>>,
    changed: Condvar,
}

struct State<'p, T> {
    slots: Vec<Slot<'p, T>>,
    /// Before this nothing is missing.
    whole: usize,
    /// A part could not be read.
    is_failed: bool,
}

enum Slot<'p, T> {
    Left(Box<dyn ReadPart + 'p>),
    Taken,
    /// Read, while a part before it is missing: it may have to be read again.
    Ahead(Box<dyn ReadPart + 'p>, PartSpent, T),
    Done(T),
}

/// Fails the work when dropped, which happens when a thread panics.
pub(super) struct FailOnDrop<'s, 'p, T>(&'s Parts<'p, T>);

impl<T> FailOnDrop<'_, '_, T> {
    pub(super) fn disarm(self) {
        mem::forget(self);
    }
}

impl<T> Drop for FailOnDrop<'_, '_, T> {
    fn drop(&mut self) {
        self.0.state().is_failed = true;
        self.0.changed.notify_all();
    }
}

impl<'p, T> Parts<'p, T> {
    pub(super) fn new(parts: Vec<Box<dyn ReadPart + 'p>>) -> Self {
        let slots = parts.into_iter().map(Slot::Left).collect();
        Self {
            state: Mutex::new(State {
                slots,
                whole: 0,
                is_failed: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<'p, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first part that is left; none after a failure.
    pub(super) fn claim(&self) -> Option<NumberedPart<'p>> {
        self.state().claim()
    }

    /// The first part that is left. Where others read the last ones, it waits for them to end, or to give one back. None when
    /// all is done, and after a failure.
    pub(super) fn claim_or_wait(&self) -> Option<NumberedPart<'p>> {
        let mut state = self.state();
        loop {
            let claimed = state.claim();
            if claimed.is_some() || state.is_failed || state.is_done() {
                return claimed;
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn is_any_left(&self) -> bool {
        let state = self.state();
        !state.is_failed && state.left().is_some()
    }

    /// Takes in the result of a part, which is let go of where nothing before it is missing.
    pub(super) fn done(&self, (at, part): NumberedPart<'p>, spent: PartSpent, out: T) {
        let mut done = Vec::new();
        let mut state = self.state();
        state.put(at, Slot::Ahead(part, spent, out));
        while let Some(slot) = state.next_ahead() {
            let Slot::Ahead(part, _, out) = mem::replace(slot, Slot::Taken) else {
                break;
            };
            *slot = Slot::Done(out);
            state.whole += 1;
            done.push(part);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A part is left again.
    pub(super) fn give_back(&self, (at, part): NumberedPart<'p>) {
        self.state().put(at, Slot::Left(part));
        self.changed.notify_all();
    }

    /// A part could not be read: no more is begun.
    pub(super) fn failed(&self, (at, part): NumberedPart<'p>) {
        let mut state = self.state();
        state.put(at, Slot::Left(part));
        state.is_failed = true;
        drop(state);
        self.changed.notify_all();
    }

    /// Fails the work unless it is disarmed.
    pub(super) const fn fail_on_drop(&self) -> FailOnDrop<'_, 'p, T> {
        FailOnDrop(self)
    }

    /// The results of the parts before the first that is missing, and the parts from there on, as if none of them had been
    /// begun.
    pub(super) fn into_outcome(self) -> (Vec<T>, Vec<Box<dyn ReadPart + 'p>>) {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let (mut outs, mut left) = (Vec::with_capacity(state.slots.len()), Vec::new());
        for slot in state.slots {
            match slot {
                Slot::Done(out) => outs.push(out),
                Slot::Left(part) => left.push(part),
                Slot::Ahead(part, spent, _) => {
                    spent.undo();
                    left.push(part);
                }
                // Only where a thread has panicked.
                Slot::Taken => {}
            }
        }
        (outs, left)
    }
}

impl<'p, T> State<'p, T> {
    fn left(&self) -> Option<usize> {
        let rest = self.slots.get(self.whole..)?;
        let left = rest.iter().position(|slot| matches!(slot, Slot::Left(_)))?;
        Some(self.whole + left)
    }

    fn is_done(&self) -> bool {
        self.whole == self.slots.len()
    }

    fn claim(&mut self) -> Option<NumberedPart<'p>> {
        if self.is_failed {
            return None;
        }
        let at = self.left()?;
        let slot = self.slots.get_mut(at)?;
        match mem::replace(slot, Slot::Taken) {
            Slot::Left(part) => Some((at, part)),
            other => {
                *slot = other;
                None
            }
        }
    }

    fn put(&mut self, at: usize, new: Slot<'p, T>) {
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = new;
        }
    }

    /// The first that is not done, if it was read.
    fn next_ahead(&mut self) -> Option<&mut Slot<'p, T>> {
        let slot = self.slots.get_mut(self.whole)?;
        matches!(slot, Slot::Ahead(..)).then_some(slot)
    }
}
