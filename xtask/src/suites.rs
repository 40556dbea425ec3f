//! The programs with the tests. Cargo builds them, and would run one after the other: of each the last tests leave processors idle,
//! and most of all do those that kill a server again and again. Here two run at a time.

use crate::process::{as_typed, cargo, output_of, step, succeed, work_folder};
use crate::told::Told;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// How many programs run at the same time.
const AT_ONCE: usize = 2;

/// A program with tests.
#[derive(Debug)]
pub(crate) struct Suite {
    name: String,
    program: PathBuf,
    /// The folder of its package, where cargo would run it.
    folder: PathBuf,
}

/// What cargo builds of the packages that `arguments` choose, the largest first: they take longest, and nothing should wait for one
/// of them alone in the end.
pub(crate) fn of(arguments: &[&str]) -> Result<Vec<Suite>> {
    let message_format = ["--message-format", "json-render-diagnostics"];
    let told = output_of(
        cargo()
            .args(["test", "--locked", "--no-run"])
            .args(message_format)
            .args(arguments),
    )?;
    let mut suites: Vec<Suite> = told.lines().filter_map(Suite::told).collect();
    ensure!(!suites.is_empty(), "`cargo test --no-run` names no program");
    let bytes = |suite: &Suite| fs::metadata(&suite.program).map_or(0, |about| about.len());
    suites.sort_by_key(|suite| std::cmp::Reverse(bytes(suite)));
    Ok(suites)
}

/// Runs all, whichever of them fails, with these variables. What one says comes in one piece at its end.
pub(crate) fn run(
    suites: Vec<Suite>,
    variables: &[(&'static str, OsString)],
    told: &mut Told,
) -> Result<()> {
    let folder = work_folder()?.join("suites");
    fs::create_dir_all(&folder)?;
    run_in(&folder, suites, variables, told)
}

fn run_in(
    folder: &Path,
    suites: Vec<Suite>,
    variables: &[(&'static str, OsString)],
    told: &mut Told,
) -> Result<()> {
    let waiting = Mutex::new(suites.into_iter());
    let ended = Mutex::new((told, Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(suite) = next(&waiting) {
                    let mut own = Told::default();
                    let outcome = step(&suite.name, || suite.run(folder, variables, &mut own));
                    let mut ended = locked(&ended);
                    ended.0.add(own);
                    ended.1.push(outcome);
                }
            });
        }
    });
    let (_, outcomes) = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.into_iter().collect()
}

fn next(waiting: &Mutex<std::vec::IntoIter<Suite>>) -> Option<Suite> {
    locked(waiting).next()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Suite {
    /// Reads a line of cargo's messages; none if it is about something else.
    fn told(line: &str) -> Option<Self> {
        let told: Value = serde_json::from_str(line).ok()?;
        if !told.pointer("/profile/test")?.as_bool()? {
            return None;
        }
        let program = PathBuf::from(told.get("executable")?.as_str()?);
        let manifest = Path::new(told.get("manifest_path")?.as_str()?);
        let folder = manifest.parent()?.to_owned();
        let package = folder.file_name()?.to_string_lossy().into_owned();
        let target = match told.pointer("/target/kind/0")?.as_str()? {
            "test" => told.pointer("/target/name")?.as_str()?,
            _ => "unit tests",
        };
        Some(Self {
            name: format!("{package}: {target}"),
            program,
            folder,
        })
    }

    fn run(
        &self,
        folder: &Path,
        variables: &[(&'static str, OsString)],
        told: &mut Told,
    ) -> Result<()> {
        let own_name = self.program.file_name().context("a program has a name")?;
        let said = folder.join(own_name).with_extension("log");
        let file = File::create(&said)?;
        let outcome = succeed(
            as_typed(Command::new(&self.program))
                .current_dir(&self.folder)
                .env("CARGO_MANIFEST_DIR", &self.folder)
                .envs(variables.iter().cloned())
                .stdin(Stdio::null())
                .stdout(file.try_clone()?)
                .stderr(file),
        );
        let bytes = fs::read(&said)?;
        let text = String::from_utf8_lossy(&bytes);
        println!("     Running {}\n{}", self.name, text.trim_end());
        for line in text.lines() {
            told.add_line(line);
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_with_tests_are_those_of_cargos_messages() {
        let message = |kind: &str, name: &str, is_test: bool, program: Value| {
            serde_json::json!({
                "reason": "compiler-artifact",
                "manifest_path": "/sources/crates/engine/Cargo.toml",
                "target": {"kind": [kind], "name": name},
                "profile": {"test": is_test},
                "executable": program,
            })
            .to_string()
        };
        let program = Value::from("/target/debug/deps/engine-1");
        let unit = Suite::told(&message("lib", "engine", true, program.clone())).unwrap();
        assert_eq!(unit.name, "engine: unit tests");
        assert_eq!(unit.program, Path::new("/target/debug/deps/engine-1"));
        assert_eq!(unit.folder, Path::new("/sources/crates/engine"));
        let other = Suite::told(&message("test", "it", true, program.clone())).unwrap();
        assert_eq!(other.name, "engine: it");
        for nothing in [
            message("lib", "engine", false, Value::Null),
            message("bin", "engine", false, program),
            "{\"reason\":\"build-finished\",\"success\":true}".to_owned(),
            "warning: something".to_owned(),
        ] {
            assert!(Suite::told(&nothing).is_none(), "{nothing}");
        }
    }

    #[test]
    fn every_program_runs_whatever_another_says() {
        let folder = tempfile::tempdir().unwrap();
        let suite = |name: &str, script: &str| {
            let program = folder.path().join(name);
            // By another process: what a thread of this one starts meanwhile could hold the file open, and nobody could run it.
            let written = Command::new("sh")
                .args([
                    "-c",
                    "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$2\" && chmod 700 \"$2\"",
                    "sh",
                    script,
                ])
                .arg(&program)
                .status();
            assert!(written.unwrap().success());
            Suite {
                name: name.to_owned(),
                program,
                folder: folder.path().to_owned(),
            }
        };
        let fails = "echo 'test a::b ... FAILED'; echo 'test result: FAILED. 2 passed; 1 failed; 0 ignored'; exit 101";
        let passes = "test \"$PWD\" = \"$CARGO_MANIFEST_DIR\" && echo \"test result: ok. $OWN passed; 0 failed; 0 ignored\"";
        let passes = |name: &str| suite(name, passes);
        let suites = vec![passes("a"), suite("b", fails), passes("c"), passes("d")];
        let mut told = Told::default();
        let variables = [("OWN", OsString::from("7"))];
        let outcome = run_in(folder.path(), suites, &variables, &mut told);
        assert!(outcome.is_err());
        assert_eq!((told.count.passed, told.count.failed), (23, 1));
        assert_eq!(told.failures, ["a::b"]);
    }
}
