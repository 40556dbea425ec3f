//! The cost of a sample by Graphite's plain text: for our server, with `AUTH`, and for a VictoriaMetrics, which asks nobody.

use super::server::{Server, processor_of, vigied};
use crate::process::work_folder;
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Series of all connections together; each connection has its share of them.
const SERIES: usize = 10_000;

/// Samples of each that are measured, ten seconds apart: processor time comes in ticks of 10 ms.
const SAMPLES: usize = 400;

/// Samples of each that come first, so that the series are known.
const BEFORE: usize = 2;

const STEP_SECONDS: u64 = 10;

const CONNECTIONS: [usize; 3] = [1, 2, 8];

/// Each server is measured so often, in turn; the median counts.
const ROUNDS: usize = 3;

/// A server that has not counted all samples by then has lost some.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a server is asked what it has counted.
const ASK_EVERY: Duration = Duration::from_millis(50);

pub(super) fn run() -> Result<()> {
    let victoria = std::env::var_os("VICTORIA_METRICS").map(PathBuf::from);
    let vigied = vigied()?;
    println!(
        "Samples for a second of the server's processor time, {SERIES} known series, {} samples:\n",
        SERIES * SAMPLES
    );
    println!("| connections | Vigie, `AUTH` | VictoriaMetrics | ratio |\n|---|---|---|---|");
    for connections in CONNECTIONS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(rate(&Vigie::start(&vigied)?, connections)?);
            if let Some(program) = &victoria {
                theirs.push(rate(&VictoriaMetrics::start(program)?, connections)?);
            }
        }
        let ours = median(ours)?;
        let (theirs, ratio) = if theirs.is_empty() {
            (String::new(), String::new())
        } else {
            let theirs = median(theirs)?;
            (format!("{theirs:.0}"), format!("{:.2}", ours / theirs))
        };
        println!("| {connections} | {ours:.0} | {theirs} | {ratio} |");
    }
    if victoria.is_none() {
        println!("\n`VICTORIA_METRICS` names no program to measure beside it.");
    }
    Ok(())
}

/// A server with a listener for plain text.
trait Receiver {
    /// A connection whose sender may send.
    fn connect(&self) -> Result<TcpStream>;

    /// How many samples it has taken so far.
    fn received(&self) -> Result<usize>;

    /// Its processor time so far, in seconds.
    fn processor_seconds(&self) -> Result<f64>;
}

/// Samples for a second of processor time, from their first byte until the server has counted the last.
fn rate(server: &impl Receiver, connections: usize) -> Result<f64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let begin = now - STEP_SECONDS * u64::try_from(BEFORE + SAMPLES)?;
    let mut streams = Vec::new();
    for _ in 0..connections {
        streams.push(server.connect()?);
    }
    send(&streams, begin, 0..BEFORE)?;
    wait_for(server, SERIES * BEFORE)?;
    let before = server.processor_seconds()?;
    send(&streams, begin, BEFORE..BEFORE + SAMPLES)?;
    wait_for(server, SERIES * (BEFORE + SAMPLES))?;
    let took = server.processor_seconds()? - before;
    Ok((SERIES * SAMPLES) as f64 / took)
}

/// Sends these samples of all series, each connection those of its own.
fn send(streams: &[TcpStream], begin: u64, samples: std::ops::Range<usize>) -> Result<()> {
    let share = SERIES / streams.len();
    std::thread::scope(|scope| {
        let senders: Vec<_> = (0..)
            .zip(streams)
            .map(|(number, mut stream)| {
                let samples = samples.clone();
                scope.spawn(move || -> Result<()> {
                    let mut text = String::new();
                    for sample in samples {
                        let at = begin + STEP_SECONDS * u64::try_from(sample)?;
                        text.clear();
                        for series in number * share..(number + 1) * share {
                            writeln!(text, "{} {at}", line(series, sample))?;
                        }
                        stream.write_all(text.as_bytes())?;
                    }
                    Ok(())
                })
            })
            .collect();
        for sender in senders {
            match sender.join() {
                Ok(sent) => sent?,
                Err(_) => bail!("a sender has panicked"),
            }
        }
        Ok(())
    })
}

/// A name and a value with two decimals.
fn line(series: usize, sample: usize) -> String {
    let value = (series * 7 + sample) % 10_000;
    format!(
        "shop.eu-central.host-{:05}.metric-{:04}.value {}.{:02}",
        series / 100,
        series % 100,
        value / 100,
        value % 100
    )
}

fn wait_for(server: &impl Receiver, samples: usize) -> Result<()> {
    let begun = Instant::now();
    loop {
        let received = server.received()?;
        if received >= samples {
            return Ok(());
        }
        ensure!(
            begun.elapsed() < PATIENCE,
            "{received} samples of {samples} have been counted"
        );
        std::thread::sleep(ASK_EVERY);
    }
}

fn median(mut rates: Vec<f64>) -> Result<f64> {
    rates.sort_by(f64::total_cmp);
    let median = rates.get(rates.len() / 2).copied();
    median.context("nothing was measured")
}

/// An address on which nothing listens yet.
fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

struct Vigie {
    server: Server,
    graphite: String,
}

impl Vigie {
    fn start(vigied: &Path) -> Result<Self> {
        let graphite = free_address()?;
        let settings = [
            ("VIGIE_GRAPHITE_LISTEN", graphite.as_str()),
            // One sender sends as fast as it can; that it is slowed down is measured elsewhere.
            ("VIGIE_LIMITS_SENDER_BYTES_PER_SECOND", "68719476736"),
        ];
        let server = Server::start(vigied, &work_folder()?.join("bench-senders"), &settings)?;
        Ok(Self { server, graphite })
    }
}

impl Receiver for Vigie {
    fn connect(&self) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(&self.graphite)?;
        writeln!(stream, "AUTH apikey {}", self.server.owner)?;
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer)?;
        ensure!(answer.starts_with("OK "), "`AUTH` was answered: {answer}");
        Ok(stream)
    }

    fn received(&self) -> Result<usize> {
        Ok(self.server.sum("vigie_samples_stored_total")? as usize)
    }

    fn processor_seconds(&self) -> Result<f64> {
        Ok(self.server.processor()?.1)
    }
}

struct VictoriaMetrics {
    child: Child,
    http: String,
    graphite: String,
}

impl Drop for VictoriaMetrics {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl VictoriaMetrics {
    fn start(program: &Path) -> Result<Self> {
        let folder = work_folder()?.join("bench-senders-victoria");
        let _ = std::fs::remove_dir_all(&folder);
        let (http, graphite) = (free_address()?, free_address()?);
        let child = Command::new(program)
            .arg(format!("-httpListenAddr={http}"))
            .arg(format!("-graphiteListenAddr={graphite}"))
            .arg(format!("-storageDataPath={}", folder.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run `{}`", program.display()))?;
        let server = Self {
            child,
            http,
            graphite,
        };
        let begun = Instant::now();
        while server.received().is_err() {
            ensure!(
                begun.elapsed() < PATIENCE,
                "`{}` has not started",
                program.display()
            );
            std::thread::sleep(ASK_EVERY);
        }
        Ok(server)
    }
}

impl Receiver for VictoriaMetrics {
    fn connect(&self) -> Result<TcpStream> {
        Ok(TcpStream::connect(&self.graphite)?)
    }

    fn received(&self) -> Result<usize> {
        let mut stream = TcpStream::connect(&self.http)?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let counted = text
            .lines()
            .find_map(|line| line.strip_prefix("vm_rows_inserted_total{type=\"graphite\"} "));
        Ok(counted.context("no figure of what was inserted")?.parse()?)
    }

    fn processor_seconds(&self) -> Result<f64> {
        Ok(processor_of(self.child.id())?.1)
    }
}
