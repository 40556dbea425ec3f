//! Users and their roles.

use super::{is_administrator, manages, name, sees_org, sees_space};
use crate::directory::{Directory, User};
use crate::entropy;
use crate::error::IamError;
use crate::login::password;
use crate::role::Role;
use crate::service::Iam;
use crate::verify::Identity;
use base::id::{AccountId, UserId};
use base::scope::Domain;
use base::secret::Secret;
use base::time::Millis;
use db::{DbError, Tx, Value};

/// A user who was invited, with the password that is shown this once.
#[derive(Debug)]
pub struct Invited {
    /// The user.
    pub user: User,
    /// His first password.
    pub password: Secret<String>,
}

impl Iam {
    /// The caller's own entry.
    ///
    /// # Errors
    /// When he is gone.
    pub fn user(&self, caller: &Identity) -> Result<User, IamError> {
        self.directory()
            .users
            .get(&caller.user())
            .cloned()
            .ok_or_else(|| IamError::not_found("the user"))
    }

    /// The users of the account, by address.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn users(&self, caller: &Identity, account: AccountId) -> Result<Vec<User>, IamError> {
        self.account(caller, account)?;
        let directory = self.directory();
        if !is_administrator(&directory, caller) {
            return Err(IamError::forbidden(
                "listing users needs the account role Administrator",
            ));
        }
        let mut users: Vec<User> = directory
            .users
            .values()
            .filter(|user| user.account == account)
            .cloned()
            .collect();
        users.sort_by(|a, b| a.email.cmp(&b.email));
        Ok(users)
    }

    /// Invites a user. No mail is sent: the caller hands the password on.
    ///
    /// # Errors
    /// Without Administrator of the account, or when the address is known or none.
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
        if self.directory().user_by_email(&email).is_some() {
            return Err(IamError::conflict(format!("`{email}` is a user already")));
        }
        let first = password::generate();
        let hash = password::prepare(self, first.clone()).await?;
        let user = new_user(account, &email, self.0.clock.now());
        let mut tx = self.0.db.begin().await?;
        insert(&mut tx, &user, &hash)
            .await
            .map_err(|error| match error {
                IamError::Db(DbError::Unique) => {
                    IamError::conflict(format!("`{email}` is a user already"))
                }
                other => other,
            })?;
        if let Some(role) = role {
            grant(&mut tx, user.id, domain, role).await?;
        }
        self.commit(tx).await?;
        Ok(Invited {
            user,
            password: first,
        })
    }

    /// Whether the caller may invite users.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_invite(&self, caller: &Identity, account: AccountId) -> Result<(), IamError> {
        self.account(caller, account)?;
        if is_administrator(&self.directory(), caller) {
            return Ok(());
        }
        Err(IamError::forbidden(
            "inviting users needs the account role Administrator",
        ))
    }

    /// Changes the caller's own password.
    ///
    /// # Errors
    /// When the current one is wrong, or the new one too short.
    pub async fn change_password(
        &self,
        caller: &Identity,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<(), IamError> {
        let user = self.user(caller)?;
        password::check(self, &user.email, current).await?;
        let hash = password::prepare(self, new).await?;
        let sql = "UPDATE users SET password = $2 WHERE guid = $1";
        self.0
            .db
            .execute(sql, &[user.id.0.to_string().into(), hash.into()])
            .await?;
        Ok(())
    }

    /// Who holds a role in a domain, by address.
    ///
    /// # Errors
    /// When the caller does not see the domain.
    pub fn holders(
        &self,
        caller: &Identity,
        domain: Domain,
        role: Role,
    ) -> Result<Vec<User>, IamError> {
        let directory = self.directory();
        see(&directory, caller, domain)?;
        let held = directory
            .roles
            .iter()
            .filter(|((_, own), roles)| *own == domain && roles.contains(&role));
        let mut users: Vec<User> = held
            .filter_map(|((user, _), _)| directory.users.get(user).cloned())
            .collect();
        users.sort_by(|a, b| a.email.cmp(&b.email));
        Ok(users)
    }

    /// Gives a user a role.
    ///
    /// # Errors
    /// Without the right, or when role or user do not fit.
    pub async fn set_role(
        &self,
        caller: &Identity,
        domain: Domain,
        role: Role,
        username: &str,
    ) -> Result<User, IamError> {
        let user = self.holder(caller, domain, role, username)?;
        let mut tx = self.0.db.begin().await?;
        grant(&mut tx, user.id, domain, role).await?;
        self.commit(tx).await?;
        Ok(user)
    }

    /// Takes a role away. The last Administrator of an account keeps his.
    ///
    /// # Errors
    /// Without the right, or when it would leave the account without an Administrator.
    pub async fn unset_role(
        &self,
        caller: &Identity,
        domain: Domain,
        role: Role,
        username: &str,
    ) -> Result<(), IamError> {
        let user = self.holder(caller, domain, role, username)?;
        let mut tx = self.0.db.begin().await?;
        if role == Role::Administrator {
            keep_another_administrator(&mut tx, domain, user.id).await?;
        }
        let sql = "DELETE FROM roles WHERE person = $1 AND domain = $2 AND role = $3";
        tx.execute(
            sql,
            &[
                user.id.0.to_string().into(),
                domain.to_string().into(),
                role.name().into(),
            ],
        )
        .await?;
        self.commit(tx).await
    }

    /// Whether the caller may give roles in the domain, and take them away.
    ///
    /// # Errors
    /// When he does not see it; without Manager of it, of the organization around it, or Administrator of the account.
    pub fn may_set_roles(&self, caller: &Identity, domain: Domain) -> Result<(), IamError> {
        let directory = self.directory();
        see(&directory, caller, domain)?;
        let parent = match domain {
            Domain::Space(id) => directory
                .spaces
                .get(&id)
                .map(|space| Domain::Org(space.org)),
            _ => None,
        };
        let may = is_administrator(&directory, caller)
            || manages(&directory, caller, domain)
            || parent.is_some_and(|parent| manages(&directory, caller, parent));
        if may {
            return Ok(());
        }
        Err(IamError::forbidden(format!(
            "changing roles in `{domain}` needs its role Manager, or the account role Administrator"
        )))
    }

    /// The user whose role the caller may change.
    fn holder(
        &self,
        caller: &Identity,
        domain: Domain,
        role: Role,
        username: &str,
    ) -> Result<User, IamError> {
        self.may_set_roles(caller, domain)?;
        let directory = self.directory();
        if !role.fits(domain) {
            return Err(IamError::invalid(
                "role",
                format!("`{role}` is no role in `{domain}`"),
            ));
        }
        let user = directory
            .user_by_email(username)
            .filter(|user| user.account == caller.account());
        user.cloned()
            .ok_or_else(|| IamError::not_found(&format!("the user `{}`", username.trim())))
    }
}

/// Refuses to go on when the user is the account's only Administrator. Changes of roles by others wait until the
/// transaction ends: two Administrators who dismiss each other at the same moment do not both succeed.
async fn keep_another_administrator(
    tx: &mut Tx,
    domain: Domain,
    user: UserId,
) -> Result<(), IamError> {
    let turn = "UPDATE counters SET value = value + 1 WHERE name = 'changes'";
    tx.execute(turn, &[]).await?;
    let another = "SELECT person FROM roles WHERE domain = $1 AND role = $2 AND person <> $3";
    let values = [
        Value::from(domain.to_string()),
        Role::Administrator.name().into(),
        user.0.to_string().into(),
    ];
    if tx.one(another, &values).await?.is_some() {
        return Ok(());
    }
    Err(IamError::conflict(
        "the account would be left without an Administrator",
    ))
}

fn see(directory: &Directory, caller: &Identity, domain: Domain) -> Result<(), IamError> {
    let seen = match domain {
        Domain::Account(id) => id == caller.account(),
        Domain::Org(id) => sees_org(directory, caller, id),
        Domain::Space(id) => sees_space(directory, caller, id),
    };
    if seen {
        Ok(())
    } else {
        Err(IamError::not_found(&format!("`{domain}`")))
    }
}

/// An e-mail address as far as it can be checked without sending to it.
pub(crate) fn address(text: &str) -> Result<String, IamError> {
    let text = name("email", text)?;
    match text.split_once('@') {
        Some((local, host))
            if !local.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace) =>
        {
            Ok(text)
        }
        _ => Err(IamError::invalid(
            "email",
            format!("`{text}` is no e-mail address"),
        )),
    }
}

/// A user whose names are guessed from the address; he can be addressed by it until he says better.
pub(crate) fn new_user(account: AccountId, email: &str, now: Millis) -> User {
    let id = UserId(entropy::guid());
    let local = email.split('@').next().unwrap_or(email);
    let (given, family) = local.split_once(['.', '-', '_']).unwrap_or((local, ""));
    let capital = |word: &str| {
        let mut characters = word.chars();
        characters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(characters).collect()
        })
    };
    User {
        id,
        caller: id.to_string().into(),
        account,
        email: email.to_owned(),
        given_name: capital(given),
        family_name: capital(family),
        created_at: now,
    }
}

pub(crate) async fn insert(tx: &mut Tx, user: &User, password: &str) -> Result<(), IamError> {
    let sql = "INSERT INTO users (guid, account, email, given_name, family_name, password, failures, failed_at, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7)";
    let values = [
        Value::from(user.id.0.to_string()),
        user.account.to_string().into(),
        user.email.as_str().into(),
        user.given_name.as_str().into(),
        user.family_name.as_str().into(),
        password.into(),
        user.created_at.0.into(),
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

pub(crate) async fn grant(
    tx: &mut Tx,
    user: UserId,
    domain: Domain,
    role: Role,
) -> Result<(), IamError> {
    let sql = "INSERT INTO roles (person, domain, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(
        sql,
        &[
            user.0.to_string().into(),
            domain.to_string().into(),
            role.name().into(),
        ],
    )
    .await?;
    Ok(())
}
