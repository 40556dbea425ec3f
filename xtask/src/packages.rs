//! Debian packages the tests need: installed when we are root and apt is there, named when not.

use crate::process::{find_program, is_root, succeed, work_folder};
use anyhow::{Context, Result};
use std::fs::File;
use std::process::{Command, Stdio};

/// Installs packages in one go; what apt says goes to a file.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    let names = packages.join(" ");
    if !is_root() || find_program("apt-get").is_none() {
        anyhow::bail!("not installed: {names} (`sudo apt-get install {names}` does it)");
    }
    let path = work_folder()?.join("apt.log");
    println!(
        "packages: installing {names} (this can take some minutes; what apt says goes to `{}`)",
        path.display()
    );
    let log = File::create(&path)?;
    let apt = |arguments: &[&str]| -> Result<()> {
        succeed(
            Command::new("apt-get")
                .args(["-q", "-y", "-o", "DPkg::Lock::Timeout=300"])
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log.try_clone()?),
        )
        .with_context(|| format!("see `{}`", path.display()))
    };
    apt(&["update"])?;
    apt(&["install", "--no-install-recommends"]
        .iter()
        .chain(packages)
        .copied()
        .collect::<Vec<_>>())
}
