//! The queue of one account's queries for a turn. Users are served in turn, so that none keeps the others waiting.

use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The waiters of one account, each waiting for a `T`, in rounds: each user has one query per round.
#[derive(Debug)]
pub(super) struct Queue<T> {
    pub(super) waiters: VecDeque<Waiter<T>>,
    /// The round that is being served.
    round: u64,
}

#[derive(Debug)]
pub(super) struct Waiter<T> {
    pub(super) number: u64,
    pub(super) person: Arc<str>,
    /// `None` for a query that has had a turn and given it up for a while.
    pub(super) round: Option<u64>,
    /// Whether it counts against the size of the queue.
    pub(super) has_place: bool,
    pub(super) turn_sender: oneshot::Sender<T>,
}

/// Where in the queue of its account a query waits.
#[derive(Debug, Clone, Copy)]
pub(super) enum QueuePosition {
    /// Ahead of all that have not started: it has yielded its turn, and takes the queue place of the query that got it.
    Front,
    /// Also ahead of all that have not started: it returned its turn while its client was reading. It does not count against
    /// the size of the queue: such queries are bounded by their memory, and many returning at once would fill the queue.
    Back,
    /// In the first round in which its user has no query.
    ItsRound,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            waiters: VecDeque::new(),
            round: 0,
        }
    }
}

impl<T> Queue<T> {
    pub(super) fn push(&mut self, mut waiter: Waiter<T>, at: QueuePosition) {
        let place = match at {
            QueuePosition::Front | QueuePosition::Back => self
                .waiters
                .partition_point(|waiter| waiter.round.is_none()),
            QueuePosition::ItsRound => {
                let of_person = self.waiters.iter();
                let of_person = of_person.filter(|queued| queued.person == waiter.person);
                let next_round = of_person
                    .filter_map(|queued| queued.round)
                    .max()
                    .map(|last| last + 1);
                let round = next_round.unwrap_or_default().max(self.round);
                waiter.round = Some(round);
                self.waiters
                    .partition_point(|waiter| waiter.round <= Some(round))
            }
        };
        self.waiters.insert(place, waiter);
    }

    /// Takes the first that `is_eligible` accepts, out of its round: the others keep theirs.
    pub(super) fn take(&mut self, is_eligible: impl Fn(&Waiter<T>) -> bool) -> Option<Waiter<T>> {
        let at = self.waiters.iter().position(is_eligible)?;
        self.waiters.remove(at)
    }

    pub(super) fn pop(&mut self) -> Option<Waiter<T>> {
        let first = self.waiters.pop_front()?;
        if let Some(round) = first.round {
            // Queries that arrive from now on go into the next round at the earliest.
            self.round = round + 1;
        }
        Some(first)
    }
}
