//! `/v1/accounts/{account}/limits/identity`: how many service IDs, groups of them, API keys, trusted profiles, and rules and links
//! of theirs an account has, and how many it may have. What is not counted here is refused by its name.

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
use iam::{Iam, IamError, Identity};
use serde_json::{Map, Value};
use std::sync::Arc;
use wire::excerpt;
use wire::iam::identity_limits::{
    ApiKeysPerIdentity, ClaimRulesPerGroup, CountsPerProfile, GroupCount, IdentityCount,
    IdentityLimits, IdentityLimitsRequest, LimitCount, ProfileCount, ServiceIdsPerGroup,
};

/// A counter of the whole account.
struct Whole {
    /// The name by which it is asked for.
    name: &'static str,
    of: WholeOf,
    put: fn(&mut IdentityLimits, LimitCount),
}

#[derive(Clone, Copy)]
enum WholeOf {
    ServiceIdGroups,
    Profiles,
    Parts(ProfilePart),
}

/// A counter of each of several things, whose ids the request names.
struct Each {
    /// The name by which it is asked for.
    name: &'static str,
    of: EachOf,
    put: fn(&mut IdentityLimits, Counts),
}

#[derive(Clone, Copy)]
enum EachOf {
    ServiceIdsOfGroup,
    KeysOfIdentity,
    RulesOfGroup,
    PartsOfProfile(ProfilePart),
}

/// A limit that is the same for all, and how much is used of it by each.
#[derive(Default)]
struct Counts {
    limit: u64,
    by_id: Vec<(String, u64)>,
}

static WHOLE: [Whole; 4] = [
    Whole {
        name: "serviceid_groups",
        of: WholeOf::ServiceIdGroups,
        put: |answer, count| answer.serviceid_groups = Some(count),
    },
    Whole {
        name: "profiles",
        of: WholeOf::Profiles,
        put: |answer, count| answer.profiles = Some(count),
    },
    Whole {
        name: "cr_links",
        of: WholeOf::Parts(ProfilePart::Links),
        put: |answer, count| answer.cr_links = Some(count),
    },
    Whole {
        name: "cr_rules",
        of: WholeOf::Parts(ProfilePart::ComputeResourceRules),
        put: |answer, count| answer.cr_rules = Some(count),
    },
];

static EACH: [Each; 6] = [
    Each {
        name: "serviceids_per_group",
        of: EachOf::ServiceIdsOfGroup,
        put: |answer, counts| {
            answer.serviceids_per_group = Some(ServiceIdsPerGroup {
                limit: counts.limit,
                serviceid_groups: by_group(counts),
            });
        },
    },
    Each {
        name: "apikeys_per_identity",
        of: EachOf::KeysOfIdentity,
        put: |answer, counts| {
            let all = counts.by_id.into_iter();
            answer.apikeys_per_identity = Some(ApiKeysPerIdentity {
                limit: counts.limit,
                identities: all
                    .map(|(iam_id, count)| IdentityCount { iam_id, count })
                    .collect(),
            });
        },
    },
    Each {
        name: "claim_rules_per_group",
        of: EachOf::RulesOfGroup,
        put: |answer, counts| {
            answer.claim_rules_per_group = Some(ClaimRulesPerGroup {
                limit: counts.limit,
                access_groups: by_group(counts),
            });
        },
    },
    Each {
        name: "claim_rules_per_profile",
        of: EachOf::PartsOfProfile(ProfilePart::Rules),
        put: |answer, counts| answer.claim_rules_per_profile = Some(by_profile(counts)),
    },
    Each {
        name: "cr_links_per_profile",
        of: EachOf::PartsOfProfile(ProfilePart::Links),
        put: |answer, counts| answer.cr_links_per_profile = Some(by_profile(counts)),
    },
    Each {
        name: "cr_rules_per_profile",
        of: EachOf::PartsOfProfile(ProfilePart::ComputeResourceRules),
        put: |answer, counts| answer.cr_rules_per_profile = Some(by_profile(counts)),
    },
];

/// Counters of the original that are not served.
const UNSERVED: [&str; 3] = ["templates", "template_versions_per_template", "idps"];

fn by_group(counts: Counts) -> Vec<GroupCount> {
    let all = counts.by_id.into_iter();
    all.map(|(group_id, count)| GroupCount { group_id, count })
        .collect()
}

fn by_profile(counts: Counts) -> CountsPerProfile {
    let all = counts.by_id.into_iter();
    CountsPerProfile {
        limit: counts.limit,
        profiles: all
            .map(|(profile_id, count)| ProfileCount { profile_id, count })
            .collect(),
    }
}

impl WholeOf {
    async fn usage(self, iam: &Iam, caller: &Identity) -> Result<LimitUsage, IamError> {
        match self {
            Self::ServiceIdGroups => iam.service_id_group_usage(caller).await,
            Self::Profiles => iam.profile_usage(caller),
            Self::Parts(part) => iam.profile_parts_usage(caller, part),
        }
    }
}

/// What the ids in a request name.
enum Named {
    ServiceIdGroups(Vec<ServiceGroupId>),
    Identities(Vec<Principal>),
    AccessGroups(Vec<AccessGroupId>),
    Profiles(ProfilePart, Vec<ProfileId>),
}

/// All of these ids, or the first that is none.
fn all_read<'a, T, E>(
    texts: &[&'a str],
    read: impl Fn(&'a str) -> Result<T, E>,
) -> Result<Vec<T>, &'a str> {
    let texts = texts.iter().copied();
    texts.map(|text| read(text).map_err(|_| text)).collect()
}

impl EachOf {
    /// What these ids name, or the first that is none.
    fn read<'a>(self, ids: &[&'a str]) -> Result<Named, &'a str> {
        Ok(match self {
            Self::ServiceIdsOfGroup => Named::ServiceIdGroups(all_read(ids, str::parse)?),
            Self::KeysOfIdentity => Named::Identities(all_read(ids, str::parse)?),
            Self::RulesOfGroup => Named::AccessGroups(all_read(ids, str::parse)?),
            // By its id, `Profile-…`, or by its IAM id.
            Self::PartsOfProfile(part) => {
                Named::Profiles(part, all_read(ids, ProfileId::from_either)?)
            }
        })
    }
}

impl Named {
    /// The usage of each.
    fn usages(&self, iam: &Iam, caller: &Identity) -> Result<Vec<LimitUsage>, IamError> {
        match self {
            Self::ServiceIdGroups(groups) => iam.service_id_usage(caller, groups),
            Self::Identities(principals) => {
                let all = principals.iter();
                all.map(|principal| iam.api_key_usage(caller, *principal))
                    .collect()
            }
            Self::AccessGroups(groups) => {
                let all = groups.iter();
                all.map(|group| iam.group_rule_usage(caller, *group))
                    .collect()
            }
            Self::Profiles(part, profiles) => {
                let all = profiles.iter();
                all.map(|profile| iam.profile_part_usage(caller, *part, *profile))
                    .collect()
            }
        }
    }

    /// Their ids in the answer.
    fn ids_in_answer(&self) -> Vec<String> {
        match self {
            Self::ServiceIdGroups(groups) => groups.iter().map(ToString::to_string).collect(),
            Self::Identities(principals) => principals.iter().map(ToString::to_string).collect(),
            Self::AccessGroups(groups) => groups.iter().map(ToString::to_string).collect(),
            Self::Profiles(_, profiles) => {
                profiles.iter().map(|profile| profile.object_id()).collect()
            }
        }
    }
}

/// The counters that a request asks for.
#[derive(Default)]
struct Asked {
    whole: Vec<&'static Whole>,
    each: Vec<(&'static Each, Named)>,
}

impl Asked {
    fn of_query(params: &Params) -> Result<Self, Refusal> {
        let mut asked = Self::default();
        for counter in &WHOLE {
            if params.flag(counter.name)? {
                asked.whole.push(counter);
            }
        }
        for counter in &EACH {
            if let Some(text) = params.one(counter.name)?.filter(|text| !text.is_empty()) {
                asked.each.push((counter, ids(counter, text.split(','))?));
            }
        }
        Ok(asked)
    }

    fn of_body(wanted: &IdentityLimitsRequest) -> Result<Self, Refusal> {
        // Flags and texts are always written.
        let members = serde_json::to_value(wanted).unwrap_or_default();
        let mut asked = Self::default();
        for counter in &WHOLE {
            if members.get(counter.name) == Some(&Value::Bool(true)) {
                asked.whole.push(counter);
            }
        }
        for counter in &EACH {
            if let Some(texts) = members.get(counter.name).and_then(Value::as_array) {
                let texts = texts.iter().filter_map(Value::as_str);
                asked.each.push((counter, ids(counter, texts)?));
            }
        }
        Ok(asked)
    }
}

/// The ids that a request names for a counter: no more than a page has entries.
fn ids<'a>(counter: &'static Each, texts: impl Iterator<Item = &'a str>) -> Result<Named, Refusal> {
    let (field, most) = (counter.name, limit::PAGE_ENTRIES.default);
    let mut ids = Vec::new();
    for id in texts {
        if ids.len() as u64 == most {
            let name = limit::PAGE_ENTRIES.name;
            let message = format!("`{field}` names more than `{name}` = {most} ids");
            let Refusal(problem) = invalid(field, message);
            return Err(Refusal(problem.limit(&limit::PAGE_ENTRIES)));
        }
        ids.push(id.trim());
    }
    counter.of.read(&ids).map_err(|id| {
        let excerpt = excerpt::beginning(id);
        invalid(
            field,
            format!("`{field}` holds `{excerpt}`, which is no such id"),
        )
    })
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

async fn counted(app: &App, caller: &Identity, asked: Asked) -> Result<Response, Refusal> {
    let mut answer = IdentityLimits::default();
    for counter in asked.whole {
        let LimitUsage { limit, count } = counter.of.usage(&app.iam, caller).await?;
        (counter.put)(&mut answer, LimitCount { limit, count });
    }
    for (counter, named) in asked.each {
        let usages = named.usages(&app.iam, caller)?;
        let counts = usages.iter().map(|usage| usage.count);
        let counts = Counts {
            limit: usages.first().map_or(0, |usage| usage.limit),
            by_id: named.ids_in_answer().into_iter().zip(counts).collect(),
        };
        (counter.put)(&mut answer, counts);
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
    counted(&app, &caller, Asked::of_query(&params)?).await
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
    let wanted: IdentityLimitsRequest = rest_of_body(members)?;
    counted(&app, &caller, Asked::of_body(&wanted)?).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(answer: &IdentityLimits) -> Vec<String> {
        let Ok(Value::Object(members)) = serde_json::to_value(answer) else {
            panic!("an answer is an object");
        };
        members.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn each_counter_is_asked_for_and_answered_by_its_name() {
        let asked = |name: &str, value: Value| {
            let wanted = rest_of_body(Map::from_iter([(name.to_owned(), value)])).unwrap();
            Asked::of_body(&wanted).unwrap()
        };
        for counter in &WHOLE {
            let asked = asked(counter.name, json!(true));
            let found: Vec<&str> = asked.whole.iter().map(|limit| limit.name).collect();
            assert_eq!((found, asked.each.len()), (vec![counter.name], 0));
            let mut answer = IdentityLimits::default();
            (counter.put)(&mut answer, LimitCount::default());
            assert_eq!(keys(&answer), [counter.name]);
        }
        for counter in &EACH {
            let asked = asked(counter.name, json!([]));
            let found: Vec<&str> = asked.each.iter().map(|(limit, _)| limit.name).collect();
            assert_eq!((found, asked.whole.len()), (vec![counter.name], 0));
            let mut answer = IdentityLimits::default();
            (counter.put)(&mut answer, Counts::default());
            assert_eq!(keys(&answer), [counter.name]);
        }
    }
}
