//! Counts the contents of an account, for its limits.

use super::{
    access_group_members, access_group_rules, access_groups, api_keys, custom_roles, deletions,
    domains, invitation_groups, invitation_roles, invitations, members, orgs, policies,
    preferences, profiles, resource_groups, roles, service_ids, spaces,
};
use crate::error::IamError;
use base::id::AccountId;
use db::Tx;

/// The things counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CountedItem {
    Orgs,
    Spaces,
    Keys,
    ServiceIds,
    Policies,
    CustomRoles,
    AccessGroups,
    /// In all access groups: a principal in several groups counts once for each, and so does who is invited.
    GroupMembers,
    GroupRules,
    Profiles,
    ResourceGroups,
    Preferences,
    Deletions,
    /// The roles in the account and its domains, including those of open invitations; what is deleted counts for nothing.
    Roles,
    RuleBytes,
    /// The users of an account and its open invitations: invited users are certain of a place when they accept.
    Users,
}

/// How many the account has. The account is locked, so that two statements count at the same moment.
pub(crate) async fn count(
    tx: &mut Tx,
    account: AccountId,
    what: CountedItem,
) -> Result<u64, IamError> {
    match what {
        CountedItem::Orgs => orgs::count(tx, account).await,
        CountedItem::Spaces => spaces::count(tx, account).await,
        CountedItem::Keys => api_keys::count(tx, account).await,
        CountedItem::ServiceIds => service_ids::count(tx, account).await,
        CountedItem::Policies => policies::count(tx, account).await,
        CountedItem::CustomRoles => custom_roles::count(tx, account).await,
        CountedItem::AccessGroups => access_groups::count(tx, account).await,
        CountedItem::GroupMembers => {
            let members = access_group_members::count(tx, account).await?;
            Ok(members.saturating_add(invitation_groups::count(tx, account).await?))
        }
        CountedItem::GroupRules => access_group_rules::count(tx, account).await,
        CountedItem::Profiles => profiles::count(tx, account).await,
        CountedItem::ResourceGroups => resource_groups::count(tx, account).await,
        CountedItem::Preferences => preferences::count(tx, account).await,
        CountedItem::Deletions => deletions::count(tx, account).await,
        CountedItem::Roles => {
            let given = roles::count(tx, account).await?;
            Ok(given.saturating_add(invitation_roles::count(tx, account).await?))
        }
        CountedItem::RuleBytes => domains::rule_bytes(tx, account).await,
        CountedItem::Users => {
            let users = members::count_users(tx, account).await?;
            Ok(users.saturating_add(invitations::count(tx, account).await?))
        }
    }
}
