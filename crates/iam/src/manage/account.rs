//! Accounts, as those who are in them see them.

use super::{knows_org, see};
use crate::directory::{Account, Org};
use crate::error::IamError;
use crate::service::Iam;
use crate::verify::Identity;
use base::id::AccountId;
use base::scope::Domain;

impl Iam {
    /// Every account the caller is in, by name, whichever his token is for: the list from which he chooses.
    #[must_use]
    pub fn accounts(&self, caller: &Identity) -> Vec<Account> {
        let directory = self.directory();
        let mut accounts = directory.accounts();
        accounts.retain(|account| directory.is_member(caller.user(), account.id));
        accounts
    }

    /// One of the caller's accounts.
    ///
    /// # Errors
    /// When he is not in it.
    pub fn account(&self, caller: &Identity, id: AccountId) -> Result<Account, IamError> {
        let found = self
            .accounts(caller)
            .into_iter()
            .find(|account| account.id == id);
        found.ok_or_else(|| IamError::not_found("the account"))
    }

    /// The organizations of one of his accounts that the caller would see there, by name.
    #[must_use]
    pub fn orgs_of(&self, caller: &Identity, account: AccountId) -> Vec<Org> {
        let directory = self.directory();
        let mut orgs: Vec<Org> = directory
            .orgs
            .values()
            .filter(|org| org.account == account && knows_org(&directory, caller, org.id))
            .cloned()
            .collect();
        orgs.sort_by(|a, b| a.name.cmp(&b.name));
        orgs
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
