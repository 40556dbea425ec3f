//! Who is in an account: listing, removing.
//!
//! A person is one user on the whole server, with one password, and may be in several accounts. What he holds in one
//! (roles, keys, sessions) is of no use in another, and goes when he is removed from it.

use super::page::{Part, Window};
use super::people::{self, keeps_administrator};
use super::{departure, hold, invitation, is_administrator};
use crate::audit::{Action, Entry};
use crate::directory::{Member, parse_guid};
use crate::error::IamError;
use crate::role::Role;
use crate::service::Iam;
use crate::verify::Identity;
use base::id::{AccountId, Guid, UserId};
use base::scope::Domain;
use base::time::Millis;
use db::{Tx, Value};

impl Iam {
    /// The members of the account, by address.
    ///
    /// # Errors
    /// Without Administrator of the account, or with a token for another.
    pub fn members(
        &self,
        caller: &Identity,
        account: AccountId,
        window: Window,
    ) -> Result<Part<Member>, IamError> {
        self.administer(caller, account, "listing users")?;
        let directory = self.directory();
        let part = window.of(directory.members_of(account).iter());
        let members = part.entries.iter();
        let found = members.filter_map(|id| directory.member(*id, account));
        Ok(Part {
            entries: found.collect(),
            total: part.total,
        })
    }

    /// Takes someone out of the account, with his roles, keys and sessions there. From the moment this returns none of his
    /// tokens opens anything of it. Who is in no other account is forgotten. If the account was his, it is the
    /// Administrator's who has been in it longest.
    ///
    /// # Errors
    /// Without Administrator of the account, when he is not in it, or is its last Administrator.
    pub async fn remove_member(
        &self,
        caller: &Identity,
        account: AccountId,
        user: UserId,
    ) -> Result<(), IamError> {
        self.administer(caller, account, "removing users")?;
        let mut tx = self.0.db.begin().await?;
        // The account first, then the user: everyone takes them in this order.
        hold(&mut tx, account).await?;
        let domain = Domain::Account(account);
        if !people::still_holds(&mut tx, account, caller.user(), domain, Role::Administrator)
            .await?
        {
            return Err(IamError::forbidden(
                "removing users needs the account role Administrator",
            ));
        }
        if invitation::withdraw(&mut tx, account, user).await? {
            let entry = Entry::by(caller, Action::InvitationWithdrawn).in_account(account);
            return self.commit(tx, entry.on(user)).await;
        }
        let user = named(&mut tx, account, user).await?;
        hold_user(&mut tx, user).await?;
        if !people::is_still_member(&mut tx, account, user).await? {
            return Err(IamError::not_found("the user in this account"));
        }
        keeps_administrator(&mut tx, account, user).await?;
        leave(&mut tx, account, user, self.0.clock.now(), user.0).await?;
        let directory = self.directory();
        let email = directory.user(user).map(|user| user.email.as_str());
        let entry = Entry::by(caller, Action::UserRemoved).in_account(account);
        self.commit_with_ends(tx, entry.on(user).with_some("email", email))
            .await
    }

    pub(super) fn administer(
        &self,
        caller: &Identity,
        account: AccountId,
        what: &str,
    ) -> Result<(), IamError> {
        self.within(caller, account)?;
        if is_administrator(&self.directory(), caller, account) {
            return Ok(());
        }
        Err(IamError::forbidden(format!(
            "{what} needs the account role Administrator"
        )))
    }
}

/// The member whom the id of his invitation names as well as his own.
async fn named(tx: &mut Tx, account: AccountId, id: UserId) -> Result<UserId, IamError> {
    let sql = "SELECT person FROM members WHERE account = $1 AND invitation = $2";
    let values = [account.to_string().into(), id.0.to_string().into()];
    match tx.one(sql, &values).await? {
        Some(row) => Ok(UserId(parse_guid(&row, "person")?)),
        None => Ok(id),
    }
}

/// Ends a membership, with the roles, keys and sessions in the account. An account without another Administrator is owned
/// by `heir` then. Account and user are held.
pub(super) async fn leave(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
    now: Millis,
    heir: Guid,
) -> Result<(), IamError> {
    let (own, person) = (account.to_string(), user.0.to_string());
    let both = [Value::from(own.as_str()), Value::from(person.as_str())];
    let roles = "DELETE FROM roles WHERE person = $1 AND (domain = $2 \
                 OR domain IN (SELECT 'o-' || guid FROM orgs WHERE account = $3) \
                 OR domain IN (SELECT 's-' || spaces.guid FROM spaces JOIN orgs ON orgs.guid = spaces.org \
                 WHERE orgs.account = $3))";
    let values = [
        person.as_str().into(),
        Domain::Account(account).to_string().into(),
        own.as_str().into(),
    ];
    tx.execute(roles, &values).await?;
    // Nor do roles come back to him with what was deleted before, and is brought back after he has come again.
    let deleted = "DELETE FROM deleted_roles WHERE person = $2 \
                   AND domain IN (SELECT domain FROM deletions WHERE account = $1)";
    tx.execute(deleted, &both).await?;
    let keys = "DELETE FROM api_keys WHERE account = $1 AND person = $2";
    tx.execute(keys, &both).await?;
    departure::record(tx, account, user, now).await?;
    let member = "DELETE FROM members WHERE account = $1 AND person = $2";
    tx.execute(member, &both).await?;
    pass_on(tx, account, user, heir).await?;
    go_home(tx, account, user).await
}

/// Keeps the user as he is until the transaction ends. `false` when there is no such user.
pub(super) async fn hold_user(tx: &mut Tx, user: UserId) -> Result<bool, IamError> {
    let sql = "UPDATE users SET home = home WHERE guid = $1";
    Ok(tx.execute(sql, &[user.0.to_string().into()]).await? == 1)
}

/// An owner who left leaves the account to the Administrator who has been in it longest, without any to `heir`.
async fn pass_on(
    tx: &mut Tx,
    account: AccountId,
    user: UserId,
    heir: Guid,
) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET owner = COALESCE((SELECT members.person FROM members \
               JOIN roles ON roles.person = members.person AND roles.domain = $3 AND roles.role = $4 \
               WHERE members.account = $1 ORDER BY members.added_at, members.person LIMIT 1), $5) \
               WHERE guid = $1 AND owner = $2";
    let values = [
        Value::from(account.to_string()),
        user.0.to_string().into(),
        Domain::Account(account).to_string().into(),
        Role::Administrator.name().into(),
        heir.to_string().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Where a user works who left his first account: in the one he came into next. Without any he is forgotten.
pub(super) async fn go_home(tx: &mut Tx, account: AccountId, user: UserId) -> Result<(), IamError> {
    let person = Value::from(user.0.to_string());
    let next = "SELECT account FROM members WHERE person = $1 ORDER BY added_at, account LIMIT 1";
    match tx.one(next, std::slice::from_ref(&person)).await? {
        Some(row) => {
            let sql = "UPDATE users SET home = $2 WHERE guid = $1 AND home = $3";
            let values = [
                person,
                row.text("account")?.into(),
                account.to_string().into(),
            ];
            tx.execute(sql, &values).await?;
        }
        None => {
            for sql in [
                "DELETE FROM roles WHERE person = $1",
                "DELETE FROM deleted_roles WHERE person = $1",
                "DELETE FROM departures WHERE person = $1",
                "DELETE FROM password_resets WHERE person = $1",
                "DELETE FROM users WHERE guid = $1",
            ] {
                tx.execute(sql, std::slice::from_ref(&person)).await?;
            }
        }
    }
    Ok(())
}
