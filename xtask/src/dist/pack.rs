//! The tarball: the same bytes from the same files. Names in order, root's, at the time of the commit.

use super::build::Build;
use super::stage;
use crate::process::{output_of, succeed};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files that must be in it, whatever else is.
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
            // What a person has set for these two would be in the tarball.
            .env_remove("TAR_OPTIONS")
            .env_remove("GZIP")
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

/// Stages and packs twice: the same bytes must come of it. The programs are left out, which are large and as they are. Returns
/// what was staged.
pub(super) fn check(build: &Build, work: &Path) -> Result<PathBuf> {
    let folder = work.join("dist-check");
    let once = || -> Result<(PathBuf, Vec<u8>)> {
        let staged = stage::stage(build, work)?;
        for program in ["bin/vigie", "bin/vigied"] {
            fs::write(staged.join(program), "a program")?;
            make_executable(&staged.join(program))?;
        }
        let packed = fs::read(pack(build, &staged, &folder)?)?;
        Ok((staged, packed))
    };
    let (_, first) = once()?;
    let (staged, second) = once()?;
    if first != second {
        bail!("the same files give another tarball the second time");
    }
    Ok(staged)
}

fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(
        file,
        fs::Permissions::from_mode(0o755),
    )?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, SystemTime};

    fn build() -> Build {
        Build {
            source: PathBuf::from("/nowhere"),
            programs: PathBuf::from("/nowhere"),
            profile: "dist".to_owned(),
            version: "1.2.3".to_owned(),
            target: "a-b-c".to_owned(),
            rust: "1".to_owned(),
            commit: "0123456789ab".to_owned(),
            time: "1700000000".to_owned(),
        }
    }

    /// The same files, laid out in this order, with these times and rights.
    fn laid(folder: &Path, files: &[&str], age: Duration, mode: u32) -> PathBuf {
        let staged = folder.join(build().name());
        for file in files {
            let path = staged.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("what is in {file}\n").repeat(100)).unwrap();
            let is_program = file.starts_with("bin/");
            let mode = if is_program { mode | 0o100 } else { mode };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let opened = fs::File::open(&path).unwrap();
            opened.set_modified(SystemTime::now() - age).unwrap();
        }
        staged
    }

    #[test]
    fn the_same_files_give_the_same_bytes_whenever_and_by_whomever_they_were_laid_out() {
        let [one, other] = [(), ()].map(|()| tempfile::tempdir().unwrap());
        let mut files = MUST.to_vec();
        let first = laid(one.path(), &files, Duration::ZERO, 0o644);
        files.reverse();
        let second = laid(other.path(), &files, Duration::from_secs(86_400), 0o600);
        let packed = |staged: &Path, into: &Path| {
            let tarball = pack(&build(), staged, &into.join("packed")).unwrap();
            let sum = tarball.with_extension("gz.sha256");
            (fs::read(tarball).unwrap(), fs::read_to_string(sum).unwrap())
        };
        let (bytes, sum) = packed(&first, one.path());
        assert!((bytes, sum) == packed(&second, other.path()));
    }

    #[test]
    fn a_tarball_without_what_must_be_in_it_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let staged = laid(folder.path(), &MUST[1..], Duration::ZERO, 0o644);
        let error = pack(&build(), &staged, &folder.path().join("packed")).unwrap_err();
        assert!(error.to_string().contains(MUST[0]), "{error}");
    }
}
