//! Which account a credential stands for.

use crate::model::bounds::{Bounds, Reach};
use crate::model::directory::{Directory, User};
use base::id::AccountId;

/// The account a credential stands for: its own, else of those it opens the user's first, else the one he has been in
/// longest.
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
