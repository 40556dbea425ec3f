//! `iam api-key-delete`.

use super::{OneArgs, find, url};
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::Failure;
use crate::output::printable;
use crate::prompt;
use serde_json::json;

/// Deletes a key.
pub(crate) fn run(args: &OneArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let key = find(&args.key, context)?;
    if !args.yes
        && !prompt::confirm(
            format!("Really delete API key {}?", printable(&key.name)),
            context.name.yes(),
        )?
    {
        return output.say("Nothing was deleted.");
    }
    output.action(format!(
        "Deleting API key {} as {}...",
        args.key,
        context.user()
    ))?;
    context.ask(
        Request::delete(url(context, &format!("/{}", encode(&key.id)))?),
        "delete the API key",
    )?;
    if output.is_json() {
        return output.json(&json!({"id": key.id, "deleted": true}));
    }
    output.ok()
}
