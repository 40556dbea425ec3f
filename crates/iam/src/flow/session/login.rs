//! A proven login and the account that it is for: all that is issued is issued for one.

use crate::error::IamError;
use crate::flow::account_rules::check_address;
use crate::model::bounds::CredentialBounds;
use crate::service::Iam;
use crate::state::login_turns::LoginOwner;
use base::id::{AccountId, SessionId};
use base::time::Millis;

/// A proof and the account it is used for; a session begins with it. Only [`Login::to`] makes one.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    bounds: CredentialBounds,
    account: AccountId,
    grant_type: String,
}

impl Login {
    /// A login to the account, if the bounds open it. `None`, where what was asked for is no id, is refused as an id that no account has.
    pub(crate) fn to(
        iam: &Iam,
        bounds: CredentialBounds,
        asked: Option<AccountId>,
        grant_type: String,
    ) -> Result<Self, IamError> {
        let account = iam.account_for(&bounds, asked)?;
        check_address(iam, account)?;
        Ok(Self {
            bounds,
            account,
            grant_type,
        })
    }

    /// The bounds of what may be issued for it.
    pub(crate) const fn bounds(&self) -> &CredentialBounds {
        &self.bounds
    }

    /// Its account.
    pub(crate) const fn account(&self) -> AccountId {
        self.account
    }

    /// Whose it is, in whose turn it writes.
    pub(crate) fn owner(&self) -> LoginOwner {
        LoginOwner {
            account: self.account,
            holder: self.bounds.principal().into(),
        }
    }

    /// The authentication method, as in the claims.
    pub(crate) fn grant_type(&self) -> &str {
        &self.grant_type
    }

    /// This login, with other bounds: what its session, or its account, leaves of them.
    pub(super) fn with_bounds(mut self, bounds: CredentialBounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// This login, in its account alone.
    pub(crate) fn in_its_account(mut self) -> Self {
        self.bounds = self.bounds.only_in(self.account);
        self
    }

    /// This login, for what ends no later than `end`.
    pub(crate) fn until(mut self, end: Millis) -> Self {
        self.bounds = self.bounds.until(end);
        self
    }

    /// This login, in the session that was begun with it.
    pub(crate) fn in_session(mut self, session: SessionId) -> Self {
        self.bounds = self.bounds.of_session(session);
        self
    }
}
