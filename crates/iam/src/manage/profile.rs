//! Trusted profiles, which Administrators of the account make: principals without keys of their own, whom users, service IDs and
//! compute resources take on.

use super::administrator::not_administrator;
use super::of_version::OfVersion;
use super::revised::Revised;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::address::Address;
use crate::model::directory::{Profile, Stamp};
use crate::model::entity_tag;
use crate::model::page::ListPart;
use crate::model::text;
use crate::model::text::name;
use crate::policy::is_administrator;
use crate::refusal::Refusal;
use crate::repo::counts::CountedItem;
use crate::repo::revisions::Versioned;
use crate::repo::transactions::departure::leave;
use crate::repo::{members, principals, profiles};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::ProfileId;
use base::limit;
use base::principal::Principal;
use db::Tx;
use std::cmp::Ordering;

const WHAT: &str = "managing trusted profiles";

/// How the refusal of a further part of a full profile begins.
pub(super) const HOLDER: &str = "the trusted profile has";

/// A new trusted profile.
#[derive(Debug, Default)]
pub struct NewProfile {
    /// Its name, which no other in the account has.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// An address to write to about it; empty for none.
    pub email: String,
}

/// A change to a trusted profile.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// Its new name.
    pub name: Option<String>,
    /// Its new description.
    pub description: Option<String>,
    /// Its new address.
    pub email: Option<String>,
}

/// The version of a trusted profile, for `If-Match`.
#[must_use]
pub fn profile_tag(profile: &Profile) -> String {
    entity_tag::of(profile.revision, profile.id.0)
}

impl Revised for Profile {
    const CHANGED: &'static str =
        "the trusted profile has changed since its entity tag was read: read it again";

    fn tag(&self) -> String {
        profile_tag(self)
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.name, &self.description, &self.email)
            == (&other.name, &other.description, &other.email)
    }
}

fn check_texts(description: Option<&str>, email: Option<&str>) -> Result<(), Refusal> {
    text::check_description(description.unwrap_or_default())?;
    let email = email.unwrap_or_default();
    text::check_stored("email", email, &limit::ADDRESS_BYTES)?;
    if !email.is_empty() {
        Address::parse(email)?;
    }
    Ok(())
}

impl Iam {
    /// The trusted profiles of the credential's account that are wanted. Sorted by `order`, then by name.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn profiles<P: ListPart<Profile>>(
        &self,
        caller: &Identity,
        is_wanted: impl Fn(&Profile) -> bool,
        order: impl Fn(&Profile, &Profile) -> Ordering,
        part: P,
    ) -> Result<P::Page, IamError> {
        let directory = self.directory();
        if !is_administrator(&directory, caller, caller.account()) {
            return Err(not_administrator("listing trusted profiles"));
        }
        let all = directory.profiles_of(caller.account());
        let all: Vec<&Profile> = all.filter(|profile| is_wanted(profile)).collect();
        Ok(part.cut(all, |a, b| {
            order(a, b).then_with(|| (&a.name, a.id).cmp(&(&b.name, b.id)))
        }))
    }

    /// One trusted profile.
    ///
    /// # Errors
    /// When the caller is neither it nor an Administrator of its account.
    pub async fn profile(&self, caller: &Identity, id: ProfileId) -> Result<Profile, IamError> {
        self.found_at_any_node(|| self.known_profile(caller, id))
            .await
    }

    fn known_profile(&self, caller: &Identity, id: ProfileId) -> Result<Profile, IamError> {
        let directory = self.directory();
        let is_seen = |profile: &&Profile| {
            profile.account == caller.account()
                && (caller.principal() == Principal::Profile(id)
                    || is_administrator(&directory, caller, profile.account))
        };
        let found = directory.profile(id).filter(is_seen).cloned();
        found.ok_or_else(no_profile)
    }

    /// Whether the caller may make and change trusted profiles in the credential's account.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub fn may_manage_profiles(&self, caller: &Identity) -> Result<(), IamError> {
        self.administer(caller, caller.account(), WHAT)
    }

    /// One trusted profile that the caller may change, or see whole.
    ///
    /// # Errors
    /// Without Administrator of its account.
    pub async fn managed_profile(
        &self,
        caller: &Identity,
        id: ProfileId,
    ) -> Result<Profile, IamError> {
        self.found_at_any_node(|| self.known_managed_profile(caller, id))
            .await
    }

    /// One trusted profile that this node knows, and that the caller may change.
    pub(super) fn known_managed_profile(
        &self,
        caller: &Identity,
        id: ProfileId,
    ) -> Result<Profile, IamError> {
        let profile = self.known_profile(caller, id)?;
        self.may_manage_profiles(caller)?;
        Ok(profile)
    }

    /// Begins a change of the trusted profiles of the credential's account: it is locked, and the caller may still make it.
    pub(super) async fn lock_profiles(&self, caller: &Identity) -> Result<Tx, IamError> {
        self.begin_administered(caller, caller.account(), WHAT)
            .await
    }

    /// Begins a change of what belongs to one trusted profile, which is still there.
    pub(super) async fn lock_profile(
        &self,
        caller: &Identity,
        id: ProfileId,
        stamp: Stamp,
    ) -> Result<Tx, IamError> {
        let mut tx = self.lock_profiles(caller).await?;
        match profiles::touch(&mut tx, id, stamp).await? {
            true => Ok(tx),
            false => Err(no_profile()),
        }
    }

    /// Makes a trusted profile in the credential's account. It has no rights yet, and nobody may take it on.
    ///
    /// # Errors
    /// Without Administrator of the account; when a field is invalid, or the name is taken; over a limit.
    pub async fn create_profile(
        &self,
        caller: &Identity,
        new: NewProfile,
    ) -> Result<Profile, IamError> {
        self.may_manage_profiles(caller)?;
        check_texts(Some(&new.description), Some(&new.email))?;
        let made = self.stamp(caller);
        let profile = Profile {
            id: ProfileId(entropy::guid()),
            account: caller.account(),
            name: name("name", &new.name)?,
            description: new.description,
            email: new.email,
            rules: Vec::new(),
            links: Vec::new(),
            identities: Vec::new(),
            identities_revision: 1,
            revision: 1,
            created: made,
            modified: made,
        };
        let mut tx = self.lock_profiles(caller).await?;
        let limit = &limit::PROFILES_PER_ACCOUNT;
        self.check_room(&mut tx, profile.account, limit, CountedItem::Profiles)
            .await?;
        principals::insert_profile(&mut tx, profile.id).await?;
        members::join(&mut tx, profile.account, profile.id, made.at).await?;
        let stored = profiles::insert(&mut tx, &profile).await;
        stored.map_err(taken)?;
        self.commit(tx, about(caller, Action::ProfileMade, &profile))
            .await?;
        Ok(profile)
    }

    /// Changes a trusted profile. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// Without Administrator of the account; when the name is taken, or the profile has changed since the tag was read.
    pub async fn update_profile(
        &self,
        caller: &Identity,
        id: ProfileId,
        if_match: &str,
        change: ProfileChange,
    ) -> Result<Profile, IamError> {
        self.change_version(
            if_match,
            || self.managed_profile(caller, id),
            |old| self.change_profile(caller, old, change.clone()),
        )
        .await
    }

    async fn change_profile(
        &self,
        caller: &Identity,
        old: Profile,
        change: ProfileChange,
    ) -> Result<Option<Profile>, IamError> {
        check_texts(change.description.as_deref(), change.email.as_deref())?;
        let requested = change.name.map(|text| name("name", &text)).transpose()?;
        let stamp = self.stamp(caller);
        let new = Profile {
            name: requested.unwrap_or_else(|| old.name.clone()),
            description: (change.description).unwrap_or_else(|| old.description.clone()),
            email: change.email.unwrap_or_else(|| old.email.clone()),
            revision: old.revision.saturating_add(1),
            modified: Stamp {
                at: stamp.at.max(old.modified.at),
                ..stamp
            },
            ..old.clone()
        };
        let mut tx = self.lock_profiles(caller).await?;
        let stored = profiles::change(&mut tx, &new, old.revision).await;
        let entry = about(caller, Action::ProfileChanged, &new)
            .with_changed("description", &old.description, &new.description)
            .with_changed("email", &old.email, &new.email);
        self.commit_version(tx, stored.map_err(taken)?, (old, new), entry)
            .await
    }

    /// Deletes a trusted profile with its rules, links, identities, roles and policies: from the moment this returns, the tokens of
    /// those who have taken it on are refused.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn delete_profile(
        &self,
        caller: &Identity,
        id: impl Into<OfVersion<ProfileId>>,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let profile = self.managed_profile(caller, id).await?;
        let stamp = self.stamp(caller);
        let mut tx = self.lock_profile(caller, id, stamp).await?;
        version
            .check_stored(&mut tx, (Versioned::Profile, id.0))
            .await?;
        // It owns no account that somebody would have to inherit.
        leave(&mut tx, profile.account, id.into(), stamp.at, id.0).await?;
        let entry = about(caller, Action::ProfileDeleted, &profile);
        self.commit(tx, entry).await
    }
}

/// The refusal of what is not there, or not seen.
pub(super) fn no_profile() -> IamError {
    IamError::not_found("the trusted profile")
}

fn taken(error: IamError) -> IamError {
    error.if_unique(|| IamError::conflict("a trusted profile of this name exists in the account"))
}

/// An entry about a profile, or about what belongs to it.
pub(super) fn about(caller: &Identity, action: Action, profile: &Profile) -> Entry {
    Entry::by(caller, action)
        .in_account(profile.account)
        .on(profile.id)
        .with("name", &profile.name)
}
