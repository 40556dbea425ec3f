//! Asking for a backup by the operators' socket. Only there: it writes where it is told, as the server's user, and who may open
//! the socket is that user.

use crate::app::App;
use crate::backup::state::{Busy, begin};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
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

async fn ask(State(app): State<Arc<App>>, RawQuery(query): RawQuery) -> Response {
    let query = Query::parse(query.as_deref().unwrap_or_default());
    let to = query.ok().and_then(|query| {
        let to = query.one("to").ok().flatten()?;
        Some(PathBuf::from(to))
    });
    let Some(to) = to.filter(|path| path.is_absolute()) else {
        let body = json!({"error": "a backup needs `to`, the absolute path of the folder to make"});
        return answer(StatusCode::BAD_REQUEST, &body);
    };
    match begin(&app, to) {
        Ok(()) => answer(StatusCode::ACCEPTED, &json!({"state": "running"})),
        Err(Busy) => {
            let body =
                json!({"error": "another backup is being made", "hint": "wait for it to end"});
            answer(StatusCode::CONFLICT, &body)
        }
    }
}

async fn state(State(app): State<Arc<App>>) -> Response {
    answer(StatusCode::OK, &app.backups.json())
}
