//! Removes what is left of a deleted account.

use super::departure;
use crate::error::IamError;
use crate::repo::{
    access_group_members, access_group_rules, access_groups, account_limits, account_settings,
    accounts, activity, api_keys, custom_roles, departures, invitation_groups, invitation_roles,
    invitations, members, orgs, policies, preferences, profile_identities, public_access, reports,
    resource_groups, resource_instances, resource_keys, roles, service_id_groups, spaces,
};
use base::id::AccountId;
use db::Tx;

/// Deletes an account's rows, and the principals that are in no other account. The account is locked.
pub(crate) async fn forget(tx: &mut Tx, account: AccountId) -> Result<(), IamError> {
    let principals = members::of_account(tx, account).await?;
    // The roles are found by spaces and organizations, the roles of invitations by invitations, spaces by organizations.
    roles::delete_of_account(tx, account).await?;
    policies::delete_of_account(tx, account).await?;
    custom_roles::delete_of_account(tx, account).await?;
    resource_keys::delete_of_account(tx, account).await?;
    resource_instances::delete_of_account(tx, account).await?;
    resource_groups::delete_of_account(tx, account).await?;
    api_keys::delete_of_account(tx, account).await?;
    // Memberships, also those to come, refer to principals, invitations and groups.
    invitation_groups::delete_of_account(tx, account).await?;
    access_group_members::delete_of_account(tx, account).await?;
    access_group_rules::delete_of_account(tx, account).await?;
    access_groups::delete_of_account(tx, account).await?;
    public_access::disable(tx, account).await?;
    // The profiles themselves go with their principals, after who is named by them.
    profile_identities::delete_of_account(tx, account).await?;
    members::delete_of_account(tx, account).await?;
    invitation_roles::delete_of_account(tx, account).await?;
    invitations::delete_of_account(tx, account).await?;
    account_limits::delete_of_account(tx, account).await?;
    account_settings::delete_of_account(tx, account).await?;
    service_id_groups::delete_of_account(tx, account).await?;
    departures::delete_of_account(tx, account).await?;
    spaces::delete_of_account(tx, account).await?;
    orgs::delete_of_account(tx, account).await?;
    for principal in &principals {
        departure::replace_first_account(tx, account, principal).await?;
    }
    preferences::delete_of_account(tx, account).await?;
    reports::delete_of_account(tx, account).await?;
    activity::delete_of_account(tx, account).await?;
    accounts::delete(tx, account).await
}
