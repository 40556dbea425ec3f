//! Turns, by steps and without a clock.

use super::*;
use base::id::{AccountId, Guid};
use std::future::pending;
use std::task::{Context, Waker};

pub(in crate::query) fn account(number: u8) -> ShareOwner {
    ShareOwner::Account(AccountId(Guid::from_random([number; 16])))
}

pub(in crate::query) fn turns(running: u64, waiting: u64, account: u64) -> Arc<Turns> {
    let shares = Shares::of(account, 100, 100);
    Arc::new(Turns::new(running, waiting, shares))
}

pub(in crate::query) async fn take(turns: &Arc<Turns>, owner: ShareOwner) -> Result<Turn, Refusal> {
    turns.take(owner, &Arc::from("IBMid-a")).await
}

pub(in crate::query) fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
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
    for waiter in &mut wait {
        assert!(poll(waiter.as_mut()).is_pending());
    }
    let refused = take(&turns, account(1)).await.unwrap_err();
    assert_eq!(refused.0.limit, Some(&limit::ACCOUNT_SHARE_PERCENT));
    assert!(refused.0.message.contains("queued_queries"), "{refused:?}");
    let _other = take(&turns, account(2)).await.unwrap();
}

#[tokio::test]
async fn a_query_that_leaves_the_queue_is_forgotten() {
    let turns = turns(1, 1, 100);
    let running = take(&turns, account(1)).await.unwrap();
    {
        let mut gone = pin!(take(&turns, account(1)));
        assert!(poll(gone.as_mut()).is_pending());
        assert_eq!(turns.waiting(), 1);
    }
    assert_eq!(turns.waiting(), 0);
    {
        // It was given a turn, and dropped before it could take it.
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
    for (_, waiter) in &mut waiting {
        assert!(poll(waiter.as_mut()).is_pending());
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
        for (at, (person, waiter)) in waiting.iter_mut().enumerate() {
            if let Poll::Ready(turn) = poll(waiter.as_mut()) {
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

/// A query at the head of the queue whose account is at its share must not block the account the rest is reserved for.
#[tokio::test]
async fn what_is_reserved_for_small_accounts_reaches_them_in_the_queue_as_well() {
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

/// A query that keeps waiting keeps its memory, for an answer that nobody reads.
#[tokio::test]
async fn a_query_that_ends_while_its_turn_is_lent_stops_waiting_for_it() {
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
        let person = Arc::from("IBMid-b");
        state.start(account(2), &person);
        drop(state);
        Turn {
            turns: Arc::clone(&turns),
            owner: account(2),
            person,
        }
    };
    assert!(poll(lent.as_mut()).is_pending());
    assert!(turns.has_waiting_query());
    go.send(()).unwrap();
    assert!(matches!(poll(lent.as_mut()), Poll::Ready(((), None))));
    assert!(!turns.has_waiting_query());
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

/// As many as come back from their readers at once leave the places of the queue to those that have not begun.
#[tokio::test]
async fn a_query_back_from_its_reader_takes_no_place_in_the_queue() {
    let turns = turns(1, 1, 100);
    let (mut read, mut back) = (Vec::new(), Vec::new());
    for number in 1..=3 {
        let turn = take(&turns, account(number)).await.unwrap();
        let (done, reading) = oneshot::channel::<()>();
        let mut lent = Box::pin(turn.lend(reading, pending()));
        assert!(poll(lent.as_mut()).is_pending());
        read.push(done);
        back.push(lent);
    }
    let other = take(&turns, account(4)).await.unwrap();
    for done in read {
        done.send(()).unwrap();
    }
    for lent in &mut back {
        assert!(poll(lent.as_mut()).is_pending());
    }
    assert_eq!(turns.waiting(), 0);
    assert!(turns.has_waiting_query());
    let mut unbegun = pin!(take(&turns, account(5)));
    assert!(poll(unbegun.as_mut()).is_pending(), "a place is left");
    drop(other);
    for lent in &mut back {
        let Poll::Ready((Ok(()), Some(turn))) = poll(lent.as_mut()) else {
            panic!("they come back one after the other");
        };
        drop(turn);
    }
    assert!(poll(unbegun.as_mut()).is_ready());
    assert_eq!(turns.waiting(), 0);
    assert!(!turns.has_waiting_query());
}
