//! CRNs of what identity keeps in an account.

use base::id::AccountId;
use std::fmt::Display;

/// The CRN of what has this id, of a kind that CRNs name.
pub(super) fn identity_crn(account: AccountId, kind: &str, id: impl Display) -> String {
    format!("crn:v1:bluemix:public:iam-identity::a/{account}::{kind}:{id}")
}
