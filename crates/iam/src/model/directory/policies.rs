//! Policies and the accounts' own roles, by id, by subject and by account: a request looks only at the policies of its caller.

use super::keyed_sets::{KeyedSets, put, take};
use super::map::Map;
use super::policy::{Policy, PolicySubject};
use super::policy_index::PolicyIndex;
use super::policy_role::CustomRole;
use base::id::{AccountId, CustomRoleId, PolicyId};

/// The policies and roles.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Policies {
    pub(super) all: Map<PolicyId, Policy>,
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
    pub(super) fn add(&mut self, policy: Policy) {
        let id = policy.id;
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
        self.all.remove(&id);
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
