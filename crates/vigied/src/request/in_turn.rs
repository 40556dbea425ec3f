//! Requests that wait for others of their account before their handlers run: work that takes longer the more an account has, such as
//! lists, in a turn of the account and off the reactor threads; and changes of what an account has, a few at a time. The table of
//! routes says which these are, and their handlers know nothing of it.

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
    let (account, identity, work) = match prepare(&app, request, next) {
        Ok(prepared) => prepared,
        Err(refusal) => return refusal.into_response(),
    };
    let answered = app.account_turns.run(account, identity, work).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// Waits until few enough changes of the caller's account are under way, and runs the handler, which changes something of it: not for a
/// caller who has lost access meanwhile.
pub(super) async fn in_change(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let (account, _, work) = match prepare(&app, request, next) {
        Ok(prepared) => prepared,
        Err(refusal) => return refusal.into_response(),
    };
    let answered = app.account_changes.run(account, work).await;
    answered.unwrap_or_else(IntoResponse::into_response)
}

/// Whose request it is, and what answers it once it has waited.
fn prepare(
    app: &Arc<App>,
    request: Request,
    next: Next,
) -> Result<
    (
        AccountId,
        Principal,
        impl Future<Output = Response> + Send + use<>,
    ),
    Refusal,
> {
    let (parts, body) = request.into_parts();
    let (account, identity, access) = waiting(app, &parts)?;
    let request = Request::from_parts(parts, body);
    let work = client_watch::on_same(if_allowed(Arc::clone(app), access, request, next));
    Ok((account, identity, work))
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
