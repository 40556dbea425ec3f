//! Keeps the indexes of policies through changes and through time: only what a change is about is made again, and what a condition of
//! time has brought into force, or out of it.

use super::Directory;
use super::change::{Change, Changed};
use super::map::Map;
use super::policy::PolicySubject;
use super::policy_index::PolicyIndex;
use super::policy_role::PolicyRole;
use base::id::AccountId;
use base::scope::Actions;
use base::time::Millis;
use std::collections::BTreeSet;

impl Directory {
    /// Makes the indexes of all policies.
    pub(super) fn index_all_policies(&mut self) {
        let all = self.policies.by_subject.keys();
        let all: Vec<(PolicySubject, AccountId)> = all.copied().collect();
        self.policies.index = Map::default();
        for (subject, account) in all {
            self.index_policies(subject, account);
        }
    }

    /// Whether it is known for this instant which policies are in force.
    pub(crate) fn is_judged_for(&self, now: Millis) -> bool {
        self.policies.judged_for().contains(now)
    }

    /// When a policy may come into force, or go out of it, by its condition of time.
    pub(crate) fn judged_until(&self) -> Millis {
        self.policies.judged_for().end()
    }

    /// Judges the conditions of time at this instant.
    pub(crate) fn judge_policies(&mut self, now: Millis) {
        for (subject, account) in self.policies.judge(now) {
            self.index_policies(subject, account);
        }
    }

    /// Makes the indexes anew of those subjects that changes are about, before which the directory was `before`.
    pub(super) fn index_changed_policies(&mut self, before: &Self, changed: &Changed) {
        if before.regions != self.regions {
            self.index_all_policies();
            return;
        }
        let mut touched: BTreeSet<(PolicySubject, AccountId)> = BTreeSet::new();
        for change in changed.iter() {
            match *change {
                Change::Policy(id) => {
                    let both = [before.policy(id), self.policy(id)];
                    let both = both.into_iter().flatten();
                    touched.extend(both.map(|policy| (policy.subject, policy.account)));
                }
                Change::CustomRole(id) => {
                    let role = PolicyRole::Custom(id);
                    if before.role_actions(role) == self.role_actions(role) {
                        continue;
                    }
                    let of = before.custom_role(id).or_else(|| self.custom_role(id));
                    let all = of.into_iter().flat_map(|of| self.policies_of(of.account));
                    let all = all.filter(|policy| policy.roles.contains(&role));
                    touched.extend(all.map(|policy| (policy.subject, policy.account)));
                }
                _ => {}
            }
        }
        for (subject, account) in touched {
            self.index_policies(subject, account);
        }
    }

    fn index_policies(&mut self, subject: PolicySubject, account: AccountId) {
        let key = (subject, account);
        let ids = self.policies.by_subject.get(&key);
        let all = ids.into_iter().flatten();
        let all = all.filter_map(|id| self.policies.all.get(id));
        let mut index = PolicyIndex::default();
        for policy in all.filter(|policy| self.policies.is_in_force(policy)) {
            let each = policy.roles.iter().map(|role| self.role_actions(*role));
            let actions = each.fold(Actions::NONE, Actions::union);
            index.add(&policy.target, actions, &self.regions);
        }
        // Nobody asks for what is for a person who has not accepted yet.
        if index.is_empty() || matches!(subject, PolicySubject::Invited(_)) {
            self.policies.index.remove(&key);
        } else {
            self.policies.index.insert(key, index);
        }
    }
}
