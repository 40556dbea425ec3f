//! All tests, on real services, with one honest count at the end.
//!
//! A test that can't run because a service is missing prints `SKIPPED (why): its name`, appends the same line to the file
//! named by `VIGIE_SKIP_LOG`, and passes. The runner hides what a passing test prints, so the file is what we count.

use crate::process::{cargo, in_ci, joined, step, succeed, work_folder};
use crate::services::{POSTGRES_URL, Services};
use crate::suites::{self, Suite};
use crate::test_results::{Count, TestResults};
use crate::{dist, graphite, schemathesis};
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs, thread};

/// All that has tests. Benchmarks are none; the lints see to it that they compile.
const EVERYTHING: [&str; 3] = ["--workspace", "--exclude", "benches"];

/// How many tests of one file run at the same time.
const THREADS: &str = "RUST_TEST_THREADS";

pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    run_beside(arguments, || Ok(()))
}

/// As [`run`], with other work beside the tests. It begins when everything is built, or cannot be: cargo builds for one at a time, and
/// from then on the tests do without.
pub(crate) fn run_beside(
    arguments: &[OsString],
    beside: impl FnOnce() -> Result<()> + Send,
) -> Result<()> {
    let skip_log = work_folder()?.join("skipped.log");
    fs::write(&skip_log, "")?;
    let is_whole = arguments.is_empty();
    thread::scope(|scope| {
        // What is installed comes from elsewhere, and what is built takes the processors.
        let services = scope.spawn(move || {
            let services = step("services", || Ok(Services::start()));
            if is_whole {
                // What cannot be had is said by the check that needs it.
                let _ = (graphite::prepare(), schemathesis::prepare());
            }
            services
        });
        let begun = step("build", build).and_then(|()| begin(is_whole));
        let beside = scope.spawn(beside);
        let tested = joined(services).and_then(|services| {
            begun.and_then(|begun| test(arguments, begun, services, &skip_log))
        });
        joined(beside).and(tested)
    })
}

/// Tests of one program start the other, so both must be there first. Building the tests with them keeps one set of features, and so
/// one build of every dependency.
fn build() -> Result<()> {
    let kinds = ["--bins", "--tests", "--examples"];
    succeed(
        cargo()
            .args(["build", "--locked"])
            .args(EVERYTHING)
            .args(kinds),
    )
}

/// The programs with tests, and what has been said before them.
#[derive(Debug)]
struct Begun {
    suites: Vec<Suite>,
    results: TestResults,
    /// Whether the examples in comments are right.
    documented: Result<()>,
}

/// Runs the examples in comments, which cargo builds as it runs them. Where the person has chosen, cargo does everything later.
fn begin(is_whole: bool) -> Result<Begun> {
    let mut results = TestResults::default();
    if !is_whole {
        return Ok(Begun {
            suites: Vec::new(),
            results,
            documented: Ok(()),
        });
    }
    let documented = step("examples in comments", || {
        let mut command = cargo();
        command.args(["test", "--locked", "--no-fail-fast", "--doc"]);
        run_counted(command.args(EVERYTHING), &mut results)
    });
    Ok(Begun {
        suites: suites::of(&EVERYTHING)?,
        results,
        documented,
    })
}

fn test(arguments: &[OsString], begun: Begun, services: Services, skip_log: &Path) -> Result<()> {
    let Begun {
        suites,
        mut results,
        documented,
    } = begun;
    let mut variables: Vec<(&'static str, OsString)> = vec![
        (THREADS, threads()),
        ("VIGIE_SKIP_LOG", skip_log.as_os_str().to_owned()),
    ];
    let of_services = services.variables().into_iter();
    variables.extend(of_services.map(|(name, value)| (name, value.into())));
    let (ran, others) = if arguments.is_empty() {
        whole(suites, &variables, &mut results)
    } else {
        let ran = step("tests", || chosen(arguments, &variables, &mut results));
        (ran, Vec::new())
    };

    let skipped: Vec<String> = fs::read_to_string(skip_log)?
        .lines()
        .map(str::to_owned)
        .collect();
    let mut count = results.count;
    // To the runner a test that skips has passed; to us it has not.
    count.passed = count.passed.saturating_sub(skipped.len() as u64);
    let other = others
        .iter()
        .filter_map(|one| one.as_ref().ok().cloned().flatten());
    let skips = services.skips.iter().cloned().chain(skipped).chain(other);
    let skips: Vec<String> = skips.collect();
    drop(services);
    for line in &skips {
        println!("{line}");
    }
    for name in &results.failures {
        println!("FAILED: {name}");
    }
    let skipped = skips.len() as u64 + count.ignored;
    println!(
        "tests: {} passed, {} failed, {skipped} skipped",
        count.passed, count.failed
    );
    documented?;
    ran?;
    for one in others {
        one?;
    }
    verdict(count, skipped, in_ci())
}

/// What the person has chosen, by `cargo test`.
fn chosen(
    arguments: &[OsString],
    variables: &[(&'static str, OsString)],
    results: &mut TestResults,
) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--locked", "--no-fail-fast"]);
    if !names_packages(arguments) {
        command.args(EVERYTHING);
    }
    let variables = variables.iter().cloned();
    run_counted(command.args(arguments).envs(variables), results)
}

/// Runs cargo, and prints and reads what the tests say as they say it.
fn run_counted(command: &mut Command, results: &mut TestResults) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run `cargo test`")?;
    for line in BufReader::new(child.stdout.take().context("no output")?).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        results.add_line(&line);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("`cargo test` ended with {status}");
    }
    Ok(())
}

/// Twice the processors, unless the person has said another number: many tests wait for a disk, a timer or a server.
fn threads() -> OsString {
    let doubled = || {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        (2 * processors).to_string().into()
    };
    env::var_os(THREADS).unwrap_or_else(doubled)
}

/// All tests, and what is no test of cargo: the tarball, graphite-web's answers, and the documents; each of them with the line that says
/// why it was skipped. The first two have one process after the other, so they go beside the tests; of the documents as many requests
/// are made as there is time for, so no test does.
fn whole(
    suites: Vec<Suite>,
    variables: &[(&'static str, OsString)],
    results: &mut TestResults,
) -> (Result<()>, Vec<Result<Option<String>>>) {
    let (ran, packed, compared) = thread::scope(|scope| {
        // From the programs just built; what takes minutes is `cargo xtask dist --try`.
        let packed = scope.spawn(|| step("dist", || dist::check().map(|()| None)));
        let compared = scope.spawn(|| step("graphite", graphite::check));
        let ran = step("tests", || suites::run(suites, variables, results));
        (ran, joined(packed), joined(compared))
    });
    let postgres = variables
        .iter()
        .find_map(|(name, value)| (*name == POSTGRES_URL).then_some(value));
    let postgres = postgres.and_then(|url| url.to_str());
    let documented = step("schemathesis", || schemathesis::check(postgres));
    (ran, vec![packed, compared, documented])
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

#[cfg(test)]
mod tests {
    use super::*;

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
