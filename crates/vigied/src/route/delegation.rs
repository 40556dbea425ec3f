//! The request for a refresh token that is delegated to another client.

use super::form_field::required;
use super::response_type::ResponseType;
use super::token_refusal::{no_client, wrong};
use crate::http::problem::Refusal;
use iam::flow::grant::Client;
use wire::iam::form::{self, Form};

/// The default lifetime of a delegated token, as in the original: six days.
const DELEGATED_SECONDS: i64 = 518_400;

/// For how many seconds a delegated token is asked for, if one is. Only the client `bx:bx`, which has logins, may ask for one, and
/// only for `kube`.
pub(super) fn delegation(
    form: &Form,
    wanted: ResponseType,
    client: Option<Client>,
) -> Result<Option<i64>, Refusal> {
    if !wanted.delegated {
        return Ok(None);
    }
    if client != Some(Client::Bx) {
        let message =
            "The Authorization header is missing: a token is delegated by the client `bx:bx`";
        return Err(no_client(message));
    }
    let receivers = required(form, "receiver_client_ids")?;
    let mut all = form::list(receivers);
    if all.next() != Some(Client::Kube.id()) || all.next().is_some() {
        return Err(wrong("`receiver_client_ids` is `kube` here"));
    }
    let Some(asked) = form.get("delegated_refresh_token_expiry") else {
        return Ok(Some(DELEGATED_SECONDS));
    };
    let seconds = asked.parse::<i64>().ok().filter(|seconds| *seconds > 0);
    let what = "`delegated_refresh_token_expiry` is a number of seconds from 1 on";
    seconds.map(Some).ok_or_else(|| wrong(what))
}
