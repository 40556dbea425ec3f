//! The logins for senders of the original: `POST /login`, and `GET /token`.

use super::build::{Document, Operation};
use super::caller::public;
use super::refusals::{FORBIDDEN, FORM, NO_DOMAIN, UNPROVEN};
use crate::cf::login::{LoginReply, SpaceTokenReply};
use crate::problem::MonitoringBody;

/// Adds the routes.
pub(super) fn routes(document: &mut Document) {
    let reply = document.schema::<LoginReply>();
    let error = document.schema::<MonitoringBody>();
    let login = Operation::new(
        "spaceLogin",
        "Logs in for a space by its name: a UAA token, and a key that may only send there, the same one at each login",
    )
    .form(&[
        ("user*", "the user name; `apikey` for an API key as password"),
        ("passwd*", "the password, or the API key"),
        ("space", "the name of the space"),
        ("organization", "the name of its organization"),
    ])
    .answers("200", "the tokens; what was not found is `null`", reply)
    .refused(FORM, &error)
    .refused([UNPROVEN, FORBIDDEN], &error);
    document.route("POST", "/login", login);
    let reply = document.schema::<SpaceTokenReply>();
    let token = Operation::new(
        "spaceToken",
        "Whether a UAA token opens a space; the answer is the token and the space",
    )
    .header(
        "X-Auth-Token",
        "a UAA token, without the word `bearer`",
        true,
    )
    .header("X-Auth-Project-Id", "the GUID of the space", true)
    .answers("200", "it does", reply)
    .refused([UNPROVEN, FORBIDDEN, NO_DOMAIN], &error);
    document.route("GET", "/token", public(token, &error));
}
