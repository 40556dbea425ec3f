//! Changes of what an account has: made in a turn of the account, which is taken before a connection to the database. The table of routes
//! says which requests wait for it before their handlers run, and which handlers wait for it themselves (`request/work.rs`).

use super::waiting_caller::WaitingCaller;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::http::request_turns::RequestTurn;
use crate::net::client_watch;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use iam::progress::{Progress, Stage};
use std::sync::Arc;

/// The change that a verified request is about to make, and that has not had its turn.
pub(crate) struct PendingChange {
    app: Arc<App>,
    caller: WaitingCaller,
}

impl PendingChange {
    fn of(app: &Arc<App>, parts: &Parts) -> Result<Self, Refusal> {
        Ok(Self {
            app: Arc::clone(app),
            caller: WaitingCaller::of(app, parts)?,
        })
    }

    /// Waits for a turn of the account, and makes the change by this `work`: not for a caller who has lost access meanwhile. Once begun it
    /// goes on to its end, also when the request is given up.
    ///
    /// # Errors
    /// When too many changes of the account or of the caller wait; when the caller has no access any more; when the work panics.
    pub(crate) async fn make<F>(self, work: F) -> Result<F::Output, Refusal>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (turns, caller) = (&self.app.change_turns, &self.caller);
        Progress::reach(Stage::ChangeWaits);
        let turn = turns.take(caller.account, caller.identity).await?;
        self.make_in(turn, work).await
    }

    /// As [`Self::make`], for work that ends credentials: it is never refused for how many changes wait. Beyond the caller's share it waits
    /// for what else they end.
    ///
    /// # Errors
    /// When the caller has no access any more; when the work panics.
    pub(crate) async fn make_ending<F>(self, work: F) -> Result<F::Output, Refusal>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (turns, caller) = (&self.app.change_turns, &self.caller);
        Progress::reach(Stage::ChangeWaits);
        let turn = turns.take_to_end(caller.account, caller.identity).await;
        self.make_in(turn, work).await
    }

    async fn make_in<F>(self, turn: RequestTurn, work: F) -> Result<F::Output, Refusal>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.caller.check(&self.app)?;
        // Before the work is handed over: who is told that nothing was changed must be right.
        Progress::reach(Stage::ChangeBegun);
        turn.run_to_end(client_watch::on_same(work)).await
    }
}

/// For handlers that have to do what takes long, or waits, before they begin to change something.
impl FromRequestParts<Arc<App>> for PendingChange {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        Self::of(app, parts)
    }
}

/// Runs the handler of a route that makes a change as soon as it may.
pub(super) async fn in_change(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let answered = match pending(&app, request) {
        Ok((change, request)) => change.make(next.run(request)).await,
        Err(refusal) => Err(refusal),
    };
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// As [`in_change`], for a route that ends credentials.
pub(super) async fn in_ending_change(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let answered = match pending(&app, request) {
        Ok((change, request)) => change.make_ending(next.run(request)).await,
        Err(refusal) => Err(refusal),
    };
    answered.unwrap_or_else(IntoResponse::into_response)
}

fn pending(app: &Arc<App>, request: Request) -> Result<(PendingChange, Request), Refusal> {
    let (parts, body) = request.into_parts();
    let change = PendingChange::of(app, &parts)?;
    Ok((change, Request::from_parts(parts, body)))
}
