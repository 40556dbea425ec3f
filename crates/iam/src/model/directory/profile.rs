//! Trusted profiles: principals of an account without keys of their own, and who may take them on.

use super::user_claims::UserClaims;
use super::{Stamp, User};
use crate::model::claim_condition::ClaimCondition;
use base::id::{AccountId, ProfileId, ProfileLinkId, ProfileRuleId};
use base::principal::Principal;

/// A trusted profile with its rules, its links, and the identities that may take it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its id.
    pub id: ProfileId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its name, unique in the account.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// An address to write to about it; empty if there is none.
    pub email: String,
    /// Its rules, the oldest first.
    pub rules: Vec<ProfileRule>,
    /// Its links, the oldest first.
    pub links: Vec<ProfileLink>,
    /// The users and service IDs that may take it on, by their ids.
    pub identities: Vec<ProfileIdentity>,
    /// Grows with every change of the identities; part of their entity tag.
    pub identities_revision: i64,
    /// Grows with every change of the profile itself; part of the entity tag.
    pub revision: i64,
    /// When it was created, and by whom.
    pub created: Stamp,
    /// When it was changed last, and by whom.
    pub modified: Stamp,
}

/// A claim rule: everyone who meets all its conditions may take on the profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileRule {
    /// Its id.
    pub id: ProfileRuleId,
    /// The profile.
    pub profile: ProfileId,
    /// Its name.
    pub name: String,
    /// The holders whose claims it compares.
    pub kind: ProfileRuleKind,
    /// The conditions, all of which must be met.
    pub conditions: Vec<ClaimCondition>,
    /// Grows with every change; part of the entity tag.
    pub revision: i64,
    /// When it was created, and by whom.
    pub created: Stamp,
    /// When it was changed last, and by whom.
    pub modified: Stamp,
}

/// The holders whose claims a rule compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileRuleKind {
    /// Users of a realm.
    Saml {
        /// The realm of the users.
        realm: String,
        /// How long a token lives at most that is issued by the rule.
        expiration_seconds: u32,
    },
    /// Compute resources of a type.
    ComputeResource {
        /// The word of what they run on.
        cr_type: String,
    },
}

/// A compute resource that may take on the profile. A part that is absent matches any resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileLink {
    /// Its id.
    pub id: ProfileLinkId,
    /// The profile.
    pub profile: ProfileId,
    /// The name of the link.
    pub name: String,
    /// The word of what the resource runs on.
    pub cr_type: String,
    /// The resource's CRN.
    pub crn: Option<String>,
    /// The resource's namespace.
    pub namespace: Option<String>,
    /// The resource's name.
    pub resource_name: Option<String>,
    /// When it was created, and by whom.
    pub created: Stamp,
}

/// A user or service ID that may take on a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileIdentity {
    /// The user or service ID.
    pub principal: Principal,
    /// Why.
    pub description: String,
    /// When it was added, and by whom.
    pub added: Stamp,
}

impl ProfileRule {
    /// The longest life of a token that is issued by this rule to a user with these claims, if they meet it.
    fn seconds_for(&self, claims: &UserClaims<'_>) -> Option<u32> {
        let ProfileRuleKind::Saml {
            realm,
            expiration_seconds,
        } = &self.kind
        else {
            return None;
        };
        let is_met = claims.meet(realm, &self.conditions);
        is_met.then_some(*expiration_seconds)
    }
}

impl Profile {
    /// The identity of this principal.
    #[must_use]
    pub fn identity(&self, principal: Principal) -> Option<&ProfileIdentity> {
        let mut all = self.identities.iter();
        all.find(|identity| identity.principal == principal)
    }

    /// The rules about compute resources, each with the word of what they run on.
    pub fn compute_resource_rules(&self) -> impl Iterator<Item = (&str, &ProfileRule)> {
        self.rules.iter().filter_map(|rule| match &rule.kind {
            ProfileRuleKind::ComputeResource { cr_type } => Some((cr_type.as_str(), rule)),
            ProfileRuleKind::Saml { .. } => None,
        })
    }

    /// The rules that the user meets, each with the longest life of a token that is issued by it.
    pub(super) fn rules_met(&self, user: &User) -> impl Iterator<Item = (&ProfileRule, u32)> {
        let claims = UserClaims::of(user);
        let rules = self.rules.iter();
        rules.filter_map(move |rule| Some((rule, rule.seconds_for(&claims)?)))
    }
}
