//! `iam api-key-enable`.

use super::{OneArgs, Switch, find, turn};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Enable an API key again
#[derive(Debug, Args)]
pub(crate) struct EnableArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Enables a key of the caller.
pub(crate) fn run(args: &EnableArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of.key, context)?;
    turn(&key, &args.of.key, Switch::Enable, context)
}
