//! Marks the connection of a request as authenticated.

use super::caller::{Caller, Manager};
use crate::app::App;
use crate::net::connection_state::ConnectionState;
use std::sync::Arc;

/// Marks the request's connection as authenticated, once a guard has verified the caller.
pub(crate) fn mark_authenticated<B>(app: &App, request: &http::Request<B>) {
    let extensions = request.extensions();
    let Some(state) = extensions.get::<Arc<ConnectionState>>() else {
        return;
    };
    if state.keeps_slot() {
        return;
    }
    let account = match (extensions.get::<Manager>(), extensions.get::<Caller>()) {
        (Some(Manager(identity)), _) => Some(identity.account()),
        (None, Some(caller)) => app.iam.directory().account_of(caller.scope.domain()),
        (None, None) => None,
    };
    if let Some(account) = account {
        state.mark_authenticated(account);
    }
}
