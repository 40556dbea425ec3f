//! The bounds of what was delegated to another program: a part of somebody's login, for one account and until an end.

use super::{CredentialBounds, earlier};
use base::id::AccountId;
use base::time::Millis;

impl CredentialBounds {
    /// These bounds in this account alone until `end`, and for nothing that lives on then.
    pub(crate) fn delegated(self, account: AccountId, end: Millis) -> Self {
        let own = self.only_in(account).until(end);
        Self {
            keys_until: earlier(own.keys_until, Some(end)),
            delegated_until: earlier(own.delegated_until, Some(end)),
            ..own
        }
    }

    /// Until when it was delegated to another program, if it was. What it gives is for that program and not for the person, who
    /// answers invitations and leaves accounts.
    #[must_use]
    pub(crate) const fn delegated_until(&self) -> Option<Millis> {
        self.delegated_until
    }
}
