//! Answers the `/render` cases of a corpus (`datasets/*.json`, `cases/**/*.jsonl`) from memory, says which differ, the shortest
//! last, and ends with 1 where one does: `cargo run -p query --example corpus -- FOLDER [--only FUNCTION] [--verbose]`.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a developer's tool"
)]

#[path = "../tests/answers/mod.rs"]
mod answers;

use std::path::Path;
use std::process::ExitCode;

/// Characters of a difference at most.
const SHOWN: usize = 1500;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first() else {
        println!("the folder of a corpus is missing");
        return ExitCode::FAILURE;
    };
    let only = arguments.iter().position(|argument| argument == "--only");
    let only = only.and_then(|at| arguments.get(at + 1));
    let is_verbose = arguments.iter().any(|argument| argument == "--verbose");
    let (mut passed, mut different) = (0, Vec::new());
    for outcome in answers::run(Path::new(folder), only.map(String::as_str)) {
        let matching = outcome.asked - outcome.different.len();
        if outcome.asked > 0 {
            println!("{:<32} {matching}/{}", outcome.name, outcome.asked);
        }
        passed += matching;
        different.extend(outcome.different);
    }
    different.sort_by_key(|difference| std::cmp::Reverse(difference.request.len()));
    let limit = if is_verbose { different.len() } else { 1 };
    for difference in different.iter().rev().take(limit).rev() {
        let short: String = difference.problem.chars().take(SHOWN).collect();
        println!("{} {}\n   {short}", difference.id, difference.request);
    }
    println!("{passed} passed, {} failed", different.len());
    if different.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
