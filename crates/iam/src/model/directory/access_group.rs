//! Access groups: principals of an account that get the same policies, and the dynamic rules by which users come into them.

use super::{Stamp, User};
use crate::model::claim_condition::{ClaimCondition, ClaimValue};
use base::id::{AccessGroupId, AccountId, GroupRuleId};
use std::borrow::Cow;

/// The realm of this server's own users.
pub const OWN_REALM: &str = "IBMid";

/// The claims that rules can ask for: what the tokens of this server's own users say.
pub const CLAIMS: [&str; 8] = [
    "sub",
    "email",
    "name",
    "given_name",
    "family_name",
    "iam_id",
    "id",
    "realmid",
];

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

/// A dynamic rule: everyone who meets all its conditions is in the group.
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
    /// For how many hours a login of another realm counts. This server's own users are compared as they are now.
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

/// That a principal was put into a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupMembership {
    /// The group.
    pub group: AccessGroupId,
    /// When, and by whom.
    pub added: Stamp,
}

impl GroupRule {
    /// Whether the user, whose folded address it is, meets it.
    pub(super) fn is_met(&self, user: &User, folded: &str) -> bool {
        let is_met = |condition: &ClaimCondition| meets(user, folded, condition);
        // A rule without conditions would be met by everybody: it is never stored.
        self.realm == OWN_REALM && !self.conditions.is_empty() && self.conditions.iter().all(is_met)
    }
}

/// Whether the user, whose folded address it is, meets the condition.
pub(super) fn meets(user: &User, folded: &str, condition: &ClaimCondition) -> bool {
    if matches!(condition.claim(), "sub" | "email") {
        return condition.is_met_by_address(folded);
    }
    let found = claim(user, condition.claim()).map(ClaimValue::Text);
    condition.is_met(found.as_ref())
}

/// What a user's tokens say under the name of a claim, which is one of [`CLAIMS`] and not their address.
fn claim<'a>(user: &'a User, name: &str) -> Option<Cow<'a, str>> {
    Some(match name {
        "name" => user.full_name().into(),
        "given_name" => user.given_name.as_str().into(),
        "family_name" => user.family_name.as_str().into(),
        "iam_id" | "id" => user.id.to_string().into(),
        "realmid" => OWN_REALM.into(),
        _ => return None,
    })
}
