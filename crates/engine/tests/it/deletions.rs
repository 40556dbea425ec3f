//! Deletions of ranges made to hurt: as many as one likes, of as much as there is. And what a reader holds meanwhile.

use crate::fetching::Fetching;
use crate::support::{DAY, MINUTE, NOON, batch, config, delete, figure, open, open_with, range};
use crate::support::{fetch_in, read, scope, send_to};
use base::context::{Budget, Context, MemoryReservation, Resource, Stop};
use base::cursor::Cursor;
use base::id::{AccountId, Guid};
use base::limit;
use base::selector::Selector;
use base::store::{DeleteQuery, Deleted, Durability, FetchQuery, SampleStore, Shape, StoreError};
use base::time::{ManualClock, Millis, TimeRange};
use engine::Engine;
use engine::EngineConfig;
use engine::storage::faulty::Faulty;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

/// As many samples of `name`, a second apart, up to noon.
fn seconds(engine: &Engine, name: &str, count: i64) {
    let samples: Vec<_> = (0..count)
        .map(|at| (name, NOON - (count - at) * 1000, at as f64))
        .collect();
    for samples in samples.chunks(10_000) {
        let appended = engine.append(&scope(1), &batch(samples), Durability::Buffered);
        assert_eq!(appended.unwrap().rejected, []);
    }
}

fn try_delete(engine: &Engine, tenant: u32, from: i64, until: i64) -> Result<u64, StoreError> {
    let selector = Selector::parse("*").unwrap();
    let query = DeleteQuery {
        selector: &selector,
        range: Some(range(from, until)),
        exact: false,
        dry_run: false,
        names: 0,
    };
    let deleted = engine.delete(&scope(tenant), &query, &Context::unlimited());
    deleted.map(|deleted| deleted.series)
}

/// A name alone means neither the names below it, nor a series of the same path that has tags.
#[test]
fn a_series_is_deleted_alone_where_it_is_meant_alone() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = open_with(config(), &Faulty::new(1), &clock).unwrap().0;
    for name in ["a.b", "a.b.c", "a.b;host=x", "a.b;host=y"] {
        send_to(&engine, 1, name, NOON - 5000, 1.0);
    }
    let alone = |name: &str| {
        let selector = Selector::parse(&base::pattern::escape(name)).unwrap();
        let query = DeleteQuery {
            selector: &selector,
            range: None,
            exact: true,
            dry_run: false,
            names: 4,
        };
        let deleted = engine.delete(&scope(1), &query, &Context::unlimited());
        let deleted = deleted.unwrap();
        assert_eq!(deleted.series_below, 0, "{name}");
        let names = deleted.names.iter().map(|key| key.graphite().into_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(alone("a"), [""; 0]);
    assert_eq!(alone("a.b"), ["a.b"]);
    assert_eq!(alone("a.b"), [""; 0]);
    assert_eq!(alone("a.b;host=x"), ["a.b;host=x"]);
    assert_eq!(delete(&engine, 1, "**", None), 2);
}

fn few(pending_deletions: u64) -> EngineConfig {
    EngineConfig {
        pending_deletions,
        ..config()
    }
}

/// Each is kept until its day is rewritten, and a reader of the series must not ask all of them for every sample.
#[test]
fn regression_6_more_deletions_than_may_wait_are_refused() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = open_with(few(10), &Faulty::new(1), &clock).unwrap().0;
    seconds(&engine, "a.b", 20_000);
    for tenant in [2, 3] {
        send_to(&engine, tenant, "other", NOON - 5000, 1.0);
    }
    engine.flush().unwrap();
    for number in 0..10 {
        assert_eq!(
            try_delete(&engine, 1, NOON - 9000 - number, NOON - 4000).unwrap(),
            1
        );
    }
    let refused = try_delete(&engine, 1, NOON - 8000, NOON - 4000).unwrap_err();
    let StoreError::Stopped(Stop::Busy { limit, allowed, .. }) = refused else {
        panic!("{refused}");
    };
    assert_eq!((limit.name, allowed), (limit::PENDING_DELETIONS.name, 10));
    // Another tenant's go on, and so does the deletion of series as a whole.
    assert_eq!(try_delete(&engine, 2, NOON - 5500, NOON).unwrap(), 1);
    assert_eq!(read(&engine, 2, "other"), []);
    assert_eq!(read(&engine, 3, "other").len(), 1);
    assert_eq!(read(&engine, 1, "a.b").len(), 20_000 - 6);
    engine.compact().unwrap();
    assert_eq!(figure(&engine, "tombstones"), 0.0);
    assert_eq!(try_delete(&engine, 1, NOON - 3500, NOON).unwrap(), 1);
    assert_eq!(read(&engine, 1, "a.b").len(), 20_000 - 9);
    assert_eq!(delete(&engine, 1, "*", None), 1);
}

/// An account had as many for each of its spaces, and slowed the days of all with them.
#[test]
fn an_account_has_one_share_of_the_deletions_however_many_tenants_it_has() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = open_with(few(10), &Faulty::new(1), &clock).unwrap().0;
    for tenant in 1..=4 {
        send_to(&engine, tenant, "a.b", NOON - 5000, 1.0);
    }
    engine.flush().unwrap();
    let account = |number| AccountId(Guid::from_random([number; 16]));
    let delete = |tenant: u32, of: AccountId, from: i64| {
        let selector = Selector::parse("*").unwrap();
        let query = DeleteQuery {
            selector: &selector,
            range: Some(range(from, NOON)),
            exact: false,
            dry_run: false,
            names: 0,
        };
        let scope = scope(tenant).owned_by(of);
        let deleted = engine.delete(&scope, &query, &Context::unlimited());
        deleted.map(|deleted| deleted.series)
    };
    for number in 0..10 {
        let tenant = 1 + u32::try_from(number % 2).unwrap();
        let deleted = delete(tenant, account(1), NOON - 9000 - number);
        assert_eq!(deleted.unwrap(), 1, "{number}");
    }
    // Also in a tenant in which nothing was deleted yet.
    for tenant in [1, 2, 3] {
        let refused = delete(tenant, account(1), NOON - 8000).unwrap_err();
        let StoreError::Stopped(Stop::Busy { limit, allowed, .. }) = refused else {
            panic!("{refused}");
        };
        assert_eq!((limit.name, allowed), (limit::PENDING_DELETIONS.name, 10));
    }
    assert_eq!(delete(4, account(2), NOON - 8000).unwrap(), 1);
    engine.compact().unwrap();
    assert_eq!(delete(3, account(1), NOON - 8000).unwrap(), 1);
}

/// After a restart each tenant of it had a share of its own.
#[test]
fn an_account_has_one_share_of_the_deletions_after_a_restart() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let storage = Faulty::new(1);
    let start = |storage: &Faulty| open_with(few(10), storage, &clock).unwrap().0;
    let engine = start(&storage);
    for tenant in 1..=3 {
        send_to(&engine, tenant, "a.b", NOON - 5000, 1.0);
    }
    engine.flush().unwrap();
    let owned = |tenant| scope(tenant).owned_by(AccountId(Guid::from_random([1; 16])));
    let delete = |engine: &Engine, tenant: u32, from: i64| {
        let selector = Selector::parse("*").unwrap();
        let query = DeleteQuery {
            selector: &selector,
            range: Some(range(from, NOON)),
            exact: false,
            dry_run: false,
            names: 0,
        };
        let deleted = engine.delete(&owned(tenant), &query, &Context::unlimited());
        deleted.map(|deleted| deleted.series)
    };
    let is_refused = |engine: &Engine| {
        let refused = delete(engine, 3, NOON - 8000);
        matches!(
            refused,
            Err(StoreError::Stopped(Stop::Busy { allowed: 10, .. }))
        )
    };
    for number in 0..10 {
        let tenant = 1 + u32::try_from(number % 2).unwrap();
        assert_eq!(delete(&engine, tenant, NOON - 9000 - number).unwrap(), 1);
    }
    assert!(is_refused(&engine));
    // From the log alone: whose they are is known once the account does something in these tenants.
    let crashed = storage.crash();
    let restarted = start(&crashed);
    for tenant in [1, 2] {
        let sent = batch(&[("a.c", NOON, 1.0)]);
        let appended = restarted.append(&owned(tenant), &sent, Durability::Buffered);
        assert_eq!(appended.unwrap().stored, 1);
    }
    assert!(is_refused(&restarted));
    // From the manifest at once.
    restarted.flush().unwrap();
    drop(restarted);
    assert!(is_refused(&start(&crashed)));
}

/// Many that nobody can undo at once are looked up, not asked one by one for each sample.
#[test]
fn a_series_with_as_many_deletions_as_may_wait_is_read_in_few_steps() {
    let engine = open(&Faulty::new(1));
    seconds(&engine, "a.b", 86_400);
    engine.flush().unwrap();
    let pending_max = limit::PENDING_DELETIONS.default as i64;
    for number in 0..pending_max {
        let from = NOON - 80_000_000 + number * 2000;
        try_delete(&engine, 1, from, from + 500).unwrap();
    }
    let context = Context::unlimited();
    let selector = Selector::parse("a.b").unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let begun = Instant::now();
    let series = engine.fetch(&scope(1), &query, &context).unwrap();
    assert_eq!(series[0].values.len() as i64, 86_400 - pending_max);
    let steps = context.spent(Resource::Steps);
    // Each deletion twice, and sixteen for each block of a thousand samples.
    assert!(steps < 5000, "{steps}");
    assert!(begun.elapsed() < LIMIT);
}

/// Each of them was a step of every query, whoever asked.
#[test]
fn what_others_delete_costs_a_reader_nothing() {
    let engine = open(&Faulty::new(1));
    seconds(&engine, "a.b", 1000);
    send_to(&engine, 2, "a.b", NOON - 5000, 1.0);
    engine.flush().unwrap();
    let steps = || {
        let context = Context::unlimited();
        let selector = Selector::parse("a.b").unwrap();
        let query = FetchQuery {
            selector: &selector,
            shape: Shape::Raw(TimeRange::ALL),
        };
        engine.fetch(&scope(1), &query, &context).unwrap();
        context.spent(Resource::Steps)
    };
    let before = steps();
    // Not so many that they are purged at once.
    for number in 0..50 {
        assert_eq!(
            try_delete(&engine, 2, NOON - 9000 - number, NOON).unwrap(),
            1
        );
    }
    assert_eq!(figure(&engine, "tombstones"), 50.0);
    assert_eq!(steps(), before);
    try_delete(&engine, 1, NOON - 9000, NOON).unwrap();
    assert!(steps() > before);
}

#[test]
fn where_nothing_is_nothing_is_kept_of_a_deletion() {
    let engine = open(&Faulty::new(1));
    seconds(&engine, "a.b", 10);
    engine.flush().unwrap();
    for day in 2..100 {
        let at = NOON - day * DAY;
        assert_eq!(try_delete(&engine, 1, at, at + MINUTE).unwrap(), 1);
    }
    assert_eq!(figure(&engine, "tombstones"), 0.0);
    assert_eq!(read(&engine, 1, "a.b").len(), 10);
}

/// Left to the next flush, up to two hours away, they would grow in number and lengthen the log without a bound.
#[test]
fn many_deletions_have_the_days_rewritten_without_being_asked() {
    let engine = open(&Faulty::new(1));
    seconds(&engine, "a.b", 1000);
    engine.flush().unwrap();
    for number in 0..100 {
        try_delete(&engine, 1, NOON - 900_000 + number, NOON - 800_000).unwrap();
    }
    let begun = Instant::now();
    while figure(&engine, "merges_total") < 1.0 {
        assert!(begun.elapsed() < LIMIT, "nobody rewrites the days");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(read(&engine, 1, "a.b").len(), 1000 - 101);
}

/// Counts what is held.
#[derive(Debug, Default)]
struct Counting {
    now: AtomicU64,
    peak: AtomicU64,
}

impl MemoryReservation for Counting {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        let now = self.now.fetch_add(bytes, Ordering::SeqCst) + bytes;
        self.peak.fetch_max(now, Ordering::SeqCst);
        Ok(())
    }

    fn release(&self, bytes: u64) {
        self.now.fetch_sub(bytes, Ordering::SeqCst);
    }
}

fn count_while(engine: &Engine, mut take: impl FnMut(&mut dyn Cursor)) -> Arc<Counting> {
    let counting = Arc::new(Counting::default());
    let context = Context::new(Budget::UNLIMITED).with_memory(Arc::clone(&counting) as _);
    let selector = Selector::parse("a.*").unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let read = engine.read_all(&scope(1), &[query], &context, &mut |series| {
        take(series);
        Ok(ControlFlow::Continue(()))
    });
    read.unwrap();
    counting
}

/// A series read as a whole takes 24 bytes of memory for each of its samples.
#[test]
fn a_series_is_never_in_memory_as_a_whole() {
    let engine = open(&Faulty::new(1));
    for part in 0..3 {
        seconds(&engine, "a.b", 100_000 - part * 7);
        engine.flush().unwrap();
    }
    let (mut samples, mut largest, mut last) = (0, 0, Millis(0));
    let counting = count_while(&engine, |series| {
        while let Some(piece) = series.next().unwrap() {
            samples += piece.len();
            largest = largest.max(piece.len());
            assert!(piece.timestamps.is_sorted() && piece.timestamps[0] > last);
            last = *piece.timestamps.last().unwrap();
        }
    });
    assert_eq!(samples, 100_000);
    assert!(largest <= 3 * 1024, "{largest}");
    let peak = counting.peak.load(Ordering::SeqCst);
    assert!(peak < 5 * 1024 * 24 + 1000, "{peak}");
}

/// A slow reader would keep a whole head of all tenants in memory, long after it is flushed, with nothing to count it.
#[test]
fn what_a_reader_keeps_of_the_head_counts_for_the_reader() {
    let engine = open(&Faulty::new(1));
    seconds(&engine, "a.b", 10_000);
    seconds(&engine, "a.c", 5000);
    seconds(&engine, "z", 5000);
    let mut kept = Vec::new();
    let counting = Arc::new(Counting::default());
    let context = Context::new(Budget::UNLIMITED).with_memory(Arc::clone(&counting) as _);
    let selector = Selector::parse("a.*").unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let read = engine.read_all(&scope(1), &[query], &context, &mut |_| {
        kept.push(counting.now.load(Ordering::SeqCst));
        Ok(ControlFlow::Continue(()))
    });
    read.unwrap();
    assert!(kept[0] >= 15_000 * 16 && kept[0] < 20_000 * 16, "{kept:?}");
    assert!(kept[1] >= 5000 * 16 && kept[1] < 10_000 * 16, "{kept:?}");
    let names = 2 * (64 + 3);
    assert_eq!(counting.now.load(Ordering::SeqCst), names);
}

#[test]
fn a_series_can_be_read_twice_and_costs_its_samples_once() {
    let engine = open(&Faulty::new(1));
    seconds(&engine, "a.b", 5000);
    engine.flush().unwrap();
    send_to(&engine, 1, "a.b", NOON - 2_500_000, 7.0);
    let context = Context::unlimited();
    let selector = Selector::parse("a.b").unwrap();
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let mut seen = Vec::new();
    let read = engine.read_all(&scope(1), &[query], &context, &mut |series| {
        series.next()?;
        for _ in 0..2 {
            series.rewind()?;
            seen.push(base::cursor::collect(series)?);
        }
        Ok(ControlFlow::Continue(()))
    });
    read.unwrap();
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], fetch_in(&engine, 1, "a.b", TimeRange::ALL)[0]);
    assert_eq!(seen[0].values.len(), 5000);
    assert_eq!(context.spent(Resource::Samples), 5000);
}

/// Whoever has to write down what goes does so on one search, and keeps it by breaking off.
#[test]
fn a_deletion_tells_what_goes_before_any_of_it_is_gone() {
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let engine = open_with(config(), &Faulty::new(1), &clock).unwrap().0;
    seconds(&engine, "a.b", 10);
    let (selector, nothing) = (Selector::parse("a.*"), Selector::parse("none.*"));
    let query = |selector, range, dry_run| DeleteQuery {
        selector,
        range,
        exact: false,
        dry_run,
        names: 0,
    };
    let (selector, nothing) = (selector.unwrap(), nothing.unwrap());
    let delete = |query: &DeleteQuery<'_>, word: ControlFlow<()>| {
        let mut progress = Vec::new();
        let mut begin = |deleted: &Deleted| {
            progress.push((deleted.series, read(&engine, 1, "a.b").len()));
            word
        };
        let terms = Context::unlimited();
        let deleted = engine.delete_with_hook(&scope(1), query, &terms, &mut begin);
        (deleted.unwrap().map(|deleted| deleted.series), progress)
    };
    let (go, stay) = (ControlFlow::Continue(()), ControlFlow::Break(()));
    let late = Some(range(NOON - 5000, NOON));
    for range in [None, late] {
        let kept = delete(&query(&selector, range, false), stay);
        assert_eq!(kept, (None, vec![(1, 10)]));
    }
    for silent in [
        query(&nothing, None, false),
        query(&selector, None, true),
        query(&selector, Some(range(0, 1000)), false),
    ] {
        let (_, progress) = delete(&silent, go);
        assert_eq!(progress, [], "nothing goes");
    }
    assert_eq!(read(&engine, 1, "a.b").len(), 10);
    let part = delete(&query(&selector, late, false), go);
    assert_eq!(part, (Some(1), vec![(1, 10)]));
    let rest = delete(&query(&selector, None, false), go);
    assert_eq!(rest, (Some(1), vec![(1, 5)]));
    assert_eq!(read(&engine, 1, "a.b"), []);
}
