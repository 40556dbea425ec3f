//! What `--version` says: the version and, after a `+`, the commit it was built from. Both programs are built with this.
//!
//! In order: `VIGIE_COMMIT` (set by `cargo xtask dist`); `build/COMMIT`, into which `git archive` writes the commit of a source
//! tarball, and its time; git. A build for development says `dev` and asks nobody: else each commit would build both programs
//! again.
#![allow(
    clippy::print_stdout,
    reason = "printing is how a build script answers"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Hexadecimal digits of a commit that is told.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-changed={}", file().display());
    println!("cargo::rerun-if-env-changed=VIGIE_COMMIT");
    let commit = given()
        .or_else(archived)
        .or_else(development)
        .or_else(from_git)
        .unwrap_or_else(|| "unknown".to_owned());
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo::rustc-env=NAMED_VERSION={version}+{commit}");
}

fn root() -> PathBuf {
    let folder = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    Path::new(&folder).join("../..")
}

fn file() -> PathBuf {
    root().join("build/COMMIT")
}

fn given() -> Option<String> {
    env::var("VIGIE_COMMIT").ok().filter(|text| {
        !text.is_empty()
            && text
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    })
}

fn archived() -> Option<String> {
    abbreviated(&fs::read_to_string(file()).ok()?)
}

fn development() -> Option<String> {
    (env::var("PROFILE").ok()? == "debug").then(|| "dev".to_owned())
}

fn from_git() -> Option<String> {
    // Written at each commit and each change of branch.
    let log = git(&["rev-parse", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={}", root().join(log).display());
    abbreviated(&git(&["rev-parse", "HEAD"])?)
}

/// The beginning of a commit; nothing where the text is none.
fn abbreviated(text: &str) -> Option<String> {
    let text = text.split_whitespace().next()?;
    let is_commit = text.len() >= 40 && text.chars().all(|digit| digit.is_ascii_hexdigit());
    is_commit.then(|| text.chars().take(DIGITS).collect())
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(root())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
