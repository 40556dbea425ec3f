//! `/identity/token`: gives tokens for what a form proves.

use super::assume;
use super::delegation::delegation;
use super::form_field::optional;
use super::iam_authz;
use super::login_grant::grant;
use super::not_served;
use super::oauth_error;
use super::reply::json;
use super::response_type::ResponseType;
use super::tenant::{self, ProofAccount};
use super::token_client::{client, client_credentials};
use super::token_form::form;
use super::token_refusal::{no_client, wrong};
use super::token_reply::{client_reply, reply};
use super::workload;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::payload::FormPayload;
use axum::extract::State;
use axum::response::Response;
use base::limit;
use base::source::Source;
use http::{HeaderMap, StatusCode};
use iam::flow::grant::{
    ASSUME, CLIENT_CREDENTIALS, CR_TOKEN, Client, DELEGATED, IAM_AUTHZ, TokenRequest,
};
use std::sync::Arc;
use wire::iam::form::Form;

pub(super) async fn token(
    State(app): State<Arc<App>>,
    RequestSource(source): RequestSource,
    headers: HeaderMap,
    FormPayload(body): FormPayload,
) -> Response {
    let form = match form(&headers, &body) {
        Ok(form) => form,
        Err(refusal) => return oauth_error::answer(None, refusal),
    };
    let given = issued(&app, source, &headers, &form).await;
    given.unwrap_or_else(|refusal| oauth_error::answer(form.get("grant_type"), refusal))
}

/// The tokens for what the form proves.
async fn issued(
    app: &App,
    source: Source,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Response, Refusal> {
    not_served::check_second_proof(form)?;
    if let Some(CR_TOKEN | ASSUME | IAM_AUTHZ | DELEGATED) = form.get("grant_type") {
        tenant::check_absent(headers)?;
    }
    let by_another = match form.get("grant_type") {
        Some(CR_TOKEN) => {
            let client = client(app, headers, form)?;
            Some(workload::tokens(app, source, client, form).await?)
        }
        Some(ASSUME) => {
            let client = client(app, headers, form)?;
            Some(assume::tokens(app, source, client, form).await?)
        }
        Some(IAM_AUTHZ) => {
            let client = client(app, headers, form)?;
            Some(iam_authz::tokens(app, source, client, form).await?)
        }
        _ => None,
    };
    if let Some(tokens) = by_another {
        return json(StatusCode::OK, &reply(&tokens));
    }
    let is_client = form.get("grant_type") == Some(CLIENT_CREDENTIALS);
    let (grant, client) = match is_client {
        true => (client_credentials(app, headers, form)?, None),
        false => (grant(form)?, client(app, headers, form)?),
    };
    let wanted = ResponseType::of(form)?;
    let with_uaa = wanted.uaa;
    // A service ID as the client gets none either, and is told that.
    if client.is_none() && !is_client {
        wanted.check_without_client()?;
    }
    let account = optional(form, "account", &limit::WORD_BYTES)?;
    let account = tenant::account(headers, account, || match grant.is_key() {
        true => ProofAccount::OfKey(app.iam.account_of_key(&grant)),
        false => ProofAccount::Any,
    })?;
    let delegation = delegation(form, wanted, client)?;
    if client == Some(Client::Kube) && (account.is_some() || with_uaa) {
        let what = "a delegated token is for the account of its login: leave out `account`, and `uaa` of `response_type`";
        return Err(wrong(what));
    }
    if form.get("grant_type") == Some(DELEGATED) && client != Some(Client::Kube) {
        let message = "The Authorization header with the client that the token was delegated to is missing: send `kube:kube`";
        return Err(no_client(message));
    }
    let tokens = app
        .iam
        .token(TokenRequest {
            grant,
            client,
            account,
            with_uaa,
            delegated_seconds: delegation,
            source,
        })
        .await?;
    if is_client {
        return json(StatusCode::OK, &client_reply(&tokens));
    }
    json(StatusCode::OK, &reply(&tokens))
}
