//! Questions made to hurt: none of them keeps a writer waiting, each ends when it must, and each is told why.

use crate::fetching::Fetching;
use crate::support::{
    DAY, MINUTE, NOON, batch, config, delete, fetch_in, figure, find, find_in, metering, open,
    open_with, range, read, scope, send, send_to,
};
use base::context::{Budget, Context, Resource, Stop};
use base::name::SeriesName;
use base::sample::Batch;
use base::selector::Selector;
use base::store::{DeleteQuery, Durability, FetchQuery, FindQuery, SampleStore, Shape, StoreError};
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::faulty::Faulty;
use engine::{Engine, EngineConfig};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a test waits for what must come.
const LIMIT: Duration = Duration::from_secs(60);

/// Samples a stranger sends meanwhile.
const WRITES: i64 = 100;

/// More than may be looked at under the lock at one time.
const MANY: usize = 6000;

fn fill(engine: &Engine, names: impl Iterator<Item = String>, at: i64) {
    let names: Vec<String> = names.collect();
    for names in names.chunks(1000) {
        let mut batch = Batch::default();
        for name in names {
            batch.push(&SeriesName::parse(name).unwrap(), Millis(at), 1.0);
        }
        let appended = engine.append(&scope(1), &batch, Durability::Buffered);
        assert_eq!(appended.unwrap().stored, names.len() as u64);
    }
}

/// The attacker's patterns, and a name that each of them goes through.
fn worst() -> Vec<String> {
    vec![
        vec!["{a,b}"; 40].join("."),
        format!("c.*.{}z", "*y".repeat(480)),
        format!("c.*.{{{}}}", vec!["*y*z"; 500].join(",")),
        "c.*".to_owned(),
        "c.*.*".to_owned(),
    ]
}

/// Asks `query` again and again while another tenant writes one sample after another: each is acknowledged while questions go on,
/// and they end when they are cancelled. That a write waits for no part of one is for `held_reader.rs` to show.
fn write_beside(engine: &Arc<Engine>, query: impl Fn(&Engine, &Context) + Send + 'static) {
    let context = Arc::new(Context::unlimited());
    let asked = Arc::clone(&context);
    let (progress, asker_says) = mpsc::channel();
    let shared = Arc::clone(engine);
    std::thread::spawn(move || {
        progress.send("begun").unwrap();
        while !asked.cancel_flag().load(Ordering::Relaxed) {
            query(&shared, &asked);
        }
        let _ = progress.send("ended");
    });
    assert_eq!(asker_says.recv_timeout(LIMIT), Ok("begun"));
    let shared = Arc::clone(engine);
    let (stored, is_stored) = mpsc::channel();
    std::thread::spawn(move || {
        for minute in 0..WRITES {
            let sample = batch(&[("stranger", NOON - minute * MINUTE, 1.0)]);
            let appended = shared.append(&scope(2), &sample, Durability::Buffered);
            // Nobody listens where the test has failed.
            let _ = stored.send(appended.unwrap().stored);
        }
    });
    for _ in 0..WRITES {
        let stored = is_stored.recv_timeout(LIMIT);
        assert_eq!(stored, Ok(1), "a stranger's write waits for a query");
        assert!(engine.health().is_ok());
    }
    let report = asker_says.try_recv();
    assert_eq!(report, Err(mpsc::TryRecvError::Empty), "nobody asked");
    context.cancel_flag().store(true, Ordering::Relaxed);
    assert_eq!(asker_says.recv_timeout(LIMIT), Ok("ended"));
}

#[test]
fn regression_6_no_question_keeps_a_writer_waiting() {
    let engine = Arc::new(open(&Faulty::new(1)));
    send(&engine, 1, &[("a.b", NOON, 1.0)]);
    let long = |leaf| format!("c.host-{leaf:04}.{}", "y".repeat(900));
    fill(&engine, (0..1000).map(long), NOON);
    for text in worst() {
        let selector = Selector::parse(&text).unwrap();
        let query = move |engine: &Engine, context: &Context| {
            let find = FindQuery {
                selector: &selector,
                range: Some(TimeRange::ALL),
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
            let _ = engine.find(&scope(1), &find, context);
            let _ = engine.fetch(&scope(1), &fetch, context);
            let _ = engine.delete(&scope(1), &delete, context);
        };
        write_beside(&engine, query);
    }
}

#[test]
fn a_reader_that_takes_its_time_keeps_nobody_waiting() {
    let storage = Faulty::new(1);
    let engine = Arc::new(open(&storage));
    fill(&engine, (0..10).map(|leaf| format!("a.{leaf}")), NOON);
    engine.flush().unwrap();
    fill(
        &engine,
        (0..10).map(|leaf| format!("a.{leaf}")),
        NOON + MINUTE,
    );
    let selector = Selector::parse("a.*").unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let mut seen = Vec::new();
    let read_all = engine.fetch_each(&scope(1), &query, &Context::unlimited(), &mut |series| {
        if seen.is_empty() {
            // In the midst of it: writes, deletions, a flush, a merge.
            send_to(&engine, 1, "a.3", NOON + 2 * MINUTE, 9.0);
            assert_eq!(delete(&engine, 1, "a.5", None), 1);
            delete(&engine, 1, "a.7", Some(TimeRange::ALL));
            engine.flush().unwrap();
            engine.compact().unwrap();
        }
        seen.push((series.name().into_owned(), series.values.len()));
        ControlFlow::Continue(())
    });
    read_all.unwrap();
    let all: Vec<(String, usize)> = (0..10).map(|leaf| (format!("a.{leaf}"), 2)).collect();
    assert_eq!(seen, all, "the state of its beginning");
    assert_eq!(read(&engine, 1, "a.3").len(), 3);
    assert_eq!(find(&engine, 1, "a.5"), [""; 0]);

    let mut first = Vec::new();
    let broken_off = engine.fetch_each(&scope(1), &query, &Context::unlimited(), &mut |series| {
        first.push(series.name().into_owned());
        ControlFlow::Break(())
    });
    broken_off.unwrap();
    assert_eq!(first, ["a.0"]);
}

fn stop_of<T>(outcome: Result<T, StoreError>) -> Stop {
    match outcome.map(drop) {
        Err(StoreError::Stopped(stop)) => stop,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_question_ends_when_it_is_cancelled_and_when_its_time_is_over() {
    let engine = open(&Faulty::new(1));
    fill(&engine, (0..MANY).map(|leaf| format!("a.{leaf}")), NOON);
    let selector = Selector::parse("a.*").unwrap();
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
        dry_run: false,
        names: 0,
    };
    let cancelled = Context::unlimited();
    cancelled.cancel_flag().store(true, Ordering::Relaxed);
    let late = Context::unlimited().with_deadline(Instant::now(), Duration::from_secs(1));
    for (context, stop) in [(&cancelled, Stop::Cancelled), (&late, late.overdue())] {
        assert_eq!(stop_of(engine.find(&scope(1), &find, context)), stop);
        assert_eq!(stop_of(engine.fetch(&scope(1), &fetch, context)), stop);
        assert_eq!(stop_of(engine.delete(&scope(1), &delete, context)), stop);
    }
    // Also in the midst of it, long before its end.
    let context = Context::unlimited();
    let mut seen = 0_usize;
    let outcome = engine.fetch_each(&scope(1), &fetch, &context, &mut |_| {
        seen += 1;
        context.cancel_flag().store(true, Ordering::Relaxed);
        ControlFlow::Continue(())
    });
    assert_eq!(stop_of(outcome), Stop::Cancelled);
    assert!(seen < MANY / 2, "{seen}");
    assert_eq!(engine.usage(&metering(1)).unwrap().series, MANY as u64);
}

#[test]
fn a_question_beyond_its_steps_or_bytes_is_refused_with_figure_and_limit() {
    let engine = open(&Faulty::new(1));
    fill(&engine, (0..MANY).map(|leaf| format!("a.{leaf:04}")), NOON);
    let selector = Selector::parse("a.*9").unwrap();
    let refused = |stop: Stop, resource: Resource, limit_value: u64| {
        let Stop::Budget {
            limit,
            needed,
            allowed,
        } = stop
        else {
            panic!("{stop:?}")
        };
        assert_eq!((limit, allowed), (resource.limit(), limit_value));
        assert!(needed > limit_value && needed < 2 * limit_value, "{needed}");
    };
    let few = || {
        Context::new(Budget {
            steps: 2000,
            ..Budget::UNLIMITED
        })
    };
    let find = FindQuery {
        selector: &selector,
        range: None,
        labelled: true,
    };
    let delete = DeleteQuery {
        selector: &selector,
        range: None,
        exact: false,
        dry_run: false,
        names: 0,
    };
    let fetch = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    refused(
        stop_of(engine.find(&scope(1), &find, &few())),
        Resource::Steps,
        2000,
    );
    refused(
        stop_of(engine.fetch(&scope(1), &fetch, &few())),
        Resource::Steps,
        2000,
    );
    refused(
        stop_of(engine.delete(&scope(1), &delete, &few())),
        Resource::Steps,
        2000,
    );
    let narrow = Context::new(Budget {
        bytes: 1000,
        ..Budget::UNLIMITED
    });
    refused(
        stop_of(engine.find(&scope(1), &find, &narrow)),
        Resource::Bytes,
        1000,
    );
    assert_eq!(engine.usage(&metering(1)).unwrap().series, MANY as u64);
    // The limits' own defaults are far away.
    let honest = Context::new(Budget::default());
    assert_eq!(
        engine.find(&scope(1), &find, &honest).unwrap().len(),
        MANY / 10
    );
    assert!(honest.spent(Resource::Steps) < 4 * MANY as u64);
}

#[test]
fn what_directories_show_to_be_too_much_is_refused_before_anything_is_read() {
    let engine = open(&Faulty::new(1));
    for minute in 0..300 {
        let at = NOON - minute * MINUTE;
        send(
            &engine,
            1,
            &[("a.x", at, 1.0), ("a.y", at, 2.0), ("a.z", at, 3.0)],
        );
    }
    engine.flush().unwrap();
    let selector = Selector::parse("a.*").unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let budget = |samples, bytes| {
        Context::new(Budget {
            samples,
            bytes,
            ..Budget::UNLIMITED
        })
    };
    for (context, resource) in [
        (budget(899, u64::MAX), Resource::Samples),
        (budget(u64::MAX, 899 * 16), Resource::Bytes),
    ] {
        let mut handed_out = 0;
        let outcome = engine.fetch_each(&scope(1), &query, &context, &mut |_| {
            handed_out += 1;
            ControlFlow::Continue(())
        });
        let stop = stop_of(outcome);
        assert!(matches!(stop, Stop::Budget { limit, .. } if limit == resource.limit()));
        assert_eq!(handed_out, 0);
    }
    let enough = budget(900, 1 << 20);
    assert_eq!(engine.fetch(&scope(1), &query, &enough).unwrap().len(), 3);
    assert_eq!(enough.spent(Resource::Samples), 900);
}

/// Whatever goes through more than `LOCK_STEPS_MAX` entries under the lock panics in a build like this one.
#[test]
fn nothing_goes_through_all_there_is_under_the_lock() {
    let storage = Faulty::new(1);
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let short = EngineConfig {
        retention_days: 10,
        segments_per_day: 2,
        ..config()
    };
    let mut engine = open_with(short.clone(), &storage, &clock).unwrap().0;
    let name = |leaf: usize| format!("a.{}.{leaf}", leaf % 7);
    // Twenty name files: the next is of everything.
    for round in 0..20 {
        let names = (0..MANY).filter(|leaf| leaf % 20 <= round).map(name);
        fill(&engine, names, NOON - (round as i64 % 3) * DAY);
        engine.flush().unwrap();
    }
    engine.compact().unwrap();
    assert_eq!(find(&engine, 1, "a.*").len(), 7);
    assert_eq!(find_in(&engine, 1, "a.*", Some(TimeRange::ALL)).len(), 7);
    assert_eq!(find_in(&engine, 1, "a.*", Some(range(0, 1))).len(), 0);
    assert!(figure(&engine, "series") > 5999.0);
    let day = NOON.div_euclid(DAY) * DAY;
    let today = range(day, day + DAY - 1);
    let deleted = delete(&engine, 1, "*", Some(today));
    assert_eq!(deleted, MANY as u64);
    assert_eq!(
        figure(&engine, "tombstones"),
        1.0,
        "one deletion, whatever its pieces"
    );
    assert_eq!(find_in(&engine, 1, "*", Some(today)), [""; 0]);
    assert!(fetch_in(&engine, 1, "a.0.0", today)[0].values.is_empty());
    send_to(&engine, 1, "a.0.0", NOON, 5.0);
    let before = fetch_in(&engine, 1, "a.0.*", TimeRange::ALL);
    drop(engine);
    engine = open_with(short, &storage, &clock).unwrap().0;
    assert_eq!(fetch_in(&engine, 1, "a.0.*", TimeRange::ALL), before);
    assert_eq!(figure(&engine, "tombstones"), 1.0);
    assert_eq!(find_in(&engine, 1, "a.*", Some(today)), ["a.0 branch"]);
    assert_eq!(
        delete(&engine, 1, "a.{1,2,3}", None),
        (0..MANY)
            .filter(|leaf| (1..4).contains(&(leaf % 7)))
            .count() as u64
    );
    engine.flush().unwrap();
    engine.compact().unwrap();
    // Retention takes the rest, but for what was written meanwhile.
    clock.advance(20 * DAY);
    send_to(&engine, 1, "a.0.0", NOON + 20 * DAY, 6.0);
    // One day at a time, of so few.
    for _ in 0..3 {
        engine.flush().unwrap();
        clock.advance(DAY);
    }
    assert_eq!(find(&engine, 1, "a.*.*"), ["a.0.0 leaf"]);
    assert_eq!(read(&engine, 1, "a.0.0"), [(NOON + 20 * DAY, 6.0)]);
}

#[test]
fn a_batch_beyond_a_piece_is_stored_whole_and_its_receipt_says_which_were_not() {
    let storage = Faulty::new(1);
    let engine = open(&storage);
    let mut large = Batch::default();
    for leaf in 0..10_000 {
        let at = if leaf % 1000 == 7 { i64::MAX / 2 } else { NOON };
        let name = format!("large.{leaf}");
        large.push(&SeriesName::parse(&name).unwrap(), Millis(at), 1.0);
    }
    let appended = engine
        .append(&scope(1), &large, Durability::Committed)
        .unwrap();
    assert_eq!(appended.stored, 9990);
    let positions: Vec<usize> = appended
        .rejected
        .iter()
        .map(|rejection| rejection.0)
        .collect();
    assert_eq!(
        positions,
        (0..10).map(|at| at * 1000 + 7).collect::<Vec<_>>()
    );
    drop(engine);
    let engine = open(&storage);
    assert_eq!(figure(&engine, "series"), 9990.0);
    assert_eq!(read(&engine, 1, "large.9999"), [(NOON, 1.0)]);
}
