//! The folder that becomes the tarball: `bin`, `lib` and `share` lie in it as they are to lie below `/usr/local`.

use super::build::Build;
use super::notices;
use crate::process::{output_of, succeed};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where each shell looks for the script of a program.
const COMPLETIONS: [(&str, &str, &str, &str); 3] = [
    ("bash", "bash-completion/completions", "", ""),
    ("zsh", "zsh/site-functions", "_", ""),
    ("fish", "fish/vendor_completions.d", "", ".fish"),
];

/// From the sources to the tarball.
const COPIES: [(&str, &str); 6] = [
    ("LICENSE", "LICENSE"),
    ("dist/vigie.toml", "vigie.toml"),
    ("dist/Containerfile", "Containerfile"),
    ("dist/vigied.service", "lib/systemd/system/vigied.service"),
    (
        "dist/mail-password.conf",
        "share/doc/vigie/examples/mail-password.conf",
    ),
    ("CHANGELOG.md", "share/doc/vigie/CHANGELOG.md"),
];

/// Documents for people who run it; the design is for those who change it.
const DOCUMENTS: [&str; 3] = ["guides", "concepts", "reference"];

/// Makes the folder anew below `work`.
pub(super) fn stage(build: &Build, work: &Path) -> Result<PathBuf> {
    let folder = work.join("dist").join(build.name());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let man = folder.join("share/man/man1");
    fs::create_dir_all(&man)?;
    for program in ["vigie", "vigied"] {
        let built = build.programs.join(program);
        copy(&built, &folder.join("bin").join(program))?;
        succeed(Command::new(&built).arg("man").arg("--into").arg(&man))?;
        for (shell, place, before, after) in COMPLETIONS {
            let script = output_of(Command::new(&built).args(["completion", shell]))?;
            let file = folder
                .join("share")
                .join(place)
                .join(format!("{before}{program}{after}"));
            write(&file, &script)?;
        }
    }
    for (from, to) in COPIES {
        copy(&build.source.join(from), &folder.join(to))?;
    }
    let documents = folder.join("share/doc/vigie");
    for part in DOCUMENTS {
        for entry in fs::read_dir(build.source.join("docs").join(part))? {
            let entry = entry?;
            copy(&entry.path(), &documents.join(part).join(entry.file_name()))?;
        }
    }
    let page = fs::read_to_string(build.source.join("docs/guides/install.md"))?;
    write(&folder.join("INSTALL.md"), &moved(&page))?;
    write(&folder.join("THIRD-PARTY.md"), &notices::collect(build)?)?;
    write(&folder.join("BUILD"), &about(build)?)?;
    Ok(folder)
}

/// The page of installing with its links to the other pages as they lie in the tarball.
fn moved(page: &str) -> String {
    page.replace("](../", "](share/doc/vigie/")
        .replace("](behind-", "](share/doc/vigie/guides/behind-")
        .replace("](operating", "](share/doc/vigie/guides/operating")
}

fn about(build: &Build) -> Result<String> {
    let glibc = glibc(&[
        fs::read(build.programs.join("vigie"))?,
        fs::read(build.programs.join("vigied"))?,
    ]);
    let glibc = glibc.map_or_else(
        || "none".to_owned(),
        |(major, minor)| format!("{major}.{minor} or newer"),
    );
    Ok(format!(
        "version: {}\ncommit: {}\ntarget: {}\nprofile: {}\nrust: {}\nglibc: {glibc}\n",
        build.version, build.commit, build.target, build.profile, build.rust
    ))
}

/// The newest version of the C library that a program asks for, by the names of the versions in it.
fn glibc(programs: &[Vec<u8>]) -> Option<(u32, u32)> {
    const MARK: &[u8] = b"GLIBC_";
    let mut newest = None;
    for program in programs {
        for at in (0..program.len()).filter(|at| {
            program
                .get(*at..)
                .is_some_and(|rest| rest.starts_with(MARK))
        }) {
            let name: Vec<u8> = program
                .iter()
                .skip(at + MARK.len())
                .take(12)
                .copied()
                .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
                .collect();
            let name = String::from_utf8_lossy(&name).into_owned();
            let mut parts = name.split('.').map(str::parse::<u32>);
            if let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) {
                newest = newest.max(Some((major, minor)));
            }
        }
    }
    newest
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy `{}` to `{}`", from.display(), to.display()))
}

fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_c_library_counts() {
        let program = b"..GLIBC_2.4\0GLIBC_2.34\0GLIBC_2.9\0GLIBC_PRIVATE\0".to_vec();
        assert_eq!(glibc(&[program]), Some((2, 34)));
        assert_eq!(glibc(&[b"static".to_vec()]), None);
    }

    #[test]
    fn links_lead_into_the_tarball() {
        assert_eq!(
            moved("[a](operating.md) [b](../concepts/tokens.md)"),
            "[a](share/doc/vigie/guides/operating.md) [b](share/doc/vigie/concepts/tokens.md)"
        );
    }
}
