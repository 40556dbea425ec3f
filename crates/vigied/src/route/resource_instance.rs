//! `/v2/resource_instances`: instances of the monitoring service, each of which says the plan of one space.

use super::list_cursor::ListCursor;
use super::order::Order;
use super::paging::LIMIT_AND_START;
use super::reply::json;
use crate::app::App;
use crate::failure::refused::{check_length, mended_by};
use crate::http::advertised_address::UrlForCaller;
use crate::http::header::is_set;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body, names_nothing};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::{InstanceId, ResourceGroupId, SpaceId};
use base::limit;
use base::time::Millis;
use http::{HeaderMap, StatusCode};
use iam::directory::{Instance, Plan, SERVICE_NAME};
use iam::manage::instance::{InstanceChange, NewInstance};
use iam::{Identity, Remedy};
use std::sync::Arc;
use wire::iam::api_key::{read_date, read_time, time_text};
use wire::iam::resource_instance::{
    CreateResourceInstance, InstanceParameters, LastOperation, ResourceInstance,
    ResourceInstanceList, UpdateResourceInstance,
};

/// The list parameters that links to other pages repeat.
const KEPT: [&str; 9] = [
    "guid",
    "name",
    "resource_group_id",
    "resource_id",
    "resource_plan_id",
    "type",
    "state",
    "updated_from",
    "updated_to",
];

const TYPE: &str = "service_instance";

const ACTIVE: &str = "active";

/// The cloud resource name of an instance, in the region of its space.
pub(super) fn crn(app: &App, instance: &Instance) -> String {
    instance.crn(&region(app, instance))
}

fn region(app: &App, instance: &Instance) -> String {
    let directory = app.iam.directory();
    let region = directory.region_of(instance.space.into());
    region.unwrap_or_default().to_owned()
}

/// The path of an instance on this server.
pub(super) fn path(instance: &Instance) -> String {
    format!("/v2/resource_instances/{}", instance.id)
}

fn to_wire(app: &App, instance: &Instance) -> ResourceInstance {
    let (crn, path) = (crn(app, instance), path(instance));
    let group = app.iam.directory().resource_group(instance.group);
    let is_new = instance.created == instance.modified;
    ResourceInstance {
        id: crn.clone(),
        guid: instance.id.to_string(),
        crn,
        resource_keys_url: format!("{path}/resource_keys"),
        url: path,
        name: instance.name.clone(),
        account_id: instance.account.to_string(),
        region_id: region(app, instance),
        resource_id: SERVICE_NAME.to_owned(),
        resource_plan_id: instance.plan.name().to_owned(),
        resource_group_id: instance.group.to_string(),
        resource_group_crn: group.map(|group| group.crn()).unwrap_or_default(),
        parameters: InstanceParameters {
            space_id: instance.space.to_string(),
        },
        state: ACTIVE.to_owned(),
        kind: TYPE.to_owned(),
        locked: instance.locked,
        allow_cleanup: false,
        last_operation: LastOperation {
            kind: if is_new { "create" } else { "update" }.to_owned(),
            state: "succeeded".to_owned(),
            is_async: false,
        },
        created_at: time_text(instance.created.at),
        created_by: instance.created.by.to_string(),
        updated_at: time_text(instance.modified.at),
        updated_by: instance.modified.by.to_string(),
    }
}

/// The GUID in a text that is one, or that is a cloud resource name with it at this place.
pub(super) fn guid_at(text: &str, place: usize) -> Option<&str> {
    if !text.starts_with("crn:") {
        return Some(text);
    }
    let parts: Vec<&str> = text.split(':').collect();
    (parts.len() == 10)
        .then(|| parts.get(place).copied())
        .flatten()
}

/// The instance that a text names by its cloud resource name or GUID.
pub(super) async fn named(app: &App, caller: &Identity, text: &str) -> Result<Instance, Refusal> {
    let id = guid_at(text, 7).and_then(|guid| guid.parse::<InstanceId>().ok());
    let instance = app
        .iam
        .instance(caller, id.ok_or_else(|| names_nothing(text))?)
        .await?;
    if text.starts_with("crn:") && text != crn(app, &instance) {
        return Err(names_nothing(text));
    }
    Ok(instance)
}

/// The instance in the path.
pub(super) async fn in_path(
    app: &App,
    caller: &Identity,
    params: &Params,
) -> Result<Instance, Refusal> {
    named(app, caller, params.text("id")).await
}

/// The plan of this id.
fn plan(text: &str) -> Result<Plan, Refusal> {
    check_length("resource_plan_id", text, &limit::WORD_BYTES)?;
    text.parse().map_err(|_| {
        let names = Plan::ALL.map(|plan| format!("`{plan}`")).join(" or ");
        let message = format!("`resource_plan_id` is {names}, not `{text}`");
        invalid("resource_plan_id", message)
    })
}

/// Refuses to have an instance deleted with other things.
fn check_cleanup(allow_cleanup: Option<bool>) -> Result<(), Refusal> {
    if allow_cleanup == Some(true) {
        let message = "`allow_cleanup` can be `false` alone: an instance is deleted on request, or with its space";
        return Err(invalid("allow_cleanup", message.to_owned()));
    }
    Ok(())
}

/// The states that clients ask for. Every instance here is active.
const STATES: [&str; 7] = [
    ACTIVE,
    "inactive",
    "provisioning",
    "pre_provisioning",
    "failed",
    "pending_reclamation",
    "removed",
];

/// The filter of instances in a list.
struct Wanted<'p> {
    texts: [Option<&'p str>; 7],
    from: Option<Millis>,
    to: Option<Millis>,
}

impl<'p> Wanted<'p> {
    fn of(params: &'p Params) -> Result<Self, Refusal> {
        let text = |name: &'static str| params.word(name, &limit::LABEL_BYTES);
        let time = |name: &'static str,
                    of_day: fn((Millis, Millis)) -> Millis|
         -> Result<Option<Millis>, Refusal> {
            let read = |text: &str| {
                let time = read_time(text).or_else(|| read_date(text).map(of_day));
                time.ok_or_else(|| {
                    let message = format!(
                        "`{name}` is neither a time as `2017-11-01T12:00:00Z` nor a date as `2017-11-01`"
                    );
                    invalid(name, message)
                })
            };
            text(name)?.map(read).transpose()
        };
        if let Some(state) = text("state")?
            && !STATES.contains(&state)
        {
            let names = STATES.map(|state| format!("`{state}`")).join(", ");
            let message = format!("`state` is one of {names}, not `{state}`");
            return Err(invalid("state", message));
        }
        Ok(Self {
            texts: [
                text("guid")?,
                text("name")?,
                text("resource_group_id")?,
                text("resource_id")?,
                text("resource_plan_id")?,
                text("type")?,
                text("state")?,
            ],
            from: time("updated_from", |(first, _)| first)?,
            to: time("updated_to", |(_, last)| last)?,
        })
    }

    fn matches(&self, instance: &Instance) -> bool {
        let (guid, group) = (instance.id.to_string(), instance.group.to_string());
        let values = [
            guid.as_str(),
            instance.name.as_str(),
            group.as_str(),
            SERVICE_NAME,
            instance.plan.name(),
            TYPE,
            ACTIVE,
        ];
        let mut pairs = self.texts.iter().zip(values);
        pairs.all(|(wanted, value)| wanted.is_none_or(|wanted| wanted == value))
            && self
                .from
                .is_none_or(|from| minute(from) <= minute(instance.modified.at))
            && self
                .to
                .is_none_or(|to| minute(instance.modified.at) <= minute(to))
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    listed(&app, &caller, &own_url, &params)
}

fn listed(
    app: &App,
    caller: &Identity,
    own_url: &UrlForCaller,
    params: &Params,
) -> Result<Response, Refusal> {
    params.refuse_unserved(&["sub_type"])?;
    let wanted = Wanted::of(params)?;
    let cursor = ListCursor::of(&LIMIT_AND_START, params, Order::unsorted())?;
    let shows = |instance: &Instance| wanted.matches(instance);
    let found = app.iam.instances(caller, shows, cursor.part());
    let path = format!("{}/v2/resource_instances", own_url.url);
    let address = |start: Option<&str>| {
        LIMIT_AND_START.address_at(&path, params, &KEPT, (cursor.size(), start))
    };
    let page = cursor.page(found, address)?;
    let list = ResourceInstanceList {
        rows_count: page.entries.len() as u64,
        next_url: page.links.next,
        resources: page
            .entries
            .iter()
            .map(|instance| to_wire(app, instance))
            .collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    headers: HeaderMap,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    app.iam.may_manage_instances(&caller)?;
    let wanted: CreateResourceInstance = body(&bytes)?;
    check_cleanup(wanted.allow_cleanup)?;
    check_untagged(wanted.tags.as_deref())?;
    let new = NewInstance {
        name: wanted.name,
        space: space(&wanted.parameters)?,
        region: wanted.target,
        group: group(&wanted.resource_group)?,
        plan: plan(&wanted.resource_plan_id)?,
        locked: is_set(&headers, "entity-lock", "Entity-Lock")?,
    };
    let made = app.iam.create_instance(&caller, &new).await?;
    json(StatusCode::CREATED, &to_wire(&app, &made))
}

/// The minute of a time: more is not shown of it.
const fn minute(at: Millis) -> i64 {
    at.0.div_euclid(60_000)
}

/// Refuses tags: none are kept.
fn check_untagged(tags: Option<&[String]>) -> Result<(), Refusal> {
    if tags.is_none_or(<[String]>::is_empty) {
        return Ok(());
    }
    let message = "`tags` are not served here: leave them out";
    Err(invalid("tags", message.to_owned()))
}

/// The space that the parameters name.
fn space(parameters: &InstanceParameters) -> Result<SpaceId, Refusal> {
    let text = &parameters.space_id;
    if text.is_empty() {
        // Brokers take parameters of any shape, so what this one asks for is nowhere to be guessed from.
        let message = "`parameters` does not name the space that the instance is for";
        let Refusal(problem) = invalid("parameters.space_id", message);
        let hint = "send `\"parameters\": {\"space_id\": \"GUID\"}` with the GUID of the space";
        return Err(Refusal(problem.hint(hint)));
    }
    check_length("space_id", text, &limit::WORD_BYTES)?;
    text.parse().map_err(|_| {
        let message = format!("`space_id` is the GUID of a space, not `{text}`");
        let Refusal(problem) = invalid("space_id", message);
        Refusal(mended_by(problem, Remedy::NameSpace))
    })
}

/// The resource group of this id.
fn group(text: &str) -> Result<ResourceGroupId, Refusal> {
    check_length("resource_group", text, &limit::WORD_BYTES)?;
    text.parse().map_err(|_| {
        let message = format!("`resource_group` is the id of a resource group, not `{text}`");
        let Refusal(problem) = invalid("resource_group", message);
        Refusal(mended_by(problem, Remedy::NameResourceGroup))
    })
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let instance = in_path(&app, &caller, &params).await?;
    json(StatusCode::OK, &to_wire(&app, &instance))
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let instance = in_path(&app, &caller, &params).await?;
    app.iam.may_manage_instances(&caller)?;
    let wanted: UpdateResourceInstance = body(&bytes)?;
    check_cleanup(wanted.allow_cleanup)?;
    if let Some(parameters) = &wanted.parameters
        && space(parameters)? != instance.space
    {
        let message = "`space_id` stays as it is: make an instance for the other space";
        return Err(invalid("space_id", message.to_owned()));
    }
    check_untagged(wanted.tags.as_deref())?;
    if let Some(wished) = &wanted.resource_group
        && group(wished)? != instance.group
    {
        let message = "`resource_group` stays as it is: make an instance in the other group";
        return Err(invalid("resource_group", message.to_owned()));
    }
    let change = InstanceChange {
        name: wanted.name,
        plan: wanted.resource_plan_id.as_deref().map(plan).transpose()?,
    };
    let changed = app
        .iam
        .update_instance(&caller, instance.id, change)
        .await?;
    json(StatusCode::OK, &to_wire(&app, &changed))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let instance = in_path(&app, &caller, &params).await?;
    let with_keys = params.flag("recursive")?;
    app.iam
        .delete_instance(&caller, instance.id, with_keys)
        .await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn switch(
    app: &App,
    caller: &Identity,
    params: &Params,
    on: bool,
) -> Result<Response, Refusal> {
    let instance = in_path(app, caller, params).await?;
    let changed = app.iam.lock_instance(caller, instance.id, on).await?;
    json(StatusCode::OK, &to_wire(app, &changed))
}

pub(super) async fn lock(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    switch(&app, &caller, &params, true).await
}

pub(super) async fn unlock(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    switch(&app, &caller, &params, false).await
}
