//! What the committed OpenAPI documents say beside what the server does: schemathesis makes requests from a document, right ones and
//! wrong ones, and fails where an answer has a status or a form that is not documented.
//!
//! What it is told of a server is in `crates/vigied/tests/schemathesis`: which checks are off and why, whose token it has, and what is
//! there to be asked for.

use crate::process::{
    cargo, find_program, joined, output_of, step, succeed, target_folder, work_folder,
};
use crate::python;
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

/// Pinned, so that a seed means the same requests.
const PACKAGES: [&str; 2] = ["hypothesis==6.170.17", "schemathesis==4.32.5"];

/// Where its settings and hooks are.
const FOLDER: &str = "crates/vigied/tests/schemathesis";

/// The documents in `openapi`.
const DOCUMENTS: [&str; 2] = ["iam", "vigie"];

/// Seconds for each document, both at the same time: five minutes of requests in all.
const SECONDS: u32 = 150;

const SEED: u64 = 1;

#[derive(Debug, Args)]
pub(crate) struct SchemathesisArgs {
    /// The seed of the requests
    #[arg(long, default_value_t = SEED)]
    seed: u64,
    /// How long each of the two documents is tried
    #[arg(long, default_value_t = SECONDS)]
    seconds: u32,
}

/// The task as a person runs it.
pub(crate) fn run(arguments: &SchemathesisArgs) -> Result<()> {
    let program = prepare()?;
    succeed(cargo().args(["build", "--locked", "--package", "vigied"]))?;
    both(&program, arguments.seed, arguments.seconds)
}

/// The part that `cargo xtask test` runs, on the server that is built for the tests. Where it cannot be done, the loud line that says
/// why.
pub(crate) fn check() -> Result<Option<String>> {
    match prepare() {
        Ok(program) => both(&program, SEED, SECONDS).map(|()| None),
        Err(error) => Ok(Some(format!("SKIPPED ({error:#}): schemathesis"))),
    }
}

/// Returns the program, installed the first time.
pub(crate) fn prepare() -> Result<PathBuf> {
    let python = find_program("python3").context("python3 is not installed")?;
    let interpreter = python::environment("schemathesis", || Ok(python), &PACKAGES, &[])
        .context("schemathesis can't be had")?;
    Ok(interpreter.with_file_name("schemathesis"))
}

/// Both are tried, whichever of them fails, and at the same time: schemathesis and its server wait for each other, so one pair leaves
/// a second processor idle.
fn both(program: &Path, seed: u64, seconds: u32) -> Result<()> {
    let tried = thread::scope(|scope| {
        let running = DOCUMENTS.map(|document| {
            scope.spawn(move || {
                step(&format!("schemathesis: openapi/{document}.json"), || {
                    one(program, document, seed, seconds)
                })
            })
        });
        running.map(joined)
    });
    tried.into_iter().collect()
}

fn one(program: &Path, document: &str, seed: u64, seconds: u32) -> Result<()> {
    let folder = work_folder()?.join("schemathesis-data").join(document);
    let server = Server::start(&target_folder()?.join("debug/vigied"), &folder)?;
    let source = fs::canonicalize(FOLDER).with_context(|| format!("no folder `{FOLDER}`"))?;
    let again = format!("cargo xtask schemathesis --seed {seed} --seconds {seconds}");
    let log = folder.join("schemathesis.log");
    let file = File::create(&log)?;
    let outcome = succeed(
        Command::new(program)
            .arg("--config-file")
            .arg(source.join("schemathesis.toml"))
            .arg("run")
            .arg(fs::canonicalize(format!("openapi/{document}.json"))?)
            .args(["--phases", "examples,coverage,fuzzing,stateful"])
            .args(["--max-examples", "20"])
            .args(["--seed", &seed.to_string()])
            .args(["--max-time", &seconds.to_string()])
            // What it keeps of a run, it keeps beside the server's data.
            .current_dir(&folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", &source)
            .env("VIGIE_URL", format!("http://{}", server.address))
            .env("VIGIE_MADE", &server.made)
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file),
    );
    // In one piece: the other says something too.
    println!("{}", fs::read_to_string(&log)?.trim_end());
    outcome.with_context(|| {
        format!(
            "openapi/{document}.json and the server differ (`{again}` does the same again; the server's log is `{}`)",
            server.log.display()
        )
    })
}

/// A running server with an account; it ends with this.
struct Server {
    child: Child,
    address: String,
    /// What was made at the beginning, with the owner's password: JSON.
    made: PathBuf,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts one on a new folder.
    fn start(vigied: &Path, folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let (data, made, log) = (
            folder.join("data"),
            folder.join("made.json"),
            folder.join("serve.log"),
        );
        let mut init = Command::new(vigied);
        init.arg("init").arg("--data").arg(&data);
        output_of(init.arg("--key-file").arg(&made))?;
        let mut child = Command::new(vigied)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot run `{}`", vigied.display()))?;
        let printed = child.stdout.take();
        // From here on it is ended with this, whatever fails.
        let mut server = Self {
            child,
            address: String::new(),
            made,
            log,
        };
        BufReader::new(printed.context("no output")?).read_line(&mut server.address)?;
        server.address.truncate(server.address.trim_end().len());
        ensure!(
            !server.address.is_empty(),
            "`{}` has not started: see `{}`",
            vigied.display(),
            server.log.display()
        );
        Ok(server)
    }
}
