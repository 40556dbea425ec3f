//! Members of an account: listing, removing and leaving.
//!
//! A person is one user on the whole server, with one password, and may be in several accounts. Roles, keys and
//! sessions belong to one account: they are useless in another, and are deleted when the user is removed from their
//! account.

use super::administrator::{not_administrator, still_administers};
use super::invitation;
use super::new_key::check_not_revoked;
use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::model::directory::Member;
use crate::model::page::{Page, PageRequest};
use crate::model::people_search::PeopleSearch;
use crate::policy::is_administrator;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::accounts::{is_owned_by, lock_active};
use crate::repo::members;
use crate::repo::roles::keeps_administrator;
use crate::repo::transactions::departure::leave;
use crate::repo::users::lock_user;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccountId, UserId};
use base::principal::Principal;

impl Iam {
    /// The members of the account, by address.
    ///
    /// # Errors
    /// Without Administrator of the account, or with a token for another.
    pub fn members(
        &self,
        caller: &Identity,
        account: AccountId,
        window: PageRequest,
    ) -> Result<Page<Member>, IamError> {
        self.members_found(caller, account, &PeopleSearch::default(), window)
    }

    /// As [`Self::members`], of those that the search shows and reaches; the number is of all that it shows.
    ///
    /// # Errors
    /// As [`Self::members`].
    pub fn members_found(
        &self,
        caller: &Identity,
        account: AccountId,
        search: &PeopleSearch,
        window: PageRequest,
    ) -> Result<Page<Member>, IamError> {
        self.administer(caller, account, "listing users")?;
        let directory = self.directory();
        let is_shown = |principal: &&Principal| {
            let user = principal.user().and_then(|id| directory.user(id));
            user.is_some_and(|user| search.matches(user))
        };
        let is_reached = |principal: &&Principal| {
            let user = principal.user().and_then(|id| directory.user(id));
            user.is_some_and(|user| search.reaches(user))
        };
        let all = directory.principals_of(account).iter().filter(is_shown);
        let total = all.clone().count() as u64;
        let part = window.of(all.filter(is_reached));
        let users = part.entries.iter().filter_map(|entry| entry.user());
        let found = users.filter_map(|id| directory.member(id, account));
        Ok(Page {
            entries: found.collect(),
            total,
        })
    }

    /// Removes a user from the account, with their roles, keys and sessions there. From the moment this returns their
    /// tokens open nothing in it. A user who is in no other account is deleted. If the user owned the account, the
    /// Administrator with the longest membership becomes the owner. Everybody else leaves by themselves, by a login of their own.
    ///
    /// # Errors
    /// Without Administrator of the account, for others; when the user is not in it, or is its last Administrator; when somebody who
    /// is no Administrator leaves by a key, or owns the account.
    pub async fn remove_member(
        &self,
        caller: &Identity,
        account: AccountId,
        user: UserId,
    ) -> Result<(), IamError> {
        self.require_reach(caller, account)?;
        if caller.principal() == user.into() && !self.administers(caller, account) {
            return self.leave_account(caller, account, user).await;
        }
        self.administer(caller, account, "removing users")?;
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        // Every transaction locks the account first, then the user, then the caller's key and session, then the sessions that it ends,
        // and the counters last, when it commits. So only sessions can wait for each other in a circle: two that end each other at the
        // same time, or one that ends the session it came from while that one logs out. PostgreSQL ends one of the transactions, which
        // is answered 503 with a time to send it again.
        lock_active(&mut tx, account).await?;
        still_administers(&mut tx, caller, account, "removing users").await?;
        if invitation::withdraw(&mut tx, account, user).await? {
            check_not_revoked(&mut tx, caller, now).await?;
            let entry = Entry::by(caller, Action::InvitationWithdrawn).in_account(account);
            return self.commit(tx, entry.on(user)).await;
        }
        let user = members::named(&mut tx, account, user).await?;
        lock_user(&mut tx, user).await?;
        check_not_revoked(&mut tx, caller, now).await?;
        if !members::is_still_member(&mut tx, account, user).await? {
            return Err(IamError::not_found("the user in this account"));
        }
        keeps_administrator(&mut tx, account, user).await?;
        leave(&mut tx, account, user.into(), now, user.0).await?;
        let directory = self.directory();
        let email = directory.user(user).map(|user| user.email.as_str());
        let entry = Entry::by(caller, Action::UserRemoved).in_account(account);
        self.commit(tx, entry.on(user).with_some("email", email))
            .await
    }

    /// Ends the caller's own membership.
    async fn leave_account(
        &self,
        caller: &Identity,
        account: AccountId,
        user: UserId,
    ) -> Result<(), IamError> {
        if caller.is_key_based() {
            let message =
                "leaving an account needs a login of your own: a key is given to programs";
            let refusal = Refusal::new(Reason::NotAllowed, message);
            return Err(IamError::Refused(refusal.remedy(Remedy::LogInByPassword)));
        }
        if caller.is_delegated() {
            let message =
                "leaving an account needs a login of your own: what was delegated is for a program";
            let refusal = Refusal::new(Reason::NotAllowed, message);
            return Err(IamError::Refused(refusal.remedy(Remedy::LogInByPassword)));
        }
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        // The account first, then the user, as in every transaction.
        lock_active(&mut tx, account).await?;
        lock_user(&mut tx, user).await?;
        check_not_revoked(&mut tx, caller, now).await?;
        if !members::is_still_member(&mut tx, account, user).await? {
            return Err(IamError::not_found("the user in this account"));
        }
        if is_owned_by(&mut tx, account, user.0).await? {
            let message = "you own the account, and would leave it without an owner: an Administrator removes you, and becomes the owner";
            return Err(IamError::conflict(message));
        }
        keeps_administrator(&mut tx, account, user).await?;
        leave(&mut tx, account, user.into(), now, user.0).await?;
        let directory = self.directory();
        let email = directory.user(user).map(|user| user.email.as_str());
        let entry = Entry::by(caller, Action::UserRemoved).in_account(account);
        let entry = entry.on(user).with("why", "left").with_some("email", email);
        self.commit(tx, entry).await
    }

    fn administers(&self, caller: &Identity, account: AccountId) -> bool {
        is_administrator(&self.directory(), caller, account)
    }

    pub(super) fn administer(
        &self,
        caller: &Identity,
        account: AccountId,
        what: &str,
    ) -> Result<(), IamError> {
        self.require_reach(caller, account)?;
        if self.administers(caller, account) {
            return Ok(());
        }
        Err(not_administrator(what))
    }
}
