//! One large tenant, end to end: every figure of `docs/design/engine.md` section 8 comes from here.
//!
//! `cargo bench -p benches --bench scale`, with `SERIES=1000000 ROUNDS=20` for the full size (4 GiB of memory, 1 GiB of
//! disk). It measures shapes (what grows with what), on one thread; no rival is run here.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use base::context::Context;
use base::cursor;
use base::id::{AccountId, Guid, TenantId};
use base::name::SeriesName;
use base::principal::Principal;
use base::sample::Batch;
use base::scope::{Action, Actions, Domain, Operator, Scope};
use base::selector::Selector;
use base::store::{DeleteQuery, Durability, FetchQuery, FindQuery, SampleStore, Shape};
use base::time::{ManualClock, Millis, TimeRange};
use engine::storage::disk::Disk;
use engine::{Engine, EngineConfig};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// 2026-11-23T12:00:00Z.
const NOON: i64 = 1_795_435_200_000;
const STEP_MS: i64 = 10_000;
const BATCH: usize = 10_000;
/// Series below one node of the tree.
const LEAVES: usize = 1000;

type Fallible = Result<(), Box<dyn std::error::Error>>;

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark has no identity service to be granted a scope by"
)]
fn scope() -> Scope {
    let domain = Domain::Account(AccountId(Guid::from_random([1; 16])));
    let actions = Actions::of(&Action::ALL);
    Scope::granted(Principal::Server, TenantId(1), domain, actions)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is its own operator")]
fn operator() -> Operator {
    Operator::granted()
}

fn number(variable: &str, default: usize) -> usize {
    let given = std::env::var(variable).ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
        .unwrap_or_default()
        / 1024
}

/// Processor time of all threads so far, in milliseconds: the figure to compare where others share the machine.
fn processor_ms() -> u64 {
    const MS_PER_TICK: u64 = 10;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the program's name: state first, user and system time as 12th and 13th.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let times = fields.split_whitespace().skip(11).take(2);
    times
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum::<u64>()
        * MS_PER_TICK
}

fn open(dir: &Path) -> Result<Engine, Box<dyn std::error::Error>> {
    let config = EngineConfig {
        series_per_tenant: u64::MAX,
        ..EngineConfig::new(dir)
    };
    let clock = Arc::new(ManualClock::at(Millis(NOON)));
    let (engine, report) = Engine::open(config, clock, Arc::new(Disk))?;
    println!("open                     {report}");
    Ok(engine)
}

/// Runs `work`, and prints its time, as a whole and for each of `units`.
fn timed<T>(what: &str, units: usize, work: impl FnOnce() -> T) -> T {
    let (started, processor) = (Instant::now(), processor_ms());
    let out = work();
    let (took, processor) = (started.elapsed(), processor_ms() - processor);
    let each = processor * 1_000_000 / units.max(1) as u64;
    println!(
        "{what:24} {took:>12.3?} wall, {processor:>6} ms processor, {each:>7} ns each of {units:>8}, {} MiB",
        resident_mib()
    );
    out
}

fn name(series: usize) -> String {
    format!(
        "scale.host-{:05}.metric-{:04}.value",
        series / LEAVES,
        series % LEAVES
    )
}

fn find(engine: &Engine, pattern: &str) -> Result<usize, Box<dyn std::error::Error>> {
    let selector = Selector::parse(pattern)?;
    let query = FindQuery {
        selector: &selector,
        range: None,
        labelled: true,
    };
    Ok(engine.find(&scope(), &query, &Context::unlimited())?.len())
}

fn fetch(engine: &Engine, pattern: &str) -> Result<usize, Box<dyn std::error::Error>> {
    let selector = Selector::parse(pattern)?;
    let query = FetchQuery {
        selector: &selector,
        shape: Shape::Raw(TimeRange::ALL),
    };
    let mut samples = 0;
    engine.read_all(&scope(), &[query], &Context::unlimited(), &mut |series| {
        samples += cursor::collect(series)?.values.len();
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(samples)
}

fn delete(engine: &Engine, pattern: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let selector = Selector::parse(pattern)?;
    let query = DeleteQuery {
        selector: &selector,
        range: None,
        exact: false,
        dry_run: false,
        names: 0,
    };
    Ok(engine
        .delete(&scope(), &query, &Context::unlimited())?
        .series)
}

fn ingest(engine: &Engine, names: &[String], round: usize) -> Fallible {
    let at = Millis(NOON - STEP_MS * (1000 - i64::try_from(round)?));
    for (chunk, names) in names.chunks(BATCH).enumerate() {
        let mut batch = Batch::default();
        for (offset, name) in names.iter().enumerate() {
            let value = ((chunk * BATCH + offset) % 1000 + round) as f64 / 4.0;
            batch.push(&SeriesName::parse(name)?, at, value);
        }
        engine.append(&scope(), &batch, Durability::Committed)?;
    }
    Ok(())
}

fn main() -> Fallible {
    let (series, rounds) = (number("SERIES", 100_000), number("ROUNDS", 20));
    let folder = tempfile::tempdir()?;
    let engine = open(folder.path())?;
    let names: Vec<String> = (0..series).map(name).collect();
    let samples = series * rounds;
    timed("ingest, new series", series, || ingest(&engine, &names, 0))?;
    timed("ingest, known series", samples - series, || {
        (1..rounds).try_for_each(|round| ingest(&engine, &names, round))
    })?;
    let probes = |engine: &Engine| -> Fallible {
        (0..LEAVES).try_for_each(|at| fetch(engine, &name(at * (series / LEAVES))).map(drop))
    };
    timed("fetch one by one, head", LEAVES, || probes(&engine))?;
    timed("flush", samples, || engine.flush())?;
    timed("fetch one by one, disk", LEAVES, || probes(&engine))?;
    timed("fetch one node", LEAVES, || {
        fetch(&engine, "scale.host-00007.*.value")
    })?;
    // Many times, since processor time comes in ticks of 10 ms.
    for (what, children, pattern) in [
        ("find all hosts", series.div_ceil(LEAVES), "scale.*"),
        ("find a node's children", LEAVES, "scale.host-00007.*"),
        ("find {a,b} by name", 2, "scale.{host-00007,host-00003}"),
    ] {
        timed(what, children * 100, || {
            (0..100).try_for_each(|_| find(&engine, pattern).map(drop))
        })?;
    }
    timed("merge what is crowded", samples, || engine.compact())?;
    drop(engine);
    let engine = timed("start, nothing in the log", series, || open(folder.path()))?;
    let tenth = format!("scale.host-{}[0-9]*", "0".repeat(3));
    let found = find(&engine, &tenth)?;
    timed(&format!("delete {found} nodes"), found * LEAVES, || {
        delete(&engine, &tenth)
    })?;
    timed("flush after it", 1, || engine.flush())?;
    timed("purge what was deleted", samples, || engine.compact())?;
    let bytes: f64 = engine
        .figures(&operator())
        .iter()
        .filter(|figure| figure.name == "segment_bytes")
        .map(|figure| figure.value)
        .sum();
    println!(
        "bytes of segments        {:.2} MiB, of {samples} samples less the deleted",
        bytes / 1_048_576.0
    );
    ingest(&engine, &names, rounds)?;
    drop(engine);
    timed("start, one round in the log", series, || {
        open(folder.path())
    })?;
    Ok(())
}
