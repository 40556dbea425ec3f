//! `account password`: the caller's own.

use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::prompt;
use crate::secret_argument;
use base::secret::Secret;
use clap::Args;
use serde::Serialize;
use wire::iam::user::ChangePassword;

/// Change your own password
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  vigie account password --current @old.txt --new-password @new.txt
  printf '%s\\n' \"$OLD\" \"$NEW\" | vigie account password

Without a terminal, both are read from standard input, a line each, where no flag gives them.")]
pub(crate) struct PasswordArgs {
    /// Password now: its text, or `@` and a file that holds it; asked for when missing
    #[arg(long, value_name = "PASSWORD|@FILE", value_parser = secret_argument::argument)]
    current: Option<Secret<String>>,
    /// Password from now on: its text, or `@` and a file that holds it; asked for when missing
    #[arg(long, alias = "new", value_name = "PASSWORD|@FILE", value_parser = secret_argument::argument)]
    new_password: Option<Secret<String>>,
}

/// The result, for programs.
#[derive(Serialize)]
struct PasswordChange {
    changed: bool,
}

/// Changes the caller's own password.
pub(crate) fn run(args: &PasswordArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let current = match &args.current {
        Some(given) => secret_argument::password(given.expose(), "--current", output)?,
        None => prompt::secret_or_line(
            "Current password",
            "the current password",
            "`--current @FILE`",
            output,
        )?,
    };
    let new = match &args.new_password {
        Some(given) => secret_argument::password(given.expose(), "--new-password", output)?,
        None => prompt::new_password("`--new-password @FILE`", output)?,
    };
    output.action(format!("Changing the password of {}...", context.user()))?;
    let body = ChangePassword {
        current_password: current.expose().as_str().into(),
        new_password: new.expose().as_str().into(),
    };
    let request = Request::put(format!(
        "{}/v2/users/self/password",
        context.api_endpoint()?
    ));
    context.ask(request.json(&body)?, "change the password")?;
    output.done(&PasswordChange { changed: true })
}
