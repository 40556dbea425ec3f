//! `iam service-api-key-unlock`.

use super::{OneArgs, find};
use crate::command::api_key::{Switch, turn};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Unlock an API key of a service ID
#[derive(Debug, Args)]
pub(crate) struct UnlockArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Unlocks a key of a service ID.
pub(crate) fn run(args: &UnlockArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of, context)?;
    turn(&key, &args.of.key, Switch::Unlock, context)
}
