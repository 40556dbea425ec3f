//! Rows of what one tenant's write waits for another's work.

use super::baseline::Programs;
use super::row::{Bound, Row};
use crate::bench::neighbour;
use crate::bench::server::{Server, p99};
use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A write may take so many times as long beside the work as without it, or so many milliseconds.
const TIMES_MAX: f64 = 5.0;
const MS_MAX: f64 = 50.0;

/// How long writes are measured without the work, and with a listing.
const MEASURED: Duration = Duration::from_secs(10);

/// Listings that are asked for at once.
const ASKERS: usize = 4;

/// Questions that the limits allow, so that they are answered; another may be refused for its cost.
const WITHIN_LIMITS: [&str; 2] = ["a listing of long names", "samples"];

/// Samples of a sending of the other tenant, and of how many series they are.
const BATCH: u64 = 10_000;
const SERIES: u64 = 100_000;

fn row(what: &str, alone: &[f64], beside: &[f64]) -> Result<Row> {
    let (alone, beside) = (p99(alone)?, p99(beside)?);
    Ok(Row {
        what: format!("{what}, 99th percentile: without it (before), with it (now)"),
        unit: "ms",
        before: alone,
        now: beside,
        ratio: beside / alone,
        bound: Bound::AtMost(TIMES_MAX),
        or_at_most: Some(MS_MAX),
    })
}

/// Writes while `work` is done again and again by others.
fn beside(
    server: &Server,
    workers: usize,
    long: Duration,
    work: impl Fn() -> Result<()> + Sync,
) -> Result<Vec<f64>> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let repeat = || -> Result<()> {
            while !over.load(Ordering::Relaxed) {
                work()?;
            }
            Ok(())
        };
        let working: Vec<_> = (0..workers).map(|_| scope.spawn(repeat)).collect();
        let took = server.write_for(long, &server.owner);
        over.store(true, Ordering::Relaxed);
        for worker in working {
            match worker.join() {
                Ok(done) => done?,
                Err(_) => anyhow::bail!("who works beside the writes has failed"),
            }
        }
        took
    })
}

/// Every listing of which the neighbour bench says that it is the costliest of its kind; the row is of the worst.
pub(super) fn listing(programs: &Programs<'_>) -> Result<Vec<Row>> {
    let server = Server::start(programs.vigied()?, &programs.folder("listing")?, &[])?;
    neighbour::fill(&server)?;
    let alone = server.write_for(MEASURED, &server.owner)?;
    let mut worst = Vec::new();
    for (name, path) in neighbour::requests() {
        let ask = || {
            let mut stream = server.connect()?;
            server.request(&mut stream, "GET", &path, &server.other, "")
        };
        // With nobody else there it is answered, or refused for its cost or its time.
        let due = ask()?;
        ensure!(
            due == 200 || matches!(due, 400 | 503) && !WITHIN_LIMITS.contains(&name),
            "{name}: answered with {due} while nobody else asks"
        );
        let answers = Mutex::new(BTreeMap::<u16, u64>::new());
        let took = beside(&server, ASKERS, MEASURED, || {
            let status = ask()?;
            // Refused for so many at once: an answer as good, but not the only one.
            ensure!(
                status == due || matches!(status, 429 | 503),
                "{name}: answered with {status}, and with {due} alone"
            );
            let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            *answers.entry(status).or_default() += 1;
            Ok(())
        })?;
        let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        let outcomes: Vec<String> = answers
            .iter()
            .map(|(status, count)| format!("{count} with {status}"))
            .collect();
        eprintln!("{name}: answered {}", outcomes.join(", "));
        ensure!(
            answers.contains_key(&due),
            "{name}: never answered with {due} beside the writes"
        );
        if worst.is_empty() || p99(&took)? > p99(&worst)? {
            worst = took;
        }
    }
    let what = "a write of one sample beside the costliest listing of another tenant";
    Ok(vec![row(what, &alone, &worst)?])
}

/// The other tenant sends as many samples a second in all three; a log of 64 MiB is flushed too, so the quiet one is short.
pub(super) fn jobs(programs: &Programs<'_>) -> Result<Vec<Row>> {
    const QUIET: Duration = Duration::from_secs(15);
    /// Long enough for four million samples and their flush.
    const LONG: Duration = Duration::from_secs(45);
    let (quiet, _) = sending(programs, "100000000", QUIET)?;
    let mut rows = Vec::new();
    for (what, flush_samples, merges) in [
        (
            "a write of one sample while 4 000 000 samples come and are flushed",
            "4000000",
            false,
        ),
        (
            "a write of one sample beside flushes of 300 000 samples and compactions",
            "300000",
            true,
        ),
    ] {
        let (took, done) = sending(programs, flush_samples, LONG)?;
        eprintln!("{what}: {} flushes, {} merges", done.flushes, done.merges);
        ensure!(
            done.flushes > 0.0 && (done.merges > 0.0 || !merges),
            "{what}: {done:?} in {LONG:?}: the machine is too slow for this row"
        );
        rows.push(row(what, &quiet, &took)?);
    }
    Ok(rows)
}

/// The jobs that the store has done in the background.
#[derive(Debug)]
struct Done {
    flushes: f64,
    merges: f64,
}

/// Writes while another tenant sends 120 000 samples a second, and what the store did meanwhile.
fn sending(
    programs: &Programs<'_>,
    flush_samples: &str,
    long: Duration,
) -> Result<(Vec<f64>, Done)> {
    const PAUSE: Duration = Duration::from_millis(1000 * BATCH / 120_000);
    let settings = [("VIGIE_STORAGE_FLUSH_SAMPLES", flush_samples)];
    let server = Server::start(programs.vigied()?, &programs.folder("jobs")?, &settings)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (sent, begun) = (std::sync::atomic::AtomicU64::new(0), Instant::now());
    let took = beside(&server, 1, long, || {
        let number = sent.fetch_add(1, Ordering::Relaxed);
        let due = PAUSE * u32::try_from(number)?;
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        let first = number * BATCH % SERIES;
        let at = now - 1000 + 10 * (number * BATCH / SERIES);
        let items: Vec<String> = (first..first + BATCH)
            .map(|series| {
                format!(
                    "{{\"name\":\"load.s{series}\",\"value\":{},\"timestamp\":{at}}}",
                    (series + at) % 97
                )
            })
            .collect();
        let body = format!("[{}]", items.join(","));
        let path = "/v1/metrics?durability=buffered";
        let mut stream = server.connect()?;
        let status = server.request(&mut stream, "POST", path, &server.other, &body)?;
        ensure!(status == 200, "a sending was answered with {status}");
        Ok(())
    })?;
    let done = Done {
        flushes: server.figure("vigie_store_flushes_total")?,
        merges: server.figure("vigie_store_merges_total")?,
    };
    Ok((took, done))
}
