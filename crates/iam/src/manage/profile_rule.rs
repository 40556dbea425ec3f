//! Claim rules of trusted profiles: everyone who meets all conditions of one may take on the profile. Users are compared by what their
//! tokens say of them, compute resources by what theirs say.

use super::claim_rule;
use super::of_version::OfVersion;
use super::profile::{HOLDER, about};
use super::revised::Revised;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::claim_condition::ClaimCondition;
use crate::model::directory::{ProfileRule, ProfileRuleKind};
use crate::model::entity_tag;
use crate::model::room::check_room;
use crate::model::text;
use crate::refusal::Refusal;
use crate::repo::profile_rules;
use crate::repo::revisions::Versioned;
use crate::service::Iam;
use crate::token::identity::Identity;
use crate::workload::CrType;
use base::id::{ProfileId, ProfileRuleId};
use base::limit;
use std::ops::RangeInclusive;

/// How long tokens may live that are issued by a rule, in seconds.
const EXPIRATION: RangeInclusive<u32> = 900..=86_400;

/// The fields of a rule that can be set.
#[derive(Debug, Clone)]
pub struct ProfileRuleTerms {
    /// Its name.
    pub name: String,
    /// The holders whose claims it compares.
    pub kind: ProfileRuleKind,
    /// The conditions, all of which must be met.
    pub conditions: Vec<ClaimCondition>,
}

/// The version of a rule, for `If-Match`.
#[must_use]
pub fn profile_rule_tag(rule: &ProfileRule) -> String {
    entity_tag::of(rule.revision, rule.id.0)
}

impl Revised for ProfileRule {
    const CHANGED: &'static str =
        "the rule has changed since its entity tag was read: read it again";

    fn tag(&self) -> String {
        profile_rule_tag(self)
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.name, &self.kind, &self.conditions) == (&other.name, &other.kind, &other.conditions)
    }
}

impl Iam {
    /// One rule of a trusted profile.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn profile_rule(
        &self,
        caller: &Identity,
        profile: ProfileId,
        id: ProfileRuleId,
    ) -> Result<ProfileRule, IamError> {
        let find = || {
            let rules = self.known_managed_profile(caller, profile)?.rules;
            let found = rules.into_iter().find(|rule| rule.id == id);
            found.ok_or_else(no_rule)
        };
        self.found_at_any_node(find).await
    }

    /// Makes a rule of a trusted profile: everyone who meets it may take on the profile from the moment this returns.
    ///
    /// # Errors
    /// Without Administrator of the account; when a part of the rule is not valid or not compared; over a limit.
    pub async fn create_profile_rule(
        &self,
        caller: &Identity,
        profile: ProfileId,
        terms: ProfileRuleTerms,
    ) -> Result<ProfileRule, IamError> {
        let profile = self.managed_profile(caller, profile).await?;
        check(&terms)?;
        let made = self.stamp(caller);
        let rule = ProfileRule {
            id: ProfileRuleId(entropy::guid()),
            profile: profile.id,
            name: terms.name,
            kind: terms.kind,
            conditions: terms.conditions,
            revision: 1,
            created: made,
            modified: made,
        };
        let mut tx = self.lock_profile(caller, profile.id, made).await?;
        let held = profile_rules::count_of(&mut tx, profile.id).await?;
        check_room(HOLDER, held, &limit::RULES_PER_PROFILE)?;
        profile_rules::insert(&mut tx, &rule).await?;
        let entry = with_rule(about(caller, Action::ProfileRuleMade, &profile), &rule);
        self.commit(tx, entry).await?;
        Ok(rule)
    }

    /// Replaces a rule. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// As [`Self::create_profile_rule`]; when it has changed since the tag was read.
    pub async fn replace_profile_rule(
        &self,
        caller: &Identity,
        (profile, id): (ProfileId, ProfileRuleId),
        if_match: &str,
        terms: ProfileRuleTerms,
    ) -> Result<ProfileRule, IamError> {
        self.change_version(
            if_match,
            || self.profile_rule(caller, profile, id),
            |old| self.change_profile_rule(caller, old, terms.clone()),
        )
        .await
    }

    async fn change_profile_rule(
        &self,
        caller: &Identity,
        old: ProfileRule,
        terms: ProfileRuleTerms,
    ) -> Result<Option<ProfileRule>, IamError> {
        let profile = self.managed_profile(caller, old.profile).await?;
        check(&terms)?;
        let modified = self.stamp(caller);
        let new = ProfileRule {
            name: terms.name,
            kind: terms.kind,
            conditions: terms.conditions,
            revision: old.revision.saturating_add(1),
            modified,
            ..old.clone()
        };
        let mut tx = self.lock_profile(caller, profile.id, modified).await?;
        let is_stored = profile_rules::change(&mut tx, &new, old.revision).await?;
        let entry = with_rule(about(caller, Action::ProfileRuleChanged, &profile), &new);
        self.commit_version(tx, is_stored, (old, new), entry).await
    }

    /// Deletes a rule: what was issued by it alone is refused from the moment this returns.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn delete_profile_rule(
        &self,
        caller: &Identity,
        profile: ProfileId,
        id: impl Into<OfVersion<ProfileRuleId>>,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let profile = self.managed_profile(caller, profile).await?;
        let rule = self.profile_rule(caller, profile.id, id).await?;
        let stamp = self.stamp(caller);
        let mut tx = self.lock_profile(caller, profile.id, stamp).await?;
        version
            .check_stored(&mut tx, (Versioned::ProfileRule, id.0))
            .await?;
        if !profile_rules::delete(&mut tx, id).await? {
            return Err(no_rule());
        }
        let entry = with_rule(about(caller, Action::ProfileRuleDeleted, &profile), &rule);
        self.commit(tx, entry).await
    }
}

/// Refuses what could not be compared: nothing is stored that has no effect.
fn check(terms: &ProfileRuleTerms) -> Result<(), Refusal> {
    text::check_stored("name", &terms.name, &limit::LABEL_BYTES)?;
    claim_rule::check_number(&terms.conditions)?;
    match &terms.kind {
        ProfileRuleKind::Saml {
            realm,
            expiration_seconds,
        } => {
            claim_rule::check_realm(realm)?;
            check_expiration(*expiration_seconds)?;
            claim_rule::check_claims(&terms.conditions)
        }
        ProfileRuleKind::ComputeResource { cr_type } => check_cr_type(cr_type),
    }
}

fn check_expiration(seconds: u32) -> Result<(), Refusal> {
    if EXPIRATION.contains(&seconds) {
        return Ok(());
    }
    let (least, most) = EXPIRATION.into_inner();
    let message = format!("`expiration` is a number of seconds from {least} to {most}");
    Err(Refusal::invalid("expiration", message))
}

/// Refuses a word for what no compute resource runs on.
pub(super) fn check_cr_type(text: &str) -> Result<(), Refusal> {
    text::check_length("cr_type", text, &limit::WORD_BYTES)?;
    let known = text.parse::<CrType>();
    known
        .map(|_| ())
        .map_err(|why| Refusal::invalid("cr_type", format!("`cr_type` {why}")))
}

fn no_rule() -> IamError {
    IamError::not_found("the rule of the trusted profile")
}

fn with_rule(entry: Entry, rule: &ProfileRule) -> Entry {
    let of = match &rule.kind {
        ProfileRuleKind::Saml { realm, .. } => realm,
        ProfileRuleKind::ComputeResource { cr_type } => cr_type,
    };
    entry
        .with("rule", rule.id)
        .with("of", of)
        .with_beginning("conditions", claim_rule::in_words(&rule.conditions))
}
