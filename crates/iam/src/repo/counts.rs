//! Counts the contents of an account, for its limits.

use super::{
    api_keys, deletions, domains, invitation_roles, invitations, members, orgs, roles, service_ids,
    spaces,
};
use crate::error::IamError;
use base::id::AccountId;
use db::Tx;

/// The things counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What {
    Orgs,
    Spaces,
    Keys,
    ServiceIds,
    Deletions,
    /// The roles in the account and its domains, including those of open invitations; what is deleted counts for nothing.
    Roles,
    RuleBytes,
    /// The users of an account and its open invitations: invited users are certain of a place when they accept.
    Users,
}

/// The account's number of them. The account is locked, so that what two statements count is of one moment.
pub(crate) async fn count(tx: &mut Tx, account: AccountId, what: What) -> Result<u64, IamError> {
    match what {
        What::Orgs => orgs::count(tx, account).await,
        What::Spaces => spaces::count(tx, account).await,
        What::Keys => api_keys::count(tx, account).await,
        What::ServiceIds => service_ids::count(tx, account).await,
        What::Deletions => deletions::count(tx, account).await,
        What::Roles => {
            let given = roles::count(tx, account).await?;
            Ok(given.saturating_add(invitation_roles::count(tx, account).await?))
        }
        What::RuleBytes => domains::rule_bytes(tx, account).await,
        What::Users => {
            let users = members::count_users(tx, account).await?;
            Ok(users.saturating_add(invitations::count(tx, account).await?))
        }
    }
}
