//! Invitations into accounts: one command per file, and their shared code.

pub(crate) mod accept;
pub(crate) mod at_login;
pub(crate) mod decline;
pub(crate) mod list;

use crate::client::{Request, encode};
use crate::context::Context;
use crate::error::{Failure, Kind};
use serde::Serialize;
use wire::iam::invitation::{Accept, Invitation, Invitations};

/// An invitation that was answered.
#[derive(Default, Serialize)]
struct AnsweredInvitation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    account_id: &'a str,
    account_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    declined: Option<bool>,
}

impl<'a> AnsweredInvitation<'a> {
    fn accepted(invitation: &'a Invitation) -> Self {
        Self {
            accepted: Some(true),
            ..Self::of(invitation)
        }
    }

    fn declined(invitation: &'a Invitation) -> Self {
        Self {
            declined: Some(true),
            ..Self::of(invitation)
        }
    }

    fn of(invitation: &'a Invitation) -> Self {
        Self {
            account_id: &invitation.account_id,
            account_name: non_empty(&invitation.account_name),
            ..Self::default()
        }
    }
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

fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The invitations that are meant by an id, the id of an account, or else its name, which others choose and several may have.
fn meant(waiting: Vec<Invitation>, asked: &str) -> Vec<Invitation> {
    let (by_id, others): (Vec<Invitation>, Vec<Invitation>) = waiting
        .into_iter()
        .partition(|one| one.id == asked || one.account_id == asked);
    if !by_id.is_empty() {
        return by_id;
    }
    let by_name = others.into_iter().filter(|one| one.account_name == asked);
    by_name.collect()
}

/// Finds an invitation by its id or its account.
fn find(asked: &str, context: &Context) -> Result<Invitation, Failure> {
    let mut found = meant(waiting(context)?, asked);
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(_), false) => Err(Failure::usage(format!(
            "more than one account `{asked}` invites you"
        ))
        .hint("give the id of one: `vigie account invitations` lists them")),
        (None, _) => {
            let message = format!("no invitation into `{asked}` waits for you");
            Err(Failure::new(Kind::NotFound, message)
                .hint("list them with `vigie account invitations`"))
        }
    }
}

fn answer(invitation: &Invitation, body: &Accept, context: &Context) -> Result<(), Failure> {
    context.output.action(format!(
        "Accepting the invitation into account {} as {}...",
        invitation.account_name,
        context.user()
    ))?;
    let path = format!("{}/{}/accept", url(context)?, encode(&invitation.id));
    context.ask(Request::post(path).json(body)?, "accept the invitation")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invitation(id: &str, account: &str, name: &str) -> Invitation {
        Invitation {
            id: id.to_owned(),
            account_id: account.to_owned(),
            account_name: name.to_owned(),
            invited_by: String::new(),
            created_at: String::new(),
            expires_at: String::new(),
        }
    }

    #[test]
    fn an_id_goes_before_a_name_that_somebody_chose() {
        let waiting = || {
            vec![
                invitation("IBMid-1", "a1", "Meadow"),
                invitation("IBMid-2", "a2", "Field"),
                invitation("IBMid-3", "a3", "Field"),
                invitation("IBMid-4", "a4", "a1"),
            ]
        };
        for (asked, expected) in [
            ("IBMid-1", vec!["a1"]),
            ("a1", vec!["a1"]),
            ("Meadow", vec!["a1"]),
            ("Field", vec!["a2", "a3"]),
            ("nowhere", vec![]),
        ] {
            let found = meant(waiting(), asked);
            let accounts: Vec<&str> = found.iter().map(|one| one.account_id.as_str()).collect();
            assert_eq!(accounts, expected, "{asked}");
        }
    }
}
