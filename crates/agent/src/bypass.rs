//! Passes records to the server while the disk takes none: one record at a time, from its writer to the sender.
//!
//! A record is sent only when the journal holds nothing older. Who offers it has it until the server accounts for it, so that a
//! record that neither the disk nor the server takes is still there.

use crate::notifier::Notifier;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often who offers a record is asked whether they wait any longer.
const TICK: Duration = Duration::from_millis(50);

#[derive(Debug, Default)]
enum Slot {
    #[default]
    Empty,
    /// A body, and how many samples it has.
    Offered(Vec<u8>, u32),
    /// It is being sent.
    Taken,
    /// Whether the server has accounted for it.
    Done(bool),
}

#[derive(Debug, Default)]
struct State {
    /// Which offer this is: the outcome of one that was withdrawn is not that of the next.
    number: u64,
    slot: Slot,
}

/// Hands records from the writer to the sender.
#[derive(Debug, Default)]
pub struct Bypass {
    state: Mutex<State>,
    changed: Condvar,
}

impl Bypass {
    // A panic never leaves these fields half-changed: each is changed by itself.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers a record of so many samples, and announces it by `notifier`; returns whether the server has accounted for it.
    /// `waits` is asked repeatedly whether to go on waiting; its argument is whether the record is being sent. One thread offers
    /// at a time.
    pub fn offer(
        &self,
        body: &[u8],
        samples: u32,
        notifier: &Notifier,
        mut waits: impl FnMut(bool) -> bool,
    ) -> bool {
        let mut state = self.state();
        state.number += 1;
        state.slot = Slot::Offered(body.to_owned(), samples);
        drop(state);
        notifier.notify();
        let mut state = self.state();
        loop {
            let outcome = match &state.slot {
                Slot::Done(is_accounted_for) => Some(*is_accounted_for),
                Slot::Taken => (!waits(true)).then_some(false),
                Slot::Offered(..) => (!waits(false)).then_some(false),
                Slot::Empty => Some(false),
            };
            if let Some(is_accounted_for) = outcome {
                state.slot = Slot::Empty;
                return is_accounted_for;
            }
            let waited = self.changed.wait_timeout(state, TICK);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether a record is offered.
    pub(crate) fn is_offered(&self) -> bool {
        matches!(self.state().slot, Slot::Offered(..))
    }

    /// The record that is offered, to be sent.
    pub(crate) fn take(&self) -> Option<BypassedRecord<'_>> {
        let mut state = self.state();
        match std::mem::take(&mut state.slot) {
            Slot::Offered(body, samples) => {
                state.slot = Slot::Taken;
                Some(BypassedRecord {
                    bypass: self,
                    number: state.number,
                    body,
                    samples,
                    is_accounted_for: false,
                })
            }
            other => {
                state.slot = other;
                None
            }
        }
    }

    fn finish(&self, number: u64, is_accounted_for: bool) {
        let mut state = self.state();
        if state.number == number && matches!(state.slot, Slot::Taken) {
            state.slot = Slot::Done(is_accounted_for);
        }
        drop(state);
        self.changed.notify_all();
    }
}

/// A record that is being sent; dropped, it was not.
#[derive(Debug)]
pub(crate) struct BypassedRecord<'a> {
    bypass: &'a Bypass,
    number: u64,
    body: Vec<u8>,
    samples: u32,
    is_accounted_for: bool,
}

impl BypassedRecord<'_> {
    /// A JSON array.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn samples(&self) -> u64 {
        self.samples.into()
    }

    /// The server has accounted for it.
    pub(crate) fn accounted_for(mut self) {
        self.is_accounted_for = true;
    }
}

impl Drop for BypassedRecord<'_> {
    fn drop(&mut self) {
        self.bypass.finish(self.number, self.is_accounted_for);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_offers_learns_whether_it_was_accounted_for() {
        let (bypass, notifier) = (Bypass::default(), Notifier::default());
        for expected in [true, false] {
            std::thread::scope(|threads| {
                let seen = notifier.notifications();
                let offering = threads.spawn(|| bypass.offer(b"[1]", 1, &notifier, |_| true));
                notifier.wait_for_next(seen);
                assert!(bypass.is_offered());
                let passing = bypass.take().unwrap();
                assert_eq!((passing.body(), passing.samples()), (b"[1]".as_slice(), 1));
                assert!(bypass.take().is_none());
                if expected {
                    passing.accounted_for();
                } else {
                    drop(passing);
                }
                assert_eq!(offering.join().unwrap(), expected);
            });
        }
    }

    #[test]
    fn the_outcome_of_one_that_was_withdrawn_is_not_that_of_the_next() {
        let (bypass, notifier) = (Bypass::default(), Notifier::default());
        assert!(!bypass.offer(b"[1]", 1, &notifier, |_| false));
        assert!(bypass.take().is_none());
        let kept = bypass.offer(b"[2]", 1, &notifier, |is_taken| {
            assert!(!is_taken);
            false
        });
        assert!(!kept);
        std::thread::scope(|threads| {
            let seen = notifier.notifications();
            let offering = threads.spawn(|| bypass.offer(b"[3]", 1, &notifier, |taken| !taken));
            notifier.wait_for_next(seen);
            let third = bypass.take();
            assert!(!offering.join().unwrap(), "it waits no longer");
            let seen = notifier.notifications();
            let offering = threads.spawn(|| bypass.offer(b"[4]", 1, &notifier, |_| true));
            notifier.wait_for_next(seen);
            third.unwrap().accounted_for();
            assert!(bypass.is_offered(), "the fourth is not done by the third");
            bypass.take().unwrap().accounted_for();
            assert!(offering.join().unwrap());
        });
    }
}
