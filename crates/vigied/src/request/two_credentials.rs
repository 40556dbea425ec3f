//! Two credentials in one request. `X-Auth-User-Token` counts. An `Authorization` header next to it may be meant for a proxy and
//! is ignored, unless it is a credential of this server for another user or account, in any form that a route of metrics takes.
//! That request is refused: one of the two would be ignored silently, and nobody knows which one a proxy relied on.

use super::presented_credential::{self, AuthorizationKinds};
use crate::app::App;
use crate::http::problem::Refusal;
use http::{HeaderMap, header};
use iam::bounds::AccountReach;
use iam::{Credential, Identity};
use wire::code;

/// Refuses a request whose two headers hold credentials of this server for different users or accounts.
pub(crate) fn check(
    app: &App,
    headers: &HeaderMap,
    counted: Credential<'_>,
) -> Result<(), Refusal> {
    let mut authorizations = headers.get_all(header::AUTHORIZATION).iter().peekable();
    if authorizations.peek().is_none() {
        return Ok(());
    }
    // An invalid credential is refused later, by the guard.
    let Ok(counted) = app.verifier.holder(counted) else {
        return Ok(());
    };
    for value in authorizations {
        let Ok(other) =
            presented_credential::authorization(app, AuthorizationKinds::Metrics, value.as_bytes())
        else {
            continue;
        };
        let other = app.verifier.holder(other.credential());
        if other.is_ok_and(|other| !agree(&counted, &other)) {
            let problem = code::REQUEST_MALFORMED.problem(
                "`X-Auth-User-Token` and `Authorization` hold credentials of this server for different users or accounts",
            );
            let hint = "send one of the two headers, or the same credential in both";
            return Err(Refusal(problem.hint(hint).field("X-Auth-User-Token")));
        }
    }
    Ok(())
}

/// Whether both belong to the same principal, and to the same account if each is bound to one.
fn agree(counted: &Identity, other: &Identity) -> bool {
    let accounts = match (counted.bounds().reach(), other.bounds().reach()) {
        (AccountReach::One(one), AccountReach::One(another)) => one == another,
        _ => true,
    };
    counted.principal() == other.principal() && accounts
}
