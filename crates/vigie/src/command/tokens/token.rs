//! `iam token`: the access token, alone or as a header, a command, shell variables or JSON.

use crate::context::Context;
use crate::duration;
use crate::error::Failure;
use crate::figures;
use crate::shown::{Shown, shown};
use crate::token::Claims;
use base::time::{Clock as _, SystemClock};
use clap::Args;
use serde::Serialize;
use std::time::Duration;

/// What `iam token` takes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  curl -H \"X-Auth-User-Token: iam $(vigie iam token)\" …
  eval \"$(vigie iam token --env)\"")]
pub(crate) struct TokenArgs {
    /// Print the header line that the metrics API wants
    #[arg(long, group = "form")]
    header: bool,
    /// Print a curl command that lists metrics, ready to be run
    #[arg(long, group = "form")]
    curl: bool,
    /// Print `export` lines for a shell: the token, the scope and the addresses
    #[arg(long, group = "form")]
    env: bool,
    /// Print JSON: the token, when it expires, and whose it is
    #[arg(long, group = "form")]
    json: bool,
    /// Renew the token unless it is good for at least this long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "10s")]
    min_ttl: Duration,
}

#[derive(Serialize)]
struct TokenReport<'a> {
    token: &'a str,
    expires_at: String,
    expires_in: i64,
    user: &'a str,
    account: &'a str,
    scope: Option<String>,
}

/// Prints the access token in the requested form.
pub(crate) fn run(args: &TokenArgs, context: &Context) -> Result<(), Failure> {
    let token = context.token_for(args.min_ttl)?;
    let text = token.expose();
    let output = &context.output;
    warn_if_short(args, text, context);
    if args.header {
        return output.line(format!("X-Auth-User-Token: iam {text}"));
    }
    if args.curl {
        let (scope, metrics) = (scope(context)?, trusted_metrics(context)?);
        return output.line(shown!(
            "curl -sS -H {} -H {} {}",
            Shown::quoted(&format!("X-Auth-User-Token: iam {text}")),
            Shown::quoted(&format!("X-Auth-Scope-Id: {scope}")),
            Shown::quoted(&format!("{metrics}/v1/metrics/list?query=*"))
        ));
    }
    if args.env {
        let (scope, metrics) = (scope(context)?, trusted_metrics(context)?);
        return output.line(shown!(
            "export VIGIE_TOKEN={}\nexport VIGIE_SCOPE={}\nexport VIGIE_METRICS={}",
            Shown::quoted(text),
            Shown::quoted(&scope),
            Shown::quoted(&metrics)
        ));
    }
    if args.json || output.is_json() {
        let claims = Claims::of(text).unwrap_or_default();
        return output.json(&TokenReport {
            token: text,
            expires_at: claims.expires_at().unwrap_or_default(),
            expires_in: claims.remaining(SystemClock.now()),
            user: claims.user(),
            account: &claims.account.bss,
            scope: context.scope_id().ok(),
        });
    }
    output.line(text.to_owned())
}

/// Warns if the server issues no token with the requested lifetime; the longest one is printed anyway.
fn warn_if_short(args: &TokenArgs, token: &str, context: &Context) {
    let remaining = Claims::of(token).map_or(0, |claims| claims.remaining(SystemClock.now()));
    let remaining = u64::try_from(remaining).unwrap_or(0);
    if remaining < args.min_ttl.as_secs() {
        let left = figures::in_words(remaining);
        context.output.warn(format!(
            "the server gives no longer token: it is good for {left}"
        ));
    }
}

/// The scope for the script; with a note if it is not a space.
fn scope(context: &Context) -> Result<String, Failure> {
    let scope = context.scope_id()?;
    if !scope.starts_with("s-") {
        context.output.note(shown!(
            "no space is targeted, so that the scope is `{}`; choose one with `vigie target -o ORG -s SPACE`",
            scope
        ));
    }
    Ok(scope)
}

/// Checks the addresses that the printed token is meant for.
fn trusted_metrics(context: &Context) -> Result<String, Failure> {
    let metrics = context.metrics_endpoint()?;
    context.vouch(&metrics, "its metrics API")?;
    Ok(metrics)
}
