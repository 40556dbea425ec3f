//! `/v1/serviceids`: programs with an identity of their own, which Administrators manage.

use super::account_parameter::{check_account, in_own_account};
use super::activity;
use super::api_key::{requested_key, to_wire as key_to_wire};
use super::entity_tag::tagged;
use super::history::{self, Histories};
use super::identity_crn::identity_crn;
use super::identity_list::{IdentityList, Wanted};
use super::list_cursor::CursorPage;
use super::order::{By, SortKey};
use super::reply::json;
use super::service_id_group::named_group;
use crate::app::App;
use crate::http::advertised_address::UrlForCaller;
use crate::http::header::is_set;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::{Params, body, names_nothing};
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::ServiceId;
use base::limit;
use http::{HeaderMap, StatusCode};
use iam::Identity;
use iam::directory::Service;
use iam::manage::service_id::{NewService, ServiceChange, entity_tag};
use std::sync::Arc;
use wire::iam::api_key::{CreateApiKey, time_text};
use wire::iam::service_id::{
    CreateKeyWithService, CreateServiceId, ServiceId as WireServiceId, ServiceIdList,
    UpdateServiceId,
};

/// The list parameters that links to other pages repeat.
const KEPT: [&str; 8] = [
    "account_id",
    "group_id",
    "show_group_id",
    "name",
    "sort",
    "order",
    "filter",
    "include_history",
];

/// The other orders that can be asked for.
const OTHER_ORDERS: [(&str, By<Service>); 3] = [
    ("description", |service| SortKey::text(&service.description)),
    ("created_at", |service| {
        SortKey::Number(service.created_at.0)
    }),
    ("modified_at", |service| {
        SortKey::Number(service.modified_at.0)
    }),
];

const LIST: IdentityList<Service> = IdentityList {
    path: "/v1/serviceids",
    kept: &KEPT,
    other_orders: &OTHER_ORDERS,
};

/// The service ID in the interface's form; its group only where it is asked for.
fn to_wire(service: &Service, with_group: bool) -> WireServiceId {
    let (account, id) = (service.account, service.id.object_id());
    WireServiceId {
        crn: identity_crn(account, "serviceid", &id),
        id,
        iam_id: service.id.to_string(),
        entity_tag: entity_tag(service),
        locked: service.locked,
        created_at: time_text(service.created_at),
        modified_at: time_text(service.modified_at),
        account_id: account.to_string(),
        name: service.name.clone(),
        description: service.description.clone(),
        unique_instance_crns: service.crns.clone(),
        group_id: service
            .group
            .filter(|_| with_group)
            .map(|group| group.to_string()),
        apikey: None,
        history: None,
        activity: None,
    }
}

/// The id in the path: `ServiceId-…`, as the object has it, or the IAM id. Any other text names no service ID.
fn id(params: &Params) -> Result<ServiceId, Refusal> {
    let text = params.text("id");
    ServiceId::from_either(text).map_err(|_| names_nothing(text))
}

/// Whether the answer contains the id of the group.
fn shows_group_id(params: &Params) -> Result<bool, Refusal> {
    params.flag("show_group_id")
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    let with_group = shows_group_id(&params)?;
    let page = page(&app, &caller, &own_url, &params)?;
    let objects = page.entries.iter().map(|service| service.id.to_string());
    let histories = Histories::asked_for(&app, &caller, &params, objects.collect()).await?;
    let listed = page.entries.iter().map(|service| WireServiceId {
        history: histories.of(service.id),
        ..to_wire(service, with_group)
    });
    let list = ServiceIdList {
        offset: page.offset,
        limit: page.limit,
        serviceids: listed.collect(),
        first: Some(page.links.first),
        previous: page.links.previous,
        next: page.links.next,
    };
    json(StatusCode::OK, &list)
}

/// The page of service IDs that a request asks for.
fn page(
    app: &App,
    caller: &Identity,
    own_url: &UrlForCaller,
    params: &Params,
) -> Result<CursorPage<Service, String>, Refusal> {
    let group = named_group(params.one("group_id")?)?;
    check_account(app, caller, params)?;
    let named = params.word("name", &limit::LABEL_BYTES)?;
    let shows = |service: &Service| {
        named.is_none_or(|named| service.name == named)
            && group.is_none_or(|group| service.group == Some(group))
    };
    let find = |wanted: Wanted<'_, Service>| {
        (app.iam).service_ids(caller, wanted.shows, wanted.order, wanted.part)
    };
    LIST.page((own_url, params), shows, find)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    headers: HeaderMap,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let with_group = shows_group_id(&params)?;
    app.iam.may_manage_service_ids(&caller)?;
    let wanted: CreateServiceId = body(&bytes)?;
    in_own_account(&app, &caller, &wanted.account_id)?;
    let new = NewService {
        name: wanted.name,
        description: wanted.description.unwrap_or_default(),
        crns: wanted.unique_instance_crns.unwrap_or_default(),
        group: named_group(wanted.group_id.as_deref())?,
        locked: is_set(&headers, "entity-lock", "Entity-Lock")?,
    };
    let key = wanted
        .apikey
        .map(key_fields)
        .map(requested_key)
        .transpose()?;
    let made = app.iam.create_service_id(&caller, new, key).await?;
    let key = made.key.as_ref();
    let answer = WireServiceId {
        apikey: key.map(|(key, text)| key_to_wire(key, Some(text))),
        ..to_wire(&made.service, with_group)
    };
    tagged(StatusCode::CREATED, &answer, &entity_tag(&made.service))
}

/// The same key, as a body that asks only for a key has it.
fn key_fields(wanted: CreateKeyWithService) -> CreateApiKey {
    CreateApiKey {
        name: wanted.name,
        description: wanted.description,
        apikey: wanted.apikey,
        store_value: wanted.store_value,
        action_when_leaked: wanted.action_when_leaked,
        expires_at: wanted.expires_at,
        ..CreateApiKey::default()
    }
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let with_group = shows_group_id(&params)?;
    let service = app.iam.service_id(&caller, id(&params)?).await?;
    let history = history::asked_for(&app, &caller, &params, service.id, None).await?;
    let activity = match activity::is_asked_for(&params)? {
        true => Some(app.iam.service_activity(&caller, service.id).await?),
        false => None,
    };
    let answer = WireServiceId {
        history,
        activity: activity.map(activity::to_wire),
        ..to_wire(&service, with_group)
    };
    tagged(StatusCode::OK, &answer, &entity_tag(&service))
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let with_group = shows_group_id(&params)?;
    let service = app.iam.service_id(&caller, id(&params)?).await?;
    app.iam.may_manage_service_ids(&caller)?;
    let (tag, wanted): (&str, UpdateServiceId) = sent.read()?;
    let change = ServiceChange {
        name: wanted.name,
        description: wanted.description,
        crns: wanted.unique_instance_crns,
    };
    let changed = app
        .iam
        .update_service_id(&caller, service.id, tag, change)
        .await?;
    let answer = to_wire(&changed, with_group);
    tagged(StatusCode::OK, &answer, &entity_tag(&changed))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(id(&params)?);
    app.iam.delete_service_id(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn lock(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(id(&params)?);
    app.iam.lock_service_id(&caller, id, true).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn unlock(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(id(&params)?);
    app.iam.lock_service_id(&caller, id, false).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
