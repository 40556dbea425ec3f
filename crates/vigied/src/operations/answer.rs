//! The routes of the operators' listener: three paths.

use super::token::TokenHash;
use crate::app::App;
use crate::self_metrics::{Facts, name_bytes};
use arc_swap::ArcSwapOption;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, StatusCode, header};
use serde_json::json;
use std::sync::Arc;

const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// The current token, reloaded on SIGHUP.
pub(crate) type Tokens = Arc<ArcSwapOption<TokenHash>>;

/// The routes. With `tokens`, for a listener on a network, only the holder of the token gets an answer.
pub(super) fn router(app: &Arc<App>, tokens: Option<Tokens>) -> Router {
    let router = Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .fallback(unknown);
    let router = match tokens {
        Some(tokens) => router.layer(middleware::from_fn_with_state(tokens, opened)),
        None => router,
    };
    router.with_state(Arc::clone(app))
}

async fn opened(State(tokens): State<Tokens>, request: Request, next: Next) -> Response {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let authorization = authorization.map(http::HeaderValue::as_bytes);
    let is_open = tokens
        .load()
        .as_ref()
        .is_none_or(|token| token.opens(authorization));
    if is_open {
        return next.run(request).await;
    }
    let body = json!({"error": "the operators' token is missing or wrong", "hint": "send `Authorization: Bearer TOKEN`; `vigied operations token` makes a new one"});
    let asks = [(header::WWW_AUTHENTICATE, "Bearer")];
    (StatusCode::UNAUTHORIZED, JSON, asks, body.to_string()).into_response()
}

async fn live() -> Response {
    (JSON, json!({"status": "live"}).to_string()).into_response()
}

/// Whether the server is ready, and if not, why.
async fn ready(State(app): State<Arc<App>>) -> Response {
    let readiness = app.readiness().await;
    let is_ready = readiness.is_ready();
    let word = |error: Option<String>| error.unwrap_or_else(|| "ok".to_owned());
    let body = json!({
        "status": if is_ready { "ready" } else { "not ready" },
        "identity": word(readiness.identity.err()),
        "store": word(readiness.store.err()),
        "directory_age_seconds": app.iam.directory_age_seconds(),
        "signing_keys": app.iam.signing_keys(),
    });
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, JSON, body.to_string()).into_response()
}

/// All metrics of the server in the Prometheus text format, without those of the store if it does not answer.
async fn metrics(State(app): State<Arc<App>>) -> Response {
    let readiness = app.readiness().await;
    // Rendering many thousand domains takes a while. It needs its own thread: all blocking threads may be stuck.
    let (sender, written) = tokio::sync::oneshot::channel();
    let writing = std::thread::Builder::new().name("metrics".to_owned());
    let started = writing.spawn(move || {
        let directory = app.iam.directory();
        app.metrics
            .forget(|domain| directory.account_of(domain).is_some());
        let facts = Facts {
            store: readiness.figures.as_deref(),
            store_answers: readiness.store.is_ok(),
            identity_answers: readiness.identity.is_ok(),
            identity_out_of_room: app.iam.is_disk_full(),
            directory_age_seconds: app.iam.directory_age_seconds(),
            directory_behind: app.iam.is_behind(),
            password_waits: app.iam.password_waits(),
            counted_elsewhere: app.iam.audit_limit_hits(),
        };
        let mut text = app.metrics.render(&facts) + &app.queries.figures();
        // A store that does not answer is not asked for more.
        if facts.store.is_some() {
            let counted = app.metrics.counted();
            let store = app.store.as_ref();
            text += &name_bytes::render_with_accounts(store, &directory, &counted);
        }
        let _ = sender.send(text);
    });
    let text = match started {
        Ok(_) => written.await.ok(),
        Err(_) => None,
    };
    let Some(text) = text else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

async fn unknown() -> Response {
    let body = json!({"error": "there is no such path", "hint": "ask for `/metrics`, `/health/live` or `/health/ready`"});
    (StatusCode::NOT_FOUND, JSON, body.to_string()).into_response()
}
