//! One user of an account, a member or an invited person; and the fields that an Administrator may change.
//!
//! A user is one on the whole server: the name is visible in every account that they are in, and dynamic rules of access groups compare
//! it. So only an Administrator of a user's only account may change it. Users without that role cannot change their own.

use super::activity::Activity;
use super::administrator::still_administers;
use super::invitation::Invitation;
use super::new_key::check_not_revoked;
use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::model::directory::{Member, User};
use crate::model::text::check_stored;
use crate::repo::accounts::lock_active;
use crate::repo::invitations::lists;
use crate::repo::{members, users};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccountId, UserId};
use base::limit;
use base::principal::Principal;

/// A user of an account.
#[derive(Debug)]
pub enum AccountUser {
    /// A member of the account.
    Member(Member),
    /// An invited person who has not accepted yet.
    Invited(Invitation),
}

/// A new name; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct NameChange {
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
}

impl NameChange {
    /// Whether the user has this name.
    fn is_name_of(&self, user: &User) -> bool {
        let is_given = |name: &String| *name == user.given_name;
        let is_family = |name: &String| *name == user.family_name;
        self.given_name.as_ref().is_none_or(is_given)
            && self.family_name.as_ref().is_none_or(is_family)
    }
}

impl Iam {
    /// A user of the account, by their own id or that of their invitation.
    ///
    /// # Errors
    /// When the caller is neither that user nor an Administrator of the account; when there is no such user in it.
    pub async fn account_user(
        &self,
        caller: &Identity,
        account: AccountId,
        id: UserId,
    ) -> Result<AccountUser, IamError> {
        self.require_reach(caller, account)?;
        if caller.principal() != Principal::from(id) {
            self.administer(caller, account, "seeing other users")?;
        }
        if let Some(member) = self.directory().member(id, account) {
            return Ok(AccountUser::Member(member));
        }
        let now = self.0.clock.now();
        if let Some(invited) = lists::by_id(&self.0.db, account, id, now).await? {
            return Ok(AccountUser::Invited(invited));
        }
        let mut tx = self.0.db.snapshot().await?;
        let user = members::named(&mut tx, account, id).await?;
        tx.end().await?;
        let find = || {
            let member = self.directory().member(user, account);
            member.map(AccountUser::Member).ok_or_else(no_user)
        };
        self.found_at_any_node(find).await
    }

    /// The principal that an id names in the credential's account; the id of an accepted invitation means the user who accepted it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn principal_named(
        &self,
        caller: &Identity,
        mut named: Principal,
    ) -> Result<Principal, IamError> {
        self.find_named(caller, vec![&mut named]).await?;
        Ok(named)
    }

    /// As [`Self::principal_named`], of several by one transaction: puts in the place of each whom it names.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_named(
        &self,
        caller: &Identity,
        named: Vec<&mut Principal>,
    ) -> Result<(), IamError> {
        let (account, directory) = (caller.account(), self.directory());
        let mut unknown = Vec::new();
        for principal in named {
            if let Some(id) = principal.user()
                && !directory.is_member(*principal, account)
            {
                unknown.push((id, principal));
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let mut tx = self.0.db.snapshot().await?;
        for (id, principal) in unknown {
            *principal = members::named(&mut tx, account, id).await?.into();
        }
        tx.end().await?;
        Ok(())
    }

    /// When a user has last authenticated in the account; who has not accepted never has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_activity(&self, user: &AccountUser) -> Result<Activity, IamError> {
        match user {
            AccountUser::Member(member) => {
                let principal = member.user.id.into();
                self.activity_of(member.account, principal, None).await
            }
            AccountUser::Invited(_) => Ok(Activity::default()),
        }
    }

    /// Checks that the caller may change users of the account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_change_users(&self, caller: &Identity, account: AccountId) -> Result<(), IamError> {
        self.administer(caller, account, CHANGING)
    }

    /// Changes the name of a user who is in this account and no other.
    ///
    /// # Errors
    /// Without Administrator of the account; when the user is in another account as well, or has not accepted; when a name is too
    /// long.
    pub async fn rename_user(
        &self,
        caller: &Identity,
        account: AccountId,
        user: &AccountUser,
        change: NameChange,
    ) -> Result<(), IamError> {
        self.may_change_users(caller, account)?;
        let AccountUser::Member(Member { user, .. }) = user else {
            let message = "who is invited has a name when they have accepted";
            return Err(IamError::conflict(message));
        };
        let given = change.given_name.as_deref();
        let family = change.family_name.as_deref();
        check_stored("firstname", given.unwrap_or_default(), &limit::LABEL_BYTES)?;
        check_stored("lastname", family.unwrap_or_default(), &limit::LABEL_BYTES)?;
        if change.is_name_of(user) {
            // It is so already, unless another node has given them another name.
            self.sync().await?;
            let directory = self.directory();
            let now = directory.user(user.id);
            if now.is_some_and(|user| change.is_name_of(user)) {
                return Ok(());
            }
        }
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, account).await?;
        still_administers(&mut tx, caller, account, CHANGING).await?;
        users::lock_user(&mut tx, user.id).await?;
        check_not_revoked(&mut tx, caller, self.0.clock.now()).await?;
        if !members::is_still_member(&mut tx, account, user.id).await? {
            return Err(no_user());
        }
        if members::count_accounts(&mut tx, user.id).await? > 1 {
            let message = "the user is in other accounts as well, which see the same name";
            return Err(IamError::conflict(message));
        }
        if !users::rename(&mut tx, user.id, given, family).await? {
            drop(tx);
            // Another node has given them this name.
            return self.sync().await;
        }
        let entry = Entry::by(caller, Action::UserRenamed).in_account(account);
        let entry = entry.on(user.id).with_some("given_name", given);
        self.commit(tx, entry.with_some("family_name", family))
            .await
    }
}

const CHANGING: &str = "changing users";

fn no_user() -> IamError {
    IamError::not_found("the user in this account")
}
