//! Spaces.

use super::administrator::still_manages;
use super::deletion::{Deleter, Deletion};
use super::new_key::check_not_revoked;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::Space;
use crate::model::page::{Page, PageRequest};
use crate::model::role::Role;
use crate::model::text::name;
use crate::policy::Visibility;
use crate::policy::{is_administrator, manages, require_visible};
use crate::refusal::Remedy;
use crate::repo::counts::CountedItem;
use crate::repo::members::lock_member;
use crate::repo::spaces;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccountId, OrgId, SpaceId};
use base::limit;
use base::scope::Domain;
use db::Tx;

/// A new space.
/// The refusal of everyone who may not create a space in the organization.
fn not_creator(org: OrgId) -> IamError {
    IamError::forbidden_without(
        "creating a space takes the OrgManager of its organization, or an Administrator of the account",
        Remedy::HaveRoleGiven(Role::Manager.title(Domain::Org(org))),
    )
}

impl Iam {
    /// The spaces that the caller sees and `wanted` selects, by account, then by name: those of one organization, if one is named.
    #[must_use]
    pub fn spaces(
        &self,
        caller: &Identity,
        of: Option<OrgId>,
        wanted: impl Fn(&Space) -> bool,
        window: PageRequest,
    ) -> Page<Space> {
        let directory = &*self.directory();
        let accounts = directory.accounts_of(caller.principal()).iter();
        let account_of = |org| directory.account_of(Domain::Org(org));
        let reached = accounts.filter(|account| {
            of.is_none_or(|org| account_of(org) == Some(**account))
                && caller.reaches(directory, **account)
        });
        let seen = reached.flat_map(|account| {
            let visibility = Visibility::of(directory, caller, *account);
            let all = match of {
                Some(org) => directory.spaces_in(org),
                None => directory.spaces_of(*account),
            };
            let found = all.iter().filter_map(|id| directory.spaces.get(id));
            found.filter(move |space| visibility.has_space(space.org, space.id))
        });
        window.of(seen.filter(|space| wanted(space)))
    }

    /// One space.
    ///
    /// # Errors
    /// When the caller does not see it.
    pub async fn space(&self, caller: &Identity, id: SpaceId) -> Result<Space, IamError> {
        self.found_at_any_node(|| self.known_space(caller, id))
            .await
    }

    /// One space that this node knows.
    pub(super) fn known_space(&self, caller: &Identity, id: SpaceId) -> Result<Space, IamError> {
        let directory = self.directory();
        require_visible(&directory, caller, Domain::Space(id), "the space")?;
        let found = directory.spaces.get(&id).cloned();
        found.ok_or_else(|| IamError::not_found("the space"))
    }

    /// Creates a space; the caller becomes its Manager and Developer.
    ///
    /// # Errors
    /// Without Manager of the organization or Administrator of the account, or when the name is taken.
    pub async fn create_space(
        &self,
        caller: &Identity,
        org: OrgId,
        text: &str,
    ) -> Result<Space, IamError> {
        let account = self.org(caller, org).await?.account;
        let directory = self.directory();
        if !is_administrator(&directory, caller, account)
            && !manages(&directory, caller, Domain::Org(org))
        {
            return Err(not_creator(org));
        }
        let now = self.0.clock.now();
        let space = Space {
            id: SpaceId(entropy::guid()),
            org,
            name: name("name", text)?,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.0.db.begin().await?;
        lock_member(&mut tx, account, caller.principal()).await?;
        if !still_manages(&mut tx, caller, account, &[Domain::Org(org)]).await? {
            return Err(not_creator(org));
        }
        check_not_revoked(&mut tx, caller, now).await?;
        self.check_room(
            &mut tx,
            account,
            &limit::SPACES_PER_ACCOUNT,
            CountedItem::Spaces,
        )
        .await?;
        let made = spaces::insert(&mut tx, &space).await.map_err(taken)?;
        for role in [Role::Manager, Role::Developer] {
            crate::repo::roles::grant(&mut tx, caller.principal(), Domain::Space(space.id), role)
                .await?;
        }
        self.roles_are_within_limit(&mut tx, account).await?;
        made.allocate(&mut tx).await?;
        let entry = self.about_space(caller, Action::SpaceMade, &space);
        self.commit(tx, entry.in_account(account)).await?;
        Ok(space)
    }

    /// Renames a space.
    ///
    /// # Errors
    /// Without Manager of it or of its organization, or when the name is taken.
    pub async fn rename_space(
        &self,
        caller: &Identity,
        id: SpaceId,
        text: &str,
    ) -> Result<Space, IamError> {
        let old = self.may_change_space(caller, id).await?;
        let (name, now) = (name("name", text)?, self.0.clock.now());
        let (mut tx, _) = self.begin_space_change(caller, &old).await?;
        if name == old.name && spaces::is_named(&mut tx, id, &name).await? {
            return Ok(old);
        }
        let entry = self.about_space(caller, Action::SpaceRenamed, &old);
        let entry = entry.with("to", &name);
        let written = spaces::rename(&mut tx, id, &name, now).await;
        if !written.map_err(taken)? {
            return Err(IamError::not_found("the space"));
        }
        self.commit(tx, entry).await?;
        Ok(Space {
            name,
            updated_at: now,
            ..old
        })
    }

    /// Deletes a space. Its samples become unreachable and are deleted at the returned time; until then
    /// [`Iam::restore_space`] restores everything.
    ///
    /// # Errors
    /// Without Manager of it or of its organization.
    pub async fn delete_space(&self, caller: &Identity, id: SpaceId) -> Result<Deletion, IamError> {
        let space = self.may_change_space(caller, id).await?;
        let (mut tx, account) = self.begin_space_change(caller, &space).await?;
        let by = Deleter {
            account,
            principal: caller.principal(),
        };
        let deletion = self.remove_space(&mut tx, by, id).await?;
        spaces::delete(&mut tx, id).await?;
        let entry = self.about_space(caller, Action::SpaceDeleted, &space);
        self.commit(tx, entry).await?;
        Ok(deletion)
    }

    /// Begins a change of a space that the caller may still make. Its account, which is returned, is locked.
    async fn begin_space_change(
        &self,
        caller: &Identity,
        space: &Space,
    ) -> Result<(Tx, AccountId), IamError> {
        let account = self.directory().account_of(Domain::Space(space.id));
        let account = account.ok_or_else(|| IamError::not_found("the space"))?;
        let managed = [Domain::Space(space.id), Domain::Org(space.org)];
        let check = || self.changeable_known_space(caller, space.id).map(drop);
        let tx = self.begin_managed(caller, account, &managed, check).await?;
        Ok((tx, account))
    }

    pub(super) fn about_space(&self, caller: &Identity, action: Action, space: &Space) -> Entry {
        let domain = Domain::Space(space.id);
        Entry::by(caller, action)
            .maybe_in(self.directory().account_of(domain))
            .on(domain)
            .with("name", &space.name)
            .with("org", space.org)
    }

    /// The space, if the caller may rename or delete it.
    ///
    /// # Errors
    /// When the caller does not see it; without Manager of it or of its organization, or Administrator of the account.
    pub async fn may_change_space(
        &self,
        caller: &Identity,
        id: SpaceId,
    ) -> Result<Space, IamError> {
        self.found_at_any_node(|| self.changeable_known_space(caller, id))
            .await
    }

    /// One space that this node knows, and that the caller may rename or delete.
    pub(super) fn changeable_known_space(
        &self,
        caller: &Identity,
        id: SpaceId,
    ) -> Result<Space, IamError> {
        let space = self.known_space(caller, id)?;
        let directory = self.directory();
        let manages = |domain| manages(&directory, caller, domain);
        let account = directory.account_of(Domain::Space(id));
        if account.is_some_and(|account| is_administrator(&directory, caller, account))
            || manages(Domain::Space(id))
            || manages(Domain::Org(space.org))
        {
            return Ok(space);
        }
        Err(IamError::forbidden_without(
            "changing a space takes its SpaceManager, the OrgManager of its organization, or an Administrator of the account",
            Remedy::HaveRoleGiven(Role::Manager.title(Domain::Space(id))),
        ))
    }
}

pub(super) fn taken(error: IamError) -> IamError {
    error.if_unique(|| IamError::conflict("a space of this name exists in the organization"))
}
