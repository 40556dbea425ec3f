//! Removes a principal from an account.

use crate::error::IamError;
use crate::repo::principals::key;
use crate::repo::sessions::SessionSelector;
use crate::repo::{
    access_group_members, accounts, activity, api_keys, deleted_roles, departures, members,
    password_resets, policies, preferences, principals, profile_identities, profile_links,
    profile_rules, profiles, resource_keys, roles, service_ids, sessions, users,
};
use base::id::{AccountId, Guid};
use base::principal::Principal;
use base::time::Millis;
use db::{Tx, Value};

/// Ends a membership, with the principal's roles, keys and sessions in the account. If the account has no other
/// Administrator, `new_owner` becomes its owner. Account and principal are locked.
pub(crate) async fn leave(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    now: Millis,
    new_owner: Guid,
) -> Result<(), IamError> {
    roles::delete_of(tx, account, principal).await?;
    policies::delete_of(tx, account, principal).await?;
    // Otherwise a restore of an earlier deletion would give the principal their roles back after they join again.
    deleted_roles::delete_of(tx, account, principal).await?;
    access_group_members::delete_of(tx, account, principal).await?;
    profile_identities::delete_of(tx, account, principal).await?;
    api_keys::delete_of(tx, account, principal).await?;
    record(tx, account, principal, now).await?;
    members::delete(tx, account, principal).await?;
    preferences::delete_of(tx, account, principal).await?;
    activity::delete_of(tx, account, principal).await?;
    accounts::transfer_ownership(tx, account, principal, new_owner).await?;
    replace_first_account(tx, account, &key(principal)).await
}

/// Ends the sessions for the account, and records when the principal left it.
async fn record(
    tx: &mut Tx,
    account: AccountId,
    principal: Principal,
    now: Millis,
) -> Result<(), IamError> {
    // Not before the latest proof: it was stamped by another node, whose clock may be ahead.
    let at = now.max(sessions::latest_proof(tx, principal).await?);
    departures::put(tx, account, principal, at).await?;
    sessions::end(tx, principal, SessionSelector::Of(account), now).await?;
    Ok(())
}

/// A user who leaves their first account gets the one they joined next as the first. A principal without any account is
/// deleted. `principal` is the stored GUID.
pub(super) async fn replace_first_account(
    tx: &mut Tx,
    account: AccountId,
    principal: &Value,
) -> Result<(), IamError> {
    if let Some(next) = members::first_account_of(tx, principal).await? {
        return users::replace_first_account(tx, principal, account, next).await;
    }
    roles::delete_of_principal(tx, principal).await?;
    policies::delete_of_principal(tx, principal).await?;
    deleted_roles::delete_of_principal(tx, principal).await?;
    access_group_members::delete_of_principal(tx, principal).await?;
    profile_identities::delete_of_principal(tx, principal).await?;
    profile_rules::delete_of_profile(tx, principal).await?;
    profile_links::delete_of_profile(tx, principal).await?;
    profiles::delete_of(tx, principal).await?;
    departures::delete_of_principal(tx, principal).await?;
    password_resets::delete_of(tx, principal).await?;
    resource_keys::delete_of(tx, principal).await?;
    service_ids::delete_of(tx, principal).await?;
    users::delete(tx, principal).await?;
    principals::delete(tx, principal).await
}
