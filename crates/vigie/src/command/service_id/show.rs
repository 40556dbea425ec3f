//! `iam service-id`.

use super::{OneArgs, facts, find};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Show a service ID
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    of: OneArgs,
    /// Print its id only
    #[arg(long)]
    uuid: bool,
}

/// Shows one service ID.
pub(crate) fn run(args: &ShowArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    if !args.uuid {
        output.action(format!(
            "Getting service ID {} as {}...",
            args.of.service,
            context.user()
        ))?;
    }
    let service = find(&args.of.service, &args.of.ask, context)?;
    if args.uuid && !output.is_json() {
        return output.line(&service.id);
    }
    output.ok()?;
    output.details(&service, &facts(&service))
}
