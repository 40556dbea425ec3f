//! Whether the server lives and works, and its own metrics.

use crate::app::App;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;
use std::sync::Arc;

const JSON: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// The process answers.
pub(crate) async fn live() -> Response {
    (JSON, json!({"status": "live"}).to_string()).into_response()
}

/// The process can do its work: the identity database answers and the store takes writes.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let identity = app.iam.ping().await.map_err(|error| error.to_string());
    let store = app.store.health().map_err(|error| error.to_string());
    let word = |result: &Result<(), String>| {
        result
            .as_ref()
            .err()
            .map_or_else(|| "ok".to_owned(), Clone::clone)
    };
    let ready = identity.is_ok() && store.is_ok();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "status": if ready { "ready" } else { "not ready" },
        "identity": word(&identity),
        "store": word(&store),
    });
    (status, JSON, body.to_string()).into_response()
}

/// The server's own metrics in the Prometheus text format.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut text = app
        .metrics
        .render(&app.store.figures(), app.iam.password_waits());
    text.push_str(&app.queries.figures());
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}
