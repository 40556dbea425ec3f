//! The caller of a request that waits for a turn of their account: a credential may be withdrawn meanwhile.

use super::caller::{self, Caller, Manager};
use super::request_access::RequestAccess;
use crate::app::App;
use crate::failure::refused;
use crate::http::problem::Refusal;
use crate::query::open_queries::AccessCheck as _;
use base::id::AccountId;
use base::principal::Principal;
use http::request::Parts;
use iam::Identity;
use std::sync::Arc;
use wire::code;

/// The caller in whose turn a verified request runs, and their access.
pub(super) struct WaitingCaller {
    /// The account of the credential, or of the domain.
    pub(super) account: AccountId,
    pub(super) identity: Principal,
    access: WaitingAccess,
}

/// The access of the caller who waits.
enum WaitingAccess {
    Management(Identity),
    Metrics(RequestAccess),
}

impl WaitingCaller {
    /// The caller that the guard has verified.
    pub(super) fn of(app: &Arc<App>, parts: &Parts) -> Result<Self, Refusal> {
        match (parts.extensions.get(), parts.extensions.get()) {
            (Some(Manager(caller)), _) => Ok(Self {
                account: caller.account(),
                identity: caller.principal(),
                access: WaitingAccess::Management(caller.clone()),
            }),
            (None, Some(Caller { scope, .. })) => {
                let domain = scope.domain();
                let account = app.iam.directory().account_of(domain).ok_or_else(|| {
                    // Deleted since the credential was verified.
                    let gone = format!("there is no domain `{domain}`");
                    Refusal(code::DOMAIN_NOT_FOUND.problem(gone))
                })?;
                let access = RequestAccess::of(app, parts)?.ok_or_else(caller::unguarded)?;
                Ok(Self {
                    account,
                    identity: scope.principal(),
                    access: WaitingAccess::Metrics(access),
                })
            }
            (None, None) => Err(caller::unguarded()),
        }
    }

    /// Checks that the caller still has access.
    pub(super) fn check(&self, app: &App) -> Result<(), Refusal> {
        match &self.access {
            WaitingAccess::Management(caller) => {
                let checked = app.verifier.check_again(caller);
                checked.map_err(|error| Refusal(refused::credential(&error)))
            }
            WaitingAccess::Metrics(access) => access.recheck(),
        }
    }
}
