//! The token service: grants, keys, discovery, introspection, revocation.

use super::assume;
use super::form_field::{bounded, optional, required};
use super::iam_authz;
use super::not_served;
use super::oauth_error;
use super::reply::json;
use super::response_type::ResponseType;
use super::tenant::{self, ProofAccount};
use super::token_refusal::{no_client, wrong};
use super::workload;
use crate::app::App;
use crate::http::advertised_address::UrlForCaller;
use crate::http::header::single;
use crate::http::not_a_form::{self, MediaType};
use crate::http::problem::Refusal;
use crate::http::source::RequestSource;
use crate::request::caller::Manager;
use crate::request::payload::FormPayload;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base::limit::{self, Limit};
use base::secret::Secret;
use base::source::Source;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use iam::flow::grant::{
    APIKEY, ASSUME, CLIENT_CREDENTIALS, CR_TOKEN, Client, DELEGATED, Grant, IAM_AUTHZ, PASSCODE,
    PASSWORD, REFRESH_TOKEN, TokenRequest, Tokens,
};
use iam::sync::key_store::PUBLIC_KEYS_KEPT_SECONDS;
use iam::token::claims::SCOPE;
use iam::token::keyring::{PublicKey, PublicNumbers};
use std::borrow::Cow;
use std::sync::Arc;
use wire::code;
use wire::credential::{self, Basic};
use wire::iam::discovery::{Discovery, Jwk, Jwks};
use wire::iam::form::{self, Form, FormError};
use wire::iam::introspection::{TokenAccount, UserInfo};
use wire::iam::token::{ClientTokenReply, TokenReply};
use wire::query::QueryError;
use wire::secret::SecretText;

/// The original service's text for a client without a refresh token.
const NOT_SUPPORTED: &str = "not_supported";

/// The default lifetime of a delegated token, as in the original: six days.
const DELEGATED_SECONDS: i64 = 518_400;

pub(super) fn form(headers: &HeaderMap, body: &[u8]) -> Result<Form, Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE);
    if let Some(kind) = not_a_form::kind(content_type, body, MediaType::IsHint) {
        let refusal = wrong(format_args!("the body is {kind}, not a form"));
        return Err(Refusal(refusal.0.hint(not_a_form::HINT)));
    }
    Form::parse(body).map_err(|error| {
        let refusal = wrong(&error);
        match form_limit(&error) {
            Some(limit) => Refusal(refusal.0.limit(limit)),
            None => refusal,
        }
    })
}

/// The limit that a form exceeded.
pub(super) fn form_limit(error: &FormError) -> Option<&'static Limit> {
    match error {
        FormError::TooLarge => Some(&limit::FORM_BYTES),
        FormError::Malformed(QueryError::TooMany) => Some(&limit::QUERY_PARAMETERS),
        FormError::Malformed(_) | FormError::Missing(_) => None,
    }
}

fn secret(
    form: &Form,
    key: &'static str,
    limit: &'static Limit,
) -> Result<Secret<String>, Refusal> {
    let text = bounded(key, required(form, key)?, limit)?;
    Ok(Secret::new(text.to_owned()))
}

/// User name and password from a form.
pub(super) fn name_and_password(form: &Form) -> Result<Grant, Refusal> {
    let username = required(form, "username")?;
    Ok(Grant::Password {
        username: bounded("username", username, &limit::ADDRESS_BYTES)?.to_owned(),
        password: secret(form, "password", &limit::PASSWORD_BYTES)?,
    })
}

/// The client of a Basic authorization; `None` without the header.
pub(super) fn client(app: &App, headers: &HeaderMap) -> Result<Option<Client>, Refusal> {
    let Some(value) = single(headers, "authorization", "Authorization")? else {
        return Ok(None);
    };
    let basic = basic(app, value)?;
    let client = Client::find(&basic.user, basic.password.expose());
    client.map(Some).ok_or_else(|| {
        let message = "The client is unknown or its secret is wrong: send `bx:bx`";
        refused_client(app, message)
    })
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

/// The credential in a form of the token service.
pub(super) fn grant(form: &Form) -> Result<Grant, Refusal> {
    match required(form, "grant_type")? {
        APIKEY => {
            // No key ends a line: a text read from a file may.
            let key = required(form, "apikey")?.trim_end_matches(['\r', '\n']);
            let key = bounded("apikey", key, &limit::KEY_TEXT_BYTES)?;
            Ok(Grant::ApiKey(Secret::new(key.to_owned())))
        }
        PASSWORD => name_and_password(form),
        PASSCODE => Ok(Grant::Passcode(secret(
            form,
            "passcode",
            &limit::WORD_BYTES,
        )?)),
        REFRESH_TOKEN | DELEGATED => {
            let token = secret(form, "refresh_token", &limit::TOKEN_BYTES)?;
            Ok(Grant::RefreshToken(token))
        }
        other => Err(not_served::grant(other)),
    }
}

pub(super) async fn token(
    State(app): State<Arc<App>>,
    RequestSource(source): RequestSource,
    headers: HeaderMap,
    FormPayload(body): FormPayload,
) -> Response {
    let form = match form(&headers, &body) {
        Ok(form) => form,
        Err(refusal) => return refusal.into_response(),
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
            let client = client(app, headers)?;
            Some(workload::tokens(app, source, client, form).await?)
        }
        Some(ASSUME) => {
            let client = client(app, headers)?;
            Some(assume::tokens(app, source, client, form).await?)
        }
        Some(IAM_AUTHZ) => Some(iam_authz::tokens(app, source, form)?),
        _ => None,
    };
    if let Some(tokens) = by_another {
        return json(StatusCode::OK, &reply(&tokens));
    }
    let is_client = form.get("grant_type") == Some(CLIENT_CREDENTIALS);
    let (grant, client) = match is_client {
        true => (client_credentials(app, headers, form)?, None),
        false => (grant(form)?, client(app, headers)?),
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
            source,
        })
        .await?;
    if is_client {
        return json(StatusCode::OK, &client_reply(&tokens));
    }
    let mut reply = reply(&tokens);
    if let (Some(seconds), Some(refresh_token)) = (delegation, &tokens.refresh_token) {
        let delegated = app
            .iam
            .delegate(refresh_token, Client::Kube, seconds)
            .await?;
        reply.delegated_refresh_token = Some(text(&delegated));
    }
    json(StatusCode::OK, &reply)
}

/// For how many seconds a delegated token is asked for, if one is. Only the client `bx:bx`, which has logins, may ask for one, and
/// only for `kube`.
fn delegation(
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

/// A service ID and one of its keys, in the header or in the form (RFC 6749 2.3.1).
fn client_credentials(app: &App, headers: &HeaderMap, form: &Form) -> Result<Grant, Refusal> {
    let Some(value) = single(headers, "authorization", "Authorization")? else {
        return match (form.get("client_id"), form.get("client_secret")) {
            (Some(id), Some(secret)) => client_grant(id, secret),
            _ => Err(refused_client(
                app,
                "The client is missing: send a service ID and one of its API keys as Basic, or as `client_id` and `client_secret`",
            )),
        };
    };
    let basic = basic(app, value)?;
    client_grant(&basic.user, basic.password.expose())
}

fn client_grant(id: &str, secret: &str) -> Result<Grant, Refusal> {
    let secret = bounded("client_secret", secret, &limit::KEY_TEXT_BYTES)?;
    Ok(Grant::Client {
        id: bounded("client_id", id, &limit::WORD_BYTES)?.to_owned(),
        secret: Secret::new(secret.to_owned()),
    })
}

fn text(secret: &Secret<String>) -> SecretText {
    SecretText::new(secret.expose().clone())
}

/// The field `refresh_token`. It is always present, because clients always read it.
pub(super) fn refresh_text(token: Option<&Secret<String>>) -> SecretText {
    token.map_or_else(|| SecretText::new(NOT_SUPPORTED), text)
}

fn reply(tokens: &Tokens) -> TokenReply {
    TokenReply {
        access_token: text(&tokens.access_token),
        refresh_token: refresh_text(tokens.refresh_token.as_ref()),
        token_type: "Bearer".to_owned(),
        expires_in: tokens.expires_in,
        expiration: tokens.expires_at,
        scope: SCOPE.to_owned(),
        delegated_refresh_token: None,
        session_id: tokens.session.map(|session| session.to_string()),
        uaa_token: tokens.uaa.as_ref().map(|uaa| text(&uaa.access_token)),
        uaa_refresh_token: (tokens.uaa.as_ref())
            .map(|uaa| refresh_text(uaa.refresh_token.as_ref())),
    }
}

fn client_reply(tokens: &Tokens) -> ClientTokenReply {
    ClientTokenReply {
        access_token: text(&tokens.access_token),
        token_type: "Bearer".to_owned(),
        expires_in: tokens.expires_in,
        expiration: tokens.expires_at,
        scope: SCOPE.to_owned(),
    }
}

fn jwk(key: PublicKey) -> Jwk {
    let common = Jwk {
        alg: key.algorithm.name().to_owned(),
        kid: key.kid,
        ..Jwk::default()
    };
    match key.numbers {
        PublicNumbers::Rsa { n, e } => Jwk {
            kty: "RSA".to_owned(),
            n: Some(n),
            e: Some(e),
            ..common
        },
        PublicNumbers::P256 { x, y } => Jwk {
            kty: "EC".to_owned(),
            crv: Some("P-256".to_owned()),
            x: Some(x),
            y: Some(y),
            ..common
        },
        PublicNumbers::Ed25519 { x } => Jwk {
            kty: "OKP".to_owned(),
            crv: Some("Ed25519".to_owned()),
            x: Some(x),
            ..common
        },
    }
}

pub(super) async fn keys(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let keys = app.iam.public_keys().into_iter();
    let keys = Jwks {
        keys: keys.map(jwk).collect(),
    };
    let mut answer = json(StatusCode::OK, &keys)?;
    // Not long: a new key waits until nobody goes by the older ones alone, and nobody should go on trusting a stolen one.
    let cache_control = format!("public, max-age={PUBLIC_KEYS_KEPT_SECONDS}");
    if let Ok(cache_control) = HeaderValue::from_str(&cache_control) {
        answer
            .headers_mut()
            .insert(header::CACHE_CONTROL, cache_control);
    }
    Ok(answer)
}

pub(super) async fn discovery(own_url: UrlForCaller) -> Result<Response, Refusal> {
    let answer = json(StatusCode::OK, &Discovery::at(&own_url.url))?;
    Ok(own_url.mark(answer))
}

pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    FormPayload(body): FormPayload,
) -> Response {
    let ended = ended(&app, &headers, &body).await;
    ended.unwrap_or_else(|refusal| oauth_error::answer(None, refusal))
}

async fn ended(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
    client(app, headers)?;
    let form = form(headers, body)?;
    // As for introspection: a text longer than any token is treated as unknown, and the form has its own limit.
    let token = required(&form, "token")?;
    app.iam.revoke(&Secret::new(token.to_owned())).await?;
    json(StatusCode::OK, &serde_json::json!({}))
}

pub(super) async fn userinfo(
    State(app): State<Arc<App>>,
    Manager(caller): Manager,
) -> Result<Response, Refusal> {
    let user = app.iam.user(&caller)?;
    let Some(claims) = caller.claims() else {
        return Err(Refusal(
            code::CREDENTIAL_KIND
                .problem("this needs an IAM token")
                .hint("`vigie iam oauth-tokens` prints one"),
        ));
    };
    let answer = UserInfo {
        active: true,
        realm_id: claims.realmid.clone(),
        identifier: claims.identifier.clone(),
        iam_id: claims.iam_id.clone(),
        given_name: user.given_name,
        family_name: user.family_name,
        name: claims.name.clone(),
        email: user.email.clone(),
        sub: user.email,
        account: TokenAccount {
            bss: claims.account.bss.clone(),
            ims: None,
            valid: None,
        },
        iat: claims.iat,
        exp: claims.exp,
        iss: claims.iss.clone(),
        grant_type: claims.grant_type.clone(),
        client_id: claims.client_id.clone(),
        scope: claims.scope.clone(),
        acr: claims.acr,
        amr: claims.amr.clone(),
    };
    json(StatusCode::OK, &answer)
}

/// The same, as `OpenID` Connect Core 5.3.1 has it too. The credential is in a header; what a form says beside it is not read.
pub(super) async fn userinfo_post(
    state: State<Arc<App>>,
    caller: Manager,
    FormPayload(_): FormPayload,
) -> Result<Response, Refusal> {
    userinfo(state, caller).await
}
