//! Access groups: principals of an account that get the same policies, and the dynamic rules by which users come into them.

use super::Stamp;
use super::user_claims::UserClaims;
use crate::model::claim_condition::ClaimCondition;
use base::id::{AccessGroupId, AccountId, GroupRuleId};

/// How a principal is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembershipKind {
    /// It was put there.
    Static,
    /// By a dynamic rule, or because everybody in the account is.
    Dynamic,
}

/// An access group with its dynamic rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessGroup {
    /// Its id.
    pub id: AccessGroupId,
    /// The account it belongs to.
    pub account: AccountId,
    /// Its name, unique in the account.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its rules, the oldest first.
    pub rules: Vec<GroupRule>,
    /// Grows with every change; part of the entity tag.
    pub revision: i64,
    /// When it was created, and by whom.
    pub created: Stamp,
    /// When it was changed last, and by whom.
    pub modified: Stamp,
}

/// A dynamic rule: everyone who meets all its conditions is in the group, for some hours after they have proven who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    /// Its id.
    pub id: GroupRuleId,
    /// The group.
    pub group: AccessGroupId,
    /// Its name.
    pub name: String,
    /// The realm of the logins it is about.
    pub realm: String,
    /// For how many hours it lets users in after they have proven who they are.
    pub expiration_hours: u32,
    /// The conditions, all of which must be met.
    pub conditions: Vec<ClaimCondition>,
    /// Grows with every change; part of the entity tag.
    pub revision: i64,
    /// When it was created, and by whom.
    pub created: Stamp,
    /// When it was changed last, and by whom.
    pub modified: Stamp,
}

/// The membership of a principal that was added to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupMembership {
    /// The group.
    pub group: AccessGroupId,
    /// When, and by whom.
    pub added: Stamp,
}

/// The membership of a user by dynamic rules of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RuledGroup {
    /// The group.
    pub(super) id: AccessGroupId,
    /// For how many hours after their proof they are in it: the most that one of the rules gives.
    pub(super) hours: u32,
}

/// The longest membership that one of these rules gives a user with these claims; `None` if none does.
pub(super) fn most_hours<'a>(
    rules: impl IntoIterator<Item = &'a GroupRule>,
    claims: &UserClaims<'_>,
) -> Option<u32> {
    let met = rules.into_iter().filter(|rule| rule.is_met(claims));
    met.map(|rule| rule.expiration_hours).max()
}

impl GroupRule {
    /// Whether a user with these claims meets it.
    pub(super) fn is_met(&self, claims: &UserClaims<'_>) -> bool {
        claims.meet(&self.realm, &self.conditions)
    }
}
