//! Invitations into accounts: one command per file, and their shared code.

pub(crate) mod accept;
pub(crate) mod at_login;
pub(crate) mod decline;
pub(crate) mod list;

use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::output::printable;
use serde_json::{Value, json};
use wire::iam::invitation::{Accept, Invitation, Invitations};

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

fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Finds an invitation by its id or its account.
fn find(id: &str, context: &Context) -> Result<Invitation, Failure> {
    let found = waiting(context)?
        .into_iter()
        .find(|one| one.id == id || one.account_id == id);
    found.ok_or_else(|| {
        let message = format!("no invitation into `{}` waits for you", printable(id));
        Failure::new(Kind::NotFound, message).hint("list them with `vigie account invitations`")
    })
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

fn answered(invitation: &Invitation, how: &str) -> Value {
    json!({"account_id": invitation.account_id, "account_name": non_empty(&invitation.account_name), how: true})
}
