//! `/v1/settings/domain`: settings that a Manager of a domain may change.

use super::reply::json;
use crate::app::App;
use crate::failure::refused;
use crate::http::accept_encoding::EncodingChoice;
use crate::http::json_objects;
use crate::http::not_json;
use crate::http::problem::Refusal;
use crate::query::rules::{self, RulesError};
use crate::query::{self, answer::Answer};
use crate::request::caller::Caller;
use crate::request::payload::Payload;
use crate::request::pending_change::PendingChange;
use crate::request::request_access::RequestAccess;
use ::query::schema::SchemaError;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use base::error::Problem;
use base::scope::{Action, Scope};
use base::store::StoreError;
use http::StatusCode;
use std::sync::Arc;
use wire::code;
use wire::query::Query;
use wire::settings::{DomainChange, DomainSettings};

/// The settings in force.
pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refusal> {
    json(StatusCode::OK, &settings(&app, &caller.scope))
}

/// The rules speak of names: they are for those who may read every series.
fn settings(app: &App, scope: &Scope) -> DomainSettings {
    let rules = app.iam.rules(scope.domain());
    let rules = rules.filter(|_| scope.reaches_all(Action::Render));
    DomainSettings {
        resolution_seconds: app.iam.resolution_seconds(scope.domain()),
        schemas: rules.as_ref().and_then(|rules| rules.schemas.clone()),
        aggregation: rules.as_ref().and_then(|rules| rules.aggregation.clone()),
        key_before_names: app.iam.takes_key_before_names(scope.domain()),
    }
}

/// Changes those that are named; a dry run only checks them, and shows what would be in force.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    access: RequestAccess,
    pending: PendingChange,
    RawQuery(url): RawQuery,
    Payload(body): Payload,
) -> Result<Response, Refusal> {
    let read: Result<DomainChange, String> = match not_json::is_list(&body) {
        true => Err("the body is a list, not an object".to_owned()),
        false => json_objects::from_slice(&body).map_err(|error| match not_json::kind(&body) {
            Some(kind) => format!("the body is {kind}, not JSON"),
            None => error.to_string(),
        }),
    };
    let wanted = read.map_err(|why| {
        let problem = code::BODY_MALFORMED.problem(format!("the settings cannot be read: {why}"));
        Refusal(problem.hint(
            "send a JSON object with `resolution_seconds` (a number, or null for samples as they were sent), \
             `schemas` or `aggregation` (a text, or null for none), or `key_before_names` (true or false)",
        ))
    })?;
    let change = iam::manage::settings::DomainChange {
        resolution_seconds: wanted.resolution_seconds,
        schemas: wanted.schemas,
        aggregation: wanted.aggregation,
        key_before_names: wanted.key_before_names,
    };
    let is_dry = is_dry_run(url.as_deref())?;
    let change = checked(&app, (&caller.scope, access.clone()), change).await?;
    let done = match is_dry {
        true => {
            // As the change itself would find it.
            app.iam.sync_with_other_nodes().await;
            app.iam.check_configuration(&caller.scope, &change)
        }
        false => {
            let (iam, caller, change) = (app.iam.clone(), caller.clone(), change.clone());
            // On the heap: it is large, and each function that it is handed to would have it on its stack.
            let configured = pending.make(Box::pin(async move {
                let who = (&caller.scope, caller.credential);
                let verify_again = || access.scope_now(caller.scope.domain());
                iam.configure(who, &change, verify_again).await
            }));
            configured.await?
        }
    };
    done.map_err(|error| match refused::of(&error) {
        Some(Problem {
            field: Some(field),
            message,
            limit,
            ..
        }) => {
            let problem = code::PARAMETER_INVALID.problem(message).field(field);
            Refusal(Problem { limit, ..problem })
        }
        _ => error.into(),
    })?;
    let in_force = settings(&app, &caller.scope);
    if !is_dry {
        return json(StatusCode::OK, &in_force);
    }
    let planned = DomainSettings {
        resolution_seconds: change
            .resolution_seconds
            .unwrap_or(in_force.resolution_seconds),
        schemas: change.schemas.unwrap_or(in_force.schemas),
        aggregation: change.aggregation.unwrap_or(in_force.aggregation),
        key_before_names: change.key_before_names.unwrap_or(in_force.key_before_names),
    };
    json(StatusCode::OK, &planned)
}

/// A mistyped word must not change anything.
fn is_dry_run(url: Option<&str>) -> Result<bool, Refusal> {
    let invalid = |message: String| {
        let problem = code::PARAMETER_INVALID.problem(message).field("dry_run");
        Refusal(problem.hint("`dry_run=true` only checks the settings"))
    };
    let query = Query::parse(url.unwrap_or_default());
    let query = query.map_err(|error| invalid(error.to_string()))?;
    if let Some(other) = query.unknown(&["dry_run"]) {
        let other = wire::excerpt::beginning(other);
        return Err(invalid(format!("settings have no parameter `{other}`")));
    }
    match query
        .one("dry_run")
        .map_err(|error| invalid(error.to_string()))?
    {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => {
            let other = wire::excerpt::beginning(other);
            Err(invalid(format!(
                "`dry_run` is `true` or `false`, not `{other}`"
            )))
        }
    }
}

/// Parses the rules of a change. Compiling patterns takes time and memory, so it runs like a query: in a turn of the account,
/// until its time is over, its client is gone or its caller's access is withdrawn.
async fn checked(
    app: &App,
    (scope, admission): (&Scope, RequestAccess),
    change: iam::manage::settings::DomainChange,
) -> Result<iam::manage::settings::DomainChange, Refusal> {
    let text = |text: &Option<Option<String>>| text.clone().flatten().unwrap_or_default();
    let (schemas, aggregation) = (text(&change.schemas), text(&change.aggregation));
    if schemas.is_empty() && aggregation.is_empty() {
        return Ok(change);
    }
    let read = move |answer: &mut Answer| {
        let context = answer.context();
        match rules::parse(&context, &schemas, &aggregation) {
            Ok(_) => Ok(()),
            Err(RulesError::Unreadable(error)) => Err(unreadable(&error)),
            Err(RulesError::Stopped(stop)) => Err(StoreError::Stopped(stop).into()),
        }
    };
    // Nothing is written: all that counts is whether it is refused.
    query::answer(
        &app.queries,
        (scope, Box::new(admission)),
        EncodingChoice::Plain,
        read,
    )
    .await?;
    Ok(change)
}

/// The refusal of rules, which says the line.
fn unreadable(error: &SchemaError) -> Refusal {
    let field = if error.is_aggregation {
        "aggregation"
    } else {
        "schemas"
    };
    let problem = code::PARAMETER_INVALID
        .problem(error.to_string())
        .field(field);
    Refusal(match error.problem.limit() {
        Some(limit) => problem.limit(limit),
        None => problem,
    })
}
