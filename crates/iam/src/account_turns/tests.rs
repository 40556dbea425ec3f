use super::*;
use base::id::{Guid, UserId};
use base::limit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

const LIMITS: TurnLimits = TurnLimits {
    at_once: &limit::LISTS_AT_ONCE_PER_ACCOUNT,
    waiting: &limit::LISTS_WAITING_PER_ACCOUNT,
    waiting_per_identity: &limit::LISTS_WAITING_PER_IDENTITY,
};

fn account(number: u8) -> AccountId {
    AccountId(Guid::from_random([number; 16]))
}

fn user(number: u8) -> Principal {
    Principal::User(UserId(Guid::from_random([number; 16])))
}

type Waiting<'t> = Pin<Box<dyn Future<Output = Result<AccountTurn, TooManyWait>> + 't>>;

fn polled<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// So many of the first account that wait.
fn fill(turns: &AccountTurns, holder: impl Into<TurnHolder>, number: u64) -> Vec<Waiting<'_>> {
    let holder = holder.into();
    let waiting = (0..number).map(|_| {
        let mut one: Waiting<'_> = Box::pin(turns.take(account(1), holder.clone()));
        assert!(polled(one.as_mut()).is_pending());
        one
    });
    waiting.collect()
}

async fn all_taken(turns: &AccountTurns) -> Vec<AccountTurn> {
    let mut taken = Vec::new();
    for _ in 0..LIMITS.at_once.default {
        taken.push(turns.take(account(1), user(1)).await.unwrap());
    }
    taken
}

fn waiting_by_holder(turns: &AccountTurns) -> HashMap<TurnHolder, u64> {
    let turns = turns.of(account(1));
    let waiting = turns.waiting.lock().unwrap();
    waiting.clone()
}

#[tokio::test]
async fn an_account_has_so_many_turns_and_only_so_many_wait_for_them() {
    let turns = AccountTurns::new(LIMITS);
    let _taken = all_taken(&turns).await;
    let share = LIMITS.waiting_per_identity.default;
    let mut waiting = Vec::new();
    for number in 1..=4 {
        waiting.extend(fill(&turns, user(number), share));
    }
    let refused = turns.take(account(1), user(5)).await.unwrap_err();
    let full = TooManyWait {
        limit: LIMITS.waiting,
        taken: TakenPlaces::OfAccount,
    };
    assert_eq!(refused, full);
    // Another account waits for none of it.
    let _other = turns.take(account(2), user(5)).await.unwrap();
    // One that gives up leaves a place.
    waiting.pop();
    let _newcomer = fill(&turns, user(5), 1);
}

#[tokio::test]
async fn an_identity_takes_its_share_of_the_places_and_leaves_the_others() {
    let turns = AccountTurns::new(LIMITS);
    let _taken = all_taken(&turns).await;
    let mut waiting = fill(&turns, user(1), LIMITS.waiting_per_identity.default);
    let refused = turns.take(account(1), user(1)).await.unwrap_err();
    let full = TooManyWait {
        limit: LIMITS.waiting_per_identity,
        taken: TakenPlaces::OfHolder(user(1).into()),
    };
    assert_eq!(refused, full);
    // Elsewhere it has a share of its own, and its colleagues have theirs here.
    let _elsewhere = turns.take(account(2), user(1)).await.unwrap();
    let _colleague = fill(&turns, user(2), 1);
    // One that gives up leaves a place of the share.
    waiting.pop();
    let _next = fill(&turns, user(1), 1);
}

/// A pod that asked for four tokens of itself had the places of the whole account.
#[tokio::test]
async fn the_tokens_of_workloads_leave_half_of_the_places() {
    let turns = AccountTurns::new(LIMITS);
    let _taken = all_taken(&turns).await;
    let pod = |token| TurnHolder::Workload {
        resource: "pod".to_owned(),
        token: [token; 32],
    };
    let half = LIMITS.waiting.default / 2;
    let mut waiting = Vec::new();
    for token in 0..u8::try_from(half).unwrap() {
        waiting.extend(fill(&turns, pod(token), 1));
    }
    let refused = turns.take(account(1), pod(u8::MAX)).await.unwrap_err();
    let full = TooManyWait {
        limit: LIMITS.waiting,
        taken: TakenPlaces::OfWorkloads,
    };
    assert_eq!(refused, full);
    assert_eq!(
        full.allowed(),
        "16, half of `lists_waiting_per_account` = 32"
    );
    let _colleague = fill(&turns, user(1), LIMITS.waiting_per_identity.default);
}

#[tokio::test]
async fn a_turn_that_comes_back_goes_to_the_first_that_still_waits() {
    let turns = AccountTurns::new(LIMITS);
    let mut taken = all_taken(&turns).await;
    let mut gone = fill(&turns, user(1), 1);
    let mut first = fill(&turns, user(2), 1);
    let mut second = fill(&turns, user(1), 1);
    gone.clear();
    taken.pop();
    // Nor does it go to one that comes only now.
    let mut newcomer = fill(&turns, user(3), 1);
    assert!(polled(second[0].as_mut()).is_pending());
    let Poll::Ready(Ok(turn)) = polled(first[0].as_mut()) else {
        panic!("the first that waits has no turn");
    };
    drop(turn);
    assert!(polled(newcomer[0].as_mut()).is_pending());
    assert!(polled(second[0].as_mut()).is_ready());
}

#[tokio::test]
async fn what_completes_work_waits_where_no_further_work_may() {
    let turns = AccountTurns::new(LIMITS);
    let mut taken = all_taken(&turns).await;
    let mut waiting = fill(&turns, user(1), LIMITS.waiting_per_identity.default);
    turns.take(account(1), user(1)).await.unwrap_err();
    let mut last = pin!(turns.take_to_complete(account(1)));
    assert!(polled(last.as_mut()).is_pending());
    waiting.clear();
    taken.clear();
    assert!(polled(last.as_mut()).is_ready());
}

#[tokio::test]
async fn what_ends_credentials_is_not_refused_and_waits_for_its_own_beyond_its_share() {
    let turns = AccountTurns::new(LIMITS);
    let mut taken = all_taken(&turns).await;
    let share = LIMITS.waiting_per_identity.default;
    let mut changes = fill(&turns, user(1), share);
    turns.take(account(1), user(1)).await.unwrap_err();
    let end = |identity: Principal| {
        let mut one = Box::pin(turns.take_to_end(account(1), identity));
        assert!(polled(one.as_mut()).is_pending());
        one
    };
    let mut ends: Vec<_> = (0..share).map(|_| end(user(1))).collect();
    let mut beyond = end(user(1));
    let mut colleague = end(user(2));
    changes.clear();
    taken.clear();
    // Each gives its turn back at once.
    for one in &mut ends {
        assert!(polled(one.as_mut()).is_ready());
    }
    assert!(polled(colleague.as_mut()).is_ready());
    assert!(polled(beyond.as_mut()).is_ready());
}

#[tokio::test]
async fn who_ends_more_than_its_share_keeps_no_colleague_waiting_for_it() {
    let turns = AccountTurns::new(LIMITS);
    let mut taken = all_taken(&turns).await;
    let mut ends = Vec::new();
    for _ in 0..LIMITS.waiting_per_identity.default + 1 {
        let mut one = Box::pin(turns.take_to_end(account(1), user(1)));
        assert!(polled(one.as_mut()).is_pending());
        ends.push(one);
    }
    let mut colleague = fill(&turns, user(2), 1);
    let mut beyond = ends.pop().unwrap();
    // All others before the colleague leave: then it is the colleague's turn, and not that of the one beyond the share.
    ends.clear();
    assert!(polled(beyond.as_mut()).is_pending());
    taken.pop();
    let turn = polled(colleague[0].as_mut());
    assert!(turn.is_ready());
    assert!(polled(beyond.as_mut()).is_pending());
    drop(turn);
    assert!(polled(beyond.as_mut()).is_ready());
}

#[tokio::test]
async fn each_workload_of_a_profile_has_a_share() {
    let turns = AccountTurns::new(LIMITS);
    let _taken = all_taken(&turns).await;
    let pod = |number: u8| TurnHolder::Workload {
        resource: "prod/sender".to_owned(),
        token: [number; 32],
    };
    let mut waiting = Vec::new();
    for number in 1..=2 {
        for _ in 0..LIMITS.waiting_per_identity.default {
            let mut one: Waiting<'_> = Box::pin(turns.take(account(1), pod(number)));
            assert!(polled(one.as_mut()).is_pending());
            waiting.push(one);
        }
    }
    let refused = turns.take(account(1), pod(1)).await.unwrap_err();
    assert_eq!(refused.taken, TakenPlaces::OfHolder(pod(1)));
    assert_eq!(pod(1).to_string(), "compute resource prod/sender");
}

#[tokio::test]
async fn the_last_that_waits_leaves_no_place_taken() {
    let turns = AccountTurns::new(LIMITS);
    let mut taken = all_taken(&turns).await;
    let gone = fill(&turns, user(1), 2);
    let mut served = fill(&turns, user(2), 1);
    let counts = HashMap::from([(user(1).into(), 2), (user(2).into(), 1)]);
    assert_eq!(waiting_by_holder(&turns), counts);
    drop(gone);
    taken.pop();
    let turn = polled(served[0].as_mut());
    assert!(turn.is_ready());
    assert_eq!(waiting_by_holder(&turns), HashMap::new());
}

#[tokio::test]
async fn accounts_without_work_are_forgotten() {
    let turns = AccountTurns::new(LIMITS);
    for number in 0..100 {
        drop(turns.take(account(number), user(1)).await.unwrap());
    }
    let all = turns.accounts.lock().unwrap();
    assert!(all.len() <= 2, "{all:?}");
}

#[test]
fn an_identity_has_a_quarter_of_the_waiting_places() {
    for (share, all) in [
        (
            limit::LISTS_WAITING_PER_IDENTITY,
            limit::LISTS_WAITING_PER_ACCOUNT,
        ),
        (
            limit::CHANGES_WAITING_PER_IDENTITY,
            limit::CHANGES_WAITING_PER_ACCOUNT,
        ),
        (
            limit::LOGINS_WAITING_PER_IDENTITY,
            limit::LOGINS_WAITING_PER_ACCOUNT,
        ),
    ] {
        assert_eq!(share.default * 4, all.default, "{}", share.name);
    }
}
