//! `iam service-api-key-lock`.

use super::{OneArgs, find};
use crate::command::api_key::{Switch, turn};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Lock an API key of a service ID against changes and deletion; it keeps working
#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Locks a key of a service ID.
pub(crate) fn run(args: &LockArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of, context)?;
    turn(&key, &args.of.key, Switch::Lock, context)
}
