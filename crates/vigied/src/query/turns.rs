//! Turns to run. So many queries run at once, so many more wait, and who waits is served account by account: however many
//! one account has waiting, another's next query comes after one of them. The same holds for the people of one account.

use super::queue::{At, Queue, Waiter};
use crate::http::problem::Refusal;
use crate::http::share::{Owner, Shares, Tally};
use base::limit;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use tokio::sync::oneshot;

/// All turns.
#[derive(Debug)]
pub(super) struct Turns(Mutex<State>);

#[derive(Debug)]
struct State {
    running: Tally,
    waiting: Tally,
    queues: HashMap<Owner, Queue>,
    /// Whose turn it is: those with a queue, each once.
    ring: VecDeque<Owner>,
    next: u64,
}

/// Leave to run, given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    owner: Owner,
    person: Arc<str>,
}

/// A place in the queue, left when dropped.
struct Waiting {
    turns: Arc<Turns>,
    owner: Owner,
    number: u64,
    heard: oneshot::Receiver<Turn>,
}

impl Turns {
    pub(super) fn new(running: u64, waiting: u64, shares: Shares) -> Self {
        Self(Mutex::new(State {
            running: Tally::new(&limit::CONCURRENT_QUERIES, running, shares.clone()).keeping_one(),
            waiting: Tally::new(&limit::QUEUED_QUERIES, waiting, shares),
            queues: HashMap::new(),
            ring: VecDeque::new(),
            next: 0,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> u64 {
        self.state().waiting.used()
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// When the queue is full, or the owner's share of it.
    pub(super) async fn take(
        self: &Arc<Self>,
        owner: Owner,
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
            self.wait(&mut state, owner, person, At::ItsRound)
        };
        waiting.turn().await
    }

    fn at_once(
        self: &Arc<Self>,
        state: &mut State,
        owner: Owner,
        person: &Arc<str>,
    ) -> Option<Turn> {
        let free = !state.queues.contains_key(&owner) && state.running.over(owner, 1).is_none();
        free.then(|| {
            state.running.add(owner, 1);
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
        owner: Owner,
        person: &Arc<str>,
        at: At,
    ) -> Waiting {
        let (tell, heard) = oneshot::channel();
        let number = state.next;
        state.next += 1;
        state.waiting.add(owner, 1);
        if !state.queues.contains_key(&owner) {
            state.ring.push_back(owner);
        }
        let waiter = Waiter {
            number,
            person: Arc::clone(person),
            round: None,
            tell,
        };
        state.queues.entry(owner).or_default().push(waiter, at);
        Waiting {
            turns: Arc::clone(self),
            owner,
            number,
            heard,
        }
    }

    /// Gives turns to those who wait, as long as there are any.
    fn hand_on(self: &Arc<Self>) {
        loop {
            let Some((owner, waiter)) = self.state().pick() else {
                return;
            };
            let turn = Turn {
                turns: Arc::clone(self),
                owner,
                person: waiter.person,
            };
            // One who has just gone gives it back, and with that on.
            drop(waiter.tell.send(turn));
        }
    }
}

impl State {
    /// The next one that may run.
    fn pick(&mut self) -> Option<(Owner, Waiter)> {
        let mut passed = Vec::new();
        let picked = self.pick_passing(&mut passed);
        // Who was passed over keeps his place.
        for owner in passed.into_iter().rev() {
            self.ring.push_front(owner);
        }
        picked
    }

    fn pick_passing(&mut self, passed: &mut Vec<Owner>) -> Option<(Owner, Waiter)> {
        for _ in 0..self.ring.len() {
            let owner = self.ring.pop_front()?;
            if self.running.over(owner, 1).is_some() {
                if self.running.is_full() {
                    self.ring.push_front(owner);
                    return None;
                }
                // What is left may be kept for one that has little.
                passed.push(owner);
                continue;
            }
            let waiter = self.queues.get_mut(&owner).and_then(Queue::pop);
            self.tidy(owner);
            if self.queues.contains_key(&owner) {
                self.ring.push_back(owner);
            }
            if let Some(waiter) = waiter {
                self.waiting.subtract(owner, 1);
                self.running.add(owner, 1);
                return Some((owner, waiter));
            }
        }
        None
    }

    /// Forgets a queue that is empty.
    fn tidy(&mut self, owner: Owner) {
        let queue = self.queues.get(&owner);
        if queue.is_some_and(|own| own.waiters.is_empty()) {
            self.queues.remove(&owner);
        }
    }
}

impl Waiting {
    async fn turn(mut self) -> Result<Turn, Refusal> {
        (&mut self.heard).await.map_err(|_| {
            // Whoever waits is told before the queue is gone.
            tracing::error!("a query lost its place in the queue");
            Refusal(wire::code::INTERNAL.problem("the query lost its place in the queue"))
        })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        let Some(queue) = state.queues.get_mut(&self.owner) else {
            return;
        };
        let before = queue.waiters.len();
        queue.waiters.retain(|own| own.number != self.number);
        if queue.waiters.len() < before {
            state.waiting.subtract(self.owner, 1);
            state.tidy(self.owner);
            if !state.queues.contains_key(&self.owner) {
                let owner = self.owner;
                state.ring.retain(|own| *own != owner);
            }
        }
    }
}

impl Turn {
    /// Gives it back for as long as `meanwhile` takes, and comes first of its account then; none where `gone` is so before.
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
            turns.wait(&mut state, owner, &person, At::Front)
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
        self.turns.state().running.subtract(self.owner, 1);
        self.turns.hand_on();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{AccountId, Guid};
    use std::future::pending;
    use std::task::{Context, Waker};

    fn account(number: u8) -> Owner {
        Owner::Account(AccountId(Guid::from_random([number; 16])))
    }

    fn turns(running: u64, waiting: u64, account: u64) -> Arc<Turns> {
        let shares = Shares::of(account, 100, 100);
        Arc::new(Turns::new(running, waiting, shares))
    }

    async fn take(turns: &Arc<Turns>, owner: Owner) -> Result<Turn, Refusal> {
        turns.take(owner, &Arc::from("IBMid-a")).await
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn accounts_take_turns_however_many_one_has_waiting() {
        let turns = turns(1, 8, 100);
        let running = take(&turns, account(1)).await.unwrap();
        let mut first = pin!(take(&turns, account(1)));
        let mut second = pin!(take(&turns, account(1)));
        let mut other = pin!(take(&turns, account(2)));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(other.as_mut()).is_pending());
        drop(running);
        let Poll::Ready(Ok(turn)) = poll(first.as_mut()) else {
            panic!("the first that waits is served");
        };
        drop(turn);
        let Poll::Ready(Ok(turn)) = poll(other.as_mut()) else {
            panic!("then the other account's");
        };
        assert!(poll(second.as_mut()).is_pending());
        drop(turn);
        assert!(poll(second.as_mut()).is_ready());
        assert_eq!(turns.waiting(), 0);
    }

    #[tokio::test]
    async fn no_account_has_all_turns_and_a_full_queue_refuses() {
        let turns = turns(2, 4, 50);
        let _one = take(&turns, account(1)).await.unwrap();
        let mut wait = [take(&turns, account(1)), take(&turns, account(1))].map(Box::pin);
        for own in &mut wait {
            assert!(poll(own.as_mut()).is_pending());
        }
        let refused = take(&turns, account(1)).await.unwrap_err();
        assert_eq!(refused.0.limit, Some(&limit::ACCOUNT_SHARE_PERCENT));
        assert!(refused.0.message.contains("queued_queries"), "{refused:?}");
        let _other = take(&turns, account(2)).await.unwrap();
    }

    #[tokio::test]
    async fn who_has_gone_is_forgotten() {
        let turns = turns(1, 1, 100);
        let running = take(&turns, account(1)).await.unwrap();
        {
            let mut gone = pin!(take(&turns, account(1)));
            assert!(poll(gone.as_mut()).is_pending());
            assert_eq!(turns.waiting(), 1);
        }
        assert_eq!(turns.waiting(), 0);
        {
            // Told, but gone before it heard.
            let mut gone = pin!(take(&turns, account(1)));
            assert!(poll(gone.as_mut()).is_pending());
            drop(running);
        }
        let _next = take(&turns, account(2)).await.unwrap();
        let state = turns.state();
        assert!(state.queues.is_empty() && state.ring.is_empty());
    }

    #[tokio::test]
    async fn a_turn_that_is_lent_goes_to_another_and_comes_back() {
        let turns = turns(1, 1, 100);
        let turn = take(&turns, account(1)).await.unwrap();
        let (read, reading) = oneshot::channel::<()>();
        let mut lent = pin!(turn.lend(reading, pending()));
        assert!(poll(lent.as_mut()).is_pending());
        let other = take(&turns, account(2)).await.unwrap();
        read.send(()).unwrap();
        assert!(poll(lent.as_mut()).is_pending());
        drop(other);
        let Poll::Ready((Ok(()), Some(_turn))) = poll(lent.as_mut()) else {
            panic!("the turn comes back");
        };
        assert_eq!(turns.state().running.of(account(1)), 1);
    }

    #[tokio::test]
    async fn the_people_of_an_account_take_turns_too() {
        let turns = turns(1, 16, 100);
        let owner = account(1);
        let people: [Arc<str>; 2] = ["IBMid-a".into(), "IBMid-b".into()];
        let mut running = turns.take(owner, &people[0]).await.unwrap();
        let mut waiting: Vec<_> = (0..6)
            .map(|_| (0, Box::pin(turns.take(owner, &people[0]))))
            .collect();
        for (_, own) in &mut waiting {
            assert!(poll(own.as_mut()).is_pending());
        }
        // Two at once, and a further one whenever one was served.
        for _ in 0..2 {
            waiting.push((1, Box::pin(turns.take(owner, &people[1]))));
            assert!(poll(waiting.last_mut().unwrap().1.as_mut()).is_pending());
        }
        let mut served = Vec::new();
        for _ in 0..8 {
            drop(running);
            let mut next = None;
            for (at, (person, own)) in waiting.iter_mut().enumerate() {
                if let Poll::Ready(turn) = poll(own.as_mut()) {
                    next = Some((at, *person, turn.unwrap()));
                }
            }
            let (at, person, turn) = next.unwrap();
            drop(waiting.remove(at));
            served.push(person);
            running = turn;
            if person == 1 {
                waiting.push((1, Box::pin(turns.take(owner, &people[1]))));
                assert!(poll(waiting.last_mut().unwrap().1.as_mut()).is_pending());
            }
        }
        assert_eq!(served, [0, 1, 0, 1, 0, 1, 0, 1]);
    }

    /// Who waits first, and may have no more, must not keep the rest from one that it is kept for.
    #[tokio::test]
    async fn what_is_kept_for_who_has_little_reaches_him_in_the_queue_as_well() {
        let turns = turns(16, 64, 50);
        let mut held: Vec<Turn> = Vec::new();
        for owner in [1, 2] {
            for _ in 0..7 {
                held.push(take(&turns, account(owner)).await.unwrap());
            }
        }
        let _kept = take(&turns, account(3)).await.unwrap();
        let kept = take(&turns, account(4)).await.unwrap();
        let mut large = pin!(take(&turns, account(1)));
        let mut little = pin!(take(&turns, account(5)));
        assert!(poll(large.as_mut()).is_pending());
        assert!(poll(little.as_mut()).is_pending());
        drop(kept);
        assert!(poll(large.as_mut()).is_pending());
        assert!(poll(little.as_mut()).is_ready());
        drop(held);
        assert!(poll(large.as_mut()).is_ready());
    }

    /// Whoever waits on holds all that he has in memory, and would write it to nobody.
    #[tokio::test]
    async fn who_goes_while_his_turn_is_lent_waits_for_it_no_more() {
        let turns = turns(1, 1, 100);
        let turn = take(&turns, account(1)).await.unwrap();
        let (go, goes) = oneshot::channel::<()>();
        let gone = async {
            let _ = goes.await;
        };
        let mut lent = pin!(turn.lend(std::future::ready(()), gone));
        // Somebody else has it in the very moment in which it comes back.
        let other = {
            let mut state = turns.state();
            state.running.add(account(2), 1);
            drop(state);
            Turn {
                turns: Arc::clone(&turns),
                owner: account(2),
                person: Arc::from("IBMid-b"),
            }
        };
        assert!(poll(lent.as_mut()).is_pending());
        assert_eq!(turns.waiting(), 1);
        go.send(()).unwrap();
        assert!(matches!(poll(lent.as_mut()), Poll::Ready(((), None))));
        drop(other);
    }

    /// A machine of two processors has four turns: a half each must not be all.
    #[tokio::test]
    async fn two_accounts_leave_a_turn_to_a_third_however_few_there_are() {
        let turns = turns(4, 8, 50);
        let mut held = Vec::new();
        for owner in [1, 1, 2] {
            held.push(take(&turns, account(owner)).await.unwrap());
        }
        let mut more = pin!(take(&turns, account(2)));
        assert!(poll(more.as_mut()).is_pending());
        let third = take(&turns, account(3)).await.unwrap();
        drop(third);
        assert!(poll(more.as_mut()).is_pending());
        held.pop();
        assert!(poll(more.as_mut()).is_ready());
    }
}
