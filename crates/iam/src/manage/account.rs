//! Accounts, as those who are in them see them.

use crate::error::IamError;
use crate::model::directory::{Account, Org};
use crate::model::page::{Part, Window};
use crate::policy::Sight;
use crate::policy::see;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::AccountId;
use base::scope::Domain;

impl Iam {
    /// The accounts the caller is in, by name, whichever his token is for: the list from which he chooses.
    #[must_use]
    pub fn accounts(&self, caller: &Identity, window: Window) -> Part<Account> {
        let directory = self.directory();
        let own = directory.accounts_of(caller.user()).iter();
        window.of(own.filter_map(|id| directory.accounts.get(id)))
    }

    /// One of the caller's accounts.
    ///
    /// # Errors
    /// When he is not in it.
    pub fn account(&self, caller: &Identity, id: AccountId) -> Result<Account, IamError> {
        let directory = self.directory();
        let found = directory
            .accounts
            .get(&id)
            .filter(|account| directory.is_member(caller.user(), account.id));
        found
            .cloned()
            .ok_or_else(|| IamError::not_found("the account"))
    }

    /// The organizations of one of his accounts that the caller would see there, by name.
    #[must_use]
    pub fn orgs_of(&self, caller: &Identity, account: AccountId, window: Window) -> Part<Org> {
        let directory = self.directory();
        let sight = Sight::of(&directory, caller, account);
        let all = directory.orgs_of(account).iter();
        let seen = all.filter(|id| sight.has_org(**id));
        window.of(seen.filter_map(|id| directory.orgs.get(id)))
    }

    /// Lets the caller on when the account is the very one his credential stands for: a UAA token stands for its user's
    /// first.
    ///
    /// # Errors
    /// When he is not in it, or his credential stands for another of his accounts.
    pub fn stands_for(&self, caller: &Identity, account: AccountId) -> Result<(), IamError> {
        self.account(caller, account)?;
        if account == caller.account() {
            Ok(())
        } else {
            Err(IamError::elsewhere(account, caller.account()))
        }
    }

    /// Lets the caller on when his credential is good for the account.
    ///
    /// # Errors
    /// When he is not in it, or his token is for another of his accounts.
    pub(crate) fn within(&self, caller: &Identity, account: AccountId) -> Result<(), IamError> {
        see(
            &self.directory(),
            caller,
            Domain::Account(account),
            "the account",
        )
    }
}
