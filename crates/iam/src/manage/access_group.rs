//! Access groups: an Administrator of the account makes them, and gives roles to all members of one by access policies. Whoever
//! is in a group sees it.

use super::administrator::not_administrator;
use super::of_version::OfVersion;
use super::revised::Revised;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::{AccessGroup, MembershipKind};
use crate::model::entity_tag;
use crate::model::page::{Page, PageRequest};
use crate::model::text;
use crate::model::text::name;
use crate::policy::is_administrator;
use crate::refusal::{Reason, Refusal};
use crate::repo::counts::CountedItem;
use crate::repo::revisions::Versioned;
use crate::repo::{
    access_group_members, access_group_rules, access_groups, invitation_groups, policies,
    public_access,
};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::AccessGroupId;
use base::limit;
use base::principal::Principal;
use db::Tx;
use std::cmp::Ordering;

const WHAT: &str = "managing access groups";

/// The groups of one principal alone: those that it is in by any kind of membership, or by one.
#[derive(Debug, Clone, Copy)]
pub struct GroupsOf {
    /// The principal.
    pub principal: Principal,
    /// The kind of membership.
    pub kind: Option<MembershipKind>,
}

/// A change to an access group.
#[derive(Debug, Clone, Default)]
pub struct AccessGroupChange {
    /// Its new name.
    pub name: Option<String>,
    /// Its new description.
    pub description: Option<String>,
}

/// The version of an access group, for `If-Match`.
#[must_use]
pub fn access_group_tag(group: &AccessGroup) -> String {
    entity_tag::of(group.revision, group.id.0)
}

impl Revised for AccessGroup {
    const CHANGED: &'static str =
        "the access group has changed since its entity tag was read: read it again";

    fn tag(&self) -> String {
        access_group_tag(self)
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.name, &self.description) == (&other.name, &other.description)
    }
}

impl Iam {
    /// The access groups of the credential's account that are wanted, the public one among them if there is one. Sorted by
    /// `order`, then by name.
    ///
    /// # Errors
    /// Without Administrator of the account, unless the caller asks for the groups that it is in itself.
    pub fn access_groups(
        &self,
        caller: &Identity,
        groups_of: Option<GroupsOf>,
        is_wanted: impl Fn(&AccessGroup) -> bool,
        order: impl Fn(&AccessGroup, &AccessGroup) -> Ordering,
        window: PageRequest,
    ) -> Result<Page<AccessGroup>, IamError> {
        let (directory, account) = (self.directory(), caller.account());
        let is_own = groups_of.is_some_and(|of| of.principal == caller.principal());
        if !is_own && !is_administrator(&directory, caller, account) {
            return Err(not_administrator("listing access groups"));
        }
        let is_in = |group: &AccessGroup| {
            groups_of.is_none_or(|of| {
                let held = directory.membership_kind(of.principal, group.id);
                held.is_some_and(|held| of.kind.is_none_or(|kind| kind == held))
            })
        };
        let public = directory.public_group(account);
        let all = directory.access_groups_of(account).chain(&public);
        let all: Vec<&AccessGroup> = all
            .filter(|group| is_in(group) && is_wanted(group))
            .collect();
        Ok(window.sorted(all, |a, b| {
            let by_name = || (&a.name, a.id).cmp(&(&b.name, b.id));
            order(a, b).then_with(by_name)
        }))
    }

    /// One access group.
    ///
    /// # Errors
    /// When the caller is neither in it nor an Administrator of its account.
    pub async fn access_group(
        &self,
        caller: &Identity,
        id: AccessGroupId,
    ) -> Result<AccessGroup, IamError> {
        self.found_at_any_node(|| self.known_access_group(caller, id))
            .await
    }

    /// One access group that this node knows.
    pub(super) fn known_access_group(
        &self,
        caller: &Identity,
        id: AccessGroupId,
    ) -> Result<AccessGroup, IamError> {
        let (directory, account) = (self.directory(), caller.account());
        let found = match id == AccessGroupId::public(account) {
            true => directory.public_group(account),
            false => directory.access_group(id).cloned(),
        };
        let is_seen = |group: &AccessGroup| {
            group.account == account
                && (directory.is_in_group_by_proof(caller.proven(), id)
                    || is_administrator(&directory, caller, account))
        };
        found.filter(is_seen).ok_or_else(no_group)
    }

    /// Whether the caller may make and change access groups in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_manage_access_groups(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), WHAT)
    }

    /// Whether the caller may see who is in the access groups of the credential's account, and by which rules.
    pub(super) fn may_see_members(&self, caller: &Identity) -> Result<(), IamError> {
        let what = "seeing the members and rules of access groups";
        self.administer(caller, caller.account(), what)
    }

    /// One access group that the caller may change, or change the members of.
    pub(super) async fn changeable_group(
        &self,
        caller: &Identity,
        id: AccessGroupId,
    ) -> Result<AccessGroup, IamError> {
        let group = self.access_group(caller, id).await?;
        self.may_manage_access_groups(caller)?;
        if group.id == AccessGroupId::public(group.account) {
            let message = "the public access group is everybody in the account: it has no other members, rules or name";
            return Err(IamError::forbidden(message));
        }
        Ok(group)
    }

    /// Begins a change of the access groups of the credential's account: it is locked, and the caller may still make it.
    pub(super) async fn lock_groups(&self, caller: &Identity) -> Result<Tx, IamError> {
        self.begin_administered(caller, caller.account(), WHAT)
            .await
    }

    /// Makes an access group in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account; when a field is invalid, or the name is taken; over a limit.
    pub async fn create_access_group(
        &self,
        caller: &Identity,
        requested: &str,
        description: String,
    ) -> Result<AccessGroup, IamError> {
        self.may_manage_access_groups(caller)?;
        text::check_description(&description)?;
        let made = self.stamp(caller);
        let group = AccessGroup {
            id: AccessGroupId(entropy::guid()),
            account: caller.account(),
            name: name("name", requested)?,
            description,
            rules: Vec::new(),
            revision: 1,
            created: made,
            modified: made,
        };
        let mut tx = self.lock_groups(caller).await?;
        let limit = &limit::ACCESS_GROUPS_PER_ACCOUNT;
        self.check_room(&mut tx, group.account, limit, CountedItem::AccessGroups)
            .await?;
        let stored = access_groups::insert(&mut tx, &group).await;
        stored.map_err(taken)?;
        self.commit(tx, about(caller, Action::AccessGroupMade, &group))
            .await?;
        Ok(group)
    }

    /// Changes the name or description of an access group. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// Without Administrator of the account; when the name is taken, or the group has changed since the tag was read.
    pub async fn update_access_group(
        &self,
        caller: &Identity,
        id: AccessGroupId,
        if_match: &str,
        change: AccessGroupChange,
    ) -> Result<AccessGroup, IamError> {
        self.change_version(
            if_match,
            || self.changeable_group(caller, id),
            |old| self.change_group(caller, old, change.clone()),
        )
        .await
    }

    async fn change_group(
        &self,
        caller: &Identity,
        old: AccessGroup,
        change: AccessGroupChange,
    ) -> Result<Option<AccessGroup>, IamError> {
        if let Some(description) = &change.description {
            text::check_description(description)?;
        }
        let requested = change.name.map(|text| name("name", &text)).transpose()?;
        let new = AccessGroup {
            name: requested.unwrap_or_else(|| old.name.clone()),
            description: (change.description).unwrap_or_else(|| old.description.clone()),
            revision: old.revision.saturating_add(1),
            modified: self.stamp(caller),
            ..old.clone()
        };
        let mut tx = self.lock_groups(caller).await?;
        let stored = access_groups::change(&mut tx, &new, old.revision).await;
        let entry = about(caller, Action::AccessGroupChanged, &new);
        self.commit_version(tx, stored.map_err(taken)?, (old, new), entry)
            .await
    }

    /// Deletes an access group with its policies: what they gave is gone when this returns. Members and rules go along only if
    /// that is requested.
    ///
    /// # Errors
    /// Without Administrator of the account; when it has members or rules that were not to go along.
    pub async fn delete_access_group(
        &self,
        caller: &Identity,
        id: impl Into<OfVersion<AccessGroupId>>,
        with_members: bool,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let group = self.changeable_group(caller, id).await?;
        let mut tx = self.lock_groups(caller).await?;
        version
            .check_stored(&mut tx, (Versioned::AccessGroup, id.0))
            .await?;
        let holds_any = access_group_members::has_any(&mut tx, id).await?
            || access_group_rules::has_any(&mut tx, id).await?;
        if holds_any && !with_members {
            let message = format!(
                "the access group `{}` has members or rules: `force=true` deletes it with them",
                group.name
            );
            return Err(Refusal::new(Reason::Conflict, message)
                .field("force")
                .into());
        }
        access_group_members::delete_of_group(&mut tx, id).await?;
        access_group_rules::delete_of_group(&mut tx, id).await?;
        policies::delete_of_group(&mut tx, id).await?;
        invitation_groups::delete_of_group(&mut tx, id).await?;
        if !access_groups::delete(&mut tx, id).await? {
            return Err(no_group());
        }
        self.commit(tx, about(caller, Action::AccessGroupDeleted, &group))
            .await
    }

    /// Whether the credential's account has a public access group.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn has_public_access(&self, caller: &Identity) -> Result<bool, IamError> {
        self.may_manage_access_groups(caller)?;
        Ok(self.directory().has_public_access(caller.account()))
    }

    /// Gives the credential's account a public access group, in which everybody is, or takes it away with its policies.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn switch_public_access(&self, caller: &Identity, on: bool) -> Result<(), IamError> {
        self.may_manage_access_groups(caller)?;
        let account = caller.account();
        let mut tx = self.lock_groups(caller).await?;
        let is_switched = if on {
            public_access::enable(&mut tx, account, self.0.clock.now()).await?
        } else {
            policies::delete_of_group(&mut tx, AccessGroupId::public(account)).await?;
            public_access::disable(&mut tx, account).await?
        };
        if !is_switched {
            drop(tx);
            // It is so already; perhaps another node has made it so.
            return self.sync().await;
        }
        let entry = Entry::by(caller, Action::PublicAccessSwitched)
            .in_account(account)
            .on(account);
        let to = if on { "enabled" } else { "disabled" };
        self.commit(tx, entry.with("to", to)).await
    }
}

/// The refusal of what is not there, or not seen.
pub(super) fn no_group() -> IamError {
    IamError::not_found("the access group")
}

fn taken(error: IamError) -> IamError {
    error.if_unique(|| IamError::conflict("an access group of this name exists in the account"))
}

fn about(caller: &Identity, action: Action, group: &AccessGroup) -> Entry {
    Entry::by(caller, action)
        .in_account(group.account)
        .on(group.id)
        .with("name", &group.name)
}
