//! etsy's statsd, from npm, in a folder of ours: a real relay nobody here wrote.

use crate::process::{find_program, output_of, work_folder};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// Pinned, so that a new version can't change what a test means.
const PACKAGE: &str = "statsd@0.9.0";

/// Returns its program, made ready the first time.
pub(crate) fn statsd() -> Result<PathBuf> {
    let folder = work_folder()?.join("npm");
    let program = folder.join("node_modules/statsd/stats.js");
    find_program("node").context("node is not installed")?;
    if program.is_file() {
        return Ok(program);
    }
    println!("npm: installing {PACKAGE} into `{}`", folder.display());
    let npm = find_program("npm").context("npm is not installed")?;
    output_of(
        Command::new(npm)
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .args(["--omit=optional", "--prefix"])
            .arg(&folder)
            .arg(PACKAGE),
    )?;
    Ok(program)
}
