//! Dynamic rules of access groups: users are in a group while they meet all conditions of one of its rules, by what their tokens say of
//! them, and for as many hours after they have proven who they are as the rule says.

use super::access_group::no_group;
use super::claim_rule;
use super::of_version::OfVersion;
use super::revised::Revised;
use crate::audit::{Action, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::claim_condition::ClaimCondition;
use crate::model::directory::{AccessGroup, GroupRule};
use crate::model::entity_tag;
use crate::model::room::check_room;
use crate::model::text;
use crate::refusal::Refusal;
use crate::repo::counts::CountedItem;
use crate::repo::revisions::Versioned;
use crate::repo::{access_group_rules, access_groups};
use crate::service::Iam;
use crate::token::identity::Identity;
use base::id::{AccessGroupId, GroupRuleId};
use base::limit;
use std::ops::RangeInclusive;

/// For how many hours a rule can let users in after they have proven who they are.
const HOURS: RangeInclusive<u32> = 1..=24;

/// The fields of a rule that can be set.
#[derive(Debug, Clone)]
pub struct GroupRuleTerms {
    /// Its name.
    pub name: String,
    /// The realm of the logins it is about.
    pub realm: String,
    /// For how many hours it lets users in after they have proven who they are.
    pub expiration_hours: u32,
    /// The conditions, all of which must be met.
    pub conditions: Vec<ClaimCondition>,
}

/// The version of a rule, for `If-Match`.
#[must_use]
pub fn group_rule_tag(rule: &GroupRule) -> String {
    entity_tag::of(rule.revision, rule.id.0)
}

impl Revised for GroupRule {
    const CHANGED: &'static str =
        "the rule has changed since its entity tag was read: read it again";

    fn tag(&self) -> String {
        group_rule_tag(self)
    }

    fn is_like(&self, other: &Self) -> bool {
        (&self.name, &self.realm, &self.conditions)
            == (&other.name, &other.realm, &other.conditions)
            && self.expiration_hours == other.expiration_hours
    }
}

impl Iam {
    /// The rules of an access group, the oldest first.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn group_rules(
        &self,
        caller: &Identity,
        id: AccessGroupId,
    ) -> Result<Vec<GroupRule>, IamError> {
        self.found_at_any_node(|| self.known_group_rules(caller, id))
            .await
    }

    fn known_group_rules(
        &self,
        caller: &Identity,
        id: AccessGroupId,
    ) -> Result<Vec<GroupRule>, IamError> {
        let group = self.known_access_group(caller, id)?;
        self.may_see_members(caller)?;
        Ok(group.rules)
    }

    /// One rule of an access group.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn group_rule(
        &self,
        caller: &Identity,
        group: AccessGroupId,
        id: GroupRuleId,
    ) -> Result<GroupRule, IamError> {
        let find = || {
            let rules = self.known_group_rules(caller, group)?;
            let found = rules.into_iter().find(|rule| rule.id == id);
            found.ok_or_else(no_rule)
        };
        self.found_at_any_node(find).await
    }

    /// Makes a rule of an access group: everyone who meets it, and whose proof is not too old for it, is in the group from the moment this
    /// returns.
    ///
    /// # Errors
    /// Without Administrator of the account; when a part of the rule is not valid or not compared; over a limit.
    pub async fn create_group_rule(
        &self,
        caller: &Identity,
        group: AccessGroupId,
        terms: GroupRuleTerms,
    ) -> Result<GroupRule, IamError> {
        let group = self.changeable_group(caller, group).await?;
        check(&terms)?;
        let made = self.stamp(caller);
        let rule = GroupRule {
            id: GroupRuleId(entropy::guid()),
            group: group.id,
            name: terms.name,
            realm: terms.realm,
            expiration_hours: terms.expiration_hours,
            conditions: terms.conditions,
            revision: 1,
            created: made,
            modified: made,
        };
        let mut tx = self.lock_groups(caller).await?;
        if !access_groups::is_there(&mut tx, group.account, group.id).await? {
            return Err(no_group());
        }
        let limit = &limit::GROUP_RULES_PER_ACCOUNT;
        self.check_room(&mut tx, group.account, limit, CountedItem::GroupRules)
            .await?;
        let held = access_group_rules::count_of(&mut tx, group.id).await?;
        check_room("the access group has", held, &limit::RULES_PER_GROUP)?;
        access_group_rules::insert(&mut tx, &rule).await?;
        let entry = about(caller, Action::GroupRuleMade, &group, &rule);
        self.commit(tx, entry).await?;
        Ok(rule)
    }

    /// Replaces a rule. `if_match` has its entity tag, or is `*`.
    ///
    /// # Errors
    /// As [`Self::create_group_rule`]; when it has changed since the tag was read.
    pub async fn replace_group_rule(
        &self,
        caller: &Identity,
        (group, id): (AccessGroupId, GroupRuleId),
        if_match: &str,
        terms: GroupRuleTerms,
    ) -> Result<GroupRule, IamError> {
        self.change_version(
            if_match,
            || self.changeable_group_rule(caller, group, id),
            |old| self.change_group_rule(caller, old, terms.clone()),
        )
        .await
    }

    /// One rule that the caller may change.
    async fn changeable_group_rule(
        &self,
        caller: &Identity,
        group: AccessGroupId,
        id: GroupRuleId,
    ) -> Result<GroupRule, IamError> {
        self.changeable_group(caller, group).await?;
        self.group_rule(caller, group, id).await
    }

    async fn change_group_rule(
        &self,
        caller: &Identity,
        old: GroupRule,
        terms: GroupRuleTerms,
    ) -> Result<Option<GroupRule>, IamError> {
        let group = self.changeable_group(caller, old.group).await?;
        check(&terms)?;
        let new = GroupRule {
            name: terms.name,
            realm: terms.realm,
            expiration_hours: terms.expiration_hours,
            conditions: terms.conditions,
            revision: old.revision.saturating_add(1),
            modified: self.stamp(caller),
            ..old.clone()
        };
        let mut tx = self.lock_groups(caller).await?;
        let is_stored = access_group_rules::change(&mut tx, &new, old.revision).await?;
        let entry = about(caller, Action::GroupRuleChanged, &group, &new);
        self.commit_version(tx, is_stored, (old, new), entry).await
    }

    /// Deletes a rule: those who were in the group by it alone are out of it when this returns.
    ///
    /// # Errors
    /// Without Administrator of the account.
    pub async fn delete_group_rule(
        &self,
        caller: &Identity,
        group: AccessGroupId,
        id: impl Into<OfVersion<GroupRuleId>>,
    ) -> Result<(), IamError> {
        let OfVersion { id, version } = id.into();
        let group = self.changeable_group(caller, group).await?;
        let rule = self.group_rule(caller, group.id, id).await?;
        let mut tx = self.lock_groups(caller).await?;
        version
            .check_stored(&mut tx, (Versioned::GroupRule, id.0))
            .await?;
        if !access_group_rules::delete(&mut tx, id).await? {
            return Err(no_rule());
        }
        let entry = about(caller, Action::GroupRuleDeleted, &group, &rule);
        self.commit(tx, entry).await
    }
}

/// Refuses what could not be compared: nothing is stored that has no effect.
fn check(terms: &GroupRuleTerms) -> Result<(), Refusal> {
    text::check_stored("name", &terms.name, &limit::LABEL_BYTES)?;
    claim_rule::check_realm(&terms.realm)?;
    if !HOURS.contains(&terms.expiration_hours) {
        let (least, most) = HOURS.into_inner();
        let message = format!("`expiration` is a number of hours from {least} to {most}");
        return Err(Refusal::invalid("expiration", message));
    }
    claim_rule::check_number(&terms.conditions)?;
    claim_rule::check_claims(&terms.conditions)
}

fn no_rule() -> IamError {
    IamError::not_found("the rule of the access group")
}

fn about(caller: &Identity, action: Action, group: &AccessGroup, rule: &GroupRule) -> Entry {
    Entry::by(caller, action)
        .in_account(group.account)
        .on(group.id)
        .with("rule", rule.id)
        .with_beginning("conditions", claim_rule::in_words(&rule.conditions))
}
