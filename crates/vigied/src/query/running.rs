//! The running queries, and how to cancel them.

use super::admitted::{Entered as Admitted, Question};
use super::cancel::Cancel;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Cancels a query when dropped: nobody waits for its answer any more.
#[derive(Debug)]
pub(super) struct CancelOnDrop {
    pub(super) cancel: Arc<Cancel>,
    pub(super) question: Arc<Question>,
    pub(super) _admitted: Admitted,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

#[derive(Debug, Default)]
struct Flags {
    next: u64,
    all: HashMap<u64, Arc<Cancel>>,
}

/// The cancel flags of the running queries.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<Flags>);

/// Registers a running query until dropped.
#[derive(Debug)]
pub(super) struct Entered {
    running: Arc<Running>,
    number: u64,
}

impl Running {
    fn flags(&self) -> MutexGuard<'_, Flags> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(self: &Arc<Self>, cancel: Arc<Cancel>) -> Entered {
        let mut flags = self.flags();
        let number = flags.next;
        flags.next += 1;
        flags.all.insert(number, cancel);
        Entered {
            running: Arc::clone(self),
            number,
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.flags().all.len() as u64
    }

    /// Cancels all; returns whether there are any.
    pub(super) fn cancel_all(&self) -> bool {
        let flags = self.flags();
        for own in flags.all.values() {
            own.cancel();
        }
        !flags.all.is_empty()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.running.flags().all.remove(&self.number);
    }
}
