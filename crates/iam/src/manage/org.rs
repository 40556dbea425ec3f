//! Organizations.

use super::deletion::{Deleter, Deletion};
use super::new_key::check_not_revoked;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::{Org, Region};
use crate::model::page::{Page, PageRequest};
use crate::model::role::Role;
use crate::model::text::name;
use crate::policy::Visibility;
use crate::policy::{is_administrator, manages, require_visible};
use crate::refusal::Remedy;
use crate::repo::counts::CountedItem;
use crate::repo::members::lock_member;
use crate::repo::roles::still_holds;
use crate::repo::{deletions, orgs, spaces};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::OrgId;
use base::limit;
use base::scope::Domain;
use db::Tx;

impl Iam {
    /// Every region.
    #[must_use]
    pub fn regions(&self) -> Vec<Region> {
        self.directory().regions.to_vec()
    }

    /// The organizations that the caller sees and `wanted` selects, by account, then by name.
    #[must_use]
    pub fn orgs(
        &self,
        caller: &Identity,
        wanted: impl Fn(&Org) -> bool,
        window: PageRequest,
    ) -> Page<Org> {
        let directory = self.directory();
        let accounts = directory.accounts_of(caller.principal()).iter();
        let reached = accounts.filter(|account| caller.reaches(&directory, **account));
        let seen = reached.flat_map(|account| {
            let visibility = Visibility::of(&directory, caller, *account);
            let all = directory.orgs_of(*account).iter();
            all.filter(move |id| visibility.has_org(**id))
        });
        let found = seen.filter_map(|id| directory.orgs.get(id));
        window.of(found.filter(|org| wanted(org)))
    }

    /// One organization.
    ///
    /// # Errors
    /// When the caller does not see it.
    pub async fn org(&self, caller: &Identity, id: OrgId) -> Result<Org, IamError> {
        self.found_at_any_node(|| self.known_org(caller, id)).await
    }

    /// One organization that this node knows.
    ///
    /// # Errors
    /// As [`Self::org`].
    pub fn known_org(&self, caller: &Identity, id: OrgId) -> Result<Org, IamError> {
        let directory = self.directory();
        require_visible(&directory, caller, Domain::Org(id), "the organization")?;
        let found = directory.orgs.get(&id).cloned();
        found.ok_or_else(|| IamError::not_found("the organization"))
    }

    /// Creates an organization; the caller becomes its Manager.
    ///
    /// # Errors
    /// Without Administrator or Editor of the account, or when the name is taken.
    pub async fn create_org(
        &self,
        caller: &Identity,
        text: &str,
        region: Option<&str>,
    ) -> Result<Org, IamError> {
        self.may_create_org(caller)?;
        let directory = self.directory();
        let name = name("name", text)?;
        let known = |name: &str| directory.regions.iter().find(|region| region.name == name);
        let region = match region {
            Some(name) => known(name).ok_or_else(|| {
                IamError::invalid("region", format!("there is no region `{name}`"))
            })?,
            None => directory.regions.first().ok_or(IamError::NotInitialised)?,
        };
        let now = self.0.clock.now();
        let org = Org {
            id: OrgId(entropy::guid()),
            account: caller.account(),
            region: region.name.clone(),
            name,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.0.db.begin().await?;
        lock_member(&mut tx, org.account, caller.principal()).await?;
        let domain = Domain::Account(org.account);
        let (principal, mut may) = (caller.principal(), false);
        for role in [Role::Administrator, Role::Editor] {
            may |= still_holds(&mut tx, org.account, principal, domain, role).await?;
        }
        if !may {
            return Err(not_creator());
        }
        check_not_revoked(&mut tx, caller, now).await?;
        self.check_room(
            &mut tx,
            org.account,
            &limit::ORGANIZATIONS_PER_ACCOUNT,
            CountedItem::Orgs,
        )
        .await?;
        let made = orgs::insert(&mut tx, &org).await.map_err(taken)?;
        crate::repo::roles::grant(
            &mut tx,
            caller.principal(),
            Domain::Org(org.id),
            Role::Manager,
        )
        .await?;
        self.roles_are_within_limit(&mut tx, org.account).await?;
        made.allocate(&mut tx).await?;
        self.commit(tx, about(caller, Action::OrgMade, &org))
            .await?;
        Ok(org)
    }

    /// Renames an organization.
    ///
    /// # Errors
    /// Without Manager of it or Administrator of the account, or when the name is taken.
    pub async fn rename_org(
        &self,
        caller: &Identity,
        id: OrgId,
        text: &str,
    ) -> Result<Org, IamError> {
        let old = self.may_change_org(caller, id).await?;
        let (name, now) = (name("name", text)?, self.0.clock.now());
        let mut tx = self.begin_org_change(caller, &old).await?;
        if name == old.name && orgs::is_named(&mut tx, id, &name).await? {
            return Ok(old);
        }
        let entry = about(caller, Action::OrgRenamed, &old).with("to", &name);
        let written = orgs::rename(&mut tx, id, &name, now).await;
        if !written.map_err(taken)? {
            return Err(IamError::not_found("the organization"));
        }
        self.commit(tx, entry).await?;
        Ok(Org {
            name,
            updated_at: now,
            ..old
        })
    }

    /// Deletes an organization; one with spaces only when `recursive`. Its samples become unreachable and are deleted
    /// at the returned time; until then [`Iam::restore_org`] restores everything.
    ///
    /// # Errors
    /// Without the right, or when it has spaces and `recursive` is false.
    pub async fn delete_org(
        &self,
        caller: &Identity,
        id: OrgId,
        recursive: bool,
    ) -> Result<Deletion, IamError> {
        let org = self.may_change_org(caller, id).await?;
        let directory = self.directory();
        check_empty(&org, directory.spaces_in(id).len(), recursive)?;
        let by = Deleter {
            account: org.account,
            principal: caller.principal(),
        };
        let mut tx = self.begin_org_change(caller, &org).await?;
        let mut entries = about(caller, Action::OrgDeleted, &org).into_entries();
        let deletion = self.remove_org(&mut tx, by, id).await?;
        let parts = deletions::parts(&mut tx, Domain::Org(id)).await?;
        // Another node may have made one that this one has not heard of.
        check_empty(&org, parts.len(), recursive)?;
        for (domain, name) in parts {
            let entry = Entry::by(caller, Action::SpaceDeleted).in_account(org.account);
            let entry = entry.on(domain).with("name", name);
            entries = entries.and(entry.with("with_org", id));
        }
        spaces::delete_of_org(&mut tx, id).await?;
        orgs::delete(&mut tx, id).await?;
        self.commit(tx, entries).await?;
        Ok(deletion)
    }

    /// Begins a change of an organization that the caller may still make. Its account is locked.
    async fn begin_org_change(&self, caller: &Identity, org: &Org) -> Result<Tx, IamError> {
        let check = || self.changeable_known_org(caller, org.id).map(drop);
        self.begin_managed(caller, org.account, &[Domain::Org(org.id)], check)
            .await
    }

    /// Whether the caller may create an organization.
    ///
    /// # Errors
    /// Without Administrator or Editor of the account.
    pub fn may_create_org(&self, caller: &Identity) -> Result<(), IamError> {
        let directory = self.directory();
        let account = Domain::Account(caller.account());
        if is_administrator(&directory, caller, caller.account())
            || directory.has_role(caller.principal(), account, Role::Editor)
        {
            return Ok(());
        }
        Err(not_creator())
    }

    /// The organization, if the caller may rename or delete it.
    ///
    /// # Errors
    /// When the caller does not see it; without Manager of it or Administrator of the account.
    pub async fn may_change_org(&self, caller: &Identity, id: OrgId) -> Result<Org, IamError> {
        self.found_at_any_node(|| self.changeable_known_org(caller, id))
            .await
    }

    /// One organization that this node knows, and that the caller may rename or delete.
    pub(super) fn changeable_known_org(
        &self,
        caller: &Identity,
        id: OrgId,
    ) -> Result<Org, IamError> {
        let org = self.known_org(caller, id)?;
        let directory = self.directory();
        if is_administrator(&directory, caller, org.account)
            || manages(&directory, caller, Domain::Org(id))
        {
            return Ok(org);
        }
        Err(IamError::forbidden_without(
            "changing an organization takes its OrgManager, or an Administrator of the account",
            Remedy::HaveRoleGiven(Role::Manager.title(Domain::Org(id))),
        ))
    }
}

/// Refuses to delete an organization with spaces, unless they shall go along.
fn check_empty(org: &Org, spaces: usize, recursive: bool) -> Result<(), IamError> {
    if spaces == 0 || recursive {
        return Ok(());
    }
    let plural = if spaces == 1 { "" } else { "s" };
    let message = format!(
        "the organization `{}` holds {spaces} space{plural}",
        org.name
    );
    Err(IamError::conflict_with_remedy(
        message,
        Remedy::DeleteRecursively,
    ))
}

/// The refusal of everyone who may not create an organization.
fn not_creator() -> IamError {
    IamError::forbidden_without(
        "creating an organization needs the account role Administrator or Editor",
        Remedy::HaveAccountRoleGiven(Role::Editor.name()),
    )
}

pub(super) fn about(caller: &Identity, action: Action, org: &Org) -> Entry {
    let entry = Entry::by(caller, action).in_account(org.account);
    entry.on(Domain::Org(org.id)).with("name", &org.name)
}

pub(super) fn taken(error: IamError) -> IamError {
    error.if_unique(|| IamError::conflict("an organization of this name exists"))
}
