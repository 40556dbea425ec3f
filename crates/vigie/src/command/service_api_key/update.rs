//! `iam service-api-key-update`.

use super::{OneArgs, find};
use crate::command::api_key::update::{ChangeArgs, change};
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

/// Changes name or description of a key of a service ID.
pub(crate) fn run(args: &UpdateArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of, context)?;
    change(&key, &args.of.key, &args.change, context)
}
