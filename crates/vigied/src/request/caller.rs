//! The authenticated caller. A monitoring handler takes a [`Caller`], a management handler a [`Manager`]; only this module makes
//! them, from a credential that `iam` has verified.

use super::guard::Guard;
use super::presented_credential::{
    self, AuthorizationKinds, CredentialHeader, PresentedCredential, USER_TOKEN,
};
use super::{cross_site, destination, key_as_token, role_refusal, two_credentials};
use crate::app::App;
use crate::failure::refused;
use crate::http::graphite_prefix::PathScope;
use crate::http::header::single;
use crate::http::problem::Refusal;
use crate::http::source;
use axum::extract::{FromRequestParts, Request};
use base::id::{AccountId, KeyId};
use base::scope::{Action, Domain, Forbidden, Scope};
use base::source::Source;
use http::HeaderMap;
use http::request::Parts;
use iam::audit::Credential as AuditedCredential;
use iam::{AuthError, Credential, FromOtherNode, Identity, Proof};
use std::sync::Arc;
use wire::code;
use wire::credential::Repairs;
use wire::scope_id;

/// The response header that tells callers that their credential was repaired.
pub(crate) const NOTICE_HEADER: &str = "x-vigie-credential-notice";

const SCOPE_ID: &str = "x-auth-scope-id";

/// A verified caller of the monitoring API, with the scope it acts in.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) scope: Scope,
    /// The action that the route asks for.
    pub(crate) action: Action,
    /// Whether the answer contains names of series, also for callers who may read the series but not find them.
    pub(crate) is_naming: bool,
    /// The credential in the request.
    pub(crate) credential: AuditedCredential,
    /// The API key that is, or that it was obtained with.
    pub(crate) key: Option<KeyId>,
    /// How the credential came.
    pub(crate) way: CredentialHeader,
}

/// A rejected caller, with the credential's owner if it was verified.
#[derive(Debug)]
pub(crate) struct RejectedCaller {
    pub(crate) refusal: Refusal,
    pub(crate) known: Option<(Proof, AuditedCredential)>,
    /// The account that lets no credential in from where the request came from, if that is why.
    pub(crate) closed_account: Option<AccountId>,
    /// Whether another node may have made the credential a moment ago. Where it may be asked, this is not the answer yet.
    pub(crate) from: FromOtherNode,
}

/// Whether the other nodes were asked, for this request, what they have made a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OtherNodes {
    /// They were not asked: a refusal may be due to something that they have just created, so it is not counted yet.
    NotAsked,
    /// They were asked: a refusal is final.
    Asked,
    /// They did not answer: nothing is refused or counted that they may have created.
    Silent,
}

impl OtherNodes {
    /// What to ask other nodes before a refusal. `from` tells whether they may have created the missing object.
    pub(super) fn before_refusal(self, from: impl FnOnce() -> FromOtherNode) -> FromOtherNode {
        match self {
            Self::NotAsked => from(),
            Self::Asked => FromOtherNode::No,
            Self::Silent => match from() {
                FromOtherNode::No => FromOtherNode::No,
                FromOtherNode::Ask(_) | FromOtherNode::CannotTell => FromOtherNode::CannotTell,
            },
        }
    }
}

impl From<Refusal> for RejectedCaller {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            known: None,
            closed_account: None,
            from: FromOtherNode::No,
        }
    }
}

impl From<Refusal> for Box<RejectedCaller> {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.into())
    }
}

/// A verified caller of the management APIs.
#[derive(Debug, Clone)]
pub(crate) struct Manager(pub(crate) Identity);

/// Parses the verified credential of a request again, to verify it anew.
pub(super) fn reparse_credential<'h>(
    app: &App,
    kinds: AuthorizationKinds,
    headers: &'h HeaderMap,
) -> Result<PresentedCredential<'h>, Refusal> {
    presented_credential::read(app, kinds, headers)
}

fn sent<'h>(
    app: &App,
    kinds: AuthorizationKinds,
    headers: &'h HeaderMap,
    other_nodes: OtherNodes,
) -> Result<PresentedCredential<'h>, Refusal> {
    let sent = presented_credential::read(app, kinds, headers)?;
    if other_nodes == OtherNodes::NotAsked {
        for repair in sent.repairs.iter() {
            app.metrics.repaired(repair.word());
        }
    }
    if sent.way == CredentialHeader::UserToken {
        two_credentials::check(app, headers, sent.credential())?;
    }
    Ok(sent)
}

/// The domain that a request names, in its header or before its path.
fn selector(request: &Request) -> Result<Option<Domain>, Refusal> {
    let read = |scope: &[u8], field| {
        scope_id::parse(scope).map_err(|error| {
            let problem = code::SCOPE_MALFORMED.problem(error.to_string());
            Refusal(
                problem
                    .hint("`vigie account space NAME --guid` prints the GUID")
                    .field(field),
            )
        })
    };
    let in_header = match single(request.headers(), SCOPE_ID, "X-Auth-Scope-Id")? {
        Some(value) => Some(read(value.as_bytes(), "X-Auth-Scope-Id")?),
        None => None,
    };
    let Some(PathScope(text)) = request.extensions().get() else {
        return Ok(in_header);
    };
    let in_path = read(text.as_bytes(), "path")?;
    if in_header.is_some_and(|in_header| in_header != in_path) {
        let problem = code::REQUEST_MALFORMED
            .problem("`X-Auth-Scope-Id` and the path after `/graphite` name different domains");
        let hint = "leave out the header, or name the same domain in both";
        return Err(Refusal(problem.hint(hint).field("X-Auth-Scope-Id")));
    }
    Ok(Some(in_path))
}

/// Verifies the caller of a monitoring route that does this.
pub(crate) fn scope(
    app: &App,
    request: &Request,
    guard: Guard,
    other_nodes: OtherNodes,
) -> Result<(Caller, Repairs), Box<RejectedCaller>> {
    let source = source::of(request);
    if matches!(guard, Guard::Sender(_)) {
        destination::refuse_url_credential(request)?;
    }
    let kinds = AuthorizationKinds::Metrics;
    let sent = sent(app, kinds, request.headers(), other_nodes)?;
    if sent.way == CredentialHeader::Basic {
        cross_site::check(app, request)?;
    }
    let mut selector = selector(request)?;
    if let Guard::Sender(named) = guard {
        let wanted = destination::domain(app, request, (sent.credential(), named), selector);
        selector = wanted.map_err(|refusal| {
            let from = match refusal.0.code == code::DOMAIN_NOT_FOUND.code {
                true => other_nodes
                    .before_refusal(|| app.iam.space_may_be_from_other_node(sent.credential())),
                false => FromOtherNode::No,
            };
            let refusal = match from {
                FromOtherNode::CannotTell => other_nodes_unreachable(),
                FromOtherNode::No | FromOtherNode::Ask(_) => refusal,
            };
            RejectedCaller {
                from,
                ..RejectedCaller::from(refusal)
            }
        })?;
    }
    let credential = AuditedCredential::from(&sent.credential());
    let (scope, proof) = app.scopes.proven_scope(sent.credential(), selector);
    let scope = scope.map_err(|error| {
        let credential_and_error = (sent.credential(), &error);
        let from = from_other_node(app, other_nodes, credential_and_error);
        Box::new(RejectedCaller {
            refusal: refusal(app, source, credential_and_error, from),
            known: proof.map(|proof| (proof, credential)),
            closed_account: error.closed_account(),
            from,
        })
    })?;
    let caller = Caller {
        action: guard.action(&scope),
        is_naming: guard.is_naming(),
        scope,
        credential,
        key: proof.and_then(|proof| proof.key),
        way: sent.way,
    };
    Ok((caller, sent.repairs))
}

/// Whether another node may have made what the credential is refused for the lack of.
fn from_other_node(
    app: &App,
    other_nodes: OtherNodes,
    (credential, error): (Credential<'_>, &AuthError),
) -> FromOtherNode {
    other_nodes.before_refusal(|| app.iam.may_be_from_other_node(credential, error))
}

/// The refusal, for now, of what another node may have made a moment ago while the others cannot be asked.
pub(super) fn other_nodes_unreachable() -> Refusal {
    Refusal(refused::credential(&AuthError::Unheard))
}

/// The refusal of a credential. A key that nobody has is a guess, and counts for its source as at the token endpoints, once it is known
/// that no node has made it; valid keys and tokens never get here.
fn refusal(
    app: &App,
    source: Source,
    (credential, error): (Credential<'_>, &AuthError),
    from: FromOtherNode,
) -> Refusal {
    if from == FromOtherNode::CannotTell {
        return other_nodes_unreachable();
    }
    if let Some(problem) = key_as_token::problem(credential, error) {
        return Refusal(problem);
    }
    let problem = refused::credential(error);
    let problem = match key_as_token::token_as_key(credential, error) {
        Some(hint) => problem.hint(hint),
        None => problem,
    };
    let is_guess = matches!(error, AuthError::KeyUnknown | AuthError::KeyMistyped);
    let counts = is_guess && from == FromOtherNode::No;
    let wait = counts.then(|| app.iam.count_guess(source)).flatten();
    Refusal(match wait {
        Some(seconds) => refused::slowed(problem, seconds),
        None => problem,
    })
}

/// The refusal of what a role does not allow.
pub(super) fn right_missing(forbidden: &Forbidden) -> Refusal {
    Refusal(role_refusal::missing(forbidden))
}

/// The refusal of a caller who reaches some series of a domain, on a route that is about all of them.
pub(super) fn needs_whole_domain(scope: &Scope) -> Refusal {
    let (principal, domain) = (scope.principal(), scope.domain());
    let message = format!("`{principal}` reaches only some series of `{domain}`");
    let problem = code::RIGHT_MISSING.problem(message);
    Refusal(problem.hint("use a credential that reaches every series of the domain"))
}

/// Verifies the caller of a management route.
pub(crate) fn identity(
    app: &App,
    (headers, source): (&HeaderMap, Source),
    other_nodes: OtherNodes,
) -> Result<(Manager, Repairs), Box<RejectedCaller>> {
    let sent = sent(app, AuthorizationKinds::Management, headers, other_nodes)?;
    let credential = AuditedCredential::from(&sent.credential());
    let (identity, proof) = app.verifier.proven_identity(sent.credential());
    let identity = identity.map_err(|error| {
        let credential_and_error = (sent.credential(), &error);
        let from = from_other_node(app, other_nodes, credential_and_error);
        let refusal = refusal(app, source, credential_and_error, from);
        Box::new(RejectedCaller {
            refusal: match from {
                FromOtherNode::CannotTell => refusal,
                FromOtherNode::No | FromOtherNode::Ask(_) => {
                    for_programs(refusal, sent.way, &error)
                }
            },
            known: proof.map(|proof| (proof, credential)),
            closed_account: error.closed_account(),
            from,
        })
    })?;
    Ok((Manager(identity), sent.repairs))
}

/// The same refusal of a token with the remedy of those who send them by `Authorization`: programs, with IBM's clients, which log nobody
/// in.
fn for_programs(Refusal(problem): Refusal, way: CredentialHeader, error: &AuthError) -> Refusal {
    let is_over = matches!(
        error,
        AuthError::Expired { .. } | AuthError::Revoked(_) | AuthError::Signature(_)
    );
    Refusal(match is_over && way == CredentialHeader::Bearer {
        true => problem.hint(
            "a program gets a fresh token with an API key at `POST /identity/token`, as IBM's `IAMAuthenticator` does by itself; a person with `vigie login`",
        ),
        false => problem,
    })
}

/// The kind of credential that a refused request has shown, as far as that can be told.
pub(crate) fn kind(app: &App, kinds: AuthorizationKinds, headers: &HeaderMap) -> AuditedCredential {
    let presented = presented_credential::read(app, kinds, headers);
    presented.map_or(AuditedCredential::None, |presented| {
        AuditedCredential::from(&presented.credential())
    })
}

/// The credential of `X-Auth-User-Token`, not yet verified; for routes that also answer without one.
pub(crate) fn presented<'h>(
    app: &App,
    headers: &'h HeaderMap,
) -> Result<Option<Credential<'h>>, Refusal> {
    if headers.contains_key(USER_TOKEN) {
        sent(
            app,
            AuthorizationKinds::Management,
            headers,
            OtherNodes::NotAsked,
        )
        .map(|sent| sent.plain())
    } else {
        Ok(None)
    }
}

/// The caller, if either header holds a valid credential; for routes that also answer without one.
pub(crate) fn if_any(app: &App, headers: &HeaderMap) -> Option<Identity> {
    let sent = sent(
        app,
        AuthorizationKinds::Management,
        headers,
        OtherNodes::NotAsked,
    )
    .ok()?;
    app.verifier.identity(sent.credential()).ok()
}

/// The guard has not run: a route was mounted past [`super::routes`]. Refused, never let through.
pub(super) fn unguarded() -> Refusal {
    tracing::error!("a handler asked for a caller on an unguarded route");
    Refusal(code::INTERNAL.problem("the request was not verified"))
}

/// The guard's result for the handler.
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
