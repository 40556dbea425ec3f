//! Whether an account lets credentials in from an address.

use super::Directory;
use crate::auth_error::AuthError;
use base::id::AccountId;
use std::net::IpAddr;

impl Directory {
    /// Refuses an account that lets no credential in from this address. What came over no network has none, and is let in.
    pub(crate) fn check_address(
        &self,
        account: AccountId,
        from: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        let stored = self.account_settings.get(&account);
        let allowed = stored.map(|stored| &stored.settings.allowed_addresses);
        let is_refused = |from: &IpAddr| allowed.is_some_and(|allowed| !allowed.allows(*from));
        match from.filter(is_refused) {
            None => Ok(()),
            Some(address) => Err(AuthError::AddressNotAllowed { account, address }),
        }
    }
}
