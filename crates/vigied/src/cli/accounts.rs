//! The arguments of `vigied account limit`, `addresses`, `delete` and `restore`.

use super::output::Output;
use super::settings::{DatabaseArgs, key_value};
use crate::config::notation;
use base::limit;
use clap::Args;
use iam::manage::account_settings::AllowedAddresses;
use strsim::levenshtein;

/// Letters in which a mistyped name may differ from the one that was meant, as for settings.
const MISTYPED_MAX: usize = 4;

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
    /// The changes, for example `spaces_per_account=50` `stored_bytes_per_account=1GiB` or `spaces_per_account=default`.
    #[arg(value_name = "NAME=NUMBER", value_parser = limit_change)]
    pub(crate) changes: Vec<(String, Option<u64>)>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", ignore_case = true)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct AddressesArgs {
    /// The account, by GUID or name.
    pub(crate) account: String,
    /// The new list, for example `10.0.0.7,10.1.0.0/16,10.0.0.1-10.0.0.9`, or `all`.
    #[arg(value_name = "LIST", value_parser = allowed_addresses)]
    pub(crate) allowed: Option<AllowedAddresses>,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", ignore_case = true)]
    pub(crate) output: Output,
}

fn allowed_addresses(text: &str) -> Result<AllowedAddresses, String> {
    match text.trim() {
        "all" => Ok(AllowedAddresses::default()),
        "" => Err("name addresses, or `all`".to_owned()),
        list => list
            .parse::<AllowedAddresses>()
            .map_err(|error| format!("{error}")),
    }
}

fn limit_change(text: &str) -> Result<(String, Option<u64>), String> {
    let (name, value) = key_value(text).map_err(|_| "must be NAME=NUMBER".to_owned())?;
    check_limit_name(&name)?;
    let value = match value.trim() {
        "default" => None,
        number => Some(
            notation::of_limit(&name, number)
                .map_err(|form| format!("`{number}` is neither {form}, nor `default`"))?,
        ),
    };
    Ok((name, value))
}

/// Refuses a limit that accounts do not have: with where it is set, with the one that was probably meant, else with all of them.
fn check_limit_name(name: &str) -> Result<(), String> {
    let known = || limit::PER_ACCOUNT.iter().map(|limit| limit.name);
    if known().any(|known| known == name) {
        return Ok(());
    }
    if let Some(limit) = limit::ALL.iter().find(|limit| limit.name == name) {
        return Err(if limit.settable {
            format!("`{name}` is the same for all accounts: set `limits.{name}` of the server")
        } else {
            format!("`{name}` is the same for all accounts, and cannot be set")
        });
    }
    // To compare names takes time by the length of both.
    let is_near = |known: &&str| known.len().abs_diff(name.len()) <= MISTYPED_MAX;
    let nearest = known()
        .filter(is_near)
        .min_by_key(|known| levenshtein(known, name));
    Err(match nearest {
        Some(meant) if levenshtein(meant, name) <= MISTYPED_MAX => {
            format!("an account has no limit `{name}`; did you mean `{meant}`?")
        }
        _ => format!(
            "an account has no limit `{name}`: there are `{}`",
            known().collect::<Vec<_>>().join("`, `")
        ),
    })
}
