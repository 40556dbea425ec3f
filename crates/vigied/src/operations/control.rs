//! The socket for the operator's commands. It is always in the data folder, so that only users who may read the database can
//! open it. It is separate from the listener for metrics, which may be forwarded to a network.

use super::backup;
use super::peer::Peer;
use crate::app::App;
use crate::config::Settings;
use crate::control::{
    COMMAND, CommandReply, CommandRequest, IDENTITY, IdentityPlace, PENDING, SERIES,
};
use crate::operator;
use crate::store::own_thread::on_own_thread;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Extension, Router};
use base::scope::{Domain, Metering};
use http::StatusCode;
use iam::directory::Deleted;
use std::sync::Arc;

/// Maximum bytes of a command.
const COMMAND_BYTES_MAX: usize = 64 * 1024;

/// The server and its settings.
#[derive(Debug, Clone)]
struct Server {
    app: Arc<App>,
    settings: Arc<Settings>,
}

/// The routes.
pub(super) fn router(app: &Arc<App>, settings: &Arc<Settings>) -> Router {
    Router::new()
        .route(COMMAND, post(command))
        .route(IDENTITY, get(identity))
        .route(PENDING, get(pending))
        .route(SERIES, post(series))
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
    // Continue if the client disconnects: a command must not stop halfway.
    let work = tokio::spawn(async move {
        let asked: CommandRequest = serde_json::from_slice(&body)?;
        let (settings, app) = (&server.settings, &server.app);
        operator::run_in_server(
            (settings, &app.advertised_address),
            &app.iam,
            &app.store,
            &asked.arguments,
            uid,
        )
        .await
    });
    let answered = match work.await {
        Ok(Ok(text)) => CommandReply::Text(text),
        Ok(Err(error)) => CommandReply::error(&error),
        Err(_) => CommandReply::error(&anyhow::anyhow!(
            "the command broke off; the server's log says why"
        )),
    };
    serde_json::to_string(&answered).unwrap_or_default()
}

/// Where the identity is, for commands that read it themselves: whoever reaches the socket can also read the server's settings.
async fn identity(State(server): State<Server>) -> String {
    let place = IdentityPlace {
        database: server.settings.database().map(str::to_owned),
    };
    serde_json::to_string(&place).unwrap_or_default()
}

/// The number of stored series of each domain, with the domains that were deleted with it.
async fn series(State(server): State<Server>, body: Bytes) -> Result<String, StatusCode> {
    let asked: Vec<String> = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let directory = server.app.iam.directory();
    let mut tenants: Vec<Vec<Metering>> = Vec::new();
    for text in asked {
        let domain = wire::scope_id::parse(text.as_bytes()).map_err(|_| StatusCode::BAD_REQUEST)?;
        let gone = directory.deletions().into_iter();
        let gone =
            gone.filter(|deleted| deleted.domain == domain || deleted.deleted_with == domain);
        let mut metered: Vec<Metering> = gone.map(Deleted::metering).collect();
        if let (Domain::Account(account), true) = (domain, metered.is_empty()) {
            metered = directory.tenants_of(account).collect();
        }
        tenants.push(metered);
    }
    let counted = on_own_thread(&server.app.store, move |store| {
        let of = |metered: &Vec<Metering>| {
            let each = metered.iter().map(|one| store.usage(one));
            each.map(|usage| usage.map(|usage| usage.series)).sum()
        };
        tenants.iter().map(of).collect::<Result<Vec<u64>, _>>()
    });
    let counted = counted
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    serde_json::to_string(&counted).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}

async fn pending(State(server): State<Server>) -> String {
    let pending = server.app.iam.audit_pending(iam::audit::Page::default());
    let rows: Vec<serde_json::Value> = pending
        .iter()
        .map(crate::operator::audit::as_json)
        .collect();
    serde_json::Value::Array(rows).to_string()
}
