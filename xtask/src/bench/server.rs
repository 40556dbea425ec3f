//! A server that is measured, and a plain client of it.

use crate::process::{cargo, output_of, succeed, target_folder};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The server that `VIGIED` names, else one that is built for it.
pub(super) fn vigied() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("VIGIED") {
        return Ok(path.into());
    }
    succeed(cargo().args(["build", "--release", "--locked", "--package", "vigied"]))?;
    Ok(target_folder()?.join("release/vigied"))
}

/// A running server with two accounts; it ends with this.
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    pub(super) address: String,
    /// Keys of the two accounts' owners, and the GUIDs of their spaces.
    pub(super) owner: String,
    pub(super) owner_space: String,
    pub(super) other: String,
    pub(super) other_space: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The key of an account's owner, and the GUID of its space.
fn made(printed: &str) -> Result<(String, String)> {
    let json: Value = serde_json::from_str(printed)?;
    let text = |field: &str| {
        let text = json.get(field).and_then(Value::as_str);
        let text = text.with_context(|| format!("no `{field}` is shown"))?;
        Ok::<_, anyhow::Error>(text.to_owned())
    };
    Ok((text("api_key")?, text("space_guid")?))
}

impl Server {
    /// Starts one on a new folder.
    pub(super) fn start(vigied: &Path, folder: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let _ = std::fs::remove_dir_all(folder);
        let run = |arguments: &[&str]| {
            let mut command = Command::new(vigied);
            output_of(command.args(arguments).arg("--data").arg(folder))
        };
        let (owner, owner_space) = made(&run(&["init", "--output", "json"])?)?;
        let other = ["account", "create", "Other", "--owner", "bea@example.org"];
        let other = run(&[&other[..], &["--output", "json"]].concat())?;
        let (other, other_space) = made(&other)?;
        let mut child = Command::new(vigied)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut address = String::new();
        let printed = child.stdout.take().context("no output")?;
        BufReader::new(printed).read_line(&mut address)?;
        let address = address.trim().to_owned();
        ensure!(
            !address.is_empty(),
            "`{}` has not started",
            vigied.display()
        );
        Ok(Self {
            child,
            folder: folder.to_owned(),
            address,
            owner,
            owner_space,
            other,
            other_space,
        })
    }

    /// One request with these header lines, on a connection of its own: the JSON of its answer.
    pub(super) fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Result<Value> {
        let mut stream = self.connect()?;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: vigie\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .context("the answer broke off")?;
        ensure!(
            head.get(9..10) == Some("2"),
            "`{path}` is answered with `{}`",
            head.lines().next().unwrap_or_default()
        );
        Ok(serde_json::from_str(body)?)
    }

    /// One request on a connection: its status.
    pub(super) fn request(
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
        read(stream, &mut io::sink())
    }

    /// Asks a question: the status, and what a refusal says.
    pub(super) fn question(&self, path: &str, key: &str) -> Result<(u16, Value)> {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\n\r\n"
        );
        let mut stream = self.connect()?;
        stream.write_all(head.as_bytes())?;
        let mut body = Vec::new();
        let status = read(&mut stream, &mut body)?;
        let refusal = match status {
            200 => Value::Null,
            _ => serde_json::from_slice(&body)?,
        };
        Ok((status, refusal))
    }

    pub(super) fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect(&self.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(stream)
    }

    /// Figures of the server's own, as its operators read them, of one moment.
    pub(super) fn figures_of<const N: usize>(&self, names: [&str; N]) -> Result<[f64; N]> {
        let text = self.figures()?;
        let mut values = [0.0; N];
        for (value, name) in values.iter_mut().zip(names) {
            *value = value_of(&text, name)?;
        }
        Ok(values)
    }

    /// The sum of a figure that has labels; 0 where none is shown yet.
    pub(super) fn sum(&self, name: &str) -> Result<f64> {
        let mut sum = 0.0;
        for line in self.figures()?.lines() {
            let labelled = line.strip_prefix(name).filter(|rest| rest.starts_with('{'));
            if let Some((_, value)) = labelled.and_then(|rest| rest.rsplit_once(' ')) {
                sum += value.parse::<f64>()?;
            }
        }
        Ok(sum)
    }

    fn figures(&self) -> Result<String> {
        let socket = self.folder.join("operations.sock");
        let mut stream = UnixStream::connect(&socket)
            .with_context(|| format!("no operators' listener at `{}`", socket.display()))?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }

    /// Resident memory of the server.
    pub(super) fn resident_mib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        Ok(kib
            .context("`/proc` names no resident memory")?
            .parse::<f64>()?
            / 1024.0)
    }

    /// Processor time that the server has taken so far, as a user and in all, in seconds.
    pub(super) fn processor(&self) -> Result<(f64, f64)> {
        processor_of(self.child.id())
    }

    /// Writes one sample.
    pub(super) fn write_sample(&self, stream: &mut TcpStream, key: &str) -> Result<()> {
        let body = r#"[{"name":"a.neighbour","value":1}]"#;
        let path = "/v1/metrics?durability=buffered";
        let status = self.request(stream, "POST", path, key, body)?;
        ensure!(status == 200, "a write was answered with {status}");
        Ok(())
    }

    /// Writes one sample after another for as long, a connection kept: what each took, in milliseconds, ascending.
    pub(super) fn write_for(&self, long: Duration, key: &str) -> Result<Vec<f64>> {
        let mut stream = self.connect()?;
        let (mut took, begun) = (Vec::new(), Instant::now());
        while begun.elapsed() < long {
            let sent = Instant::now();
            self.write_sample(&mut stream, key)?;
            took.push(sent.elapsed().as_secs_f64() * 1000.0);
        }
        took.sort_by(f64::total_cmp);
        Ok(took)
    }
}

/// A figure in the text that operators read.
fn value_of(text: &str, name: &str) -> Result<f64> {
    let mut values = text
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = values.next();
    let value = value.with_context(|| format!("the server has no figure `{name}`"))?;
    Ok(value.trim().parse()?)
}

/// Processor time that a process has taken so far, as a user and in all, in seconds.
pub(super) fn processor_of(process: u32) -> Result<(f64, f64)> {
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind the program's name: state first, user and system time as 12th and 13th.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let mut times = fields.split_whitespace().skip(11);
    let mut time = || -> Result<f64> {
        let ticks = times.next().context("`/proc` names no processor time")?;
        Ok(ticks.parse::<f64>()? / TICKS)
    };
    let (user, system) = (time()?, time()?);
    Ok((user, user + system))
}

/// The 99th percentile.
pub(super) fn p99(took: &[f64]) -> Result<f64> {
    let at = took.len() * 99 / 100;
    took.get(at).copied().context("nothing was answered")
}

/// Reads an answer to its end, its body into `body`: its status.
fn read(stream: &mut TcpStream, body: &mut impl Write) -> Result<u16> {
    let mut reader = BufReader::with_capacity(64 * 1024, stream);
    let (mut line, mut status, mut length) = (String::new(), 0, None);
    loop {
        line.clear();
        ensure!(reader.read_line(&mut line)? > 0, "the answer broke off");
        let trimmed = line.trim_end();
        if status == 0 {
            status = trimmed.get(9..12).unwrap_or_default().parse()?;
        } else if let Some(text) = trimmed.strip_prefix("content-length: ") {
            length = Some(text.parse()?);
        } else if trimmed.is_empty() {
            break;
        }
    }
    if let Some(length) = length {
        io::copy(&mut reader.take(length), body)?;
        return Ok(status);
    }
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim_end(), 16).unwrap_or(u64::MAX);
        if size == u64::MAX {
            bail!("the answer broke off");
        }
        io::copy(&mut (&mut reader).take(size), body)?;
        // Its line end.
        line.clear();
        reader.read_line(&mut line)?;
        if size == 0 {
            return Ok(status);
        }
    }
}
