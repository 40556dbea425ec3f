//! Turns to run. So many queries run at once, so many more wait, and who waits is served account by account: however many
//! one account has waiting, another's next query comes after one of them.

use crate::http::problem::Refusal;
use crate::http::share::{Owner, Shares, Tally};
use base::limit;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// All turns.
#[derive(Debug)]
pub(super) struct Turns(Mutex<State>);

#[derive(Debug)]
struct State {
    running: Tally,
    waiting: Tally,
    queues: HashMap<Owner, VecDeque<Waiter>>,
    /// Whose turn it is: those with a queue, each once.
    ring: VecDeque<Owner>,
    next: u64,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    tell: oneshot::Sender<Turn>,
}

/// Leave to run, given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    owner: Owner,
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
            running: Tally::new(&limit::CONCURRENT_QUERIES, running, shares.clone()),
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
    pub(super) async fn take(self: &Arc<Self>, owner: Owner) -> Result<Turn, Refusal> {
        let waiting = {
            let mut state = self.state();
            if let Some(turn) = self.at_once(&mut state, owner) {
                return Ok(turn);
            }
            if let Some(over) = state.waiting.over(owner, 1) {
                return Err(over.refusal());
            }
            self.wait(&mut state, owner, VecDeque::push_back)
        };
        waiting.turn().await
    }

    fn at_once(self: &Arc<Self>, state: &mut State, owner: Owner) -> Option<Turn> {
        let free = !state.queues.contains_key(&owner) && state.running.over(owner, 1).is_none();
        free.then(|| {
            state.running.add(owner, 1);
            Turn {
                turns: Arc::clone(self),
                owner,
            }
        })
    }

    fn wait(
        self: &Arc<Self>,
        state: &mut State,
        owner: Owner,
        push: impl FnOnce(&mut VecDeque<Waiter>, Waiter),
    ) -> Waiting {
        let (tell, heard) = oneshot::channel();
        let number = state.next;
        state.next += 1;
        state.waiting.add(owner, 1);
        if !state.queues.contains_key(&owner) {
            state.ring.push_back(owner);
        }
        let queue = state.queues.entry(owner).or_default();
        push(queue, Waiter { number, tell });
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
            };
            // One who has just gone gives it back, and with that on.
            drop(waiter.tell.send(turn));
        }
    }
}

impl State {
    /// The next one that may run.
    fn pick(&mut self) -> Option<(Owner, Waiter)> {
        for _ in 0..self.ring.len() {
            let owner = self.ring.pop_front()?;
            if let Some(over) = self.running.over(owner, 1) {
                if over.is_whole() {
                    self.ring.push_front(owner);
                    return None;
                }
                self.ring.push_back(owner);
                continue;
            }
            let waiter = self.queues.get_mut(&owner).and_then(VecDeque::pop_front);
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
        if self.queues.get(&owner).is_some_and(VecDeque::is_empty) {
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
        let before = queue.len();
        queue.retain(|own| own.number != self.number);
        if queue.len() < before {
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
    /// Gives it back for as long as `meanwhile` takes, and comes first of its account then.
    pub(super) async fn lend<T>(
        self,
        meanwhile: impl Future<Output = T>,
    ) -> (T, Result<Self, Refusal>) {
        let (turns, owner) = (Arc::clone(&self.turns), self.owner);
        drop(self);
        let result = meanwhile.await;
        let waiting = {
            let mut state = turns.state();
            if let Some(turn) = turns.at_once(&mut state, owner) {
                return (result, Ok(turn));
            }
            turns.wait(&mut state, owner, VecDeque::push_front)
        };
        (result, waiting.turn().await)
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
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn account(number: u8) -> Owner {
        Owner::Account(AccountId(Guid::from_random([number; 16])))
    }

    fn turns(running: u64, waiting: u64, account: u64) -> Arc<Turns> {
        let shares = Shares::of(account, 100, 100);
        Arc::new(Turns::new(running, waiting, shares))
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn accounts_take_turns_however_many_one_has_waiting() {
        let turns = turns(1, 8, 100);
        let running = turns.take(account(1)).await.unwrap();
        let mut first = pin!(turns.take(account(1)));
        let mut second = pin!(turns.take(account(1)));
        let mut other = pin!(turns.take(account(2)));
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
        let _one = turns.take(account(1)).await.unwrap();
        let mut wait = [turns.take(account(1)), turns.take(account(1))].map(Box::pin);
        for own in &mut wait {
            assert!(poll(own.as_mut()).is_pending());
        }
        let refused = turns.take(account(1)).await.unwrap_err();
        assert_eq!(refused.0.limit, Some(&limit::ACCOUNT_SHARE_PERCENT));
        assert!(refused.0.message.contains("queued_queries"), "{refused:?}");
        let _other = turns.take(account(2)).await.unwrap();
    }

    #[tokio::test]
    async fn who_has_gone_is_forgotten() {
        let turns = turns(1, 1, 100);
        let running = turns.take(account(1)).await.unwrap();
        {
            let mut gone = pin!(turns.take(account(1)));
            assert!(poll(gone.as_mut()).is_pending());
            assert_eq!(turns.waiting(), 1);
        }
        assert_eq!(turns.waiting(), 0);
        {
            // Told, but gone before it heard.
            let mut gone = pin!(turns.take(account(1)));
            assert!(poll(gone.as_mut()).is_pending());
            drop(running);
        }
        let _next = turns.take(account(2)).await.unwrap();
        let state = turns.state();
        assert!(state.queues.is_empty() && state.ring.is_empty());
    }

    #[tokio::test]
    async fn a_turn_that_is_lent_goes_to_another_and_comes_back() {
        let turns = turns(1, 1, 100);
        let turn = turns.take(account(1)).await.unwrap();
        let (read, reading) = oneshot::channel::<()>();
        let mut lent = pin!(turn.lend(reading));
        assert!(poll(lent.as_mut()).is_pending());
        let other = turns.take(account(2)).await.unwrap();
        read.send(()).unwrap();
        assert!(poll(lent.as_mut()).is_pending());
        drop(other);
        let Poll::Ready((Ok(()), Ok(_turn))) = poll(lent.as_mut()) else {
            panic!("the turn comes back");
        };
        assert_eq!(turns.state().running.of(account(1)), 1);
    }
}
