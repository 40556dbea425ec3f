//! The principal and account of a verified credential, whether or not it opens what was requested.

use base::id::{AccountId, KeyId};
use base::principal::Principal;

/// The owner of a verified credential: known even if the credential does not open what was requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// The proven principal.
    pub principal: Principal,
    /// Its account; for a UAA token without account, the user's first.
    pub account: Option<AccountId>,
    /// The API key itself, or the key it was obtained with.
    pub key: Option<KeyId>,
}
