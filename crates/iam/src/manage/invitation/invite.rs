//! Actions of an Administrator: invite users, list open invitations, withdraw them.

use crate::refusal::{Reason, Refusal, Remedy};
pub use crate::repo::invitations::lists::Invitation;

use super::groups::InvitedGroups;
use super::new_code;
use crate::audit::{Action, Entries, Entry};
use crate::config::InvitationConfig;
use crate::error::IamError;
use crate::manage::access_policy::{CheckedGrant, PolicyGrant, check_grants_exist};
use crate::model::address::Address;
use crate::model::directory::User;
use crate::model::page::{Page, PageRequest};
use crate::model::people_search::PeopleSearch;
use crate::model::role::Role;
use crate::repo::counts::CountedItem;
use crate::repo::invitations::{InvitationRow, NewInvitation, remove};
use crate::repo::{accounts, invitation_roles, invitations, members, used_today};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccessGroupId, AccountId, UserId};
use base::limit;
use base::scope::Domain;
use base::secret::Secret;
use base::time::Millis;
use db::Tx;
use std::collections::HashSet;

/// A user to invite.
#[derive(Debug, Clone)]
pub struct Invitee {
    /// E-mail address.
    pub email: String,
    /// A role in the account, given on acceptance.
    pub role: Option<Role>,
}

/// The access that invited users get on acceptance, in addition to a role.
#[derive(Debug, Default)]
pub struct InvitedAccess {
    /// Access policies.
    pub policies: Vec<PolicyGrant>,
    /// Access groups of the account.
    pub groups: Vec<AccessGroupId>,
}

/// An invited user. The answer is the same whether the server knows the address or not.
#[derive(Debug)]
pub struct Invited {
    /// The user's id in this account from now on, also after they accept.
    pub id: UserId,
    /// The address as the inviter wrote it.
    pub email: String,
    /// The one-time code to pass on, if the inviter may see it.
    pub code: Option<Secret<String>>,
    /// Whether that code takes the place of an earlier one of this invitation.
    pub replaces_code: bool,
}

impl Iam {
    /// Invites users into the account, all of them or none. They join when they accept.
    ///
    /// # Errors
    /// Without Administrator of the account; when an address is invalid, occurs twice or is a member's; over a limit.
    pub async fn invite(
        &self,
        caller: &Identity,
        account: AccountId,
        wanted: &[Invitee],
    ) -> Result<Vec<Invited>, IamError> {
        self.invite_with(caller, account, wanted, InvitedAccess::default())
            .await
    }

    /// As [`Self::invite`], with what each of them has from the acceptance on.
    ///
    /// # Errors
    /// As [`Self::invite`]; when a policy is not valid or not enforced; when there is no such access group.
    pub async fn invite_with(
        &self,
        caller: &Identity,
        account: AccountId,
        wanted: &[Invitee],
        access: InvitedAccess,
    ) -> Result<Vec<Invited>, IamError> {
        self.may_invite(caller, account)?;
        let config = self.0.config.invitations;
        let wanted = checked(&config, account, wanted)?;
        let groups = InvitedGroups::of(access.groups, self.stamp(caller))?;
        check_amount(wanted.len(), access.policies.len() + groups.count())?;
        let mut policies: Vec<CheckedGrant> = Vec::with_capacity(access.policies.len());
        for grant in access.policies {
            policies.push(self.check_grant(account, grant).await?);
        }
        let inviter = self.inviter(caller)?;
        let now = self.0.clock.now();
        let mut tx = self
            .begin_administered(caller, account, "inviting users")
            .await?;
        groups.check_exist(&mut tx, account).await?;
        check_grants_exist(&mut tx, account, &policies).await?;
        let domain = Domain::Account(account);
        invitations::sweep(&mut tx, account, now).await?;
        let amount = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
        let limit = &limit::INVITATIONS_PER_DAY;
        let per_day = self.account_limit(account, limit);
        if wanted.len() as u64 > per_day {
            // No day has room for them.
            let remedy = Remedy::RaiseLimit(account, limit);
            return Err(over(Reason::LimitReached, remedy, limit, per_day));
        }
        let today =
            used_today::count_use(&mut tx, format!("invitations/{account}"), amount, now).await?;
        if today > per_day {
            return Err(over_today(per_day, now));
        }
        let is_shown = config.show_code && !config.by_mail && accounts::is_single(&mut tx).await?;
        let wanted = found(&mut tx, account, wanted).await?;
        self.have_room(&mut tx, account, &wanted, policies.len(), now)
            .await?;
        let mut invited = Vec::with_capacity(wanted.len());
        let mut entries = Vec::with_capacity(wanted.len());
        for Wanted {
            address,
            role,
            earlier,
        } in wanted
        {
            let made = NewInvitation {
                account,
                address: &address,
                inviter: &inviter.email,
                now,
                config: &config,
                is_shown,
            };
            let (code, hash) = new_code();
            let guid = made.write(&mut tx, is_shown.then_some(hash)).await?;
            let code = is_shown.then_some(code);
            if let Some(role) = role {
                invitation_roles::add(&mut tx, guid, domain, role).await?;
            }
            let entry = Entry::by(caller, Action::UserInvited).in_account(account);
            let entry = entry.on(UserId(guid)).with("email", &address.text);
            let entry = entry.with_some("role", role);
            entries.push(entry.with_some("access_groups", groups.text()));
            groups.add_to(&mut tx, guid).await?;
            let inviter = (caller, account);
            let given = self.give_invited(&mut tx, inviter, UserId(guid), &policies);
            entries.extend(given.await?);
            invited.push(Invited {
                id: UserId(guid),
                email: address.text,
                code,
                replaces_code: is_shown
                    && earlier.is_some_and(|earlier| earlier.code_hash.is_some()),
            });
        }
        self.roles_are_within_limit(&mut tx, account).await?;
        if !groups.is_empty() {
            let limit = &limit::GROUP_MEMBERS_PER_ACCOUNT;
            let what = CountedItem::GroupMembers;
            self.check_within_limit(&mut tx, account, limit, what)
                .await?;
        }
        self.commit(tx, Entries::of(entries)).await?;
        Ok(invited)
    }

    /// The user who invites: an invitation tells by whose address it comes.
    fn inviter(&self, caller: &Identity) -> Result<User, IamError> {
        let principal = caller.principal();
        if principal.user().is_some() {
            return self.user(caller);
        }
        let message = format!(
            "an invitation tells the e-mail address of who invites, and `{principal}` has none: an Administrator who is a user invites"
        );
        let refusal = Refusal::new(Reason::NotAllowed, message);
        Err(IamError::Refused(refusal.remedy(Remedy::LogInByPassword)))
    }

    /// Refuses the invitations for which there is no room, and their policies, before any of them is written. The account is locked.
    async fn have_room(
        &self,
        tx: &mut Tx,
        account: AccountId,
        wanted: &[Wanted],
        policies: usize,
        now: Millis,
    ) -> Result<(), IamError> {
        let opened = count(wanted, |one| {
            let earlier = one.earlier.as_ref();
            earlier.is_none_or(|earlier| earlier.expires_at.0 <= now.0)
        });
        let limit = &limit::INVITATIONS_PER_ACCOUNT;
        let per_account = self.account_limit(account, limit);
        let open = invitations::count_open(tx, account, now).await?;
        if open.saturating_add(opened) > per_account {
            return Err(over(
                Reason::LimitReached,
                Remedy::WithdrawInvitations,
                limit,
                per_account,
            ));
        }
        let new = count(wanted, |one| one.earlier.is_none());
        let users = (&limit::USERS_PER_ACCOUNT, CountedItem::Users);
        self.check_room_for(tx, account, users, new).await?;
        if policies == 0 {
            return Ok(());
        }
        let given = wanted.len().saturating_mul(policies) as u64;
        let policies = (&limit::POLICIES_PER_ACCOUNT, CountedItem::Policies);
        self.check_room_for(tx, account, policies, given).await
    }

    /// Checks whom a request invites, and how much it gives to all of them, before its policies are read: they cost more.
    ///
    /// # Errors
    /// As [`Self::invite_with`].
    pub fn may_invite_all(
        &self,
        account: AccountId,
        wanted: &[Invitee],
        given: usize,
    ) -> Result<(), IamError> {
        let wanted = checked(&self.0.config.invitations, account, wanted)?;
        check_amount(wanted.len(), given)?;
        Ok(())
    }

    /// Whether the caller may invite users.
    ///
    /// # Errors
    /// When the caller is not in the account, or is no Administrator of it.
    pub fn may_invite(&self, caller: &Identity, account: AccountId) -> Result<(), IamError> {
        self.administer(caller, account, "inviting users")
    }

    /// The open invitations of the account, by address.
    ///
    /// # Errors
    /// Without Administrator of the account, or with a token for another; when the database fails.
    pub async fn invitations(
        &self,
        caller: &Identity,
        account: AccountId,
        window: PageRequest,
    ) -> Result<Page<Invitation>, IamError> {
        self.invitations_found(caller, account, &PeopleSearch::default(), window)
            .await
    }

    /// As [`Self::invitations`], of those that the search shows and reaches; the number is of all that it shows.
    ///
    /// # Errors
    /// As [`Self::invitations`].
    pub async fn invitations_found(
        &self,
        caller: &Identity,
        account: AccountId,
        search: &PeopleSearch,
        window: PageRequest,
    ) -> Result<Page<Invitation>, IamError> {
        self.administer(caller, account, "listing users")?;
        let Some(patterns) = search.of_invited() else {
            return Ok(Page {
                entries: Vec::new(),
                total: 0,
            });
        };
        let now = self.0.clock.now();
        let filter = (&patterns, search.invited_after());
        let found = invitations::lists::into(&self.0.db, account, now, filter, window);
        let (total, entries) = found.await?;
        Ok(Page { entries, total })
    }
}

/// Somebody to invite.
struct Wanted {
    address: Address,
    role: Option<Role>,
    /// Their invitation from before.
    earlier: Option<InvitationRow>,
}

fn count(wanted: &[Wanted], is_counted: impl Fn(&&Wanted) -> bool) -> u64 {
    wanted.iter().filter(is_counted).count() as u64
}

/// Finds earlier invitations of the people. The account is locked.
async fn found(
    tx: &mut Tx,
    account: AccountId,
    wanted: Vec<(Address, Option<Role>)>,
) -> Result<Vec<Wanted>, IamError> {
    let mut all = Vec::with_capacity(wanted.len());
    for (address, role) in wanted {
        let member = members::member_by_address(tx, account, &address.folded).await?;
        if member.is_some() {
            return Err(IamError::conflict(format!(
                "`{}` is a member of the account already; nobody was invited",
                address.text
            )));
        }
        let earlier = invitations::find(tx, account, &address.folded).await?;
        all.push(Wanted {
            address,
            role,
            earlier,
        });
    }
    Ok(all)
}

/// Refuses a request that would write too much at once, while every other change waits.
fn check_amount(people: usize, given: usize) -> Result<(), Refusal> {
    let (all, limit) = (
        people.saturating_mul(given) as u64,
        &limit::INVITED_ACCESS_PER_REQUEST,
    );
    if all <= limit.default {
        return Ok(());
    }
    let message = format!(
        "{people} people with {given} access policies and groups each are more than `{}` = {}; nobody was invited",
        limit.name, limit.default
    );
    let refusal = Refusal::new(Reason::Field, message).field("users");
    Err(refusal.remedy(Remedy::SeveralRequests).limit(limit))
}

/// Withdraws the invitation with this id. `false` when the account has none.
pub(crate) async fn withdraw(
    tx: &mut Tx,
    account: AccountId,
    id: UserId,
) -> Result<bool, IamError> {
    if !invitations::is_there(tx, account, id.0).await? {
        return Ok(false);
    }
    if accounts::is_owned_by(tx, account, id.0).await? {
        return Err(IamError::conflict(
            "the account was made for this person, and would be left without an owner",
        ));
    }
    remove(tx, id.0).await
}

/// Checks the request itself before anything is changed.
fn checked(
    config: &InvitationConfig,
    account: AccountId,
    wanted: &[Invitee],
) -> Result<Vec<(Address, Option<Role>)>, IamError> {
    if wanted.is_empty() {
        return Err(IamError::invalid("users", "`users` names nobody"));
    }
    if wanted.len() as u64 > config.per_request {
        let limit = &limit::INVITATIONS_PER_REQUEST;
        return Err(over(
            Reason::Field,
            Remedy::SeveralRequests,
            limit,
            config.per_request,
        ));
    }
    let mut seen = HashSet::with_capacity(wanted.len());
    let mut found = Vec::with_capacity(wanted.len());
    for one in wanted {
        let address = Address::parse(&one.email)?;
        if let Some(role) = one
            .role
            .filter(|role| !role.exists_in(Domain::Account(account)))
        {
            let message = format!("`{role}` is no role of an account");
            return Err(IamError::invalid("account_role", message));
        }
        if !seen.insert(address.folded.clone()) {
            let message = format!("`{}` is named twice; nobody was invited", address.text);
            return Err(IamError::invalid("email", message));
        }
        found.push((address, one.role));
    }
    Ok(found)
}

fn over(reason: Reason, remedy: Remedy, limit: &'static limit::Limit, allowed: u64) -> IamError {
    let refusal = Refusal::new(reason, beyond(limit, allowed)).remedy(remedy);
    IamError::Refused(refusal.limit(limit))
}

/// The refusal of what there is room for when the next day has begun.
fn over_today(allowed: u64, now: Millis) -> IamError {
    let limit = &limit::INVITATIONS_PER_DAY;
    let refusal = Refusal::new(Reason::TooManyToday, beyond(limit, allowed));
    let refusal = refusal.remedy(Remedy::InviteTomorrow);
    IamError::Refused(refusal.limit_for(limit, used_today::seconds_left(now)))
}

fn beyond(limit: &limit::Limit, allowed: u64) -> String {
    format!("more than `{}` = {allowed}; nobody was invited", limit.name)
}
