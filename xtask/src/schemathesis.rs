//! What the committed OpenAPI documents say beside what the server does: schemathesis makes requests from a document, right ones and
//! wrong ones, and fails where an answer has a status or a form that is not documented. For half of the time a server with SQLite is asked,
//! then two in turn that share a PostgreSQL.
//!
//! What it is told of a server is in `crates/vigied/tests/schemathesis`: which checks are off and why, whose token it has, and what is
//! there to be asked for.

mod servers;
mod successes;

use self::servers::Servers;
use self::successes::without_success;
use crate::postgres::{Database, Postgres};
use crate::process::{cargo, find_program, joined, step, succeed, target_folder, work_folder};
use crate::python;
use crate::services::POSTGRES_URL;
use anyhow::{Context, Result};
use clap::Args;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, process, thread};

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
    /// How long each of the two documents is tried: half of it on SQLite, half on PostgreSQL
    #[arg(long, default_value_t = SECONDS)]
    seconds: u32,
}

/// The task as a person runs it.
pub(crate) fn run(arguments: &SchemathesisArgs) -> Result<()> {
    let program = prepare()?;
    succeed(cargo().args(["build", "--locked", "--package", "vigied"]))?;
    // That of `cargo xtask services`, or one of our own, which stops with this.
    let given = env::var(POSTGRES_URL).ok();
    let started = match given {
        Some(_) => None,
        None => Postgres::start()
            .map_err(|error| println!("PostgreSQL: {error:#}"))
            .ok(),
    };
    let postgres = given.as_deref().or(started.as_ref().map(Postgres::url));
    let skip = everywhere(&program, arguments, postgres)?;
    skip.iter().for_each(|line| println!("{line}"));
    Ok(())
}

/// The part that `cargo xtask test` runs, on the server that is built for the tests. Where it cannot be done, the loud line that says
/// why.
pub(crate) fn check(postgres: Option<&str>) -> Result<Option<String>> {
    let arguments = SchemathesisArgs {
        seed: SEED,
        seconds: SECONDS,
    };
    match prepare() {
        Ok(program) => everywhere(&program, &arguments, postgres),
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

/// Tries both documents on SQLite, then with other requests on PostgreSQL, whichever of them fails.
fn everywhere(
    program: &Path,
    arguments: &SchemathesisArgs,
    postgres: Option<&str>,
) -> Result<Option<String>> {
    let SchemathesisArgs { seed, seconds } = *arguments;
    let on_sqlite = Attempt {
        program,
        seed,
        seconds: seconds / 2,
        postgres: None,
        again: &format!("cargo xtask schemathesis --seed {seed} --seconds {seconds}"),
    };
    let tried = on_sqlite.of_both();
    if postgres.is_none() {
        let skip = "SKIPPED (no PostgreSQL): schemathesis on two nodes";
        return tried.map(|()| Some(skip.to_owned()));
    }
    let on_postgres = Attempt {
        seed: seed.wrapping_add(1),
        postgres,
        ..on_sqlite
    };
    let tried_there = on_postgres.of_both();
    tried.and(tried_there).map(|()| None)
}

/// How both documents are tried.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    program: &'a Path,
    seed: u64,
    seconds: u32,
    /// The server on which each document has a database; without it the store is SQLite.
    postgres: Option<&'a str>,
    /// The command that does the same again.
    again: &'a str,
}

impl Attempt<'_> {
    /// Both are tried, whichever of them fails, and at the same time: schemathesis and its server wait for each other, so one pair
    /// leaves a second processor idle.
    fn of_both(self) -> Result<()> {
        let store = self.postgres.map_or("SQLite", |_| "PostgreSQL");
        let tried = thread::scope(|scope| {
            let running = DOCUMENTS.map(|document| {
                let name = format!("schemathesis: openapi/{document}.json on {store}");
                scope.spawn(move || step(&name, || self.of(document)))
            });
            running.map(joined)
        });
        tried.into_iter().collect()
    }

    fn of(self, document: &str) -> Result<()> {
        let store = self.postgres.map_or("", |_| "-postgres");
        let folder = work_folder()?
            .join("schemathesis-data")
            .join(format!("{document}{store}"));
        let database = self.postgres.map(|server| {
            Database::create(
                server,
                &format!("schemathesis_{document}_{}", process::id()),
            )
        });
        let vigied = target_folder()?.join("debug/vigied");
        let servers = Servers::start(&vigied, &folder, database.transpose()?)?;
        let urls = servers.urls();
        let source = fs::canonicalize(FOLDER).with_context(|| format!("no folder `{FOLDER}`"))?;
        let (log, succeeded) = (
            folder.join("schemathesis.log"),
            folder.join("succeeded.txt"),
        );
        let file = File::create(&log)?;
        let outcome = succeed(
            Command::new(self.program)
                .arg("--config-file")
                .arg(source.join("schemathesis.toml"))
                .arg("run")
                .arg(fs::canonicalize(format!("openapi/{document}.json"))?)
                .args(["--phases", "examples,coverage,fuzzing,stateful"])
                .args(["--max-examples", "20"])
                .args(["--seed", &self.seed.to_string()])
                .args(["--max-time", &self.seconds.to_string()])
                // What it keeps of a run, it keeps beside the servers' data.
                .current_dir(&folder)
                .env("PYTHONDONTWRITEBYTECODE", "1")
                .env("PYTHONPATH", &source)
                .env("VIGIE_URL", urls.first().context("no server")?)
                .env("VIGIE_NODES", urls.join(" "))
                .env("VIGIE_MADE", servers.made())
                .env("VIGIE_SUCCEEDED", &succeeded)
                .stdin(Stdio::null())
                .stdout(file.try_clone()?)
                .stderr(file),
        );
        // In one piece: the other says something too.
        println!("{}", fs::read_to_string(&log)?.trim_end());
        self.print_without_success(document, &succeeded);
        outcome.with_context(|| {
            format!(
                "openapi/{document}.json and the server differ (`{}` does the same again; the servers' logs are in `{}`)",
                self.again,
                folder.display()
            )
        })
    }

    /// Names the operations that were never answered with success. It is no failure: how far a run comes depends on the time it has,
    /// and some take what only a person has, such as a code out of a mail.
    fn print_without_success(self, document: &str, succeeded: &Path) {
        let file = format!("openapi/{document}.json");
        let store = self.postgres.map_or("SQLite", |_| "PostgreSQL");
        let read = || -> Result<_> {
            let described = serde_json::from_str(&fs::read_to_string(&file)?)?;
            Ok(without_success(&described, &fs::read_to_string(succeeded)?))
        };
        match read() {
            Ok((without, count)) => println!(
                "{file} on {store}: {} of {count} operations were never answered with success: {}",
                without.len(),
                without.join(", ")
            ),
            Err(error) => println!("{file} on {store}: no operation was answered: {error:#}"),
        }
    }
}
