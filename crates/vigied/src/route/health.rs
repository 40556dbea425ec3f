//! Liveness and readiness for everybody, and counters for their account. The reason why the server is not ready, and its other
//! metrics, are for the operators ([`crate::operations`]).

use crate::app::App;
use crate::http::problem::Refusal;
use crate::http::worker;
use crate::request::caller::Caller;
use crate::route::reply::json_bytes;
use crate::self_metrics::name_bytes;
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
pub(crate) async fn metrics(
    State(app): State<Arc<App>>,
    caller: Caller,
) -> Result<Response, Refusal> {
    let asked = caller.scope.domain();
    let text = worker::run(move || match asked {
        Domain::Account(account) => {
            let domains: Vec<Domain> = app.iam.directory().domains_in(account).collect();
            rendered(&app, &domains)
        }
        Domain::Org(_) | Domain::Space(_) => rendered(&app, &[asked]),
    })
    .await?;
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// The counters of these domains, and what they have of names. Asks the store.
fn rendered(app: &App, domains: &[Domain]) -> String {
    let directory = app.iam.directory();
    let counters = app.metrics.render_own(domains.iter().copied());
    let counted = app.metrics.counted_among(domains);
    counters + &name_bytes::render(app.store.as_ref(), &directory, &counted)
}
