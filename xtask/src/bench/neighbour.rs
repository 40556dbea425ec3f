//! What a stranger's write takes while another tenant asks the worst that the limits allow, again and again.

use crate::process::{cargo, output_of, succeed, target_folder, work_folder};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The 99th percentile may be this, or [`TIMES_MAX`] times what it is without the queries, whichever is more.
const P99_MS_MAX: f64 = 100.0;

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
    let folder = work_folder()?.join("bench-neighbour");
    let _ = fs::remove_dir_all(&folder);
    let server = Server::start(&vigied()?, &folder)?;
    server.fill()?;
    let alone = server.write_while(None)?;
    println!("{:>28}: {alone}", "nobody asks");
    let mut worst: f64 = 0.0;
    for (name, path) in questions() {
        let beside = server.write_while(Some(&path))?;
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

/// The server that `VIGIED` names, else one that is built for it.
fn vigied() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("VIGIED") {
        return Ok(path.into());
    }
    succeed(cargo().args(["build", "--release", "--locked", "--package", "vigied"]))?;
    Ok(target_folder()?.join("release/vigied"))
}

/// Each with what it is the worst of.
fn questions() -> Vec<(&'static str, String)> {
    let ones = format!("c.*.*{}z", "y".repeat(480));
    let stars = format!("c.*.{}z", "*y".repeat(480));
    let wild: Vec<String> = (0..500).map(|number| format!("*{number}*z")).collect();
    let wild = format!("c.*.{{{}}}", wild.join(","));
    let braces = "{0,1,2,3,4,5,6,7,8,9}".repeat(2) + "{0,1,2,3,4,5,6,7,8}" + &"{a}".repeat(1345);
    let list = |pattern: &str| format!("/v1/metrics/list?query={}", encoded(pattern));
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
    ]
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
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

struct Server {
    child: Child,
    address: String,
    owner: String,
    other: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn key(printed: &str) -> Result<String> {
    let shown: Value = serde_json::from_str(printed)?;
    let key = shown.get("api_key").and_then(Value::as_str);
    let key = key.context("no `api_key` is shown")?;
    Ok(key.to_owned())
}

impl Server {
    fn start(vigied: &Path, folder: &Path) -> Result<Self> {
        let run = |arguments: &[&str]| {
            let mut command = Command::new(vigied);
            output_of(command.args(arguments).arg("--data").arg(folder))
        };
        let owner = key(&run(&["init", "--output", "json"])?)?;
        let other = ["account", "create", "Other", "--owner", "bea@example.org"];
        let other = key(&run(&[&other[..], &["--output", "json"]].concat())?)?;
        let mut child = Command::new(vigied)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut address = String::new();
        let printed = child.stdout.take().context("no output")?;
        BufReader::new(printed).read_line(&mut address)?;
        let address = address.trim().to_owned();
        Ok(Self {
            child,
            address,
            owner,
            other,
        })
    }

    fn request(
        &self,
        stream: &mut TcpStream,
        method: &str,
        path: &str,
        key: &str,
        body: &str,
    ) -> Result<u16> {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        read(stream)
    }

    fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(stream)
    }

    fn fill(&self) -> Result<()> {
        let mut stream = self.connect()?;
        let rest = "y".repeat(1000);
        let mut samples = Vec::new();
        for number in 0..LONG_NAMES {
            samples.push(json!({"name": format!("c.n{number}.{rest}"), "value": 1}));
            if samples.len() == 5000 {
                self.send(&mut stream, &mut samples)?;
            }
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        for number in 0..SERIES {
            for at in 0..SAMPLES {
                let at = now - SAMPLES + at;
                samples
                    .push(json!({"name": format!("s.n{number}"), "value": 0.5, "timestamp": at}));
            }
            self.send(&mut stream, &mut samples)?;
        }
        Ok(())
    }

    fn send(&self, stream: &mut TcpStream, samples: &mut Vec<Value>) -> Result<()> {
        let body = Value::Array(std::mem::take(samples)).to_string();
        let status = self.request(stream, "POST", "/v1/metrics", &self.other, &body)?;
        ensure!(status == 200, "a batch was answered with {status}");
        Ok(())
    }

    /// Writes one sample after another while others ask for `path`.
    fn write_while(&self, path: Option<&str>) -> Result<Figures> {
        let over = AtomicBool::new(false);
        let asked = AtomicU64::new(0);
        let mut took = std::thread::scope(|scope| {
            for _ in 0..path.map_or(0, |_| ASKERS) {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        let answered = self.connect().and_then(|mut stream| {
                            let path = path.unwrap_or_default();
                            self.request(&mut stream, "GET", path, &self.other, "")
                        });
                        if matches!(answered, Ok(200 | 400)) {
                            asked.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
            let took = self.write();
            over.store(true, Ordering::Relaxed);
            took
        })?;
        took.sort_by(f64::total_cmp);
        let part = |part: usize| took.get(took.len() * part / 100).copied();
        Ok(Figures {
            writes: took.len(),
            median: part(50).context("no write was answered")?,
            p99: part(99).context("no write was answered")?,
            longest: took.last().copied().unwrap_or_default(),
            asked: asked.load(Ordering::Relaxed),
        })
    }

    fn write(&self) -> Result<Vec<f64>> {
        let mut stream = self.connect()?;
        let body = r#"[{"name":"a.neighbour","value":1}]"#;
        let path = "/v1/metrics?durability=buffered";
        let (mut took, begun) = (Vec::new(), Instant::now());
        while begun.elapsed() < MEASURED {
            let sent = Instant::now();
            let status = self.request(&mut stream, "POST", path, &self.owner, body)?;
            ensure!(status == 200, "a write was answered with {status}");
            took.push(sent.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(took)
    }
}

/// Reads an answer to its end: its status.
fn read(stream: &mut TcpStream) -> Result<u16> {
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    let (mut line, mut status, mut length) = (String::new(), 0, None);
    loop {
        line.clear();
        ensure!(reader.read_line(&mut line)? > 0, "the answer broke off");
        let own = line.trim_end();
        if status == 0 {
            status = own.get(9..12).unwrap_or_default().parse()?;
        } else if let Some(text) = own.strip_prefix("content-length: ") {
            length = Some(text.parse()?);
        } else if own.is_empty() {
            break;
        }
    }
    if let Some(length) = length {
        std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
        return Ok(status);
    }
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim_end(), 16).unwrap_or(u64::MAX);
        if size == u64::MAX {
            bail!("the answer broke off");
        }
        std::io::copy(&mut (&mut reader).take(size + 2), &mut std::io::sink())?;
        if size == 0 {
            return Ok(status);
        }
    }
}
