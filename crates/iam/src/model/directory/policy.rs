//! Access policies: the roles that a principal has, by itself or by an access group, and the domains of the account in which it has
//! them. One for instances of the monitoring service is an authorization.

use super::Stamp;
use super::authorization_source::AuthorizationSource;
use super::policy_role::PolicyRole;
use super::policy_target::{Attribute, AttributeKey, PolicyTarget};
use crate::model::time_condition::TimeCondition;
use base::id::{AccessGroupId, AccountId, PolicyId, UserId};
use base::principal::Principal;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The subject of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicySubject {
    /// One principal.
    Principal(Principal),
    /// Everybody in the access group.
    Group(AccessGroupId),
    /// A person who has not accepted their invitation yet, by its id: the policy begins with the acceptance.
    Invited(UserId),
    /// Instances of the account, for those who act as one: the policy is an authorization.
    Source(AuthorizationSource),
}

impl PolicySubject {
    /// Whether it is the source of an authorization.
    #[must_use]
    pub const fn is_source(self) -> bool {
        matches!(self, Self::Source(_))
    }
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// The account it belongs to.
    pub account: AccountId,
    /// The subject.
    pub subject: PolicySubject,
    /// Its description.
    pub description: String,
    /// The roles it gives; at least one.
    pub roles: Vec<PolicyRole>,
    /// The attributes of its resource, in the order given.
    pub attributes: Vec<Attribute>,
    /// The domains that the attributes select.
    pub(crate) target: PolicyTarget,
    /// When it is in force; always, if it has no condition.
    pub condition: Option<Arc<TimeCondition>>,
    /// Whether it is switched on: one that was set to `deleted` gives nothing until it is set to `active`.
    pub active: bool,
    /// Grows with every change; part of the entity tag.
    pub revision: i64,
    /// When it was created, and by whom.
    pub created: Stamp,
    /// When it was changed last, and by whom.
    pub modified: Stamp,
}

impl Policy {
    /// Whether both are switched on, and give the same roles in the same place at the same times, however either was written. Whom they
    /// are for is not compared.
    pub(crate) fn repeats(&self, other: &Self) -> bool {
        let roles = |policy: &Self| {
            policy
                .roles
                .iter()
                .copied()
                .collect::<BTreeSet<PolicyRole>>()
        };
        let keys = |policy: &Self| {
            let keys = policy.attributes.iter().map(|attribute| attribute.key);
            keys.collect::<BTreeSet<AttributeKey>>()
        };
        let is_at_the_same_times = match (&self.condition, &other.condition) {
            (None, None) => true,
            (Some(one), Some(other)) => one.is_equivalent(other),
            _ => false,
        };
        self.active
            && other.active
            && self.target == other.target
            && is_at_the_same_times
            && roles(self) == roles(other)
            && keys(self) == keys(other)
    }
}
