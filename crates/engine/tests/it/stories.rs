//! The promises of the store, one story each.

use crate::fetching::Fetching;
use crate::support::{
    DAY, MINUTE, NOON, batch, config, delete, fetch_in, figure, find, find_in, open, open_with,
    range, read, scope, scope_with, send,
};
use base::context::{Budget, Context, Resource, Stop};
use base::sample::RejectReason;
use base::scope::{Action, Actions};
use base::selector::Selector;
use base::store::{DeleteQuery, Durability, FetchQuery, FindQuery, SampleStore, Shape, StoreError};
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::Storage;
use engine::storage::disk::Disk;
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::path::Path;
use std::sync::Arc;

#[test]
fn the_last_write_wins_wherever_the_first_one_is() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(&engine, 1, &[("a.b", NOON, 1.0), ("a.b", NOON, 2.0)]);
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 2.0)]);
    engine.flush().unwrap();
    send(&engine, 1, &[("a.b", NOON + 1, 9.0), ("a.b", NOON, 3.0)]);
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 3.0), (NOON + 1, 9.0)]);
    engine.flush().unwrap();
    assert_eq!(read(&engine, 1, "a.b"), [(NOON, 3.0), (NOON + 1, 9.0)]);
    drop(engine);
    assert_eq!(
        read(&open(&storage), 1, "a.b"),
        [(NOON, 3.0), (NOON + 1, 9.0)]
    );
}

/// The pieces of a large batch are one batch: what one replaces of another is counted once.
#[test]
fn what_a_batch_replaces_of_itself_is_counted() {
    let engine = open(&Faulty::new(1));
    let many: Vec<(String, i64, f64)> = (0..3000)
        .map(|at| (format!("a{}", at % 1000), NOON, f64::from(at)))
        .collect();
    let named: Vec<(&str, i64, f64)> = many
        .iter()
        .map(|(n, at, v)| (n.as_str(), *at, *v))
        .collect();
    let appended = send(&engine, 1, &named);
    assert_eq!((appended.stored, appended.overwritten), (1000, 2000));
    let appended = send(&engine, 1, &[("a1", NOON, 0.0), ("a1", NOON + 1, 0.0)]);
    assert_eq!((appended.stored, appended.overwritten), (2, 0));
}

#[test]
fn tenants_never_meet() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(&engine, 1, &[("a.b", NOON, 1.0), ("only.one", NOON, 1.0)]);
    send(&engine, 2, &[("a.b", NOON, 2.0), ("only.two", NOON, 2.0)]);
    for flushed in [false, true] {
        if flushed {
            engine.flush().unwrap();
        }
        assert_eq!(read(&engine, 1, "a.b"), [(NOON, 1.0)]);
        assert_eq!(read(&engine, 2, "a.b"), [(NOON, 2.0)]);
        assert_eq!(find(&engine, 1, "only.*"), ["only.one leaf"]);
        assert_eq!(find(&engine, 3, "*"), [""; 0]);
        assert_eq!(fetch_in(&engine, 2, "only.*", TimeRange::ALL).len(), 1);
    }
    assert_eq!(delete(&engine, 1, "*", None), 2);
    assert_eq!(delete(&engine, 1, "*", Some(TimeRange::ALL)), 0);
    engine.flush().unwrap();
    assert_eq!(find(&engine, 1, "*"), [""; 0]);
    assert_eq!(read(&engine, 2, "a.b"), [(NOON, 2.0)]);
    assert_eq!(read(&engine, 2, "only.two"), [(NOON, 2.0)]);
}

#[test]
fn every_question_asks_for_its_own_right() {
    let engine = open(&Faulty::new(1));
    let selector = Selector::parse("*").unwrap();
    let terms = Context::unlimited();
    for held in Action::ALL {
        let scope = scope_with(1, Actions::of(&[held]));
        let forbidden =
            |result: Result<(), StoreError>| matches!(result, Err(StoreError::Forbidden(_)));
        let find = FindQuery {
            selector: &selector,
            range: None,
            labelled: true,
        };
        let fetch = FetchQuery {
            selector: &selector,
            shape: Shape::Raw(TimeRange::ALL),
        };
        let delete = DeleteQuery {
            selector: &selector,
            range: None,
            exact: false,
            dry_run: true,
            names: 0,
        };
        let refused = [
            forbidden(
                engine
                    .append(&scope, &batch(&[]), Durability::Buffered)
                    .map(drop),
            ),
            forbidden(engine.fetch(&scope, &fetch, &terms).map(drop)),
            forbidden(engine.find(&scope, &find, &terms).map(drop)),
            forbidden(engine.delete(&scope, &delete, &terms).map(drop)),
        ];
        for (action, refused) in Action::ALL.into_iter().zip(refused) {
            assert_eq!(refused, action != held, "{action:?} with {held:?}");
        }
    }
}

#[test]
fn what_cannot_be_stored_is_refused_with_its_reason_and_place() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let small = EngineConfig {
        retention_days: 2,
        series_per_tenant: 2,
        ..config()
    };
    let engine = open_with(small, &Faulty::new(1), &clock).unwrap().0;
    let appended = send(
        &engine,
        1,
        &[
            ("a", NOON - 2 * DAY, 1.0),
            ("a", NOON - 2 * DAY - 1, 1.0),
            ("b", NOON + 60 * MINUTE, 1.0),
            ("b", NOON + 60 * MINUTE + 1, 1.0),
            ("c", NOON, 1.0),
            ("a", NOON, 1.0),
        ],
    );
    assert_eq!(appended.stored, 3);
    assert_eq!(
        appended.rejected,
        [
            (1, RejectReason::TooOld { retention_days: 2 }),
            (
                3,
                RejectReason::TooNew {
                    allowed_minutes: 60
                }
            ),
            (4, RejectReason::SeriesLimit { limit: 2 }),
        ]
    );
    assert_eq!(
        send(&engine, 2, &[("c", NOON, 1.0)]).stored,
        1,
        "the limit is each tenant's own"
    );
    delete(&engine, 1, "b", None);
    assert_eq!(send(&engine, 1, &[("c", NOON, 1.0)]).stored, 1);
}

#[test]
fn a_deleted_series_comes_back_without_its_past() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(
        &engine,
        1,
        &[
            ("a.b", NOON - DAY, 1.0),
            ("a.b.c", NOON, 1.0),
            ("a.d", NOON, 1.0),
        ],
    );
    engine.flush().unwrap();
    send(&engine, 1, &[("a.b", NOON, 2.0)]);
    let selector = Selector::parse("a.b").unwrap();
    let dry = DeleteQuery {
        selector: &selector,
        range: None,
        exact: false,
        dry_run: true,
        names: 0,
    };
    assert_eq!(
        engine
            .delete(&scope(1), &dry, &Context::unlimited())
            .unwrap()
            .series,
        2
    );
    assert_eq!(find(&engine, 1, "a.*"), ["a.b leaf branch", "a.d leaf"]);
    assert_eq!(
        delete(&engine, 1, "a.b", None),
        2,
        "the node and what lies below"
    );
    assert_eq!(find(&engine, 1, "a.*"), ["a.d leaf"]);
    let engine = {
        let after = storage.crash();
        drop(engine);
        open(&after)
    };
    assert_eq!(find(&engine, 1, "a.*"), ["a.d leaf"]);
    send(&engine, 1, &[("a.b", NOON + 1, 3.0)]);
    assert_eq!(read(&engine, 1, "a.b"), [(NOON + 1, 3.0)]);
    engine.flush().unwrap();
    assert_eq!(read(&engine, 1, "a.b"), [(NOON + 1, 3.0)]);
}

#[test]
fn a_range_is_gone_and_can_be_written_again() {
    let engine = open(&Faulty::new(1));
    let minutes = |range: std::ops::Range<i64>| -> Vec<(&str, i64, f64)> {
        range
            .map(|at| ("a.b", NOON + at * MINUTE, at as f64))
            .collect()
    };
    send(&engine, 1, &minutes(0..5));
    engine.flush().unwrap();
    send(&engine, 1, &minutes(5..10));
    assert_eq!(
        delete(
            &engine,
            1,
            "*",
            Some(range(NOON + 2 * MINUTE, NOON + 7 * MINUTE))
        ),
        1
    );
    send(&engine, 1, &[("a.b", NOON + 3 * MINUTE, 33.0)]);
    let expected = [0.0, 1.0, 33.0, 8.0, 9.0];
    for _ in 0..3 {
        let values: Vec<f64> = read(&engine, 1, "a.b")
            .into_iter()
            .map(|(_, value)| value)
            .collect();
        assert_eq!(values, expected);
        engine.flush().unwrap();
        engine.compact().unwrap();
    }
    assert!(
        figure(&engine, "tombstones") < 1.0,
        "the merge has purged what they hid"
    );
    assert_eq!(find(&engine, 1, "*"), ["a branch"], "the series stays");
}

#[test]
fn deleted_bytes_leave_the_disk_with_the_next_merge() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(&engine, 1, &[("a.b", NOON, 1.0), ("a.c", NOON - DAY, 1.0)]);
    engine.flush().unwrap();
    assert_eq!(
        storage.list(Path::new("/samples/segments")).unwrap(),
        ["2026-11-22", "2026-11-23"]
    );
    delete(&engine, 1, "a.b", None);
    engine.compact().unwrap();
    assert_eq!(
        storage.list(Path::new("/samples/segments")).unwrap(),
        ["2026-11-22"]
    );
    assert_eq!(read(&engine, 1, "a.c"), [(NOON - DAY, 1.0)]);
}

#[test]
fn find_by_range_goes_by_days() {
    let engine = open(&Faulty::new(1));
    send(
        &engine,
        1,
        &[("a.old", NOON - 3 * DAY, 1.0), ("a.new", NOON, 1.0)],
    );
    for _ in 0..2 {
        assert_eq!(
            find_in(&engine, 1, "a.*", Some(range(NOON - 1, NOON))),
            ["a.new leaf"]
        );
        assert_eq!(
            find_in(&engine, 1, "*", Some(range(NOON - 3 * DAY, NOON - 2 * DAY))),
            ["a branch"]
        );
        assert_eq!(
            find_in(&engine, 1, "*", Some(range(NOON - 2 * DAY, NOON - DAY))),
            [""; 0]
        );
        engine.flush().unwrap();
    }
}

#[test]
fn a_deletion_of_part_of_a_day_shows_in_find_after_the_merge() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    send(
        &engine,
        1,
        &[("a.b", NOON, 1.0), ("a.c", NOON, 1.0), ("a.d", NOON, 1.0)],
    );
    engine.flush().unwrap();
    let around_noon = Some(range(NOON - MINUTE, NOON + MINUTE));
    delete(&engine, 1, "a.{b,c}", around_noon);
    send(&engine, 1, &[("a.c", NOON + 2 * MINUTE, 1.0)]);
    engine.compact().unwrap();
    let expected = ["a.c leaf", "a.d leaf"];
    assert_eq!(find_in(&engine, 1, "a.*", around_noon), expected);
    drop(engine);
    let engine = open(&storage);
    assert_eq!(find_in(&engine, 1, "a.*", around_noon), expected);
    assert_eq!(find(&engine, 1, "a.*").len(), 3);
}

fn refused(outcome: Result<(), StoreError>, resource: Resource, limit_value: u64) {
    match outcome {
        Err(StoreError::Stopped(Stop::Budget {
            limit,
            needed,
            allowed,
        })) => {
            assert_eq!((limit, allowed), (resource.limit(), limit_value));
            assert!(needed > limit_value, "{needed}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_query_beyond_its_limits_is_refused() {
    let engine = open(&Faulty::new(1));
    send(
        &engine,
        1,
        &[("a", NOON, 1.0), ("a", NOON + 1, 1.0), ("b", NOON, 1.0)],
    );
    let selector = Selector::parse("*").unwrap();
    for _ in 0..2 {
        let fetch = |series, samples| {
            let context = Context::new(Budget {
                series,
                samples,
                ..Budget::UNLIMITED
            });
            let query = FetchQuery {
                selector: &selector,
                shape: Shape::Raw(TimeRange::ALL),
            };
            engine.fetch(&scope(1), &query, &context).map(drop)
        };
        assert!(fetch(2, 3).is_ok());
        refused(fetch(1, 3), Resource::Series, 1);
        refused(fetch(2, 2), Resource::Samples, 2);
        let find = FindQuery {
            selector: &selector,
            range: None,
            labelled: true,
        };
        let context = Context::new(Budget {
            nodes: 1,
            ..Budget::UNLIMITED
        });
        let found = engine.find(&scope(1), &find, &context).map(drop);
        refused(found, Resource::Nodes, 1);
        engine.flush().unwrap();
    }
}

#[test]
fn days_past_the_retention_go_with_their_names() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let short = EngineConfig {
        retention_days: 3,
        ..config()
    };
    let engine = open_with(short.clone(), &storage, &clock).unwrap().0;
    send(
        &engine,
        1,
        &[
            ("a.old", NOON - 2 * DAY, 1.0),
            ("a.both", NOON - 2 * DAY, 1.0),
            ("a.both", NOON, 2.0),
        ],
    );
    engine.flush().unwrap();
    clock.advance(2 * DAY);
    engine.flush().unwrap();
    assert_eq!(find(&engine, 1, "a.*"), ["a.both leaf"]);
    assert_eq!(read(&engine, 1, "a.both"), [(NOON, 2.0)]);
    drop(engine);
    let engine = open_with(short, &storage, &clock).unwrap().0;
    assert_eq!(find(&engine, 1, "a.*"), ["a.both leaf"]);
    assert_eq!(
        storage.list(Path::new("/samples/segments")).unwrap(),
        ["2026-11-23"]
    );
}

#[test]
fn many_flushes_of_a_day_stay_few_files() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    for round in 0..40 {
        send(
            &engine,
            1,
            &[
                ("a.b", NOON - round * MINUTE, round as f64),
                (&format!("n.{round}"), NOON, 1.0),
            ],
        );
        engine.flush().unwrap();
        engine.compact().unwrap();
    }
    assert!(figure(&engine, "segments") <= 8.0);
    assert!(storage.list(Path::new("/samples/names")).unwrap().len() <= 16);
    assert_eq!(storage.list(Path::new("/samples/wal")).unwrap().len(), 1);
    assert_eq!(read(&engine, 1, "a.b").len(), 40);
    drop(engine);
    let engine = open(&storage);
    assert_eq!(find(&engine, 1, "n.*").len(), 40);
    assert_eq!(read(&engine, 1, "a.b").len(), 40);
}

#[test]
fn readers_see_whole_batches_while_others_write_and_flush() {
    let engine = open(&Faulty::new(1));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for round in 0..200_i64 {
                send(
                    &engine,
                    1,
                    &[("a.x", NOON + round, 1.0), ("a.y", NOON + round, 1.0)],
                );
                if round % 20 == 0 {
                    engine.flush().unwrap();
                }
            }
            done.store(true, std::sync::atomic::Ordering::SeqCst);
        });
        while !done.load(std::sync::atomic::Ordering::SeqCst) {
            let series = fetch_in(&engine, 1, "a.*", TimeRange::ALL);
            if let [x, y] = series.as_slice() {
                assert_eq!(x.timestamps, y.timestamps);
            } else {
                assert!(series.is_empty());
            }
        }
    });
    assert_eq!(read(&engine, 1, "a.y").len(), 200);
}

#[test]
fn it_is_the_same_on_a_real_disk() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("data/samples");
    let start = || {
        let clock = Arc::new(ManualClock::at(Millis(NOON)));
        Engine::open(EngineConfig::new(&dir), clock, Arc::new(Disk)).unwrap()
    };
    let (engine, _) = start();
    let samples: Vec<(&str, i64, f64)> = (0..5000)
        .map(|at| ("a.b", NOON - at * 10_000, at as f64 / 8.0))
        .collect();
    send(&engine, 1, &samples);
    engine.flush().unwrap();
    send(&engine, 1, &[("a.b", NOON, 0.5), ("a.c", NOON, 1.0)]);
    delete(&engine, 1, "a.c", None);
    drop(engine);
    std::fs::write(
        dir.join("segments/2026-11-23/0000009999.seg"),
        b"half a flush",
    )
    .unwrap();
    let (engine, report) = start();
    assert_eq!(report.orphans.len(), 1);
    assert_eq!(report.wal_samples, 2);
    assert_eq!(read(&engine, 1, "a.b").len(), 5000);
    assert_eq!(read(&engine, 1, "a.b").last(), Some(&(NOON, 0.5)));
    assert_eq!(find(&engine, 1, "a.*"), ["a.b leaf"]);
}
