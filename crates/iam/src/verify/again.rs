//! Verifies a caller again whose work has waited: the credential may have been withdrawn meanwhile.

use super::Verifier;
use super::holder::{membership_reason, require_existing};
use crate::error::AuthError;
use crate::model::bounds::AccountReach;
use crate::token::identity::Identity;

impl Verifier {
    /// Checks that nothing has been withdrawn since the caller was verified: key, session, membership, or the account's leave to come
    /// from there. The end of a token counts as it was when the request came.
    ///
    /// # Errors
    /// [`AuthError`] says why the credential is refused now.
    pub fn check_again(&self, caller: &Identity) -> Result<(), AuthError> {
        self.inner.require_current()?;
        let directory = self.inner.directory.load();
        let now = self.inner.clock.now();
        if let Some(verified) = caller.presented() {
            self.check_alive(&directory, verified, now)?;
        } else if let Some(id) = caller.bounds().root().key {
            let usable = directory.usable_key(id, now);
            usable.map_err(AuthError::Revoked)?;
        }
        require_existing(&directory, caller.principal())?;
        let account = caller.account();
        if !caller.bounds().opens(&directory, account) {
            let reach = AccountReach::One(account);
            return Err(AuthError::Revoked(membership_reason(&directory, reach)));
        }
        caller.check_address(&directory, account)
    }
}
