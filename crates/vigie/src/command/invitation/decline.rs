//! `account decline`.

use super::{AnsweredInvitation, find, url};
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::Failure;
use clap::Args;

/// Decline an invitation into an account
#[derive(Debug, Args)]
pub(crate) struct DeclineArgs {
    /// Account by its id or name, or id of the invitation
    #[arg(value_name = "ACCOUNT_ID")]
    id: String,
}

/// Declines an invitation.
pub(crate) fn run(args: &DeclineArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let invitation = find(&args.id, context)?;
    output.action(format!(
        "Declining the invitation into account {} as {}...",
        invitation.account_name,
        context.user()
    ))?;
    let path = format!("{}/{}/decline", url(context)?, encode(&invitation.id));
    context.ask(Request::post(path), "decline the invitation")?;
    output.done(&AnsweredInvitation::declined(&invitation))
}
