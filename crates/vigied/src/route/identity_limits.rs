//! `/v1/accounts/{account}/limits/identity`: how many service IDs, groups of them and API keys an account has, and how many it
//! may have. What is not counted here is refused by its name.

use super::api_key::invalid;
use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::Params;
use axum::extract::State;
use axum::response::Response;
use base::id::ServiceGroupId;
use base::limit;
use base::principal::Principal;
use http::StatusCode;
use iam::manage::identity_usage::LimitUsage;
use std::str::FromStr;
use std::sync::Arc;
use wire::iam::identity_limits::{
    ApiKeysPerIdentity, GroupCount, IdentityCount, IdentityLimits, LimitCount, ServiceIdsPerGroup,
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

/// The ids of a parameter, if the request has it: no more than a page has entries.
fn ids<T: FromStr>(params: &Params, field: &'static str) -> Result<Option<Vec<T>>, Refusal> {
    let Some(text) = params.one(field)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let most = usize::try_from(limit::PAGE_ENTRIES.default).unwrap_or(usize::MAX);
    if text.split(',').count() > most {
        let name = limit::PAGE_ENTRIES.name;
        let message = format!("`{field}` names more than `{name}` = {most} ids");
        let Refusal(problem) = invalid(field, message);
        return Err(Refusal(problem.limit(&limit::PAGE_ENTRIES)));
    }
    let read = |id: &str| {
        id.trim().parse::<T>().map_err(|_| {
            let excerpt: String = id.chars().take(80).collect();
            invalid(
                field,
                format!("`{field}` holds `{excerpt}`, which is no such id"),
            )
        })
    };
    text.split(',')
        .map(read)
        .collect::<Result<_, _>>()
        .map(Some)
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let account = params.id("account")?;
    app.iam.require_default_account(&caller, account)?;
    app.iam.may_manage_service_ids(&caller)?;
    params.refuse_unserved(&UNSERVED)?;
    let groups: Option<Vec<ServiceGroupId>> = ids(&params, "serviceids_per_group")?;
    let identities: Option<Vec<Principal>> = ids(&params, "apikeys_per_identity")?;
    let mut answer = IdentityLimits::default();
    if params.flag("serviceid_groups")? {
        let LimitUsage { limit, count } = app.iam.service_id_group_usage(&caller).await?;
        answer.serviceid_groups = Some(LimitCount { limit, count });
    }
    if let Some(groups) = groups {
        let mut own = ServiceIdsPerGroup::default();
        for group in groups {
            let usage = app.iam.service_id_usage(&caller, group)?;
            own.limit = usage.limit;
            own.serviceid_groups.push(GroupCount {
                group_id: group.to_string(),
                count: usage.count,
            });
        }
        answer.serviceids_per_group = Some(own);
    }
    if let Some(identities) = identities {
        let mut own = ApiKeysPerIdentity::default();
        for principal in identities {
            let usage = app.iam.api_key_usage(&caller, principal)?;
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
