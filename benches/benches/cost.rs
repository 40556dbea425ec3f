//! Costs of the ways of a sample, each in a process of its own; `cargo xtask bench` runs it beside the same program of the
//! commit that it compares with (`benches/baseline/cost.rs`).
//!
//! `cost known SERIES`, `cost known-shuffled SERIES`, `cost new SERIES`, `cost json`, `cost threads N`, `cost fill SERIES DIR`,
//! `cost fill-days SERIES DAYS DIR`, `cost start SERIES DIR`.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

#[path = "cost/load.rs"]
mod load;

use base::id::{AccountId, Guid, TenantId};
use base::name::SeriesName;
use base::principal::Principal;
use base::sample::Batch;
use base::scope::{Action, Actions, Domain, Scope};
use base::store::{Durability, SampleStore};
use base::time::{ManualClock, Millis};
use engine::storage::disk::Disk;
use engine::{Engine, EngineConfig};
use load::{BATCH, NOON, SAMPLES, STEP_MS, Took, tell, timed};
use std::path::Path;
use std::sync::Arc;

type Fallible<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark has no identity service to be granted a scope by"
)]
fn scope() -> Scope {
    let domain = Domain::Account(AccountId(Guid::from_random([1; 16])));
    let actions = Actions::of(&Action::ALL);
    Scope::granted(Principal::Server, TenantId(1), domain, actions)
}

/// Nothing is flushed but when that is what is measured: the log alone is committed, every 200 ms.
fn open(dir: &Path) -> Fallible<Engine> {
    let config = EngineConfig {
        series_per_tenant: u64::MAX,
        commit_interval_ms: 200,
        flush_samples: u64::MAX,
        flush_wal_bytes: u64::MAX,
        ..EngineConfig::new(dir)
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    Ok(Engine::open(config, clock, Arc::new(Disk))?.0)
}

/// One round of a range of series, in batches as they are sent.
fn round(series: std::ops::Range<usize>, round: usize) -> Fallible<Vec<Batch>> {
    let order: Vec<usize> = series.collect();
    round_in(&order, round)
}

/// The same of the series in this order.
fn round_in(order: &[usize], round: usize) -> Fallible<Vec<Batch>> {
    let at = Millis(NOON - STEP_MS * (2000 - i64::try_from(round)?));
    batches(order, at, round)
}

fn batches(order: &[usize], at: Millis, round: usize) -> Fallible<Vec<Batch>> {
    let mut batches = Vec::new();
    for part in order.chunks(BATCH) {
        let mut batch = Batch::default();
        for series in part {
            let name = load::name(*series);
            batch.push(&SeriesName::parse(&name)?, at, load::value(*series, round));
        }
        batches.push(batch);
    }
    Ok(batches)
}

fn append(engine: &Engine, batches: &[Batch]) -> Fallible {
    for batch in batches {
        engine.append(&scope(), batch, Durability::Buffered)?;
    }
    Ok(())
}

/// Makes the series in the order of their numbers, then appends more of them in the order of the sender: at least [`SAMPLES`], the
/// batches made before the clock runs.
fn known(order: &[usize]) -> Fallible {
    let series = order.len();
    let folder = tempfile::tempdir()?;
    let engine = open(folder.path())?;
    append(&engine, &round(0..series, 0)?)?;
    let rounds = SAMPLES.div_ceil(series);
    // As many at once as are a tenth of a second's work, and fit in the memory.
    let at_once = (200_000 / series).max(1);
    let (mut took, mut samples) = (Took::default(), 0);
    let all: Vec<usize> = (1..=rounds).collect();
    for some in all.chunks(at_once) {
        let mut batches = Vec::new();
        for number in some {
            batches.extend(round_in(order, *number)?);
        }
        let (done, spent) = timed(|| append(&engine, &batches));
        done?;
        took += spent;
        samples += series * some.len();
    }
    tell("append_ns", took.processor_ns, samples);
    let (flushed, spent) = timed(|| engine.flush());
    flushed?;
    took += spent;
    tell("append_and_flush_ns", took.processor_ns, samples);
    Ok(())
}

/// Samples of series that are not there yet.
fn new(series: usize) -> Fallible {
    let folder = tempfile::tempdir()?;
    let engine = open(folder.path())?;
    let batches = round(0..series, 0)?;
    let (done, took) = timed(|| append(&engine, &batches));
    done?;
    tell("new_series_ns", took.processor_ns, series);
    Ok(())
}

/// Decodes the body of a sending again and again.
fn json() -> Fallible {
    const TIMES: usize = 2500;
    let bodies: Vec<String> = (0..10).map(|at| load::body(at * BATCH)).collect();
    let (read, took) = timed(|| -> Fallible<usize> {
        let mut read = 0;
        for at in 0..TIMES {
            let body = bodies.get(at % bodies.len()).map_or("", String::as_str);
            let decoded = wire::ingest::json::decode(body.as_bytes(), Millis(NOON))?;
            read += std::hint::black_box(decoded).batch.len();
        }
        Ok(read)
    });
    tell("decode_ns", took.processor_ns, read?);
    Ok(())
}

/// Known samples of 100 000 series from several threads, each with its own series.
fn threads(threads: usize) -> Fallible {
    const SERIES: usize = 100_000;
    const ROUNDS: usize = 20;
    let folder = tempfile::tempdir()?;
    let engine = open(folder.path())?;
    append(&engine, &round(0..SERIES, 0)?)?;
    let share = SERIES / threads;
    let mut work = Vec::new();
    for thread in 0..threads {
        let mut batches = Vec::new();
        for number in 1..=ROUNDS {
            batches.extend(round(thread * share..(thread + 1) * share, number)?);
        }
        work.push(batches);
    }
    let (done, took) = timed(|| {
        std::thread::scope(|scope| {
            let engine = &engine;
            let started: Vec<_> = work
                .iter()
                .map(|batches| scope.spawn(move || append(engine, batches)))
                .collect();
            let mut ended = started.into_iter().map(std::thread::ScopedJoinHandle::join);
            ended.all(|thread| matches!(thread, Ok(Ok(()))))
        })
    });
    if !done {
        return Err("a thread failed".into());
    }
    tell("wall_ns", took.wall_ns, share * threads * ROUNDS);
    tell("processor_ns", took.processor_ns, share * threads * ROUNDS);
    Ok(())
}

/// Leaves a folder with one sample of each series in the log, and as many series.
fn fill(series: usize, dir: &Path) -> Fallible {
    let engine = open(dir)?;
    append(&engine, &round(0..series, 0)?)?;
    engine.flush()?;
    append(&engine, &round(0..series, 1)?)?;
    tell("filled", 1, 1);
    Ok(())
}

/// Leaves a folder with a block of each series on each of so many days, and nothing in the log.
fn fill_days(series: usize, days: usize, dir: &Path) -> Fallible {
    const DAY_MS: i64 = 86_400_000;
    let engine = open(dir)?;
    let order: Vec<usize> = (0..series).collect();
    for day in 0..days {
        let at = Millis(NOON - DAY_MS * i64::try_from(day)?);
        append(&engine, &batches(&order, at, day)?)?;
    }
    engine.flush()?;
    tell("filled", 1, 1);
    Ok(())
}

fn start(series: usize, dir: &Path) -> Fallible {
    let before = load::own_bytes();
    let (engine, took) = timed(|| open(dir));
    let engine = engine?;
    tell("start_processor_ms", took.processor_ns / 1_000_000, 1);
    tell("start_wall_ms", took.wall_ns / 1_000_000, 1);
    tell(
        "heap_bytes",
        load::own_bytes().saturating_sub(before),
        series,
    );
    drop(engine);
    Ok(())
}

fn main() -> Fallible {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = given
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--bench")
        .collect();
    match words.as_slice() {
        ["known", series] => known(&(0..series.parse::<usize>()?).collect::<Vec<usize>>()),
        ["known-shuffled", series] => known(&load::shuffled(series.parse()?)),
        ["new", series] => new(series.parse()?),
        ["threads", number] => threads(number.parse()?),
        ["fill", series, dir] => fill(series.parse()?, Path::new(dir)),
        ["fill-days", series, days, dir] => {
            fill_days(series.parse()?, days.parse()?, Path::new(dir))
        }
        ["start", series, dir] => start(series.parse()?, Path::new(dir)),
        // `cargo bench` of everything: the cheapest, to see that it works.
        ["json"] | [] => json(),
        _ => Err(
            "write `known SERIES`, `known-shuffled SERIES`, `new SERIES`, `json`, `threads N`, `fill SERIES DIR`, \
             `fill-days SERIES DAYS DIR` or `start SERIES DIR`"
                .into(),
        ),
    }
}
