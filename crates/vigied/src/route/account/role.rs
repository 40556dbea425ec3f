//! Roles of users in an account.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use crate::route::invitation::role;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::scope::Domain;
use http::StatusCode;
use std::sync::Arc;
use wire::iam::user::Username;

pub(in crate::route) async fn set_role(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let domain = Domain::Account(params.id("account")?);
    let check = || app.iam.may_set_roles(&caller, domain);
    app.iam.found_at_any_node(check).await?;
    let username = username(&params, &bytes)?;
    app.iam
        .set_role(&caller, domain, role(params.text("role"))?, &username)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(in crate::route) async fn unset_role(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let domain = Domain::Account(params.id("account")?);
    let check = || app.iam.may_set_roles(&caller, domain);
    app.iam.found_at_any_node(check).await?;
    let username = username(&params, &bytes)?;
    app.iam
        .unset_role(&caller, domain, role(params.text("role"))?, &username)
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The user of the request: `?username=`, or a body, which some clients cannot send with a DELETE.
pub(in crate::route) fn username(params: &Params, bytes: &[u8]) -> Result<String, Refusal> {
    match params.one("username")? {
        Some(name) => Ok(name.to_owned()),
        None => body::<Username>(bytes).map(|wanted| wanted.username),
    }
}
