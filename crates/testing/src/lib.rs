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
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let Ok(server) = std::env::var("VIGIE_TEST_POSTGRES_URL") else {
        skipped(test, "no PostgreSQL");
        return None;
    };
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{}_{number}", std::process::id());
    // An earlier process may have had the same process id.
    let drop = format!("DROP DATABASE IF EXISTS {name}");
    let create = format!("CREATE DATABASE {name}");
    let made = Command::new("psql")
        .args([&server, "--quiet", "--command", &drop, "--command", &create])
        .output()
        .unwrap();
    if !made.status.success() {
        panic!(
            "no database for `{test}`: {}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
    let (address, _) = server.rsplit_once('/').unwrap();
    Some(format!("{address}/{name}"))
}
