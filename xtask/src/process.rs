//! Running other programs: cargo with a clean environment, commands whose failure is an error, timed steps.

use anyhow::{Context, Result, bail};
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::thread::ScopedJoinHandle;
use std::time::Instant;

/// The cargo that runs us, as if a person had typed it.
pub(crate) fn cargo() -> Command {
    as_typed(Command::new(
        env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
    ))
}

/// A command without what is ours alone: `cargo run` tells its child about the package it runs. Handed on to another cargo, that would
/// look like a changed environment to some build scripts, and they would build again.
pub(crate) fn as_typed(mut command: Command) -> Command {
    for (name, _) in env::vars_os() {
        let prefixes = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_CRATE_",
            "CARGO_BIN_",
        ];
        if prefixes
            .iter()
            .any(|prefix| name.to_string_lossy().starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a command with our own output; anything but success is an error.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run `{}`", command_line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", command_line(command));
    }
    Ok(())
}

/// Runs a command and returns what it printed; anything but success is an error that quotes its complaint.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("cannot run `{}`", command_line(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!(
            "`{}` ended with {}: {}",
            command_line(command),
            output.status,
            complaint.trim()
        );
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed no UTF-8", command_line(command)))
}

/// Runs one step, and says how it went and how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("{name}: …");
    let begin = Instant::now();
    let outcome = work();
    let seconds = begin.elapsed().as_secs_f64();
    match &outcome {
        Ok(_) => println!("{name}: ok ({seconds:.1} s)"),
        Err(error) => println!("{name}: FAILED ({seconds:.1} s): {error:#}"),
    }
    outcome
}

/// Waits for what another thread does.
pub(crate) fn joined<T>(running: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    let ended = running.join();
    ended.unwrap_or_else(|_| bail!("it broke off: see above"))
}

/// A program on the search path.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    env::split_paths(&paths)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// Whether CI runs us: what is only a pity on a person's machine is then a failure.
pub(crate) fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Whether we may install packages and must not run PostgreSQL as ourselves.
pub(crate) fn is_root() -> bool {
    user_id("-u", None).is_ok_and(|id| id == 0)
}

/// The output of `id`: with `-u` the user's number, with `-g` the group's.
pub(crate) fn user_id(flag: &str, user: Option<&str>) -> Result<u32> {
    let text = output_of(Command::new("id").arg(flag).args(user))?;
    text.trim()
        .parse()
        .with_context(|| format!("`id {flag}` printed `{}`", text.trim()))
}

/// Cargo's target folder, wherever the environment or a setting has put it.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let text = output_of(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let target = metadata
        .get("target_directory")
        .and_then(serde_json::Value::as_str);
    Ok(PathBuf::from(
        target.context("`cargo metadata` names no target folder")?,
    ))
}

/// Where xtask keeps what it makes: under the target folder, so that `cargo clean` takes it away.
pub(crate) fn work_folder() -> Result<PathBuf> {
    let folder = target_folder()?.join("xtask");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create `{}`", folder.display()))?;
    Ok(folder)
}

fn command_line(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
