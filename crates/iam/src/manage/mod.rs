//! What verified callers may see and change: accounts, organizations, spaces, roles, users, keys, settings.
//!
//! Every function takes the caller's [`crate::Identity`] first. What the caller may not see does not exist for him; what
//! he sees but may not change is forbidden; what he would see with a token of another of his accounts says which.

pub mod account;
pub mod account_deletion;
pub mod api_key;
pub mod deletion;
mod departure;
pub mod invitation;
pub mod member;
pub mod org;
mod own_key;
pub mod page;
pub mod people;
pub mod quota;
pub mod recovery;
pub mod restore;
pub mod settings;
mod sight;
pub mod space;
pub mod text;

use crate::directory::Directory;
use crate::error::IamError;
use crate::role::Role;
use crate::verify::Identity;
use base::id::{AccountId, OrgId, SpaceId, UserId};
use base::limit;
use base::scope::Domain;
use db::Tx;

/// A name without surrounding blanks, refused when empty, long or with control characters.
pub(crate) fn name(field: &'static str, text: &str) -> Result<String, IamError> {
    let text = text.trim();
    text::check_stored(field, text, &limit::LABEL_BYTES)?;
    if text.is_empty() {
        let most = limit::LABEL_BYTES.default;
        return Err(IamError::invalid(
            field,
            format!("`{field}` must have 1 to {most} bytes"),
        ));
    }
    Ok(text.to_owned())
}

/// Keeps the account as it is until the transaction ends: whoever changes its members, their roles or their keys waits, on
/// this node and on any other. Refuses where there is no such account, or none any more: whoever looked it up before it was
/// deleted changes nothing in it.
async fn hold(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET name = name WHERE guid = $1 AND deleted_at IS NULL";
    if tx.execute(sql, &[account.to_string().into()]).await? == 1 {
        return Ok(());
    }
    Err(IamError::not_found("the account"))
}

/// Keeps the account's row as it is, whether the account is there or was deleted.
async fn lock(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET name = name WHERE guid = $1";
    tx.execute(sql, &[account.to_string().into()]).await?;
    Ok(())
}

/// Keeps the account as [`hold`] does, for a change that gives its caller a role: he may have been removed since his right to
/// it was looked up, and a role that he left behind would come alive with the next invitation.
async fn hold_member(tx: &mut Tx, account: AccountId, user: UserId) -> Result<(), IamError> {
    hold(tx, account).await?;
    if people::is_still_member(tx, account, user).await? {
        return Ok(());
    }
    Err(IamError::not_found("the account"))
}

/// Whether the credential reaches the account and its user administers it.
fn is_administrator(directory: &Directory, caller: &Identity, account: AccountId) -> bool {
    caller.reaches(directory, account)
        && directory.holds(caller.user(), Domain::Account(account), Role::Administrator)
}

fn manages(directory: &Directory, caller: &Identity, domain: Domain) -> bool {
    directory.holds(caller.user(), domain, Role::Manager)
}

fn has_role(directory: &Directory, caller: &Identity, domain: Domain) -> bool {
    !directory.roles(caller.user(), domain).is_empty()
}

/// Whether the caller's roles show him the space; asked of the person, whatever his token is for.
fn knows_space(directory: &Directory, caller: &Identity, space: SpaceId) -> bool {
    let Some(found) = directory.spaces.get(&space) else {
        return false;
    };
    has_role(directory, caller, Domain::Space(space))
        || manages(directory, caller, Domain::Org(found.org))
        || directory
            .orgs
            .get(&found.org)
            .is_some_and(|org| administers(directory, caller, org.account))
}

/// Whether the caller's roles show him the organization; asked of the person, whatever his token is for.
fn knows_org(directory: &Directory, caller: &Identity, org: OrgId) -> bool {
    let Some(found) = directory.orgs.get(&org) else {
        return false;
    };
    has_role(directory, caller, Domain::Org(org))
        || administers(directory, caller, found.account)
        || directory.domains_of(caller.user()).any(|domain| {
            matches!(domain, Domain::Space(id) if directory.spaces.get(&id).is_some_and(|space| space.org == org))
        })
}

fn administers(directory: &Directory, caller: &Identity, account: AccountId) -> bool {
    directory.holds(caller.user(), Domain::Account(account), Role::Administrator)
}

/// Lets the caller on to what his credential reaches. `what` is named when there is no such thing for him; when there is,
/// in another of his accounts, that account is.
fn see(
    directory: &Directory,
    caller: &Identity,
    domain: Domain,
    what: &str,
) -> Result<(), IamError> {
    let is_known = match domain {
        Domain::Account(id) => directory.is_member(caller.user(), id),
        Domain::Org(id) => knows_org(directory, caller, id),
        Domain::Space(id) => knows_space(directory, caller, id),
    };
    let account = directory
        .account_of(domain)
        .filter(|_| is_known)
        .ok_or_else(|| IamError::not_found(what))?;
    if caller.reaches(directory, account) {
        Ok(())
    } else {
        Err(IamError::elsewhere(account, caller.account()))
    }
}
