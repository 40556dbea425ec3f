//! Work that takes longer the more an account has, such as lists: its handlers run in a turn of the account and off the reactor threads.
//! The table of routes says which these are, and the handlers know nothing of it.

use super::waiting_caller::WaitingCaller;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::net::client_watch;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use iam::IamError;
use iam::progress::{Progress, Stage};
use std::sync::Arc;

/// Waits for a turn of the caller's account, and runs the handler in it: not for a caller who has lost access meanwhile.
pub(super) async fn in_turn(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let answered = answer(&app, request, next).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

async fn answer(app: &Arc<App>, request: Request, next: Next) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let caller = WaitingCaller::of(app, &parts)?;
    let request = Request::from_parts(parts, body);
    Progress::reach(Stage::ListWaits);
    let turn = app.list_turns.take(caller.account, caller.identity).await?;
    Progress::reach(Stage::NoChange);
    let app = Arc::clone(app);
    let work = async move {
        if let Err(refusal) = caller.check(&app) {
            return refusal.into_response();
        }
        // The account's other lists, of which most need no database, do not wait for this one as long as a database may take.
        tokio::select! {
            response = next.run(request) => response,
            () = app.iam.database_away() => Refusal::from(IamError::Silent).into_response(),
        }
    };
    turn.run_in_steps(client_watch::on_same(work)).await
}
