//! Whether an account lets a credential in from the address that shows it: an API key, a token, and whatever else opens the account.

use crate::audit::Origin;
use crate::error::AuthError;
use crate::model::directory::Directory;
use base::id::AccountId;

/// Refuses a credential for an account that lets nobody in from the address of the request. What serves no request is not asked.
pub(crate) fn check_address(directory: &Directory, account: AccountId) -> Result<(), AuthError> {
    let stored = directory.account_settings.get(&account);
    let allowed = stored.map(|stored| &stored.settings.allowed_addresses);
    let Some(allowed) = allowed.filter(|allowed| !allowed.text().is_empty()) else {
        return Ok(());
    };
    match Origin::remote_address() {
        Some(address) if !allowed.allows(address) => {
            Err(AuthError::AddressNotAllowed { account, address })
        }
        _ => Ok(()),
    }
}
