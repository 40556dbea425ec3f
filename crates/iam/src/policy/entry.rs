//! The account that a credential is used for by default.

use crate::model::bounds::{AccountReach, CredentialBounds};
use crate::model::directory::Directory;
use base::id::AccountId;
use std::net::IpAddr;

/// The default account of a credential: its own; else, among those it opens, the principal's first account, or else the one
/// with the longest membership.
pub(crate) fn account(directory: &Directory, bounds: &CredentialBounds) -> Option<AccountId> {
    if let AccountReach::One(account) = bounds.reach() {
        return Some(account);
    }
    let home = directory.home(bounds.principal());
    if home.is_some_and(|home| bounds.opens(directory, home)) {
        return home;
    }
    oldest(directory, bounds, |_| true)
}

/// The default account of a credential that is shown from this address: of those it opens, one that lets it in, if there is one.
pub(crate) fn account_from(
    directory: &Directory,
    bounds: &CredentialBounds,
    from: Option<IpAddr>,
) -> Option<AccountId> {
    let default = account(directory, bounds);
    let allows_address = |account: AccountId| directory.check_address(account, from).is_ok();
    let is_bound = matches!(bounds.reach(), AccountReach::One(_));
    if is_bound || default.is_none_or(allows_address) {
        return default;
    }
    oldest(directory, bounds, allows_address).or(default)
}

/// The account with the longest membership, of those that the credential opens and `is_meant` names.
fn oldest(
    directory: &Directory,
    bounds: &CredentialBounds,
    is_meant: impl Fn(AccountId) -> bool,
) -> Option<AccountId> {
    let principal = bounds.principal();
    let all = directory.accounts_of(principal).iter().copied();
    all.filter(|account| bounds.opens(directory, *account) && is_meant(*account))
        .min_by_key(|account| (directory.added_at(principal, *account), *account))
}
