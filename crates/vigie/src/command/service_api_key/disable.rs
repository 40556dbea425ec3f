//! `iam service-api-key-disable`.

use super::{OneArgs, find};
use crate::command::api_key::{Switch, turn};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Disable an API key of a service ID; its tokens are revoked at once
#[derive(Debug, Args)]
pub(crate) struct DisableArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Disables a key of a service ID.
pub(crate) fn run(args: &DisableArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of, context)?;
    turn(&key, &args.of.key, Switch::Disable, context)
}
