//! `/v2/accounts/{account}/users/{iam_id}`: one user of an account, and their settings, of which there are none. What cannot be
//! changed is refused by its name.

use super::account::{person, waiting};
use super::activity;
use super::reply::json;
use crate::app::App;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::AccountId;
use http::StatusCode;
use iam::Identity;
use iam::manage::account_user::{AccountUser, NameChange};
use std::sync::Arc;
use wire::iam::user::{UpdateUser, UpdateUserSettings, User, UserSettings};

/// The account and the user of the path.
async fn named(
    app: &App,
    caller: &Identity,
    params: &Params,
) -> Result<(AccountId, AccountUser), Refusal> {
    let account = params.id("account")?;
    let id = params.id("iam_id")?;
    let user = app.iam.account_user(caller, account, id).await?;
    Ok((account, user))
}

fn to_wire(app: &App, account: AccountId, user: &AccountUser) -> User {
    match user {
        AccountUser::Member(member) => person(app, member),
        AccountUser::Invited(invitation) => waiting(account, invitation),
    }
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let (account, user) = named(&app, &caller, &params).await?;
    let activity = match activity::is_asked_for(&params)? {
        true => Some(app.iam.user_activity(&user).await?),
        false => None,
    };
    let answer = User {
        activity: activity.map(activity::to_wire),
        ..to_wire(&app, account, &user)
    };
    json(StatusCode::OK, &answer)
}

/// Refuses to change a member of the body that cannot be changed, unless it is so already.
fn check_unchanged(field: &'static str, wished: Option<&str>, is: &str) -> Result<(), Refusal> {
    match wished {
        Some(text) if text != is => {
            let message = format!("`{field}` cannot be changed here: leave it out");
            Err(invalid(field, message))
        }
        _ => Ok(()),
    }
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let (account, user) = named(&app, &caller, &params).await?;
    app.iam.may_change_users(&caller, account)?;
    let wanted: UpdateUser = body(&bytes)?;
    let current = to_wire(&app, account, &user);
    check_unchanged("state", wanted.state.as_deref(), &current.state)?;
    check_unchanged("email", wanted.email.as_deref(), &current.email)?;
    check_unchanged("phonenumber", wanted.phonenumber.as_deref(), "")?;
    check_unchanged("altphonenumber", wanted.altphonenumber.as_deref(), "")?;
    check_unchanged("photo", wanted.photo.as_deref(), "")?;
    if wanted.firstname.is_some() || wanted.lastname.is_some() {
        let change = NameChange {
            given_name: wanted.firstname,
            family_name: wanted.lastname,
        };
        let renamed = app.iam.rename_user(&caller, account, &user, change);
        renamed.await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn settings(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    named(&app, &caller, &params).await?;
    json(StatusCode::OK, &UserSettings::default())
}

pub(super) async fn change_settings(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    named(&app, &caller, &params).await?;
    let wanted: UpdateUserSettings = body(&bytes)?;
    check_unchanged("language", wanted.language.as_deref(), "")?;
    let language = wanted.notification_language.as_deref();
    check_unchanged("notification_language", language, "")?;
    if wanted
        .allowed_ip_addresses
        .is_some_and(|addresses| !addresses.is_empty())
    {
        let field = "allowed_ip_addresses";
        let message = format!(
            "`{field}` of one user is not served here: the settings of the account have such a list for everybody"
        );
        return Err(invalid(field, message));
    }
    if wanted.self_manage == Some(true) {
        let message = "`self_manage` is `false` here: there is no list that a user could change";
        return Err(invalid("self_manage", message.to_owned()));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
