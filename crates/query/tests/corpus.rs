//! The corpus of our own: what graphite-web answered to targets over series that we made. `tests/reference/generate.py` has
//! written it; facts of every function are in it, and each target that ever had another answer.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test, and its cases are as they should be"
)]

mod answers;

use std::path::Path;

#[test]
fn answers_are_those_of_graphite_web() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let outcomes = answers::run(&folder, None);
    let asked: usize = outcomes.iter().map(|outcome| outcome.asked).sum();
    assert!(asked >= 300, "{asked} cases only");
    let different: Vec<String> = outcomes
        .iter()
        .flat_map(|file| {
            file.different
                .iter()
                .map(move |difference| (&file.name, difference))
        })
        .map(|(file, difference)| {
            format!(
                "{file} {} {}\n{}",
                difference.id, difference.request, difference.problem
            )
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// A fuzzer goes further from targets that are read than from junk.
#[test]
fn every_target_among_the_seeds_of_the_fuzzer_can_be_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/target_parser");
    let mut read = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let parsed = query::target::parse(&text);
        assert!(parsed.is_ok(), "{text}: {parsed:?}");
        read += 1;
    }
    assert!(read > 20, "{read} seeds only");
}
