//! `cargo xtask dist`: one tarball with all that a server or a person's machine needs, the same bytes from the same commit;
//! and `--try`: does it install and run by its own page, on a Debian that has never seen Rust?

mod build;
mod container;
mod live;
mod local_paths;
mod notices;
mod pack;
mod page;
mod root;
mod stage;
mod unit;

use self::build::Build;
use crate::process::{step, target_folder, work_folder};
use anyhow::Result;
use clap::Args;

/// The arguments of `dist`.
#[derive(Debug, Args)]
pub(crate) struct DistArgs {
    /// The profile to build with; `dev` is quick, and for trying out this task alone
    #[arg(long, default_value = "dist")]
    profile: String,
    /// Install and run the tarball by its own page in a fresh Debian (as root; some minutes)
    #[arg(long = "try")]
    tries: bool,
    /// The quick part alone, from the debug programs that are there: what `cargo xtask test` runs of it
    #[arg(long, conflicts_with_all = ["profile", "tries"])]
    check: bool,
}

pub(crate) fn run(arguments: &DistArgs) -> Result<()> {
    if arguments.check {
        return check();
    }
    let build = Build::plan(&arguments.profile)?;
    step("build", || build.programs())?;
    let staged = step("stage", || stage::stage(&build, &work_folder()?))?;
    step("unit", || unit::check(&staged))?;
    let tarball = step("pack", || {
        pack::pack(&build, &staged, &target_folder()?.join("dist"))
    })?;
    println!("dist: {}", tarball.display());
    if arguments.tries {
        step("try", || root::try_out(&build, &tarball))?;
    }
    Ok(())
}

/// The quick part, for `cargo xtask test`: from debug binaries that are there, everything up to the tarball.
pub(crate) fn check() -> Result<()> {
    let build = Build::plan("dev")?;
    let folder = work_folder()?;
    page::check(&build.source)?;
    let staged = pack::check(&build, &folder)?;
    unit::check(&staged)
}
