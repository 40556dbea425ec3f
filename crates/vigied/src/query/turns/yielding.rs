//! Yielding a turn to another account while the query is still running. It happens only if another account waits that may
//! have the turn, and in one step under the lock, so that no third query gets in between and the queue does not grow.

use super::{Turn, Waiting};
use crate::query::queue::At;
use std::sync::Arc;

impl Turn {
    /// Gives the turn to a waiting query of another account, and queues for the next one, ahead of those of its own account
    /// that have not started.
    ///
    /// # Errors
    /// Returns the turn if no other account's query may take it.
    pub(in crate::query) fn yield_to_other_account(mut self) -> Result<Waiting, Self> {
        let turns = Arc::clone(&self.turns);
        let (waiting, tell) = {
            let mut state = turns.state();
            let own = self.owner;
            state.running.subtract(own, 1);
            let Some((owner, waiter)) = state.pick(|other| other != own) else {
                state.running.add(own, 1);
                return Err(self);
            };
            let waiting = turns.wait(&mut state, own, &self.person, At::Front);
            self.owner = owner;
            self.person = waiter.person;
            (waiting, waiter.tell)
        };
        // If the receiver has just left, dropping the turn passes it to the next one.
        drop(tell.send(self));
        Ok(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{account, poll, take, turns};
    use std::pin::pin;
    use std::task::Poll;

    #[tokio::test]
    async fn a_turn_goes_to_another_account_and_comes_back_behind_who_waited() {
        let turns = turns(1, 8, 100);
        let held = take(&turns, account(1)).await.unwrap();
        let held = held.yield_to_other_account().unwrap_err();
        // Queries of the same account wait for the end of the first.
        let mut own = pin!(take(&turns, account(1)));
        assert!(poll(own.as_mut()).is_pending());
        assert!(turns.anybody_waits());
        let held = held.yield_to_other_account().unwrap_err();
        let mut second = pin!(take(&turns, account(2)));
        let mut third = pin!(take(&turns, account(3)));
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(third.as_mut()).is_pending());
        assert_eq!(turns.waiting(), 3);
        let mut first = pin!(held.yield_to_other_account().unwrap().turn());
        assert_eq!(turns.waiting(), 3, "the queue has grown");
        let Poll::Ready(Ok(held)) = poll(second.as_mut()) else {
            panic!("the waiting query has the turn");
        };
        // Round robin; within the account, the query that has started comes before the one that has not.
        drop(held);
        let Poll::Ready(Ok(held)) = poll(first.as_mut()) else {
            panic!("the account that has waited longest is next");
        };
        let mut first = pin!(held.yield_to_other_account().unwrap().turn());
        let Poll::Ready(Ok(held)) = poll(third.as_mut()) else {
            panic!("the third is next");
        };
        assert!(poll(own.as_mut()).is_pending());
        drop(held);
        let Poll::Ready(Ok(held)) = poll(first.as_mut()) else {
            panic!("it comes back");
        };
        drop(held);
        assert!(poll(own.as_mut()).is_ready());
        assert!(!turns.anybody_waits());
    }

    #[tokio::test]
    async fn who_goes_while_another_has_his_turn_is_forgotten() {
        let turns = turns(1, 8, 100);
        let held = take(&turns, account(1)).await.unwrap();
        let mut other = pin!(take(&turns, account(2)));
        assert!(poll(other.as_mut()).is_pending());
        let waiting = held.yield_to_other_account().unwrap();
        let Poll::Ready(Ok(held)) = poll(other.as_mut()) else {
            panic!("the waiting query has the turn");
        };
        drop(waiting);
        assert_eq!(turns.waiting(), 0);
        // The receiver leaves before it takes the turn: the turn is free again.
        let mut gone = Box::pin(take(&turns, account(3)));
        assert!(poll(gone.as_mut()).is_pending());
        let waiting = held.yield_to_other_account().unwrap();
        drop(gone);
        assert!(poll(pin!(waiting.turn()).as_mut()).is_ready());
    }

    /// An account has no more started queries than it may have turns, however often they yield.
    #[tokio::test]
    async fn an_account_begins_nothing_while_what_it_began_waits() {
        let turns = turns(2, 16, 50);
        let mut held = Some(take(&turns, account(1)).await.unwrap());
        let _kept = take(&turns, account(2)).await.unwrap();
        let mut unbegun = pin!(take(&turns, account(1)));
        assert!(poll(unbegun.as_mut()).is_pending());
        for _ in 0..3 {
            let mut other = pin!(take(&turns, account(3)));
            assert!(poll(other.as_mut()).is_pending());
            let mut back = pin!(
                held.take()
                    .unwrap()
                    .yield_to_other_account()
                    .unwrap()
                    .turn()
            );
            assert!(poll(other.as_mut()).is_ready());
            assert!(poll(unbegun.as_mut()).is_pending());
            let Poll::Ready(Ok(turn)) = poll(back.as_mut()) else {
                panic!("what has begun goes on first");
            };
            held = Some(turn);
        }
        // The second account has used up its share and cannot take the turn, so the query keeps it.
        let mut over = pin!(take(&turns, account(2)));
        assert!(poll(over.as_mut()).is_pending());
        assert!(held.take().unwrap().yield_to_other_account().is_err());
    }
}
