//! `iam token`: the access token, alone or as a header, a command, shell variables or JSON.

use crate::argument::OF_TARGET;
use crate::context::Context;
use crate::duration;
use crate::error::{Failure, Kind};
use crate::figures;
use crate::monitoring::domain_id;
use crate::printable_text::{PrintableText, escaped};
use crate::token::Claims;
use base::time::{Clock as _, SystemClock};
use clap::Args;
use serde::Serialize;
use std::time::Duration;

/// Print the bare access token, ready for scripts
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  curl -H \"X-Auth-User-Token: iam $(vigie iam token)\" …
  eval \"$(vigie iam token --env)\"")]
pub(crate) struct TokenArgs {
    /// Print the header line that the metrics API wants; with `--scope`, that of the scope as well
    #[arg(long, group = "form")]
    header: bool,
    /// Print a curl command that lists metrics, ready to be run; with a key that may only send, one that sends a sample
    #[arg(long, group = "form")]
    curl: bool,
    /// Print `export` lines for a shell: the token, the scope and the addresses
    #[arg(long, group = "form")]
    env: bool,
    /// Print JSON: the token, when it expires, and whose it is
    #[arg(long, group = "form")]
    json: bool,
    /// The scope for `--header`, `--curl`, `--env` and `--json`: `space`, `org` or `account` of the target, or the id itself (`s-GUID`,
    /// `o-GUID`, `a-GUID`); default: the targeted space, else the organization, else the account
    #[arg(long, value_name = "SCOPE", add = OF_TARGET)]
    scope: Option<String>,
    /// Renew the token unless it is good for at least this long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "10s")]
    min_ttl: Duration,
}

/// Advice where a space could be chosen.
const CHOOSE_SPACE: &str = "choose a space with `vigie target -o ORG -s SPACE`";

/// The sample of `--curl`, where sending is all that the key may do.
const SAMPLE: &str = r#"[{"name":"hello.vigie","value":1}]"#;

#[derive(Serialize)]
struct TokenReport<'a> {
    token: &'a str,
    expires_at: String,
    expires_in: i64,
    user: &'a str,
    account: &'a str,
    scope: Option<String>,
}

impl TokenArgs {
    /// The flag of a form that is no JSON.
    fn text_form(&self) -> Option<&'static str> {
        [
            (self.header, "--header"),
            (self.curl, "--curl"),
            (self.env, "--env"),
        ]
        .into_iter()
        .find_map(|(is_asked, flag)| is_asked.then_some(flag))
    }
}

/// Prints the access token in the requested form.
pub(crate) fn run(args: &TokenArgs, context: &Context) -> Result<(), Failure> {
    if context.output.is_json()
        && let Some(form) = args.text_form()
    {
        let message =
            format!("`{form}` prints a text, and `--output json` JSON: leave one of them out");
        return Err(Failure::usage(message)
            .hint("`--json` alone prints the token, when it expires, whose it is and the scope"));
    }
    let token = context.token_for(args.min_ttl)?;
    let text = token.expose();
    let output = &context.output;
    warn_if_short(args, text, context);
    if args.header {
        let header = format!("X-Auth-User-Token: iam {text}");
        return match &args.scope {
            None => output.line(header),
            Some(_) => {
                let scope = scope(args, context)?;
                output.line(escaped!("{}\nX-Auth-Scope-Id: {}", header, scope))
            }
        };
    }
    if args.curl {
        let (scope, metrics) = (noted_scope(args, context)?, trusted_metrics(context)?);
        let headers = escaped!(
            "-H {} -H {}",
            PrintableText::quoted(&format!("X-Auth-User-Token: iam {text}")),
            PrintableText::quoted(&format!("X-Auth-Scope-Id: {scope}"))
        );
        let sends_alone = context.reach().is_some_and(|reach| reach.only.is_some());
        return output.line(match sends_alone {
            true => escaped!(
                "curl -sS --fail-with-body {} -H 'Content-Type: application/json' --data {} {}",
                headers,
                PrintableText::quoted(SAMPLE),
                PrintableText::quoted(&format!("{metrics}/v1/metrics"))
            ),
            false => escaped!(
                "curl -sS --fail-with-body {} {}",
                headers,
                PrintableText::quoted(&format!("{metrics}/v1/metrics/list?query=*"))
            ),
        });
    }
    if args.env {
        let (scope, metrics) = (noted_scope(args, context)?, trusted_metrics(context)?);
        return output.line(escaped!(
            "export VIGIE_TOKEN={}\nexport VIGIE_SCOPE={}\nexport VIGIE_METRICS={}",
            PrintableText::quoted(text),
            PrintableText::quoted(&scope),
            PrintableText::quoted(&metrics)
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
            // Where nothing was named, none is an answer.
            scope: match args.scope {
                Some(_) => Some(scope(args, context)?),
                None => open_scope(context),
            },
        });
    }
    if args.scope.is_some() {
        return Err(
            Failure::usage("a token alone has no scope: that is a header of its own").hint(
                "print both with `--header`, `--curl`, `--env` or `--json`, or leave `--scope` out",
            ),
        );
    }
    output.line(text.to_owned())
}

/// Warns if the server issues no token with the requested lifetime; the longest one is printed anyway. A token that the server
/// has just given has not expired, whatever the clock of this machine says.
fn warn_if_short(args: &TokenArgs, token: &str, context: &Context) {
    let Some(claims) = Claims::of(token).filter(|claims| claims.exp > 0) else {
        return;
    };
    let remaining = u64::try_from(claims.remaining(SystemClock.now())).unwrap_or(0);
    if remaining == 0 {
        context.output.warn(
            "by this machine's clock the token that the server has just given has expired already: is the clock right?",
        );
    } else if remaining < args.min_ttl.as_secs() {
        let left = figures::in_words(remaining);
        context.output.warn(format!(
            "the server gives no longer token: it is good for {left}"
        ));
    }
}

/// The named scope, else that of the login.
fn scope(args: &TokenArgs, context: &Context) -> Result<String, Failure> {
    let Some(named) = &args.scope else {
        return context.scope_id();
    };
    let id = domain_id(context, named)?;
    if let Some(reach) = context.reach() {
        reach.require_domain(Some(&id))?;
    }
    Ok(id)
}

/// The scope of the login; with a note where there is none for want of a role.
fn open_scope(context: &Context) -> Option<String> {
    let scope = context.open_scope();
    if scope.is_none() && context.scope_id().is_ok() {
        let hint = match context.has_no_role() {
            true => context.no_role(),
            false => CHOOSE_SPACE.into(),
        };
        context.output.note(escaped!("hint: {}", hint));
    }
    scope
}

/// The scope for the script, which can work with it; with a note if no space was chosen.
fn noted_scope(args: &TokenArgs, context: &Context) -> Result<String, Failure> {
    let scope = scope(args, context)?;
    if scope.starts_with("s-") {
        return Ok(scope);
    }
    if let Some(refused) = context.no_role_refusal(Some(&scope)) {
        return Err(closed(&scope, args, refused, context));
    }
    if args.scope.is_some() || context.reach().is_some() {
        return Ok(scope);
    }
    if context.has_no_role() {
        let hint = context.no_role();
        context.output.note(escaped!("hint: {}", hint));
    } else {
        context.output.note(escaped!(
            "no space is targeted, so that the scope is `{}`; choose one with `vigie target -o ORG -s SPACE`",
            scope
        ));
    }
    Ok(scope)
}

/// The failure for a scope in which the caller has no role: the server names the role for a domain of its kind.
fn closed(scope: &str, args: &TokenArgs, refused: Failure, context: &Context) -> Failure {
    let message = escaped!("`{}` does not exist, or you have no role in it", scope);
    let mut failure = Failure::new(Kind::NotFound, message);
    let is_chosen = args.scope.is_some() || context.reach().is_some();
    if !is_chosen && !context.has_no_role() {
        failure = failure.hint(CHOOSE_SPACE);
    }
    failure.hints.extend(refused.hints);
    if failure.hints.is_empty() {
        failure = failure.hint(context.no_role());
    }
    failure
}

/// Checks the addresses that the printed token is meant for.
fn trusted_metrics(context: &Context) -> Result<String, Failure> {
    let metrics = context.metrics_endpoint()?;
    context.require_trusted(&metrics, "its metrics API")?;
    Ok(metrics)
}
