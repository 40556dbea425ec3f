//! `/v2/roles`: the roles that access policies give.

use super::account_parameter::in_own_account;
use super::entity_tag::tagged;
use super::reply::json;
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::advertised_address::UrlForCaller;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::CustomRoleId;
use base::limit;
use base::scope::Action;
use http::StatusCode;
use iam::directory::{CustomRole, NamedRole, SERVICE_NAME};
use iam::manage::custom_role::{CustomRoleTerms, NewCustomRole, custom_role_tag};
use std::sync::Arc;
use wire::iam::access_role::{
    CreateRole, CustomRole as WireCustomRole, NamedRole as WireNamedRole, RoleList, UpdateRole,
};
use wire::iam::api_key::time_text;

fn named(role: NamedRole) -> WireNamedRole {
    let actions = role.actions();
    let actions = Action::ALL
        .iter()
        .filter(|action| actions.contains(**action));
    WireNamedRole {
        display_name: role.name().to_owned(),
        description: role.description().to_owned(),
        actions: actions.map(|action| action.name().to_owned()).collect(),
        crn: role.crn(),
    }
}

fn custom(own_url: &UrlForCaller, role: &CustomRole) -> WireCustomRole {
    let actions = role.actions.iter().map(|action| action.name().to_owned());
    WireCustomRole {
        id: role.id.to_string(),
        name: role.name.clone(),
        display_name: role.display_name.clone(),
        description: role.description.clone(),
        actions: actions.collect(),
        crn: role.crn(),
        account_id: role.account.to_string(),
        service_name: SERVICE_NAME.to_owned(),
        created_at: time_text(role.created.at),
        created_by_id: role.created.by.to_string(),
        last_modified_at: time_text(role.modified.at),
        last_modified_by_id: role.modified.by.to_string(),
        href: format!("{}/v2/roles/{}", own_url.url, role.id),
    }
}

fn answer(
    own_url: &UrlForCaller,
    status: StatusCode,
    role: &CustomRole,
) -> Result<Response, Refusal> {
    tagged(status, &custom(own_url, role), &custom_role_tag(role))
}

/// Refuses another service than the one here.
fn check_service(service: &str) -> Result<(), Refusal> {
    if service == SERVICE_NAME {
        return Ok(());
    }
    check_length("service_name", service, &limit::WORD_BYTES)?;
    let message = format!("`service_name` is `{SERVICE_NAME}`, the one service here");
    Err(invalid("service_name", message))
}

fn id(params: &Params) -> Result<CustomRoleId, Refusal> {
    params.id("id")
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    params.refuse_unserved(&["source_service_name", "service_group_id"])?;
    let kind = params.word("policy_type", &limit::WORD_BYTES)?;
    if let Some(account) = params.word("account_id", &limit::WORD_BYTES)? {
        in_own_account(&app, &caller, account)?;
    }
    if let Some(service) = params.word("service_name", &limit::WORD_BYTES)? {
        check_service(service)?;
    }
    if let Some(other) = kind.filter(|kind| *kind != "access") {
        let message = format!("`policy_type` can be `access` alone, not `{other}`");
        return Err(invalid("policy_type", message));
    }
    let custom_roles = app.iam.custom_roles(&caller);
    let list = RoleList {
        custom_roles: custom_roles
            .iter()
            .map(|role| custom(&own_url, role))
            .collect(),
        service_roles: NamedRole::SERVICE.into_iter().map(named).collect(),
        system_roles: NamedRole::PLATFORM.into_iter().map(named).collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    app.iam.may_manage_custom_roles(&caller)?;
    let wanted: CreateRole = body(&bytes)?;
    in_own_account(&app, &caller, &wanted.account_id)?;
    check_service(&wanted.service_name)?;
    let new = NewCustomRole {
        name: wanted.name,
        terms: CustomRoleTerms {
            display_name: wanted.display_name,
            description: wanted.description.unwrap_or_default(),
            actions: wanted.actions,
        },
    };
    let made = app.iam.create_custom_role(&caller, new).await?;
    answer(&own_url, StatusCode::CREATED, &made)
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    let role = app.iam.custom_role(&caller, id(&params)?).await?;
    answer(&own_url, StatusCode::OK, &role)
}

pub(super) async fn replace(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let role = app.iam.custom_role(&caller, id(&params)?).await?;
    app.iam.may_manage_custom_roles(&caller)?;
    let (tag, wanted): (&str, UpdateRole) = sent.read()?;
    let terms = CustomRoleTerms {
        display_name: wanted.display_name,
        description: wanted.description.unwrap_or_default(),
        actions: wanted.actions,
    };
    let changed = app.iam.replace_custom_role(&caller, role.id, tag, terms);
    answer(&own_url, StatusCode::OK, &changed.await?)
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(id(&params)?);
    app.iam.delete_custom_role(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
