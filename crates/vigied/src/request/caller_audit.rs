//! Records requests in the audit: how many each caller makes, and what is refused. Also names the caller in the log line.

use super::caller::{Caller, Manager, RejectedCaller};
use crate::app::App;
use crate::http::problem::Refusal;
use crate::http::source;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use base::error::{Kind, Problem};
use base::id::{AccountId, KeyId};
use base::principal::Principal;
use base::scope::Domain;
use iam::audit::{Action, Credential, Refused};
use wire::code;

/// A verified caller, as logged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallerId {
    principal: Principal,
    account: Option<AccountId>,
    domain: Option<Domain>,
    credential: Credential,
    key: Option<KeyId>,
}

impl CallerId {
    /// The caller that the guard has verified.
    fn of(app: &App, request: &Request) -> Option<Self> {
        let extensions = request.extensions();
        if let Some(Manager(identity)) = extensions.get() {
            return Some(Self {
                principal: identity.principal(),
                account: Some(identity.account()),
                domain: Some(Domain::Account(identity.account())),
                credential: iam::audit::Credential::of(identity),
                key: identity.bounds().root().key,
            });
        }
        let Caller {
            scope,
            credential,
            key,
            ..
        } = extensions.get()?;
        Some(Self {
            principal: scope.principal(),
            account: app.iam.directory().account_of(scope.domain()),
            domain: Some(scope.domain()),
            credential: *credential,
            key: *key,
        })
    }

    /// The principal that acts, for the log line.
    pub(crate) const fn principal(self) -> Principal {
        self.principal
    }

    /// The domain of the request, for the log line.
    pub(crate) const fn domain(self) -> Option<Domain> {
        self.domain
    }
}

/// Counts a request whose caller was verified.
pub(super) fn verified(app: &App, request: &Request) -> Option<CallerId> {
    let who = CallerId::of(app, request)?;
    let what = (who.credential, who.key);
    app.iam
        .note_caller(who.principal, who.account, what, source::of(request));
    Some(who)
}

/// Counts a request that the guard refuses, and answers it.
pub(super) fn rejected(
    app: &App,
    request: &Request,
    RejectedCaller {
        refusal,
        known,
        closed_account,
        ..
    }: RejectedCaller,
    presented: Credential,
) -> Response {
    let Refusal(problem) = &refusal;
    let (kind, why) = (problem.kind, problem.code);
    let who = known.map(|(proof, credential)| CallerId {
        principal: proof.principal,
        account: proof.account,
        domain: None,
        credential,
        key: proof.key,
    });
    if let Some(who) = who {
        let what = (who.credential, who.key);
        app.iam
            .note_caller(who.principal, who.account, what, source::of(request));
    }
    let action = match kind {
        Kind::Unauthenticated => Some(Action::CredentialRefused),
        // What is not found here is a domain that does not exist for the caller.
        Kind::Forbidden | Kind::NotFound => Some(Action::RightRefused),
        _ => None,
    };
    if let Some(action) = action {
        app.iam.note_refused(Refused {
            action,
            principal: who.map(|who| who.principal),
            account: closed_account.or(who.and_then(|who| who.account)),
            credential: who.map_or(presented, |who| who.credential),
            why,
        });
    }
    let mut response = refusal.into_response();
    if let Some(who) = who {
        response.extensions_mut().insert(who);
    }
    response
}

/// Counts a handler's refusal to a verified caller, and passes the caller to the log.
pub(super) fn answered(app: &App, who: Option<CallerId>, response: &mut Response) {
    let Some(who) = who else { return };
    response.extensions_mut().insert(who);
    let Some(problem) = response.extensions().get::<Problem>() else {
        return;
    };
    if problem.kind == Kind::Forbidden || problem.code == code::RIGHT_MISSING.code {
        app.iam.note_refused(Refused {
            action: Action::RightRefused,
            principal: Some(who.principal),
            account: who.account,
            credential: who.credential,
            why: problem.code,
        });
    }
}
