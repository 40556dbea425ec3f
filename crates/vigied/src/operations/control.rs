//! The socket over which the operator's commands reach a server: always in its data folder, so that who may open it is who may
//! read the database. It is not the one that shows metrics, which somebody may well pass on to a network.

use super::{backup, client};
use crate::app::App;
use crate::config::Settings;
use crate::failure::{OfServer, Told};
use crate::operator;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The socket's name in the data folder.
const SOCKET: &str = "control.sock";

/// Longest command that is taken.
const COMMAND_BYTES_MAX: usize = 64 * 1024;

/// Where a command is sent to.
const COMMAND: &str = "/command";

/// Where what is counted and not yet written is read.
const PENDING: &str = "/audit/pending";

#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    arguments: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answered {
    Text(String),
    Error { code: String, text: String },
}

impl Answered {
    fn error(error: &anyhow::Error) -> Self {
        let told = Told::of(error);
        Self::Error {
            text: told.text(),
            code: told.code,
        }
    }
}

/// The server with what was set for it.
#[derive(Debug, Clone)]
struct Server {
    app: Arc<App>,
    settings: Arc<Settings>,
}

/// Where the socket is.
pub(crate) fn path(data: &Path) -> PathBuf {
    data.join(SOCKET)
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

/// The user of the operating system at the other end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) Option<u32>);

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

/// Has the server on the folder carry a command out. The outer error is that it was not asked; once it was, nobody asks again,
/// for it may have done it.
pub(crate) fn send(data: &Path, arguments: &[String]) -> std::io::Result<anyhow::Result<String>> {
    let stream = client::connect(&path(data))?;
    let asked = Asked {
        arguments: arguments.to_vec(),
    };
    let answered = || -> anyhow::Result<Answered> {
        let answer = client::post(stream, COMMAND, &serde_json::to_string(&asked)?)?;
        Ok(serde_json::from_str(&answer)?)
    };
    Ok(match answered() {
        Ok(Answered::Text(text)) => Ok(text),
        Ok(Answered::Error { code, text }) => Err(OfServer::new(code, text).into()),
        Err(error) => Err(error.context(
            "the server was asked and did not answer: it may have carried the command out\nhint: `vigied audit` shows whether it has",
        )),
    })
}

/// The answer of a server on the folder to a request without a body.
pub(crate) fn ask(data: &Path, method: &str, asked: &str) -> std::io::Result<client::Answer> {
    client::ask(&path(data), method, asked)
}

/// What a server on the folder has counted and not yet written.
pub(crate) fn pending_of(data: &Path) -> anyhow::Result<Vec<serde_json::Value>> {
    let text = client::get(&path(data), PENDING)?;
    Ok(serde_json::from_str(&text)?)
}
