//! All lints, each run even if one before it failed: so one run reports all problems.

use crate::process::{cargo, step, succeed};
use crate::{check_deps, check_repo, deny};
use anyhow::{Result, bail};

pub(crate) fn run() -> Result<()> {
    let outcomes = [
        step("fmt", || succeed(cargo().args(["fmt", "--all", "--check"]))),
        step("check-repo", check_repo::run),
        step("check-deps", check_deps::run),
        step("clippy", || {
            succeed(cargo().args([
                "clippy",
                "--locked",
                "--workspace",
                "--all-targets",
                "--keep-going",
                "--",
                "--deny",
                "warnings",
            ]))
        }),
        step("doc", || {
            succeed(
                cargo()
                    .env("RUSTDOCFLAGS", "--deny warnings")
                    .args(["doc", "--locked", "--workspace", "--no-deps"])
                    // With examples come the features that clippy's targets have: else every dependency is checked again.
                    .args(["--lib", "--bins", "--examples"])
                    .args(["--document-private-items", "--keep-going"]),
            )
        }),
        step("deny", deny::run),
    ];
    match outcomes.iter().filter(|outcome| outcome.is_err()).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} lints failed", outcomes.len()),
    }
}
