//! Accounts, as their members see them.

use crate::error::IamError;
use crate::model::directory::{Account, Org};
use crate::model::page::{ListPart, Page, PageRequest};
use crate::policy::Visibility;
use crate::policy::require_visible;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::AccountId;
use base::scope::Domain;
use std::cmp::Ordering;

impl Iam {
    /// The caller's accounts, independent of the token's account: the list to choose from. Those that let nobody in from the
    /// caller's address are not in it.
    #[must_use]
    pub fn accounts<P: ListPart<Account>>(
        &self,
        caller: &Identity,
        order: impl Fn(&Account, &Account) -> Ordering,
        part: P,
    ) -> P::Page {
        let directory = self.directory();
        let joined = directory.accounts_of(caller.principal()).iter();
        let open = joined.filter(|id| caller.check_address(&directory, **id).is_ok());
        let all: Vec<&Account> = open.filter_map(|id| directory.accounts.get(id)).collect();
        part.cut(all, order)
    }

    /// One of the caller's accounts.
    ///
    /// # Errors
    /// When the caller is not in it, or it lets nobody in from the caller's address.
    pub fn account(&self, caller: &Identity, id: AccountId) -> Result<Account, IamError> {
        let directory = self.directory();
        let found = directory
            .accounts
            .get(&id)
            .filter(|account| directory.is_member(caller.principal(), account.id));
        let found = found.ok_or_else(|| IamError::not_found("the account"))?;
        caller.check_address(&directory, id)?;
        Ok(found.clone())
    }

    /// The organizations that the caller would see in one of their accounts, by name.
    #[must_use]
    pub fn orgs_of(&self, caller: &Identity, account: AccountId, window: PageRequest) -> Page<Org> {
        let directory = self.directory();
        let visibility = Visibility::of(&directory, caller, account);
        let all = directory.orgs_of(account).iter();
        let seen = all.filter(|id| visibility.has_org(**id));
        window.of(seen.filter_map(|id| directory.orgs.get(id)))
    }

    /// Checks that the account is the one the credential is used for by default: for a UAA token, its user's first
    /// account.
    ///
    /// # Errors
    /// As [`Self::account`]; when the credential is for another of the caller's accounts.
    pub fn require_default_account(
        &self,
        caller: &Identity,
        account: AccountId,
    ) -> Result<(), IamError> {
        self.account(caller, account)?;
        if account == caller.account() {
            Ok(())
        } else {
            Err(IamError::elsewhere(account, caller.account()))
        }
    }

    /// Checks that the credential is valid for the account.
    ///
    /// # Errors
    /// When the caller is not in it, the token is for another of their accounts, or the account lets nobody in from the caller's
    /// address.
    pub(crate) fn require_reach(
        &self,
        caller: &Identity,
        account: AccountId,
    ) -> Result<(), IamError> {
        let directory = self.directory();
        require_visible(&directory, caller, Domain::Account(account), "the account")?;
        Ok(())
    }
}
