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
    let is_own = is_of_login(key, context);
    let end = if is_own {
        " This login ends with it."
    } else {
        ""
    };
    let question = format!("Really delete API key {}?{end}", key.name);
    if !context.may_delete(yes, question)? {
        return Ok(());
    }
    output.action(format!("Deleting API key {named} as {}...", context.user()))?;
    context.ask(
        Request::delete(url(context, &format!("/{}", encode(&key.id)))?),
        "delete the API key",
    )?;
    if is_own && !output.is_json() {
        output.note(
            "This login was made with that key, and has ended: log in again with `vigie login`",
        );
    }
    output.done(&DeletedRow::of(&key.id))
}

/// Whether the login was made with the key.
fn is_of_login(key: &ApiKey, context: &Context) -> bool {
    let claims = context.claims();
    claims.is_some_and(|claims| claims.iam_apikey_id == key.id)
}
