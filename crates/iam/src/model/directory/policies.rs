//! Policies and the accounts' own roles, by id, by subject and by account: a request looks only at the policies of its caller.

use super::judgements::Judgements;
use super::keyed_sets::{KeyedSets, put, take};
use super::map::Map;
use super::policy::{Policy, PolicySubject};
use super::policy_index::PolicyIndex;
use super::policy_role::CustomRole;
use crate::model::time_condition::Span;
use base::id::{AccountId, CustomRoleId, PolicyId};
use base::time::Millis;
use std::collections::BTreeSet;

/// The policies and roles.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Policies {
    pub(super) all: Map<PolicyId, Policy>,
    /// Whether those with a condition of time are in force, and for how long.
    judged: Judgements,
    pub(super) by_subject: KeyedSets<(PolicySubject, AccountId), PolicyId>,
    pub(super) by_account: KeyedSets<AccountId, PolicyId>,
    /// The actions by policies in force, by subject. It is derived from the other fields.
    pub(super) index: Map<(PolicySubject, AccountId), PolicyIndex>,
    pub(super) roles: Map<CustomRoleId, CustomRole>,
    pub(super) roles_by_account: KeyedSets<AccountId, CustomRoleId>,
    /// The name of a role never changes.
    pub(super) roles_by_name: Map<(AccountId, String), CustomRoleId>,
}

impl Policies {
    /// Adds a policy. Its condition is judged at `now`.
    pub(super) fn add(&mut self, policy: Policy, now: Millis) {
        let id = policy.id;
        if let Some(condition) = &policy.condition {
            self.judged.insert(id, condition.judge(now));
        }
        put(&mut self.by_subject, (policy.subject, policy.account), id);
        put(&mut self.by_account, policy.account, id);
        self.all.insert(id, policy);
    }

    pub(super) fn forget(&mut self, id: PolicyId) {
        let Some(policy) = self.all.get(&id) else {
            return;
        };
        let (subject, account) = (policy.subject, policy.account);
        take(&mut self.by_subject, (subject, account), &id);
        take(&mut self.by_account, account, &id);
        self.judged.remove(id);
        self.all.remove(&id);
    }

    /// Whether the policy gives anything now.
    pub(super) fn is_in_force(&self, policy: &Policy) -> bool {
        let judged = self.judged.get(policy.id);
        policy.active && judged.is_none_or(|judgement| judgement.is_met)
    }

    /// The span of time for which it is known which policies are in force.
    pub(super) fn judged_for(&self) -> Span {
        self.judged.right_for()
    }

    /// Judges the conditions anew that may have changed by `now`, whichever way the clock went. Gives whom the policies are for that came
    /// into force, or went out of it.
    pub(super) fn judge(&mut self, now: Millis) -> BTreeSet<(PolicySubject, AccountId)> {
        let mut turned = BTreeSet::new();
        for id in self.judged.due(now) {
            let Some(policy) = self.all.get(&id) else {
                continue;
            };
            let Some(condition) = &policy.condition else {
                continue;
            };
            let judgement = condition.judge(now);
            let held = self.judged.get(id).map(|before| before.is_met);
            if held != Some(judgement.is_met) {
                turned.insert((policy.subject, policy.account));
            }
            self.judged.insert(id, judgement);
        }
        turned
    }

    pub(super) fn add_role(&mut self, role: CustomRole) {
        put(&mut self.roles_by_account, role.account, role.id);
        let name = (role.account, role.name.clone());
        self.roles_by_name.insert(name, role.id);
        self.roles.insert(role.id, role);
    }

    pub(super) fn forget_role(&mut self, id: CustomRoleId) {
        let Some(role) = self.roles.get(&id) else {
            return;
        };
        let account = role.account;
        let name = (account, role.name.clone());
        self.roles_by_name.remove(&name);
        take(&mut self.roles_by_account, account, &id);
        self.roles.remove(&id);
    }
}
