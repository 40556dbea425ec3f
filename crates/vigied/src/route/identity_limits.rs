//! `/v1/accounts/{account}/limits/identity`: how many service IDs, groups of them, API keys, trusted profiles, and rules and links
//! of theirs an account has, and how many it may have. What is not counted here is refused by its name.

use super::api_key::invalid;
use super::reply::json;
use super::trusted_profile;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body, rest_of_body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::Response;
use base::id::{AccessGroupId, IdError, ProfileId, ServiceGroupId};
use base::limit;
use base::principal::Principal;
use http::StatusCode;
use iam::Identity;
use iam::manage::identity_usage::{LimitUsage, ProfilePart};
use serde_json::{Map, Value};
use std::str::FromStr;
use std::sync::Arc;
use wire::iam::identity_limits::{
    ApiKeysPerIdentity, ClaimRulesPerGroup, CountsPerProfile, GroupCount, IdentityCount,
    IdentityLimits, IdentityLimitsRequest, LimitCount, ProfileCount, ServiceIdsPerGroup,
};

/// Counters of the original that are not served.
const UNSERVED: [&str; 3] = ["templates", "template_versions_per_template", "idps"];

/// A trusted profile by its id, `Profile-…`, or by its IAM id.
struct NamedProfile(ProfileId);

impl FromStr for NamedProfile {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        trusted_profile::parse_id(text).map(Self)
    }
}

/// The counters that a request asks for.
struct Wish {
    serviceid_groups: bool,
    serviceids_per_group: Option<Vec<ServiceGroupId>>,
    apikeys_per_identity: Option<Vec<Principal>>,
    profiles: bool,
    claim_rules_per_group: Option<Vec<AccessGroupId>>,
    claim_rules_per_profile: Option<Vec<NamedProfile>>,
    cr_links: bool,
    cr_links_per_profile: Option<Vec<NamedProfile>>,
    cr_rules: bool,
    cr_rules_per_profile: Option<Vec<NamedProfile>>,
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

const fn limit_count(LimitUsage { limit, count }: LimitUsage) -> LimitCount {
    LimitCount { limit, count }
}

/// A part of each of the named profiles.
fn per_profile(
    app: &App,
    caller: &Identity,
    part: ProfilePart,
    named: Option<Vec<NamedProfile>>,
) -> Result<Option<CountsPerProfile>, Refusal> {
    let Some(named) = named else {
        return Ok(None);
    };
    let mut counts = CountsPerProfile::default();
    for NamedProfile(id) in named {
        let usage = app.iam.profile_part_usage(caller, part, id)?;
        counts.limit = usage.limit;
        counts.profiles.push(ProfileCount {
            profile_id: trusted_profile::shown_id(id),
            count: usage.count,
        });
    }
    Ok(Some(counts))
}

/// The counters of trusted profiles and of the rules of access groups.
fn count_profiles(
    app: &App,
    caller: &Identity,
    wish: Wish,
    answer: &mut IdentityLimits,
) -> Result<(), Refusal> {
    let whole = |is_asked: bool, part: ProfilePart| {
        let usage = is_asked.then(|| app.iam.profile_parts_usage(caller, part));
        usage.transpose().map(|usage| usage.map(limit_count))
    };
    if wish.profiles {
        answer.profiles = Some(limit_count(app.iam.profile_usage(caller)?));
    }
    answer.cr_links = whole(wish.cr_links, ProfilePart::Links)?;
    answer.cr_rules = whole(wish.cr_rules, ProfilePart::ComputeResourceRules)?;
    let (rules, named) = (ProfilePart::Rules, wish.claim_rules_per_profile);
    answer.claim_rules_per_profile = per_profile(app, caller, rules, named)?;
    let (links, named) = (ProfilePart::Links, wish.cr_links_per_profile);
    answer.cr_links_per_profile = per_profile(app, caller, links, named)?;
    let (rules, named) = (ProfilePart::ComputeResourceRules, wish.cr_rules_per_profile);
    answer.cr_rules_per_profile = per_profile(app, caller, rules, named)?;
    if let Some(groups) = wish.claim_rules_per_group {
        let mut counts = ClaimRulesPerGroup::default();
        for group in groups {
            let usage = app.iam.group_rule_usage(caller, group)?;
            counts.limit = usage.limit;
            counts.access_groups.push(GroupCount {
                group_id: group.to_string(),
                count: usage.count,
            });
        }
        answer.claim_rules_per_group = Some(counts);
    }
    Ok(())
}

async fn counted(app: &App, caller: &Identity, mut wish: Wish) -> Result<Response, Refusal> {
    let mut answer = IdentityLimits::default();
    if wish.serviceid_groups {
        answer.serviceid_groups = Some(limit_count(app.iam.service_id_group_usage(caller).await?));
    }
    if let Some(groups) = wish.serviceids_per_group.take() {
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
    if let Some(identities) = wish.apikeys_per_identity.take() {
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
    count_profiles(app, caller, wish, &mut answer)?;
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
        profiles: params.flag("profiles")?,
        claim_rules_per_group: ids_of_query(&params, "claim_rules_per_group")?,
        claim_rules_per_profile: ids_of_query(&params, "claim_rules_per_profile")?,
        cr_links: params.flag("cr_links")?,
        cr_links_per_profile: ids_of_query(&params, "cr_links_per_profile")?,
        cr_rules: params.flag("cr_rules")?,
        cr_rules_per_profile: ids_of_query(&params, "cr_rules_per_profile")?,
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
    let access_groups = asked.claim_rules_per_group.as_deref();
    let rules = asked.claim_rules_per_profile.as_deref();
    let links = asked.cr_links_per_profile.as_deref();
    let resource_rules = asked.cr_rules_per_profile.as_deref();
    let wish = Wish {
        serviceid_groups: asked.serviceid_groups.unwrap_or_default(),
        serviceids_per_group: ids_of_body("serviceids_per_group", groups)?,
        apikeys_per_identity: ids_of_body("apikeys_per_identity", identities)?,
        profiles: asked.profiles.unwrap_or_default(),
        claim_rules_per_group: ids_of_body("claim_rules_per_group", access_groups)?,
        claim_rules_per_profile: ids_of_body("claim_rules_per_profile", rules)?,
        cr_links: asked.cr_links.unwrap_or_default(),
        cr_links_per_profile: ids_of_body("cr_links_per_profile", links)?,
        cr_rules: asked.cr_rules.unwrap_or_default(),
        cr_rules_per_profile: ids_of_body("cr_rules_per_profile", resource_rules)?,
    };
    counted(&app, &caller, wish).await
}
