//! Measurements of what the documentation promises, each with its limit: beyond it the task fails.

mod attacks;
mod import;
mod neighbour;
mod paced;
mod senders;
mod server;
mod table;
mod tokens;
mod wide;

pub(crate) use table::TableArgs;

use crate::process::{cargo, find_program, output_of, succeed, target_folder, work_folder};
use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Subcommand;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// The benchmarks.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// `vigie iam token` with a valid token, as a whole process, against `/bin/true`
    Cli,
    /// The parts of `/render`: each function beside a plain loop, the formats, and finding names; a simple function that takes
    /// more than twice as long as its loop is a failure. Before them, a server's sum of 10 000 series, by one thread and by more;
    /// `VIGIED` names a server to measure instead of the one that is built
    Graphite,
    /// A live writer's one-sample write while another tenant imports a million series with `vigie import`; `BENCH_IMPORT_SERIES`
    /// names fewer, `VIGIED` and `VIGIE` name programs to measure instead of those that are built
    Import,
    /// a stranger's one-sample write while another tenant asks the worst that the limits allow, and one by HTTP and one on a
    /// connection of lines while it sends the costliest; `VIGIED` names a server to measure instead of the one that is built
    Neighbour,
    /// The cost of a sample by Graphite's plain text on the server, by 1, 2 and 8 connections that have said who they are;
    /// `VICTORIA_METRICS` names a program to measure beside it, `VIGIED` a server instead of the one that is built
    Senders,
    /// The table of `docs/performance.md`, this tree beside the commit it is compared with; what is measured where nothing
    /// is named
    Table(Box<TableArgs>),
    /// Tokens minted for an API key, from form to JSON, beside bare signatures of the same kind of key; checks of a known token;
    /// the memory of a million API keys and of a server at rest. `KEYS` names another number, `VIGIED` a server to measure instead
    /// of the one that is built
    Tokens,
}

/// `vigie iam token` may take this much longer than `/bin/true`.
const TOKEN_OVER_TRUE_MS_MAX: f64 = 3.0;

pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Cli => token(),
        Bench::Graphite => graphite(),
        Bench::Import => import::run(),
        Bench::Neighbour => neighbour::run(),
        Bench::Senders => senders::run(),
        Bench::Table(arguments) => table::run(arguments),
        Bench::Tokens => tokens::run(),
    }
}

/// The last one is what can fail, so that all figures are shown.
fn graphite() -> Result<()> {
    wide::run()?;
    for bench in ["formats", "names", "functions"] {
        succeed(cargo().args([
            "bench",
            "--locked",
            "--package",
            "benches",
            "--bench",
            bench,
        ]))?;
    }
    Ok(())
}

fn token() -> Result<()> {
    if find_program("hyperfine").is_none() {
        bail!("`hyperfine` is not installed (`sudo apt-get install hyperfine` does it)");
    }
    succeed(cargo().args(["build", "--release", "--locked", "--package", "vigie"]))?;
    let folder = work_folder()?.join("bench-cli");
    let home = folder.join("home");
    fs::create_dir_all(&home)?;
    login(&home)?;
    let figures = folder.join("figures.json");
    let vigie = target_folder()?.join("release/vigie");
    succeed(
        Command::new("hyperfine")
            .args(["--shell=none", "--warmup=200", "--runs=2000"])
            .arg("--export-json")
            .arg(&figures)
            .arg("/bin/true")
            .arg(format!("'{}' iam token", vigie.display()))
            .env("VIGIE_HOME", &home),
    )?;
    let figures: Value = serde_json::from_slice(&fs::read(&figures)?)?;
    let ms = |at: usize, figure: &str| -> Result<f64> {
        figures
            .pointer(&format!("/results/{at}/{figure}"))
            .and_then(Value::as_f64)
            .map(|seconds| seconds * 1000.0)
            .with_context(|| format!("hyperfine reports no `{figure}`"))
    };
    for figure in ["mean", "median", "min"] {
        println!(
            "{figure:>6}: /bin/true {:.2} ms, `vigie iam token` {:.2} ms, over it {:.2} ms",
            ms(0, figure)?,
            ms(1, figure)?,
            ms(1, figure)? - ms(0, figure)?
        );
    }
    // The median: what else the machine does at the moment is not the program's doing.
    let over = ms(1, "median")? - ms(0, "median")?;
    if over > TOKEN_OVER_TRUE_MS_MAX {
        bail!("{over:.2} ms over `/bin/true`, more than {TOKEN_OVER_TRUE_MS_MAX} ms");
    }
    Ok(())
}

/// A configuration as a login leaves it, with a token of the usual size that is valid for an hour and signed by nobody:
/// the command line does not check signatures.
fn login(home: &Path) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = json!({
        "iam_id": "IBMid-0123456789", "id": "IBMid-0123456789", "realmid": "IBMid", "identifier": "0123456789",
        "given_name": "Ada", "family_name": "Field", "name": "Ada Field", "email": "ada@example.org",
        "sub": "ada@example.org", "account": {"valid": true, "bss": "0123456789abcdef0123456789abcdef"},
        "iat": now, "exp": now + 3600, "iss": "https://metrics.example.org/identity",
        "grant_type": "urn:ibm:params:oauth:grant-type:apikey", "scope": "ibm openid", "client_id": "bx",
        "acr": 1, "amr": ["pwd"],
    });
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    let token = format!(
        "{}.{}.{}",
        part(json!({"kid": "bench", "alg": "RS256"}).to_string()),
        part(claims.to_string()),
        part("s".repeat(256))
    );
    let config = json!({
        "APIEndpoint": "https://metrics.example.org", "IAMEndpoint": "https://metrics.example.org",
        "Region": "us-south", "RegionID": "us-south", "IAMToken": format!("Bearer {token}"),
        "IAMRefreshToken": "r".repeat(64),
        "Account": {"GUID": "0123456789abcdef0123456789abcdef", "Name": "Field Works", "Owner": "ada@example.org"},
    });
    fs::write(
        home.join("config.json"),
        serde_json::to_vec_pretty(&config)?,
    )?;
    let vigie = target_folder()?.join("release/vigie");
    let printed = output_of(
        Command::new(vigie)
            .args(["iam", "token"])
            .env("VIGIE_HOME", home),
    )?;
    if printed.trim_end() != token {
        bail!("`vigie iam token` does not print the stored token");
    }
    Ok(())
}
