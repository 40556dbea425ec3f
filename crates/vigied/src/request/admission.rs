//! The access of a caller, kept while the request runs so that it can be checked again: a revocation also ends requests that
//! started before it. The clock does not: who asks in time does not lose the answer when their token expires meanwhile.

use super::caller::{self, Caller, Manager};
use super::presented::{Door, Kind};
use crate::app::App;
use crate::failure::refused;
use crate::http::problem::Refusal;
use crate::query::admitted;
use axum::extract::FromRequestParts;
use base::error::{Kind as ErrorKind, Problem};
use base::principal::Principal;
use base::scope::{Action, Domain};
use base::secret::Secret;
use base::time::Millis;
use http::request::Parts;
use iam::audit::{Action as Event, Credential as Shown, Refused};
use iam::{AuthError, Credential};
use std::sync::Arc;

/// Why a formerly known key is unknown.
const DELETED: &str = "the API key was deleted";

/// A verified credential, and what it was used for.
#[derive(Debug)]
pub(crate) struct Admission {
    app: Arc<App>,
    kind: Kind,
    text: Secret<String>,
    /// For metrics: the domain, the action, and whether it reached every series.
    scope: Option<(Domain, Action, bool)>,
    principal: Principal,
    shown: Shown,
    asked_at: Millis,
}

/// When the guard began to verify the caller.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedAt(pub(super) Millis);

impl Admission {
    /// The access of the caller that the guard has verified; `None` on routes without a caller.
    pub(super) fn of(app: &Arc<App>, parts: &Parts) -> Result<Option<Self>, Refusal> {
        let (scope, principal) = match (parts.extensions.get(), parts.extensions.get()) {
            (Some(Manager(identity)), _) => (None, identity.principal()),
            (None, Some(Caller { scope, action, .. })) => {
                let reached_all = scope.reaches_all(*action);
                let admitted = (scope.domain(), *action, reached_all);
                (Some(admitted), scope.principal())
            }
            (None, None) => return Ok(None),
        };
        let door = match scope {
            Some(_) => Door::Metrics,
            None => Door::Management,
        };
        let presented = caller::reparse_credential(app, door, &parts.headers)?;
        let credential = presented.credential();
        let (Credential::Iam(text) | Credential::Uaa(text) | Credential::ApiKey(text)) = credential;
        Ok(Some(Self {
            app: Arc::clone(app),
            kind: Kind::of(&credential),
            text: Secret::new(text.to_owned()),
            scope,
            principal,
            shown: Shown::from(&credential),
            asked_at: match parts.extensions.get() {
                Some(AskedAt(at)) => *at,
                None => return Err(caller::unguarded()),
            },
        }))
    }

    /// Checks that the caller still has access. Times count as they were when the request came.
    ///
    /// # Errors
    /// Why they do not.
    fn holds(&self) -> Result<(), Problem> {
        let app = &self.app;
        let credential = self.kind.with(self.text.expose());
        let admitted = match self.scope {
            None => (app.verifier.identity_at(credential, self.asked_at)).map(drop),
            Some((domain, action, reached_all)) => {
                let scope = app.scopes.scope_at(credential, Some(domain), self.asked_at);
                match scope {
                    Ok(scope) => {
                        scope
                            .require(action)
                            .map_err(|forbidden| caller::right_missing(&forbidden).0)?;
                        // The work under way goes beyond what the caller reaches now.
                        if reached_all && !scope.reaches_all(action) {
                            return Err(caller::whole_missing(&scope).0);
                        }
                        return Ok(());
                    }
                    Err(error) => Err(error),
                }
            }
        };
        match admitted {
            Ok(()) => Ok(()),
            // The key was known when the request came.
            Err(AuthError::KeyUnknown) => Err(refused::credential(&AuthError::Revoked(DELETED))),
            Err(error) => Err(refused::credential(&error)),
        }
    }
}

impl admitted::Admission for Admission {
    fn recheck(&self) -> Result<(), Refusal> {
        self.holds().map_err(Refusal)
    }

    /// Logs and audits the loss of access.
    fn report(&self, Refusal(problem): &Refusal) {
        let domain = self.scope.map(|(domain, ..)| domain);
        tracing::info!(
            user = %self.principal,
            domain = domain.map(tracing::field::display),
            code = problem.code,
            why = %problem.message,
            "a request is ended: what its caller was let in by no longer holds"
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
                credential: self.shown,
                why: problem.code,
            });
        }
    }
}

impl FromRequestParts<Arc<App>> for Admission {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refusal> {
        Self::of(app, parts)?.ok_or_else(caller::unguarded)
    }
}
