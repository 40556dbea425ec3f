//! Backups on request over the control socket, and only there: the server writes them with its own user's rights, and they
//! contain the keys that sign tokens. Users who may open that socket may read the folder anyway. The operators' listener may be
//! forwarded to a network for its metrics, so it has no such route.

use super::peer::Peer;
use crate::app::App;
use crate::backup::state::Busy;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use http::{HeaderName, StatusCode, header};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use wire::query::Query;

const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];

/// The routes.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/backup", post(ask).get(state))
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, JSON, body.to_string()).into_response()
}

async fn ask(
    State(app): State<Arc<App>>,
    Extension(Peer(uid)): Extension<Peer>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    let to = query.ok().and_then(|query| {
        let to = query.one("to").ok().flatten()?;
        Some(PathBuf::from(to))
    });
    let Some(to) = to.filter(|path| path.is_absolute()) else {
        let body = json!({"error": "a backup needs `to`, the absolute path of the folder to make"});
        return answer(StatusCode::BAD_REQUEST, &body);
    };
    match app
        .backups
        .begin((app.iam.clone(), Arc::clone(&app.store)), to, uid)
    {
        Ok(()) => answer(StatusCode::ACCEPTED, &json!({"state": "running"})),
        Err(Busy) => {
            let body = json!({"code": "busy", "error": "another backup is being made", "hint": "wait for it to end"});
            answer(StatusCode::CONFLICT, &body)
        }
    }
}

async fn state(State(app): State<Arc<App>>) -> Response {
    answer(StatusCode::OK, &app.backups.json())
}
