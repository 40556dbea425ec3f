//! Finds the domain for a sender that can give only a name, or nothing. A name is looked up only among what the credential
//! reaches, so that nobody learns whether anything else exists.

use super::Verifier;
use crate::token::identity::Credential;
use base::id::SpaceId;
use base::scope::Domain;

/// A space as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpaceName<'n> {
    /// The organization it must be in, if one is named.
    pub org: Option<&'n str>,
    /// The organization to choose if several have a space of this name; otherwise it is ignored.
    pub org_if_several: Option<&'n str>,
    /// Its own name.
    pub space: &'n str,
}

/// Why a name leads to no space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpaceNameError {
    /// The credential reaches no space of this name.
    Unknown,
    /// It reaches several.
    Several,
}

impl Verifier {
    /// The space of this name that the credential reaches; without a name, the domain that it is narrowed to, if it is. `None`
    /// also for an invalid credential, which is refused elsewhere.
    ///
    /// # Errors
    /// [`SpaceNameError`], only for a valid credential.
    pub fn resolve_space(
        &self,
        credential: Credential<'_>,
        name: Option<SpaceName<'_>>,
    ) -> Result<Option<Domain>, SpaceNameError> {
        let Ok(holder) = self.holder(credential) else {
            return Ok(None);
        };
        let narrowed_to = holder.bounds.narrowing().domain;
        let Some(name) = name else {
            return Ok(narrowed_to);
        };
        let directory = self.inner.directory.load();
        let same = directory.spaces_named(holder.account, name.space);
        let same = same.map(|space| space.id);
        let is_in = |id: &SpaceId, org: &str| {
            let entry = directory.spaces.get(id).map(|space| space.org);
            let entry = entry.and_then(|entry| directory.orgs.get(&entry));
            entry.is_some_and(|entry| entry.name == org)
        };
        let same = same.filter(|id| name.org.is_none_or(|org| is_in(id, org)));
        let same = same
            .filter(|id| narrowed_to.is_none_or(|narrowed_to| narrowed_to == Domain::Space(*id)));
        let same: Vec<SpaceId> = same.collect();
        let found = directory.accessible(holder.proven(), holder.account, &same);
        let [first, others @ ..] = found.as_slice() else {
            return Err(SpaceNameError::Unknown);
        };
        if others.is_empty() {
            return Ok(Some(Domain::Space(*first)));
        }
        // A name is unique in its organization.
        let Some(org) = name.org_if_several else {
            return Err(SpaceNameError::Several);
        };
        let one = found.iter().find(|id| is_in(id, org));
        one.map_or(Err(SpaceNameError::Several), |id| {
            Ok(Some(Domain::Space(*id)))
        })
    }

    /// The only space of the account, for a credential that may only send and is narrowed to no domain, and whose holder has a
    /// role in that space: its samples can go nowhere else. It may not list the space.
    #[must_use]
    pub fn only_space(&self, credential: Credential<'_>) -> Option<SpaceId> {
        let holder = self.holder(credential).ok()?;
        let narrowing = holder.bounds.narrowing();
        if narrowing.domain.is_some() || !narrowing.send_only {
            return None;
        }
        let directory = self.inner.directory.load();
        let [only] = directory.spaces_of(holder.account) else {
            return None;
        };
        let has_access = directory.has_access(holder.proven(), Domain::Space(*only));
        has_access.then_some(*only)
    }
}
