//! The time of a sum of very many series on a server whose queries have one turn, so that one thread reads them all, and on one
//! with the turns of its own accord, of which an idle one goes to a further thread.

use super::server::{Server, vigied};
use crate::process::work_folder;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const SERIES: u64 = 10_000;

/// Samples of each, a minute apart.
const SAMPLES: u64 = 120;

/// Samples of one body.
const BODY: u64 = 2000;

const TIMES: u32 = 20;

const ASKED: &str = "/render?target=sumSeries(w.*)&from=-3h&format=json&noCache=1";

pub(super) fn run() -> Result<()> {
    println!(
        "| `sumSeries` of {SERIES} series with {SAMPLES} samples each | wall, median | processor, mean |\n|---|---|---|"
    );
    for (name, settings) in [
        (
            "one turn",
            &[("VIGIE_LIMITS_CONCURRENT_QUERIES", "1")] as &[_],
        ),
        ("two turns for each processor", &[]),
    ] {
        let flushed = ("VIGIE_STORAGE_FLUSH_SAMPLES", "400000");
        let folder = work_folder()?.join("bench-wide");
        let server = Server::start(&vigied()?, &folder, &[settings, &[flushed]].concat())?;
        fill(&server)?;
        let (wall, processor) = asked(&server)?;
        println!("| {name} | {wall:.1} ms | {processor:.1} ms |");
    }
    Ok(())
}

fn fill(server: &Server) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let begin = now / 60 * 60 - SAMPLES * 60;
    let mut stream = server.connect()?;
    for minute in 0..SAMPLES {
        for first in (0..SERIES).step_by(usize::try_from(BODY)?) {
            let one = |number: u64| json!({"name": format!("w.s{number}"), "value": number, "timestamp": begin + 60 * minute});
            let samples: Vec<Value> = (first..first + BODY).map(one).collect();
            let body = serde_json::to_string(&samples)?;
            let path = "/v1/metrics?durability=buffered";
            let status = server.request(&mut stream, "POST", path, &server.owner, &body)?;
            ensure!(status == 200, "a write was answered with {status}");
        }
    }
    Ok(())
}

/// Milliseconds of one request: wall time, and processor time of the server.
fn asked(server: &Server) -> Result<(f64, f64)> {
    let mut stream = server.connect()?;
    let mut took = Vec::new();
    let mut before = server.processor()?.1;
    for time in 0..=TIMES {
        let sent = Instant::now();
        let status = server.request(&mut stream, "GET", ASKED, &server.owner, "")?;
        ensure!(status == 200, "the sum was answered with {status}");
        if time == 0 {
            // The first one reads the files.
            before = server.processor()?.1;
            continue;
        }
        took.push(sent.elapsed().as_secs_f64() * 1000.0);
    }
    let processor = (server.processor()?.1 - before) * 1000.0 / f64::from(TIMES);
    took.sort_by(f64::total_cmp);
    let wall = took.get(took.len() / 2).copied();
    Ok((wall.context("nothing was answered")?, processor))
}
