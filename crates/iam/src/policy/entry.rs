//! The account that a credential is used for by default.

use crate::model::bounds::{Bounds, Reach};
use crate::model::directory::{Directory, User};
use base::id::AccountId;

/// The default account of a credential: its own; else, among those it opens, the user's first account, or else the one
/// with the longest membership.
pub(crate) fn account(directory: &Directory, user: &User, bounds: &Bounds) -> Option<AccountId> {
    if let Reach::One(own) = bounds.reach() {
        return Some(own);
    }
    if bounds.opens(directory, user.home) {
        return Some(user.home);
    }
    let others = directory.accounts_of(user.id).iter().copied();
    others
        .filter(|account| bounds.opens(directory, *account))
        .min_by_key(|account| (directory.members.get(&(*account, user.id)), *account))
}
