//! The systemd unit, judged by systemd: does it understand every line, and how much is the service left to reach?

use crate::process::{find_program, in_ci, output_of};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Highest exposure that we allow, of 100; systemd calls up to 20 "OK" and a service without any bounds 96.
const EXPOSURE_MAX: u32 = 20;

/// Lays the unit and its programs out as below `/usr/local`, and has them judged.
pub(super) fn check(staged: &Path) -> Result<()> {
    if find_program("systemd-analyze").is_none() {
        println!("SKIPPED (`systemd-analyze` is not installed): the unit is not checked");
        if in_ci() {
            bail!("`systemd-analyze` is not installed, and under CI nothing may be skipped");
        }
        return Ok(());
    }
    let root = staged.with_file_name("unit-root");
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let unit = "usr/local/lib/systemd/system/vigied.service";
    for (from, to) in [
        ("lib/systemd/system/vigied.service", unit),
        ("bin/vigied", "usr/local/bin/vigied"),
    ] {
        let to = root.join(to);
        fs::create_dir_all(to.parent().context("no folder")?)?;
        // The programs are large.
        fs::hard_link(staged.join(from), to)?;
    }
    let shell = root.join("bin/sh");
    fs::create_dir_all(root.join("bin"))?;
    fs::copy("/bin/sh", &shell)?;
    judge(&root, "/usr/local/lib/systemd/system/vigied.service")
}

/// Whether systemd understands the unit in `root`, and finds it tight enough.
fn judge(root: &Path, unit: &str) -> Result<()> {
    // The units it refers to are those of the machine.
    let verified = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .arg(format!("--root={}", root.display()))
        .arg(unit)
        .output()
        .context("cannot run `systemd-analyze verify`")?;
    let complaints = String::from_utf8_lossy(&verified.stderr).into_owned();
    if !verified.status.success() || complaints.contains("vigied.service") {
        bail!(
            "`systemd-analyze verify` refuses the unit: {}",
            complaints.trim()
        );
    }
    let output = output_of(
        Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager"])
            .arg(format!("--threshold={EXPOSURE_MAX}"))
            .arg(format!("{}{unit}", root.display())),
    )
    .context("the unit leaves the service more than we allow")?;
    if let Some(line) = output
        .lines()
        .find(|line| line.contains("Overall exposure"))
    {
        println!("unit: {}", line.trim());
    }
    Ok(())
}
