//! Turns: a query runs while it has one. A limited number of queries runs, a limited number waits, and turns go round robin over the
//! accounts: however many queries one account has in the queue, another account's query waits for only one of them. The same
//! holds for the users within an account.

use super::queue::{Queue, QueuePosition, Waiter};
use crate::http::fair_share::{ShareOwner, Shares, Tally};
use crate::http::problem::Refusal;
use base::limit;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::sync::oneshot;

mod yielding;

/// The turns of queries, and the queue for them.
#[derive(Debug)]
pub(super) struct Turns {
    state: Mutex<State>,
    /// Number of accounts with waiting queries; every running query polls it, without the lock.
    accounts: AtomicUsize,
    /// Incremented when a query joins the queue and when a turn is returned.
    changes: AtomicU64,
}

#[derive(Debug)]
struct State {
    running: Tally,
    /// How many turns each person has, by account.
    people: HashMap<(ShareOwner, Arc<str>), u64>,
    waiting: Tally,
    queues: HashMap<ShareOwner, Queue<Turn>>,
    /// Round-robin order: every account with a queue, once.
    ring: VecDeque<ShareOwner>,
    next: u64,
}

/// The locked state; unlocking it updates `accounts`.
struct Locked<'t> {
    turns: &'t Turns,
    state: MutexGuard<'t, State>,
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let accounts = self.state.ring.len();
        self.turns.accounts.store(accounts, Ordering::Relaxed);
    }
}

/// A turn, returned when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    owner: ShareOwner,
    person: Arc<str>,
}

/// A place in the queue, left when dropped.
#[derive(Debug)]
pub(super) struct QueueTicket {
    turns: Arc<Turns>,
    owner: ShareOwner,
    number: u64,
    turn_receiver: oneshot::Receiver<Turn>,
}

impl Turns {
    pub(super) fn new(running: u64, waiting: u64, shares: Shares) -> Self {
        let state = State {
            running: Tally::new(&limit::CONCURRENT_QUERIES, running, shares.clone())
                .reserving_one(),
            people: HashMap::new(),
            waiting: Tally::new(&limit::QUEUED_QUERIES, waiting, shares),
            queues: HashMap::new(),
            ring: VecDeque::new(),
            next: 0,
        };
        Self {
            state: Mutex::new(state),
            accounts: AtomicUsize::new(0),
            changes: AtomicU64::new(0),
        }
    }

    fn state(&self) -> Locked<'_> {
        let state = self.state.lock();
        Locked {
            turns: self,
            state: state.unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Whether any query waits; takes no lock.
    pub(super) fn has_waiting_query(&self) -> bool {
        self.accounts.load(Ordering::Relaxed) > 0
    }

    /// While this is unchanged, no query has joined the queue and no turn was returned.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Number of waiting queries.
    pub(super) fn waiting(&self) -> u64 {
        self.state().waiting.used()
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// If the queue or the owner's share of it is full.
    pub(super) async fn take(
        self: &Arc<Self>,
        owner: ShareOwner,
        person: &Arc<str>,
    ) -> Result<Turn, Refusal> {
        let waiting = {
            let mut state = self.state();
            if let Some(turn) = self.at_once(&mut state, owner, person) {
                return Ok(turn);
            }
            if let Some(over) = state.waiting.over(owner, 1) {
                return Err(over.refusal());
            }
            self.wait(&mut state, owner, person, QueuePosition::ItsRound)
        };
        waiting.turn().await
    }

    /// A turn for a further thread of a query that runs, while no query waits for any.
    pub(super) fn try_take_idle(
        self: &Arc<Self>,
        owner: ShareOwner,
        person: &Arc<str>,
    ) -> Option<Turn> {
        let mut state = self.state();
        let is_idle = state.ring.is_empty();
        is_idle.then(|| self.at_once(&mut state, owner, person))?
    }

    fn at_once(
        self: &Arc<Self>,
        state: &mut State,
        owner: ShareOwner,
        person: &Arc<str>,
    ) -> Option<Turn> {
        let free = !state.queues.contains_key(&owner) && state.running.over(owner, 1).is_none();
        free.then(|| {
            state.start(owner, person);
            Turn {
                turns: Arc::clone(self),
                owner,
                person: Arc::clone(person),
            }
        })
    }

    fn wait(
        self: &Arc<Self>,
        state: &mut State,
        owner: ShareOwner,
        person: &Arc<str>,
        at: QueuePosition,
    ) -> QueueTicket {
        self.changes.fetch_add(1, Ordering::Relaxed);
        let (turn_sender, turn_receiver) = oneshot::channel();
        let number = state.next;
        state.next += 1;
        let has_place = !matches!(at, QueuePosition::Back);
        if has_place {
            state.waiting.add(owner, 1);
        }
        if !state.queues.contains_key(&owner) {
            state.ring.push_back(owner);
        }
        let waiter = Waiter {
            number,
            person: Arc::clone(person),
            round: None,
            has_place,
            turn_sender,
        };
        state.queues.entry(owner).or_default().push(waiter, at);
        QueueTicket {
            turns: Arc::clone(self),
            owner,
            number,
            turn_receiver,
        }
    }

    /// Gives free turns to waiting queries.
    fn dispatch(self: &Arc<Self>) {
        loop {
            let Some((owner, waiter)) = self.state().pick(|_| true) else {
                return;
            };
            let turn = Turn {
                turns: Arc::clone(self),
                owner,
                person: waiter.person,
            };
            // If the receiver has just left, dropping the turn passes it to the next one.
            drop(waiter.turn_sender.send(turn));
        }
    }
}

impl State {
    /// The next query that may run, of the owners that `accepts` allows.
    fn pick(&mut self, accepts: impl Fn(ShareOwner) -> bool) -> Option<(ShareOwner, Waiter<Turn>)> {
        let mut passed = Vec::new();
        let picked = self.pick_passing(accepts, &mut passed);
        // Owners that were passed over keep their place.
        for owner in passed.into_iter().rev() {
            self.ring.push_front(owner);
        }
        picked
    }

    fn pick_passing(
        &mut self,
        accepts: impl Fn(ShareOwner) -> bool,
        passed: &mut Vec<ShareOwner>,
    ) -> Option<(ShareOwner, Waiter<Turn>)> {
        for _ in 0..self.ring.len() {
            let owner = self.ring.pop_front()?;
            if !accepts(owner) {
                passed.push(owner);
                continue;
            }
            if self.running.over(owner, 1).is_some() {
                if self.running.is_full() {
                    self.ring.push_front(owner);
                    return None;
                }
                // The rest may be reserved for an owner that uses little.
                passed.push(owner);
                continue;
            }
            let waiter = self.queues.get_mut(&owner).and_then(Queue::pop);
            self.remove_if_empty(owner);
            if self.queues.contains_key(&owner) {
                self.ring.push_back(owner);
            }
            if let Some(waiter) = waiter {
                if waiter.has_place {
                    self.waiting.subtract(owner, 1);
                }
                self.start(owner, &waiter.person);
                return Some((owner, waiter));
            }
        }
        None
    }

    /// A person's query has a turn.
    fn start(&mut self, owner: ShareOwner, person: &Arc<str>) {
        self.running.add(owner, 1);
        let turns = self.people.entry((owner, Arc::clone(person))).or_default();
        *turns += 1;
    }

    /// It has none any more.
    fn stop(&mut self, owner: ShareOwner, person: &Arc<str>) {
        self.running.subtract(owner, 1);
        let key = (owner, Arc::clone(person));
        if let Some(turns) = self.people.get_mut(&key) {
            *turns = turns.saturating_sub(1);
            if *turns == 0 {
                self.people.remove(&key);
            }
        }
    }

    /// Removes the owner's queue if it is empty.
    fn remove_if_empty(&mut self, owner: ShareOwner) {
        let queue = self.queues.get(&owner);
        if queue.is_some_and(|queue| queue.waiters.is_empty()) {
            self.queues.remove(&owner);
        }
    }
}

impl QueueTicket {
    /// Waits for the turn.
    pub(super) async fn turn(mut self) -> Result<Turn, Refusal> {
        (&mut self.turn_receiver).await.map_err(|_| {
            // Unreachable: every waiter gets its turn before the queue is dropped.
            tracing::error!("a query lost its place in the queue");
            Refusal(wire::code::INTERNAL.problem("the query lost its place in the queue"))
        })
    }
}

impl Drop for QueueTicket {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        let Some(queue) = state.queues.get_mut(&self.owner) else {
            return;
        };
        let place = queue
            .waiters
            .iter()
            .position(|waiter| waiter.number == self.number);
        if let Some(gone) = place.and_then(|place| queue.waiters.remove(place)) {
            if gone.has_place {
                state.waiting.subtract(self.owner, 1);
            }
            state.remove_if_empty(self.owner);
            if !state.queues.contains_key(&self.owner) {
                let owner = self.owner;
                state.ring.retain(|other| *other != owner);
            }
        }
    }
}

impl Turn {
    /// Returns the turn while `meanwhile` runs, then waits for one, ahead of its account's queries that have not started.
    /// Returns no turn if `gone` resolves first.
    pub(super) async fn lend<T>(
        self,
        meanwhile: impl Future<Output = T>,
        gone: impl Future<Output = ()>,
    ) -> (T, Option<Self>) {
        let (turns, owner) = (Arc::clone(&self.turns), self.owner);
        let person = Arc::clone(&self.person);
        drop(self);
        let result = meanwhile.await;
        let waiting = {
            let mut state = turns.state();
            if let Some(turn) = turns.at_once(&mut state, owner, &person) {
                return (result, Some(turn));
            }
            turns.wait(&mut state, owner, &person, QueuePosition::Back)
        };
        let (mut turn, mut gone) = (pin!(waiting.turn()), pin!(gone));
        let first = poll_fn(|context| match turn.as_mut().poll(context) {
            Poll::Ready(turn) => Poll::Ready(turn.ok()),
            Poll::Pending => gone.as_mut().poll(context).map(|()| None),
        });
        (result, first.await)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.state().stop(self.owner, &self.person);
        self.turns.changes.fetch_add(1, Ordering::Relaxed);
        self.turns.dispatch();
    }
}

#[cfg(test)]
pub(super) mod tests;
