//! Invitations into accounts: `account invitations`, `accept`, `decline`; and the first password of an invited person.

use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::given;
use crate::output::{Column, Row, printable};
use crate::prompt;
use crate::shown::Shown;
use base::secret::Secret;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use wire::iam::invitation::{Accept, Invitation, Invitations, Redeem};

/// What `accept` takes.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  vigie account invitations
  vigie account accept 0123456789abcdef0123456789abcdef")]
pub(crate) struct AcceptArgs {
    /// Account, or id of the invitation
    #[arg(value_name = "ACCOUNT_ID")]
    id: String,
    /// One-time code that came to your address; needed by whoever began with a code that the inviter had seen
    #[arg(long, value_name = "CODE|@FILE", value_parser = given::argument)]
    code: Option<Secret<String>>,
}

/// What `decline` takes.
#[derive(Debug, Args)]
pub(crate) struct DeclineArgs {
    /// Account, or id of the invitation
    #[arg(value_name = "ACCOUNT_ID")]
    id: String,
}

fn url(context: &Context) -> Result<String, Failure> {
    Ok(format!(
        "{}/v2/users/self/invitations",
        context.api_endpoint()?
    ))
}

fn waiting(context: &Context) -> Result<Vec<Invitation>, Failure> {
    let first = Request::get(url(context)?);
    context.pages::<Invitations>(&context.api_endpoint()?, first, "list invitations")
}

/// Lists what waits for the caller.
pub(crate) fn list(context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    output.action(format!("Getting invitations of {}...", context.user()))?;
    let waiting = waiting(context)?;
    output.ok()?;
    let waiting: Vec<Listed> = waiting.into_iter().map(Listed::of).collect();
    output.rows(&waiting, "No invitations found.")
}

/// One that waits; what is not told before the address is proven, and an inviter who is no user, are `null`.
#[derive(Serialize)]
struct Listed {
    account_id: String,
    account_name: Option<String>,
    created_at: String,
    expires_at: String,
    id: String,
    invited_by: Option<String>,
}

impl Listed {
    fn of(one: Invitation) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: one.id,
            account_id: one.account_id,
            account_name: some(one.account_name),
            invited_by: some(one.invited_by),
            created_at: one.created_at,
            expires_at: one.expires_at,
        }
    }

    fn inviter(&self) -> &str {
        match (&self.account_name, &self.invited_by) {
            (None, _) => "",
            (Some(_), None) => "the operator",
            (Some(_), Some(inviter)) => inviter,
        }
    }
}

impl Row for Listed {
    const COLUMNS: &'static [Column<Self>] = &[
        Column::new("Account GUID", |own| own.account_id.clone()),
        Column::new("Name", |own| {
            (own.account_name.clone())
                .unwrap_or_else(|| "not told before your address is proven".to_owned())
        }),
        Column::new("Invited by", |own| own.inviter().to_owned()),
        Column::new("Good until", |own| own.expires_at.clone()),
    ];
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The invitation meant by its id or its account.
fn meant(id: &str, context: &Context) -> Result<Invitation, Failure> {
    let found = waiting(context)?
        .into_iter()
        .find(|one| one.id == id || one.account_id == id);
    found.ok_or_else(|| {
        let message = format!("no invitation into `{}` waits for you", printable(id));
        Failure::new(Kind::NotFound, message).hint("list them with `vigie account invitations`")
    })
}

/// Accepts the invitation into the account, or the only one that waits.
pub(crate) fn accept_at_login(account: Option<&str>, context: &Context) -> Result<(), Failure> {
    let mut waiting = waiting(context)?;
    waiting.retain(|one| account.is_none_or(|id| one.account_id == id));
    match waiting.as_slice() {
        // Accepted before: a script that says so each time goes on.
        [] => Ok(()),
        [one] => answer(one, &Accept::default(), context),
        _ => Err(Failure::usage("more than one invitation waits for you")
            .hint("name the account with `-c ACCOUNT_ID`")),
    }
}

fn answer(invitation: &Invitation, body: &Accept, context: &Context) -> Result<(), Failure> {
    context.output.action(format!(
        "Accepting the invitation into account {} as {}...",
        printable(&invitation.account_name),
        context.user()
    ))?;
    let path = format!("{}/{}/accept", url(context)?, encode(&invitation.id));
    context.ask(Request::post(path).json(body)?, "accept the invitation")?;
    Ok(())
}

/// Accepts an invitation.
pub(crate) fn accept(args: &AcceptArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let invitation = meant(&args.id, context)?;
    let code = args
        .code
        .as_ref()
        .map(|code| given::password(code.expose(), "--code", output))
        .transpose()?;
    let body = Accept {
        one_time_code: code.map(|code| code.expose().as_str().into()),
    };
    answer(&invitation, &body, context)?;
    if output.is_json() {
        return output.json(&answered(&invitation, "accepted"));
    }
    output.ok()?;
    output.say(format!(
        "Work in it with `vigie target -c {}`",
        Shown::word(&invitation.account_id)
    ))
}

/// Declines an invitation.
pub(crate) fn decline(args: &DeclineArgs, context: &Context) -> Result<(), Failure> {
    let output = &context.output;
    let invitation = meant(&args.id, context)?;
    output.action(format!(
        "Declining the invitation into account {} as {}...",
        printable(&invitation.account_name),
        context.user()
    ))?;
    let path = format!("{}/{}/decline", url(context)?, encode(&invitation.id));
    context.ask(Request::post(path), "decline the invitation")?;
    if output.is_json() {
        return output.json(&answered(&invitation, "declined"));
    }
    output.ok()
}

fn answered(invitation: &Invitation, how: &str) -> Value {
    json!({"account_id": invitation.account_id, "account_name": some(&invitation.account_name), how: true})
}

/// Tells who has just logged in what waits for him. A server that knows of no invitations has none.
pub(crate) fn tell(context: &Context) {
    for one in waiting(context).unwrap_or_default() {
        context.output.note(format!(
            "you are invited into account {} by {}; answer with `vigie account accept {}` or `vigie account decline {}`",
            printable(&one.account_name),
            match one.invited_by.as_str() {
                "" => "the operator".to_owned(),
                inviter => printable(inviter),
            },
            Shown::word(&one.account_id),
            Shown::word(&one.account_id),
        ));
    }
}

/// Where the account that somebody is not in has invited him, the step that is missing.
pub(crate) fn missing(failure: Failure, account: Option<&str>, context: &Context) -> Failure {
    let Some(account) = account.filter(|_| failure.kind == Kind::NotFound) else {
        return failure;
    };
    let waiting = waiting(context).unwrap_or_default();
    let is_meant = |one: &&Invitation| one.account_id == account || one.account_name == account;
    match waiting.iter().find(is_meant) {
        Some(one) => failure.hint(format!(
            "you are invited into it: `vigie account accept {}`, or accept in the same step, with `--accept` at the login",
            Shown::word(&one.account_id)
        )),
        None => failure,
    }
}

/// Sets the first password with a one-time code; the password.
pub(crate) fn redeem(
    email: &str,
    code: &Secret<String>,
    given: Option<&Secret<String>>,
    context: &Context,
) -> Result<Secret<String>, Failure> {
    let new = match given {
        Some(given) => given::password(given.expose(), "--new-password", &context.output)?,
        None => {
            context
                .output
                .note("this is a one-time code: choose a password of your own");
            prompt::new_password("`--new-password @FILE`", &context.output)?
        }
    };
    let body = Redeem {
        email: email.to_owned(),
        one_time_code: code.expose().as_str().into(),
        new_password: new.expose().as_str().into(),
    };
    let url = format!("{}/v2/users/redeem", context.api_endpoint()?);
    context
        .send(Request::post(url).json(&body)?)?
        .success("set the password")?;
    Ok(new)
}
