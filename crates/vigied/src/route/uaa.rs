//! The UAA routes that the Cloud Foundry command line needs.

use super::not_served;
use super::reply::json;
use super::token_form::form_limit;
use super::token_reply::refresh_text;
use crate::app::App;
use crate::failure::refused::check_length;
use crate::http::header::single;
use crate::http::not_a_form::{self, MediaType};
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::caller::Manager;
use crate::request::payload::FormPayload;
use axum::extract::State;
use axum::response::Response;
use base::error::{Kind, Problem};
use base::limit::{self, Limit};
use base::secret::Secret;
use http::{HeaderMap, StatusCode, header};
use iam::flow::grant::{Client, Grant};
use iam::flow::uaa::{SCOPES, UaaGrant};
use std::sync::Arc;
use wire::cf::token::UaaTokenReply;
use wire::credential;
use wire::excerpt;
use wire::iam::form::Form;
use wire::secret::SecretText;

fn refused(kind: Kind, word: &'static str, message: String) -> Refusal {
    Refusal(Problem::new(kind, word, message))
}

fn grant(form: &Form) -> Result<UaaGrant, Refusal> {
    if let Some((_, why)) = not_served::second_proof(form) {
        return Err(refused(Kind::Invalid, "invalid_request", why));
    }
    let missing = |key: &str| {
        refused(
            Kind::Invalid,
            "invalid_request",
            format!("the field `{key}` is missing"),
        )
    };
    let field = |key: &str| {
        form.get(key)
            .filter(|text| !text.is_empty())
            .ok_or_else(|| missing(key))
    };
    let bounded = |key: &'static str, text: &str, limit: &'static Limit| {
        check_length(key, text, limit).map_err(|problem| {
            Refusal(Problem {
                code: "invalid_request",
                ..problem
            })
        })?;
        Ok::<_, Refusal>(text.to_owned())
    };
    let secret = |key: &'static str, limit| {
        let text = field(key)?;
        bounded(key, text, limit).map(Secret::new)
    };
    match field("grant_type")? {
        "password" => {
            if form.contains("passcode") {
                return Ok(UaaGrant::Proof(Grant::Passcode(secret(
                    "passcode",
                    &limit::WORD_BYTES,
                )?)));
            }
            let username = bounded("username", field("username")?, &limit::ADDRESS_BYTES)?;
            let password = secret("password", &limit::PASSWORD_BYTES)?;
            if username == "apikey" {
                return Ok(UaaGrant::Proof(Grant::ApiKey(password)));
            }
            Ok(UaaGrant::Proof(Grant::Password { username, password }))
        }
        "refresh_token" => Ok(UaaGrant::RefreshToken(secret(
            "refresh_token",
            &limit::TOKEN_BYTES,
        )?)),
        "iam_token" => Ok(UaaGrant::IamToken(secret(
            "iam_token",
            &limit::TOKEN_BYTES,
        )?)),
        other => {
            let excerpt = excerpt::beginning(other);
            Err(refused(
                Kind::Invalid,
                "unsupported_grant_type",
                format!("the grant type `{excerpt}` is not supported"),
            ))
        }
    }
}

pub(super) async fn token(
    State(app): State<Arc<App>>,
    RequestSource(source): RequestSource,
    headers: HeaderMap,
    FormPayload(body): FormPayload,
) -> Result<Response, Refusal> {
    let bad_client = || {
        app.iam.note_client_refused("unauthorized");
        refused(
            Kind::Unauthenticated,
            "unauthorized",
            "the client is unknown: send Basic `cf:`".to_owned(),
        )
    };
    let value = single(&headers, "authorization", "Authorization")?.ok_or_else(bad_client)?;
    let basic = credential::basic(value.as_bytes()).map_err(|_| bad_client())?;
    if Client::find(&basic.user, basic.password.expose()) != Some(Client::Cf) {
        return Err(bad_client());
    }
    let content_type = headers.get(header::CONTENT_TYPE);
    if let Some(kind) = not_a_form::kind(content_type, &body, MediaType::IsHint) {
        let message = format!("the body is {kind}, not a form: {}", not_a_form::HINT);
        return Err(refused(Kind::Invalid, "invalid_request", message));
    }
    let form = Form::parse(&body).map_err(|error| {
        let refusal = refused(Kind::Invalid, "invalid_request", error.to_string());
        match form_limit(&error) {
            Some(limit) => Refusal(refusal.0.limit(limit)),
            None => refusal,
        }
    })?;
    let tokens = app.iam.uaa_token(source, grant(&form)?).await?;
    let reply = UaaTokenReply {
        access_token: SecretText::new(tokens.access_token.expose().clone()),
        refresh_token: refresh_text(tokens.refresh_token.as_ref()),
        token_type: "bearer".to_owned(),
        expires_in: tokens.expires_in,
        scope: SCOPES.join(" "),
        jti: tokens.jti,
    };
    json(StatusCode::OK, &reply)
}

/// Ends the session of the caller's token, from either header.
pub(super) async fn disconnect(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
) -> Result<Response, Refusal> {
    app.iam.log_out(&caller).await?;
    json(StatusCode::OK, &serde_json::json!({}))
}
