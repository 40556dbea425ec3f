//! Yielding a turn to another query while the own one is still running: one of another account, else one of another person of the
//! same account. It happens only if such a query waits and may have the turn, and in one step under the lock, so that no third
//! query gets in between and the queue does not grow.

use super::{QueueTicket, State, Turn};
use crate::http::fair_share::ShareOwner;
use crate::query::queue::{QueuePosition, Waiter};
use std::collections::HashSet;
use std::sync::Arc;

impl Turn {
    /// Gives the turn to a waiting query of another account, or of another person, and queues for the next one, ahead of those of
    /// its own account that have not started.
    ///
    /// # Errors
    /// Returns the turn if no other's query may take it.
    pub(in crate::query) fn yield_to_another(mut self) -> Result<QueueTicket, Self> {
        let turns = Arc::clone(&self.turns);
        let (waiting, turn_sender) = {
            let mut state = turns.state();
            let yielding = self.owner;
            state.stop(yielding, &self.person);
            let other = state.pick(|other| other != yielding);
            let other = other.or_else(|| state.pick_person(yielding, &self.person));
            let Some((owner, waiter)) = other else {
                state.start(yielding, &self.person);
                return Err(self);
            };
            let waiting = turns.wait(&mut state, yielding, &self.person, QueuePosition::Front);
            self.owner = owner;
            self.person = waiter.person;
            (waiting, waiter.turn_sender)
        };
        // If the receiver has just left, dropping the turn passes it to the next one.
        drop(turn_sender.send(self));
        Ok(waiting)
    }
}

impl State {
    /// The next query of the same account that may have the turn which `person` gives up: one that has begun, or the first of
    /// somebody who has nothing begun. An account has begun at most twice as many as it has turns: each keeps its thread and its
    /// memory, and those of one person would only share what one of them has.
    fn pick_person(
        &mut self,
        owner: ShareOwner,
        person: &str,
    ) -> Option<(ShareOwner, Waiter<Turn>)> {
        if self.running.over(owner, 1).is_some() {
            return None;
        }
        let (running, people) = (self.running.of(owner), &self.people);
        let queue = self.queues.get_mut(&owner)?;
        let begun = queue.waiters.iter().filter(|waiter| waiter.round.is_none());
        let begun: Vec<Arc<str>> = begun.map(|waiter| Arc::clone(&waiter.person)).collect();
        let may_begin = begun.len() as u64 <= running;
        let begun: HashSet<Arc<str>> = begun.into_iter().collect();
        let has_begun =
            |who: &Arc<str>| begun.contains(who) || people.contains_key(&(owner, Arc::clone(who)));
        let waiter = queue.take(|waiter| {
            let is_new = || may_begin && !has_begun(&waiter.person);
            &*waiter.person != person && (waiter.round.is_none() || is_new())
        })?;
        if waiter.has_place {
            self.waiting.subtract(owner, 1);
        }
        self.start(owner, &waiter.person);
        Some((owner, waiter))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{account, poll, take, turns};
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::Poll;

    #[tokio::test]
    async fn a_turn_goes_to_another_account_and_comes_back_behind_who_waited() {
        let turns = turns(1, 8, 100);
        let held = take(&turns, account(1)).await.unwrap();
        let held = held.yield_to_another().unwrap_err();
        // Queries of the same account wait for the end of the first.
        let mut same = pin!(take(&turns, account(1)));
        assert!(poll(same.as_mut()).is_pending());
        assert!(turns.has_waiting_query());
        let held = held.yield_to_another().unwrap_err();
        let mut second = pin!(take(&turns, account(2)));
        let mut third = pin!(take(&turns, account(3)));
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(third.as_mut()).is_pending());
        assert_eq!(turns.waiting(), 3);
        let mut first = pin!(held.yield_to_another().unwrap().turn());
        assert_eq!(turns.waiting(), 3, "the queue has grown");
        let Poll::Ready(Ok(held)) = poll(second.as_mut()) else {
            panic!("the waiting query has the turn");
        };
        // Round robin; within the account, the query that has started comes before the one that has not.
        drop(held);
        let Poll::Ready(Ok(held)) = poll(first.as_mut()) else {
            panic!("the account that has waited longest is next");
        };
        let mut first = pin!(held.yield_to_another().unwrap().turn());
        let Poll::Ready(Ok(held)) = poll(third.as_mut()) else {
            panic!("the third is next");
        };
        assert!(poll(same.as_mut()).is_pending());
        drop(held);
        let Poll::Ready(Ok(held)) = poll(first.as_mut()) else {
            panic!("it comes back");
        };
        drop(held);
        assert!(poll(same.as_mut()).is_ready());
        assert!(!turns.has_waiting_query());
    }

    #[tokio::test]
    async fn a_query_that_leaves_after_yielding_is_forgotten() {
        let turns = turns(1, 8, 100);
        let held = take(&turns, account(1)).await.unwrap();
        let mut other = pin!(take(&turns, account(2)));
        assert!(poll(other.as_mut()).is_pending());
        let waiting = held.yield_to_another().unwrap();
        let Poll::Ready(Ok(held)) = poll(other.as_mut()) else {
            panic!("the waiting query has the turn");
        };
        drop(waiting);
        assert_eq!(turns.waiting(), 0);
        // The receiver leaves before it takes the turn: the turn is free again.
        let mut gone = Box::pin(take(&turns, account(3)));
        assert!(poll(gone.as_mut()).is_pending());
        let waiting = held.yield_to_another().unwrap();
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
            let mut back = pin!(held.take().unwrap().yield_to_another().unwrap().turn());
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
        assert!(held.take().unwrap().yield_to_another().is_err());
    }

    /// One person's wide queries had all turns of the account, and a colleague waited for the end of one of them.
    #[tokio::test]
    async fn a_turn_goes_to_another_person_who_has_none_and_comes_back() {
        let turns = turns(1, 8, 100);
        let owner = account(1);
        let [one, other, third]: [Arc<str>; 3] = ["a", "b", "c"].map(Arc::from);
        let held = turns.take(owner, &one).await.unwrap();
        let mut same = pin!(turns.take(owner, &one));
        assert!(poll(same.as_mut()).is_pending());
        let held = held.yield_to_another().unwrap_err();
        let mut short = pin!(turns.take(owner, &other));
        let mut late = pin!(turns.take(owner, &third));
        assert!(poll(short.as_mut()).is_pending());
        assert!(poll(late.as_mut()).is_pending());
        assert_eq!(turns.waiting(), 3);
        let mut back = pin!(held.yield_to_another().unwrap().turn());
        assert_eq!(turns.waiting(), 3, "the queue has not grown");
        let Poll::Ready(Ok(held)) = poll(short.as_mut()) else {
            panic!("the other person has the turn");
        };
        // Twice as many as there are turns have begun: the third waits, and these two take turns.
        let mut second = pin!(held.yield_to_another().unwrap().turn());
        let Poll::Ready(Ok(held)) = poll(back.as_mut()) else {
            panic!("the first has it again");
        };
        assert!(poll(late.as_mut()).is_pending());
        drop(held);
        let Poll::Ready(Ok(held)) = poll(second.as_mut()) else {
            panic!("what has begun goes on first");
        };
        // One has ended: now the third may begin.
        let mut second = pin!(held.yield_to_another().unwrap().turn());
        let held = [poll(same.as_mut()), poll(late.as_mut())];
        let held = held.into_iter().find_map(|one| match one {
            Poll::Ready(turn) => Some(turn.unwrap()),
            Poll::Pending => None,
        });
        assert!(held.is_some());
        drop(held);
        assert!(poll(second.as_mut()).is_ready());
    }
}
