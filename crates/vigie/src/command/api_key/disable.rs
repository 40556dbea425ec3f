//! `iam api-key-disable`.

use super::{OneArgs, Switch, find, turn};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Disable an API key; its tokens are revoked at once
#[derive(Debug, Args)]
pub(crate) struct DisableArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Disables a key of the caller.
pub(crate) fn run(args: &DisableArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of.key, context)?;
    turn(&key, &args.of.key, Switch::Disable, context)
}
