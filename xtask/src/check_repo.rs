//! Is every tracked file fit to be published? No path of somebody's machine, no mirror of a registry, no forgotten note.

use crate::error_causes;
use crate::process::output_of;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Beyond this a file holds more than one idea.
const RUST_LINES_LIMIT: usize = 500;

/// Folders of a developer's machine. Written in two parts, so that this file passes its own check.
const MACHINE_FOLDERS: [&str; 4] = [
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/wo", "rk/"),
    concat!("/tmp/", "vg"),
];

/// Files that may be in a working copy and not in a commit.
const FORGOTTEN: [&str; 4] = [
    concat!("to", "do!("),
    concat!("db", "g!("),
    concat!("#[ig", "nore]"),
    concat!("#[ig", "nore ="),
];

/// Crates whose errors do not say how they are mended: commands and settings are those of the programs.
const HINTLESS: [&str; 2] = ["crates/iam/src/", "crates/db/src/"];

/// How a remedy begins in the text of an error, and the commands that could be one.
const HINTS: [&str; 5] = [
    "hint: ",
    "`vigie ",
    "`vigied ",
    "log in again",
    "log in with",
];

/// How a comment begins, which may name a command.
const COMMENT: &str = "//";

/// The one place packages may come from, as cargo writes it.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(crate) fn run() -> Result<()> {
    let root = output_of(Command::new("git").args(["rev-parse", "--show-toplevel"]))?;
    let root = Path::new(root.trim_end());
    let listed = output_of(
        Command::new("git")
            .args(["ls-files", "-z"])
            .current_dir(root),
    )?;
    let mut violations = Vec::new();
    for name in listed.split('\0').filter(|name| !name.is_empty()) {
        let path = root.join(name);
        // A file removed but not yet committed, or a link to a folder, has nothing to read.
        if !path.is_file() {
            continue;
        }
        let bytes = fs::read(&path).with_context(|| format!("cannot read `{name}`"))?;
        // What is no text is data, and data has no paths.
        if let Ok(text) = str::from_utf8(&bytes) {
            violations.extend(check(name, text));
            violations.extend(error_causes::check(name, text));
        }
    }
    for wrong in &violations {
        println!("check-repo: {wrong}");
    }
    match violations.len() {
        0 => Ok(()),
        count => bail!("{count} places are not fit to be published"),
    }
}

fn check(name: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    let rust = name.ends_with(".rs");
    let lock = name.ends_with(".lock") || name.ends_with("-lock.json");
    for (number, line) in (1..).zip(text.lines()) {
        let mut wrong = |what: &str| violations.push(format!("{name}:{number}: {what}"));
        if let Some(folder) = MACHINE_FOLDERS
            .iter()
            .find(|folder| names_folder(line, folder))
        {
            wrong(&format!("`{folder}` is a path of somebody's machine"));
        }
        if rust && let Some(word) = FORGOTTEN.iter().find(|word| line.contains(**word)) {
            wrong(&format!("`{word}` was forgotten here"));
        }
        let is_comment = line.trim_start().starts_with(COMMENT);
        let names_remedy = !is_comment && HINTS.iter().any(|hint| line.contains(hint));
        if rust && names_remedy && HINTLESS.iter().any(|folder| name.starts_with(folder)) {
            wrong("a remedy is the business of the programs: put it into `vigied/src/failure`");
        }
        if lock && line.contains("://") && !line.contains(&format!("\"{REGISTRY}\"")) {
            wrong("a lock file names no host but the crates.io index");
        }
    }
    let lines = text.lines().count();
    if rust && lines > RUST_LINES_LIMIT {
        violations.push(format!(
            "{name}: {lines} lines, and {RUST_LINES_LIMIT} is the limit: split it by idea"
        ));
    }
    violations
}

/// Whether a line holds an absolute path that begins with this folder; the same words inside a longer path or an address
/// are somebody else's.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !before
            .is_some_and(|character| character.is_alphanumeric() || "._-/}>)*".contains(character))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_machine_is_found_with_its_line() {
        let text = format!("fine\nroot = \"{}anna/vigie\"\n", MACHINE_FOLDERS[0]);
        let violations = check("docs/guide.md", &text);
        assert_eq!(violations.len(), 1);
        assert!(
            violations[0].starts_with("docs/guide.md:2: "),
            "{violations:?}"
        );
    }

    #[test]
    fn the_same_words_in_an_address_or_a_longer_path_are_fine() {
        let folder = MACHINE_FOLDERS[2];
        for text in [
            format!("https://example.com{folder}x"),
            format!("$HOME{folder}x"),
            format!("..{folder}x"),
        ] {
            assert!(check("README.md", &text).is_empty(), "{text}");
        }
    }

    #[test]
    fn forgotten_words_matter_in_rust_only() {
        for word in FORGOTTEN {
            assert_eq!(check("src/lib.rs", word).len(), 1, "{word}");
            assert!(check("CONTRIBUTING.md", word).is_empty(), "{word}");
        }
    }

    #[test]
    fn errors_of_the_domains_name_no_remedy() {
        let line = "    #[error(\"the disk is full\\nhint: make room\")]\n";
        for name in ["crates/iam/src/error.rs", "crates/db/src/error.rs"] {
            assert_eq!(check(name, line).len(), 1, "{name}");
            let command = "    \"make one with `vigie iam api-key-create`\"\n";
            assert_eq!(check(name, command).len(), 1, "{name}");
            let advice = "    \"this login has ended: log in again\"\n";
            assert_eq!(check(name, advice).len(), 1, "{name}");
            let comment = "    // As `vigied user list` shows it.\n";
            assert!(check(name, comment).is_empty(), "{name}");
        }
        assert!(check("crates/vigied/src/failure/mod.rs", line).is_empty());
    }

    #[test]
    fn a_lock_file_names_the_index_and_nothing_else() {
        assert!(check("Cargo.lock", &format!("source = \"{REGISTRY}\"")).is_empty());
        assert_eq!(
            check("Cargo.lock", "source = \"sparse+https://mirror.example/\"").len(),
            1
        );
        assert_eq!(
            check("Cargo.lock", &format!("source = \"{REGISTRY}.example/\"")).len(),
            1
        );
    }

    #[test]
    fn a_rust_file_has_a_limit() {
        assert!(check("src/lib.rs", &"x\n".repeat(RUST_LINES_LIMIT)).is_empty());
        assert_eq!(
            check("src/lib.rs", &"x\n".repeat(RUST_LINES_LIMIT + 1)).len(),
            1
        );
        assert!(check("data.csv", &"x\n".repeat(RUST_LINES_LIMIT + 1)).is_empty());
    }
}
