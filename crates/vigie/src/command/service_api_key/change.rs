//! `iam service-api-key-update`, `-delete`, `-lock`, `-unlock`, `-disable` and `-enable`.

use super::{OneArgs, find};
use crate::command::api_key::switch::{Switch, turn};
use crate::command::api_key::update::ChangeArgs;
use crate::command::api_key::{delete, update};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Change name or description of an API key of a service ID
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    of: OneArgs,
    #[command(flatten)]
    change: ChangeArgs,
}

/// Changes name or description.
pub(crate) fn update(args: &UpdateArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of, context)?;
    update::change(&key, &args.of.key, &args.change, context)
}

/// Deletes a key.
pub(crate) fn delete(args: &OneArgs, context: &Context) -> Result<(), Failure> {
    let key = find(args, context)?;
    delete::delete(&key, &args.key, args.ask.is_no(), context)
}

/// Locks, unlocks, disables or enables a key.
pub(crate) fn switch(args: &OneArgs, switch: Switch, context: &Context) -> Result<(), Failure> {
    let key = find(args, context)?;
    turn(&key, &args.key, switch, context)
}
