//! `/v1/sessions`: login sessions, listed, ended and kept alive.

use super::iam_id;
use super::list_cursor::ListCursor;
use super::order::{Order, SortKey};
use super::paging::IAM;
use super::reply::json;
use super::token_client::client_of_header;
use super::token_refusal::no_client;
use crate::app::App;
use crate::failure::refused;
use crate::http::advertised_address::UrlForCaller;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::caller::Manager;
use crate::request::params::Params;
use crate::request::pending_change::PendingChange;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::id::SessionId;
use base::source::Source;
use http::{HeaderMap, StatusCode};
use iam::flow::grant::Client;
use iam::manage::session::{OpenSession, SessionPlace};
use iam::{IamError, Identity, Reason};
use std::sync::Arc;
use wire::iam::api_key::time_text;
use wire::iam::session::{Session, SessionList};

/// The list parameters that links to other pages repeat.
const KEPT: [&str; 1] = ["iam_id"];

fn to_wire(caller: &Identity, session: &OpenSession) -> Session {
    Session {
        id: session.id.to_string(),
        iam_id: iam_id::of(session.principal),
        account_id: caller.account().to_string(),
        apikey_id: session.key.map(|key| key.to_string()),
        created_at: time_text(session.created_at),
        last_used_at: time_text(session.used_at),
        expires_at: time_text(session.expires_at),
        current: caller.session() == Some(session.id),
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    own_url: UrlForCaller,
    params: Params,
) -> Result<Response, Refusal> {
    let whose = iam_id::asked_for(&app, &caller, &params).await?;
    // The latest come first.
    let order = Order::fixed(|session: &OpenSession| {
        SortKey::Number(session.created_at.0.saturating_neg())
    });
    let cursor = ListCursor::of(&IAM, &params, order)?;
    let place = cursor.made().map(|(created_at, id)| SessionPlace {
        created_at,
        id: SessionId(id),
        is_end: cursor.is_backward(),
    });
    let found = app
        .iam
        .sessions_from(&caller, whose, place, cursor.window())
        .await?;
    let path = format!("{}/v1/sessions", own_url.url);
    let size = cursor.size();
    let address = |start: Option<&str>| IAM.address_at(&path, &params, &KEPT, (size, start));
    let page = cursor.page(found, address)?;
    let all = page.entries.iter();
    let list = SessionList {
        offset: page.offset,
        limit: size,
        first: page.links.first,
        previous: page.links.previous,
        next: page.links.next,
        sessions: all.map(|session| to_wire(&caller, session)).collect(),
    };
    json(StatusCode::OK, &list)
}

pub(super) async fn end_all(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    params: Params,
) -> Result<Response, Refusal> {
    let whose = iam_id::asked_for(&app, &caller, &params).await?;
    app.iam.end_sessions(&caller, whose).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn end(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
    change: PendingChange,
    params: Params,
) -> Result<Response, Refusal> {
    let id = params.id("id")?;
    app.iam.require_endable(&caller, id).await?;
    let iam = app.iam.clone();
    let ended = change.make_ending(async move { iam.end_one_session(&caller, id).await });
    ended.await??;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The refusal of an id. One that no session has is a guess, and counts for its source as a wrong key does.
fn not_kept(app: &App, source: Source, error: IamError) -> Refusal {
    let is_guess = (error.refusal()).is_some_and(|refusal| refusal.reason == Reason::NotFound);
    let wait = is_guess.then(|| app.iam.count_guess(source)).flatten();
    match (refused::of(&error), wait) {
        (Some(problem), Some(seconds)) => Refusal(refused::slowed(problem, seconds)),
        _ => error.into(),
    }
}

/// As the original's command line asks for it: by the client, without a body.
pub(super) async fn keep_alive(
    State(app): State<Arc<App>>,
    RequestSource(source): RequestSource,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if client_of_header(&app, &headers)? != Some(Client::Bx) {
        let message = "The Authorization header is missing: send `bx:bx`";
        return Err(no_client(message));
    }
    let kept = app.iam.keep_session_alive(params.id("id")?).await;
    kept.map_err(|error| not_kept(&app, source, error))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
