//! Work that takes longer the more an account has, such as lists: in a turn of the caller's account, off the reactor threads. The
//! table of routes says which routes are answered so, and their handlers know nothing of it.

use super::caller::{self, Caller, Manager};
use super::request_access::RequestAccess;
use crate::app::App;
use crate::failure::refused;
use crate::http::problem::Refusal;
use crate::net::client_watch;
use crate::query::open_queries::AccessCheck as _;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::id::AccountId;
use base::principal::Principal;
use http::request::Parts;
use iam::Identity;
use std::sync::Arc;
use wire::code;

/// Waits for a turn of the caller's account, and runs the handler in it: none for a caller who has lost access meanwhile.
pub(super) async fn in_turn(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (account, identity, access) = match waiting(&app, &parts) {
        Ok(waiting) => waiting,
        Err(refusal) => return refusal.into_response(),
    };
    let request = Request::from_parts(parts, body);
    let work = client_watch::on_same(if_allowed(Arc::clone(&app), access, request, next));
    let answered = app.account_turns.run(account, identity, work).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// The same for a change of what the account has: after those of its changes that came before.
pub(super) async fn in_change(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let (account, _, access) = match waiting(&app, &parts) {
        Ok(waiting) => waiting,
        Err(refusal) => return refusal.into_response(),
    };
    let request = Request::from_parts(parts, body);
    let work = client_watch::on_same(if_allowed(Arc::clone(&app), access, request, next));
    let answered = app.account_changes.run(account, work).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// Runs the handler for a caller who still has access.
async fn if_allowed(
    app: Arc<App>,
    access: WaitingAccess,
    request: Request,
    next: Next,
) -> Response {
    match access.check(&app) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// The access of the caller who waits.
enum WaitingAccess {
    Management(Identity),
    Metrics(RequestAccess),
}

impl WaitingAccess {
    /// Checks that the caller still has it.
    fn check(&self, app: &App) -> Result<(), Refusal> {
        match self {
            Self::Management(caller) => {
                let checked = app.verifier.check_again(caller);
                checked.map_err(|error| Refusal(refused::credential(&error)))
            }
            Self::Metrics(access) => access.recheck(),
        }
    }
}

/// Whose turn a verified request takes, and their access.
fn waiting(
    app: &Arc<App>,
    parts: &Parts,
) -> Result<(AccountId, Principal, WaitingAccess), Refusal> {
    match (parts.extensions.get(), parts.extensions.get()) {
        (Some(Manager(caller)), _) => Ok((
            caller.account(),
            caller.principal(),
            WaitingAccess::Management(caller.clone()),
        )),
        (None, Some(Caller { scope, .. })) => {
            let domain = scope.domain();
            let account = app.iam.directory().account_of(domain).ok_or_else(|| {
                // Deleted since the credential was verified.
                Refusal(code::DOMAIN_NOT_FOUND.problem(format!("there is no domain `{domain}`")))
            })?;
            let access = RequestAccess::of(app, parts)?.ok_or_else(caller::unguarded)?;
            Ok((account, scope.principal(), WaitingAccess::Metrics(access)))
        }
        (None, None) => Err(caller::unguarded()),
    }
}
