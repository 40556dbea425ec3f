//! Whether an account lets a credential in from the address that shows it: an API key, a token, and whatever else opens the account.

use crate::audit::Origin;
use crate::error::AuthError;
use crate::model::allowed_addresses::AllowedAddresses;
use crate::model::directory::Directory;
use base::id::AccountId;
use std::net::IpAddr;

/// The address of the request, if the list does not have it. What serves no request is not asked.
pub(crate) fn refused_address(allowed: &AllowedAddresses) -> Option<IpAddr> {
    Origin::remote_address().filter(|address| !allowed.allows(*address))
}

/// Refuses a credential for an account that lets nobody in from the address of the request.
pub(crate) fn check_address(directory: &Directory, account: AccountId) -> Result<(), AuthError> {
    directory.check_address(account, Origin::remote_address())
}
