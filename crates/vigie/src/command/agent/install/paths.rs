//! Where things are written, for this user or for the machine.

use super::args::InstallArgs;
use crate::context::Context;
use crate::env;
use crate::error::Failure;
use std::path::{Path, PathBuf};

/// Of the unit, and of the file in `/etc/cron.d`.
const NAME: &str = "vigie-agent";

/// Where things are written.
#[derive(Debug)]
pub(super) struct InstallPaths {
    pub(super) is_system: bool,
    is_cron: bool,
    /// The unit, or the file for cron; `None` where cron's table is edited by a command, or nothing is written.
    pub(super) file: Option<PathBuf>,
    /// Where a key is written that is in no file yet.
    pub(super) key_file: PathBuf,
    root: Option<PathBuf>,
}

impl InstallPaths {
    pub(super) fn of(args: &InstallArgs, context: &Context) -> Result<Self, Failure> {
        let is_system = args.system || (!args.user && rustix::process::geteuid().is_root());
        let (file, key_file) = if is_system {
            let file = match args.cron {
                true => PathBuf::from("/etc/cron.d").join(NAME),
                false => PathBuf::from("/etc/systemd/system").join(format!("{NAME}.service")),
            };
            (Some(file), PathBuf::from("/etc/vigie/agent.key"))
        } else {
            let unit = || -> Result<PathBuf, Failure> {
                let folder = configuration(context)?.join("systemd").join("user");
                Ok(folder.join(format!("{NAME}.service")))
            };
            // What is printed is written nowhere, so that no home is needed for it.
            let file = (!args.cron && !args.print).then(unit).transpose()?;
            let folder = std::path::absolute(context.home.directory())
                .map_err(|error| Failure::file("find", context.home.directory(), &error))?;
            (file, folder.join("agent.key"))
        };
        Ok(Self {
            is_system,
            is_cron: args.cron,
            file,
            key_file,
            root: args.root.clone(),
        })
    }

    /// A path of the machine that is written for.
    pub(super) fn below_root(&self, path: &Path) -> PathBuf {
        match (&self.root, path.strip_prefix("/")) {
            (Some(root), Ok(below)) => root.join(below),
            _ => path.to_owned(),
        }
    }

    /// The commands that start it.
    pub(super) fn next(&self) -> &'static [&'static str] {
        match (self.is_cron, self.is_system, &self.root) {
            (true, ..) => &[],
            (false, true, Some(_)) => &["systemctl --root=DIR enable vigie-agent"],
            (false, true, None) => &[
                "systemctl daemon-reload",
                "systemctl enable --now vigie-agent",
                "journalctl -u vigie-agent -f",
            ],
            (false, false, _) => &[
                "systemctl --user daemon-reload",
                "systemctl --user enable --now vigie-agent",
                "loginctl enable-linger",
                "journalctl --user -u vigie-agent -f",
            ],
        }
    }

    /// Says what mends a failure to write.
    pub(super) fn needs_root(&self, failure: Failure) -> Failure {
        match self.is_system && !rustix::process::geteuid().is_root() {
            true => failure.hint("`--system` writes into `/etc`: run it as root, or install for yourself with `--user`"),
            false => failure,
        }
    }
}

/// Where this user's programs keep their configuration.
fn configuration(context: &Context) -> Result<PathBuf, Failure> {
    let named = |variable| context.env.get(variable).map(PathBuf::from);
    let given = named(env::XDG_CONFIG_HOME).filter(|path| path.is_absolute());
    given
        .or_else(|| Some(named(env::USER_HOME)?.join(".config")))
        .ok_or_else(|| {
            Failure::failed("this user has no home directory: `HOME` is not set")
                .hint("install for the machine with `--system`, or set `HOME`")
        })
}

/// A path as what is installed names it: whole, because it runs elsewhere.
pub(super) fn absolute(path: impl AsRef<Path>) -> Result<String, Failure> {
    let path = path.as_ref();
    let whole = std::path::absolute(path).map_err(|error| Failure::file("find", path, &error))?;
    text(&whole)
}

/// A path as text.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::failed(format!("`{}` is not UTF-8", path.display())))
}
