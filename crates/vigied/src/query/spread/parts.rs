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
    parts: Vec<Progress<'p, T>>,
    /// Before this nothing is missing.
    whole: usize,
    /// A part could not be read.
    is_failed: bool,
}

/// How far a part is.
enum Progress<'p, T> {
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
        let parts = parts.into_iter().map(Progress::Left).collect();
        Self {
            state: Mutex::new(State {
                parts,
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

    /// Takes in the result of a part, which is released if no part before it is missing.
    pub(super) fn done(&self, (at, part): NumberedPart<'p>, spent: PartSpent, out: T) {
        let mut done = Vec::new();
        let mut state = self.state();
        state.put(at, Progress::Ahead(part, spent, out));
        while let Some(progress) = state.next_ahead() {
            let Progress::Ahead(part, _, out) = mem::replace(progress, Progress::Taken) else {
                break;
            };
            *progress = Progress::Done(out);
            state.whole += 1;
            done.push(part);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A part is left again.
    pub(super) fn give_back(&self, (at, part): NumberedPart<'p>) {
        self.state().put(at, Progress::Left(part));
        self.changed.notify_all();
    }

    /// A part could not be read: no more is begun.
    pub(super) fn failed(&self, (at, part): NumberedPart<'p>) {
        let mut state = self.state();
        state.put(at, Progress::Left(part));
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
        let (mut outs, mut left) = (Vec::with_capacity(state.parts.len()), Vec::new());
        for progress in state.parts {
            match progress {
                Progress::Done(out) => outs.push(out),
                Progress::Left(part) => left.push(part),
                Progress::Ahead(part, spent, _) => {
                    spent.undo();
                    left.push(part);
                }
                // Only where a thread has panicked.
                Progress::Taken => {}
            }
        }
        (outs, left)
    }
}

impl<'p, T> State<'p, T> {
    fn left(&self) -> Option<usize> {
        let rest = self.parts.get(self.whole..)?;
        let left = rest
            .iter()
            .position(|progress| matches!(progress, Progress::Left(_)))?;
        Some(self.whole + left)
    }

    fn is_done(&self) -> bool {
        self.whole == self.parts.len()
    }

    fn claim(&mut self) -> Option<NumberedPart<'p>> {
        if self.is_failed {
            return None;
        }
        let at = self.left()?;
        let progress = self.parts.get_mut(at)?;
        match mem::replace(progress, Progress::Taken) {
            Progress::Left(part) => Some((at, part)),
            other => {
                *progress = other;
                None
            }
        }
    }

    fn put(&mut self, at: usize, new: Progress<'p, T>) {
        if let Some(progress) = self.parts.get_mut(at) {
            *progress = new;
        }
    }

    /// The first that is not done, if it was read.
    fn next_ahead(&mut self) -> Option<&mut Progress<'p, T>> {
        let progress = self.parts.get_mut(self.whole)?;
        matches!(progress, Progress::Ahead(..)).then_some(progress)
    }
}
