//! cargo-deny by `deny.toml`: licences, banned crates, sources, and advisories when their database can be reached.
//!
//! The tool is installed at a fixed version the first time, into the person's cache folder, so that neither `cargo clean`
//! nor a fresh clone builds it again.

use crate::process::{cargo, find_program, output_of, succeed};
use anyhow::{Context, Result};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const VERSION: &str = "0.20.2";

pub(crate) fn run() -> Result<()> {
    let tool = find_tool()?;
    succeed(Command::new(&tool).args(["--locked", "check", "bans", "licenses", "sources"]))?;
    // The database is a repository elsewhere. Without a way there the code is no worse than yesterday, so this is said,
    // not failed; what the database then tells is failed.
    match output_of(Command::new(&tool).args(["--locked", "fetch", "db"])) {
        Ok(_) => succeed(Command::new(&tool).args([
            "--locked",
            "check",
            "--disable-fetch",
            "advisories",
        ])),
        Err(_) => {
            println!("deny: ADVISORIES NOT CHECKED: their database can't be reached from here");
            Ok(())
        }
    }
}

fn find_tool() -> Result<PathBuf> {
    if let Some(tool) = find_program("cargo-deny").filter(|tool| is_right(tool)) {
        return Ok(tool);
    }
    let folder = cache_folder()?;
    let tool = folder.join("bin/cargo-deny");
    if !is_right(&tool) {
        println!(
            "deny: installing cargo-deny {VERSION} into `{}` (some minutes, once)",
            folder.display()
        );
        succeed(
            cargo()
                .args([
                    "install",
                    "--quiet",
                    "--locked",
                    "cargo-deny",
                    "--version",
                    VERSION,
                    "--root",
                ])
                .arg(&folder)
                // Its own target folder is thrown away; ours would keep it.
                .env_remove("CARGO_TARGET_DIR"),
        )?;
    }
    Ok(tool)
}

fn is_right(tool: &Path) -> bool {
    output_of(Command::new(tool).arg("--version"))
        .is_ok_and(|text| text.trim() == format!("cargo-deny {VERSION}"))
}

fn cache_folder() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from);
    let cache = cache.or_else(|| env::home_dir().map(|home| home.join(".cache")));
    Ok(cache
        .context("neither XDG_CACHE_HOME nor HOME is set")?
        .join("vigie-xtask"))
}
