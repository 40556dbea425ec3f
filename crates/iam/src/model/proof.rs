//! Whose a credential is, whether or not it opens what was asked for.

use base::id::{AccountId, KeyId, UserId};

/// Whose credential was shown, once it is verified: known also where it opens nothing of what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// The user.
    pub user: UserId,
    /// The account it is for; for a UAA token that is for none, the user's first.
    pub account: Option<AccountId>,
    /// The API key it is or was obtained with.
    pub key: Option<KeyId>,
}
