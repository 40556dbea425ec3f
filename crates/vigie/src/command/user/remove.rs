//! `account user-remove`.

use super::{of_account, resolve_account, url};
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::output::printable;
use crate::prompt;
use clap::Args;
use serde_json::json;
use wire::iam::user::User;

/// The arguments of `user-remove`.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// E-mail address
    email: String,
    /// Do not ask
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    yes: bool,
}

/// Removes a user.
pub(crate) fn run(args: &RemoveArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let account = resolve_account(None, context)?;
    let users = of_account(&account, context)?;
    let is_meant = |user: &&User| user.user_id.eq_ignore_ascii_case(&args.email);
    let user = users.iter().find(is_meant).ok_or_else(|| {
        let email = printable(&args.email);
        Failure::new(
            Kind::NotFound,
            format!("no user `{email}` is in the account"),
        )
        .hint("list them with `vigie account users`")
    })?;
    let question = format!(
        "Really remove user {} from account {account} with all roles and API keys there?",
        printable(&user.user_id)
    );
    if !args.yes && !prompt::confirm(question, context.name.yes())? {
        return output.say("Nobody was removed.");
    }
    output.action(format!(
        "Removing user {} from account {account} as {}...",
        printable(&user.user_id),
        context.user()
    ))?;
    let one = format!("{}/{}", url(&account, context)?, encode(&user.iam_id));
    context.ask(Request::delete(one), "remove the user")?;
    if output.is_json() {
        return output.json(&json!({
            "userId": user.user_id, "ibmUniqueId": user.iam_id, "removed": true,
        }));
    }
    output.ok()
}
