//! The identities of trusted profiles: the users and service IDs of the account that may take on a profile because it names them.

use super::pending_user::not_accepted;
use super::profile::{HOLDER, about, no_profile};
use super::revised::Revised;
use crate::audit::{Action, Entries};
use crate::error::IamError;
use crate::model::directory::{Profile, ProfileIdentity, Stamp};
use crate::model::entity_tag;
use crate::model::room::{check_count, check_room};
use crate::model::text;
use crate::refusal::Refusal;
use crate::repo::{members, profile_identities, profiles};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::ProfileId;
use base::limit;
use base::principal::Principal;
use db::Tx;

/// A user or service ID that a trusted profile shall name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProfileIdentity {
    /// The user or service ID.
    pub principal: Principal,
    /// Why.
    pub description: String,
}

/// The version of the identities of a trusted profile, for `If-Match`.
#[must_use]
pub fn profile_identities_tag(profile: &Profile) -> String {
    entity_tag::of(profile.identities_revision, profile.id.0)
}

/// The identities of a trusted profile, which have versions of their own.
#[derive(Debug)]
struct Identities(Profile);

impl Revised for Identities {
    const CHANGED: &'static str =
        "the identities have changed since their entity tag was read: read them again";

    fn tag(&self) -> String {
        profile_identities_tag(&self.0)
    }

    fn is_like(&self, other: &Self) -> bool {
        self.0.identities == other.0.identities
    }
}

/// Checks what can be checked without the database.
fn check(new: &NewProfileIdentity) -> Result<(), Refusal> {
    text::check_description(&new.description)?;
    match new.principal {
        Principal::User(_) | Principal::Service(_) => Ok(()),
        Principal::Profile(_) | Principal::Instance(_) | Principal::Server => {
            let message = "`identifier`: a trusted profile is taken on by users and service IDs, and by no other profile";
            Err(Refusal::invalid("identifier", message))
        }
    }
}

impl Iam {
    /// One identity of a trusted profile.
    ///
    /// # Errors
    /// Without Administrator of the account; when the profile does not name it.
    pub async fn profile_identity(
        &self,
        caller: &Identity,
        profile: ProfileId,
        principal: Principal,
    ) -> Result<ProfileIdentity, IamError> {
        let find = || {
            let profile = self.known_managed_profile(caller, profile)?;
            profile.identity(principal).cloned().ok_or_else(no_identity)
        };
        self.found_at_any_node(find).await
    }

    /// Replaces the identities: who is not among them may not take on the profile from the moment this returns. `if_match` has
    /// the entity tag of the identities, or is `*`.
    ///
    /// # Errors
    /// Without Administrator of the account; when one is not in the account, or two are the same; over a limit; when they have
    /// changed since the tag was read.
    pub async fn set_profile_identities(
        &self,
        caller: &Identity,
        id: ProfileId,
        if_match: &str,
        all: &[NewProfileIdentity],
    ) -> Result<Profile, IamError> {
        let find = || async move { self.managed_profile(caller, id).await.map(Identities) };
        let changed = self
            .change_version(if_match, find, |old| {
                self.change_identities(caller, old, all)
            })
            .await;
        changed.map(|Identities(profile)| profile)
    }

    async fn change_identities(
        &self,
        caller: &Identity,
        Identities(profile): Identities,
        all: &[NewProfileIdentity],
    ) -> Result<Option<Identities>, IamError> {
        check_list(all)?;
        let id = profile.id;
        let is_wanted =
            |listed: &&ProfileIdentity| all.iter().any(|new| new.principal == listed.principal);
        let gone = profile
            .identities
            .iter()
            .filter(|listed| !is_wanted(listed));
        let gone: Vec<Principal> = gone.map(|listed| listed.principal).collect();
        let is_new = |new: &&NewProfileIdentity| {
            let known = profile.identity(new.principal);
            known.is_none_or(|known| known.description != new.description)
        };
        let added: Vec<&NewProfileIdentity> = all.iter().filter(is_new).collect();
        let stamp = self.stamp(caller);
        let mut identities = profile.identities.clone();
        identities.retain(|listed| !gone.contains(&listed.principal));
        let mut tx = self.lock_profiles(caller).await?;
        let from = Some(profile.identities_revision);
        let Some(stamp) = profiles::touch_identities(&mut tx, id, stamp, from).await? else {
            return Ok(None);
        };
        if gone.is_empty() && added.is_empty() {
            // No change: they are still of this version, and the transaction is dropped.
            return Ok(Some(Identities(profile)));
        }
        let entry =
            |action: Action, who: Principal| about(caller, action, &profile).with("identity", who);
        let mut entries = Vec::with_capacity(gone.len().saturating_add(added.len()));
        for principal in gone {
            profile_identities::delete(&mut tx, id, principal).await?;
            entries.push(entry(Action::ProfileIdentityRemoved, principal));
        }
        for new in added {
            let named = name_identity(&mut tx, &profile, new, stamp).await?;
            identities.retain(|listed| listed.principal != named.principal);
            identities.push(named);
            entries.push(entry(Action::ProfileIdentityAdded, new.principal));
        }
        self.commit(tx, Entries::of(entries)).await?;
        // What was stored, though the profile may be another one by now, or gone.
        identities.sort_unstable_by_key(|listed| listed.principal);
        Ok(Some(Identities(Profile {
            identities,
            identities_revision: profile.identities_revision.saturating_add(1),
            modified: stamp,
            ..profile
        })))
    }

    /// Lets a user or service ID take on a trusted profile, or changes why it may. Nothing changes, and nothing is entered in the
    /// audit, if it may already for this reason.
    ///
    /// # Errors
    /// Without Administrator of the account; when it is not in the account; over a limit.
    pub async fn add_profile_identity(
        &self,
        caller: &Identity,
        id: ProfileId,
        new: &NewProfileIdentity,
    ) -> Result<ProfileIdentity, IamError> {
        let profile = self.managed_profile(caller, id).await?;
        check(new)?;
        let stamp = self.stamp(caller);
        let mut tx = self.lock_profiles(caller).await?;
        let touched = profiles::touch_identities(&mut tx, id, stamp, None).await?;
        let stamp = touched.ok_or_else(no_profile)?;
        let before = profile_identities::stored(&mut tx, id, new.principal).await?;
        match before {
            Some(existing) if existing.description == new.description => {
                drop(tx);
                // It is so already; perhaps another node has made it so.
                self.sync().await?;
                return Ok(existing);
            }
            Some(_) => {}
            None => {
                let held = profile_identities::count_of(&mut tx, id).await?;
                check_room(HOLDER, held, &limit::IDENTITIES_PER_PROFILE)?;
            }
        }
        let identity = name_identity(&mut tx, &profile, new, stamp).await?;
        let entry = about(caller, Action::ProfileIdentityAdded, &profile);
        self.commit(tx, entry.with("identity", new.principal))
            .await?;
        Ok(identity)
    }

    /// Takes a user or service ID out of a trusted profile: what it has because the profile named it is refused from the moment this
    /// returns, also after it is named again.
    ///
    /// # Errors
    /// Without Administrator of the account; when the profile does not name it.
    pub async fn remove_profile_identity(
        &self,
        caller: &Identity,
        id: ProfileId,
        principal: Principal,
    ) -> Result<(), IamError> {
        let profile = self.managed_profile(caller, id).await?;
        let stamp = self.stamp(caller);
        let mut tx = self.lock_profiles(caller).await?;
        let touched = profiles::touch_identities(&mut tx, id, stamp, None).await?;
        touched.ok_or_else(no_profile)?;
        if !profile_identities::delete(&mut tx, id, principal).await? {
            return Err(no_identity());
        }
        let entry = about(caller, Action::ProfileIdentityRemoved, &profile);
        self.commit(tx, entry.with("identity", principal)).await
    }
}

/// When somebody who is invited can be named.
const HOW_TO_NAME: &str = "`identifier` names them once they have";

/// Stores an identity, if it is still in the account, which is locked.
async fn name_identity(
    tx: &mut Tx,
    profile: &Profile,
    new: &NewProfileIdentity,
    stamp: Stamp,
) -> Result<ProfileIdentity, IamError> {
    if !members::is_still_member(tx, profile.account, new.principal).await? {
        let pending = not_accepted(tx, profile.account, new.principal, HOW_TO_NAME).await?;
        let message = pending.unwrap_or_else(|| {
            "`identifier`: there is no such user or service ID in the account".to_owned()
        });
        return Err(IamError::invalid("identifier", message));
    }
    let before = profile_identities::stored(tx, profile.id, new.principal).await?;
    let identity = ProfileIdentity {
        principal: new.principal,
        description: new.description.clone(),
        added: before.map_or(stamp, |stored| stored.added),
    };
    profile_identities::put(tx, profile.id, &identity).await?;
    Ok(identity)
}

fn check_list(all: &[NewProfileIdentity]) -> Result<(), Refusal> {
    check_count("identities", all.len(), &limit::IDENTITIES_PER_PROFILE)?;
    all.iter().try_for_each(check)?;
    let mut principals: Vec<Principal> = all.iter().map(|new| new.principal).collect();
    principals.sort_unstable();
    principals.dedup();
    if principals.len() == all.len() {
        return Ok(());
    }
    let message = "`identities` names somebody twice";
    Err(Refusal::invalid("identities", message))
}

fn no_identity() -> IamError {
    IamError::not_found("the identity of the trusted profile")
}
