//! `iam api-key-unlock`.

use super::{OneArgs, Switch, find, turn};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Unlock an API key
#[derive(Debug, Args)]
pub(crate) struct UnlockArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Unlocks a key of the caller.
pub(crate) fn run(args: &UnlockArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of.key, context)?;
    turn(&key, &args.of.key, Switch::Unlock, context)
}
