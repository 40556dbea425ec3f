//! The socket over which the operator's commands reach a server: always in its data folder, so that who may open it is who may
//! read the database. It is not the one that shows metrics, which somebody may well pass on to a network.

use super::backup;
use super::peer::Peer;
use crate::app::App;
use crate::config::Settings;
use crate::control::{Answered, Asked, COMMAND, PENDING};
use crate::operator;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Extension, Router};
use std::sync::Arc;

/// Longest command that is taken.
const COMMAND_BYTES_MAX: usize = 64 * 1024;

/// The server with what was set for it.
#[derive(Debug, Clone)]
struct Server {
    app: Arc<App>,
    settings: Arc<Settings>,
}

/// The routes.
pub(super) fn router(app: &Arc<App>, settings: &Arc<Settings>) -> Router {
    Router::new()
        .route(COMMAND, post(command))
        .route(PENDING, get(pending))
        .with_state(Server {
            app: Arc::clone(app),
            settings: Arc::clone(settings),
        })
        .merge(backup::routes().with_state(Arc::clone(app)))
        .layer(DefaultBodyLimit::max(COMMAND_BYTES_MAX))
}

async fn command(
    State(server): State<Server>,
    Extension(Peer(uid)): Extension<Peer>,
    body: Bytes,
) -> String {
    // Goes on when who asked has gone: half a command is none.
    let work = tokio::spawn(async move {
        let asked: Asked = serde_json::from_slice(&body)?;
        let (settings, app) = (&server.settings, &server.app);
        operator::obey(settings, &app.iam, &app.store, &asked.arguments, uid).await
    });
    let answered = match work.await {
        Ok(Ok(text)) => Answered::Text(text),
        Ok(Err(error)) => Answered::error(&error),
        Err(_) => Answered::error(&anyhow::anyhow!(
            "the command broke off; the server's log says why"
        )),
    };
    serde_json::to_string(&answered).unwrap_or_default()
}

async fn pending(State(server): State<Server>) -> String {
    let pending = server.app.iam.audit_pending(iam::audit::Page::default());
    let rows: Vec<serde_json::Value> = pending.iter().map(crate::audit::as_json).collect();
    serde_json::Value::Array(rows).to_string()
}
