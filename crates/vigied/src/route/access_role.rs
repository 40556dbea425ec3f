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
fn check_service(field: &'static str, service: &str) -> Result<(), Refusal> {
    if service == SERVICE_NAME {
        return Ok(());
    }
    check_length(field, service, &limit::WORD_BYTES)?;
    let message = format!("`{field}` is `{SERVICE_NAME}`, the one service here");
    Err(invalid(field, message))
}

/// Whether the roles of authorizations are asked for, which give none of the platform.
fn is_for_authorizations(params: &Params) -> Result<bool, Refusal> {
    let kind = params.word("policy_type", &limit::WORD_BYTES)?;
    let source = params.word("source_service_name", &limit::WORD_BYTES)?;
    match (kind, source) {
        (None | Some("access"), None) => Ok(false),
        (None | Some("access"), Some(_)) => {
            let message = "`source_service_name` goes with `policy_type=authorization`";
            Err(invalid("source_service_name", message.to_owned()))
        }
        (Some("authorization"), source) => {
            source.map_or(Ok(()), |source| {
                check_service("source_service_name", source)
            })?;
            Ok(true)
        }
        (Some(other), _) => {
            let message = format!("`policy_type` is `access` or `authorization`, not `{other}`");
            Err(invalid("policy_type", message))
        }
    }
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
    params.refuse_unserved(&["service_group_id"])?;
    let is_for_authorizations = is_for_authorizations(&params)?;
    if let Some(account) = params.word("account_id", &limit::WORD_BYTES)? {
        in_own_account(&app, &caller, account)?;
    }
    if let Some(service) = params.word("service_name", &limit::WORD_BYTES)? {
        check_service("service_name", service)?;
    }
    let system: &[NamedRole] = match is_for_authorizations {
        true => &[],
        false => &NamedRole::PLATFORM,
    };
    let custom_roles = app.iam.custom_roles(&caller);
    let list = RoleList {
        custom_roles: custom_roles
            .iter()
            .map(|role| custom(&own_url, role))
            .collect(),
        service_roles: NamedRole::SERVICE.into_iter().map(named).collect(),
        system_roles: system.iter().copied().map(named).collect(),
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
    check_service("service_name", &wanted.service_name)?;
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
