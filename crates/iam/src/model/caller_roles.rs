//! Summarizes the roles of a caller in an account, from their own roles alone.

use super::directory::{Directory, ProvenPrincipal};
use super::role::Role;
use crate::caller_roles::CallerRoles;
use crate::hidden_domain::HiddenDomain;
use base::id::AccountId;
use base::principal::Principal;
use base::scope::Domain;

/// A summary of the principal's roles in the account, or in all accounts if none is given.
fn roles(
    directory: &Directory,
    proven: ProvenPrincipal,
    account: Option<AccountId>,
) -> CallerRoles {
    let principal = proven.principal;
    if matches!(principal, Principal::Instance(_)) {
        return CallerRoles::OfInstance;
    }
    let (mut is_somewhere, mut is_of_account) = (false, false);
    for domain in directory.domains_of(principal) {
        if account.is_some() && directory.account_of(domain) != account {
            continue;
        }
        match domain {
            Domain::Account(_) => {
                if directory.has_role(principal, domain, Role::Administrator) {
                    return CallerRoles::Administrator;
                }
                is_of_account = true;
            }
            Domain::Org(_) | Domain::Space(_) => is_somewhere = true,
        }
    }
    let accounts = directory.accounts_of(principal).iter().copied();
    for id in accounts.filter(|id| account.is_none_or(|account| account == *id)) {
        let (names_account, names_others) = directory.reach_of_policies(proven, id);
        is_of_account |= names_account;
        is_somewhere |= names_others;
    }
    match (is_somewhere, is_of_account) {
        (true, _) => CallerRoles::Somewhere,
        (false, true) => CallerRoles::AccountAlone,
        (false, false) => CallerRoles::NoRole,
    }
}

/// The domain, as hidden from the principal.
pub(crate) fn hidden(
    directory: &Directory,
    (proven, account): (ProvenPrincipal, Option<AccountId>),
    domain: Domain,
) -> HiddenDomain {
    let principal = proven.principal;
    let holder = match principal {
        Principal::User(id) => directory.user(id).map(|user| user.email.clone()),
        // Nobody gives a role to an instance: no command takes what it is shown as.
        Principal::Service(_)
        | Principal::Profile(_)
        | Principal::Instance(_)
        | Principal::Server => principal.iam_id(),
    };
    let accounts = directory.accounts_of(principal).iter().copied();
    let mut accounts = accounts.filter(|id| account.is_none_or(|account| account == *id));
    HiddenDomain {
        domain,
        roles: roles(directory, proven, account),
        is_proof_too_old: directory.has_lapsed(proven, account),
        has_policy_out_of_time: accounts.any(|id| directory.has_policy_out_of_time(proven, id)),
        holder,
    }
}
