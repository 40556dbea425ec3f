//! What verified callers may see and change: accounts, organizations, spaces, roles, users, keys, settings.
//!
//! Every function takes the caller's [`crate::Identity`] first. What the caller may not see does not exist for him; what
//! he sees but may not change is forbidden.

pub mod api_key;
pub mod org;
pub mod people;
pub mod settings;
pub mod space;

use crate::directory::Directory;
use crate::error::IamError;
use crate::role::Role;
use crate::verify::Identity;
use base::id::{OrgId, SpaceId};
use base::scope::Domain;

/// Longest name of an organization, a space or a key.
const NAME_BYTES_MAX: usize = 255;

/// A name without surrounding blanks, refused when empty, long or with control characters.
fn name(field: &'static str, text: &str) -> Result<String, IamError> {
    let text = text.trim();
    if text.is_empty() || text.len() > NAME_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(IamError::invalid(
            field,
            format!(
                "`{field}` must have 1 to {NAME_BYTES_MAX} bytes, none of them control characters"
            ),
        ));
    }
    Ok(text.to_owned())
}

fn is_administrator(directory: &Directory, caller: &Identity) -> bool {
    directory.holds(
        caller.user(),
        Domain::Account(caller.account()),
        Role::Administrator,
    )
}

fn manages(directory: &Directory, caller: &Identity, domain: Domain) -> bool {
    directory.holds(caller.user(), domain, Role::Manager)
}

fn has_role(directory: &Directory, caller: &Identity, domain: Domain) -> bool {
    directory.roles.contains_key(&(caller.user(), domain))
}

fn sees_space(directory: &Directory, caller: &Identity, space: SpaceId) -> bool {
    let Some(found) = directory.spaces.get(&space) else {
        return false;
    };
    directory.account_of(Domain::Space(space)) == Some(caller.account())
        && (has_role(directory, caller, Domain::Space(space))
            || manages(directory, caller, Domain::Org(found.org))
            || is_administrator(directory, caller))
}

fn sees_org(directory: &Directory, caller: &Identity, org: OrgId) -> bool {
    let Some(found) = directory.orgs.get(&org) else {
        return false;
    };
    found.account == caller.account()
        && (has_role(directory, caller, Domain::Org(org))
            || is_administrator(directory, caller)
            || directory.spaces.values().any(|space| {
                space.org == org && has_role(directory, caller, Domain::Space(space.id))
            }))
}
