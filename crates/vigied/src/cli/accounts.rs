//! The words of deleting an account and of bringing it back.

use super::{DatabaseArgs, Output};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The account, by GUID or name.
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", ignore_case = true)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The account, by GUID or by the name it had.
    pub(crate) account: String,
    /// Another name for it, where its own is taken.
    #[arg(long)]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", ignore_case = true)]
    pub(crate) output: Output,
}
