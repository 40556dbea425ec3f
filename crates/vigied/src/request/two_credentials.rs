//! Two credentials in one request. `X-Auth-User-Token` counts; an `Authorization` beside it may be meant for a proxy on the
//! way and is not looked at, unless it is a credential of this server, for somebody else or another account: then one of the
//! two would be left out in silence, and which one a proxy went by nobody knows.

use crate::app::App;
use crate::http::problem::Refusal;
use http::{HeaderMap, header};
use iam::bounds::Reach;
use iam::{Credential, Identity};
use wire::code;
use wire::credential;

/// Refuses a request whose two headers hold credentials of this server that stand for different things.
pub(crate) fn check(
    app: &App,
    headers: &HeaderMap,
    counted: Credential<'_>,
) -> Result<(), Refusal> {
    let mut beside = headers.get_all(header::AUTHORIZATION).iter().peekable();
    if beside.peek().is_none() {
        return Ok(());
    }
    // A credential that opens nothing is refused by who asks for it.
    let Ok(counted) = app.verifier.holder(counted) else {
        return Ok(());
    };
    for value in beside {
        let Ok(other) = credential::authorization(value.as_bytes()) else {
            continue;
        };
        let other = app.verifier.holder(app.verifier.bearer(other.text));
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

/// Whether both are the same user's, and share the account where each has one.
fn agree(counted: &Identity, other: &Identity) -> bool {
    let accounts = match (counted.bounds().reach(), other.bounds().reach()) {
        (Reach::One(own), Reach::One(beside)) => own == beside,
        _ => true,
    };
    counted.user() == other.user() && accounts
}
