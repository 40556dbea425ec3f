//! From what a credential has proven to a [`Scope`]: the one place that makes one.

use crate::auth_error::AuthError;
use crate::model::bounds::Narrowing;
use crate::model::caller_roles::hidden;
use crate::model::directory::{Directory, Plan, ProvenPrincipal};
use base::id::{AccountId, KeyId};
use base::principal::Principal;
use base::scope::{Domain, Scope};
use base::time::Millis;

/// The reason when the user was removed from the account of the credential.
pub(crate) const NOT_A_MEMBER: &str = "its user was removed from the account";

/// A proven credential, not yet for a particular domain.
pub(crate) struct ProvenCredential {
    /// The proven principal, and the age of the proof.
    pub(crate) proven: ProvenPrincipal,
    /// The one account it is for, if it is for one alone.
    pub(crate) account: Option<AccountId>,
    pub(crate) proven_at: Option<Millis>,
    pub(crate) key: Option<KeyId>,
    /// The plan of spaces without an instance, if they have one.
    pub(crate) default_plan: Option<Plan>,
}

/// The scope that this credential has in `domain`.
pub(crate) fn grant(
    directory: &Directory,
    credential: &ProvenCredential,
    domain: Domain,
) -> Result<Scope, AuthError> {
    let ProvenCredential {
        proven,
        account,
        proven_at,
        key,
        default_plan,
    } = *credential;
    let principal = proven.principal;
    // A token obtained with a key is limited like the key.
    let narrowing = key.and_then(|id| directory.keys.get(&id));
    let narrowing = narrowing.map_or(Narrowing::NONE, |key| key.narrowing);
    if let Some(allowed) = narrowing.domain
        && allowed != domain
    {
        // The same answer whether the domain exists or not.
        return Err(AuthError::OutOfReach { domain: allowed });
    }
    let not_found = || {
        let hidden = hidden(directory, (proven, account), domain);
        AuthError::DomainNotFound(Box::new(hidden))
    };
    let access = directory.access(proven, domain);
    let access = access.ok_or_else(not_found)?;
    let entry = directory.domains.get(&domain).ok_or_else(not_found)?;
    // Only a caller with a role or a policy there gets this answer; for others the domain does not exist.
    if account.is_some_and(|account| account != entry.account) {
        return Err(AuthError::WrongAccount {
            account: entry.account,
        });
    }
    // A token without account was not checked against this account before: the user may have left it.
    if account.is_none() && has_left(directory, principal, entry.account, proven_at) {
        return Err(AuthError::Revoked(NOT_A_MEMBER));
    }
    let tenant = entry.tenant;
    let actions = narrowing.of(access);
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that has checked what a scope states"
    )]
    let scope = Scope::granted(principal, tenant, domain, actions);
    let plan = directory.plan_of(domain, default_plan);
    let scope = scope.with_retention_days(plan.map(Plan::retention_days));
    Ok(scope.owned_by(entry.account))
}

/// Whether a proof was given before the principal was last removed from the account.
fn has_left(
    directory: &Directory,
    principal: Principal,
    account: AccountId,
    proven_at: Option<Millis>,
) -> bool {
    let left = directory.left_at(principal, account);
    left.is_some_and(|left| proven_at.is_some_and(|proven| proven <= left))
}
