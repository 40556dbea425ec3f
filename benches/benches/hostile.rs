//! The wait of a stranger's write while somebody else asks the worst questions that the limits allow; the figures of
//! `docs/design/engine.md` section 9 come from here.
//!
//! `cargo bench -p benches --bench hostile`, of 300 000 series (a gigabyte of memory); `SERIES=10000` makes fewer, and twice as many
//! whose ranges are deleted. On the machine of the figures a p99 above 50 ms is a failure, and so is one above five times that of a
//! server nobody attacks.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use base::context::{Budget, Context, Resource};
use base::cursor;
use base::id::{AccountId, Guid, TenantId};
use base::name::SeriesName;
use base::principal::Principal;
use base::sample::Batch;
use base::scope::{Action, Actions, Domain, Scope};
use base::selector::Selector;
use base::store::{DeleteQuery, Durability, FetchQuery, FindQuery, SampleStore, Shape, StoreError};
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::disk::Disk;
use engine::{Engine, EngineConfig};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// 2026-11-23T12:00:00Z.
const NOON: i64 = 1_795_435_200_000;
const BATCH: usize = 1000;
/// Series of the node that is fetched as a whole, and samples of each.
const WIDE: usize = 5000;
const DEEP: i64 = 400;
/// How long each question is asked.
const ROUND: Duration = Duration::from_secs(8);
/// The writes beside deletions of ranges come at this rate.
const DUE: Duration = Duration::from_millis(10);
/// The pause of the stranger between two samples.
const PAUSE: Duration = Duration::from_millis(2);

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark has no identity service to be granted a scope by"
)]
fn scope(tenant: u32) -> Scope {
    let domain = Domain::Account(AccountId(Guid::from_random([1; 16])));
    let actions = Actions::of(&Action::ALL);
    Scope::granted(Principal::Server, TenantId(tenant), domain, actions)
}

fn ingest(engine: &Engine, tenant: u32, names: &[String], at: i64) -> Fallible<()> {
    for names in names.chunks(BATCH) {
        let mut batch = Batch::default();
        for name in names {
            batch.push(&SeriesName::parse(name)?, Millis(at), 1.5);
        }
        engine.append(&scope(tenant), &batch, Durability::Buffered)?;
    }
    Ok(())
}

/// The attacker's domain: a third of the names long, the others common, and a node with millions of samples.
fn fill(engine: &Engine, series: usize) -> Fallible<()> {
    let long: Vec<String> = (0..series / 3)
        .map(|leaf| format!("c.host-{leaf:06}.{}", "y".repeat(980)))
        .collect();
    ingest(engine, 1, &long, NOON)?;
    let common: Vec<String> = (series / 3..series)
        .map(|leaf| format!("d.host-{:03}.metric-{leaf:06}", leaf % 1000))
        .collect();
    ingest(engine, 1, &common, NOON)?;
    let wide: Vec<String> = (0..WIDE).map(|leaf| format!("wide.{leaf:05}")).collect();
    for step in 0..DEEP {
        ingest(engine, 1, &wide, NOON - step * 10_000)?;
    }
    ingest(engine, 1, &["a.b".to_owned()], NOON)?;
    engine.flush()?;
    // Some of it in the head as well.
    ingest(engine, 1, &wide, NOON + 10_000)
}

/// The queries asked.
#[derive(Debug, Clone, Copy)]
enum Question {
    Nothing,
    Find,
    FindInRange,
    Fetch,
    DryDelete,
    Delete,
}

/// Asks once, on the terms that the limits give.
fn ask(engine: &Engine, question: Question, selector: &Selector) -> (Result<u64, StoreError>, u64) {
    let context = Context::new(Budget::default());
    let allowed = Duration::from_secs(30);
    let context = match Instant::now().checked_add(allowed) {
        Some(deadline) => context.with_deadline(deadline, allowed),
        None => context,
    };
    let (range, owner) = (TimeRange::ALL, scope(1));
    let find = |range| FindQuery {
        selector,
        range,
        labelled: true,
    };
    let delete = |dry_run| DeleteQuery {
        selector,
        range: None,
        exact: false,
        dry_run,
        names: 0,
    };
    let outcome = match question {
        Question::Nothing => Ok(0),
        Question::Find => engine
            .find(&owner, &find(None), &context)
            .map(|nodes| nodes.len() as u64),
        Question::FindInRange => engine
            .find(&owner, &find(Some(range)), &context)
            .map(|nodes| nodes.len() as u64),
        Question::Fetch => {
            let mut samples = 0;
            let query = FetchQuery {
                selector,
                shape: Shape::Raw(range),
            };
            let fetched = engine.read_all(&owner, &[query], &context, &mut |series| {
                samples += cursor::collect(series)?.values.len() as u64;
                Ok(ControlFlow::Continue(()))
            });
            fetched.map(|()| samples)
        }
        Question::DryDelete | Question::Delete => {
            let dry_run = matches!(question, Question::DryDelete);
            let deleted = engine.delete(&owner, &delete(dry_run), &context);
            deleted.map(|deleted| deleted.series)
        }
    };
    (outcome, context.spent(Resource::Steps))
}

/// How long a stranger's writes took while the question was asked in a loop, ascending.
fn waits(
    engine: &Engine,
    question: Question,
    selector: &Selector,
) -> Fallible<(Vec<Duration>, String)> {
    let (done, asked, longest) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let mut took = Vec::new();
    let mut outcome = String::new();
    std::thread::scope(|threads| -> Fallible<()> {
        let asker = threads.spawn(|| {
            let mut answered = String::new();
            while !done.load(Ordering::Relaxed) && !matches!(question, Question::Nothing) {
                let begun = Instant::now();
                let (answer, steps) = ask(engine, question, selector);
                let ms = begun.elapsed().as_millis() as u64;
                longest.fetch_max(ms, Ordering::Relaxed);
                asked.fetch_add(1, Ordering::Relaxed);
                answered = match answer {
                    Ok(found) => format!("{found} found, {steps} steps"),
                    Err(error) => error.to_string(),
                };
                if matches!(question, Question::Delete) {
                    // Once: there is nothing left to delete.
                    done.store(true, Ordering::Relaxed);
                }
            }
            answered
        });
        let begun = Instant::now();
        while begun.elapsed() < ROUND && !done.load(Ordering::Relaxed) {
            let mut batch = Batch::default();
            let at = Millis(NOON + begun.elapsed().as_millis() as i64);
            batch.push(&SeriesName::parse("honest.client")?, at, 1.0);
            let started = Instant::now();
            engine.append(&scope(2), &batch, Durability::Buffered)?;
            took.push(started.elapsed());
            std::thread::sleep(PAUSE);
        }
        done.store(true, Ordering::Relaxed);
        outcome = asker.join().unwrap_or_default();
        Ok(())
    })?;
    took.sort_unstable();
    let outcome = format!(
        "asked {} times, {} ms at the longest: {outcome}",
        asked.load(Ordering::Relaxed),
        longest.load(Ordering::Relaxed)
    );
    Ok((took, outcome))
}

/// How late a stranger's writes, one of which is due each [`DUE`], were done while ranges of `series` series that no flush has taken from
/// the head yet were deleted in a loop, ascending; and how many deletions there were. Each is counted from when it was due, so that one
/// stop delays all that come due in it.
fn waits_beside_range_deletions(series: usize) -> Fallible<(Vec<Duration>, u64)> {
    let folder = tempfile::tempdir()?;
    let config = EngineConfig {
        // Nothing is flushed meanwhile, and no deletion refused.
        flush_samples: u64::MAX,
        flush_wal_bytes: u64::MAX,
        head_bytes: 16 * 1024 * 1024 * 1024,
        pending_deletions: 1024 * 1024,
        ..EngineConfig::new(folder.path())
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON + 60_000)));
    let (engine, _) = Engine::open(config, clock, Arc::new(Disk))?;
    let names: Vec<String> = (0..series)
        .map(|leaf| format!("d.host-{:03}.metric-{leaf:06}", leaf % 1000))
        .collect();
    let an_hour_before = NOON - 3_600_000;
    ingest(&engine, 1, &names, an_hour_before)?;
    ingest(&engine, 1, &names, NOON)?;
    let honest = SeriesName::parse("honest.client")?;
    let selector = Selector::parse("d.*")?;
    // A part of a day, and one of the two samples of each: the series stay active on the day, so that each deletion goes through all.
    let query = DeleteQuery {
        selector: &selector,
        range: Some(TimeRange {
            from: Millis(an_hour_before - 60_000),
            until: Millis(an_hour_before + 60_000),
        }),
        exact: false,
        dry_run: false,
        names: 0,
    };
    let done = AtomicBool::new(false);
    let mut took = Vec::new();
    let deletions = std::thread::scope(|threads| -> Fallible<u64> {
        let deleter = threads.spawn(|| -> Result<u64, StoreError> {
            let mut deletions = 0;
            while !done.load(Ordering::Relaxed) {
                let context = Context::new(Budget::default());
                let deleted = engine.delete(&scope(1), &query, &context)?;
                deletions += u64::from(deleted.series == series as u64);
            }
            Ok(deletions)
        });
        let begun = Instant::now();
        let mut due = begun;
        let written = loop {
            if begun.elapsed() >= ROUND {
                break Ok(());
            }
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let mut batch = Batch::default();
            let at = Millis(NOON + begun.elapsed().as_millis() as i64);
            batch.push(&honest, at, 1.0);
            if let Err(error) = engine.append(&scope(2), &batch, Durability::Buffered) {
                break Err(error);
            }
            took.push(due.elapsed());
            due += DUE;
        };
        done.store(true, Ordering::Relaxed);
        let deletions = deleter.join().map_err(|_| "the deletions panicked")??;
        written?;
        Ok(deletions)
    })?;
    took.sort_unstable();
    Ok((took, deletions))
}

fn part(sorted: &[Duration], hundredths: usize) -> Duration {
    let at = (sorted.len() * hundredths / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

fn main() -> Fallible<()> {
    let given = std::env::var("SERIES").ok();
    let series = given
        .and_then(|text| text.parse().ok())
        .unwrap_or(300_000_usize);
    let folder = tempfile::tempdir()?;
    let config = EngineConfig {
        retention_days: 7300,
        ..EngineConfig::new(folder.path())
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON + 60_000)));
    let (engine, _) = Engine::open(config, clock, Arc::new(Disk))?;
    fill(&engine, series)?;
    println!(
        "{series} series, {} samples in one node",
        WIDE as i64 * DEEP
    );
    let stars = format!("c.*.{}z", "*y".repeat(480));
    let alternatives = format!("c.*.{{{}}}", vec!["*y*z"; 500].join(","));
    let rows = [
        ("nothing", Question::Nothing, "*".to_owned()),
        (
            "{a,b} forty times",
            Question::Fetch,
            vec!["{a,b}"; 40].join("."),
        ),
        ("480 stars", Question::Find, stars),
        ("500 wildcard texts", Question::Fetch, alternatives),
        ("list c.*", Question::Find, "c.*".to_owned()),
        (
            "list d.*.* in a range",
            Question::FindInRange,
            "d.*.*".to_owned(),
        ),
        ("fetch 2 M samples", Question::Fetch, "wide.*".to_owned()),
        ("count a deletion of *", Question::DryDelete, "*".to_owned()),
        ("delete c.*, once", Question::Delete, "c.*".to_owned()),
    ];
    let mut alone = Duration::ZERO;
    let mut worst = Duration::ZERO;
    for (what, question, pattern) in rows {
        let compiled = Selector::parse(&pattern)?;
        let (took, outcome) = waits(&engine, question, &compiled)?;
        let (half, most) = (part(&took, 50), part(&took, 99));
        let longest = took.last().copied().unwrap_or_default();
        println!(
            "{what:24} {:>5} writes, p50 {half:>10.3?}, p99 {most:>10.3?}, longest {longest:>10.3?}; {outcome}",
            took.len()
        );
        if matches!(question, Question::Nothing) {
            alone = most;
        }
        worst = worst.max(most);
    }
    drop(engine);
    let (took, deletions) = waits_beside_range_deletions(series * 2)?;
    if deletions == 0 {
        return Err("no deletion of a range came to its end".into());
    }
    let (half, most) = (part(&took, 50), part(&took, 99));
    println!(
        "delete a range of {} unflushed series, {deletions} times: {} writes each {DUE:?}, p50 {half:.3?}, p99 {most:.3?}, longest {:.3?}",
        series * 2,
        took.len(),
        took.last().copied().unwrap_or_default()
    );
    worst = worst.max(most);
    let allowed = Duration::from_millis(50).max(alone * 5);
    if worst > allowed {
        return Err(format!("a stranger's write waited {worst:?}, more than {allowed:?}").into());
    }
    Ok(())
}
