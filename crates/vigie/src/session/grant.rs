//! Requests to the token service and the UAA: tokens for a credential, renewals, revocations.

use super::turn::in_turn;
use crate::client::{LOG_IN_AGAIN, Reply, Request, without_advice};
use crate::config::{CfConfig, Config};
use crate::context::Context;
use crate::error::{Failure, Kind};
use crate::token::{Token, is_token};
use wire::iam::introspection::Introspection;
use wire::iam::token::TokenReply;

/// The client id of the command line at IAM and UAA.
const IAM_CLIENT: (&str, &str) = ("bx", "bx");
const UAA_CLIENT: (&str, &str) = ("cf", "");

/// The token service's code for an account of which the user is not a member.
const NOT_A_MEMBER: &str = "BXNIM0141E";

/// The hint where the key that the login came from is no good any more: it is of no use to log in with it again.
const LOG_IN_OTHERWISE: &str = "log in with another key, `vigie login --apikey @FILE`, or with a password; the key of a service ID is made by an Administrator, with `vigie iam service-api-key-create NAME SERVICE_ID`";

/// Checks that the reply's tokens are safe in headers and shells; an honest server issues no others.
pub(crate) fn checked(reply: TokenReply) -> Result<TokenReply, Failure> {
    let uaa = reply.uaa_token.as_ref().map_or("", |token| token.expose());
    let is_fit = is_token(reply.access_token.expose()) && (uaa.is_empty() || is_token(uaa));
    if is_fit { Ok(reply) } else { Err(no_token()) }
}

fn no_token() -> Failure {
    Failure::failed(
        "the server gave something else than a token: it holds characters that no token has",
    )
    .hint("is this address a Vigie server? see `vigie api`")
}

/// Asks the token service at `iam` for tokens.
pub(crate) fn grant(context: &Context, iam: &str, form: &[(&str, &str)]) -> Result<Reply, Failure> {
    context.send(
        Request::post(format!("{iam}/identity/token"))
            .basic(IAM_CLIENT.0, IAM_CLIENT.1)
            .form(form),
    )
}

/// As [`grant`], for a login, which waits for its turn.
pub(crate) fn grant_in_turn(
    context: &Context,
    iam: &str,
    form: &[(&str, &str)],
) -> Result<Reply, Failure> {
    in_turn(context, || grant(context, iam, form))
}

/// Revokes a session or a token at the token service.
pub(crate) fn revoke(context: &Context, iam: &str, token: &str) -> Result<Reply, Failure> {
    context.send(
        Request::post(format!("{iam}/identity/revoke"))
            .basic(IAM_CLIENT.0, IAM_CLIENT.1)
            .form(&[("token", token)]),
    )
}

/// The only space that a token of a narrowed key can mean, as `s-GUID`: introspection tells it where the account has no other. None
/// also where no answer comes: one must be named then.
pub(crate) fn only_space(context: &Context, iam: &str, token: &str) -> Option<String> {
    let asked = Request::post(format!("{iam}/identity/introspect"))
        .basic(IAM_CLIENT.0, IAM_CLIENT.1)
        .form(&[("token", token)]);
    let reply = context.send(asked).ok()?;
    let introspection: Introspection = reply.parse("read what the token is for").ok()?;
    introspection.only_space.filter(|id| id.starts_with("s-"))
}

/// The form fields that ask for a Cloud Foundry token along with IAM's.
pub(crate) const BOTH_TOKENS: [(&str, &str); 3] = [
    ("response_type", "cloud_iam,uaa"),
    ("uaa_client_id", "cf"),
    ("uaa_client_secret", ""),
];

pub(super) fn renew(
    context: &Context,
    config: &Config,
    account: Option<&str>,
) -> Result<TokenReply, Failure> {
    let refresh = config.iam_refresh_token.expose();
    if refresh.is_empty() || refresh == "not_supported" {
        return Err(Failure::new(
            Kind::NotLoggedIn,
            "the login has expired and cannot be renewed",
        )
        .hint(LOG_IN_AGAIN));
    }
    let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", refresh)];
    match account {
        Some(account) => {
            form.push(("account", account));
            form.extend(BOTH_TOKENS);
        }
        None => form.push(("response_type", "cloud_iam")),
    }
    let iam = context.iam_endpoint(config)?;
    // Other commands have a token to go on with, or say at once that they have none.
    let is_logging_in = context.login.borrow().is_some();
    let reply = match is_logging_in {
        true => grant_in_turn(context, &iam, &form)?,
        false => grant(context, &iam, &form)?,
    };
    if reply.is_success() {
        return checked(reply.parse("renew the login")?);
    }
    let refusal = reply.refusal("switch the account");
    // The login stays valid: only the account is refused.
    if account.is_some() && refusal.code.as_deref() == Some(NOT_A_MEMBER) {
        return Err(refusal);
    }
    Err(not_renewed(refusal, reply.status))
}

pub(super) fn uaa_endpoint(context: &Context, cf: &CfConfig) -> Result<String, Failure> {
    if cf.uaa_endpoint.is_empty() {
        context.api_endpoint()
    } else {
        Ok(cf.uaa_endpoint.trim_end_matches('/').to_owned())
    }
}

pub(super) fn renew_uaa(
    context: &Context,
    cf: &CfConfig,
    iam: &Token,
    may_use_up: bool,
) -> Result<wire::cf::token::UaaTokenReply, Failure> {
    let endpoint = uaa_endpoint(context, cf)?;
    let ask = |form: &[(&str, &str)]| {
        context.send(
            Request::post(format!("{endpoint}/oauth/token"))
                .basic(UAA_CLIENT.0, UAA_CLIENT.1)
                .form(form),
        )
    };
    // Using the refresh token would produce a successor that would be lost; the IAM token can be used again.
    if may_use_up && !matches!(cf.refresh_token.expose(), "" | "not_supported") {
        let reply = ask(&[
            ("grant_type", "refresh_token"),
            ("refresh_token", cf.refresh_token.expose()),
            ("scope", ""),
        ])?;
        if reply.is_success() {
            return uaa_token(&reply);
        }
    }
    let reply = ask(&[
        ("grant_type", "iam_token"),
        ("iam_token", iam.expose()),
        ("scope", ""),
    ])?;
    if reply.is_success() {
        return uaa_token(&reply);
    }
    Err(not_renewed(
        reply.refusal("renew the UAA token"),
        reply.status,
    ))
}

fn uaa_token(reply: &Reply) -> Result<wire::cf::token::UaaTokenReply, Failure> {
    let reply: wire::cf::token::UaaTokenReply = reply.read("renew the UAA token")?;
    if is_token(reply.access_token.expose()) {
        Ok(reply)
    } else {
        Err(no_token())
    }
}

/// Whether the server asks to try again later.
const fn is_later(status: u16) -> bool {
    status == 429 || status >= 500
}

/// The line that scripts look for: status, code and text of a refused renewal, in this order.
fn not_renewed(refusal: Failure, status: u16) -> Failure {
    let text = refusal.text.as_deref().unwrap_or("none");
    let (kind, text) = match is_later(status) {
        true => (refusal.kind, text),
        false => (Kind::NotLoggedIn, without_advice(text)),
    };
    let mut failure = Failure::new(
        kind,
        format!(
            "the login could not be renewed. Status code: {status}, error code: {}, message: {text}",
            refusal.code.as_deref().unwrap_or("none"),
        ),
    );
    failure.status = Some(status);
    failure.code = refusal.code;
    failure.text = refusal.text;
    failure.transaction_id = refusal.transaction_id;
    if is_later(status) && !refusal.hints.is_empty() {
        failure.hints = refusal.hints;
        return failure;
    }
    let is_of_key = (failure.text.as_deref()).is_some_and(|text| text.contains("its API key"));
    failure.hint(match (is_later(status), is_of_key) {
        (true, _) => "try again in a moment",
        (false, true) => LOG_IN_OTHERWISE,
        (false, false) => LOG_IN_AGAIN,
    })
}
