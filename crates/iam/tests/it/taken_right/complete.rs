//! That the list of changes has every one: the functions of `manage` and `flow` that take a caller, or what a caller reaches, and begin a
//! transaction, found in their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What needs no role that could be taken, and why.
const OTHERS: [(&str, &str); 6] = [
    (
        "add_event",
        "data, like samples: the right that the node knows",
    ),
    ("log_out", "whoever is logged in ends that"),
    ("accept", "whoever is invited accepts"),
    ("decline", "whoever is invited declines"),
    ("change_password", "one's own, by the password"),
    ("invite_with", "`invite` calls it"),
];

/// The changes of data, which take what a caller reaches: they are tried beside the list, each in the same way.
const OF_SCOPES: [&str; 2] = ["configure", "delete_events"];

/// The functions of one name.
#[derive(Default)]
struct Functions {
    /// Heads and bodies, in which a call of a method stands on one line.
    text: String,
    /// Whether one of them is public and takes a caller.
    is_for_callers: bool,
}

/// The name of the function that the line begins.
fn name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let is_word = |word: &str| ["async", "const"].contains(&word) || word.starts_with("pub");
    let is_head = before.split_whitespace().all(is_word) && !line.ends_with(';');
    is_head.then(|| after.split(['(', '<']).next()).flatten()
}

fn read(source: &str, all: &mut BTreeMap<String, Functions>) {
    let product = source.split("#[cfg(test)]").next().unwrap();
    let mut lines = product.lines();
    while let Some(line) = lines.next() {
        let Some(name) = name(line) else { continue };
        let indent = line.len() - line.trim_start().len();
        let end = format!("{}}}", &line[..indent]);
        let body = lines.by_ref().take_while(|line| *line != end);
        let function = std::iter::once(line).chain(body);
        let words: Vec<&str> = function.flat_map(str::split_whitespace).collect();
        let text = words.join(" ").replace(" .", ".");
        let found = all.entry(name.to_owned()).or_default();
        let is_public = line.trim_start().starts_with("pub async fn ");
        let takes_caller = ["caller: &Identity", "prepared: Prepared", "&Scope"];
        found.is_for_callers |= is_public && takes_caller.iter().any(|taken| text.contains(taken));
        found.text.push_str(&text);
    }
}

fn read_folder(folder: &Path, all: &mut BTreeMap<String, Functions>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => read_folder(&path, all),
            false => read(&fs::read_to_string(&path).unwrap(), all),
        }
    }
}

/// Whether the text calls a function of this name: a free one, or a method of the service.
fn calls(text: &str, name: &str) -> bool {
    let call = format!("{name}(");
    text.match_indices(&call).any(|(at, _)| {
        let before = &text[..at];
        let is_free = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        is_free || before.ends_with("self.")
    })
}

#[test]
fn the_list_has_every_change_of_a_caller() {
    let mut all = BTreeMap::new();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for folder in ["manage", "flow"] {
        read_folder(&sources.join(folder), &mut all);
    }
    let mut begins: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = begins.len();
        for (name, found) in &all {
            let is_one = found.text.contains(".begin()")
                || begins.iter().any(|callee| calls(&found.text, callee));
            if is_one {
                begins.insert(name);
            }
        }
        if begins.len() == before {
            break;
        }
    }
    let listed = include_str!("changes.rs");
    let changes = begins.iter().filter(|name| all[**name].is_for_callers);
    let (known, missing): (Vec<&str>, Vec<&str>) = changes.copied().partition(|name| {
        listed.contains(&format!("iam.{name}("))
            || OF_SCOPES.contains(name)
            || OTHERS.iter().any(|(other, _)| other == name)
    });
    assert!(missing.is_empty(), "not in the list: {missing:?}");
    // Otherwise the sources are not read as they are written now.
    for (other, why) in OTHERS {
        assert!(known.contains(&other), "{other}: {why}");
    }
    for change in OF_SCOPES {
        let tried = include_str!("../taken_right.rs").contains(&format!("world.iam.{change}("));
        assert!(tried && known.contains(&change), "{change}");
    }
    assert!(known.contains(&"create_policy") && known.contains(&"rename_space"));
}
