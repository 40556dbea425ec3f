//! `/v1/accounts/{account}/limits/identity`: how many service IDs, groups of them, API keys, trusted profiles, and rules and links
//! of theirs an account has, and how many it may have. What is not counted here is refused by its name.
//!
//! A query and a body ask for the same counters: those of the whole account by a flag, all others by the ids of what is counted.

use super::iam_id;
use super::reply::json;
use crate::app::App;
use crate::http::invalid::{invalid, unserved};
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::{Params, body, rest_of_body};
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::Response;
use base::id::{AccessGroupId, ProfileId, ServiceGroupId};
use base::limit;
use base::principal::Principal;
use http::StatusCode;
use iam::manage::identity_usage::{LimitUsage, ProfilePart};
use iam::{IamError, Identity};
use serde_json::{Map, Value};
use std::sync::Arc;
use wire::excerpt;
use wire::iam::identity_limits::{
    ApiKeysPerIdentity, ClaimRulesPerGroup, CountsPerProfile, GroupCount, IdentityCount,
    IdentityLimits, IdentityLimitsRequest, LimitCount, ProfileCount, ServiceIdsPerGroup,
};

/// Counters of the original that are not served.
const UNSERVED: [&str; 3] = ["templates", "template_versions_per_template", "idps"];

/// The counters that a query asks for.
fn of_query(params: &Params) -> Result<IdentityLimitsRequest, Refusal> {
    let flag = |name| params.flag(name).map(Some);
    let ids = |name| -> Result<Option<Vec<String>>, Refusal> {
        let text = params.one(name)?.filter(|text| !text.is_empty());
        Ok(text.map(|text| text.split(',').map(str::to_owned).collect()))
    };
    Ok(IdentityLimitsRequest {
        serviceid_groups: flag("serviceid_groups")?,
        serviceids_per_group: ids("serviceids_per_group")?,
        apikeys_per_identity: ids("apikeys_per_identity")?,
        profiles: flag("profiles")?,
        claim_rules_per_group: ids("claim_rules_per_group")?,
        claim_rules_per_profile: ids("claim_rules_per_profile")?,
        cr_links: flag("cr_links")?,
        cr_links_per_profile: ids("cr_links_per_profile")?,
        cr_rules: flag("cr_rules")?,
        cr_rules_per_profile: ids("cr_rules_per_profile")?,
    })
}

/// The things of which each is counted by itself, for the counters that were asked for.
#[derive(Debug, Default)]
struct NamedThings {
    serviceids_per_group: Option<Vec<ServiceGroupId>>,
    apikeys_per_identity: Option<Vec<Principal>>,
    claim_rules_per_group: Option<Vec<AccessGroupId>>,
    claim_rules_per_profile: Option<Vec<ProfileId>>,
    cr_links_per_profile: Option<Vec<ProfileId>>,
    cr_rules_per_profile: Option<Vec<ProfileId>>,
}

impl NamedThings {
    fn read(wanted: &IdentityLimitsRequest) -> Result<Self, Refusal> {
        // By its id, `Profile-…`, or by its IAM id.
        let profile = |text: &str| ProfileId::from_either(text).ok();
        Ok(Self {
            serviceids_per_group: ids(
                "serviceids_per_group",
                wanted.serviceids_per_group.as_deref(),
                |text| text.parse().ok(),
            )?,
            apikeys_per_identity: ids(
                "apikeys_per_identity",
                wanted.apikeys_per_identity.as_deref(),
                |text| text.parse().ok(),
            )?,
            claim_rules_per_group: ids(
                "claim_rules_per_group",
                wanted.claim_rules_per_group.as_deref(),
                |text| text.parse().ok(),
            )?,
            claim_rules_per_profile: ids(
                "claim_rules_per_profile",
                wanted.claim_rules_per_profile.as_deref(),
                profile,
            )?,
            cr_links_per_profile: ids(
                "cr_links_per_profile",
                wanted.cr_links_per_profile.as_deref(),
                profile,
            )?,
            cr_rules_per_profile: ids(
                "cr_rules_per_profile",
                wanted.cr_rules_per_profile.as_deref(),
                profile,
            )?,
        })
    }
}

/// The ids that a field holds, if it is there: no more than a page has entries.
fn ids<T>(
    field: &'static str,
    texts: Option<&[String]>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<Vec<T>>, Refusal> {
    let Some(texts) = texts else {
        return Ok(None);
    };
    let most = limit::PAGE_ENTRIES.default;
    if texts.len() as u64 > most {
        let name = limit::PAGE_ENTRIES.name;
        let message = format!("`{field}` names more than `{name}` = {most} ids");
        let Refusal(problem) = invalid(field, message);
        return Err(Refusal(problem.limit(&limit::PAGE_ENTRIES)));
    }
    let each = texts.iter().map(|text| {
        read(text.trim()).ok_or_else(|| {
            let excerpt = excerpt::beginning(text.trim());
            let message = format!("`{field}` holds `{excerpt}`, which is no such id");
            invalid(field, message)
        })
    });
    each.collect::<Result<Vec<T>, Refusal>>().map(Some)
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
        Some(name) => Err(unserved(name)),
    }
}

/// The account of the path, whose limits the caller may see.
fn account(app: &App, caller: &Identity, params: &Params) -> Result<(), Refusal> {
    let account = params.id("account")?;
    app.iam.require_default_account(caller, account)?;
    Ok(app.iam.may_read_usage(caller)?)
}

/// A limit that is the same for all, and how much is used of it by each thing, by its id.
struct UsageByThing {
    limit: u64,
    counts: Vec<(String, u64)>,
}

impl UsageByThing {
    /// The usages of these things, in their order.
    fn of<T>(things: &[T], usages: &[LimitUsage], id: impl Fn(&T) -> String) -> Self {
        let counts = usages.iter().map(|usage| usage.count);
        Self {
            limit: usages.first().map_or(0, |usage| usage.limit),
            counts: things.iter().map(id).zip(counts).collect(),
        }
    }

    fn groups(self) -> Vec<GroupCount> {
        let all = self.counts.into_iter();
        all.map(|(group_id, count)| GroupCount { group_id, count })
            .collect()
    }
}

/// The usage of each of these.
fn usages<T: Copy>(
    things: &[T],
    usage: impl Fn(T) -> Result<LimitUsage, IamError>,
) -> Result<Vec<LimitUsage>, IamError> {
    things.iter().map(|thing| usage(*thing)).collect()
}

/// The counters of one account, for a caller who may see them.
struct Counters<'a> {
    app: &'a App,
    caller: &'a Identity,
}

impl Counters<'_> {
    /// Groups of service IDs.
    async fn service_id_groups(
        &self,
        wanted: Option<bool>,
    ) -> Result<Option<LimitCount>, IamError> {
        match wanted {
            Some(true) => {
                let usage = self.app.iam.service_id_group_usage(self.caller).await?;
                Ok(Some(to_wire(usage)))
            }
            Some(false) | None => Ok(None),
        }
    }

    fn profiles(&self, wanted: Option<bool>) -> Result<Option<LimitCount>, IamError> {
        match wanted {
            Some(true) => Ok(Some(to_wire(self.app.iam.profile_usage(self.caller)?))),
            Some(false) | None => Ok(None),
        }
    }

    /// Links or rules of all trusted profiles.
    fn parts_of_profiles(
        &self,
        wanted: Option<bool>,
        part: ProfilePart,
    ) -> Result<Option<LimitCount>, IamError> {
        match wanted {
            Some(true) => {
                let usage = self.app.iam.profile_parts_usage(self.caller, part)?;
                Ok(Some(to_wire(usage)))
            }
            Some(false) | None => Ok(None),
        }
    }

    fn service_ids_per_group(
        &self,
        groups: &[ServiceGroupId],
    ) -> Result<ServiceIdsPerGroup, IamError> {
        let usages = self.app.iam.service_id_usage(self.caller, groups)?;
        let usage = UsageByThing::of(groups, &usages, ToString::to_string);
        Ok(ServiceIdsPerGroup {
            limit: usage.limit,
            serviceid_groups: usage.groups(),
        })
    }

    fn keys_per_identity(&self, identities: &[Principal]) -> Result<ApiKeysPerIdentity, IamError> {
        let usage = |identity| self.app.iam.api_key_usage(self.caller, identity);
        let usages = usages(identities, usage)?;
        let usage = UsageByThing::of(identities, &usages, |identity| iam_id::of(*identity));
        let all = usage.counts.into_iter();
        Ok(ApiKeysPerIdentity {
            limit: usage.limit,
            identities: all
                .map(|(iam_id, count)| IdentityCount { iam_id, count })
                .collect(),
        })
    }

    fn rules_per_group(&self, groups: &[AccessGroupId]) -> Result<ClaimRulesPerGroup, IamError> {
        let usage = |group| self.app.iam.group_rule_usage(self.caller, group);
        let usages = usages(groups, usage)?;
        let usage = UsageByThing::of(groups, &usages, ToString::to_string);
        Ok(ClaimRulesPerGroup {
            limit: usage.limit,
            access_groups: usage.groups(),
        })
    }

    /// Links or rules of each of these trusted profiles.
    fn parts_per_profile(
        &self,
        profiles: &[ProfileId],
        part: ProfilePart,
    ) -> Result<CountsPerProfile, IamError> {
        let usage = |profile| self.app.iam.profile_part_usage(self.caller, part, profile);
        let usages = usages(profiles, usage)?;
        let usage = UsageByThing::of(profiles, &usages, |profile| profile.object_id());
        let all = usage.counts.into_iter();
        Ok(CountsPerProfile {
            limit: usage.limit,
            profiles: all
                .map(|(profile_id, count)| ProfileCount { profile_id, count })
                .collect(),
        })
    }
}

const fn to_wire(usage: LimitUsage) -> LimitCount {
    LimitCount {
        limit: usage.limit,
        count: usage.count,
    }
}

async fn counted(
    app: &App,
    caller: &Identity,
    wanted: &IdentityLimitsRequest,
) -> Result<Response, Refusal> {
    let named = NamedThings::read(wanted)?;
    let counters = Counters { app, caller };
    let of_profiles = |profiles: Option<Vec<ProfileId>>, part| {
        let counted = profiles.map(|profiles| counters.parts_per_profile(&profiles, part));
        counted.transpose()
    };
    let (links, rules) = (ProfilePart::Links, ProfilePart::ComputeResourceRules);
    let answer = IdentityLimits {
        serviceid_groups: counters.service_id_groups(wanted.serviceid_groups).await?,
        profiles: counters.profiles(wanted.profiles)?,
        cr_links: counters.parts_of_profiles(wanted.cr_links, links)?,
        cr_rules: counters.parts_of_profiles(wanted.cr_rules, rules)?,
        serviceids_per_group: (named.serviceids_per_group)
            .map(|groups| counters.service_ids_per_group(&groups))
            .transpose()?,
        apikeys_per_identity: (named.apikeys_per_identity)
            .map(|identities| counters.keys_per_identity(&identities))
            .transpose()?,
        claim_rules_per_group: (named.claim_rules_per_group)
            .map(|groups| counters.rules_per_group(&groups))
            .transpose()?,
        claim_rules_per_profile: of_profiles(named.claim_rules_per_profile, ProfilePart::Rules)?,
        cr_links_per_profile: of_profiles(named.cr_links_per_profile, links)?,
        cr_rules_per_profile: of_profiles(named.cr_rules_per_profile, rules)?,
    };
    json(StatusCode::OK, &answer)
}

/// For Administrators of the account: 200; 400 for what is not counted and for what is no id, 403 for others, 404 for an account
/// that the caller is not in.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    account(&app, &caller, &params)?;
    params.refuse_unserved(&UNSERVED)?;
    counted(&app, &caller, &of_query(&params)?).await
}

/// As [`show`], for lists that are too long for a query.
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
    let wanted: IdentityLimitsRequest = rest_of_body(members)?;
    counted(&app, &caller, &wanted).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(texts: &[String]) -> Result<Option<Vec<ProfileId>>, Refusal> {
        let wanted = IdentityLimitsRequest {
            cr_links_per_profile: Some(texts.to_vec()),
            ..IdentityLimitsRequest::default()
        };
        NamedThings::read(&wanted).map(|named| named.cr_links_per_profile)
    }

    #[test]
    fn ids_are_read_up_to_a_page_of_them_and_what_is_none_is_refused_by_its_field() {
        let id = "Profile-00000000-0000-4000-8000-000000000000";
        let read = profiles(&[format!(" {id}"), format!("iam-{id}")]).unwrap();
        let read = read.unwrap();
        assert_eq!((read.len(), read[0].object_id().as_str()), (2, id));
        assert_eq!(read[0], read[1]);
        let most = usize::try_from(limit::PAGE_ENTRIES.default).unwrap();
        assert!(profiles(&vec![id.to_owned(); most]).is_ok());
        let too_many = vec![id.to_owned(); most + 1];
        for (wrong, about) in [
            (too_many, "page_entries"),
            (vec!["x".to_owned()], "`x`"),
            (vec![String::new()], "no such id"),
        ] {
            let Refusal(problem) = profiles(&wrong).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some("cr_links_per_profile"));
            assert!(problem.message.contains(about), "{}", problem.message);
        }
    }

    #[test]
    fn what_is_not_asked_for_is_not_counted_and_an_empty_list_is() {
        let named = NamedThings::read(&IdentityLimitsRequest::default()).unwrap();
        assert!(named.serviceids_per_group.is_none() && named.apikeys_per_identity.is_none());
        assert_eq!(profiles(&[]).unwrap(), Some(Vec::new()));
    }
}
