//! The licences of everything that is in the two programs, with their texts as their authors wrote them.

use super::build::Build;
use crate::process::{cargo, output_of};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// How files with a licence begin, in capitals.
const NAMES: [&str; 6] = [
    "LICENSE",
    "LICENCE",
    "COPYING",
    "NOTICE",
    "COPYRIGHT",
    "UNLICENSE",
];

/// Data of others in our own sources.
const OWN_DATA: [(&str, &str); 2] = [
    (
        "Sample series of the Numenta Anomaly Benchmark",
        "crates/vigied/assets/nab/LICENSE.txt",
    ),
    ("List of common passwords", "crates/iam/data/README.md"),
];

pub(super) fn collect(build: &Build) -> Result<String> {
    let arguments = [
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
    ];
    let text = output_of(
        cargo()
            .args(arguments)
            .arg(&build.target)
            .current_dir(&build.source),
    )?;
    let metadata: Value = serde_json::from_str(&text)?;
    let used = used(build)?;
    let mut text = String::from(
        "# What others have made\n\nThe programs hold the crates below. Their licences, each text once, follow the list.\n\n| crate | licence |\n|---|---|\n",
    );
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let packages = metadata.get("packages").and_then(Value::as_array);
    let mut rows = BTreeSet::new();
    for package in packages.context("`cargo metadata` names no packages")? {
        let field = |key: &str| package.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = format!("{} {}", field("name"), field("version"));
        // Ours have no source.
        if !used.contains(&name) || package.get("source").is_none_or(Value::is_null) {
            continue;
        }
        rows.insert(format!("| {name} | {} |\n", field("license")));
        let folder = Path::new(field("manifest_path")).parent();
        for licence in licences(folder.context("a package without a folder")?)? {
            texts.entry(licence).or_default().insert(name.clone());
        }
    }
    text.extend(rows);
    for (what, file) in OWN_DATA {
        let licence = fs::read_to_string(build.source.join(file))
            .with_context(|| format!("cannot read `{file}`"))?;
        texts.entry(licence).or_default().insert(what.to_owned());
    }
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort_by(|(_, one), (_, other)| one.cmp(other));
    for (licence, crates) in texts {
        let crates: Vec<String> = crates.into_iter().collect();
        let _ = write!(
            text,
            "\n## {}\n\n~~~~text\n{}\n~~~~\n",
            crates.join(", "),
            licence.trim_end()
        );
    }
    Ok(text)
}

/// `NAME VERSION` of each package that is compiled into a program.
fn used(build: &Build) -> Result<BTreeSet<String>> {
    let arguments = ["tree", "--locked", "--edges", "normal", "--prefix", "none"];
    let text = output_of(
        cargo()
            .args(arguments)
            .args([
                "--package",
                "vigied",
                "--package",
                "vigie",
                "--format",
                "{p}",
            ])
            .args(["--target", &build.target])
            .current_dir(&build.source),
    )?;
    let words = text
        .lines()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>());
    Ok(words
        .map(|words| words.join(" ").replacen(" v", " ", 1))
        .collect())
}

fn licences(folder: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_ascii_uppercase();
        if NAMES.iter().any(|begin| name.starts_with(begin)) && entry.path().is_file() {
            let bytes = fs::read(entry.path())?;
            found.push(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
        }
    }
    Ok(found)
}
