//! `iam service-api-key-delete`.

use super::{OneArgs, find};
use crate::command::api_key::delete::delete;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Delete an API key of a service ID; its tokens are revoked at once
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Deletes a key of a service ID.
pub(crate) fn run(args: &DeleteArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of, context)?;
    delete(&key, &args.of.key, args.of.ask.is_no(), context)
}
