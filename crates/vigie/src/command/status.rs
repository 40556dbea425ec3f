//! `status`: user, target and expiry. It makes no request, unless nothing is targeted: then the account would be the scope, and
//! whether the caller has a role in it only the server knows.

use crate::config::Place;
use crate::context::Context;
use crate::error::Failure;
use crate::figures::in_words;
use crate::output::printable;
use crate::session::not_logged_in;
use crate::token::Claims;
use base::time::{Clock as _, SystemClock};
use serde_json::{Value, json};

/// Prints the state of the session; fails if there is none.
pub(crate) fn run(context: &Context) -> Result<(), Failure> {
    let config = context.config().clone();
    let cf = context.cf()?;
    let claims = Claims::of(config.iam_token.expose());
    let renewable = !matches!(config.iam_refresh_token.expose(), "" | "not_supported");
    let remaining = claims
        .as_ref()
        .map_or(0, |claims| claims.remaining(SystemClock.now()));
    let api_key = claims
        .as_ref()
        .map(|claims| claims.iam_apikey_id.as_str())
        .filter(|key| !key.is_empty());
    let is_ended = config.is_ended();
    let scope = context.open_scope();
    let is_usable = !is_ended && claims.is_some() && (remaining > 0 || renewable);
    let expires_at = claims.as_ref().and_then(Claims::expires_at);
    if !is_usable && context.output.is_json() {
        return Err(not_logged_in(context.name));
    }
    if context.output.is_json() {
        let mut told = json!({
            "logged_in": is_usable, "user": claims.as_ref().map(Claims::user),
            "api_endpoint": non_empty(&config.api_endpoint), "metrics_endpoint": context.metrics_endpoint().ok(),
            "account": place(&config.account.guid, &config.account.name), "region": non_empty(&config.region),
            "org": place(&cf.organization_fields.guid, &cf.organization_fields.name),
            "space": place(&cf.space_fields.guid, &cf.space_fields.name),
            "scope": scope, "token_expires_at": expires_at,
            "token_expires_in": claims.as_ref().map(|_| remaining), "renewable": renewable, "api_key_id": api_key,
            "directory": context.home.directory(),
        });
        if let (Some(reach), Some(told)) = (context.reach(), told.as_object_mut()) {
            told.insert("reach".to_owned(), json!(reach));
        }
        context.output.json(&told)?;
    } else {
        let or_none = |text: &str| printable(if text.is_empty() { "none" } else { text });
        let token = match (&expires_at, u64::try_from(remaining)) {
            (None, _) => "none".to_owned(),
            _ if is_ended => "of a login that has ended".to_owned(),
            (Some(at), Ok(left)) if left > 0 => format!("good until {at}, for {}", in_words(left)),
            (Some(at), _) => format!("expired at {at}"),
        };
        let renewal = match api_key {
            _ if is_ended => "refused; log in again".to_owned(),
            _ if !renewable => "not possible; log in again".to_owned(),
            Some(key) => format!(
                "by itself, when it has expired, while its session and the API key {} are good",
                printable(key)
            ),
            None => "by itself, when it has expired".to_owned(),
        };
        let mut pairs = vec![
            ("User:", or_none(claims.as_ref().map_or("", Claims::user))),
            ("API endpoint:", or_none(&config.api_endpoint)),
            (
                "Account:",
                or_none(match config.account.name.as_str() {
                    // It may not ask for the name.
                    "" if context.reach().is_some() => "of the key",
                    "" => &config.account.guid,
                    name => name,
                }),
            ),
            ("Region:", or_none(&config.region)),
            ("Org:", or_none(&cf.organization_fields.name)),
            ("Space:", space(&cf.space_fields)),
            (
                "Scope:",
                match (scope, context.reach()) {
                    (Some(scope), _) => scope,
                    (None, Some(reach)) if reach.sends_anywhere() => {
                        "none for sending; name one with `--scope s-GUID`".to_owned()
                    }
                    (None, _) => "none".to_owned(),
                },
            ),
            ("Token:", token),
            ("Renewal:", renewal),
            ("Directory:", context.home.directory().display().to_string()),
        ];
        if let Some(reach) = context.reach() {
            pairs.push(("Reach:", reach.words()));
        }
        context.output.pairs(&pairs)?;
        if is_usable && context.reach().is_none() && cf.space_fields.guid.is_empty() {
            // What can be chosen takes a request.
            context
                .output
                .note("hint: no space is targeted; `vigie target` says which command mends that");
        }
    }
    if is_usable {
        return Ok(());
    }
    Err(not_logged_in(context.name))
}

/// The name of the targeted space, or its id: a key that may only send is not told the name.
fn space(space: &Place) -> String {
    match (space.name.as_str(), space.guid.as_str()) {
        ("", "") => "none".to_owned(),
        ("", guid) => printable(&format!("s-{guid}")),
        (name, _) => printable(name),
    }
}

/// A text, or `null` for none.
fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn place(guid: &str, name: &str) -> Value {
    non_empty(guid).map_or(Value::Null, |guid| json!({"guid": guid, "name": name}))
}
