//! The account that a credential is used for by default.

use crate::model::bounds::{AccountReach, CredentialBounds};
use crate::model::directory::Directory;
use base::id::AccountId;

/// The default account of a credential: its own; else, among those it opens, the principal's first account, or else the one
/// with the longest membership.
pub(crate) fn account(directory: &Directory, bounds: &CredentialBounds) -> Option<AccountId> {
    if let AccountReach::One(own) = bounds.reach() {
        return Some(own);
    }
    let principal = bounds.principal();
    let home = directory.home(principal);
    if home.is_some_and(|home| bounds.opens(directory, home)) {
        return home;
    }
    let others = directory.accounts_of(principal).iter().copied();
    others
        .filter(|account| bounds.opens(directory, *account))
        .min_by_key(|account| (directory.added_at(principal, *account), *account))
}
