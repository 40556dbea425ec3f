//! Probes that clients of InfluxDB send before they write: whether there is a server, and of which version. They learn nothing
//! else about this one but whether it is ready.

use super::answer::mark;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::route::reply::json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use std::sync::Arc;
use wire::influx::InfluxHealth;

/// `GET` and `HEAD` of `/ping`.
pub(crate) async fn ping() -> Response {
    marked(StatusCode::NO_CONTENT.into_response())
}

/// `GET /health`, as InfluxDB 2 and 1.8 have it.
pub(crate) async fn health(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let is_ready = app.readiness().await.is_ready();
    let body = json(status(is_ready), &InfluxHealth::of(is_ready))?;
    Ok(marked(body))
}

/// `GET /ready`, as InfluxDB 2 has it.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let is_ready = app.readiness().await.is_ready();
    let word = if is_ready { "ready" } else { "not ready" };
    let body = serde_json::json!({ "status": word });
    Ok(marked(json(status(is_ready), &body)?))
}

const fn status(is_ready: bool) -> StatusCode {
    if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

fn marked(mut response: Response) -> Response {
    mark(response.headers_mut());
    response
}
