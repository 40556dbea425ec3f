//! `/v2/groups/ID/rules`: the dynamic rules of access groups.

use super::entity_tag::tagged;
use super::group_id;
use super::reply::json;
use super::rule_condition;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::{Params, body};
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::{AccountId, GroupRuleId};
use http::StatusCode;
use iam::directory::GroupRule;
use iam::manage::group_rule::{GroupRuleTerms, group_rule_tag};
use std::sync::Arc;
use wire::iam::access_group::{GroupRule as WireGroupRule, GroupRuleList, GroupRuleRequest};
use wire::iam::api_key::time_text;

fn to_wire(account: AccountId, rule: &GroupRule) -> WireGroupRule {
    WireGroupRule {
        id: rule.id.to_string(),
        name: rule.name.clone(),
        expiration: rule.expiration_hours,
        realm_name: rule.realm.clone(),
        access_group_id: rule.group.to_string(),
        account_id: account.to_string(),
        conditions: rule_condition::to_wire(&rule.conditions),
        created_at: time_text(rule.created.at),
        created_by_id: rule.created.by.to_string(),
        last_modified_at: time_text(rule.modified.at),
        last_modified_by_id: rule.modified.by.to_string(),
    }
}

/// The rule that a body says.
fn terms(bytes: &[u8]) -> Result<GroupRuleTerms, Refusal> {
    let wanted: GroupRuleRequest = body(bytes)?;
    Ok(GroupRuleTerms {
        conditions: rule_condition::read(&wanted.conditions)?,
        name: wanted.name.unwrap_or_default(),
        realm: wanted.realm_name,
        expiration_hours: wanted.expiration,
    })
}

/// The id of the rule in the path.
fn rule_id(params: &Params) -> Result<GroupRuleId, Refusal> {
    params.id("rule")
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    let rules = app.iam.group_rules(&caller, group).await?;
    let account = caller.account();
    let list = GroupRuleList {
        rules: rules.iter().map(|rule| to_wire(account, rule)).collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    app.iam.may_change_members(&caller, group).await?;
    let terms = terms(&bytes)?;
    let made = app.iam.create_group_rule(&caller, group, terms).await?;
    let answer = to_wire(caller.account(), &made);
    tagged(StatusCode::CREATED, &answer, &group_rule_tag(&made))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    let rule = app
        .iam
        .group_rule(&caller, group, rule_id(&params)?)
        .await?;
    let answer = to_wire(caller.account(), &rule);
    tagged(StatusCode::OK, &answer, &group_rule_tag(&rule))
}

pub(super) async fn replace(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    let rule = app
        .iam
        .group_rule(&caller, group, rule_id(&params)?)
        .await?;
    let tag = sent.tag()?;
    let terms = terms(sent.bytes())?;
    let changed = app
        .iam
        .replace_group_rule(&caller, (group, rule.id), tag, terms)
        .await?;
    let answer = to_wire(caller.account(), &changed);
    tagged(StatusCode::OK, &answer, &group_rule_tag(&changed))
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let group = group_id::of_path(&caller, &params)?;
    app.iam
        .delete_group_rule(&caller, group, if_match.of(rule_id(&params)?))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
