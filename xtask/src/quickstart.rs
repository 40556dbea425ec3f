//! The first thing a new person types: build both programs, then let the server show the whole path.

use crate::process::{cargo, succeed, target_folder};
use anyhow::{Context, Result};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

pub(crate) fn run(arguments: &[OsString]) -> Result<()> {
    println!(
        "quickstart: building `vigied` and `vigie` (release; the first time takes some minutes)"
    );
    succeed(cargo().args([
        "build",
        "--release",
        "--locked",
        "--package",
        "vigied",
        "--package",
        "vigie",
    ]))?;

    let server = target_folder()?.join("release/vigied");
    // The server takes our place, so that Ctrl-C and the exit code are its own.
    let error = Command::new(&server)
        .arg("quickstart")
        .args(arguments)
        .exec();
    Err(error).with_context(|| format!("cannot run `{}`", server.display()))
}
