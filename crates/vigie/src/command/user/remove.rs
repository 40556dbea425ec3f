//! `account user-remove`.

use super::{of_account, resolve_account, url};
use crate::argument::Named;
use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::prompt;
use clap::Args;
use serde::Serialize;

/// Remove a user from the account, with their roles and API keys there
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// E-mail address
    #[arg(add = Named::Users)]
    email: String,
    /// Do not ask
    #[arg(short, long, visible_alias = "force", visible_short_alias = 'f')]
    yes: bool,
}

/// A user of the account.
struct NamedUser {
    address: String,
    iam_id: String,
}

/// A user who was removed, under the names that scripts know users by.
#[derive(Serialize)]
struct RemovedUser<'a> {
    #[serde(rename = "ibmUniqueId")]
    iam_id: &'a str,
    removed: bool,
    #[serde(rename = "userId")]
    user_id: &'a str,
}

/// The user with this address. Only Administrators may list users; callers know their own id from their token.
fn named(email: &str, account: &str, context: &Context) -> Result<NamedUser, Failure> {
    let claims = (context.claims()).filter(|claims| claims.email.eq_ignore_ascii_case(email));
    let users = match (of_account(account, context), claims) {
        (Err(failure), Some(claims)) if failure.kind == Kind::Forbidden => {
            return Ok(NamedUser {
                address: claims.email,
                iam_id: claims.iam_id,
            });
        }
        (users, _) => users?,
    };
    let mut users = users.into_iter();
    let user = users.find(|user| user.user_id.eq_ignore_ascii_case(email));
    let user = user.ok_or_else(|| {
        Failure::new(
            Kind::NotFound,
            format!("no user `{email}` is in the account"),
        )
        .hint("list them with `vigie account users`")
    })?;
    Ok(NamedUser {
        address: user.user_id,
        iam_id: user.iam_id,
    })
}

/// Removes a user.
pub(crate) fn run(args: &RemoveArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let account = resolve_account(None, context)?;
    let user = named(&args.email, &account, context)?;
    let question = format!(
        "Really remove user {} from account {account} with all roles and API keys there?",
        user.address
    );
    if !args.yes && !prompt::confirm(question, context.name.yes())? {
        return output.say("Nobody was removed.");
    }
    output.action(format!(
        "Removing user {} from account {account} as {}...",
        user.address,
        context.user()
    ))?;
    let one = format!("{}/{}", url(&account, context)?, encode(&user.iam_id));
    context.ask(Request::delete(one), "remove the user")?;
    output.done(&RemovedUser {
        iam_id: &user.iam_id,
        removed: true,
        user_id: &user.address,
    })?;
    let is_self = context
        .claims()
        .is_some_and(|claims| claims.iam_id == user.iam_id);
    if !is_self {
        return Ok(());
    }
    if !output.is_json() {
        output.note(
            "you have left the account, and this login is over: if you are in another account, \
             log in again with `vigie login -c ACCOUNT_ID`",
        );
    }
    // Its session has ended at the server. Said before it is stored, which may fail.
    context.update(|config, cf| {
        config.clear_session();
        cf.clear_session();
    })
}
