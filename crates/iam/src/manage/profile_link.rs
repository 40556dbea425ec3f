//! Links of trusted profiles: the compute resources that may take on a profile, by what their tokens say they are.

use super::of_version::OfVersion;
use super::profile::{HOLDER, about};
use super::profile_rule::check_cr_type;
use crate::audit::{Action, Entries, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::directory::ProfileLink;
use crate::model::entity_tag;
use crate::model::room::check_room;
use crate::model::text;
use crate::refusal::{Reason, Refusal};
use crate::repo::profile_links;
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{ProfileId, ProfileLinkId};
use base::limit;

/// The compute resource of a link. A part that is absent matches any resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTerms {
    /// The word of what it runs on.
    pub cr_type: String,
    /// Its CRN.
    pub crn: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub resource_name: Option<String>,
}

/// The version of a link. It is made and deleted, but never changed.
#[must_use]
pub fn profile_link_tag(link: &ProfileLink) -> String {
    entity_tag::of(1, link.id.0)
}

impl LinkTerms {
    /// Refuses a link that no compute resource could be compared with, or that would be for all of a kind.
    fn check(&self) -> Result<(), Refusal> {
        check_cr_type(&self.cr_type)?;
        if let Some(crn) = &self.crn {
            text::check_crn("crn", crn)?;
        }
        let parts = [
            ("crn", &self.crn),
            ("namespace", &self.namespace),
            ("name", &self.resource_name),
        ];
        for (field, part) in parts {
            let part = part.as_deref().unwrap_or_default();
            text::check_stored(field, part, &limit::LABEL_BYTES)?;
        }
        if parts.iter().any(|(_, part)| part.is_some()) {
            return Ok(());
        }
        let message = "`link` needs a `crn`, a `namespace` or a `name`: without any it would be for every compute resource of its kind";
        Err(Refusal::invalid("link", message))
    }

    /// Whether a link is for this compute resource, and says no more and no less of it.
    fn is_of(&self, link: &ProfileLink) -> bool {
        self.cr_type == link.cr_type
            && self.crn == link.crn
            && self.namespace == link.namespace
            && self.resource_name == link.resource_name
    }
}

impl Iam {
    /// One link of a trusted profile.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn profile_link(
        &self,
        caller: &Identity,
        profile: ProfileId,
        id: ProfileLinkId,
    ) -> Result<ProfileLink, IamError> {
        let find = || {
            let links = self.known_managed_profile(caller, profile)?.links;
            let found = links.into_iter().find(|link| link.id == id);
            found.ok_or_else(no_link)
        };
        self.found_at_any_node(find).await
    }

    /// Links a trusted profile to a compute resource, which may take on the profile from the moment this returns.
    ///
    /// # Errors
    /// Without Administrator of the account; when a part is not valid, or there is such a link; over a limit.
    pub async fn create_profile_link(
        &self,
        caller: &Identity,
        profile: ProfileId,
        name: String,
        terms: LinkTerms,
    ) -> Result<ProfileLink, IamError> {
        let profile = self.managed_profile(caller, profile).await?;
        text::check_stored("name", &name, &limit::LABEL_BYTES)?;
        terms.check()?;
        let made = self.stamp(caller);
        let mut tx = self.lock_profile(caller, profile.id, made).await?;
        let held = profile_links::of_profile(&mut tx, profile.id).await?;
        if held.iter().any(|other| terms.is_of(other)) {
            drop(tx);
            // Another node may have made it a moment ago.
            self.sync().await?;
            let message = "the trusted profile is linked to this compute resource already";
            return Err(Refusal::new(Reason::Conflict, message).field("link").into());
        }
        check_room(HOLDER, held.len() as u64, &limit::LINKS_PER_PROFILE)?;
        let link = ProfileLink {
            id: ProfileLinkId(entropy::guid()),
            profile: profile.id,
            name,
            cr_type: terms.cr_type,
            crn: terms.crn,
            namespace: terms.namespace,
            resource_name: terms.resource_name,
            created: made,
        };
        profile_links::insert(&mut tx, &link).await?;
        let entry = with_link(about(caller, Action::ProfileLinkMade, &profile), &link);
        self.commit(tx, entry).await?;
        Ok(link)
    }

    /// Deletes a link: what its compute resource got by it is refused from the moment this returns.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn delete_profile_link(
        &self,
        caller: &Identity,
        profile: ProfileId,
        id: impl Into<OfVersion<ProfileLinkId>>,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let profile = self.managed_profile(caller, profile).await?;
        let link = self.profile_link(caller, profile.id, id).await?;
        version.check(&profile_link_tag(&link))?;
        let stamp = self.stamp(caller);
        let mut tx = self.lock_profile(caller, profile.id, stamp).await?;
        if !profile_links::delete(&mut tx, id).await? {
            return Err(no_link());
        }
        let entry = with_link(about(caller, Action::ProfileLinkDeleted, &profile), &link);
        self.commit(tx, entry).await
    }

    /// Deletes every link to this very compute resource. There is one, unless an older version has stored it more than once.
    ///
    /// # Errors
    /// Without Administrator of the account; when there is no such link.
    pub async fn delete_profile_link_to(
        &self,
        caller: &Identity,
        profile: ProfileId,
        terms: &LinkTerms,
    ) -> Result<(), IamError> {
        let profile = self.managed_profile(caller, profile).await?;
        let stamp = self.stamp(caller);
        let mut tx = self.lock_profile(caller, profile.id, stamp).await?;
        let mut entries = Vec::new();
        for link in profile_links::of_profile(&mut tx, profile.id).await? {
            if terms.is_of(&link) && profile_links::delete(&mut tx, link.id).await? {
                let entry = about(caller, Action::ProfileLinkDeleted, &profile);
                entries.push(with_link(entry, &link));
            }
        }
        if entries.is_empty() {
            drop(tx);
            // Another node may have deleted it a moment ago.
            self.sync().await?;
            return Err(no_link());
        }
        self.commit(tx, Entries::of(entries)).await
    }
}

fn no_link() -> IamError {
    IamError::not_found("the link of the trusted profile")
}

fn with_link(entry: Entry, link: &ProfileLink) -> Entry {
    entry
        .with("link", link.id)
        .with("cr_type", &link.cr_type)
        .with_some("crn", link.crn.as_deref())
        .with_some("namespace", link.namespace.as_deref())
        .with_some("resource", link.resource_name.as_deref())
}
