//! `/v1/settings/domain`: settings that a Manager of a domain may change.

use super::reply::json;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::caller::Caller;
use crate::request::payload::Payload;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use std::sync::Arc;
use wire::code;
use wire::settings::DomainSettings;

/// The settings in force.
pub(super) async fn show(State(app): State<Arc<App>>, caller: Caller) -> Result<Response, Refusal> {
    let resolution_seconds = app.iam.resolution_seconds(caller.scope.domain());
    json(StatusCode::OK, &DomainSettings { resolution_seconds })
}

/// Sets them.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Payload(body): Payload,
) -> Result<Response, Refusal> {
    let wanted: DomainSettings = serde_json::from_slice(&body).map_err(|error| {
        let problem = code::BODY_MALFORMED.problem(format!("the settings cannot be read: {error}"));
        Refusal(
            problem
                .hint("send `{\"resolution_seconds\":60}`, or null for samples as they were sent"),
        )
    })?;
    app.iam
        .set_resolution(&caller.scope, wanted.resolution_seconds)
        .await
        .map_err(|error| match crate::failure::refused::of(&error) {
            Some(problem) => Refusal(
                code::PARAMETER_INVALID
                    .problem(problem.message.clone())
                    .field("resolution_seconds"),
            ),
            None => error.into(),
        })?;
    json(StatusCode::OK, &wanted)
}
