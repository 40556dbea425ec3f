//! `account password`: the caller's own.

use crate::client::Request;
use crate::context::Context;
use crate::error::Failure;
use crate::output::Output;
use crate::prompt;
use crate::secret_argument;
use base::secret::Secret;
use clap::Args;
use serde_json::json;
use wire::iam::user::ChangePassword;

/// The arguments of `password`.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {
    /// Password now: its text, or `@` and a file that holds it; asked for when missing
    #[arg(long, value_name = "PASSWORD|@FILE", value_parser = secret_argument::argument)]
    current: Option<Secret<String>>,
    /// Password from now on: its text, or `@` and a file that holds it; asked for when missing
    #[arg(long, value_name = "PASSWORD|@FILE", value_parser = secret_argument::argument)]
    new: Option<Secret<String>>,
}

/// Changes the caller's own password.
pub(crate) fn run(args: &PasswordArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let current = given_or_asked(
        args.current.as_ref(),
        "Current password",
        "--current",
        output,
    )?;
    let new = match &args.new {
        Some(given) => secret_argument::password(given.expose(), "--new", output)?,
        None => prompt::new_password("`--new @FILE`", output)?,
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
    if output.is_json() {
        return output.json(&json!({"changed": true}));
    }
    output.ok()
}

fn given_or_asked(
    given: Option<&Secret<String>>,
    prompt: &'static str,
    flag: &'static str,
    output: &Output,
) -> Result<Secret<String>, Failure> {
    given.map_or_else(
        || {
            prompt::secret(
                prompt,
                format!("the {}", prompt.to_lowercase()),
                format!("`{flag} @FILE`"),
            )
        },
        |given| secret_argument::password(given.expose(), flag, output),
    )
}
