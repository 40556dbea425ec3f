//! Users and their roles.

use super::administrator::still_manages;
use super::new_key::check_not_revoked;
use crate::audit::{Action, Entry};
use crate::error::IamError;
use crate::flow::password;
use crate::flow::session::end;
use crate::model::directory::User;
use crate::model::page::{Page, PageRequest};
use crate::model::role::Role;
use crate::model::{address, text};
use crate::policy::{is_administrator, manages, require_visible};
use crate::refusal::Remedy;
use crate::repo::accounts::lock_active;
use crate::repo::login_sources;
use crate::repo::members::{self, is_still_member, member_by_address};
use crate::repo::roles::{grant, keeps_administrator};
use crate::repo::{invitation_roles, invitations};
use crate::repo::{roles, users};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccountId, Guid, ProfileId, ServiceId, UserId};
use base::limit;
use base::principal::Principal;
use base::scope::Domain;
use base::secret::Secret;
use base::source::Source;
use base::time::Millis;
use db::Tx;

/// A new password of a caller who has shown the current one: hashed, and not stored yet.
#[derive(Debug)]
pub struct PreparedPassword {
    caller: Identity,
    user: UserId,
    /// The hash that was stored when the current password was checked.
    held: Option<Secret<String>>,
    hash: Secret<String>,
}

/// The identity whose role is given or taken.
enum RoleTarget {
    Member(Principal),
    /// A person who has not accepted yet: their roles begin with the acceptance.
    Invited(Guid),
}

impl Iam {
    /// The caller's own user.
    ///
    /// # Errors
    /// When the caller is no user, or no longer exists.
    pub fn user(&self, caller: &Identity) -> Result<User, IamError> {
        let id = caller.user()?;
        let directory = self.directory();
        let user = directory.user(id).cloned();
        user.ok_or_else(|| IamError::not_found("the user"))
    }

    /// Checks the caller's current password, and hashes the new one. That may wait behind other checks, so it is apart from the change.
    ///
    /// # Errors
    /// When the current password is wrong; when the new one is too short; when too many checks wait.
    pub async fn prepare_password(
        &self,
        caller: &Identity,
        source: Source,
        current: Secret<String>,
        new: Secret<String>,
    ) -> Result<PreparedPassword, IamError> {
        let user = self.user(caller)?;
        let (old, fresh) = ("current_password", "new_password");
        text::check_length(old, current.expose(), &limit::PASSWORD_BYTES)?;
        text::check_length(fresh, new.expose(), &limit::PASSWORD_BYTES)?;
        // The hash from before the check: it must still be the stored one when the new password is written.
        let held = password::stored(self, user.id).await?;
        password::check(self, source, &user.email, current).await?;
        let hash = password::prepare(self, source, &user.email, new).await?;
        Ok(PreparedPassword {
            caller: caller.clone(),
            user: user.id,
            held: held.map(Secret::new),
            hash: Secret::new(hash),
        })
    }

    /// Changes a password, and ends its user's one-time codes and their other sessions except those of API keys: somebody who learned
    /// the old password may hold one.
    ///
    /// # Errors
    /// When the password has been changed since it was checked; when the caller's session or key has ended.
    pub async fn change_password(&self, prepared: PreparedPassword) -> Result<(), IamError> {
        let PreparedPassword {
            caller,
            user,
            held,
            hash,
        } = prepared;
        let held = held.map(|held| held.expose().clone());
        let mut tx = self.0.db.begin().await?;
        let now = self.0.clock.now();
        if !users::change_password(&mut tx, user, held, hash.expose().clone(), now).await? {
            return Err(password::rejected());
        }
        end::end_password(&mut tx, user, &caller, now).await?;
        let sources = login_sources::forget(&mut tx, user).await?;
        let entry = Entry::by(&caller, Action::PasswordChanged).on(user);
        self.commit(tx, entry).await?;
        self.0.logins.known_sources.forget(&sources);
        Ok(())
    }

    /// The identities with a role in a domain: services, then users by address.
    ///
    /// # Errors
    /// When the caller does not see the domain.
    pub fn holders(
        &self,
        caller: &Identity,
        domain: Domain,
        role: Role,
        window: PageRequest,
    ) -> Result<Page<Principal>, IamError> {
        let directory = self.directory();
        require_visible(&directory, caller, domain, &format!("`{domain}`"))?;
        let all = directory.holders_in(domain).iter();
        Ok(window.of(all.filter(|principal| directory.has_role(**principal, domain, role))))
    }

    /// Gives a role to a user by address or IAM id, to a service or trusted profile by its IAM id, or to an invited address; for the
    /// latter it begins with the acceptance. Nothing changes, and nothing is entered in the audit, if they have it already.
    ///
    /// # Errors
    /// Without the right, or when the role or user is not valid here.
    pub async fn set_role(
        &self,
        caller: &Identity,
        domain: Domain,
        role: Role,
        username: &str,
    ) -> Result<(), IamError> {
        let (mut tx, account, holder) = self.begin_role(caller, domain, role, username).await?;
        let (holder, is_new) = match holder {
            RoleTarget::Member(member) => {
                let is_new = grant(&mut tx, member, domain, role).await?;
                (member, is_new)
            }
            RoleTarget::Invited(waiting) => {
                let is_new = invitation_roles::add(&mut tx, waiting, domain, role).await?;
                (UserId(waiting).into(), is_new)
            }
        };
        if !is_new {
            return self.end_unchanged(tx).await;
        }
        self.roles_are_within_limit(&mut tx, account).await?;
        let entry = about_role(caller, Action::RoleGiven, account, holder);
        self.commit(
            tx,
            entry
                .with("domain", domain)
                .with("role", role.title(domain)),
        )
        .await
    }

    /// Removes a role. The last Administrator of an account cannot be removed. Nothing changes, and nothing is entered in the audit,
    /// if nobody of the name has it.
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
        let (mut tx, account, holder) = self.begin_role(caller, domain, role, username).await?;
        let (holder, was_there) = match holder {
            RoleTarget::Member(member) => {
                if let (Role::Administrator, Some(user)) = (role, member.user()) {
                    keeps_administrator(&mut tx, account, user).await?;
                }
                let was_there = roles::revoke(&mut tx, member, domain, role).await?;
                (member, was_there)
            }
            RoleTarget::Invited(waiting) => {
                let was_there = invitation_roles::remove(&mut tx, waiting, domain, role).await?;
                (UserId(waiting).into(), was_there)
            }
        };
        if !was_there {
            return self.end_unchanged(tx).await;
        }
        let entry = about_role(caller, Action::RoleTaken, account, holder);
        self.commit(
            tx,
            entry
                .with("domain", domain)
                .with("role", role.title(domain)),
        )
        .await
    }

    /// Ends a request that changes no role.
    async fn end_unchanged(&self, tx: Tx) -> Result<(), IamError> {
        drop(tx);
        // It is so already; perhaps another node has made it so.
        self.sync().await
    }

    /// Begins to give or take a role: the account is held, the caller has the right, and it is known whose role it is.
    async fn begin_role(
        &self,
        caller: &Identity,
        domain: Domain,
        role: Role,
        username: &str,
    ) -> Result<(Tx, AccountId, RoleTarget), IamError> {
        let account = self
            .found_at_any_node(|| self.may_give(caller, domain, role))
            .await?;
        text::check_stored("username", username.trim(), &limit::ADDRESS_BYTES)?;
        let folded = address::fold(username);
        let mut tx = self.0.db.begin().await?;
        lock_active(&mut tx, account).await?;
        self.still_may_give(&mut tx, caller, account, domain)
            .await?;
        if let Some(program) = program(username.trim()) {
            return match is_still_member(&mut tx, account, program).await? {
                true => Ok((tx, account, RoleTarget::Member(program))),
                false => Err(no_user(username)),
            };
        }
        let now = self.0.clock.now();
        if let Ok(id) = username.trim().parse::<UserId>() {
            let found = user_of_id(&mut tx, account, id, now).await?;
            let found = found.ok_or_else(|| no_user(username))?;
            return Ok((tx, account, found));
        }
        if let Some(user) = member_by_address(&mut tx, account, &folded).await? {
            return Ok((tx, account, RoleTarget::Member(user.into())));
        }
        let waiting = invitations::waiting(&mut tx, account, &folded, now).await?;
        let waiting = waiting.ok_or_else(|| no_user(username))?;
        Ok((tx, account, RoleTarget::Invited(waiting)))
    }

    /// Checks again, within the transaction that depends on it, whether the caller may manage roles in the domain:
    /// their own role may just have been removed, or their credential withdrawn. The account is locked.
    async fn still_may_give(
        &self,
        tx: &mut Tx,
        caller: &Identity,
        account: AccountId,
        domain: Domain,
    ) -> Result<(), IamError> {
        let parent = match domain {
            Domain::Space(id) => self.directory().spaces.get(&id).map(|space| space.org),
            _ => None,
        };
        let domains: Vec<Domain> = [Some(domain), parent.map(Domain::Org)]
            .into_iter()
            .flatten()
            .collect();
        match still_manages(tx, caller, account, &domains).await? {
            true => check_not_revoked(tx, caller, self.0.clock.now()).await,
            false => Err(not_manager(domain)),
        }
    }

    /// Whether the caller may manage roles in the domain; returns its account.
    ///
    /// # Errors
    /// When the caller does not see it; without Manager of it, of the organization around it, or Administrator of the
    /// account.
    pub fn may_set_roles(&self, caller: &Identity, domain: Domain) -> Result<AccountId, IamError> {
        let directory = self.directory();
        require_visible(&directory, caller, domain, &format!("`{domain}`"))?;
        let account = directory
            .account_of(domain)
            .ok_or_else(|| IamError::not_found(&format!("`{domain}`")))?;
        let parent = match domain {
            Domain::Space(id) => directory
                .spaces
                .get(&id)
                .map(|space| Domain::Org(space.org)),
            _ => None,
        };
        if is_administrator(&directory, caller, account)
            || manages(&directory, caller, domain)
            || parent.is_some_and(|parent| manages(&directory, caller, parent))
        {
            return Ok(account);
        }
        Err(not_manager(domain))
    }

    /// The account of the domain, if the caller may give and remove this role there.
    fn may_give(
        &self,
        caller: &Identity,
        domain: Domain,
        role: Role,
    ) -> Result<AccountId, IamError> {
        let account = self.may_set_roles(caller, domain)?;
        if !role.exists_in(domain) {
            return Err(IamError::invalid(
                "role",
                format!("`{role}` is no role in `{domain}`"),
            ));
        }
        Ok(account)
    }
}

/// The user with this IAM id, or with that of their invitation, which is shown until they accept and means them afterwards.
async fn user_of_id(
    tx: &mut Tx,
    account: AccountId,
    id: UserId,
    now: Millis,
) -> Result<Option<RoleTarget>, IamError> {
    let user = members::named(tx, account, id).await?;
    if is_still_member(tx, account, user).await? {
        return Ok(Some(RoleTarget::Member(user.into())));
    }
    let is_open = invitations::is_open(tx, account, id.0, now).await?;
    Ok(is_open.then_some(RoleTarget::Invited(id.0)))
}

fn about_role(caller: &Identity, action: Action, account: AccountId, holder: Principal) -> Entry {
    Entry::by(caller, action).in_account(account).on(holder)
}

fn not_manager(domain: Domain) -> IamError {
    let manager = match domain {
        Domain::Account(_) => String::new(),
        Domain::Org(_) | Domain::Space(_) => {
            format!("its {}, or ", Role::Manager.title(domain))
        }
    };
    let remedy = match domain {
        Domain::Account(_) => Remedy::HaveAccountRoleGiven(Role::Administrator.name()),
        Domain::Org(_) | Domain::Space(_) => Remedy::HaveRoleGiven(Role::Manager.title(domain)),
    };
    let message =
        format!("changing roles in `{domain}` takes {manager}an Administrator of the account");
    IamError::forbidden_without(message, remedy)
}

/// The service ID or trusted profile that a text names: by its IAM id, or by its id, which is that without `iam-`.
fn program(text: &str) -> Option<Principal> {
    let service = ServiceId::from_either(text).map(Principal::from);
    let named = service.or_else(|_| ProfileId::from_either(text).map(Principal::from));
    named.ok()
}

fn no_user(username: &str) -> IamError {
    let name = username.trim();
    let what = match program(name) {
        Some(Principal::Service(_)) => "the service ID",
        Some(_) => "the trusted profile",
        None if name.starts_with("crn-") => {
            "a holder of roles (an instance is none: an authorization lets it act)"
        }
        None => "the user",
    };
    IamError::not_found(&format!("{what} {name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_not_found_is_named_as_what_they_are() {
        let guid = "01234567-89ab-cdef-0123-456789abcdef";
        for (name, what) in [
            ("ada@example.org".to_owned(), "the user \"ada"),
            (format!("IBMid-{guid}"), "the user \"IBMid-"),
            (format!("iam-ServiceId-{guid}"), "the service ID \"iam-"),
            (format!("Profile-{guid}"), "the trusted profile \"Profile-"),
            (format!("crn-{guid}"), "an authorization lets it act"),
        ] {
            let message = no_user(&name).to_string();
            assert!(message.contains(what), "{message}");
        }
    }
}
