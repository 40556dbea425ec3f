//! `/v1/policies` and `/v2/policies`: access policies and authorizations in both of the original's forms. A policy that was made in one
//! form is shown in the other, too.

mod condition;
mod form;
mod version;

pub(super) use version::{V1, V2};

use super::account_parameter::check_account;
use super::entity_tag::tagged;
use super::list_cursor::ListCursor;
use super::order::{By, SortKey, by_signed_word};
use super::paging::LIMIT_AND_START;
use super::reply::json;
use crate::app::App;
use crate::failure::refused::{check_count, check_length};
use crate::http::advertised_address::UrlForCaller;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::if_match::IfMatch;
use crate::request::params::Params;
use crate::request::payload::Payload;
use crate::request::versioned_body::VersionedBody;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::PolicyId;
use base::limit;
use form::{ACCESS, ACTIVE, AUTHORIZATION, DELETED, Form};
use http::StatusCode;
use iam::Identity;
use iam::directory::{AttributeKey, Policy, PolicySubject};
use iam::manage::access_policy::{PolicyGrant, policy_tag};
use std::sync::Arc;
use version::{PolicyPart, Version};
use wire::iam::policy::{InvitedPolicy, PolicyPage, PolicyState};

/// The type of the one service that policies are about.
const SERVICE_TYPE: &str = "service";

/// The list parameters that links to other pages repeat.
const KEPT: [&str; 9] = [
    "account_id",
    "iam_id",
    "access_group_id",
    "type",
    "service_type",
    "service_name",
    "sort",
    "state",
    "format",
];

/// The orders that can be asked for.
const ORDERS: [(&str, By<Policy>); 8] = [
    ("id", |policy| SortKey::from_display(&policy.id)),
    ("type", |policy| SortKey::text(form::kind(policy))),
    ("href", |policy| SortKey::from_display(&policy.id)),
    ("created_at", |policy| SortKey::Number(policy.created.at.0)),
    ("created_by_id", |policy| {
        SortKey::from_display(&policy.created.by)
    }),
    ("last_modified_at", |policy| {
        SortKey::Number(policy.modified.at.0)
    }),
    ("last_modified_by_id", |policy| {
        SortKey::from_display(&policy.modified.by)
    }),
    ("state", |policy| SortKey::Number(i64::from(policy.active))),
];

/// Refuses other formats: policies are always shown with what is for people, and nobody records when one was last used.
fn check_format(params: &Params) -> Result<(), Refusal> {
    let format = params.word("format", &limit::WORD_BYTES)?;
    let Some(other) = format.filter(|format| *format != "display") else {
        return Ok(());
    };
    let message = format!("`format` can be `display` alone, not `{other}`");
    Err(invalid("format", message))
}

/// Whether policies of this `state` are in force.
fn is_active(state: &str) -> Result<bool, Refusal> {
    check_length("state", state, &limit::WORD_BYTES)?;
    match state {
        ACTIVE => Ok(true),
        DELETED => Ok(false),
        other => {
            let message = format!("`state` is `{ACTIVE}` or `{DELETED}`, not `{other}`");
            Err(invalid("state", message))
        }
    }
}

/// Those whose policies alone a list shows, if it names any.
async fn subjects(
    app: &App,
    caller: &Identity,
    params: &Params,
) -> Result<Vec<PolicySubject>, Refusal> {
    let mut found = Vec::new();
    for name in ["iam_id", "access_group_id"] {
        let Some(text) = params.word(name, &limit::WORD_BYTES)? else {
            continue;
        };
        let mut subject = form::subject(caller.account(), name, text)?;
        if let PolicySubject::Principal(named) = &mut subject {
            *named = app.iam.principal_named(caller, *named).await?;
        }
        found.push(subject);
    }
    Ok(found)
}

/// The filter of policies in a list.
struct Wanted<'p> {
    /// The type, if one is named.
    kind: Option<&'p str>,
    has_service_type: bool,
    service_name: Option<&'p str>,
    active: bool,
}

impl<'p> Wanted<'p> {
    fn of(params: &'p Params) -> Result<Self, Refusal> {
        let active = params
            .word("state", &limit::WORD_BYTES)?
            .map_or(Ok(true), is_active)?;
        let kind = params.word("type", &limit::WORD_BYTES)?;
        if let Some(other) = kind.filter(|kind| ![ACCESS, AUTHORIZATION].contains(kind)) {
            let message = format!("`type` is `{ACCESS}` or `{AUTHORIZATION}`, not `{other}`");
            return Err(invalid("type", message));
        }
        // Each is about the one service here, or about all services, whether it names the type or not.
        let service_type = params.word("service_type", &limit::WORD_BYTES)?;
        let has_service_type = service_type.is_none_or(|wanted| wanted == SERVICE_TYPE);
        check_format(params)?;
        Ok(Self {
            kind,
            has_service_type,
            service_name: params.word("service_name", &limit::WORD_BYTES)?,
            active,
        })
    }

    fn matches(&self, policy: &Policy) -> bool {
        let has = |key: AttributeKey, wanted: Option<&str>| {
            let mut all = policy.attributes.iter();
            wanted.is_none_or(|wanted| {
                all.any(|attribute| attribute.key == key && attribute.value == wanted)
            })
        };
        self.has_service_type
            && self.kind.is_none_or(|kind| kind == form::kind(policy))
            && self.active == policy.active
            && has(AttributeKey::Service, self.service_name)
    }
}

/// The grants of an invitation's policies.
pub(super) async fn of_invitation(
    app: &App,
    caller: &Identity,
    wanted: &[InvitedPolicy],
) -> Result<Vec<PolicyGrant>, Refusal> {
    check_count("iam_policy", wanted.len(), &limit::POLICIES_PER_SUBJECT)?;
    let mut grants = Vec::with_capacity(wanted.len());
    for one in wanted {
        grants.push(form::invited(app, caller, one).await?);
    }
    Ok(grants)
}

fn part(
    app: &App,
    caller: &Identity,
    params: &Params,
    subjects: &[PolicySubject],
    path: &str,
) -> Result<PolicyPart, Refusal> {
    let wanted = Wanted::of(params)?;
    let order = by_signed_word(params, &ORDERS)?;
    let cursor = ListCursor::of(&LIMIT_AND_START, params, order)?;
    let by = |a: &Policy, b: &Policy| cursor.compare(a, b);
    let shows = |policy: &Policy| wanted.matches(policy);
    let found = app
        .iam
        .policies(caller, subjects, shows, by, cursor.part())?;
    let limit = cursor.size();
    let link = |start: Option<&str>| -> Result<PolicyPage, Refusal> {
        let href = LIMIT_AND_START.address_at(path, params, &KEPT, (limit, start))?;
        let start = start.map(str::to_owned);
        Ok(PolicyPage { href, start })
    };
    let page = cursor.page(found, link)?;
    Ok(PolicyPart {
        limit,
        links: page.links,
        policies: page.entries,
    })
}

/// The id in the path.
fn id(params: &Params) -> Result<PolicyId, Refusal> {
    params.id("id")
}

pub(super) async fn list<V: Version>(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    params.refuse_unserved(&["tag_name", "tag_value", "service_group_id"])?;
    check_account(&app, &caller, &params)?;
    let subjects = subjects(&app, &caller, &params).await?;
    let path = format!("{}{}", own_url.url, V::PATH);
    let part = part(&app, &caller, &params, &subjects, &path)?;
    json(StatusCode::OK, &V::list(&Form::new(&app, &own_url), part))
}

/// The answer with one policy.
fn answer<V: Version>(
    app: &App,
    own_url: &UrlForCaller,
    status: StatusCode,
    policy: &Policy,
) -> Result<Response, Refusal> {
    let answer = V::to_wire(&Form::new(app, own_url), policy);
    tagged(status, &answer, &policy_tag(policy))
}

pub(super) async fn create<V: Version>(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    app.iam.may_manage_policies(&caller)?;
    let terms = V::terms(&app, &caller, &bytes).await?;
    let made = app.iam.create_policy(&caller, terms).await?;
    answer::<V>(&app, &own_url, StatusCode::CREATED, &made)
}

pub(super) async fn show<V: Version>(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    if V::ONE_HAS_FORMAT {
        check_format(&params)?;
    }
    let policy = app.iam.policy(&caller, id(&params)?).await?;
    answer::<V>(&app, &own_url, StatusCode::OK, &policy)
}

pub(super) async fn replace<V: Version>(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let policy = app.iam.policy(&caller, id(&params)?).await?;
    app.iam.may_manage_policies(&caller)?;
    let tag = sent.tag()?;
    let terms = V::terms(&app, &caller, sent.bytes()).await?;
    let changed = app.iam.replace_policy(&caller, policy.id, tag, terms);
    answer::<V>(&app, &own_url, StatusCode::OK, &changed.await?)
}

/// Puts a policy in or out of force, which the first version alone has.
pub(super) async fn switch(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
    sent: VersionedBody,
) -> Result<Response, Refusal> {
    let policy = app.iam.policy(&caller, id(&params)?).await?;
    app.iam.may_manage_policies(&caller)?;
    let (tag, wanted): (&str, PolicyState) = sent.read()?;
    let active = is_active(&wanted.state)?;
    let changed = app.iam.switch_policy(&caller, policy.id, tag, active);
    answer::<V1>(&app, &own_url, StatusCode::OK, &changed.await?)
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
    if_match: IfMatch,
) -> Result<Response, Refusal> {
    let id = if_match.of(id(&params)?);
    app.iam.delete_policy(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
