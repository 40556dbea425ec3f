//! `/v1/profiles/ID/rules`: whose claims let them take on a trusted profile.

use super::entity_tag::tagged;
use super::reply::{json, non_empty};
use super::rule_condition;
use super::trusted_profile::id;
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::invalid::{invalid, unserved};
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::ProfileRuleId;
use base::limit;
use http::StatusCode;
use iam::directory::{ProfileRule, ProfileRuleKind};
use iam::manage::profile_rule::{ProfileRuleTerms, profile_rule_tag};
use serde_json::{Map, Value};
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::profile_rule::{
    ProfileRule as WireProfileRule, ProfileRuleList, ProfileRuleRequest,
};

/// A rule for users. The original's identity providers speak SAML.
const SAML: &str = "Profile-SAML";

/// A rule for compute resources.
const COMPUTE_RESOURCE: &str = "Profile-CR";

/// How long the tokens of compute resources live at most, in seconds.
const COMPUTE_RESOURCE_SECONDS: u32 = 3600;

fn to_wire(rule: &ProfileRule) -> WireProfileRule {
    let common = WireProfileRule {
        id: rule.id.to_string(),
        entity_tag: profile_rule_tag(rule),
        created_at: time_text(rule.created.at),
        modified_at: time_text(rule.modified.at),
        name: non_empty(&rule.name),
        conditions: rule_condition::to_wire(&rule.conditions),
        ..WireProfileRule::default()
    };
    match &rule.kind {
        ProfileRuleKind::Saml {
            realm,
            expiration_seconds,
        } => WireProfileRule {
            kind: SAML.to_owned(),
            realm_name: Some(realm.clone()),
            expiration: *expiration_seconds,
            ..common
        },
        ProfileRuleKind::ComputeResource { cr_type } => WireProfileRule {
            kind: COMPUTE_RESOURCE.to_owned(),
            cr_type: Some(cr_type.clone()),
            expiration: COMPUTE_RESOURCE_SECONDS,
            ..common
        },
    }
}

/// A field that a rule of this type must have.
fn needed<T>(field: &'static str, found: Option<T>, kind: &str) -> Result<T, Refusal> {
    found.ok_or_else(|| invalid(field, format!("`{field}` is missing: `{kind}` needs it")))
}

/// Refuses a field that says nothing about a rule of this type.
fn absent<T>(field: &'static str, found: Option<&T>, kind: &str) -> Result<(), Refusal> {
    match found {
        None => Ok(()),
        Some(_) => {
            let message = format!("`{field}` says nothing about a rule of the type `{kind}`");
            Err(invalid(field, message))
        }
    }
}

/// The kind of the rule in a body: about users or compute resources.
fn rule_kind(wanted: &ProfileRuleRequest) -> Result<ProfileRuleKind, Refusal> {
    check_length("type", &wanted.kind, &limit::WORD_BYTES)?;
    match wanted.kind.as_str() {
        SAML => {
            absent("cr_type", wanted.cr_type.as_ref(), SAML)?;
            Ok(ProfileRuleKind::Saml {
                realm: needed("realm_name", wanted.realm_name.clone(), SAML)?,
                expiration_seconds: needed("expiration", wanted.expiration, SAML)?,
            })
        }
        COMPUTE_RESOURCE => {
            absent("realm_name", wanted.realm_name.as_ref(), COMPUTE_RESOURCE)?;
            // Neither a longer time nor a shorter one would be kept.
            if (wanted.expiration).is_some_and(|seconds| seconds != COMPUTE_RESOURCE_SECONDS) {
                let message = format!(
                    "`expiration`: tokens of compute resources live {COMPUTE_RESOURCE_SECONDS} seconds: leave it out"
                );
                return Err(invalid("expiration", message));
            }
            Ok(ProfileRuleKind::ComputeResource {
                cr_type: needed("cr_type", wanted.cr_type.clone(), COMPUTE_RESOURCE)?,
            })
        }
        other => {
            let message = format!("`type` is `{SAML}` or `{COMPUTE_RESOURCE}`, not `{other}`");
            Err(invalid("type", message))
        }
    }
}

/// The rule that a body says.
fn terms(bytes: &[u8]) -> Result<ProfileRuleTerms, Refusal> {
    let members: Map<String, Value> = body(bytes)?;
    if members.contains_key("context") {
        return Err(unserved("context"));
    }
    let wanted: ProfileRuleRequest = body(bytes)?;
    Ok(ProfileRuleTerms {
        conditions: rule_condition::read(&wanted.conditions)?,
        kind: rule_kind(&wanted)?,
        name: wanted.name.unwrap_or_default(),
    })
}

/// The id of the rule in the path.
fn rule_id(params: &Params) -> Result<ProfileRuleId, Refusal> {
    params.id("rule")
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let list = ProfileRuleList {
        rules: profile.rules.iter().map(to_wire).collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let terms = terms(&bytes)?;
    let made = app
        .iam
        .create_profile_rule(&caller, profile.id, terms)
        .await?;
    tagged(
        StatusCode::CREATED,
        &to_wire(&made),
        &profile_rule_tag(&made),
    )
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let rule = app
        .iam
        .profile_rule(&caller, profile.id, rule_id(&params)?)
        .await?;
    tagged(StatusCode::OK, &to_wire(&rule), &profile_rule_tag(&rule))
}

pub(super) async fn replace(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    let rule = app
        .iam
        .profile_rule(&caller, profile.id, rule_id(&params)?)
        .await?;
    let tag = sent.tag()?;
    let terms = terms(sent.bytes())?;
    let changed = app
        .iam
        .replace_profile_rule(&caller, (profile.id, rule.id), tag, terms)
        .await?;
    tagged(
        StatusCode::OK,
        &to_wire(&changed),
        &profile_rule_tag(&changed),
    )
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let profile = app.iam.managed_profile(&caller, id(&params)?).await?;
    app.iam
        .delete_profile_rule(&caller, profile.id, if_match.of(rule_id(&params)?))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
