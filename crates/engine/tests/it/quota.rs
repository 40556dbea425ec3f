//! The space that a tenant occupies, that its account has left, and the reserve of the disk.

use crate::support::{
    DAY, NOON, batch, config, delete, metering, open, open_with, range, scope, send,
};
use base::context::Context;
use base::limit;
use base::sample::RejectReason;
use base::store::{Durability, Outage, Remaining, SampleStore, SeriesQuota, Usage};
use base::time::{ManualClock, Millis};
use engine::EngineConfig;
use engine::storage::faulty::Faulty;
use std::sync::{Arc, Barrier, Mutex};

fn usage(engine: &engine::Engine, tenant: u32) -> Usage {
    engine.usage(&metering(tenant)).unwrap()
}

#[test]
fn new_series_are_made_as_far_as_the_account_has_some_left() {
    let engine = open(&Faulty::new(1));
    send(&engine, 1, &[("known", NOON, 1.0)]);
    let quota = SeriesQuota {
        new_series: Remaining::of(&limit::SERIES_PER_ACCOUNT, 2, 1),
        ..SeriesQuota::UNLIMITED
    };
    let samples = [
        ("known", NOON + 1, 1.0),
        ("new", NOON, 1.0),
        ("new", NOON + 1, 1.0),
        ("too_many", NOON, 1.0),
        ("known", NOON + 2, 1.0),
    ];
    let appended = engine
        .append_with_quota(
            &scope(1),
            &batch(&samples),
            Durability::Committed,
            &Mutex::new(quota),
        )
        .unwrap();
    assert_eq!((appended.stored, appended.created), (4, 1));
    let refused = RejectReason::AccountLimit {
        limit: limit::SERIES_PER_ACCOUNT,
        allowed: 2,
    };
    assert_eq!(appended.rejected, [(3, refused)]);
    assert_eq!(usage(&engine, 1).series, 2);
}

/// The names were bounded by their number alone, and a million of them may take 4 GB.
#[test]
fn new_series_are_made_as_far_as_their_tenant_has_bytes_for_names() {
    let mut storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let config = EngineConfig {
        name_bytes_per_tenant: 10,
        ..config()
    };
    let mut engine = open_with(config.clone(), &storage, &clock).unwrap().0;
    let refused = RejectReason::NameBytesLimit {
        limit: limit::NAME_BYTES_PER_TENANT,
        allowed: 10,
    };
    let appended = send(&engine, 1, &[("six.by", NOON, 1.0), ("longer", NOON, 1.0)]);
    assert_eq!(appended.rejected, [(1, refused.clone())]);
    assert_eq!(send(&engine, 2, &[("longer", NOON, 1.0)]).stored, 1);
    assert_eq!(send(&engine, 1, &[("four", NOON, 1.0)]).stored, 1);
    assert_eq!(send(&engine, 1, &[("six.by", NOON + 1, 1.0)]).stored, 1);
    // From the log and from name files they count as well.
    for is_flushed in [false, true] {
        if is_flushed {
            engine.flush().unwrap();
        }
        drop(engine);
        storage = storage.crash();
        engine = open_with(config.clone(), &storage, &clock).unwrap().0;
        let appended = send(&engine, 1, &[("x", NOON, 1.0)]);
        assert_eq!(appended.rejected, [(0, refused.clone())]);
    }
    delete(&engine, 1, "four", None);
    assert_eq!(send(&engine, 1, &[("five5", NOON, 1.0)]).rejected.len(), 1);
    assert_eq!(send(&engine, 1, &[("back", NOON, 1.0)]).stored, 1);
    engine
        .drop_tenant(&scope(1), &Context::unlimited())
        .unwrap();
    assert_eq!(
        send(&engine, 1, &[("ten_bytes_x", NOON, 1.0)])
            .rejected
            .len(),
        1
    );
    assert_eq!(send(&engine, 1, &[("ten_bytes_", NOON, 1.0)]).stored, 1);
}

/// An account has many tenants, and all of them have the memory of one process.
#[test]
fn new_series_are_made_as_far_as_all_tenants_together_have_bytes_for_names() {
    let mut storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let config = EngineConfig {
        name_bytes_in_all: 10,
        ..config()
    };
    let mut engine = open_with(config.clone(), &storage, &clock).unwrap().0;
    let refused = RejectReason::NameBytesLimit {
        limit: limit::NAME_BYTES_IN_ALL,
        allowed: 10,
    };
    assert_eq!(send(&engine, 1, &[("six.by", NOON, 1.0)]).stored, 1);
    let appended = send(&engine, 2, &[("longer", NOON, 1.0), ("four", NOON, 1.0)]);
    assert_eq!(appended.rejected, [(0, refused.clone())]);
    assert_eq!((appended.created, appended.created_name_bytes), (1, 4));
    // From the log and from name files they count as well, and known ones go on.
    for (restart, is_flushed) in [false, true].into_iter().enumerate() {
        if is_flushed {
            engine.flush().unwrap();
        }
        drop(engine);
        storage = storage.crash();
        engine = open_with(config.clone(), &storage, &clock).unwrap().0;
        assert_eq!(usage(&engine, 1).name_bytes, 6);
        assert_eq!(usage(&engine, 2).name_bytes, 4);
        let at = NOON + 1 + restart as i64;
        let appended = send(&engine, 3, &[("x", at, 1.0)]);
        assert_eq!(appended.rejected, [(0, refused.clone())]);
        assert_eq!(send(&engine, 1, &[("six.by", at, 1.0)]).stored, 1);
    }
    delete(&engine, 1, "six.by", None);
    assert_eq!(usage(&engine, 1).name_bytes, 0);
    assert_eq!(send(&engine, 3, &[("sixsix", NOON, 1.0)]).stored, 1);
}

/// In more than one piece, which is resolved part by part.
#[test]
fn the_bytes_of_names_that_an_account_has_left_are_those_of_the_whole_batch() {
    let engine = open(&Faulty::new(1));
    let names: Vec<String> = (0..5000).map(|at| format!("n{at:04}")).collect();
    let samples: Vec<(&str, i64, f64)> = names
        .iter()
        .map(|name| (name.as_str(), NOON, 1.0))
        .collect();
    let quota = SeriesQuota {
        name_bytes: Remaining::of(&limit::NAME_BYTES_PER_ACCOUNT, 30_000, 6000),
        ..SeriesQuota::UNLIMITED
    };
    let appended = engine
        .append_with_quota(
            &scope(1),
            &batch(&samples),
            Durability::Committed,
            &Mutex::new(quota),
        )
        .unwrap();
    assert_eq!(
        (appended.created, appended.created_name_bytes),
        (4800, 24_000)
    );
    let refused = RejectReason::AccountLimit {
        limit: limit::NAME_BYTES_PER_ACCOUNT,
        allowed: 30_000,
    };
    assert_eq!(appended.rejected.len(), 200);
    assert_eq!(appended.rejected.first(), Some(&(4800, refused)));
    assert_eq!(usage(&engine, 1).name_bytes, 24_000);
}

/// Each of two batches at once reserved what it might use, and the other was refused what fitted. Those who send without an answer, as
/// Graphite does, lost these samples.
#[test]
fn appends_at_once_make_all_series_for_which_there_is_room_and_no_more() {
    let engine = open(&Faulty::new(1));
    let known: Vec<String> = (0..100).map(|at| format!("known.{at}")).collect();
    let of_known = |at| -> Vec<(&str, i64, f64)> {
        known.iter().map(|name| (name.as_str(), at, 1.0)).collect()
    };
    send(&engine, 1, &of_known(NOON));
    // Room for as many series as are made below, and for not one of those that are known.
    let quota = Mutex::new(SeriesQuota {
        new_series: Remaining::of(&limit::SERIES_PER_ACCOUNT, 40, 0),
        name_bytes: Remaining::of(&limit::NAME_BYTES_PER_ACCOUNT, 40 * 4, 0),
        used_name_bytes: 0,
    });
    let rejected = |samples: &[(&str, i64, f64)]| {
        let (scope, samples) = (scope(1), batch(samples));
        let appended = engine.append_with_quota(&scope, &samples, Durability::Buffered, &quota);
        appended.unwrap().rejected.len()
    };
    let begin = Barrier::new(8);
    std::thread::scope(|threads| {
        for maker in 0..4 {
            let (rejected, of_known, begin) = (&rejected, &of_known, &begin);
            threads.spawn(move || {
                begin.wait();
                for round in 1..50 {
                    assert_eq!(rejected(&of_known(NOON + round)), 0);
                }
            });
            threads.spawn(move || {
                begin.wait();
                for series in 0..10 {
                    let name = format!("n{maker}.{series}");
                    assert_eq!(rejected(&[(name.as_str(), NOON, 1.0)]), 0);
                }
            });
        }
    });
    let left = *quota.lock().unwrap();
    assert_eq!((left.new_series.left, left.name_bytes.left), (0, 0));
    // Sixteen that want the last place: one gets it.
    quota.lock().unwrap().new_series.left = 1;
    quota.lock().unwrap().name_bytes.left = 6;
    let begin = Barrier::new(16);
    let refused: usize = std::thread::scope(|threads| {
        let (rejected, begin) = (&rejected, &begin);
        let senders: Vec<_> = (10..26)
            .map(|sender| {
                threads.spawn(move || {
                    let name = format!("last{sender}");
                    begin.wait();
                    rejected(&[(name.as_str(), NOON, 1.0)])
                })
            })
            .collect();
        let refused = senders.into_iter().map(|sender| sender.join().unwrap());
        refused.sum()
    });
    assert_eq!((refused, usage(&engine, 1).series), (15, 141));
}

#[test]
fn usage_is_the_same_in_memory_in_segments_and_after_a_restart() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    let two_days = [("a", NOON, 1.0), ("a", NOON - DAY, 2.0), ("b", NOON, 3.0)];
    send(&engine, 1, &two_days);
    send(&engine, 2, &[("a", NOON, 1.0)]);
    let counts = |engine: &engine::Engine| (usage(engine, 1).samples, usage(engine, 2).samples);
    assert_eq!(counts(&engine), (3, 1));
    assert_eq!(usage(&engine, 3), Usage::default());
    drop(engine);
    let engine = open(&storage);
    assert_eq!(counts(&engine), (3, 1), "replayed from the log");
    engine.flush().unwrap();
    assert_eq!(counts(&engine), (3, 1));
    assert!(usage(&engine, 1).bytes > usage(&engine, 2).bytes);
    send(&engine, 1, &[("a", NOON + 1, 1.0)]);
    engine.flush().unwrap();
    assert_eq!(counts(&engine), (4, 1));
    let before = usage(&engine, 1);
    delete(&engine, 1, "a", None);
    engine.compact().unwrap();
    let after = usage(&engine, 1);
    assert_eq!((after.series, after.samples), (1, 1));
    assert!(after.bytes < before.bytes);
    drop(engine);
    assert_eq!(usage(&open(&storage), 1), after);
}

#[test]
fn what_is_deleted_before_it_leaves_memory_counts_no_longer() {
    let engine = open(&Faulty::new(1));
    let samples = [("a", NOON, 1.0), ("a", NOON + 1, 1.0), ("b", NOON, 1.0)];
    send(&engine, 1, &samples);
    // Overwriting takes no more.
    send(&engine, 1, &[("a", NOON + 1, 2.0), ("b", NOON, 2.0)]);
    assert_eq!(usage(&engine, 1).samples, 3);
    delete(&engine, 1, "a", Some(range(NOON, NOON)));
    assert_eq!(usage(&engine, 1).samples, 2);
    delete(&engine, 1, "*", None);
    assert_eq!(usage(&engine, 1), Usage::default());
}

#[test]
fn below_the_reserve_samples_are_refused_and_deletions_are_not() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let reserving = EngineConfig {
        reserve_bytes: 1000,
        ..config()
    };
    let engine = open_with(reserving, &storage, &clock).unwrap().0;
    storage.set_free_bytes(1000);
    send(&engine, 1, &[("a", NOON, 1.0)]);
    storage.set_free_bytes(999);
    clock.advance(1000);
    let refused = engine.append(
        &scope(1),
        &batch(&[("a", NOON + 1, 1.0)]),
        Durability::Committed,
    );
    let refused = refused.unwrap_err();
    assert_eq!(refused.outage(), Some(Outage::DiskReserveReached));
    assert_eq!(
        refused.to_string(),
        "the disk has 999 bytes free, fewer than `storage.reserve_bytes` = 1000"
    );
    engine.health().unwrap();
    delete(&engine, 1, "a", None);
    engine.flush().unwrap();
    storage.set_free_bytes(2000);
    clock.advance(1000);
    assert_eq!(send(&engine, 1, &[("a", NOON + 1, 1.0)]).stored, 1);
}

/// Free space was asked for once a second, and a burst of that second could eat the reserve.
#[test]
fn a_burst_within_one_answer_of_the_file_system_leaves_the_reserve_alone() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let reserving = EngineConfig {
        reserve_bytes: 1000,
        ..config()
    };
    let engine = open_with(reserving, &storage, &clock).unwrap().0;
    // Plenty is free, and nobody else writes: what the log writes is subtracted.
    let (free, before) = (20_000, storage.used_bytes());
    storage.set_free_bytes(free);
    send(&engine, 1, &[("a", NOON, 1.0)]);
    let refused = (1..2000).any(|at| {
        let left = free.saturating_sub(storage.used_bytes() - before);
        storage.set_free_bytes(left);
        assert!(left > 900, "only {left} bytes are left");
        let sample = [("a", NOON + at, 1.0)];
        let outcome = engine.append(&scope(1), &batch(&sample), Durability::Committed);
        match outcome {
            Ok(_) => false,
            Err(error) => error.outage() == Some(Outage::DiskReserveReached),
        }
    });
    assert!(refused, "the burst went on");
    // The refusal is no less true while the answer is fresh, and is over when there is room and it is old.
    storage.set_free_bytes(0);
    clock.advance(1000);
    let sample = batch(&[("a", NOON, 2.0)]);
    assert!(
        engine
            .append(&scope(1), &sample, Durability::Committed)
            .is_err()
    );
    let health = engine.health();
    let refused = health.expect_err("nothing is free, and the store says that all is well");
    assert_eq!(refused.outage(), Some(Outage::DiskReserveReached));
    assert!(refused.to_string().contains("has 0 bytes free"));
    storage.set_free_bytes(20_000);
    clock.advance(1000);
    send(&engine, 1, &[("a", NOON, 2.0)]);
    engine.health().unwrap();
}
