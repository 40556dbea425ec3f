//! The latency of a stranger's write while another tenant asks the worst that the limits allow, again and again.

use super::attacks;
use super::server::{Server, p99, vigied};
use crate::process::work_folder;
use anyhow::{Context, Result, ensure};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The 99th percentile may be this, or [`TIMES_MAX`] times what it is without the queries, whichever is more.
const P99_MS_MAX: f64 = 50.0;

/// For a machine that is slow, or busy with something else.
const TIMES_MAX: f64 = 5.0;

/// How long each is measured.
const MEASURED: Duration = Duration::from_secs(10);

/// How many ask at once.
const ASKERS: usize = 8;

/// Names of more than 1000 bytes that the patterns go through.
const LONG_NAMES: usize = 20_000;

/// Series with [`SAMPLES`] samples each.
const SERIES: usize = 20;

const SAMPLES: u64 = 50_000;

pub(super) fn run() -> Result<()> {
    let queries = beside_queries();
    // Both are shown, whichever of them fails.
    attacks::run().and(queries)
}

fn beside_queries() -> Result<()> {
    let folder = work_folder()?.join("bench-neighbour");
    let server = Server::start(&vigied()?, &folder, &[])?;
    fill(&server)?;
    let alone = write_while(&server, None)?;
    println!("{:>28}: {alone}", "nobody asks");
    let mut worst: f64 = 0.0;
    for (name, path) in requests() {
        let beside = write_while(&server, Some(&path))?;
        println!("{name:>28}: {beside}");
        worst = worst.max(beside.p99);
    }
    let allowed = P99_MS_MAX.max(TIMES_MAX * alone.p99);
    ensure!(
        worst <= allowed,
        "a stranger's write has a 99th percentile of {worst:.1} ms, more than {allowed:.1} ms"
    );
    Ok(())
}

/// Each with what it is the worst of.
pub(super) fn requests() -> Vec<(&'static str, String)> {
    let ones = format!("c.*.*{}z", "y".repeat(480));
    let stars = format!("c.*.{}z", "*y".repeat(480));
    let wild: Vec<String> = (0..500).map(|number| format!("*{number}*z")).collect();
    let wild = format!("c.*.{{{}}}", wild.join(","));
    let braces = "{0,1,2,3,4,5,6,7,8,9}".repeat(2) + "{0,1,2,3,4,5,6,7,8}" + &"{a}".repeat(1345);
    let list = |pattern: &str| format!("/v1/metrics/list?query={}", encoded(pattern));
    let render = |from: &str, target: &str| {
        let target = encoded(target);
        format!("/render?format=json&noCache=1&maxDataPoints=10&from={from}&target={target}")
    };
    vec![
        ("a long run after a star", list(&ones)),
        ("hundreds of stars", list(&stars)),
        ("500 alternatives with stars", list(&wild)),
        (
            "alternatives in 40 elements",
            list(&vec!["{a,b}"; 40].join(".")),
        ),
        ("braces in 4096 bytes", list(&braces)),
        ("a listing of long names", list("c.*.*")),
        ("samples", "/v1/metrics?target=s.*&from=-30d".to_owned()),
        (
            "medians of windows",
            render("-1d", "movingMedian(timeFunction('a',1),'6h')"),
        ),
        (
            "a target of made series",
            render(
                "-40d",
                "stddevSeries(timeFunction('a',1),timeFunction('b',1))",
            ),
        ),
        (
            "an expression for long names",
            render("-1h", "grep(c.*.*,'(a?){2000}b')"),
        ),
    ]
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// How long writes took, in milliseconds.
struct Figures {
    writes: usize,
    median: f64,
    p99: f64,
    longest: f64,
    asked: u64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} writes, median {:.1} ms, p99 {:.1} ms, longest {:.1} ms; {} questions answered",
            self.writes, self.median, self.p99, self.longest, self.asked
        )
    }
}

pub(super) fn fill(server: &Server) -> Result<()> {
    let mut stream = server.connect()?;
    let rest = "y".repeat(1000);
    let mut samples = Vec::new();
    for number in 0..LONG_NAMES {
        samples.push(json!({"name": format!("c.n{number}.{rest}"), "value": 1}));
        if samples.len() == 5000 {
            send(server, &mut stream, &mut samples)?;
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    for number in 0..SERIES {
        for at in 0..SAMPLES {
            let at = now - SAMPLES + at;
            samples.push(json!({"name": format!("s.n{number}"), "value": 0.5, "timestamp": at}));
        }
        send(server, &mut stream, &mut samples)?;
    }
    Ok(())
}

fn send(server: &Server, stream: &mut TcpStream, samples: &mut Vec<Value>) -> Result<()> {
    let body = Value::Array(std::mem::take(samples)).to_string();
    let status = server.request(stream, "POST", "/v1/metrics", &server.other, &body)?;
    ensure!(status == 200, "a batch was answered with {status}");
    Ok(())
}

/// Writes one sample after another while others ask for `path`.
fn write_while(server: &Server, path: Option<&str>) -> Result<Figures> {
    let over = AtomicBool::new(false);
    let asked = AtomicU64::new(0);
    let took = std::thread::scope(|scope| {
        for _ in 0..path.map_or(0, |_| ASKERS) {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let answered = server.connect().and_then(|mut stream| {
                        let path = path.unwrap_or_default();
                        server.request(&mut stream, "GET", path, &server.other, "")
                    });
                    if matches!(answered, Ok(200 | 400)) {
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let took = server.write_for(MEASURED, &server.owner);
        over.store(true, Ordering::Relaxed);
        took
    })?;
    Ok(Figures {
        writes: took.len(),
        median: took
            .get(took.len() / 2)
            .copied()
            .context("no write was answered")?,
        p99: p99(&took)?,
        longest: took.last().copied().unwrap_or_default(),
        asked: asked.load(Ordering::Relaxed),
    })
}
