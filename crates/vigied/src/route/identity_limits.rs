//! `/v1/accounts/{account}/limits/identity`: how many service IDs, groups of them and API keys an account has, and how many it
//! may have. What is not counted here is refused by its name.

use super::api_key::invalid;
use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body, rest_of_body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::Response;
use base::id::ServiceGroupId;
use base::limit;
use base::principal::Principal;
use http::StatusCode;
use iam::Identity;
use iam::manage::identity_usage::LimitUsage;
use serde_json::{Map, Value};
use std::str::FromStr;
use std::sync::Arc;
use wire::iam::identity_limits::{
    ApiKeysPerIdentity, GroupCount, IdentityCount, IdentityLimits, IdentityLimitsRequest,
    LimitCount, ServiceIdsPerGroup,
};

/// Counters of the original that are not served.
const UNSERVED: [&str; 10] = [
    "profiles",
    "templates",
    "template_versions_per_template",
    "idps",
    "claim_rules_per_group",
    "claim_rules_per_profile",
    "cr_links",
    "cr_links_per_profile",
    "cr_rules",
    "cr_rules_per_profile",
];

/// The counters that a request asks for.
struct Wish {
    serviceid_groups: bool,
    serviceids_per_group: Option<Vec<ServiceGroupId>>,
    apikeys_per_identity: Option<Vec<Principal>>,
}

/// Ids in a field: no more than a page has entries.
fn ids<'a, T: FromStr>(
    field: &'static str,
    texts: impl Iterator<Item = &'a str>,
) -> Result<Vec<T>, Refusal> {
    let most = usize::try_from(limit::PAGE_ENTRIES.default).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for id in texts {
        if found.len() == most {
            let name = limit::PAGE_ENTRIES.name;
            let message = format!("`{field}` names more than `{name}` = {most} ids");
            let Refusal(problem) = invalid(field, message);
            return Err(Refusal(problem.limit(&limit::PAGE_ENTRIES)));
        }
        let read = id.trim().parse::<T>().map_err(|_| {
            let excerpt: String = id.chars().take(80).collect();
            invalid(
                field,
                format!("`{field}` holds `{excerpt}`, which is no such id"),
            )
        });
        found.push(read?);
    }
    Ok(found)
}

/// The ids of a parameter, if the request has it.
fn ids_of_query<T: FromStr>(
    params: &Params,
    field: &'static str,
) -> Result<Option<Vec<T>>, Refusal> {
    let text = params.one(field)?.filter(|text| !text.is_empty());
    text.map(|text| ids(field, text.split(','))).transpose()
}

/// The ids of a member of the body, if it has it.
fn ids_of_body<T: FromStr>(
    field: &'static str,
    texts: Option<&[String]>,
) -> Result<Option<Vec<T>>, Refusal> {
    let read = |texts: &[String]| ids(field, texts.iter().map(String::as_str));
    texts.map(read).transpose()
}

/// Refuses members of the body that ask for counters which are not served.
fn refuse_unserved(members: &Map<String, Value>) -> Result<(), Refusal> {
    let asks = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(all) => !all.is_empty(),
        _ => true,
    };
    let wished = |name: &&str| members.get(*name).is_some_and(asks);
    match UNSERVED.into_iter().find(wished) {
        None => Ok(()),
        Some(name) => {
            let message = format!("`{name}` is not served here: leave it out");
            Err(invalid(name, message))
        }
    }
}

/// The account of the path, whose limits the caller may see.
fn account(app: &App, caller: &Identity, params: &Params) -> Result<(), Refusal> {
    let account = params.id("account")?;
    app.iam.require_default_account(caller, account)?;
    Ok(app.iam.may_manage_service_ids(caller)?)
}

async fn counted(app: &App, caller: &Identity, wish: Wish) -> Result<Response, Refusal> {
    let mut answer = IdentityLimits::default();
    if wish.serviceid_groups {
        let LimitUsage { limit, count } = app.iam.service_id_group_usage(caller).await?;
        answer.serviceid_groups = Some(LimitCount { limit, count });
    }
    if let Some(groups) = wish.serviceids_per_group {
        let mut own = ServiceIdsPerGroup::default();
        for group in groups {
            let usage = app.iam.service_id_usage(caller, group)?;
            own.limit = usage.limit;
            own.serviceid_groups.push(GroupCount {
                group_id: group.to_string(),
                count: usage.count,
            });
        }
        answer.serviceids_per_group = Some(own);
    }
    if let Some(identities) = wish.apikeys_per_identity {
        let mut own = ApiKeysPerIdentity::default();
        for principal in identities {
            let usage = app.iam.api_key_usage(caller, principal)?;
            own.limit = usage.limit;
            own.identities.push(IdentityCount {
                iam_id: principal.to_string(),
                count: usage.count,
            });
        }
        answer.apikeys_per_identity = Some(own);
    }
    json(StatusCode::OK, &answer)
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    account(&app, &caller, &params)?;
    params.refuse_unserved(&UNSERVED)?;
    let wish = Wish {
        serviceid_groups: params.flag("serviceid_groups")?,
        serviceids_per_group: ids_of_query(&params, "serviceids_per_group")?,
        apikeys_per_identity: ids_of_query(&params, "apikeys_per_identity")?,
    };
    counted(&app, &caller, wish).await
}

/// The same for longer lists, which a query has no room for.
pub(super) async fn show_several(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    account(&app, &caller, &params)?;
    let mut members: Map<String, Value> = body(&bytes)?;
    refuse_unserved(&members)?;
    members.retain(|name, _| !UNSERVED.contains(&name.as_str()));
    let asked: IdentityLimitsRequest = rest_of_body(members)?;
    let groups = asked.serviceids_per_group.as_deref();
    let identities = asked.apikeys_per_identity.as_deref();
    let wish = Wish {
        serviceid_groups: asked.serviceid_groups.unwrap_or_default(),
        serviceids_per_group: ids_of_body("serviceids_per_group", groups)?,
        apikeys_per_identity: ids_of_body("apikeys_per_identity", identities)?,
    };
    counted(&app, &caller, wish).await
}
