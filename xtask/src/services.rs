//! Services that the tests need: a PostgreSQL, a Python and modules of Node with real clients, carbon's relay, a collectd, etsy's
//! statsd, and a few programs.
//!
//! What can't be had is no error here but a *skip*: said loudly, counted, and a failure only under CI.

use crate::postgres::{self, Postgres};
use crate::{npm, packages, process, python};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::{env, thread};

/// The variable that has the address of the PostgreSQL.
pub(crate) const POSTGRES_URL: &str = "VIGIE_TEST_POSTGRES_URL";

/// Programs that tests call, and the Debian package of each.
const PROGRAMS: [(&str, &str); 7] = [
    ("curl", "curl"),
    ("fish", "fish"),
    ("hyperfine", "hyperfine"),
    ("jq", "jq"),
    ("nc", "netcat-openbsd"),
    ("openssl", "openssl"),
    ("zsh", "zsh"),
];

/// The services that run now; dropping this stops them.
#[derive(Debug)]
pub(crate) struct Services {
    postgres: Option<Postgres>,
    python: Option<PathBuf>,
    carbon: Option<PathBuf>,
    collectd: Option<PathBuf>,
    statsd: Option<PathBuf>,
    node_modules: Option<PathBuf>,
    /// One loud line for each thing that could not be had.
    pub(crate) skips: Vec<String>,
}

impl Services {
    /// Installs what is missing where that is allowed, and starts what must run.
    pub(crate) fn start() -> Self {
        let mut skips = Vec::new();
        let missing = missing_packages();
        if !missing.is_empty()
            && let Err(error) = packages::install(&missing)
        {
            println!("packages: {error:#}");
        }
        for (program, _) in PROGRAMS {
            if process::find_program(program).is_none() {
                skips.push(skip(&format!("`{program}` is not installed"), program));
            }
        }
        let postgres = keep(Postgres::start(), "PostgreSQL", &mut skips);
        let python = keep(python::prepare(), "Python with real clients", &mut skips);
        let carbon = keep(python::carbon(), "carbon's relay", &mut skips);
        let collectd = keep(
            find_collectd().context("`collectd` is not installed"),
            "collectd",
            &mut skips,
        );
        let statsd = keep(npm::statsd(), "etsy's statsd", &mut skips);
        let node_modules = keep(npm::sdks(), "IBM's SDKs for Node", &mut skips);
        for line in &skips {
            println!("{line}");
        }
        Self {
            postgres,
            python,
            carbon,
            collectd,
            statsd,
            node_modules,
            skips,
        }
    }

    /// The variables by which the tests find it.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let postgres = self
            .postgres
            .as_ref()
            .map(|server| (POSTGRES_URL, server.url().to_owned()));
        let clients = [
            ("VIGIE_TEST_PYTHON", &self.python),
            ("VIGIE_TEST_CARBON", &self.carbon),
            ("VIGIE_TEST_COLLECTD", &self.collectd),
            ("VIGIE_TEST_STATSD", &self.statsd),
            ("VIGIE_TEST_NODE_MODULES", &self.node_modules),
        ];
        let clients = clients
            .into_iter()
            .filter_map(|(name, path)| Some((name, path.as_ref()?.display().to_string())));
        let path = self.postgres.as_ref().and_then(|_| search_path());
        postgres.into_iter().chain(clients).chain(path).collect()
    }
}

/// The search path, with PostgreSQL's own `psql` before Debian's, which looks for the other in Perl and takes longest doing so: each
/// test that makes a database runs it.
fn search_path() -> Option<(&'static str, String)> {
    let programs = postgres::find_programs()?;
    let others = env::var_os("PATH")?;
    let all = [programs].into_iter().chain(env::split_paths(&others));
    let joined = env::join_paths(all).ok()?;
    Some(("PATH", joined.into_string().ok()?))
}

/// Starts everything, prints the variables as shell lines, and stays until Ctrl-C.
pub(crate) fn run_until_interrupted() -> Result<()> {
    let services = Services::start();
    for (name, value) in services.variables() {
        println!("export {name}='{value}'");
    }
    println!("# services: running until Ctrl-C");
    loop {
        thread::park();
    }
}

fn missing_packages() -> Vec<&'static str> {
    let mut missing: Vec<&'static str> = PROGRAMS
        .into_iter()
        .filter(|(program, _)| process::find_program(program).is_none())
        .map(|(_, package)| package)
        .collect();
    // Judges the unit; it need not run.
    if process::find_program("systemd-analyze").is_none() {
        missing.push("systemd");
    }
    if postgres::find_programs().is_none() {
        missing.push("postgresql");
    }
    if find_collectd().is_none() {
        // Without the package `collectd`, which would start one.
        missing.extend([
            "collectd-core",
            "libyajl2",
            "libcurl3-gnutls",
            "libgcrypt20",
        ]);
    }
    if !python::can_make_environments() {
        missing.extend(["python3", "python3-venv"]);
    }
    if process::find_program("node").is_none() {
        missing.extend(["nodejs", "npm"]);
    }
    missing
}

/// On the search path, or where Debian keeps it.
fn find_collectd() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/sbin/collectd");
    process::find_program("collectd").or_else(|| Some(debian).filter(|path| path.is_file()))
}

fn keep<T>(outcome: Result<T>, name: &str, skips: &mut Vec<String>) -> Option<T> {
    outcome
        .context("can't be had")
        .map_err(|error| skips.push(skip(&format!("{error:#}"), name)))
        .ok()
}

fn skip(why: &str, name: &str) -> String {
    format!("SKIPPED ({why}): tests that need {name}")
}
