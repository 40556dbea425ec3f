//! Against the naive way: everything that was spent, and when.

use super::*;
use proptest::prelude::*;

/// Takes whatever may be had, at each of these instants; how much that was.
fn greedy(rate: Rate, instants: impl Iterator<Item = i64>) -> u64 {
    let mut spent = TokenBucket::default();
    let mut taken = 0;
    for now in instants {
        let left = spent.left(rate, Millis(now));
        spent.spend(rate, Millis(now), left);
        taken += left;
    }
    taken
}

#[test]
fn an_hours_worth_comes_back_in_an_hour_however_often_it_is_asked() {
    for count in [2, 7, 10, 999, 3_000_000, 1 << 40] {
        let rate = Rate::per(count, 3_600_000);
        // What the first hour has is there from the beginning.
        for step in [1000, 777, 3_600_000] {
            let asked = (0..=7_200_000).step_by(step).chain([7_200_000]);
            assert_eq!(greedy(rate, asked), 3 * count, "{count} by {step}");
        }
    }
}

#[test]
fn many_in_a_millisecond_are_neither_none_nor_all() {
    let rate = Rate::per(120_000, 60_000);
    let mut spent = TokenBucket::default();
    spent.spend(rate, Millis(0), 120_000);
    assert_eq!(spent.take(rate, Millis(0)), Err(1));
    assert_eq!(spent.left(rate, Millis(1)), 2);
}

#[test]
fn what_is_owed_is_no_more_than_comes_back_in_time() {
    let rate = Rate::per(100, 1000);
    let mut spent = TokenBucket::default();
    spent.spend(rate, Millis(0), 1_000_000);
    spent.cap_debt(rate, 3000);
    // And one that may be had.
    assert_eq!(spent.wait(rate, Millis(0)), 3010);
    assert_eq!(spent.wait(rate, Millis(3010)), 0);
    // What is owed less stays.
    spent.cap_debt(rate, 3000);
    assert_eq!(spent.left(rate, Millis(3010)), 1);
}

#[test]
fn a_changed_rate_holds_at_once() {
    let mut spent = TokenBucket::default();
    let (few, many, none) = (Rate::per(2, 1000), Rate::per(5, 1000), Rate::per(0, 1000));
    spent.spend(few, Millis(0), 2);
    assert_eq!(spent.left(few, Millis(0)), 0);
    assert_eq!(spent.left(many, Millis(0)), 3);
    assert_eq!(
        (spent.left(none, Millis(0)), spent.wait(none, Millis(0))),
        (0, u64::MAX)
    );
    // Nothing came back while there was nothing to come.
    assert_eq!(spent.left(few, Millis(0)), 0);
}

#[test]
fn what_was_spent_at_a_larger_rate_is_owed_for_one_span() {
    let (large, small) = (Rate::per(1_000_000, 1000), Rate::per(10, 1000));
    let mut spent = TokenBucket::default();
    spent.spend(large, Millis(0), 1_000_000);
    spent.cap_debt_to_burst(small);
    assert_eq!(spent.left(small, Millis(0)), 0);
    assert_eq!(spent.left(small, Millis(500)), 5);
    assert_eq!(spent.left(small, Millis(1000)), 10);
}

#[test]
fn a_clock_that_goes_back_gives_nothing_and_locks_nobody_out() {
    let rate = Rate::one_each(1000, 3);
    let mut spent = TokenBucket::default();
    spent.spend(rate, Millis(9_000_000), 3);
    assert_eq!(spent.wait(rate, Millis(0)), 1000);
    assert_eq!(spent.take(rate, Millis(999)), Err(1));
    assert_eq!(spent.take(rate, Millis(1000)), Ok(()));
}

#[test]
fn the_ends_of_the_scale_are_no_panic() {
    for rate in [
        Rate::per(u64::MAX, u64::MAX),
        Rate::per(0, 0),
        Rate::one_each(u64::MAX, u64::MAX),
    ] {
        let mut spent = TokenBucket::default();
        for now in [i64::MIN, 0, i64::MAX, i64::MIN] {
            spent.spend(rate, Millis(now), u64::MAX);
            spent.left(rate, Millis(now));
            spent.wait(rate, Millis(now));
            spent.give_back(rate, u64::MAX);
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Later(u32),
    Take,
    Spend(u8),
    GiveBack,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..5000_u32).prop_map(Step::Later),
        Just(Step::Take),
        (0..5_u8).prop_map(Step::Spend),
        Just(Step::GiveBack),
    ]
}

proptest! {
    /// In fractions of a piece: a pool that fills evenly up to its burst.
    #[test]
    fn it_is_a_pool_that_fills_evenly(
        burst in 0..20_u64,
        millis in 1..3000_u64,
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let rate = Rate::one_each(millis, burst);
        let mut spent = TokenBucket::default();
        let whole = i128::from(millis);
        let (mut pool, full) = (i128::from(burst) * whole, i128::from(burst) * whole);
        let mut now = 1_000_000_i64;
        for step in steps {
            match step {
                Step::Later(by) => {
                    now += i64::from(by);
                    pool = full.min(pool + i128::from(by));
                }
                Step::Take => {
                    let taken = spent.take(rate, Millis(now));
                    if pool >= whole {
                        prop_assert_eq!(taken, Ok(()));
                        pool -= whole;
                    } else if burst == 0 {
                        prop_assert!(taken.is_err());
                    } else {
                        let wait = u64::try_from(whole - pool).unwrap();
                        prop_assert_eq!(taken, Err(wait));
                        // That long, and no shorter.
                        let mut later = spent;
                        let soon = now + i64::try_from(wait).unwrap();
                        prop_assert_eq!(later.wait(rate, Millis(soon - 1)), 1);
                        prop_assert_eq!(later.take(rate, Millis(soon)), Ok(()));
                    }
                }
                Step::Spend(pieces) => {
                    spent.spend(rate, Millis(now), u64::from(pieces));
                    pool -= i128::from(pieces) * whole;
                }
                Step::GiveBack => {
                    spent.give_back(rate, 1);
                    pool = full.min(pool + whole);
                }
            }
            let left = u64::try_from((pool.max(0)) / whole).unwrap();
            prop_assert_eq!(spent.left(rate, Millis(now)), left);
        }
    }
}
