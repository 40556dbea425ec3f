//! Who is in an account: listing, inviting, removing.
//!
//! A person is one user on the whole server, with one password, and may be in several accounts. What he holds in one
//! (roles, keys, sessions) is of no use in another, and goes when he is removed from it.

use super::people::{self, address, grant, join, keeps_administrator};
use super::{departure, hold, is_administrator};
use crate::directory::{Member, User};
use crate::error::IamError;
use crate::login::password;
use crate::role::Role;
use crate::service::Iam;
use crate::verify::Identity;
use base::id::{AccountId, UserId};
use base::scope::Domain;
use base::secret::Secret;
use db::{DbError, Tx, Value};

/// A user who was invited.
#[derive(Debug)]
pub struct Invited {
    /// The user.
    pub user: User,
    /// His first password, shown this once; none for someone who was a user already and has his own.
    pub password: Option<Secret<String>>,
}

impl Iam {
    /// The members of the account, by address.
    ///
    /// # Errors
    /// Without Administrator of the account, or with a token for another.
    pub fn members(&self, caller: &Identity, account: AccountId) -> Result<Vec<Member>, IamError> {
        self.administer(caller, account, "listing users")?;
        Ok(self.directory().members(account))
    }

    /// Takes someone into the account: a new user, or one who is in other accounts already and keeps his password. No mail
    /// is sent: the caller hands a first password on.
    ///
    /// # Errors
    /// Without Administrator of the account, or when the address is none or is a member's.
    pub async fn invite(
        &self,
        caller: &Identity,
        account: AccountId,
        email: &str,
        role: Option<Role>,
    ) -> Result<Invited, IamError> {
        self.may_invite(caller, account)?;
        let email = address(email)?;
        let domain = Domain::Account(account);
        if let Some(role) = role.filter(|role| !role.fits(domain)) {
            return Err(IamError::invalid(
                "account_role",
                format!("`{role}` is no role of an account"),
            ));
        }
        let known = self.directory().user_by_email(&email).cloned();
        let now = self.0.clock.now();
        // Hashing takes its time: done before anything is held.
        let (user, first) = match known {
            Some(user) => (user, None),
            None => {
                let first = password::generate();
                let hash = password::prepare(self, &email, first.clone()).await?;
                (people::new_user(account, &email, now), Some((first, hash)))
            }
        };
        let mut tx = self.0.db.begin().await?;
        if !hold(&mut tx, account).await? {
            return Err(IamError::not_found("the account"));
        }
        let entered = match &first {
            Some((_, hash)) => people::insert(&mut tx, &user, hash).await,
            None if hold_user(&mut tx, user.id).await? => {
                join(&mut tx, account, user.id, now).await
            }
            None => Err(IamError::conflict(format!(
                "`{email}` was removed at this moment: invite again"
            ))),
        };
        entered.map_err(|error| match error {
            IamError::Db(DbError::Unique) => IamError::conflict(format!(
                "`{email}` is a member of the account already, or is being invited at this moment"
            )),
            other => other,
        })?;
        if let Some(role) = role {
            grant(&mut tx, user.id, domain, role).await?;
        }
        self.commit(tx).await?;
        tracing::info!(event = "user_invited", who = %caller.user(), %account, user = %user.id, "someone was invited");
        Ok(Invited {
            user,
            password: first.map(|(password, _)| password),
        })
    }

    /// Whether the caller may invite users.
    ///
    /// # Errors
    /// When he is not in the account; without Administrator of it.
    pub fn may_invite(&self, caller: &Identity, account: AccountId) -> Result<(), IamError> {
        self.administer(caller, account, "inviting users")
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
        let (own, person) = (account.to_string(), user.0.to_string());
        let both = [Value::from(own.as_str()), Value::from(person.as_str())];
        let mut tx = self.0.db.begin().await?;
        // The account first, then the user: everyone takes them in this order.
        hold(&mut tx, account).await?;
        hold_user(&mut tx, user).await?;
        if !people::is_still_member(&mut tx, account, user).await? {
            return Err(IamError::not_found("the user in this account"));
        }
        keeps_administrator(&mut tx, account, user).await?;
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
        let keys = "DELETE FROM api_keys WHERE account = $1 AND person = $2";
        tx.execute(keys, &both).await?;
        departure::record(&mut tx, account, user, self.0.clock.now()).await?;
        let member = "DELETE FROM members WHERE account = $1 AND person = $2";
        tx.execute(member, &both).await?;
        pass_on(&mut tx, account, user).await?;
        go_home(&mut tx, account, user).await?;
        self.commit_with_ends(tx).await?;
        tracing::info!(event = "user_removed", who = %caller.user(), %account, %user, "someone was removed from an account");
        Ok(())
    }

    fn administer(
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

/// Keeps the user as he is until the transaction ends. `false` when there is no such user.
async fn hold_user(tx: &mut Tx, user: UserId) -> Result<bool, IamError> {
    let sql = "UPDATE users SET home = home WHERE guid = $1";
    Ok(tx.execute(sql, &[user.0.to_string().into()]).await? == 1)
}

/// An owner who left leaves the account to the Administrator who has been in it longest.
async fn pass_on(tx: &mut Tx, account: AccountId, user: UserId) -> Result<(), IamError> {
    let sql = "UPDATE accounts SET owner = (SELECT members.person FROM members \
               JOIN roles ON roles.person = members.person AND roles.domain = $3 AND roles.role = $4 \
               WHERE members.account = $1 ORDER BY members.added_at, members.person LIMIT 1) \
               WHERE guid = $1 AND owner = $2";
    let values = [
        Value::from(account.to_string()),
        user.0.to_string().into(),
        Domain::Account(account).to_string().into(),
        Role::Administrator.name().into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// Where a user works who left his first account: in the one he came into next. Without any he is forgotten.
async fn go_home(tx: &mut Tx, account: AccountId, user: UserId) -> Result<(), IamError> {
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
                "DELETE FROM departures WHERE person = $1",
                "DELETE FROM users WHERE guid = $1",
            ] {
                tx.execute(sql, std::slice::from_ref(&person)).await?;
            }
        }
    }
    Ok(())
}
