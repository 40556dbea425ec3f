//! Support for the tests of several crates: visible skips, and a separate PostgreSQL database for each test.
//!
//! It is never shipped: crates use it only as a dev-dependency.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot even begin fails"
)]

use std::fs::File;
use std::io::Write;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Reports visibly that a test was skipped, also to the runner, which counts it.
///
/// # Panics
/// If the runner's file cannot be written: an uncounted skip would look like a pass.
pub fn skipped(test: &str, why: &str) {
    let line = format!("SKIPPED ({why}): {test}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    if let Some(path) = std::env::var_os("VIGIE_SKIP_LOG") {
        let mut log = File::options()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        log.write_all(line.as_bytes()).unwrap();
    }
}

/// The address of a new database on the PostgreSQL of the tests; without one, the test is skipped.
///
/// # Panics
/// If the server cannot create a database.
#[must_use]
pub fn postgres(test: &str) -> Option<String> {
    let server = server_of(test)?;
    Some(create(&server, test, "template1"))
}

/// As [`postgres`], with everything that `prepare` makes in a database: it does so once in this process, in the database whose address
/// it is given, and leaves no connection to it. Every further database is a copy of that one.
///
/// # Panics
/// If the server cannot create a database.
#[must_use]
pub fn prepared_postgres(test: &str, prepare: fn(&str)) -> Option<String> {
    static PREPARED: OnceLock<String> = OnceLock::new();
    let server = server_of(test)?;
    let prepared = PREPARED.get_or_init(|| {
        let address = create(&server, test, "template1");
        prepare(&address);
        let (_, name) = address.rsplit_once('/').unwrap();
        name.to_owned()
    });
    Some(create(&server, test, prepared))
}

/// The address of the PostgreSQL of the tests.
fn server_of(test: &str) -> Option<String> {
    let server = std::env::var("VIGIE_TEST_POSTGRES_URL");
    if server.is_err() {
        skipped(test, "no PostgreSQL");
    }
    server.ok()
}

/// Creates a database, as a copy of another of that server, and returns its address.
fn create(server: &str, test: &str, template: &str) -> String {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    // An earlier process may have had the same process id.
    let drop = format!("DROP DATABASE IF EXISTS {name}");
    let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
    let made = Command::new("psql")
        .args([server, "--quiet", "--command", &drop, "--command", &create])
        .output()
        .unwrap();
    if !made.status.success() {
        panic!(
            "no database for `{test}`: {}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
    let (address, _) = server.rsplit_once('/').unwrap();
    format!("{address}/{name}")
}
