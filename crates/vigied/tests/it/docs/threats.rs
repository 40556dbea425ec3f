//! The threat model names tests that are there: what it says to hold is shown.

use std::collections::BTreeSet;
use std::path::Path;

/// Every function and module in the sources below `folder`.
fn names(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for line in text.lines() {
                let line = line.trim().trim_start_matches("async ");
                let rest = line.strip_prefix("fn ").or(line.strip_prefix("mod "));
                let is_part = |character: char| character.is_alphanumeric() || character == '_';
                let name = rest.map(|rest| {
                    rest.chars()
                        .take_while(|character| is_part(*character))
                        .collect()
                });
                found.extend(name.filter(|name: &String| !name.is_empty()));
            }
        }
    }
}

#[test]
fn every_test_that_the_threat_model_names_is_there() {
    let root = super::docs().join("..");
    let model = std::fs::read_to_string(super::docs().join("design/threats.md")).unwrap();
    let mut there = BTreeSet::new();
    names(&root.join("crates"), &mut there);
    let mut count = 0;
    let mut is_shown = false;
    for line in model.lines() {
        let Some(last) = line.trim_end_matches('|').rsplit_once('|') else {
            is_shown = false;
            continue;
        };
        // The last cell of a row says what shows it, where its title says so.
        is_shown |= last.1.trim() == "shown by";
        if !is_shown {
            continue;
        }
        for name in last.1.split('`').skip(1).step_by(2) {
            let is_crate = root.join("crates").join(name).is_dir();
            assert!(
                is_crate || there.contains(name),
                "threats.md names `{name}`: {line}"
            );
            count += 1;
        }
    }
    assert!(count > 60, "{count} tests: the tables are not read");
}
