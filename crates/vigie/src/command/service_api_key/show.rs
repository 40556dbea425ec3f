//! `iam service-api-key`.

use super::{OneArgs, find};
use crate::command::api_key::facts;
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Show an API key of a service ID
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    of: OneArgs,
    /// Print its id only
    #[arg(long)]
    uuid: bool,
}

/// Shows one key of a service ID, without its text, which the server does not store.
pub(crate) fn run(args: &ShowArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if !args.uuid {
        output.action(format!(
            "Getting API key {} of service ID {} as {}...",
            args.of.key,
            args.of.service,
            context.user()
        ))?;
    }
    let key = find(&args.of, context)?;
    if args.uuid && !output.is_json() {
        return output.line(&key.id);
    }
    output.ok()?;
    let mut facts = facts(&key);
    facts.push(("Disabled", key.disabled.unwrap_or(false).to_string()));
    output.details(&key, &facts)
}
