//! Every warning and error of the log is explained to operators, and nothing else is.

use super::{docs, read};
use std::collections::BTreeSet;
use std::path::Path;

/// The messages of a source, by the name of the macro: of each call the last text that is an argument of its own, up to what
/// is put in.
fn messages(source: &str, level: &str) -> Vec<String> {
    let name = format!("tracing::{level}!(");
    let calls = source.split(&name).skip(1);
    calls
        .filter_map(|rest| {
            let text = last_text(rest)?;
            let fixed = text.split('{').next()?;
            Some(fixed.trim_end_matches([' ', ':']).to_owned())
        })
        .collect()
}

/// The last text between here and the parenthesis that closes the call, those of inner calls left out.
fn last_text(rest: &str) -> Option<String> {
    let (mut depth, mut last) = (1, None);
    let mut characters = rest.chars();
    while depth > 0 {
        match characters.next()? {
            '(' => depth += 1,
            ')' => depth -= 1,
            '"' => {
                let text: String = characters
                    .by_ref()
                    .take_while(|character| *character != '"')
                    .collect();
                if depth == 1 {
                    last = Some(text);
                }
            }
            _ => {}
        }
    }
    last
}

#[test]
fn every_warning_and_error_has_its_row_in_the_guide() {
    let page = std::fs::read_to_string(docs().join("guides/operating.md")).unwrap();
    let (_, section) = page.split_once("## What the log says\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let explained: BTreeSet<(String, String)> = section
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let (level, message) = (cells.next()?, cells.next()?);
            ["warn", "error"].contains(&level).then(|| {
                let message = message.trim_end_matches('…').trim_end();
                (level.to_owned(), message.to_owned())
            })
        })
        .collect();
    let mut written = BTreeSet::new();
    for name in ["db", "engine", "iam", "vigied"] {
        let mut source = String::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        read(&folder.join("src"), &mut source);
        for level in ["warn", "error"] {
            let found = messages(&source, level);
            written.extend(found.into_iter().map(|message| (level.to_owned(), message)));
        }
    }
    let missing: Vec<_> = written.difference(&explained).collect();
    let gone: Vec<_> = explained.difference(&written).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "`docs/guides/operating.md`, \"What the log says\": no row for {missing:#?}; nothing logs {gone:#?}"
    );
}
