//! `account accept`.

use super::{AnsweredInvitation, answer, find};
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::PrintableText;
use crate::secret_argument;
use base::secret::Secret;
use clap::Args;
use wire::iam::invitation::Accept;

/// Accept an invitation into an account
#[derive(Debug, Args)]
#[command(after_help = "Example:
  vigie account invitations
  vigie account accept 0123456789abcdef0123456789abcdef")]
pub(crate) struct AcceptArgs {
    /// Account by its id or name, or id of the invitation
    #[arg(value_name = "ACCOUNT_ID")]
    id: String,
    /// One-time code that came to your address; needed if you started with a code that the inviter saw
    #[arg(long, value_name = "CODE|@FILE", value_parser = secret_argument::argument)]
    code: Option<Secret<String>>,
}

/// Accepts an invitation.
pub(crate) fn run(args: &AcceptArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let invitation = find(&args.id, context)?;
    let code = args
        .code
        .as_ref()
        .map(|code| secret_argument::password(code.expose(), "--code", output))
        .transpose()?;
    let body = Accept {
        one_time_code: code.map(|code| code.expose().as_str().into()),
    };
    answer(&invitation, &body, context)?;
    output.done(&AnsweredInvitation::accepted(&invitation))?;
    output.say(format!(
        "Work in it with `vigie target -c {}`",
        PrintableText::word(&invitation.account_id)
    ))
}
