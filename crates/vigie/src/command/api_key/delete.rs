//! `iam api-key-delete`.

use super::{OneArgs, find, url};
use crate::client::{Request, encode};
use crate::command::may_delete::DeletedRow;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;
use wire::iam::api_key::ApiKey;

/// Delete an API key; its tokens are revoked at once
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    of: OneArgs,
}

/// Deletes a key of the caller.
pub(crate) fn run(args: &DeleteArgs, context: &Context) -> Result<(), Failure> {
    let key = find(&args.of.key, context)?;
    delete(&key, &args.of.key, args.of.yes, context)
}

/// Deletes a key. `named` is what it was found by, and `yes` says that nobody need be asked.
pub(crate) fn delete(
    key: &ApiKey,
    named: &str,
    yes: bool,
    context: &Context,
) -> Result<(), Failure> {
    let output = &context.output;
    if !context.may_delete(yes, format!("Really delete API key {}?", key.name))? {
        return Ok(());
    }
    output.action(format!("Deleting API key {named} as {}...", context.user()))?;
    context.ask(
        Request::delete(url(context, &format!("/{}", encode(&key.id)))?),
        "delete the API key",
    )?;
    output.done(&DeletedRow::of(&key.id))
}
