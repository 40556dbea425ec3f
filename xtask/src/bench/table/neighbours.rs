//! Rows of what one tenant's write waits for another's work.

use super::baseline::Programs;
use super::job_spans::{self, JobSpans};
use super::row::{Bound, Row};
use crate::bench::neighbour;
use crate::bench::paced::{PacedWrite, write_paced};
use crate::bench::server::{Server, p99};
use anyhow::{Result, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::Range;
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

/// Beside jobs of the store a write is due as often, whatever became of the ones before.
const WRITE_PAUSE: Duration = Duration::from_millis(1);

/// So many writes at least must have been due during jobs of a kind for their 99th percentile to say something.
const IN_JOBS_MIN: usize = 200;

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

/// Measures something while `work` is done again and again by others.
fn beside<T>(
    workers: usize,
    work: impl Fn() -> Result<()> + Sync,
    measure: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let repeat = || -> Result<()> {
            while !over.load(Ordering::Relaxed) {
                work()?;
            }
            Ok(())
        };
        let working: Vec<_> = (0..workers).map(|_| scope.spawn(repeat)).collect();
        let measured = measure();
        over.store(true, Ordering::Relaxed);
        for worker in working {
            match worker.join() {
                Ok(done) => done?,
                Err(_) => anyhow::bail!("who works beside the writes has failed"),
            }
        }
        measured
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
        // With nobody else there it is answered, or refused for its cost or its time, with the figure.
        let (due, answer) = server.question(&path, &server.other)?;
        let is_refused_with_figure = || {
            let error = answer.get("error").and_then(Value::as_str);
            error.is_some_and(|text| {
                text.contains('`') && text.contains(|c: char| c.is_ascii_digit())
            })
        };
        ensure!(
            due == 200
                || matches!(due, 400 | 503)
                    && !WITHIN_LIMITS.contains(&name)
                    && is_refused_with_figure(),
            "{name}: answered with {due} and {answer} while nobody else asks"
        );
        let answers = Mutex::new(BTreeMap::<u16, u64>::new());
        let ask_again = || -> Result<()> {
            let status = ask()?;
            // Refused for so many at once: an answer as good, but not the only one.
            ensure!(
                status == due || matches!(status, 429 | 503),
                "{name}: answered with {status}, and with {due} alone"
            );
            let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
            *answers.entry(status).or_default() += 1;
            Ok(())
        };
        let took = beside(ASKERS, ask_again, || {
            server.write_for(MEASURED, &server.owner)
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
    let quiet = sending(programs, "100000000", QUIET)?.all();
    let flush = sending(programs, "4000000", LONG)?;
    let during_flush = flush.during("flushes of 4 000 000 samples", &flush.spans.flushes)?;
    let jobs = sending(programs, "300000", LONG)?;
    let during_merge = jobs.during("compactions", &jobs.spans.merges)?;
    Ok(vec![
        row(
            "a write of one sample, since it was due, during the flush of 4 000 000 samples",
            &quiet,
            &during_flush,
        )?,
        row(
            "a write of one sample, since it was due, during a compaction",
            &quiet,
            &during_merge,
        )?,
        row(
            "a write of one sample, since it was due, beside flushes of 300 000 samples and compactions",
            &quiet,
            &jobs.all(),
        )?,
    ])
}

/// Writes that were due each [`WRITE_PAUSE`], and the jobs that the store did meanwhile.
#[derive(Debug)]
struct Sending {
    writes: Vec<PacedWrite>,
    spans: JobSpans,
}

impl Sending {
    /// What each write took, ascending.
    fn all(&self) -> Vec<f64> {
        sorted(&self.writes, |_| true)
    }

    /// The same of those that were due during one of these jobs.
    fn during(&self, what: &str, jobs: &[Range<Instant>]) -> Result<Vec<f64>> {
        let took = sorted(&self.writes, |write| {
            jobs.iter().any(|span| span.contains(&write.due))
        });
        let (due, writes) = (took.len(), self.writes.len());
        eprintln!("{what}: {}, with {due} of {writes} writes", jobs.len());
        ensure!(
            due >= IN_JOBS_MIN,
            "{due} writes were due during {what}, of {IN_JOBS_MIN}: the machine is too slow for this row"
        );
        Ok(took)
    }
}

fn sorted(writes: &[PacedWrite], is_wanted: impl Fn(&PacedWrite) -> bool) -> Vec<f64> {
    let wanted = writes.iter().filter(|write| is_wanted(write));
    let mut took: Vec<f64> = wanted.map(|write| write.took_ms).collect();
    took.sort_by(f64::total_cmp);
    took
}

/// Writes while another tenant sends 120 000 samples a second.
fn sending(programs: &Programs<'_>, flush_samples: &str, long: Duration) -> Result<Sending> {
    const PAUSE: Duration = Duration::from_millis(1000 * BATCH / 120_000);
    let settings = [("VIGIE_STORAGE_FLUSH_SAMPLES", flush_samples)];
    let server = Server::start(programs.vigied()?, &programs.folder("jobs")?, &settings)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (sent, begun) = (std::sync::atomic::AtomicU64::new(0), Instant::now());
    let send = || -> Result<()> {
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
    };
    let write = || write_paced(&server, long, WRITE_PAUSE, &server.owner);
    let (writes, spans) = beside(1, send, || job_spans::watch(&server, write))?;
    Ok(Sending { writes, spans })
}
