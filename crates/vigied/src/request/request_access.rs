//! The access of a caller, kept while the request runs so that it can be checked again: a revocation also ends requests that
//! started before it. The clock does not: who asks in time does not lose the answer when their token expires meanwhile.

use super::caller::{self, Caller, Manager};
use super::presented_credential::{AuthorizationKinds, Kind};
use crate::app::App;
use crate::failure::refused;
use crate::http::problem::Refusal;
use crate::query::open_queries;
use axum::extract::FromRequestParts;
use base::error::{Kind as ErrorKind, Problem};
use base::principal::Principal;
use base::scope::{Action, Domain, Scope};
use base::secret::Secret;
use base::time::Millis;
use http::request::Parts;
use iam::audit::{Action as Event, Credential as AuditedCredential, Refused};
use iam::{AuthError, Credential};
use std::sync::Arc;

/// Why a formerly known key is unknown.
const DELETED: &str = "the API key was deleted";

/// A verified credential, and what it was used for.
#[derive(Debug, Clone)]
pub(crate) struct RequestAccess {
    app: Arc<App>,
    kind: Kind,
    text: Secret<String>,
    /// For metrics.
    scope: Option<MetricsAccess>,
    principal: Principal,
    presented: AuditedCredential,
    asked_at: Millis,
}

/// The access of a caller of metrics when the request came.
#[derive(Debug, Clone, Copy)]
struct MetricsAccess {
    domain: Domain,
    action: Action,
    /// Whether the answer contains names of series, also for callers who may read the series but not find them.
    is_naming: bool,
    /// Whether it reached every series.
    has_reached_all: bool,
}

impl MetricsAccess {
    fn of(scope: &Scope, action: Action, is_naming: bool) -> Self {
        // In the scope of a listing, the right to read counts as the right to find.
        let action = if is_naming { Action::Find } else { action };
        let has_reached_all = match is_naming {
            true => scope.with_implied_find().reaches_all(action),
            false => scope.reaches_all(action),
        };
        Self {
            domain: scope.domain(),
            action,
            is_naming,
            has_reached_all,
        }
    }

    /// Checks that what the caller has now allows the same.
    fn check(self, scope: &Scope) -> Result<(), Problem> {
        let widened = self.is_naming.then(|| scope.with_implied_find());
        let scope = widened.as_ref().unwrap_or(scope);
        scope
            .require(self.action)
            .map_err(|forbidden| caller::right_missing(&forbidden).0)?;
        // The work under way goes beyond what the caller reaches now.
        if self.has_reached_all && !scope.reaches_all(self.action) {
            return Err(caller::needs_whole_domain(scope).0);
        }
        Ok(())
    }
}

/// When the guard began to verify the caller.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedAt(pub(super) Millis);

impl RequestAccess {
    /// The access of the caller that the guard has verified; `None` on routes without a caller.
    pub(super) fn of(app: &Arc<App>, parts: &Parts) -> Result<Option<Self>, Refusal> {
        let (scope, principal) = match (parts.extensions.get(), parts.extensions.get()) {
            (Some(Manager(identity)), _) => (None, identity.principal()),
            (None, Some(caller)) => {
                let Caller {
                    scope,
                    action,
                    is_naming,
                    ..
                } = caller;
                let access = MetricsAccess::of(scope, *action, *is_naming);
                (Some(access), scope.principal())
            }
            (None, None) => return Ok(None),
        };
        let kinds = match scope {
            Some(_) => AuthorizationKinds::Metrics,
            None => AuthorizationKinds::Management,
        };
        let presented = caller::reparse_credential(app, kinds, &parts.headers)?;
        let credential = presented.credential();
        let (Credential::Iam(text) | Credential::Uaa(text) | Credential::ApiKey(text)) = credential;
        Ok(Some(Self {
            app: Arc::clone(app),
            kind: Kind::of(&credential),
            text: Secret::new(text.to_owned()),
            scope,
            principal,
            presented: AuditedCredential::from(&credential),
            asked_at: match parts.extensions.get() {
                Some(AskedAt(at)) => *at,
                None => return Err(caller::unguarded()),
            },
        }))
    }

    /// Checks that the caller still has access. Times count as they were when the request came.
    ///
    /// # Errors
    /// Why the caller has lost it.
    fn check(&self) -> Result<(), Problem> {
        let Some(access) = self.scope else {
            let credential = self.kind.with(self.text.expose());
            let verified = self.app.verifier.identity_at(credential, self.asked_at);
            return match verified {
                Ok(_) => Ok(()),
                Err(error) => Err(refused::credential(&known_before(error))),
            };
        };
        match self.scope_now(access.domain) {
            Ok(scope) => access.check(&scope),
            Err(error) => Err(refused::credential(&error)),
        }
    }

    /// The caller's current scope in a domain. Expiry times are checked against the moment when the request came.
    ///
    /// # Errors
    /// Why the caller has lost it.
    pub(crate) fn scope_now(&self, domain: Domain) -> Result<Scope, AuthError> {
        let credential = self.kind.with(self.text.expose());
        let scopes = &self.app.scopes;
        let found = scopes.scope_at(credential, Some(domain), self.asked_at);
        found.map_err(known_before)
    }
}

/// The reason for a key that was known when the request came.
fn known_before(error: AuthError) -> AuthError {
    match error {
        AuthError::KeyUnknown => AuthError::Revoked(DELETED),
        other => other,
    }
}

impl open_queries::AccessCheck for RequestAccess {
    fn recheck(&self) -> Result<(), Refusal> {
        self.check().map_err(Refusal)
    }

    /// Logs and audits the loss of access.
    fn report(&self, Refusal(problem): &Refusal) {
        let domain = self.scope.map(|scope| scope.domain);
        tracing::info!(
            user = %self.principal,
            domain = domain.map(tracing::field::display),
            code = problem.code,
            why = %problem.message,
            "a request is ended: its caller no longer has access"
        );
        let action = match problem.kind {
            ErrorKind::Unauthenticated => Some(Event::CredentialRefused),
            ErrorKind::Forbidden | ErrorKind::NotFound => Some(Event::RightRefused),
            _ => None,
        };
        if let Some(action) = action {
            self.app.iam.note_refused(Refused {
                action,
                principal: Some(self.principal),
                account: domain.and_then(|domain| self.app.iam.directory().account_of(domain)),
                credential: self.presented,
                why: problem.code,
            });
        }
    }
}

impl FromRequestParts<Arc<App>> for RequestAccess {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        Self::of(app, parts)?.ok_or_else(caller::unguarded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{AccountId, Guid, TenantId, UserId};
    use base::scope::{Grants, Reach};
    use base::selector::{NameFilter, Selector};

    fn scope(find: Reach, render: Reach) -> Scope {
        let grants = Grants::default()
            .with(Action::Find, find)
            .with(Action::Render, render);
        let guid = Guid::from_random([1; 16]);
        #[expect(
            clippy::disallowed_methods,
            reason = "no credential may find and not read yet"
        )]
        Scope::granted(
            Principal::User(UserId(guid)),
            TenantId(1),
            Domain::Account(AccountId(guid)),
            grants,
        )
    }

    fn some() -> Reach {
        let filter = NameFilter::any(vec![Selector::parse("app.*").unwrap()]);
        Reach::Names(Arc::new(filter.unwrap()))
    }

    /// A listing was cut off that a new request would have had, and went on where a new request would have had less.
    #[test]
    fn a_listing_goes_on_for_who_may_find_or_read_and_ends_with_what_it_was_widened_by() {
        use Reach::{All, Nothing};
        for (before, now, holds) in [
            ((Nothing, All), (Nothing, All), true),
            ((All, Nothing), (All, Nothing), true),
            ((All, All), (Nothing, All), true),
            ((All, All), (All, Nothing), true),
            ((Nothing, All), (Nothing, Nothing), false),
            ((some(), All), (some(), Nothing), false),
            ((some(), All), (some(), All), true),
            ((Nothing, All), (Nothing, some()), false),
            ((some(), some()), (Nothing, some()), true),
        ] {
            let case = format!("{before:?}, now {now:?}");
            let access = MetricsAccess::of(&scope(before.0, before.1), Action::Find, true);
            let checked = access.check(&scope(now.0, now.1));
            assert_eq!(checked.is_ok(), holds, "{case}");
        }
    }

    #[test]
    fn a_render_continues_as_long_as_its_read_scope_does() {
        let access = |scope: &Scope| MetricsAccess::of(scope, Action::Render, false);
        let reads = scope(Reach::Nothing, Reach::All);
        assert!(access(&reads).check(&reads).is_ok());
        let finds = scope(Reach::All, Reach::Nothing);
        assert!(access(&reads).check(&finds).is_err());
        let less = scope(Reach::Nothing, some());
        assert!(access(&reads).check(&less).is_err());
        assert!(access(&less).check(&reads).is_ok());
    }
}
