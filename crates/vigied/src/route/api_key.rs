//! `/v1/apikeys`: the caller's API keys.

use super::account_parameter::{check_account, in_own_account};
use super::activity;
use super::entity_tag::tagged;
use super::history::{self, Histories};
use super::iam_id;
use super::identity_crn::identity_crn;
use super::identity_list::{IdentityList, Wanted};
use super::list_cursor::CursorPage;
use super::order::{By, SortKey};
use super::reply::json;
use super::service_id_group::named_group;
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::advertised_address::UrlForCaller;
use crate::http::header::{is_set, single};
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::error::{Kind, Problem};
use base::id::KeyId;
use base::limit;
use base::principal::Principal;
use base::secret::Secret;
use base::time::Millis;
use http::{HeaderMap, StatusCode};
use iam::Identity;
use iam::bounds::Narrowing;
use iam::directory::ApiKey as Stored;
use iam::manage::api_key::{KeyChange, KeysOf, NewKey, Switch, entity_tag};
use iam::manage::of_version::OfVersion;
use std::sync::Arc;
use wire::iam::api_key::{
    ApiKey, ApiKeyList, CreateApiKey, KeyReach, UpdateApiKey, read_time, time_text,
};
use wire::scope_id;
use wire::secret::SecretText;

/// The list parameters that links to other pages repeat.
const KEPT: [&str; 9] = [
    "account_id",
    "iam_id",
    "scope",
    "type",
    "sort",
    "order",
    "filter",
    "group_id",
    "include_history",
];

/// The other orders that can be asked for.
const OTHER_ORDERS: [(&str, By<Stored>); 3] = [
    ("description", |key| SortKey::text(&key.description)),
    ("created_at", |key| SortKey::Number(key.created_at.0)),
    ("created_by", |key| SortKey::from_display(&key.maker())),
];

const LIST: IdentityList<Stored> = IdentityList {
    path: "/v1/apikeys",
    kept: &KEPT,
    other_orders: &OTHER_ORDERS,
};

/// The key in the interface's form; `text` only for a new key.
pub(super) fn to_wire(key: &Stored, text: Option<&Secret<String>>) -> ApiKey {
    let account = key.account;
    ApiKey {
        id: key.id.to_string(),
        entity_tag: Some(entity_tag(key)),
        crn: identity_crn(account, "apikey", key.id),
        locked: key.locked,
        disabled: Some(key.disabled),
        created_at: Some(time_text(key.created_at)),
        created_by: key.maker().to_string(),
        modified_at: Some(time_text(key.modified_at)),
        name: key.name.clone(),
        description: Some(key.description.clone()),
        iam_id: iam_id::of(key.principal),
        account_id: account.to_string(),
        apikey: SecretText::new(text.map_or_else(String::new, |text| text.expose().clone())),
        support_sessions: Some(true),
        action_when_leaked: Some(NO_ACTION.to_owned()),
        expires_at: key.expires_at.map(time_text),
        reach: reach_of(&key.narrowing),
        history: None,
        activity: None,
    }
}

/// The key, with its version.
fn answer(
    status: StatusCode,
    key: &Stored,
    text: Option<&Secret<String>>,
) -> Result<Response, Refusal> {
    tagged(status, &to_wire(key, text), &entity_tag(key))
}

/// The action for a key that has leaked: nobody watches for it here.
const NO_ACTION: &str = "none";

/// Refuses what the original can do with a key and this server cannot, so that nobody relies on it.
fn check_served(
    action_when_leaked: Option<&str>,
    support_sessions: Option<bool>,
) -> Result<(), Refusal> {
    if action_when_leaked.is_some_and(|text| !text.is_empty() && text != NO_ACTION) {
        let message = format!(
            "`action_when_leaked` can be `{NO_ACTION}` alone: nobody watches here for keys that have leaked"
        );
        return Err(invalid("action_when_leaked", message));
    }
    if support_sessions == Some(false) {
        let message = "`support_sessions` can be `true` alone: a login with a key by the command line is a session";
        return Err(invalid("support_sessions", message.to_owned()));
    }
    Ok(())
}

/// The reach of a key, if it is narrower than its user.
fn reach_of(narrowing: &Narrowing) -> Option<KeyReach> {
    (!narrowing.is_none()).then(|| KeyReach {
        domain: narrowing.domain.map(|domain| domain.to_string()),
        only: narrowing.only().map(str::to_owned),
    })
}

/// The reach of a new key.
fn reach(wanted: Option<&KeyReach>) -> Result<Narrowing, Refusal> {
    let Some(wanted) = wanted else {
        return Ok(Narrowing::NONE);
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (domain, only) = (text(&wanted.domain), text(&wanted.only));
    check_length("reach.domain", &domain, &limit::WORD_BYTES)?;
    check_length("reach.only", &only, &limit::WORD_BYTES)?;
    if wanted.domain.is_none() && wanted.only.is_none() {
        let message = "`reach` says nothing: it takes `domain`, `only` or both";
        return Err(invalid("reach", message.to_owned()));
    }
    let domain = match &wanted.domain {
        None => None,
        Some(text) => Some(scope_id::parse(text.as_bytes()).map_err(|_| {
            let message = format!("`reach.domain`: `{text}` is no domain like `s-GUID`");
            invalid("reach.domain", message)
        })?),
    };
    let send_only = match wanted.only.as_deref() {
        None => false,
        Some(Narrowing::SEND) => true,
        Some(other) => {
            let message = format!("`reach.only` takes `send`, not `{other}`");
            return Err(invalid("reach.only", message));
        }
    };
    Ok(Narrowing { domain, send_only })
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    let of = iam_id::asked_for(&app, &caller, &params).await?;
    let page = page(&app, &caller, &own_url, &params, of)?;
    let objects = page.entries.iter().map(|key| key.id.to_string());
    let histories = Histories::asked_for(&app, &caller, &params, objects.collect()).await?;
    let listed = page.entries.iter().map(|key| ApiKey {
        history: histories.of(key.id),
        ..to_wire(key, None)
    });
    let list = ApiKeyList {
        offset: page.offset,
        limit: page.limit,
        apikeys: listed.collect(),
        first: Some(page.links.first),
        previous: page.links.previous,
        next: page.links.next,
    };
    json(StatusCode::OK, &list)
}

/// The page of keys that a request asks for.
fn page(
    app: &App,
    caller: &Identity,
    own_url: &UrlForCaller,
    params: &Params,
    principal: Option<Principal>,
) -> Result<CursorPage<Stored, String>, Refusal> {
    check_account(app, caller, params)?;
    let services = match params.one("type")? {
        None | Some("") => None,
        Some("user") => Some(false),
        Some("serviceid") => Some(true),
        Some(other) => {
            let message = format!("`type` is `user` or `serviceid`, not `{other}`");
            return Err(invalid("type", message));
        }
    };
    let everybody = match params.one("scope")? {
        None | Some("entity" | "") => false,
        Some("account") => true,
        Some(other) => {
            let message = format!("`scope` is `entity` or `account`, not `{other}`");
            return Err(invalid("scope", message));
        }
    };
    let of = KeysOf {
        principal,
        everybody,
        services,
        group: named_group(params.one("group_id")?)?,
    };
    let find = |wanted: Wanted<'_, Stored>| {
        (app.iam).api_keys_found(caller, of, wanted.shows, wanted.order, wanted.part)
    };
    LIST.page((own_url, params), |_| true, find)
}

fn expiry(text: Option<&str>) -> Result<Option<Millis>, Refusal> {
    check_length("expires_at", text.unwrap_or_default(), &limit::WORD_BYTES)?;
    match text.filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match read_time(text) {
            Some(at) => Ok(Some(at)),
            None => Err(invalid(
                "expires_at",
                format!("`{text}` is no time like `2030-01-31T12:00+0000`"),
            )),
        },
    }
}

/// The owner of a new key, if it is not for the caller.
fn owner(caller: &Identity, text: &str) -> Result<Option<Principal>, Refusal> {
    check_length("iam_id", text, &limit::WORD_BYTES)?;
    match text.parse::<Principal>() {
        Ok(principal) if principal == caller.principal() => Ok(None),
        Ok(service @ Principal::Service(_)) => Ok(Some(service)),
        _ => {
            let message = match caller.principal().iam_id() {
                Some(own_id) => format!(
                    "a key can be made for yourself or for a service ID: `iam_id` must be `{own_id}` or that of a service ID"
                ),
                None => {
                    "a key can be made for a service ID: `iam_id` must be that of one".to_owned()
                }
            };
            let problem = Problem::new(Kind::Forbidden, "insufficient_permissions", message);
            let problem = problem.field("iam_id");
            Err(Refusal(match iam_id::of_id(text) {
                Some(whole) => problem.hint(format!("write `{whole}`: the `iam_id`, not the `id`")),
                None => problem,
            }))
        }
    }
}

/// The key that a body asks for.
pub(super) fn requested_key(wanted: CreateApiKey) -> Result<NewKey, Refusal> {
    check_served(
        wanted.action_when_leaked.as_deref(),
        wanted.support_sessions,
    )?;
    if wanted.store_value == Some(true) {
        let message =
            "`store_value`: the text of a key is not kept, and shown once alone: leave it out";
        return Err(invalid("store_value", message.to_owned()));
    }
    let text = wanted.apikey.filter(|text| !text.expose().is_empty());
    Ok(NewKey {
        name: wanted.name,
        description: wanted.description.unwrap_or_default(),
        text: text.map(|text| Secret::new(text.expose().to_owned())),
        expires_at: expiry(wanted.expires_at.as_deref())?,
        narrowing: reach(wanted.reach.as_ref())?,
        ..NewKey::default()
    })
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    headers: HeaderMap,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let wanted: CreateApiKey = body(&bytes)?;
    let owner = owner(&caller, &wanted.iam_id)?;
    if let Some(account) = &wanted.account_id {
        in_own_account(&app, &caller, account)?;
    }
    let new = NewKey {
        owner,
        locked: is_set(&headers, "entity-lock", "Entity-Lock")?,
        disabled: is_set(&headers, "entity-disable", "Entity-Disable")?,
        ..requested_key(wanted)?
    };
    let (key, text) = app.iam.create_api_key(&caller, new).await?;
    answer(StatusCode::CREATED, &key, Some(&text))
}

/// A key, with its history and activity if the request asks for them.
async fn read(
    app: &App,
    caller: &Identity,
    params: &Params,
    key: &Stored,
) -> Result<Response, Refusal> {
    let history = history::asked_for(app, caller, params, key.id, None).await?;
    let activity = match activity::is_asked_for(params)? {
        true => Some(app.iam.key_activity(caller, key.id).await?),
        false => None,
    };
    let answer = ApiKey {
        history,
        activity: activity.map(activity::to_wire),
        ..to_wire(key, None)
    };
    tagged(StatusCode::OK, &answer, &entity_tag(key))
}

pub(super) async fn details(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let text = single(&headers, "iam-apikey", "IAM-ApiKey")?
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| {
            invalid(
                "IAM-ApiKey",
                "the header `IAM-ApiKey` with the key is missing".to_owned(),
            )
        })?;
    let key = app
        .iam
        .api_key_by_text(&caller, &Secret::new(text.to_owned()))
        .await?;
    read(&app, &caller, &params, &key).await
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let key = app.iam.api_key(&caller, params.id("id")?).await?;
    read(&app, &caller, &params, &key).await
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let id = params.id("id")?;
    let key = app.iam.api_key(&caller, id).await?;
    let (tag, wanted): (&str, UpdateApiKey) = sent.read()?;
    check_served(
        wanted.action_when_leaked.as_deref(),
        wanted.support_sessions,
    )?;
    if wanted.reach.is_some() && reach(wanted.reach.as_ref())? != key.narrowing {
        let message = "what a key reaches cannot be changed: make another key";
        return Err(invalid("reach", message.to_owned()));
    }
    let change = KeyChange {
        name: wanted.name,
        description: wanted.description,
        expires_at: match wanted.expires_at.as_deref() {
            None => None,
            end => Some(expiry(end)?),
        },
    };
    let key = app.iam.update_api_key(&caller, id, tag, change).await?;
    answer(StatusCode::OK, &key, None)
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(params.id::<KeyId>("id")?);
    app.iam.delete_api_key(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn set_switch(
    app: &App,
    caller: &Identity,
    id: OfVersion<KeyId>,
    switch: Switch,
    on: bool,
) -> Result<Response, Refusal> {
    app.iam.switch_api_key(caller, id, switch, on).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn lock(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(params.id("id")?);
    set_switch(&app, &caller, id, Switch::Locked, true).await
}

pub(super) async fn unlock(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(params.id("id")?);
    set_switch(&app, &caller, id, Switch::Locked, false).await
}

pub(super) async fn disable(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(params.id("id")?);
    set_switch(&app, &caller, id, Switch::Disabled, true).await
}

pub(super) async fn enable(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(params.id("id")?);
    set_switch(&app, &caller, id, Switch::Disabled, false).await
}
