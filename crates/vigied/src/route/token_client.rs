//! The client of a request to the token service: `bx`, `kube`, or a service ID with one of its keys.

use super::form_field::bounded;
use super::token_refusal::{no_client, wrong};
use crate::app::App;
use crate::http::header::single;
use crate::http::problem::Refusal;
use base::limit;
use base::secret::Secret;
use http::{HeaderMap, HeaderValue};
use iam::flow::grant::{Client, Grant};
use std::borrow::Cow;
use wire::credential::{self, Basic};
use wire::iam::form::Form;
use wire::secret::SecretText;

/// The client that a request names; `None` where it names none.
pub(super) fn client(
    app: &App,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Option<Client>, Refusal> {
    known(app, id_and_secret(app, headers, form)?)
}

/// The client of a Basic authorization, where there is no form that could name one; `None` without the header.
pub(super) fn client_of_header(app: &App, headers: &HeaderMap) -> Result<Option<Client>, Refusal> {
    let value = single(headers, "authorization", "Authorization")?;
    let basic = value.map(|value| basic(app, value)).transpose()?;
    known(app, basic)
}

fn known(app: &App, id_and_secret: Option<Basic>) -> Result<Option<Client>, Refusal> {
    let Some(Basic { user: id, password }) = id_and_secret else {
        return Ok(None);
    };
    let client = Client::find(&id, password.expose());
    client.map(Some).ok_or_else(|| {
        let message = "The client is unknown or its secret is wrong: send `bx:bx`";
        refused_client(app, message)
    })
}

/// A service ID and one of its keys, as the client that it is.
pub(super) fn client_credentials(
    app: &App,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Grant, Refusal> {
    let Some(Basic { user: id, password }) = id_and_secret(app, headers, form)? else {
        return Err(refused_client(
            app,
            "The client is missing: send a service ID and one of its API keys as Basic, or as `client_id` and `client_secret`",
        ));
    };
    let secret = bounded("client_secret", password.expose(), &limit::KEY_TEXT_BYTES)?;
    Ok(Grant::Client {
        id: bounded("client_id", &id, &limit::WORD_BYTES)?.to_owned(),
        secret: Secret::new(secret.to_owned()),
    })
}

/// The id and the secret of a client, in the header or in the form, and not in both (RFC 6749 2.3.1).
fn id_and_secret(app: &App, headers: &HeaderMap, form: &Form) -> Result<Option<Basic>, Refusal> {
    let header = single(headers, "authorization", "Authorization")?;
    match (header, in_form(app, form)?) {
        (Some(_), Some(_)) => {
            let what = "the client is in the Authorization header, and `client_secret` in the form: send one of the two";
            Err(wrong(what))
        }
        (Some(value), None) => basic(app, value).map(Some),
        (None, in_form) => Ok(in_form),
    }
}

/// The client of a form. An id alone proves nothing: old programs send it beside the header.
fn in_form(app: &App, form: &Form) -> Result<Option<Basic>, Refusal> {
    if !form.contains("client_secret") {
        return Ok(None);
    }
    let Some(id) = form.get("client_id") else {
        let message = "`client_secret` has no `client_id` beside it: send both";
        return Err(refused_client(app, message));
    };
    let secret = form.get("client_secret").unwrap_or_default();
    Ok(Some(Basic {
        user: id.to_owned(),
        password: SecretText::new(secret),
    }))
}

/// A client and its secret.
fn basic(app: &App, value: &HeaderValue) -> Result<Basic, Refusal> {
    credential::basic(value.as_bytes()).map_err(|error| {
        let message = format!("The Authorization header cannot be read: {error}");
        refused_client(app, message)
    })
}

/// The refusal of a client that cannot be read or is unknown, which is noted.
fn refused_client(app: &App, message: impl Into<Cow<'static, str>>) -> Refusal {
    let refusal = no_client(message);
    app.iam.note_client_refused(refusal.0.code);
    refusal
}
