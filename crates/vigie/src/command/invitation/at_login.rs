//! Invitations at a login or a switch of the account: lists or accepts them, and sets the first password with a one-time code.

use super::{answer, meant, waiting};
use crate::client::Request;
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::printable_text::PrintableText;
use crate::prompt;
use crate::secret_argument;
use crate::session::in_turn;
use base::secret::Secret;
use wire::iam::invitation::{Accept, Invitation, Redeem};

/// The server's code for a one-time code that is wrong, used up or expired.
const INVALID_CODE: &str = "invalid_code";

/// Accepts the invitation into the account, or the only pending one.
pub(crate) fn accept(account: Option<&str>, context: &Context) -> Result<(), Failure> {
    let waiting = waiting(context)?;
    let wanted = match account {
        Some(account) => meant(waiting, account),
        None => waiting,
    };
    match wanted.as_slice() {
        // Accepted before: scripts may pass the flag every time.
        [] => Ok(()),
        [one] => answer(one, &Accept::default(), context),
        _ => Err(Failure::usage("more than one invitation waits for you")
            .hint("name the account with `-c ACCOUNT_ID`")),
    }
}

/// Lists the pending invitations after a login. A server without this route has none.
pub(crate) fn announce(context: &Context) {
    for one in waiting(context).unwrap_or_default() {
        context.output.note(format!(
            "you are invited into account {} by {}; answer with `vigie account accept {}` or `vigie account decline {}`",
            one.account_name,
            match one.invited_by.as_str() {
                "" => "the operator",
                inviter => inviter,
            },
            PrintableText::word(&one.account_id),
            PrintableText::word(&one.account_id),
        ));
    }
}

/// Adds a hint if the user is invited into the account and has not accepted yet.
pub(crate) fn missing(failure: Failure, account: Option<&str>, context: &Context) -> Failure {
    let Some(account) = account.filter(|_| failure.kind == Kind::NotFound) else {
        return failure;
    };
    let waiting = waiting(context).unwrap_or_default();
    let is_meant = |one: &&Invitation| one.account_id == account || one.account_name == account;
    match waiting.iter().find(is_meant) {
        Some(one) => failure.hint(format!(
            "you are invited into it: `vigie account accept {}`, or accept in the same step, with `--accept` at the login",
            PrintableText::word(&one.account_id)
        )),
        None => failure,
    }
}

/// Sets the first password with a one-time code, and returns it.
pub(crate) fn redeem(
    email: &str,
    code: &Secret<String>,
    given: Option<&Secret<String>>,
    context: &Context,
) -> Result<Secret<String>, Failure> {
    let new = match given {
        Some(given) => {
            secret_argument::password(given.expose(), "--new-password", &context.output)?
        }
        None => {
            if prompt::is_possible() {
                check_code(email, code, context)?;
            }
            context
                .output
                .note("this is a one-time code: choose a password of your own");
            prompt::new_password("`--new-password @FILE`", &context.output)?
        }
    };
    send(email, code, &new, context)?;
    Ok(new)
}

/// Fails if the code is not valid, before a password is chosen for it. It is sent with an empty password, which no server accepts;
/// the server checks the code first, so what it answers about the password does not matter.
fn check_code(email: &str, code: &Secret<String>, context: &Context) -> Result<(), Failure> {
    match send(email, code, &Secret::new(String::new()), context) {
        Err(failure) if failure.code.as_deref() == Some(INVALID_CODE) => Err(failure),
        _ => Ok(()),
    }
}

/// Asks the server to set the password.
fn send(
    email: &str,
    code: &Secret<String>,
    new: &Secret<String>,
    context: &Context,
) -> Result<(), Failure> {
    let body = Redeem {
        email: email.to_owned(),
        one_time_code: code.expose().as_str().into(),
        new_password: new.expose().as_str().into(),
    };
    let url = format!("{}/v2/users/redeem", context.api_endpoint()?);
    let reply = in_turn(context, || context.send(Request::post(&url).json(&body)?))?;
    reply
        .success("set the password")
        .map(drop)
        .map_err(|mut failure| {
            // The code is the credential here.
            if failure.code.as_deref() == Some(INVALID_CODE) {
                failure.kind = Kind::NotLoggedIn;
            }
            failure
        })
}
