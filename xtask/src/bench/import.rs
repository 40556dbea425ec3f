//! The latency of a live writer's one-sample write while another tenant imports a million series.

use super::server::{Server, p99, vigied};
use crate::process::{cargo, succeed, target_folder, work_folder};
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The 99th percentile may be so many times what it is without the import.
const TIMES_MAX: f64 = 5.0;

/// Series of the import; `BENCH_IMPORT_SERIES` names fewer.
const SERIES: u64 = 1_000_000;

/// Samples of each series, a minute apart.
const SAMPLES: u64 = 10;

/// How long writes without the import are measured, and how long one part of those beside it.
const MEASURED: Duration = Duration::from_secs(10);

pub(super) fn run() -> Result<()> {
    let series = match std::env::var("BENCH_IMPORT_SERIES") {
        Ok(text) => text.parse().context("`BENCH_IMPORT_SERIES` is no number")?,
        Err(_) => SERIES,
    };
    let vigie = vigie()?;
    let folder = work_folder()?.join("bench-import");
    let server = Server::start(&vigied()?, &folder, &[])?;
    let home = folder.join("home");
    let file = folder.join("export.jsonl");
    write_export(&file, series)?;
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&vigie);
        command.args(arguments).env("VIGIE_HOME", &home);
        command
    };
    let url = format!("http://{}", server.address);
    succeed(&mut command(&[
        "login",
        "-q",
        "-a",
        &url,
        "--apikey",
        &server.other,
    ]))?;

    let alone = server.write_for(MEASURED, &server.owner)?;
    println!("{:>24}: {}", "nobody imports", summary(&alone)?);
    let begun = Instant::now();
    let mut import = command(&["import", "prometheus", "--scope", "account", "--quiet"])
        .arg(&file)
        .stdout(Stdio::null())
        .spawn()?;
    let mut beside = Vec::new();
    let status = loop {
        // As long as it goes on, so that no write after its end counts.
        let part = server.write_for(MEASURED.min(Duration::from_secs(1)), &server.owner)?;
        if let Some(status) = import.try_wait()? {
            break status;
        }
        beside.extend(part);
    };
    let took = begun.elapsed().as_secs_f64();
    ensure!(status.success(), "the import has failed: {status}");
    beside.sort_by(f64::total_cmp);
    println!("{:>24}: {}", "during the import", summary(&beside)?);
    let samples = series * SAMPLES;
    println!(
        "{:>24}: {series} series, {samples} samples in {took:.0} s, {:.0} samples a second",
        "the import",
        samples as f64 / took
    );
    let (alone, beside) = (p99(&alone)?, p99(&beside)?);
    let times = beside / alone;
    println!("{:>24}: {times:.1}, at most {TIMES_MAX}", "times the p99");
    ensure!(
        times <= TIMES_MAX,
        "writes have a 99th percentile of {beside:.2} ms beside an import, {times:.1} times the {alone:.2} ms without it"
    );
    Ok(())
}

/// The command line that `VIGIE` names, else one that is built for it.
fn vigie() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("VIGIE") {
        return Ok(path.into());
    }
    succeed(cargo().args(["build", "--release", "--locked", "--package", "vigie"]))?;
    Ok(target_folder()?.join("release/vigie"))
}

/// Writes an export as VictoriaMetrics makes it, of samples of the last day.
fn write_export(file: &Path, series: u64) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let begin = (now - 86_400) / 60 * 60;
    let times: Vec<_> = (0..SAMPLES)
        .map(|at| ((begin + at * 60) * 1000).to_string())
        .collect();
    let times = times.join(",");
    let mut out = BufWriter::new(File::create(file)?);
    for number in 0..series {
        let values: Vec<_> = (0..SAMPLES)
            .map(|at| ((number + at) % 1000).to_string())
            .collect();
        writeln!(
            out,
            r#"{{"metric":{{"__name__":"cpu_seconds","host":"web{}","core":"{}"}},"values":[{}],"timestamps":[{times}]}}"#,
            number / 64,
            number % 64,
            values.join(",")
        )?;
    }
    out.flush()?;
    Ok(())
}

fn summary(took: &[f64]) -> Result<String> {
    let at = |part: usize| took.get(part).copied().context("no write was answered");
    Ok(format!(
        "{} writes, median {:.2} ms, p99 {:.2} ms, longest {:.1} ms",
        took.len(),
        at(took.len() / 2)?,
        p99(took)?,
        at(took.len().saturating_sub(1))?
    ))
}
