//! The members of access groups. A list of memberships is one change: those that can be made are made together, and each has an
//! outcome of its own.

use super::access_group::no_group;
use super::pending_user::not_accepted;
use crate::audit::{Action, Entries, Entry};
use crate::error::IamError;
use crate::model::directory::{Directory, MembershipKind, Stamp, User};
use crate::model::page::{Page, PageRequest};
use crate::model::room::check_room;
use crate::refusal::Refusal;
use crate::repo::counts::{self, CountedItem};
use crate::repo::{access_group_members, access_groups, members};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccessGroupId, AccountId};
use base::limit;
use base::principal::Principal;
use db::Tx;
use std::borrow::Cow;
use std::cmp::Ordering;

/// A principal in an access group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMember {
    /// The principal.
    pub principal: Principal,
    /// How it is in the group.
    pub kind: MembershipKind,
    /// When and by whom it was put there, if it was.
    pub added: Option<Stamp>,
    /// The name of a user or service ID.
    pub name: Option<String>,
    /// The address of a user.
    pub email: Option<String>,
    /// The description of a service ID.
    pub description: Option<String>,
}

/// The order of a list of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberOrder {
    /// By IAM id.
    Id,
    /// By name; who has none comes first.
    Name,
    /// By address; who has none comes first.
    Email,
}

/// The members that a list shows, and in which order.
#[derive(Debug, Clone, Copy)]
pub struct MemberSelection {
    /// Members of this kind of membership alone.
    pub kind: Option<MembershipKind>,
    /// The order.
    pub order: MemberOrder,
    /// The other way round.
    pub reverse: bool,
}

/// A principal that was or is put into a group, or why it is not.
pub type Added = Result<Stamp, Refusal>;

/// A principal that was taken out of a group, or why it was not.
pub type Removed = Result<(), Refusal>;

fn display_name(directory: &Directory, principal: Principal) -> Option<String> {
    match principal {
        Principal::User(id) => directory.user(id).map(User::full_name),
        Principal::Service(id) => directory.service(id).map(|service| service.name.clone()),
        Principal::Profile(id) => directory.profile(id).map(|profile| profile.name.clone()),
        // In no group.
        Principal::Instance(_) | Principal::Server => None,
    }
}

fn email(directory: &Directory, principal: Principal) -> Option<&str> {
    let user = directory.user(principal.user()?)?;
    Some(user.email.as_str())
}

/// The sort key of a member: its name or e-mail address, if it has one, then the IAM id.
type Place<'a> = (Option<Cow<'a, str>>, Principal);

impl MemberSelection {
    /// Made once for each principal: a comparison makes no text.
    fn place(self, directory: &Directory, principal: Principal) -> Place<'_> {
        let text = match self.order {
            MemberOrder::Id => None,
            MemberOrder::Name => display_name(directory, principal).map(Cow::Owned),
            MemberOrder::Email => email(directory, principal).map(Cow::Borrowed),
        };
        (text, principal)
    }

    fn compare(self, a: &Place<'_>, b: &Place<'_>) -> Ordering {
        if self.reverse { b.cmp(a) } else { a.cmp(b) }
    }
}

impl Iam {
    /// The members of an access group, of those kinds of principals that are wanted.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn group_members(
        &self,
        caller: &Identity,
        id: AccessGroupId,
        selection: MemberSelection,
        is_wanted: impl Fn(Principal) -> bool,
        window: PageRequest,
    ) -> Result<Page<GroupMember>, IamError> {
        let group = self.known_access_group(caller, id)?;
        self.may_see_members(caller)?;
        let directory = self.directory();
        let kind_of = |principal: Principal| directory.membership_kind(principal, id);
        let is_shown = |principal: Principal| {
            let wanted = |kind: MembershipKind| selection.kind.is_none_or(|only| only == kind);
            is_wanted(principal) && kind_of(principal).is_some_and(wanted)
        };
        let all = directory.principals_of(group.account).iter();
        let all = all.copied().filter(|principal| is_shown(*principal));
        let all: Vec<Place<'_>> = all
            .map(|principal| selection.place(&directory, principal))
            .collect();
        let part = window.sorted(all.iter().collect(), |a, b| selection.compare(a, b));
        let entry_of = |(_, principal): &Place<'_>| {
            let principal = *principal;
            let service = match principal {
                Principal::Service(id) => directory.service(id),
                _ => None,
            };
            let membership = directory.group_membership(principal, id);
            Some(GroupMember {
                principal,
                kind: kind_of(principal)?,
                added: membership.map(|membership| membership.added),
                name: display_name(&directory, principal),
                email: email(&directory, principal).map(str::to_owned),
                description: service.map(|service| service.description.clone()),
            })
        };
        Ok(Page {
            entries: part.entries.iter().filter_map(entry_of).collect(),
            total: part.total,
        })
    }

    /// Checks that a principal is in an access group now, however it came there.
    ///
    /// # Errors
    /// When it is not; when the caller asks about somebody else without being an Administrator of the account.
    pub async fn check_group_member(
        &self,
        caller: &Identity,
        id: AccessGroupId,
        principal: Principal,
    ) -> Result<(), IamError> {
        self.found_at_any_node(|| self.is_known_group_member(caller, id, principal))
            .await
    }

    fn is_known_group_member(
        &self,
        caller: &Identity,
        id: AccessGroupId,
        principal: Principal,
    ) -> Result<(), IamError> {
        // As in the list of their own groups: also while their proof is too old for a dynamic rule of the group.
        let is_inside = self.is_member_of_account_group(caller.account(), principal, id);
        if principal == caller.principal() && is_inside {
            return Ok(());
        }
        self.known_access_group(caller, id)?;
        if principal != caller.principal() {
            self.may_see_members(caller)?;
        }
        match is_inside {
            true => Ok(()),
            false => Err(no_member()),
        }
    }

    /// Whether the principal is in the group of this account, as if it proved at this moment who it is.
    fn is_member_of_account_group(
        &self,
        account: AccountId,
        principal: Principal,
        id: AccessGroupId,
    ) -> bool {
        let directory = self.directory();
        let group = match id == AccessGroupId::public(account) {
            true => directory.public_group(account),
            false => directory.access_group(id).cloned(),
        };
        group.is_some_and(|group| group.account == account) && directory.is_in_group(principal, id)
    }

    /// Checks that the caller may change the members of an access group.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is no such group.
    pub async fn may_change_members(
        &self,
        caller: &Identity,
        id: AccessGroupId,
    ) -> Result<(), IamError> {
        self.changeable_group(caller, id).await.map(drop)
    }

    /// Puts principals into access groups of the credential's account: from the moment this returns they have what the groups'
    /// policies give. The outcomes are in the order of `memberships`; who is in a group already stays there.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn add_to_groups(
        &self,
        caller: &Identity,
        memberships: &[(AccessGroupId, Principal)],
    ) -> Result<Vec<Added>, IamError> {
        self.may_manage_access_groups(caller)?;
        let (account, added) = (caller.account(), self.stamp(caller));
        let mut tx = self.lock_groups(caller).await?;
        let limit = &limit::GROUP_MEMBERS_PER_ACCOUNT;
        let held = counts::count(&mut tx, account, CountedItem::GroupMembers).await?;
        let mut room = self.account_limit(account, limit).saturating_sub(held);
        let mut outcomes = Vec::with_capacity(memberships.len());
        let mut entries = Vec::new();
        for (group, principal) in memberships {
            let membership = (*group, *principal);
            let before = may_be_put(&mut tx, account, membership).await;
            let put = match before {
                Ok(Some(before)) => Ok(before),
                Ok(None) => {
                    // Only a full account is counted again: its limit may have been raised meanwhile.
                    let has_room = match room {
                        0 => {
                            let what = CountedItem::GroupMembers;
                            self.check_room(&mut tx, account, limit, what).await
                        }
                        _ => Ok(()),
                    };
                    if has_room.is_ok() {
                        access_group_members::insert(&mut tx, *group, *principal, added).await?;
                        entries.push(about(caller, Action::GroupMemberAdded, membership));
                        room = room.saturating_sub(1);
                    }
                    has_room.map(|()| added)
                }
                Err(refused) => Err(refused),
            };
            match put {
                Ok(stamp) => outcomes.push(Ok(stamp)),
                Err(IamError::Refused(refusal)) => outcomes.push(Err(refusal)),
                Err(other) => return Err(other),
            }
        }
        if entries.is_empty() {
            drop(tx);
            // Whoever is in a group already may have been put there by another node.
            self.sync().await?;
            return Ok(outcomes);
        }
        self.commit(tx, Entries::of(entries)).await?;
        Ok(outcomes)
    }

    /// Takes principals out of access groups of the credential's account: what the groups' policies gave them is gone when this
    /// returns. The outcomes are in the order of `memberships`. Whom a dynamic rule lets in stays.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn remove_from_groups(
        &self,
        caller: &Identity,
        memberships: &[(AccessGroupId, Principal)],
    ) -> Result<Vec<Removed>, IamError> {
        self.may_manage_access_groups(caller)?;
        let mut tx = self.lock_groups(caller).await?;
        let mut outcomes = Vec::with_capacity(memberships.len());
        let mut entries = Vec::new();
        for (group, principal) in memberships {
            let is_there = access_groups::is_there(&mut tx, caller.account(), *group).await?;
            let is_gone =
                is_there && access_group_members::delete(&mut tx, *group, *principal).await?;
            if is_gone {
                let membership = (*group, *principal);
                entries.push(about(caller, Action::GroupMemberRemoved, membership));
            }
            outcomes.push(match (is_there, is_gone) {
                (false, _) => Err(Refusal::not_found("the access group")),
                (true, false) => Err(Refusal::not_found(NO_MEMBER)),
                (true, true) => Ok(()),
            });
        }
        if entries.is_empty() {
            drop(tx);
            // Whoever is in no group any more may have been taken out of it by another node.
            self.sync().await?;
            return Ok(outcomes);
        }
        self.commit(tx, Entries::of(entries)).await?;
        Ok(outcomes)
    }

    /// Takes a principal out of every access group of the credential's account that it was put into: these are returned.
    ///
    /// # Errors
    /// Without Administrator of the account; when the principal was put into none.
    pub async fn remove_from_all_groups(
        &self,
        caller: &Identity,
        principal: Principal,
    ) -> Result<Vec<AccessGroupId>, IamError> {
        self.may_manage_access_groups(caller)?;
        let account = caller.account();
        let mut tx = self.lock_groups(caller).await?;
        let groups = access_group_members::groups_of(&mut tx, account, principal).await?;
        if groups.is_empty() {
            drop(tx);
            // Another node may have taken it out of them.
            self.sync().await?;
            return Err(no_member());
        }
        access_group_members::delete_of(&mut tx, account, principal).await?;
        let action = Action::GroupMemberRemoved;
        let entry = |group: &AccessGroupId| about(caller, action, (*group, principal));
        let entries = groups.iter().map(entry).collect();
        self.commit(tx, Entries::of(entries)).await?;
        Ok(groups)
    }
}

/// Checks that a principal can be put into a group; when and by whom it was, if it is in it. The account is locked.
async fn may_be_put(
    tx: &mut Tx,
    account: AccountId,
    (group, principal): (AccessGroupId, Principal),
) -> Result<Option<Stamp>, IamError> {
    if !access_groups::is_there(tx, account, group).await? {
        return Err(no_group());
    }
    if !members::is_still_member(tx, account, principal).await? {
        let what = "the user, service ID or trusted profile in this account";
        let pending = not_accepted(tx, account, principal, HOW_TO_ADD).await?;
        return Err(match pending {
            Some(message) => IamError::conflict(message),
            None => IamError::not_found(what),
        });
    }
    let before = access_group_members::added(tx, group, principal).await?;
    if before.is_some() {
        return Ok(before);
    }
    let held = access_group_members::groups_of(tx, account, principal).await?;
    let (held, limit) = (held.len() as u64, &limit::GROUPS_PER_MEMBER);
    check_room("the member was put into", held, limit)?;
    Ok(None)
}

/// The remedy: how an invited person is added to a group.
const HOW_TO_ADD: &str =
    "name the group in the invitation (`access_groups`), which may be sent again";

const NO_MEMBER: &str = "the membership by name in the access group";

fn no_member() -> IamError {
    IamError::not_found(NO_MEMBER)
}

fn about(
    caller: &Identity,
    action: Action,
    (group, principal): (AccessGroupId, Principal),
) -> Entry {
    Entry::by(caller, action)
        .in_account(caller.account())
        .on(group)
        .with("member", principal)
}
