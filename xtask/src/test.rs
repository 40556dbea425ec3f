//! All tests, on real services, with one honest count at the end.
//!
//! A test that can't run because a service is missing prints `SKIPPED (why): its name`, appends the same line to the file
//! named by `VIGIE_SKIP_LOG`, and passes. The runner hides what a passing test prints, so the file is what we count.

use crate::process::{cargo, in_ci, joined, step, succeed, work_folder};
use crate::services::Services;
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::num::NonZero;
use std::process::Stdio;
use std::{env, fs, thread};

/// Benchmarks are no tests; the lints see to it that they compile.
const BENCHES: &str = "benches";

/// How many tests of one file run at the same time.
const THREADS: &str = "RUST_TEST_THREADS";

pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    let skip_log = work_folder()?.join("skipped.log");
    fs::write(&skip_log, "")?;

    // What is installed comes from elsewhere, and what is built takes the processors.
    let (services, built) = thread::scope(|scope| {
        let services = scope.spawn(|| step("services", || Ok(Services::start())));
        let built = step("build", build);
        (joined(services), built)
    });
    let services = services?;
    built?;

    let mut count = Count::default();
    let mut failures = Vec::new();
    let ran = step("tests", || {
        let mut command = cargo();
        command.args(["test", "--locked", "--no-fail-fast"]);
        if !names_packages(arguments) {
            command.args(["--workspace", "--exclude", BENCHES]);
        }
        let mut child = command
            .args(arguments)
            .envs(services.variables())
            .env(THREADS, threads())
            .env("VIGIE_SKIP_LOG", &skip_log)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run `cargo test`")?;
        for line in BufReader::new(child.stdout.take().context("no output")?).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            count.add_line(&line);
            failures.extend(failed_test(&line).map(str::to_owned));
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("`cargo test` ended with {status}");
        }
        Ok(())
    });

    let (packed, compared, documented) = if arguments.is_empty() {
        the_rest()
    } else {
        (Ok(()), Ok(None), Ok(None))
    };

    let told: Vec<String> = fs::read_to_string(&skip_log)?
        .lines()
        .map(str::to_owned)
        .collect();
    // To the runner a test that skips has passed; to us it has not.
    let passed = count.passed.saturating_sub(told.len() as u64);
    let others = [&compared, &documented];
    let other = others
        .into_iter()
        .filter_map(|one| one.as_ref().ok().cloned().flatten());
    let skips = services.skips.iter().cloned().chain(told).chain(other);
    let skips: Vec<String> = skips.collect();
    drop(services);
    for line in &skips {
        println!("{line}");
    }
    for name in &failures {
        println!("FAILED: {name}");
    }
    let skipped = skips.len() as u64 + count.ignored;
    println!(
        "tests: {passed} passed, {} failed, {skipped} skipped",
        count.failed
    );
    ran?;
    packed?;
    compared?;
    documented?;
    verdict(count, skipped, in_ci())
}

/// Tests of one program start the other, so both must be there first. Building the tests with them keeps one set of features, and so
/// one build of every dependency.
fn build() -> Result<()> {
    succeed(cargo().args([
        "build",
        "--locked",
        "--workspace",
        "--exclude",
        BENCHES,
        "--bins",
        "--tests",
    ]))
}

/// Twice the processors, unless the person has said another number: many tests wait for a disk, a timer or a server.
fn threads() -> OsString {
    let doubled = || {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        (2 * processors).to_string().into()
    };
    env::var_os(THREADS).unwrap_or_else(doubled)
}

/// The checks that are no tests of cargo: the tarball, graphite-web's answers, and the documents. The first two have one process
/// after the other, so they go together; of the documents as many requests are made as there is time for, so nothing else does.
fn the_rest() -> (Result<()>, Result<Option<String>>, Result<Option<String>>) {
    let (packed, compared) = thread::scope(|scope| {
        // From the programs just built; what takes minutes is `cargo xtask dist --try`.
        let packed = scope.spawn(|| step("dist", crate::dist::check));
        let compared = step("graphite", crate::graphite::check);
        (joined(packed), compared)
    });
    let documented = step("schemathesis", crate::schemathesis::check);
    (packed, compared, documented)
}

/// Whether the person chose packages, as `cargo test` would read it.
fn names_packages(arguments: &[OsString]) -> bool {
    arguments
        .iter()
        .map(|argument| argument.to_string_lossy())
        .take_while(|argument| argument != "--")
        .any(|argument| argument.starts_with("-p") || argument.starts_with("--package"))
}

fn verdict(count: Count, skipped: u64, in_ci: bool) -> Result<()> {
    if count.failed > 0 {
        bail!("{} tests failed", count.failed);
    }
    if count.passed == 0 {
        bail!("no test ran");
    }
    if in_ci && skipped > 0 {
        bail!("{skipped} skipped, and under CI nothing may be");
    }
    Ok(())
}

/// The name in `test NAME ... FAILED`.
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// The sum of the runner's closing lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Count {
    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; …`; other lines count nothing.
    fn add_line(&mut self, line: &str) {
        let Some((_, counts)) = line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split("; ") {
            let Some((number, word)) = part.split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match word {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count_of(lines: &[&str]) -> Count {
        let mut count = Count::default();
        for line in lines {
            count.add_line(line);
        }
        count
    }

    #[test]
    fn closing_lines_add_up() {
        let count = count_of(&[
            "running 14 tests",
            "test store::tests::reads ... ok",
            "test result: ok. 12 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.02s",
            "test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured; 9 filtered out; finished in 0.02s",
        ]);
        assert_eq!(
            count,
            Count {
                passed: 15,
                failed: 1,
                ignored: 2
            }
        );
    }

    #[test]
    fn a_failed_test_is_named_again_at_the_end() {
        assert_eq!(
            failed_test("test store::tests::reads ... FAILED"),
            Some("store::tests::reads")
        );
        assert_eq!(failed_test("test store::tests::reads ... ok"), None);
        assert_eq!(failed_test("test result: FAILED. 3 passed; 1 failed"), None);
    }

    #[test]
    fn what_a_test_prints_about_results_counts_nothing() {
        assert_eq!(
            count_of(&["test result: fine", "12 passed; 3 failed", ""]),
            Count::default()
        );
    }

    #[test]
    fn a_skip_fails_only_under_ci_and_no_test_fails_always() {
        let green = Count {
            passed: 2,
            ..Count::default()
        };
        assert!(verdict(green, 0, true).is_ok());
        assert!(verdict(green, 1, false).is_ok());
        assert!(verdict(green, 1, true).is_err());
        assert!(verdict(Count { failed: 1, ..green }, 0, false).is_err());
        assert!(verdict(Count::default(), 0, false).is_err());
    }

    #[test]
    fn packages_are_chosen_before_the_double_dash_only() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert!(names_packages(&words("-p db")));
        assert!(names_packages(&words("--package=db")));
        assert!(!names_packages(&words("matrix")));
        assert!(!names_packages(&words("-- -p")));
    }
}
