//! Answering invitations, and one-time codes.

use super::build::{Document, Operation};
use super::caller::{CALLER, by_account, failing};
use super::refusals::{FORBIDDEN, FORM};
use crate::iam::invitation::{Accept, AcceptAccount, Invitations, Redeem};
use crate::problem::IdentityBody;

pub(super) fn routes(document: &mut Document) {
    let error = document.schema::<IdentityBody>();
    let list = document.schema::<Invitations>();
    let accept = document.schema::<Accept>();
    let account = document.schema::<AcceptAccount>();
    let redeem = document.schema::<Redeem>();
    let of_caller =
        |id: &'static str, summary: &'static str| Operation::new(id, summary).needs(&CALLER);
    let path = "/v2/users/self/invitations";
    let operation = by_account(of_caller(
        "ownInvitations",
        "Lists the invitations that wait for the caller; not by an API key",
    ))
    .answers("200", "a page of invitations", list);
    document.route("GET", path, failing(operation, &error));
    let operation = of_caller(
        "acceptInvitation",
        "Accepts an invitation; not by an API key",
    )
    .path("id", "the invitation's id")
    .optional_json(accept)
    .answers_empty("204", "the caller is in the account");
    document.route(
        "POST",
        "/v2/users/self/invitations/{id}/accept",
        failing(operation, &error),
    );
    let operation = of_caller(
        "declineInvitation",
        "Declines an invitation; not by an API key",
    )
    .path("id", "the invitation's id")
    .answers_empty("204", "the invitation is gone");
    document.route(
        "POST",
        "/v2/users/self/invitations/{id}/decline",
        failing(operation, &error),
    );
    let operation = of_caller(
        "acceptAccount",
        "Accepts the invitation into an account; not by an API key",
    )
    .json(account)
    .answers_empty("202", "the caller is in the account");
    document.route("POST", "/v2/users/accept", failing(operation, &error));
    let operation = Operation::new(
        "redeemCode",
        "Sets the password of the invited person for whom the one-time code was made, and accepts the invitation",
    )
    .may_have("Client")
    .json(redeem)
    .answers_empty("204", "the person logs in with the password now")
    .refused(FORM, &error)
    .refused([FORBIDDEN], &error);
    document.route("POST", "/v2/users/redeem", operation);
}
