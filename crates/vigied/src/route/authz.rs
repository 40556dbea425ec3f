//! `/v2/authz`: whether somebody may do something, as it is now. Everybody may ask about themselves, and an Administrator about
//! everybody in the account; a resource of another account is answered as one that is not there.

use super::api_key::invalid;
use super::reply::json;
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::problem::Refusal;
use crate::request::caller::Manager;
use crate::request::params::list;
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::Response;
use base::error::{Kind, Problem};
use base::id::{AccountId, InstanceId, OrgId, SpaceId};
use base::limit;
use base::principal::Principal;
use base::scope::{Action, Domain};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use iam::Identity;
use iam::directory::SERVICE_NAME;
use serde_json::Value;
use std::str::FromStr;
use std::sync::Arc;
use wire::iam::authz::{
    AuthzDecision, AuthzObligation, AuthzReply, AuthzRequest, AuthzResource,
    AuthzResourceAttributes, AuthzResponse, AuthzSubject,
};

/// The identity that would act.
fn subject(wanted: &AuthzSubject) -> Result<Principal, Refusal> {
    let id = match (&wanted.attributes, &wanted.access_token_body) {
        (Some(attributes), None) => attributes.id.clone(),
        (None, Some(claims)) => {
            check_length("accessTokenBody", claims, &limit::TOKEN_BYTES)?;
            let bytes = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok();
            // The token is not verified, and gives nothing: it only says whom the question is about.
            let claims = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
            let id = claims.as_ref().and_then(|claims| claims.get("iam_id"));
            let id = id.and_then(Value::as_str).unwrap_or_default();
            id.to_owned()
        }
        _ => {
            let message = "`subject` takes `attributes` with an `id`, or `accessTokenBody`";
            return Err(invalid("subject", message.to_owned()));
        }
    };
    check_length("subject", &id, &limit::WORD_BYTES)?;
    id.parse().map_err(|_| {
        let message = format!("`subject`: `{id}` is no IAM id");
        invalid("subject", message)
    })
}

fn is_served(service: &str) -> Result<(), Refusal> {
    if service == SERVICE_NAME {
        return Ok(());
    }
    check_length("resource", service, &limit::WORD_BYTES)?;
    let message = format!("`resource`: the one service here is `{SERVICE_NAME}`");
    Err(invalid("resource", message))
}

fn guid<T: FromStr>(text: &str) -> Result<T, Refusal> {
    check_length("resource", text, &limit::WORD_BYTES)?;
    text.parse().map_err(|_| {
        let message = format!("`resource`: `{text}` is no GUID");
        invalid("resource", message)
    })
}

/// The space of an instance, which a CRN names within its account. An instance that does not exist is answered like a space that
/// does not.
fn of_instance(app: &App, account: &str, instance: &str) -> Result<Domain, Refusal> {
    let (account, id): (AccountId, InstanceId) = (guid(account)?, guid(instance)?);
    let directory = app.iam.directory();
    let found = directory.instance(id).filter(|own| own.account == account);
    Ok(Domain::Space(
        found.map_or(SpaceId(id.0), |instance| instance.space),
    ))
}

/// The domain that a CRN names by its scope, or by an instance in it.
fn of_crn(app: &App, crn: &str) -> Result<Domain, Refusal> {
    check_length("resource", crn, &limit::LABEL_BYTES)?;
    let parts: Vec<&str> = crn.splitn(10, ':').collect();
    let scope = match parts.as_slice() {
        ["crn", "v1", _, _, service, _, scope, ..] => {
            is_served(service)?;
            scope.split_once('/')
        }
        _ => None,
    };
    let instance = parts.get(7).copied().unwrap_or_default();
    match scope {
        Some(("a", account)) if !instance.is_empty() => of_instance(app, account, instance),
        Some(("a", account)) => Ok(Domain::Account(guid(account)?)),
        Some(("o", org)) => Ok(Domain::Org(guid(org)?)),
        Some(("s", space)) => Ok(Domain::Space(guid(space)?)),
        _ => {
            let message = format!(
                "`resource`: `{crn}` is no CRN of a domain like `crn:v1:bluemix:public:{SERVICE_NAME}::s/GUID:::`"
            );
            Err(invalid("resource", message))
        }
    }
}

fn of_attributes(wanted: &AuthzResourceAttributes) -> Result<Domain, Refusal> {
    if let Some(service) = &wanted.service_name {
        is_served(service)?;
    }
    if let Some(space) = &wanted.space_id {
        return Ok(Domain::Space(guid::<SpaceId>(space)?));
    }
    if let Some(org) = &wanted.organization_id {
        return Ok(Domain::Org(guid::<OrgId>(org)?));
    }
    match &wanted.account_id {
        Some(account) => Ok(Domain::Account(guid(account)?)),
        None => {
            let message = "`resource` names no account, organization or space";
            Err(invalid("resource", message.to_owned()))
        }
    }
}

fn resource(app: &App, wanted: &AuthzResource) -> Result<Domain, Refusal> {
    match (&wanted.crn, &wanted.attributes) {
        (Some(crn), None) => of_crn(app, crn),
        (None, Some(attributes)) => of_attributes(attributes),
        _ => {
            let message = "`resource` takes `crn` or `attributes`";
            Err(invalid("resource", message.to_owned()))
        }
    }
}

fn action(name: &str) -> Result<Action, Refusal> {
    let plain = name.strip_prefix(SERVICE_NAME);
    let plain = plain.and_then(|rest| rest.strip_prefix('.'));
    let plain = plain.unwrap_or(name);
    let found = Action::ALL.into_iter().find(|own| own.name() == plain);
    if let Some(action) = found {
        return Ok(action);
    }
    check_length("action", name, &limit::WORD_BYTES)?;
    let known = Action::ALL.map(|own| format!("`{}`", own.name()));
    let message = format!(
        "there is no action `{name}`: there are {}",
        known.join(", ")
    );
    Err(invalid("action", message))
}

fn decision(app: &App, caller: &Identity, wanted: &AuthzRequest) -> Result<AuthzResponse, Refusal> {
    let (subject, domain) = (subject(&wanted.subject)?, resource(app, &wanted.resource)?);
    let action = action(&wanted.action)?;
    if subject != caller.principal() && app.iam.may_manage_policies(caller).is_err() {
        let message = "a question about somebody else needs the account role Administrator";
        let problem = Problem::new(Kind::Forbidden, "insufficient_permissions", message);
        return Err(Refusal(problem.field("subject")));
    }
    let directory = app.iam.directory();
    let is_here = directory.account_of(domain) == Some(caller.account());
    let actions = directory.actions(subject, domain);
    let permitted = is_here && actions.contains(action);
    let allowed = Action::ALL.iter().filter(|own| actions.contains(**own));
    let obligation = permitted.then(|| AuthzObligation {
        actions: allowed.map(|own| own.name().to_owned()).collect(),
        max_cache_age_seconds: 0,
    });
    Ok(AuthzResponse {
        status: "200".to_owned(),
        authorization_decision: AuthzDecision {
            permitted,
            obligation,
        },
    })
}

pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    Payload(bytes): Payload,
) -> Result<Response, Refusal> {
    let wanted: Vec<AuthzRequest> = list(&bytes)?;
    let (count, limit) = (wanted.len() as u64, &limit::AUTHZ_DECISIONS);
    if count > limit.default {
        let (name, most) = (limit.name, limit.default);
        let message = format!("the body asks for {count} decisions, more than `{name}` = {most}");
        let problem = Problem::new(Kind::Invalid, "invalid_parameter", message);
        return Err(Refusal(problem.limit(limit)));
    }
    let each = wanted.iter().map(|one| decision(&app, &caller, one));
    let responses = each.collect::<Result<Vec<AuthzResponse>, Refusal>>()?;
    json(StatusCode::OK, &AuthzReply { responses })
}
