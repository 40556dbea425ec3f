//! The programs that are measured, of this tree and of the commit it is compared with; each is built when it is first asked
//! for.

use super::args::TableArgs;
use crate::bench::server::vigied;
use crate::process::{cargo, output_of, succeed, target_folder, work_folder};
use anyhow::{Context, Result};
use serde_json::Value;
use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program `cost` in the words of the commit that is compared with.
const PROGRAM: &str = include_str!("../../../../benches/baseline/cost.rs");

/// The file it shares with that of this tree.
const LOAD: &str = include_str!("../../../../benches/benches/cost/load.rs");

/// The benchmarks of the old commit, less everything that this one program does not need.
const MANIFEST: &str = r#"[package]
name = "benches"
version.workspace = true
edition.workspace = true
publish = false
autobenches = false

[dev-dependencies]
base.workspace = true
engine.workspace = true
wire.workspace = true
rustix = { version = "1", features = ["time"] }
tempfile.workspace = true

[[bench]]
name = "cost"
harness = false
"#;

#[derive(Debug)]
pub(super) struct Programs<'a> {
    arguments: &'a TableArgs,
    checkout: OnceCell<PathBuf>,
    old_cost: OnceCell<PathBuf>,
    cost: OnceCell<PathBuf>,
    old_vigied: OnceCell<PathBuf>,
    vigied: OnceCell<PathBuf>,
}

/// The file of a cell that is filled once.
fn once(cell: &OnceCell<PathBuf>, make: impl FnOnce() -> Result<PathBuf>) -> Result<&Path> {
    if let Some(path) = cell.get() {
        return Ok(path);
    }
    let path = make()?;
    Ok(cell.get_or_init(|| path))
}

impl<'a> Programs<'a> {
    pub(super) const fn new(arguments: &'a TableArgs) -> Self {
        Self {
            arguments,
            checkout: OnceCell::new(),
            old_cost: OnceCell::new(),
            cost: OnceCell::new(),
            old_vigied: OnceCell::new(),
            vigied: OnceCell::new(),
        }
    }

    pub(super) const fn pairs(&self) -> u8 {
        self.arguments.pairs
    }

    /// Where a row's files are.
    pub(super) fn work(&self, row: &str) -> Result<PathBuf> {
        Ok(work_folder()?.join("bench").join(row))
    }

    /// The same, empty.
    pub(super) fn folder(&self, row: &str) -> Result<PathBuf> {
        let folder = self.work(row)?;
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The figure that `cost` of this tree prints.
    pub(super) fn cost(&self, words: &[&str], figure: &str) -> Result<f64> {
        figure_of(self.cost_program()?, words, figure)
    }

    /// `cost` of this tree.
    pub(super) fn cost_program(&self) -> Result<&Path> {
        once(&self.cost, || match &self.arguments.cost {
            Some(path) => Ok(path.clone()),
            None => built(&mut cargo()),
        })
    }

    /// The same of the commit that is compared with.
    pub(super) fn old_cost(&self, words: &[&str], figure: &str) -> Result<f64> {
        let program = once(&self.old_cost, || {
            if let Some(path) = &self.arguments.baseline_cost {
                return Ok(path.clone());
            }
            let checkout = self.checkout()?;
            let benches = checkout.join("benches");
            fs::create_dir_all(benches.join("benches/cost"))?;
            fs::write(benches.join("Cargo.toml"), MANIFEST)?;
            fs::write(benches.join("benches/cost.rs"), PROGRAM)?;
            fs::write(benches.join("benches/cost/load.rs"), LOAD)?;
            built(&mut old_cargo(checkout))
        })?;
        figure_of(program, words, figure)
    }

    pub(super) fn vigied(&self) -> Result<&Path> {
        once(&self.vigied, vigied)
    }

    pub(super) fn old_vigied(&self) -> Result<&Path> {
        once(&self.old_vigied, || {
            if let Some(path) = &self.arguments.baseline_vigied {
                return Ok(path.clone());
            }
            let checkout = self.checkout()?;
            succeed(old_cargo(checkout).args(["build", "--release", "--package", "vigied"]))?;
            Ok(checkout.join("target/release/vigied"))
        })
    }

    /// The old sources: those given, or what git has of them, as plain files that no other checkout knows of.
    fn checkout(&self) -> Result<&Path> {
        once(&self.checkout, || {
            if let Some(path) = &self.arguments.baseline {
                return Ok(path.clone());
            }
            let commit = &self.arguments.commit;
            let folder = work_folder()?.join("bench").join(format!("at-{commit}"));
            if !folder.join("Cargo.toml").exists() {
                fs::create_dir_all(&folder)?;
                let packed = folder.join("sources.tar");
                let archive = ["archive", "--format=tar", "--output"];
                succeed(Command::new("git").args(archive).arg(&packed).arg(commit))
                    .with_context(|| format!("the repository has no commit `{commit}`"))?;
                let (file, to) = (packed.as_os_str(), folder.as_os_str());
                succeed(Command::new("tar").args([
                    "-x".as_ref(),
                    "-f".as_ref(),
                    file,
                    "-C".as_ref(),
                    to,
                ]))?;
                fs::remove_file(packed)?;
            }
            Ok(folder)
        })
    }
}

/// Cargo in the old sources, with a target folder of their own.
fn old_cargo(checkout: &Path) -> Command {
    let mut command = cargo();
    command
        .current_dir(checkout)
        .env("CARGO_TARGET_DIR", checkout.join("target"));
    command
}

/// Builds the program `cost`, and says where it is.
fn built(cargo: &mut Command) -> Result<PathBuf> {
    let format = "--message-format=json-render-diagnostics";
    let words = [
        "build",
        "--release",
        "--package",
        "benches",
        "--bench",
        "cost",
    ];
    let messages = output_of(cargo.args(words).arg(format))?;
    let mut programs = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(message.get("executable")?.as_str()?.to_owned())
    });
    let program = programs.next_back().context("cargo has built no program")?;
    // Where it is named relative to the target folder of the working directory, that is ours.
    Ok(target_folder()?.join(program))
}

/// A figure that the program prints, run with these words.
pub(super) fn figure_of(program: &Path, words: &[&str], figure: &str) -> Result<f64> {
    let printed = output_of(Command::new(program).args(words))?;
    let mut lines = printed.lines().filter_map(|line| line.split_once('\t'));
    let found = lines.find(|(name, _)| *name == figure);
    let (_, value) = found.with_context(|| format!("`{figure}` is not among the figures"))?;
    Ok(value.parse()?)
}
