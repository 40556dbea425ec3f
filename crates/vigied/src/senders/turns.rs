//! Turns for decoding and storing, so that the memory for decoded batches does not grow with the connections.
//!
//! A turn can take long while the store makes room. No account can have all of them, and the one with the fewest is next.

use crate::http::fair_share::{ShareOwner, Shares, Tally};
use base::limit;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

/// How often a turn is asked for by who does not wait for it, and how far apart.
const ATTEMPTS: u32 = 3;
const RETRY_PAUSE: Duration = Duration::from_millis(1);

/// The holders of turns, and those who wait for one, the longest first.
#[derive(Debug)]
struct State {
    taken: Tally,
    waiting: Vec<QueuedThread>,
}

#[derive(Debug)]
struct QueuedThread {
    owner: ShareOwner,
    thread: Thread,
    /// Set when it has its turn.
    has: Arc<AtomicBool>,
}

/// The turns for decoding and storing, and who waits for one.
#[derive(Debug)]
pub(super) struct Turns(Mutex<State>);

/// A turn, returned when dropped.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    of: &'t Turns,
    owner: ShareOwner,
}

/// Two for each processor: while one waits for the log, another decodes.
pub(super) fn most() -> u64 {
    2 * thread::available_parallelism().map_or(1, |cores| cores.get() as u64)
}

impl Turns {
    pub(super) fn new(most: u64, shares: Shares) -> Self {
        let taken = Tally::new(&limit::SENDER_CONNECTIONS, most, shares);
        Self(Mutex::new(State {
            taken: taken.reserving_one(),
            waiting: Vec::new(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn.
    pub(super) fn take(&self, owner: ShareOwner) -> Turn<'_> {
        let has = Arc::new(AtomicBool::new(false));
        let waiting = QueuedThread {
            owner,
            thread: thread::current(),
            has: Arc::clone(&has),
        };
        let mut state = self.state();
        state.waiting.push(waiting);
        state.give();
        drop(state);
        while !has.load(Ordering::Acquire) {
            thread::park();
        }
        Turn { of: self, owner }
    }

    /// A turn, if there is one now or in a moment: the thread that reads for all waits for nobody. For an owner that has its share
    /// already there is no such moment: one that keeps its turns busy would have the listener wait for each of its datagrams.
    pub(super) fn take_with_retries(&self, owner: ShareOwner) -> Option<Turn<'_>> {
        self.take_with_pauses(owner, || thread::sleep(RETRY_PAUSE))
    }

    fn take_with_pauses(&self, owner: ShareOwner, mut pause: impl FnMut()) -> Option<Turn<'_>> {
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                pause();
            }
            let mut state = self.state();
            if state.taken.over(owner, 1).is_none() {
                state.taken.add(owner, 1);
                return Some(Turn { of: self, owner });
            }
            if state.taken.exceeds_own(owner, 1) {
                return None;
            }
        }
        None
    }
}

impl State {
    /// Gives out what there is, first to those who have the fewest.
    fn give(&mut self) {
        loop {
            let free = self.waiting.iter().enumerate().filter(|(_, waiting)| {
                let over = self.taken.over(waiting.owner, 1);
                over.is_none()
            });
            // The first of several.
            let next = free.min_by_key(|(_, waiting)| self.taken.of(waiting.owner));
            let Some((place, _)) = next else {
                return;
            };
            let next = self.waiting.remove(place);
            self.taken.add(next.owner, 1);
            next.has.store(true, Ordering::Release);
            next.thread.unpark();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.of.state();
        state.taken.subtract(self.owner, 1);
        state.give();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{AccountId, Guid};
    use std::sync::mpsc;

    fn account(number: u8) -> ShareOwner {
        ShareOwner::Account(AccountId(Guid::from_random([number; 16])))
    }

    /// The senders of one account had all turns while the store made room for them, and nobody else was stored.
    #[test]
    fn one_accounts_senders_leave_a_turn_to_those_of_another() {
        let turns = Turns::new(4, Shares::of(50, 25, 75));
        let (entered, entries) = mpsc::channel();
        let gate = Mutex::new(());
        let closed = gate.lock().unwrap();
        thread::scope(|threads| {
            for _ in 0..10 {
                let (turns, gate, entered) = (&turns, &gate, entered.clone());
                threads.spawn(move || {
                    let _turn = turns.take(account(1));
                    entered.send(()).unwrap();
                    drop(gate.lock());
                });
            }
            for _ in 0..2 {
                entries.recv().unwrap();
            }
            while turns.state().waiting.len() < 8 {
                thread::yield_now();
            }
            assert_eq!(turns.state().taken.used(), 2);
            // Two more accounts.
            let other = turns.take(account(2));
            let third = turns.take(account(3));
            drop((other, third));
            drop(closed);
            for _ in 0..8 {
                entries.recv().unwrap();
            }
        });
        let state = turns.state();
        assert!(state.waiting.is_empty() && state.taken.used() == 0);
    }

    /// A listener's one thread waited for the turns of one account, and read nothing for anybody meanwhile.
    #[test]
    fn a_shared_reader_waits_for_no_turn() {
        let turns = Turns::new(4, Shares::of(50, 25, 75));
        let held = [turns.take(account(1)), turns.take(account(1))];
        assert!(turns.take_with_retries(account(1)).is_none());
        assert!(turns.take_with_retries(account(2)).is_some());
        drop(held);
        assert!(turns.take_with_retries(account(1)).is_some());
        assert_eq!(turns.state().taken.used(), 0);
    }

    /// An account that kept its turns busy made the listener of all sleep for each of its datagrams.
    #[test]
    fn a_shared_reader_sleeps_for_nobody_who_has_their_share() {
        let turns = Turns::new(4, Shares::of(50, 25, 75));
        let held = [turns.take(account(1)), turns.take(account(1))];
        let mut pauses = 0;
        assert!(turns.take_with_pauses(account(1), || pauses += 1).is_none());
        assert_eq!(pauses, 0);
        // Of what is left, the last is for those who have none.
        let mut other = vec![turns.take(account(2))];
        assert!(turns.take_with_pauses(account(2), || pauses += 1).is_none());
        assert_eq!(pauses, ATTEMPTS - 1);
        let mut held = Vec::from(held);
        let turn = turns.take_with_pauses(account(2), || drop(held.pop()));
        assert!(turn.is_some());
        other.extend(turn);
        assert!(turns.take_with_pauses(account(2), || pauses += 1).is_none());
        assert_eq!(pauses, ATTEMPTS - 1);
        drop((held, other));
        assert_eq!(turns.state().taken.used(), 0);
    }

    #[test]
    fn a_single_turn_goes_to_everybody_in_turn() {
        let turns = Turns::new(1, Shares::of(50, 25, 75));
        for number in 0..3 {
            drop(turns.take(account(number)));
        }
        assert_eq!(turns.state().taken.used(), 0);
    }
}
