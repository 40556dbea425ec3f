//! Invitations by Administrators, the answers of the invited, and one-time codes.

use super::access_policy;
use super::group_id;
use super::list_cursor::ListCursor;
use super::order::Order;
use super::paging::ACCOUNTS;
use super::reply::json;
use crate::app::App;
use crate::failure::refused::{check_length, mended_by};
use crate::http::guesses::Guesser;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::{FormPayload, Payload};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::{AccessGroupId, AccountId, UserId};
use base::limit;
use base::secret::Secret;
use http::StatusCode;
use iam::manage::invitation::{Choice, InvitedAccess, Invitee};
use iam::role::Role;
use iam::{IamError, Remedy};
use std::sync::Arc;
use wire::cf::deleted::instant;
use wire::iam::invitation::{Accept, AcceptAccount, Invitation, Invitations, Redeem};
use wire::iam::user::{Invite, InviteUsers, Invited, InvitedUser};
use wire::secret::SecretText;

/// The state of an open invitation.
pub(super) const PENDING: &str = "PENDING";

/// The original's name for the role of somebody invited without a role of the account.
const MEMBER: &str = "Member";

/// The access groups of an invitation.
fn groups(account: AccountId, texts: &[String]) -> Result<Vec<AccessGroupId>, Refusal> {
    let read = |text: &String| {
        check_length("access_groups", text, &limit::WORD_BYTES)?;
        group_id::read(account, text).ok_or_else(|| {
            let message = format!("`access_groups`: `{text}` is no id of an access group");
            let Refusal(problem) = invalid("access_groups", message);
            Refusal(mended_by(problem, Remedy::NameAccessGroup))
        })
    };
    texts.iter().map(read).collect()
}

fn no_role(text: &str, all: &str) -> Refusal {
    let message = format!("{text:?} is no account role: {all}");
    invalid("account_role", message)
}

/// An account role by its name.
pub(super) fn role(text: &str) -> Result<Role, Refusal> {
    let all = "Administrator, Editor, Operator or Viewer";
    text.parse().map_err(|_| no_role(text, all))
}

/// The account role of an invitation.
fn invited_role(text: &str) -> Result<Role, Refusal> {
    let all = "Administrator, Editor, Operator or Viewer, or Member for none";
    text.parse().map_err(|_| no_role(text, all))
}

pub(super) async fn invite(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let account: AccountId = params.id("account")?;
    app.iam.may_invite(&caller, account)?;
    let wanted: InviteUsers = body(&bytes)?;
    let invitee = |user: Invite| -> Result<Invitee, Refusal> {
        let is_role = |text: &String| !text.is_empty() && !text.eq_ignore_ascii_case(MEMBER);
        let named = user.account_role.filter(is_role);
        Ok(Invitee {
            email: user.email,
            role: named.as_deref().map(invited_role).transpose()?,
        })
    };
    let given = wanted.iam_policy.as_deref().unwrap_or_default();
    let into = wanted.access_groups.as_deref().unwrap_or_default();
    let people: Result<Vec<Invitee>, Refusal> = wanted.users.into_iter().map(invitee).collect();
    let people = people?;
    app.iam
        .may_invite_all(account, &people, given.len() + into.len())?;
    let access = InvitedAccess {
        policies: access_policy::of_invitation(&app, &caller, given).await?,
        groups: groups(account, into)?,
    };
    let invited = app.iam.invite_with(&caller, account, &people, access);
    let invited = invited.await?;
    let resources = invited.into_iter().map(|one| InvitedUser {
        email: one.email,
        id: one.id.to_string(),
        state: PENDING.to_owned(),
        replaces_code: one.code.is_some().then_some(one.replaces_code),
        one_time_code: one.code.map(|code| SecretText::new(code.expose().clone())),
    });
    let resources = resources.collect();
    json(StatusCode::ACCEPTED, &Invited { resources })
}

pub(super) async fn waiting(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let cursor = ListCursor::of(&ACCOUNTS, &params, Order::unsorted())?;
    let after = cursor.made().map(|(at, id)| (at, UserId(id)));
    let window = cursor.window();
    let waiting = app.iam.invitations_of(&caller, after, window).await?;
    let address = |start: Option<&str>| {
        let at = (cursor.size(), start);
        ACCOUNTS.address_at("/v2/users/self/invitations", &params, &[], at)
    };
    let page = cursor.page(waiting, address)?;
    let resources = page.entries.into_iter().map(|one| Invitation {
        id: one.id.to_string(),
        account_id: one.account.to_string(),
        account_name: one.account_name,
        invited_by: one.inviter,
        created_at: instant(one.created_at),
        expires_at: instant(one.expires_at),
    });
    let resources = resources.collect();
    let list = Invitations {
        next_url: page.links.next,
        resources,
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let choice = Choice::Id(params.id("id")?);
    let wanted: Accept = match bytes.is_empty() {
        true => Accept::default(),
        false => body(&bytes)?,
    };
    let code = wanted.one_time_code.as_ref().map(secret);
    // Any caller who has logged in could guess codes, from any address.
    let guesser = code
        .is_some()
        .then(|| Guesser::Principal(caller.principal()));
    let guess = app.code_tries.take(guesser, app.clock.now())?;
    let done = app.iam.accept(&caller, choice, code.as_ref()).await;
    if !is_refused_with(&done, "address_unproven") {
        guess.give_back();
    }
    done?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn decline(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let choice = Choice::Id(params.id("id")?);
    app.iam.decline(&caller, choice).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn accept_account(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let wanted: AcceptAccount = body(&bytes)?;
    let account = wanted.account_id.parse().map_err(|_| {
        let message = format!("{:?} is no account id", wanted.account_id);
        invalid("account_id", message)
    })?;
    app.iam
        .accept(&caller, Choice::Account(account), None)
        .await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

fn secret(text: &SecretText) -> Secret<String> {
    Secret::new(text.expose().to_owned())
}

pub(super) async fn redeem(
    State(app): State<Arc<App>>,
    RequestSource(source): RequestSource,
    FormPayload(bytes): FormPayload,
) -> Result<Response, Refusal> {
    let wanted: Redeem = body(&bytes)?;
    let (code, password) = (secret(&wanted.one_time_code), secret(&wanted.new_password));
    let guesser = source.key().map(Guesser::Source);
    let guess = app.code_tries.take(guesser, app.clock.now())?;
    let done = app.iam.redeem(source, &wanted.email, &code, password).await;
    if !is_refused_with(&done, "invalid_code") {
        guess.give_back();
    }
    done?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn is_refused_with(done: &Result<(), IamError>, code: &str) -> bool {
    let problem = done.as_ref().err().and_then(crate::failure::refused::of);
    problem.is_some_and(|problem| problem.code == code)
}
