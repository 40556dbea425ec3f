//! Roles of users in an account.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use crate::route::invitation::role;
use crate::route::role_holders::list_holders;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::scope::Domain;
use http::StatusCode;
use iam::Identity;
use std::sync::Arc;
use wire::iam::user::Username;

/// Those who have the role, service IDs and trusted profiles too; for Administrators of the account, as the list of its users is: 400 for
/// what is no role, 403 for others, 404 for an unknown account.
pub(in crate::route) async fn role_holders(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let domain = Domain::Account(params.id("account")?);
    let check = || app.iam.may_set_roles(&caller, domain);
    app.iam.found_at_any_node(check).await?;
    let role = role(params.text("role"))?;
    list_holders(&app, &caller, &params, (domain, role)).await
}

/// Whether the role is given or taken away.
enum RoleChange {
    Set,
    Unset,
}

/// For Administrators of the account: 204; 400 for what is no role, 403 for others, 404 for an unknown account or user, 409 for the
/// last Administrator.
pub(in crate::route) async fn set_role(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    change(&app, &caller, &params, &bytes, RoleChange::Set).await
}

/// Takes a role away from a member.
pub(in crate::route) async fn unset_role(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    change(&app, &caller, &params, &bytes, RoleChange::Unset).await
}

async fn change(
    app: &App,
    caller: &Identity,
    params: &Params,
    bytes: &[u8],
    change: RoleChange,
) -> Result<Response, Refusal> {
    let domain = Domain::Account(params.id("account")?);
    let check = || app.iam.may_set_roles(caller, domain);
    app.iam.found_at_any_node(check).await?;
    let username = username(params, bytes)?;
    let role = role(params.text("role"))?;
    match change {
        RoleChange::Set => app.iam.set_role(caller, domain, role, &username).await,
        RoleChange::Unset => app.iam.unset_role(caller, domain, role, &username).await,
    }?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The user of the request: `?username=`, or a body, which some clients cannot send with a DELETE.
pub(in crate::route) fn username(params: &Params, bytes: &[u8]) -> Result<String, Refusal> {
    match params.one("username")? {
        Some(name) => Ok(name.to_owned()),
        None => body::<Username>(bytes).map(|wanted| wanted.username),
    }
}
