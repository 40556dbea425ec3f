//! Liveness and readiness for everybody, and counters for their account. The reason why the server is not ready, and its other
//! metrics, are for the operators ([`crate::operations`]).

use crate::app::App;
use crate::request::caller::Caller;
use crate::route::reply::json_bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::scope::Domain;
use http::{StatusCode, header};
use serde_json::json;
use std::sync::Arc;

/// The process is alive.
pub(crate) async fn live() -> Response {
    status_response(StatusCode::OK, "live")
}

/// The server is ready: the identity database answers and the store takes writes.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let (status, word) = if app.readiness().await.is_ready() {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    };
    status_response(status, word)
}

fn status_response(status: StatusCode, word: &str) -> Response {
    let body = json!({ "status": word }).to_string();
    json_bytes(status, body.into_bytes())
}

/// The caller's counters in the Prometheus text format: of their account and everything in it, or of one space or organization.
/// A caller who reaches only some series gets none, because the counters are of all.
pub(crate) async fn metrics(State(app): State<Arc<App>>, caller: Caller) -> Response {
    let directory = app.iam.directory();
    let asked = caller.scope.domain();
    let text = match asked {
        Domain::Account(account) => app.metrics.render_own(directory.domains_in(account)),
        Domain::Org(_) | Domain::Space(_) => app.metrics.render_own(std::iter::once(asked)),
    };
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}
