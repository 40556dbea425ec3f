//! `iam api-key-lock`.

use super::{OneArgs, Switch, find, turn};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Lock an API key against changes and deletion; it keeps working
#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Locks a key of the caller.
pub(crate) fn run(args: &LockArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of.key, context)?;
    turn(&key, &args.of.key, Switch::Lock, context)
}
