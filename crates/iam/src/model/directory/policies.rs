//! Policies and the accounts' own roles, by id, by subject and by account: a request looks only at the policies of its caller.

use super::keyed_sets::{KeyedSets, put, take};
use super::map::Map;
use super::policy::{Policy, PolicySubject};
use super::policy_index::PolicyIndex;
use super::policy_role::CustomRole;
use crate::model::time_condition::{Judgement, Span};
use base::id::{AccountId, CustomRoleId, PolicyId};
use base::time::Millis;
use std::collections::BTreeSet;

/// The policies and roles.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Policies {
    pub(super) all: Map<PolicyId, Policy>,
    /// Whether those with a condition of time are in force, and for how long.
    judged: Map<PolicyId, Judgement>,
    /// The span of time for which all of these are right; none while it is not known, since one that bounded it is gone.
    judged_for: Span,
    pub(super) by_subject: KeyedSets<(PolicySubject, AccountId), PolicyId>,
    pub(super) by_account: KeyedSets<AccountId, PolicyId>,
    /// What those in force give, by whom they are for. It is made of the others.
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
            let judgement = condition.judge(now);
            // A change costs what it is about, however many conditions there are.
            self.judged_for = self.judged_for.intersect(judgement.span);
            self.judged.insert(id, judgement);
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
        let judgement = self.judged.get(&id);
        if judgement.is_some_and(|gone| gone.span.bounds(self.judged_for)) {
            self.judged_for = Span::NONE;
        }
        take(&mut self.by_subject, (subject, account), &id);
        take(&mut self.by_account, account, &id);
        self.judged.remove(&id);
        self.all.remove(&id);
    }

    /// Whether the policy gives anything now.
    pub(super) fn is_in_force(&self, policy: &Policy) -> bool {
        let judged = self.judged.get(&policy.id);
        policy.active && judged.is_none_or(|judgement| judgement.holds)
    }

    /// The span of time for which it is known which policies are in force; none where they are to be judged in any case.
    pub(super) const fn judged_for(&self) -> Span {
        self.judged_for
    }

    /// Judges the conditions anew that may have changed by `now`, whichever way the clock went. Gives whom the policies are for that came
    /// into force, or went out of it.
    pub(super) fn judge(&mut self, now: Millis) -> BTreeSet<(PolicySubject, AccountId)> {
        let mut turned = BTreeSet::new();
        let due = self.judged.iter();
        let due = due.filter(|(_, judgement)| !judgement.span.contains(now));
        let due: Vec<(PolicyId, bool)> = due.map(|(id, before)| (*id, before.holds)).collect();
        for (id, held) in due {
            let Some(policy) = self.all.get(&id) else {
                continue;
            };
            let Some(condition) = &policy.condition else {
                continue;
            };
            let judgement = condition.judge(now);
            if judgement.holds != held {
                turned.insert((policy.subject, policy.account));
            }
            self.judged.insert(id, judgement);
        }
        let spans = self.judged.values().map(|judgement| judgement.span);
        self.judged_for = spans.fold(Span::ALL, Span::intersect);
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
