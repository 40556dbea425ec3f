//! `/v2/resource_keys`: keys of instances, each with a service ID and an API key of its own, which Administrators manage.

use super::identity_crn::identity_crn;
use super::list_cursor::ListCursor;
use super::order::Order;
use super::paging::LIMIT_AND_START;
use super::reply::json;
use super::resource_instance::{
    crn as instance_crn, guid_at, in_path, named, path as instance_path,
};
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::advertised_address::UrlForCaller;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body, names_nothing};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::{InstanceId, ResourceKeyId};
use base::limit;
use base::secret::Secret;
use http::StatusCode;
use iam::Identity;
use iam::directory::{Instance, NamedRole, SERVICE_NAME};
use iam::manage::page::Page;
use iam::manage::resource_key::{NewResourceKey, ResourceKey};
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::resource_key::{
    CreateResourceKey, KeyCredentials, ResourceKey as WireResourceKey, ResourceKeyList,
    UpdateResourceKey,
};
use wire::secret::SecretText;

/// The list parameters that links to other pages repeat.
const KEPT: [&str; 2] = ["name", "resource_id"];

/// The cloud resource name of a key.
fn crn(app: &App, key: &ResourceKey, instance: &Instance) -> String {
    let of_instance = instance_crn(app, instance);
    let instance_part = of_instance.strip_suffix("::").unwrap_or(&of_instance);
    format!("{instance_part}:resource-key:{}", key.id)
}

/// Whether the key opens anything by itself. The API key with which it was made can be deleted alone.
const fn state(key: &ResourceKey) -> &'static str {
    match key.has_api_key {
        true => "active",
        false => "removed",
    }
}

/// The key in the interface's form; `text` only for a new one.
fn to_wire(
    app: &App,
    key: &ResourceKey,
    instance: &Instance,
    text: Option<&Secret<String>>,
) -> WireResourceKey {
    let (crn, account) = (crn(app, key, instance), instance.account);
    let service = key.service.object_id();
    WireResourceKey {
        id: crn.clone(),
        guid: key.id.to_string(),
        crn,
        url: format!("/v2/resource_keys/{}", key.id),
        name: key.name.clone(),
        role: key.role.crn(),
        source_crn: instance_crn(app, instance),
        resource_instance_url: instance_path(instance),
        account_id: account.to_string(),
        resource_group_id: instance.group.to_string(),
        resource_id: SERVICE_NAME.to_owned(),
        state: state(key).to_owned(),
        iam_compatible: true,
        credentials: KeyCredentials {
            apikey: text.map(|text| SecretText::from(text.expose().as_str())),
            iam_apikey_id: key.api_key.to_string(),
            iam_role_crn: key.role.crn(),
            iam_serviceid_crn: identity_crn(account, "serviceid", service),
        },
        created_at: time_text(key.created.at),
        created_by: key.created.by.to_string(),
        updated_at: time_text(key.modified.at),
        updated_by: key.modified.by.to_string(),
    }
}

/// The key in the path, by its cloud resource name or GUID, and its instance.
async fn in_key_path(
    app: &App,
    caller: &Identity,
    params: &Params,
) -> Result<(ResourceKey, Instance), Refusal> {
    app.iam.may_manage_resource_keys(caller)?;
    let text = params.text("id");
    let unknown = || names_nothing(text);
    let id = guid_at(text, 9).and_then(|guid| guid.parse::<ResourceKeyId>().ok());
    let id = id.ok_or_else(unknown)?;
    let (key, instance) = app.iam.resource_key(caller, id).await?;
    if text.starts_with("crn:") && text != crn(app, &key, &instance) {
        return Err(unknown());
    }
    Ok((key, instance))
}

/// The role of this name or cloud resource name.
fn role(text: &str) -> Result<NamedRole, Refusal> {
    check_length("role", text, &limit::LABEL_BYTES)?;
    let found = NamedRole::named(text).or_else(|| NamedRole::of_crn(text));
    found.ok_or_else(|| {
        let all = NamedRole::PLATFORM.into_iter().chain(NamedRole::SERVICE);
        let all: Vec<String> = all.map(|role| format!("`{}`", role.name())).collect();
        let message = format!("`role` is one of {}, not `{text}`", all.join(", "));
        invalid("role", message)
    })
}

/// The instance that a new key is for.
async fn source(app: &App, caller: &Identity, text: &str) -> Result<Instance, Refusal> {
    check_length("source", text, &limit::LABEL_BYTES)?;
    named(app, caller, text).await.map_err(|Refusal(problem)| {
        let hint = "`source` is the `id` or the `guid` of an instance, not its name: `GET /v2/resource_instances?name=NAME` shows both";
        Refusal(problem.field("source").hint(hint))
    })
}

async fn listed(
    app: &App,
    caller: &Identity,
    own_url: &UrlForCaller,
    params: &Params,
    (path, of): (&str, Option<InstanceId>),
) -> Result<Response, Refusal> {
    let name = params.word("name", &limit::LABEL_BYTES)?;
    let service = params.word("resource_id", &limit::LABEL_BYTES)?;
    let cursor = ListCursor::of(&LIMIT_AND_START, params, Order::unsorted())?;
    let after = cursor.made().map(|(at, id)| (at, ResourceKeyId(id)));
    let found = app
        .iam
        .resource_keys(caller, name, of, after, cursor.window())
        .await?;
    let found = match service.is_none_or(|service| service == SERVICE_NAME) {
        true => found,
        // There are keys of one service alone.
        false => Page {
            entries: Vec::new(),
            total: 0,
        },
    };
    let path = format!("{}{path}", own_url.url);
    let address = |start: Option<&str>| {
        LIMIT_AND_START.address_at(&path, params, &KEPT, (cursor.size(), start))
    };
    let page = cursor.page(found, address)?;
    let mut resources = Vec::with_capacity(page.entries.len());
    for key in &page.entries {
        // An instance that was deleted meanwhile has no keys.
        if let Ok(instance) = app.iam.known_instance(caller, key.instance) {
            resources.push(to_wire(app, key, &instance, None));
        }
    }
    let list = ResourceKeyList {
        rows_count: resources.len() as u64,
        next_url: page.links.next,
        resources,
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    app.iam.may_manage_resource_keys(&caller)?;
    params.refuse_unserved(&["guid", "resource_group_id", "updated_from", "updated_to"])?;
    let all = ("/v2/resource_keys", None);
    listed(&app, &caller, &own_url, &params, all).await
}

pub(super) async fn of_instance(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    let instance = in_path(&app, &caller, &params).await?;
    app.iam.may_manage_resource_keys(&caller)?;
    let path = format!("{}/resource_keys", instance_path(&instance));
    let of = (path.as_str(), Some(instance.id));
    listed(&app, &caller, &own_url, &params, of).await
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    app.iam.may_manage_resource_keys(&caller)?;
    let wanted: CreateResourceKey = body(&bytes)?;
    if wanted
        .parameters
        .and_then(|parameters| parameters.exclude_apikey)
        == Some(true)
    {
        let message = "`exclude_apikey` can be `false` alone: a key comes with its API key";
        return Err(invalid("exclude_apikey", message.to_owned()));
    }
    let instance = source(&app, &caller, &wanted.source).await?;
    let new = NewResourceKey {
        instance: instance.id,
        name: wanted.name,
        role: (wanted.role.as_deref()).map_or(Ok(NamedRole::Writer), role)?,
    };
    let made = app.iam.create_resource_key(&caller, &new).await?;
    let answer = to_wire(&app, &made.key, &instance, Some(&made.text));
    json(StatusCode::CREATED, &answer)
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let (key, instance) = in_key_path(&app, &caller, &params).await?;
    json(StatusCode::OK, &to_wire(&app, &key, &instance, None))
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let (key, _) = in_key_path(&app, &caller, &params).await?;
    let wanted: UpdateResourceKey = body(&bytes)?;
    let renamed = app
        .iam
        .rename_resource_key(&caller, key.id, &wanted.name)
        .await?;
    let (key, instance) = renamed;
    json(StatusCode::OK, &to_wire(&app, &key, &instance, None))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let (key, _) = in_key_path(&app, &caller, &params).await?;
    app.iam.delete_resource_key(&caller, key.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
