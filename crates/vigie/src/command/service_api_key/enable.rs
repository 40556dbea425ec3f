//! `iam service-api-key-enable`.

use super::{OneArgs, find};
use crate::command::api_key::{Switch, turn};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Enable an API key of a service ID again
#[derive(Debug, Args)]
pub(crate) struct EnableArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Enables a key of a service ID.
pub(crate) fn run(args: &EnableArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of, context)?;
    turn(&key, &args.of.key, Switch::Enable, context)
}
