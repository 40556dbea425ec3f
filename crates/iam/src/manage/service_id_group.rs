//! Groups of service IDs, which Administrators of the account make, and by which service IDs are listed. They give no rights.

pub use crate::model::service_group::ServiceGroup;

use super::of_version::OfVersion;
use super::revised::Revised;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::entity_tag;
use crate::model::number::number_of;
use crate::model::room::check_room;
use crate::model::text;
use crate::model::text::name;
use crate::repo::revisions::Versioned;
use crate::repo::{service_id_groups, service_ids};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::ServiceGroupId;
use base::limit;
use db::Tx;

const WHAT: &str = "managing groups of service IDs";

/// The version of a group, for `If-Match`.
#[must_use]
pub fn entity_tag(group: &ServiceGroup) -> String {
    entity_tag::of(group.revision, group.id.0)
}

impl Revised for ServiceGroup {
    const CHANGED: &'static str =
        "the group of service IDs has changed since its entity tag was read: read it again";

    fn tag(&self) -> String {
        entity_tag(self)
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.name, &self.description) == (&other.name, &other.description)
    }
}

fn no_group() -> IamError {
    IamError::not_found("the group of service IDs")
}

fn taken(error: IamError) -> IamError {
    error.if_unique(|| IamError::conflict("a group of service IDs of this name exists"))
}

fn about(caller: &Identity, action: Action, group: &ServiceGroup) -> Entry {
    Entry::by(caller, action)
        .in_account(group.account)
        .on(group.id)
        .with("name", &group.name)
}

impl Iam {
    /// Checks that the caller may manage the groups of the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_manage_service_id_groups(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), WHAT)
    }

    /// The groups of the credential's account, by name.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn service_id_groups(
        &self,
        caller: &Identity,
    ) -> Result<Vec<ServiceGroup>, IamError> {
        self.may_manage_service_id_groups(caller)?;
        service_id_groups::of_account(&self.0.db, caller.account()).await
    }

    /// One group of the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is none.
    pub async fn service_id_group(
        &self,
        caller: &Identity,
        id: ServiceGroupId,
    ) -> Result<ServiceGroup, IamError> {
        self.may_manage_service_id_groups(caller)?;
        let found = service_id_groups::find(&self.0.db, caller.account(), id).await?;
        found.ok_or_else(no_group)
    }

    /// A transaction in which the caller may still change groups of the credential's account, which is locked.
    async fn begin_groups(&self, caller: &Identity) -> Result<Tx, IamError> {
        self.begin_administered(caller, caller.account(), WHAT)
            .await
    }

    /// Makes a group in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account; when a field is invalid, the name is taken, or the account has as many as it may.
    pub async fn create_service_id_group(
        &self,
        caller: &Identity,
        requested: &str,
        description: String,
    ) -> Result<ServiceGroup, IamError> {
        self.may_manage_service_id_groups(caller)?;
        text::check_description(&description)?;
        let now = self.0.clock.now();
        let group = ServiceGroup {
            id: ServiceGroupId(entropy::guid()),
            account: caller.account(),
            name: name("name", requested)?,
            description,
            made_by: caller.principal(),
            revision: 1,
            created_at: now,
            modified_at: now,
        };
        let mut tx = self.begin_groups(caller).await?;
        let limit = &limit::SERVICE_ID_GROUPS_PER_ACCOUNT;
        let held = service_id_groups::count(&mut tx, group.account).await?;
        check_room("the account has", held, limit)?;
        let stored = service_id_groups::insert(&mut tx, &group).await;
        stored.map_err(taken)?;
        let entry = about(caller, Action::ServiceGroupMade, &group);
        self.commit(tx, entry).await?;
        Ok(group)
    }

    /// Changes a group. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// Without Administrator of the account; when the name is taken, or the group has changed since the tag was read.
    pub async fn update_service_id_group(
        &self,
        caller: &Identity,
        id: ServiceGroupId,
        if_match: &str,
        (requested, description): (&str, Option<String>),
    ) -> Result<ServiceGroup, IamError> {
        self.change_version(
            if_match,
            || self.service_id_group(caller, id),
            |old| self.change_service_group(caller, old, (requested, description.clone())),
        )
        .await
    }

    async fn change_service_group(
        &self,
        caller: &Identity,
        old: ServiceGroup,
        (requested, description): (&str, Option<String>),
    ) -> Result<Option<ServiceGroup>, IamError> {
        if let Some(description) = &description {
            text::check_description(description)?;
        }
        let new = ServiceGroup {
            name: name("name", requested)?,
            description: description.unwrap_or_else(|| old.description.clone()),
            revision: old.revision.saturating_add(1),
            modified_at: self.0.clock.now(),
            ..old.clone()
        };
        let mut tx = self.begin_groups(caller).await?;
        let stored = service_id_groups::change(&mut tx, &new, old.revision).await;
        let entry = about(caller, Action::ServiceGroupChanged, &new);
        self.commit_version(tx, stored.map_err(taken)?, (old, new), entry)
            .await
    }

    /// Deletes a group that no service ID is in.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is none, or a service ID is in it.
    pub async fn delete_service_id_group(
        &self,
        caller: &Identity,
        id: impl Into<OfVersion<ServiceGroupId>>,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let group = self.service_id_group(caller, id).await?;
        let mut tx = self.begin_groups(caller).await?;
        version
            .check_stored(&mut tx, (Versioned::ServiceGroup, id.0))
            .await?;
        let held = service_ids::count_in_group(&mut tx, id).await?;
        if held > 0 {
            let message = format!(
                "the group `{}` has {}: delete them first",
                group.name,
                number_of(held, "service ID", "service IDs")
            );
            return Err(IamError::conflict(message));
        }
        if !service_id_groups::delete(&mut tx, id).await? {
            return Err(no_group());
        }
        let entry = about(caller, Action::ServiceGroupDeleted, &group);
        self.commit(tx, entry).await
    }
}
