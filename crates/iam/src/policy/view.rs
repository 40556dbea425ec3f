//! Which objects a caller may see and change.

use crate::model::directory::Directory;
use crate::model::role::Role;
use crate::refusal::Refusal;
use crate::token::identity::Identity;
use base::id::{AccountId, OrgId, SpaceId};
use base::scope::Domain;

/// Whether the credential is valid for the account and its user is an Administrator there.
pub(crate) fn is_administrator(
    directory: &Directory,
    caller: &Identity,
    account: AccountId,
) -> bool {
    caller.reaches(directory, account)
        && directory.has_role(
            caller.principal(),
            Domain::Account(account),
            Role::Administrator,
        )
}

pub(crate) fn manages(directory: &Directory, caller: &Identity, domain: Domain) -> bool {
    directory.has_role(caller.principal(), domain, Role::Manager)
}

/// Whether the caller has any role in the domain, or a policy that gives something there.
pub(crate) fn has_access(directory: &Directory, caller: &Identity, domain: Domain) -> bool {
    directory.has_access(caller.proven(), domain)
}

/// Whether the caller's roles show the space; independent of the token's account.
pub(crate) fn is_space_visible(directory: &Directory, caller: &Identity, space: SpaceId) -> bool {
    let Some(found) = directory.spaces.get(&space) else {
        return false;
    };
    has_access(directory, caller, Domain::Space(space))
        || manages(directory, caller, Domain::Org(found.org))
        || directory
            .orgs
            .get(&found.org)
            .is_some_and(|org| administers(directory, caller, org.account))
}

/// Whether the caller's roles show the organization; independent of the token's account.
pub(crate) fn is_org_visible(directory: &Directory, caller: &Identity, org: OrgId) -> bool {
    let Some(found) = directory.orgs.get(&org) else {
        return false;
    };
    has_access(directory, caller, Domain::Org(org))
        || administers(directory, caller, found.account)
        || directory.domains_of(caller.principal()).any(|domain| {
            matches!(domain, Domain::Space(id) if directory.spaces.get(&id).is_some_and(|space| space.org == org))
        })
        || directory.policies_show_org(caller.proven(), org)
}

pub(crate) fn administers(directory: &Directory, caller: &Identity, account: AccountId) -> bool {
    directory.has_role(
        caller.principal(),
        Domain::Account(account),
        Role::Administrator,
    )
}

/// Checks that the credential reaches the object. The error says that there is no such `what`; or, if the object is in
/// another account of the caller, it names that account, which may also let nobody in from the caller's address.
pub(crate) fn require_visible(
    directory: &Directory,
    caller: &Identity,
    domain: Domain,
    what: &str,
) -> Result<(), Refusal> {
    let is_known = match domain {
        Domain::Account(id) => directory.is_member(caller.principal(), id),
        Domain::Org(id) => is_org_visible(directory, caller, id),
        Domain::Space(id) => is_space_visible(directory, caller, id),
    };
    let account = directory
        .account_of(domain)
        .filter(|_| is_known)
        .ok_or_else(|| Refusal::not_found(what))?;
    caller.check_reach(directory, account)
}
