//! Second factors of the identity interface.

use super::build::{Document, Operation};
use super::caller::{CALLER, failing};
use crate::iam::mfa::MfaStatus;
use crate::problem::IdentityBody;

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let status = document.schema::<MfaStatus>();
    let operation = Operation::new(
        "getMfaStatus",
        "Tells what the account asks of a user beside the password",
    )
    .needs(&CALLER)
    .path("account", "the account")
    .query("iam_id", "the user, a member of the account")
    .answers("200", "what is asked", status);
    let path = "/v1/mfa/accounts/{account}/status";
    document.route("GET", path, failing(operation, &error));
}
