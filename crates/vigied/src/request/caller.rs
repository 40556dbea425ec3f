//! The authenticated caller. A monitoring handler takes a [`Caller`], a management handler a [`Manager`]; only this module makes
//! them, from a credential that `iam` has verified.

use super::guard::Guard;
use super::right;
use super::two_credentials;
use crate::app::App;
use crate::failure::refused;
use crate::http::header::single;
use crate::http::problem::Refusal;
use axum::extract::FromRequestParts;
use base::id::KeyId;
use base::scope::{Action, Forbidden, Scope};
use base::source::Source;
use http::HeaderMap;
use http::request::Parts;
use iam::audit::Credential as Shown;
use iam::{AuthError, Credential, Identity, Proof};
use std::sync::Arc;
use wire::code;
use wire::credential::{self, CredentialError, CredentialKind, Repairs};
use wire::scope_id;

/// The response header that tells callers that their credential was repaired.
pub(crate) const NOTICE_HEADER: &str = "x-vigie-credential-notice";

const USER_TOKEN: &str = "x-auth-user-token";
const SCOPE_ID: &str = "x-auth-scope-id";

/// A verified caller of the monitoring API, with the scope it acts in.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) scope: Scope,
    /// What the route asks of it.
    pub(crate) action: Action,
    /// The credential in the request.
    pub(crate) credential: Shown,
    /// The API key that is, or that it was obtained with.
    pub(crate) key: Option<KeyId>,
}

/// A rejected caller, with the credential's owner if it was verified.
#[derive(Debug)]
pub(crate) struct RejectedCaller {
    pub(crate) refusal: Refusal,
    pub(crate) known: Option<(Proof, Shown)>,
}

impl From<Refusal> for Box<RejectedCaller> {
    fn from(refusal: Refusal) -> Self {
        Self::new(RejectedCaller {
            refusal,
            known: None,
        })
    }
}

/// A verified caller of the management APIs.
#[derive(Debug, Clone)]
pub(crate) struct Manager(pub(crate) Identity);

/// A credential as it was sent, understood but not yet verified.
struct Sent<'h> {
    credential: Credential<'h>,
    repairs: Repairs,
}

/// What a request has sent that was verified, to be verified again.
pub(super) fn reparse_credential<'h>(
    app: &App,
    headers: &'h HeaderMap,
) -> Result<Credential<'h>, Refusal> {
    read(app, headers).map(|(sent, _)| sent.credential)
}

fn sent<'h>(app: &App, headers: &'h HeaderMap) -> Result<Sent<'h>, Refusal> {
    let (sent, field) = read(app, headers)?;
    for repair in sent.repairs.iter() {
        app.metrics.repaired(repair.word());
    }
    if field == "X-Auth-User-Token" {
        two_credentials::check(app, headers, sent.credential)?;
    }
    Ok(sent)
}

/// What was sent, and the name of the header.
fn read<'h>(app: &App, headers: &'h HeaderMap) -> Result<(Sent<'h>, &'static str), Refusal> {
    let (parsed, field) = if let Some(value) = single(headers, USER_TOKEN, "X-Auth-User-Token")? {
        (
            credential::user_token(value.as_bytes()),
            "X-Auth-User-Token",
        )
    } else if let Some(value) = single(headers, "authorization", "Authorization")? {
        (credential::authorization(value.as_bytes()), "Authorization")
    } else {
        let problem = code::CREDENTIAL_MISSING.problem("the request has no credential");
        return Err(Refusal(
            problem
                .hint("send `X-Auth-User-Token: iam TOKEN`; `vigie iam token --header` prints it")
                .field("X-Auth-User-Token"),
        ));
    };
    let parsed = parsed.map_err(|error| {
        let code = match &error {
            CredentialError::Empty | CredentialError::CredentialMissing => {
                &code::CREDENTIAL_MISSING
            }
            CredentialError::KindMissing
            | CredentialError::KindUnknown { .. }
            | CredentialError::Scheme { .. } => &code::CREDENTIAL_KIND,
            CredentialError::Characters | CredentialError::BasicMalformed => &code::TOKEN_MALFORMED,
        };
        Refusal(
            code.problem(error.to_string())
                .hint("`vigie iam token --header` prints the header, ready to send")
                .field(field),
        )
    })?;
    let credential = match parsed.kind {
        Some(CredentialKind::Iam) => Credential::Iam(parsed.text),
        Some(CredentialKind::Uaa) => Credential::Uaa(parsed.text),
        Some(CredentialKind::ApiKey) => Credential::ApiKey(parsed.text),
        None => app.verifier.bearer(parsed.text),
    };
    let repairs = parsed.repairs;
    Ok((
        Sent {
            credential,
            repairs,
        },
        field,
    ))
}

/// Verifies the caller of a monitoring route that does this.
pub(crate) fn scope(
    app: &App,
    (headers, source): (&HeaderMap, Source),
    guard: Guard,
) -> Result<(Caller, Repairs), Box<RejectedCaller>> {
    let sent = sent(app, headers)?;
    let selector = match single(headers, SCOPE_ID, "X-Auth-Scope-Id")? {
        Some(value) => Some(scope_id::parse(value.as_bytes()).map_err(|error| {
            let problem = code::SCOPE_MALFORMED.problem(error.to_string());
            Refusal(
                problem
                    .hint("`vigie account space NAME --guid` prints the GUID")
                    .field("X-Auth-Scope-Id"),
            )
        })?),
        None => None,
    };
    let credential = Shown::from(&sent.credential);
    let (scope, proof) = app.scopes.proven_scope(sent.credential, selector);
    let scope = scope.map_err(|error| {
        Box::new(RejectedCaller {
            refusal: refusal(app, source, &error),
            known: proof.map(|proof| (proof, credential)),
        })
    })?;
    let caller = Caller {
        action: guard.action(&scope),
        scope,
        credential,
        key: proof.and_then(|proof| proof.key),
    };
    Ok((caller, sent.repairs))
}

/// The refusal of a credential. A key that nobody has is a guess, and counts for its source as at the token endpoints; right
/// keys and tokens never come here.
fn refusal(app: &App, source: Source, error: &AuthError) -> Refusal {
    let problem = refused::credential(error);
    let is_guess = matches!(error, AuthError::KeyUnknown | AuthError::KeyMistyped);
    let wait = is_guess.then(|| app.iam.count_guess(source)).flatten();
    Refusal(match wait {
        Some(seconds) => refused::slowed(problem, seconds),
        None => problem,
    })
}

/// The refusal of what a role does not allow.
pub(super) fn right_missing(forbidden: &Forbidden) -> Refusal {
    Refusal(right::missing(forbidden))
}

/// The refusal of a caller who reaches some series of a domain, on a route that is about all of them.
pub(super) fn whole_missing(scope: &Scope) -> Refusal {
    let (principal, domain) = (scope.principal(), scope.domain());
    let message = format!("`{principal}` reaches only some series of `{domain}`");
    let problem = code::RIGHT_MISSING.problem(message);
    Refusal(problem.hint("use a credential that reaches every series of the domain"))
}

/// Verifies the caller of a management route.
pub(crate) fn identity(
    app: &App,
    (headers, source): (&HeaderMap, Source),
) -> Result<(Manager, Repairs), Box<RejectedCaller>> {
    let sent = sent(app, headers)?;
    let credential = Shown::from(&sent.credential);
    let (identity, proof) = app.verifier.proven_identity(sent.credential);
    let identity = identity.map_err(|error| {
        Box::new(RejectedCaller {
            refusal: refusal(app, source, &error),
            known: proof.map(|proof| (proof, credential)),
        })
    })?;
    Ok((Manager(identity), sent.repairs))
}

/// What kind of credential a refused request has shown, as far as that can be told.
pub(crate) fn kind(app: &App, headers: &HeaderMap) -> Shown {
    let parsed = match (headers.get(USER_TOKEN), headers.get("authorization")) {
        (Some(value), _) => credential::user_token(value.as_bytes()),
        (None, Some(value)) => credential::authorization(value.as_bytes()),
        (None, None) => return Shown::None,
    };
    let Ok(parsed) = parsed else {
        return Shown::None;
    };
    match parsed.kind {
        Some(CredentialKind::Iam) => Shown::IamToken,
        Some(CredentialKind::Uaa) => Shown::UaaToken,
        Some(CredentialKind::ApiKey) => Shown::ApiKey,
        None => Shown::from(&app.verifier.bearer(parsed.text)),
    }
}

/// The credential of `X-Auth-User-Token`, not yet verified; for routes that also answer without one.
pub(crate) fn shown<'h>(
    app: &App,
    headers: &'h HeaderMap,
) -> Result<Option<Credential<'h>>, Refusal> {
    if headers.contains_key(USER_TOKEN) {
        sent(app, headers).map(|sent| Some(sent.credential))
    } else {
        Ok(None)
    }
}

/// The caller, if either header holds a valid credential; for routes that also answer without one.
pub(crate) fn if_any(app: &App, headers: &HeaderMap) -> Option<Identity> {
    let sent = sent(app, headers).ok()?;
    app.verifier.identity(sent.credential).ok()
}

/// The guard has not run: a route was mounted past [`super::routes`]. Refused, never let through.
pub(super) fn unguarded() -> Refusal {
    tracing::error!("a handler asked for a caller on an unguarded route");
    Refusal(code::INTERNAL.problem("the request was not verified"))
}

/// What the guard has left for the handler.
fn verified<T: Clone + Send + Sync + 'static>(parts: &Parts) -> Result<T, Refusal> {
    parts.extensions.get().cloned().ok_or_else(unguarded)
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        verified(parts)
    }
}

impl FromRequestParts<Arc<App>> for Manager {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Refusal> {
        verified(parts)
    }
}
