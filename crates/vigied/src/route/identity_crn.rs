//! CRNs of what identity keeps in an account.

use super::group_id;
use base::id::{AccessGroupId, AccountId};
use std::fmt::Display;

/// The CRN of what has this id, of a kind that CRNs name.
pub(super) fn identity_crn(account: AccountId, kind: &str, id: impl Display) -> String {
    format!("crn:v1:bluemix:public:iam-identity::a/{account}::{kind}:{id}")
}

/// The CRN of an access group, as the original's events have it.
pub(super) fn group_crn(account: AccountId, group: AccessGroupId) -> String {
    let id = group_id::to_wire(account, group);
    format!("crn:v1:bluemix:public:iam-groups:global:a/{account}::groups:{id}")
}
