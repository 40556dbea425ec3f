//! The budget is kept to the byte, whatever samples arrive at the same time, and parted among accounts.

use super::{BUDGET, opened, until};
use crate::support::{NOON, batch, figure, scope, scope_with};
use base::id::{AccountId, Guid};
use base::scope::{Action, Actions, Scope};
use base::store::{Durability, SampleStore, StoreError};
use engine::Engine;
use std::sync::atomic::{AtomicU64, Ordering};

/// One sample of each of `count` series that nobody has written to.
fn one_each(engine: &Engine, scope: &Scope, first: u32, count: u32) -> Result<u64, StoreError> {
    let names: Vec<String> = (first..first + count)
        .map(|index| format!("new.{index}"))
        .collect();
    let samples: Vec<(&str, i64, f64)> = names
        .iter()
        .map(|name| (name.as_str(), NOON, 1.0))
        .collect();
    let stored = engine.append(scope, &batch(&samples), Durability::Buffered)?;
    Ok(stored.stored)
}

fn assert_head_bytes_at_most(engine: &Engine, bytes: u64) {
    let held = figure(engine, "head_bytes");
    assert!(held <= bytes as f64, "{held} of {bytes}");
}

/// One batch took six times the budget, and many at once passed on the same figure.
#[test]
fn series_of_one_sample_stay_in_the_budget_and_others_go_on_writing() {
    let (engine, gate) = opened(|_| {});
    gate.set(true);
    let huge = one_each(&engine, &scope(1), 0, 20_000);
    assert_head_bytes_at_most(&engine, BUDGET);
    assert!(huge.is_err(), "it cannot fit");
    assert_eq!(
        figure(&engine, "series"),
        0.0,
        "nothing of what was refused is stored"
    );
    let refused = AtomicU64::new(0);
    std::thread::scope(|threads| {
        let (engine, refused) = (&engine, &refused);
        for sender in 1..5 {
            threads.spawn(move || {
                for number in 0..200 {
                    if one_each(engine, &scope(1), sender * 100_000 + number * 100, 100).is_err() {
                        refused.fetch_add(1, Ordering::Relaxed);
                    }
                    assert_head_bytes_at_most(engine, BUDGET);
                }
            });
        }
        for number in 0..100 {
            let stored = one_each(engine, &scope(2), number, 1);
            assert_eq!(stored.unwrap(), 1, "write {number} of another");
        }
    });
    assert!(refused.into_inner() > 0, "nothing was flooded");
    gate.set(false);
}

/// A series' next block came with one small sample, for which nobody had asked whether there was room.
#[test]
fn samples_that_need_a_large_block_stay_in_the_budget() {
    let (engine, gate) = opened(|_| {});
    gate.set(true);
    // A head of half of the budget is being written, and does not end.
    let mut first = 0;
    until("nobody flushes", || {
        if figure(&engine, "head_bytes") < BUDGET as f64 / 2.0 {
            first += 10;
            one_each(&engine, &scope(1), first, 10).unwrap();
        }
        gate.is_reached()
    });
    let names: Vec<String> = (0..90).map(|index| format!("own.{index}")).collect();
    let send = |from: i64, until: i64| {
        let samples: Vec<(&str, i64, f64)> = names
            .iter()
            .flat_map(|name| (from..until).map(|at| (name.as_str(), NOON + at, 1.0)))
            .collect();
        engine.append(&scope(2), &batch(&samples), Durability::Buffered)
    };
    // Five blocks of each series are full: the sixth is as large as all of them.
    for at in 0..228 {
        if send(at, at + 1).is_err() {
            break;
        }
    }
    for at in 228..232 {
        let _ = send(at, at + 1);
        assert_head_bytes_at_most(&engine, BUDGET);
    }
    gate.set(false);
}

fn of(tenant: u32, account: u8) -> Scope {
    let account = AccountId(Guid::from_random([account; 16]));
    scope_with(tenant, Actions::of(&Action::ALL)).owned_by(account)
}

/// An account had a share for each of its spaces.
#[test]
fn an_account_has_one_share_of_the_memory_however_many_tenants_it_has() {
    let (engine, gate) = opened(|_| {});
    gate.set(true);
    for tenant in 1..50 {
        for number in 0..50 {
            if one_each(&engine, &of(tenant, 1), number * 100, 100).is_err() {
                break;
            }
        }
    }
    assert_head_bytes_at_most(&engine, BUDGET * 3 / 4);
    for number in 0..100 {
        let stored = one_each(&engine, &of(100, 2), number, 1);
        assert_eq!(stored.unwrap(), 1, "write {number} of another account");
    }
    gate.set(false);
}
