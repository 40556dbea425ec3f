//! The users of an account, members and those who are invited.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::Params;
use crate::route::invitation::PENDING;
use crate::route::paging::ACCOUNTS;
use crate::route::reply::json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::AccountId;
use base::scope::Domain;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use iam::IamError;
use iam::directory::{Member, OWN_REALM};
use iam::manage::invitation::Invitation;
use iam::manage::page::PageRequest;
use iam::manage::people_search::{PeopleSearch, PersonPlace};
use std::sync::Arc;
use wire::cf::deleted::instant;
use wire::iam::user::{User, UserSettings, Users};

pub(in crate::route) fn person(app: &App, member: &Member) -> User {
    let (user, account) = (&member.user, member.account);
    let directory = app.iam.directory();
    let roles = directory.roles(user.id, Domain::Account(account));
    User {
        id: user.id.0.to_hex(),
        iam_id: user.id.to_string(),
        realm: OWN_REALM.to_owned(),
        user_id: user.email.clone(),
        firstname: user.given_name.clone(),
        lastname: user.family_name.clone(),
        state: "ACTIVE".to_owned(),
        email: user.email.clone(),
        account_id: account.to_string(),
        added_on: instant(member.added_at),
        account_roles: roles.iter().map(ToString::to_string).collect(),
        ..User::default()
    }
}

/// An invitation not yet accepted, by the address the inviter typed: it reveals nothing of the user, known or not.
pub(in crate::route) fn waiting(account: AccountId, invitation: &Invitation) -> User {
    User {
        // The one that the inviter was answered: a person without a profile here has no other.
        id: invitation.id.to_string(),
        iam_id: invitation.id.to_string(),
        realm: OWN_REALM.to_owned(),
        user_id: invitation.email.clone(),
        state: PENDING.to_owned(),
        email: invitation.email.clone(),
        account_id: account.to_string(),
        added_on: instant(invitation.created_at),
        account_roles: invitation.roles.iter().map(ToString::to_string).collect(),
        ..User::default()
    }
}

/// The text that says that a page of users begins after this one.
fn start_after(user: &User) -> String {
    let place = (user.state == PENDING, user.user_id.as_str());
    // A text is always written.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&place).unwrap_or_default())
}

/// Where the requested page of users begins.
fn place(params: &Params) -> Result<Option<PersonPlace>, Refusal> {
    let Some(text) = ACCOUNTS.start(params)? else {
        return Ok(None);
    };
    let read = || -> Option<PersonPlace> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (is_invited, address) = serde_json::from_slice(&bytes).ok()?;
        Some(PersonPlace {
            is_invited,
            address,
        })
    };
    read().map(Some).ok_or_else(|| ACCOUNTS.invalid_start(text))
}

pub(in crate::route) async fn users(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = params.id("account")?;
    let settings = params.flag("include_settings")?.then(UserSettings::default);
    let size = ACCOUNTS.size(&params)?;
    let search = PeopleSearch::read(params.one("search")?, params.one("user_id")?);
    let search = search.map_err(IamError::from)?.after(place(&params)?);
    // One more than is shown says whether the list goes on.
    let window = PageRequest {
        skip: 0,
        take: size.saturating_add(1),
    };
    let members = app.iam.members_found(&caller, account, &search, window)?;
    let invited_window = window.after(&members);
    let invited = app
        .iam
        .invitations_found(&caller, account, &search, invited_window)
        .await?;
    let total = members.total.saturating_add(invited.total);
    let members = members.entries.iter().map(|member| person(&app, member));
    let invited = invited.entries.iter().map(|one| waiting(account, one));
    let with_settings = |user: User| User {
        settings: settings.clone(),
        ..user
    };
    let mut resources: Vec<User> = members.chain(invited).map(with_settings).collect();
    let goes_on = resources.len() as u64 > size;
    resources.truncate(usize::try_from(size).unwrap_or(usize::MAX));
    let path = format!("/v2/accounts/{account}/users");
    let kept_parameters = ["search", "user_id", "include_settings"];
    let address =
        |start: Option<&str>| ACCOUNTS.address_at(&path, &params, &kept_parameters, (size, start));
    let last = resources.last().filter(|_| goes_on).map(start_after);
    let next_url = last.map(|start| address(Some(&start)));
    let list = Users {
        total_results: total,
        limit: size,
        first_url: Some(address(None)?),
        next_url: next_url.transpose()?,
        resources,
    };
    json(StatusCode::OK, &list)
}

pub(in crate::route) async fn remove(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    app.iam
        .remove_member(&caller, params.id("account")?, params.id("iam_id")?)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The same, as the later version of the interface answers it.
pub(in crate::route) async fn remove_v3(
    app: State<Arc<App>>,
    caller: Manager,
    params: Params,
) -> Result<Response, Refusal> {
    remove(app, caller, params).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
