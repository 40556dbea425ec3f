//! Answers beside those of graphite-web, from memory: for the test of the corpus and for the tool that compares others.

mod answer;
mod compare;
mod memory;

use memory::Memory;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A case whose answer is another.
#[derive(Debug)]
pub(crate) struct Different {
    /// The case as it stands in its file.
    pub(crate) id: String,
    /// The request.
    pub(crate) request: String,
    /// The difference.
    pub(crate) problem: String,
}

/// How the cases of a file went.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Name of the file.
    pub(crate) name: String,
    /// Cases that were asked.
    pub(crate) asked: usize,
    /// Those with another answer.
    pub(crate) different: Vec<Different>,
}

/// Asks the `/render` cases of a corpus (`datasets/*.json`, `cases/**/*.jsonl`), all or those of a function.
pub(crate) fn run(folder: &Path, only: Option<&str>) -> Vec<Outcome> {
    let memory = memory::load(folder);
    let mut all = Vec::new();
    files(&folder.join("cases"), &mut all);
    all.sort();
    all.iter()
        .map(|file| run_file(&memory, file, only))
        .collect()
}

fn run_file(memory: &Memory, file: &Path, only: Option<&str>) -> Outcome {
    let mut outcome = Outcome {
        name: file.file_stem().unwrap().to_string_lossy().into_owned(),
        asked: 0,
        different: Vec::new(),
    };
    for line in std::fs::read_to_string(file).unwrap().lines() {
        // graphite-web prints infinity so, which no strict reader takes.
        let line = line
            .replace("-1e9999", "\"-inf\"")
            .replace("1e9999", "\"inf\"");
        let case: Value = serde_json::from_str(&line).unwrap();
        let kind = case["compare"].as_str().unwrap_or_default();
        let names = case["functions"].as_array().into_iter().flatten();
        let is_asked = only.is_none_or(|only| names.into_iter().any(|name| name == only));
        let is_known = ["json", "error", "lenient"].contains(&kind);
        if case["request"]["path"] != "/render" || !is_known || !is_asked {
            continue;
        }
        outcome.asked += 1;
        if let Some(problem) = problem(memory, &case, kind) {
            outcome.different.push(Different {
                id: case["id"].as_str().unwrap_or_default().to_owned(),
                request: case["request"]["params"].to_string(),
                problem,
            });
        }
    }
    outcome
}

/// A refusal where graphite-web answers is a difference, but for `lenient` cases: it takes wrong arguments that it does not use.
fn problem(memory: &Memory, case: &Value, kind: &str) -> Option<String> {
    match (
        answer::answer(memory, case),
        case["expect"]["status"].as_i64(),
    ) {
        (Ok(rows), Some(200)) => compare::difference(&rows, &case["expect"]["body"]),
        (Err(_), Some(200)) if kind == "lenient" => None,
        (Err(error), Some(200)) => Some(format!("error: {error}")),
        (Ok(rows), status) => Some(format!("{rows}, not an error {status:?}")),
        (Err(_), _) => None,
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            found.push(path);
        }
    }
}
