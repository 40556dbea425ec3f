//! Rows of the whole server: what it costs its process to answer.

use super::baseline::Programs;
use super::row::{Bound, Row, in_turn};
use crate::bench::server::Server;
use anyhow::{Result, ensure};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

const BATCH: usize = 2000;

/// Sendings that are measured: a second of work, since processor time comes in ticks of 10 ms.
const SENDINGS: usize = 250;

/// Requests that are measured on connections kept, and on one each.
const KEPT: usize = 20_000;
const EACH: usize = 4000;

pub(super) fn post(programs: &Programs<'_>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for series in [10_000, 100_000] {
        let (before, now, ratio) = in_turn(
            programs.pairs(),
            || sample_ns(programs, programs.old_vigied()?, series),
            || sample_ns(programs, programs.vigied()?, series),
        )?;
        rows.push(Row {
            what: format!(
                "a sample of a POST of {BATCH}, of {series} series, whole process, synced"
            ),
            unit: "ns",
            before,
            now,
            ratio,
            bound: Bound::AtLeast(2.5),
            or_at_most: None,
        });
    }
    Ok(rows)
}

fn body(first: usize, at: u64) -> String {
    let item = |series: usize| {
        let value = (series * 7 + usize::try_from(at % 1000).unwrap_or_default()) % 10_000;
        format!(
            "{{\"name\":\"shop.eu-central.host-{:05}.metric-{:04}.value\",\"value\":{}.{:02},\"timestamp\":{at}}}",
            series / 1000,
            series % 1000,
            value / 100,
            value % 100
        )
    };
    let items: Vec<String> = (first..first + BATCH).map(item).collect();
    format!("[{}]", items.join(","))
}

/// Processor time of a known sample, in nanoseconds.
fn sample_ns(programs: &Programs<'_>, vigied: &Path, series: usize) -> Result<f64> {
    let server = Server::start(vigied, &programs.folder("post")?, &[])?;
    let mut stream = server.connect()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let sendings = series / BATCH;
    let mut send = |number: usize| -> Result<()> {
        let round = number / sendings;
        let at = now - 50_000 + 10 * u64::try_from(round)?;
        let body = body(number % sendings * BATCH, at);
        let status = server.request(&mut stream, "POST", "/v1/metrics", &server.owner, &body)?;
        ensure!(status == 200, "a sending was answered with {status}");
        Ok(())
    };
    for number in 0..sendings {
        send(number)?;
    }
    let (_, before) = server.processor()?;
    for number in sendings..sendings + SENDINGS {
        send(number)?;
    }
    let (_, after) = server.processor()?;
    Ok((after - before) * 1e9 / (SENDINGS * BATCH) as f64)
}

/// User time of a request on a connection kept, and of one on a connection of its own.
pub(super) fn connection(programs: &Programs<'_>) -> Result<Vec<Row>> {
    let server = Server::start(programs.vigied()?, &programs.folder("connection")?, &[])?;
    // The cheapest there is: what a connection costs beside it shows most.
    let path = "/health/live";
    let ask = |stream: &mut std::net::TcpStream| -> Result<()> {
        let status = server.request(stream, "GET", path, &server.owner, "")?;
        ensure!(status == 200, "`{path}` was answered with {status}");
        Ok(())
    };
    let user_us = |requests: usize, work: &dyn Fn() -> Result<()>| -> Result<f64> {
        let (before, _) = server.processor()?;
        work()?;
        // What a connection costs when it ends is the last to be counted.
        std::thread::sleep(std::time::Duration::from_millis(50));
        let (after, _) = server.processor()?;
        Ok((after - before) * 1e6 / requests as f64)
    };
    // Each by kept.
    let (each, kept, ratio) = in_turn(
        programs.pairs(),
        || {
            user_us(EACH, &|| {
                (0..EACH).try_for_each(|_| ask(&mut server.connect()?))
            })
        },
        || {
            user_us(KEPT, &|| {
                let mut stream = server.connect()?;
                (0..KEPT).try_for_each(|_| ask(&mut stream))
            })
        },
    )?;
    Ok(vec![Row {
        what: "a request, user time: on a connection kept (before), with a connection of its own (now)".to_owned(),
        unit: "µs",
        before: kept,
        now: each,
        ratio,
        bound: Bound::AtMost(3.0),
        or_at_most: None,
    }])
}
