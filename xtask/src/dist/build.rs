//! The sources of a tarball.

use super::local_paths::LocalPaths;
use crate::process::{cargo, output_of, succeed, target_folder};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A build: its programs, its sources, and its target.
#[derive(Debug)]
pub(super) struct Build {
    /// The folder of the sources.
    pub(super) source: PathBuf,
    /// The folder of the two programs.
    pub(super) programs: PathBuf,
    pub(super) profile: String,
    pub(super) version: String,
    pub(super) target: String,
    pub(super) rust: String,
    pub(super) commit: String,
    /// Seconds since 1970 at which the commit was made: the time of every file in the tarball.
    pub(super) time: String,
}

impl Build {
    /// The plan of a build with this profile.
    pub(super) fn plan(profile: &str) -> Result<Self> {
        let project = ["locate-project", "--workspace", "--message-format", "plain"];
        let manifest = PathBuf::from(output_of(cargo().args(project))?.trim());
        let source = manifest.parent().context("no workspace")?.to_owned();
        let (commit, time) = archived(&source)
            .or_else(|| from_git(&source))
            .unwrap_or_else(|| ("unknown".to_owned(), "0".to_owned()));
        let rustc = output_of(Command::new("rustc").arg("-vV"))?;
        let field = |key: &str| {
            rustc
                .lines()
                .find_map(|line| line.strip_prefix(key))
                .map(str::to_owned)
                .with_context(|| format!("`rustc -vV` says no `{key}`"))
        };
        let folder = if profile == "dev" { "debug" } else { profile };
        Ok(Self {
            programs: target_folder()?.join(folder),
            source,
            profile: profile.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            target: field("host: ")?,
            rust: field("release: ")?,
            commit,
            time,
        })
    }

    /// The name of the tarball, and of the one folder in it.
    pub(super) fn name(&self) -> String {
        format!("vigie-{}-{}", self.version, self.target)
    }

    /// Builds both programs. For a release the places of this machine are taken out of them: the same sources give the same
    /// programs, wherever they lie.
    pub(super) fn programs(&self) -> Result<()> {
        let mut command = cargo();
        command
            .args(["build", "--locked", "--profile", &self.profile])
            .args(["--package", "vigied", "--package", "vigie"])
            .current_dir(&self.source);
        if self.profile == "dist" {
            let local_paths = self.local_paths()?;
            command
                .env("VIGIE_COMMIT", &self.commit)
                .env(
                    "CARGO_ENCODED_RUSTFLAGS",
                    local_paths.flags("--remap-path-prefix=", "\x1f"),
                )
                .env("CFLAGS", local_paths.flags("-ffile-prefix-map=", " "))
                // What `.ci/run` leaves out of the tests' programs is in those that people get.
                .env_remove("AWS_LC_SYS_NO_JITTER_ENTROPY");
            succeed(&mut command)?;
            for program in ["vigied", "vigie"] {
                local_paths.check(&self.programs.join(program))?;
            }
            return Ok(());
        }
        succeed(&mut command)
    }

    fn local_paths(&self) -> Result<LocalPaths> {
        let home = std::env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
        Ok(LocalPaths::new(
            &self.source,
            &target_folder()?,
            home.as_deref(),
        ))
    }
}

/// Commit and time of a source archive, into which git has written them.
fn archived(source: &Path) -> Option<(String, String)> {
    let text = fs::read_to_string(source.join("build/COMMIT")).ok()?;
    let (commit, time) = text.trim().split_once(' ')?;
    let is_known = commit.len() >= 40 && commit.chars().all(|digit| digit.is_ascii_hexdigit());
    is_known.then(|| (commit.chars().take(12).collect(), time.to_owned()))
}

/// Commit and time of the working copy; a commit that is not all of it is marked.
fn from_git(source: &Path) -> Option<(String, String)> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let output = output_of(command.args(arguments).current_dir(source)).ok()?;
        Some(output.trim().to_owned())
    };
    let mut commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    if !git(&["status", "--porcelain"])?.is_empty() {
        commit.push_str("-changed");
        println!("dist: the sources differ from the last commit, and `--version` will say so");
    }
    Some((commit, git(&["log", "-1", "--format=%ct"])?))
}
