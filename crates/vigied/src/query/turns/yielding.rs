//! A turn that goes to somebody else while its query goes on: only where another account waits who may have it, and in one
//! step, so that nobody comes in between and the queue grows no longer.

use super::{Turn, Waiting};
use crate::query::queue::At;
use std::sync::Arc;

impl Turn {
    /// Hands it to one of another account that waits, and waits for the next one, before those of its own account that have
    /// not begun.
    ///
    /// # Errors
    /// With the turn, where there is none who may have it.
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
        // One who has just gone gives it back, and with that on.
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
        // Those of the same account wait for its end.
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
            panic!("who waits has the turn");
        };
        // It is round by round, the account's own that has begun before the one that has not.
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
            panic!("who waits has the turn");
        };
        drop(waiting);
        assert_eq!(turns.waiting(), 0);
        // Told, but gone before it heard: nobody has the turn then.
        let mut gone = Box::pin(take(&turns, account(3)));
        assert!(poll(gone.as_mut()).is_pending());
        let waiting = held.yield_to_other_account().unwrap();
        drop(gone);
        assert!(poll(pin!(waiting.turn()).as_mut()).is_ready());
    }

    /// Of one account as many have begun as it may have turns, however often they gave theirs up.
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
        // A second account that has its share cannot have the turn, so it is not given up.
        let mut over = pin!(take(&turns, account(2)));
        assert!(poll(over.as_mut()).is_pending());
        assert!(held.take().unwrap().yield_to_other_account().is_err());
    }
}
