//! Our answers beside those of graphite-web: random targets over random series, asked of both.
//!
//! The generator (`crates/query/tests/reference/generate.py`) asks graphite-web's own views, and `crates/query` is asked the
//! same. What graphite-web does by accident is in `accidents.py` there, each with its reason; of the rest nothing may differ.

use crate::process::{cargo, joined, output_of, step, succeed, target_folder, work_folder};
use crate::python;
use anyhow::{Context, Result, bail};
use clap::Args;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// Pinned, so that a new version can't change what an answer is. These are what graphite-web 1.1.10 was released beside:
/// it needs a Django before 3.1 (`django.utils.http` lost what it calls), and that a Python of at most 3.11 (3.12 has no
/// `imp` and no `distutils`).
const PACKAGES: [&str; 11] = [
    "Django==3.0.14",
    "asgiref==3.13.0",
    "cachetools==8.0.2",
    "django-tagging==0.5.0",
    "graphite-web==1.1.10",
    "pyparsing==3.0.9",
    "pytz==2026.6",
    "six==1.17.0",
    "sqlparse==0.6.1",
    "urllib3==2.8.0",
    "whisper==1.1.10",
];

/// Where the generator and its lists are.
const REFERENCE: &str = "crates/query/tests/reference";

const SECONDS_PER_DAY: u64 = 86_400;

/// Cases of a run that says nothing else.
const CASES: u32 = 1000;

#[derive(Debug, Args)]
pub(crate) struct GraphiteArgs {
    /// The seed of series and targets; the day's if it is missing
    #[arg(long)]
    seed: Option<u64>,
    /// How many targets are asked
    #[arg(long, default_value_t = CASES)]
    cases: u32,
    /// Show every difference, not the shortest alone
    #[arg(long)]
    verbose: bool,
    /// Write the corpus of `crates/query/tests/corpus` anew, with every target of `kept.txt`
    #[arg(long, conflicts_with_all = ["seed", "cases"])]
    corpus: bool,
}

/// The task as a person runs it.
pub(crate) fn run(arguments: &GraphiteArgs) -> Result<()> {
    let Some(python) = prepare()? else {
        bail!("{}", missing());
    };
    if arguments.corpus {
        return corpus(&python);
    }
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => seed_of_the_day()?,
    };
    succeed(cargo().args(["build", "--locked", "-p", "query", "--example", "corpus"]))?;
    compare(&python, seed, arguments.cases, arguments.verbose)
}

/// The part that `cargo xtask test` runs, with the program that is built with the tests: the day's seed, and every seed that ever
/// showed a difference. Where it cannot be done, the loud line that says why.
pub(crate) fn check() -> Result<Option<String>> {
    let Some(python) = prepare()? else {
        return Ok(Some(format!("SKIPPED ({}): graphite", missing())));
    };
    let listed = fs::read_to_string(Path::new(REFERENCE).join("seeds.txt"))?;
    let mut asked = vec![(seed_of_the_day()?, CASES)];
    asked.extend(seeds(&listed)?);
    let python = &python;
    let compared: Vec<Result<()>> = thread::scope(|scope| {
        // Each is one process after the other, and most of the time graphite-web's.
        let running: Vec<_> = asked
            .into_iter()
            .map(|(seed, cases)| scope.spawn(move || compare(python, seed, cases, false)))
            .collect();
        running.into_iter().map(joined).collect()
    });
    compared.into_iter().collect::<Result<()>>()?;
    Ok(None)
}

fn missing() -> String {
    "graphite-web 1.1.10 needs a Python of 3.8 to 3.11 with `venv`, and none is here".to_owned()
}

/// Lines of a seed and a number of cases; after `#` stands what it showed.
fn seeds(text: &str) -> Result<Vec<(u64, u32)>> {
    let lines = text.lines().map(|line| {
        line.split_once('#')
            .map_or(line, |(before, _)| before)
            .trim()
    });
    lines
        .filter(|line| !line.is_empty())
        .map(|line| {
            let numbers = line
                .split_once(' ')
                .and_then(|(seed, cases)| Some((seed.parse().ok()?, cases.trim().parse().ok()?)));
            numbers.with_context(|| format!("`{line}` in seeds.txt is no seed and number of cases"))
        })
        .collect()
}

fn seed_of_the_day() -> Result<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(now.as_secs() / SECONDS_PER_DAY)
}

fn compare(python: &Path, seed: u64, cases: u32, is_verbose: bool) -> Result<()> {
    let folder = work_folder()?.join("graphite-cases");
    let out = folder.join(format!("{seed}-{cases}"));
    let again = format!("cargo xtask graphite --seed {seed} --cases {cases} --verbose");
    step(&format!("graphite: seed {seed}, {cases} cases"), || {
        if out.exists() {
            fs::remove_dir_all(&out)?;
        }
        ask(
            python,
            &out,
            &["--seed", &seed.to_string(), "--cases", &cases.to_string()],
        )?;
        let mut command = Command::new(target_folder()?.join("debug/examples/corpus"));
        command.arg(&out);
        if is_verbose {
            command.arg("--verbose");
        }
        succeed(&mut command)
            .with_context(|| format!("answers differ from graphite-web's; `{again}` shows all"))
    })
}

/// Has graphite-web answer.
fn ask(python: &Path, out: &Path, arguments: &[&str]) -> Result<()> {
    let generator = Path::new(REFERENCE).join("generate.py");
    output_of(
        Command::new(python)
            .arg(generator)
            .args(arguments)
            .arg("--out")
            .arg(out),
    )?;
    Ok(())
}

fn corpus(python: &Path) -> Result<()> {
    let kept = Path::new(REFERENCE).join("kept.txt");
    let out = Path::new("crates/query/tests/corpus");
    let kept = kept.to_str().context("the path is no UTF-8")?;
    let arguments = [
        "--seed",
        "8",
        "--cases",
        "300",
        "--short",
        "--targets",
        kept,
    ];
    ask(python, out, &arguments)
}

/// Returns an interpreter that has graphite-web, made ready the first time; none where no Python is old enough.
pub(crate) fn prepare() -> Result<Option<PathBuf>> {
    let Some(older) = python::older() else {
        return Ok(None);
    };
    // The list is whole. What graphite-web itself asks for cannot be installed any more.
    python::environment("graphite", || Ok(older), &PACKAGES, &["--no-deps"]).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_seeds_is_read() {
        let text = "# why\n\n7 1000 # names\n8 50\n";
        assert_eq!(seeds(text).unwrap(), [(7, 1000), (8, 50)]);
        for wrong in ["7", "x 1", "7 x", "7 1 1"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
        seeds(include_str!("../../crates/query/tests/reference/seeds.txt")).unwrap();
    }
}
