//! The arguments of `vigied deleted`.

use super::output::{Output, OutputArgs};
use super::settings::DatabaseArgs;
use clap::{ArgGroup, Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum DeletedCommand {
    /// List what was deleted, when its metrics go, and how far that is.
    ///
    /// An entry that `waits` can be restored until then. One that `goes` cannot: a running server removes its series. The series of
    /// one that is `gone` are removed, and their bytes leave the disk within a day or two.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
        /// The form of the answer.
        #[arg(long, value_enum, default_value = "text", ignore_case = true)]
        output: Output,
    },
    /// Have the metrics of what was deleted go now, not at their time.
    ///
    /// An organization takes the spaces along that were deleted with it, an account all that was in it. Nothing brings them back
    /// then, so that it asks first; scripts say `--yes`. What is due already is not asked about. The series are gone within
    /// seconds; their bytes leave the disk when the store rewrites the days that hold them, within a day or two. With the bytes of an
    /// account goes the account itself, with its people who are in no other.
    Purge(PurgeArgs),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["domains", "all"]).required(true)))]
pub(crate) struct PurgeArgs {
    /// IDs (`s-GUID`, `o-GUID` or `a-GUID`), or names where they are unique, as `vigied deleted list` shows them; `--all`
    /// for everything.
    #[arg(value_name = "DOMAIN")]
    pub(crate) domains: Vec<String>,
    /// Everything that was deleted.
    #[arg(long)]
    pub(crate) all: bool,
    /// Do not ask.
    #[arg(long, short = 'y', visible_alias = "force", visible_short_alias = 'f')]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl DeletedCommand {
    /// Where it works.
    pub(crate) const fn database(&self) -> &DatabaseArgs {
        match self {
            Self::List { database, .. } => database,
            Self::Purge(arguments) => &arguments.database,
        }
    }
}
