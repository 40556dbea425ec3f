//! The tarball: the same bytes from the same files. Names in order, root's, at the time of the commit.

use super::build::Build;
use crate::process::{output_of, succeed};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What must be in it, whatever else is.
const MUST: [&str; 17] = [
    "BUILD",
    "Containerfile",
    "INSTALL.md",
    "LICENSE",
    "THIRD-PARTY.md",
    "bin/vigie",
    "bin/vigied",
    "lib/systemd/system/vigied.service",
    "share/bash-completion/completions/vigie",
    "share/bash-completion/completions/vigied",
    "share/doc/vigie/guides/operating.md",
    "share/fish/vendor_completions.d/vigied.fish",
    "share/man/man1/vigie-metrics-send.1",
    "share/man/man1/vigied-serve.1",
    "share/man/man1/vigied.1",
    "share/zsh/site-functions/_vigied",
    "vigie.toml",
];

/// Makes the tarball in `folder`, and its checksum beside it.
pub(super) fn pack(build: &Build, staged: &Path, folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder)?;
    // The page takes the one tarball that lies there.
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with("vigie-") && name.contains(".tar.gz") {
            fs::remove_file(path)?;
        }
    }
    let name = format!("{}.tar.gz", build.name());
    let parent = staged.parent().context("the staged folder has no parent")?;
    succeed(
        Command::new("tar")
            .args([
                "--create",
                "--sort=name",
                "--format=ustar",
                "--numeric-owner",
            ])
            .args(["--owner=0", "--group=0", "--mode=u+rwX,go+rX,go-w"])
            .arg(format!("--mtime=@{}", build.time))
            .arg("--use-compress-program=gzip --no-name --best")
            .arg("--file")
            .arg(folder.join(&name))
            .arg("--directory")
            .arg(parent)
            .arg(build.name()),
    )?;
    let sum = output_of(Command::new("sha256sum").arg(&name).current_dir(folder))?;
    fs::write(folder.join(format!("{name}.sha256")), sum)?;
    listed(&folder.join(&name), &build.name())?;
    Ok(folder.join(name))
}

/// Whether all that must be is in it.
fn listed(tarball: &Path, name: &str) -> Result<()> {
    let listing = output_of(Command::new("tar").arg("--list").arg("--file").arg(tarball))?;
    let missing: Vec<&str> = MUST
        .into_iter()
        .filter(|file| !listing.lines().any(|line| line == format!("{name}/{file}")))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    bail!("not in `{}`: {}", tarball.display(), missing.join(", "))
}

/// Packs twice, the second time from files that are younger: the same bytes must come of it. The programs are left out, which
/// are large and as they are.
pub(super) fn check(build: &Build, staged: &Path, work: &Path) -> Result<()> {
    for program in ["bin/vigie", "bin/vigied"] {
        fs::write(staged.join(program), "a program")?;
        make_executable(&staged.join(program))?;
    }
    let folder = work.join("dist-check");
    let read = || -> Result<Vec<u8>> { Ok(fs::read(pack(build, staged, &folder)?)?) };
    let first = read()?;
    let touched = fs::File::options()
        .write(true)
        .open(staged.join("LICENSE"))?;
    touched.set_modified(std::time::SystemTime::now())?;
    if first != read()? {
        bail!("the same files give another tarball the second time");
    }
    Ok(())
}

fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(
        file,
        fs::Permissions::from_mode(0o755),
    )?)
}
