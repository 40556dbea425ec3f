//! `/v1/serviceid_groups`: groups by which service IDs are listed, which Administrators manage.

use super::account_parameter::{check_account, in_own_account};
use super::entity_tag::tagged;
use super::identity_crn::identity_crn;
use super::reply::json;
use crate::app::App;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::ServiceGroupId;
use http::StatusCode;
use iam::manage::service_id_group::{ServiceGroup, entity_tag};
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::service_id_group::{
    CreateServiceIdGroup, ServiceIdGroup, ServiceIdGroupList, UpdateServiceIdGroup,
};

fn to_wire(group: &ServiceGroup) -> ServiceIdGroup {
    let (account, id) = (group.account, group.id);
    ServiceIdGroup {
        id: id.to_string(),
        entity_tag: entity_tag(group),
        account_id: account.to_string(),
        crn: identity_crn(account, "serviceidgroup", id),
        name: group.name.clone(),
        description: group.description.clone(),
        created_at: time_text(group.created_at),
        created_by: group.made_by.to_string(),
        modified_at: time_text(group.modified_at),
    }
}

/// The group that a request names; what names none is refused, so that no list is taken for that of a group.
pub(super) fn named_group(text: Option<&str>) -> Result<Option<ServiceGroupId>, Refusal> {
    let read = |text: &str| {
        text.parse::<ServiceGroupId>().map_err(|error| {
            let message = format!("`group_id` is {error}");
            invalid("group_id", message)
        })
    };
    text.filter(|text| !text.is_empty()).map(read).transpose()
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    check_account(&app, &caller, &params)?;
    let groups = app.iam.service_id_groups(&caller).await?;
    let list = ServiceIdGroupList {
        serviceid_groups: groups.iter().map(to_wire).collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    app.iam.may_manage_service_id_groups(&caller)?;
    let wanted: CreateServiceIdGroup = body(&bytes)?;
    in_own_account(&app, &caller, &wanted.account_id)?;
    let description = wanted.description.unwrap_or_default();
    let made = app
        .iam
        .create_service_id_group(&caller, &wanted.name, description)
        .await?;
    tagged(StatusCode::CREATED, &to_wire(&made), &entity_tag(&made))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    app.iam.may_manage_service_id_groups(&caller)?;
    let group = app.iam.service_id_group(&caller, params.id("id")?).await?;
    tagged(StatusCode::OK, &to_wire(&group), &entity_tag(&group))
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    app.iam.may_manage_service_id_groups(&caller)?;
    let group = app.iam.service_id_group(&caller, params.id("id")?).await?;
    let (tag, wanted): (&str, UpdateServiceIdGroup) = sent.read()?;
    let change = (wanted.name.as_str(), wanted.description);
    let changed = app
        .iam
        .update_service_id_group(&caller, group.id, tag, change)
        .await?;
    tagged(StatusCode::OK, &to_wire(&changed), &entity_tag(&changed))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    app.iam.may_manage_service_id_groups(&caller)?;
    let id = if_match.of(params.id::<ServiceGroupId>("id")?);
    app.iam.delete_service_id_group(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
