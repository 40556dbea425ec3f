//! Users of the targeted account: one command per file, and their shared code.

pub(crate) mod invite;
pub(crate) mod list;
pub(crate) mod password;
pub(crate) mod remove;

use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::Failure;
use wire::iam::user::{User, Users};

fn resolve_account(given: Option<&str>, context: &Context) -> Result<String, Failure> {
    let targeted = context.config().account.guid.clone();
    match given {
        Some(account) => Ok(account.to_owned()),
        None if targeted.is_empty() => Err(Failure::usage("no account is targeted")
            .hint("choose one with `vigie target -c ACCOUNT_ID`")),
        None => Ok(targeted),
    }
}

fn url(account: &str, context: &Context) -> Result<String, Failure> {
    Ok(format!(
        "{}/v2/accounts/{}/users",
        context.api_endpoint()?,
        encode(account)
    ))
}

/// The users of the targeted account.
pub(crate) fn members_of_target(context: &Context) -> Result<Vec<User>, Failure> {
    of_account(&resolve_account(None, context)?, context)
}

fn of_account(account: &str, context: &Context) -> Result<Vec<User>, Failure> {
    let first = Request::get(url(account, context)?);
    context.pages::<Users>(&context.api_endpoint()?, first, "list users")
}
