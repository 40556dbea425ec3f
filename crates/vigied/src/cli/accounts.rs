//! The words of an account's limits, of its deletion and of bringing it back.

use super::output::Output;
use super::settings::{DatabaseArgs, key_value};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The account, by GUID or name.
    pub(crate) account: String,
    /// Do not ask.
    #[arg(long, short = 'y', visible_alias = "force", visible_short_alias = 'f')]
    pub(crate) yes: bool,
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

#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// The account, by GUID or name.
    pub(crate) account: String,
    /// What to change, for example `spaces_per_account=50` or `spaces_per_account=default`.
    #[arg(value_name = "NAME=NUMBER", value_parser = limit_change)]
    pub(crate) changes: Vec<(String, Option<u64>)>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", ignore_case = true)]
    pub(crate) output: Output,
}

fn limit_change(text: &str) -> Result<(String, Option<u64>), String> {
    let (name, value) = key_value(text).map_err(|_| "must be NAME=NUMBER".to_owned())?;
    let value = match value.trim() {
        "default" => None,
        number => Some(number.parse().map_err(|_| {
            format!("`{number}` is neither a whole number from 0 up nor `default`")
        })?),
    };
    Ok((name, value))
}
