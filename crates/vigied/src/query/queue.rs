//! The queue of one account's queries for a turn: person by person, so that none of its members keeps the others waiting.

use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Those of one account that wait to be told `T`, in rounds: each person has one query in a round, and the rounds come one after the other.
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
    /// None for one that had its turn and lent it.
    pub(super) round: Option<u64>,
    /// Whether it has one of the places of the queue.
    pub(super) has_place: bool,
    pub(super) tell: oneshot::Sender<T>,
}

/// Where in the queue of its account a query waits.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// Before all that have not begun: it has passed its turn on, and has the place of who has it now.
    Front,
    /// There too: it gave its turn back while its reader took what was there. It needs no place: what such queries hold is
    /// bounded in bytes, and as many as come back at once would leave none for those that have not begun.
    Back,
    /// In the first round in which its person has none.
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
    pub(super) fn push(&mut self, mut waiter: Waiter<T>, at: At) {
        let place = match at {
            At::Front | At::Back => self.waiters.partition_point(|own| own.round.is_none()),
            At::ItsRound => {
                let own = self.waiters.iter();
                let own = own.filter(|own| own.person == waiter.person);
                let behind = own.filter_map(|own| own.round).max().map(|last| last + 1);
                let round = behind.unwrap_or_default().max(self.round);
                waiter.round = Some(round);
                self.waiters.partition_point(|own| own.round <= Some(round))
            }
        };
        self.waiters.insert(place, waiter);
    }

    pub(super) fn pop(&mut self) -> Option<Waiter<T>> {
        let first = self.waiters.pop_front()?;
        if let Some(round) = first.round {
            // Whoever comes from now on comes behind those whose next round it is.
            self.round = round + 1;
        }
        Some(first)
    }
}
