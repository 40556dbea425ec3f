//! `POST /events/`: something that happened.

use crate::app::App;
use crate::failure::refused;
use crate::http::not_json;
use crate::http::problem::Refusal;
use crate::request::caller::Caller;
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base::error::{Kind, Problem};
use http::StatusCode;
use iam::manage::event::NewEvent;
use std::sync::Arc;
use wire::code;
use wire::event::{Body, EventError};

/// `POST /events/`: stores an event, which is durable when the answer is sent.
pub(crate) async fn post_event(
    State(app): State<Arc<App>>,
    caller: Caller,
    Payload(body): Payload,
) -> Result<Response, Refusal> {
    let body = Body::parse(&body).map_err(|error| unreadable(&error, &body))?;
    let event = NewEvent {
        at: body.at.unwrap_or_else(|| app.clock.now()),
        what: body.what,
        tags: body.tags,
        data: body.data,
    };
    let domain = caller.scope.domain();
    let account = app.iam.directory().account_of(domain);
    app.require_plan(domain)?;
    app.event_rates.take(account, app.clock.now())?;
    app.iam
        .add_event(&caller.scope, &event)
        .await
        .map_err(|error| match refused::of(&error) {
            Some(problem) => in_our_words(problem),
            None => error.into(),
        })?;
    Ok(StatusCode::OK.into_response())
}

fn unreadable(error: &EventError, body: &[u8]) -> Refusal {
    let message = match not_json::kind(body) {
        Some(kind) => format!("the body is {kind}, not JSON"),
        None => error.to_string(),
    };
    let problem = code::EVENT_MALFORMED.problem(message);
    let problem =
        problem.hint("send `{\"what\":\"deploy\",\"tags\":[\"web\"],\"when\":1700000000}`");
    Refusal(match error.field() {
        Some(field) => problem.field(field),
        None => problem,
    })
}

/// The same refusal with a code of the metrics.
pub(super) fn in_our_words(problem: Problem) -> Refusal {
    let code = match problem.kind {
        Kind::Invalid => &code::EVENT_MALFORMED,
        Kind::Conflict => &code::EVENTS_FULL,
        Kind::Forbidden => &code::RIGHT_MISSING,
        Kind::NotFound => &code::DOMAIN_NOT_FOUND,
        _ => return Refusal(problem),
    };
    Refusal(Problem {
        code: code.code,
        ..problem
    })
}
