//! Policies in the directory: whose they are, and what they allow in a domain. They are found by their subjects, so that a request
//! looks at those of its caller alone.

use super::policy::{Policy, PolicySubject};
use super::policy_role::{CustomRole, PolicyRole};
use super::{Directory, Map};
use base::id::{AccountId, CustomRoleId, OrgId, PolicyId};
use base::principal::Principal;
use base::scope::{Actions, Domain};
use std::collections::BTreeSet;
use std::hash::Hash;

/// Policies and the accounts' own roles, each found by its id and by whom or what it belongs to.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Policies {
    all: Map<PolicyId, Policy>,
    by_subject: Map<PolicySubject, BTreeSet<PolicyId>>,
    by_account: Map<AccountId, BTreeSet<PolicyId>>,
    roles: Map<CustomRoleId, CustomRole>,
    roles_by_account: Map<AccountId, BTreeSet<CustomRoleId>>,
}

impl Policies {
    pub(super) fn add(&mut self, policy: Policy) {
        let id = policy.id;
        put(&mut self.by_subject, policy.subject, id);
        put(&mut self.by_account, policy.account, id);
        self.all.insert(id, policy);
    }

    pub(super) fn forget(&mut self, id: PolicyId) {
        let Some(policy) = self.all.get(&id) else {
            return;
        };
        let (subject, account) = (policy.subject, policy.account);
        take(&mut self.by_subject, subject, id);
        take(&mut self.by_account, account, id);
        self.all.remove(&id);
    }

    pub(super) fn add_role(&mut self, role: CustomRole) {
        put(&mut self.roles_by_account, role.account, role.id);
        self.roles.insert(role.id, role);
    }

    pub(super) fn forget_role(&mut self, id: CustomRoleId) {
        let Some(account) = self.roles.get(&id).map(|role| role.account) else {
            return;
        };
        take(&mut self.roles_by_account, account, id);
        self.roles.remove(&id);
    }
}

fn put<K: Eq + Hash + Clone, V: Ord + Clone>(lists: &mut Map<K, BTreeSet<V>>, key: K, value: V) {
    lists.change(key, |list| {
        list.insert(value);
    });
}

/// An empty list is removed: a directory that was changed equals one that is read anew.
fn take<K: Eq + Hash + Clone, V: Ord + Clone>(lists: &mut Map<K, BTreeSet<V>>, key: K, value: V) {
    let is_last = lists.get(&key).is_none_or(|list| list.len() == 1);
    if is_last {
        lists.remove(&key);
    } else {
        lists.change(key, |list| {
            list.remove(&value);
        });
    }
}

impl Directory {
    /// What the principal's policies allow in the domain.
    pub(super) fn policy_actions(&self, principal: Principal, domain: Domain) -> Actions {
        let covering = self.policies_for(principal);
        let covering = covering.filter(|policy| self.covers(policy, domain));
        covering.fold(Actions::NONE, |sum, policy| {
            sum.union(self.given_actions(policy))
        })
    }

    /// Whether the principal has any role in the domain, or a policy that gives something there.
    #[must_use]
    pub fn is_admitted(&self, principal: impl Into<Principal>, domain: Domain) -> bool {
        let principal = principal.into();
        !self.roles(principal, domain).is_empty()
            || self
                .policies_for(principal)
                .any(|policy| self.covers(policy, domain))
    }

    /// The policies in force for the principal, by itself and by its access groups, in the accounts that it is in.
    pub(crate) fn policies_for(&self, principal: Principal) -> impl Iterator<Item = &Policy> {
        let own = PolicySubject::Principal(principal);
        // Where nobody has a policy, nobody's groups are looked for.
        let groups = (!self.policies.by_subject.is_empty()).then(|| self.groups_of(principal));
        let groups = groups.into_iter().flatten().map(PolicySubject::Group);
        let ids = std::iter::once(own)
            .chain(groups)
            .filter_map(move |subject| self.policies.by_subject.get(&subject))
            .flatten();
        ids.filter_map(move |id| self.policies.all.get(id))
            .filter(move |policy| policy.active && self.is_member(principal, policy.account))
    }

    /// Whether one of the principal's policies covers the organization, or a space in it.
    pub(crate) fn policies_show_org(&self, principal: Principal, org: OrgId) -> bool {
        let Some(account) = self.account_of(Domain::Org(org)) else {
            return false;
        };
        let spaces = self.spaces_of(account).iter();
        let spaces = spaces.filter(|space| self.org_of(**space) == Some(org));
        let domains = spaces.map(|space| Domain::Space(*space));
        let mut domains = std::iter::once(Domain::Org(org)).chain(domains);
        self.policies_for(principal).next().is_some()
            && domains.any(|domain| {
                self.policies_for(principal)
                    .any(|policy| self.covers(policy, domain))
            })
    }

    /// Whether the policy is about the domain.
    pub(crate) fn covers(&self, policy: &Policy, domain: Domain) -> bool {
        self.account_of(domain) == Some(policy.account) && policy.target.covers(self, domain)
    }

    /// What the policy allows in the domains that it is about.
    fn given_actions(&self, policy: &Policy) -> Actions {
        let each = policy.roles.iter().map(|role| self.role_actions(*role));
        each.fold(Actions::NONE, Actions::union)
    }

    /// What a role of a policy allows.
    #[must_use]
    pub fn role_actions(&self, role: PolicyRole) -> Actions {
        match role {
            PolicyRole::Named(role) => role.actions(),
            PolicyRole::Custom(id) => self
                .custom_role(id)
                .map_or(Actions::NONE, |role| Actions::of(&role.actions)),
        }
    }

    /// The policy with this id, in force or not.
    #[must_use]
    pub fn policy(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.all.get(&id)
    }

    /// The policies of the account, in force or not, by their ids.
    pub(crate) fn policies_of(&self, account: AccountId) -> impl Iterator<Item = &Policy> {
        let ids = self.policies.by_account.get(&account).into_iter().flatten();
        ids.filter_map(move |id| self.policies.all.get(id))
    }

    /// The role of an account's own with this id.
    #[must_use]
    pub fn custom_role(&self, id: CustomRoleId) -> Option<&CustomRole> {
        self.policies.roles.get(&id)
    }

    /// The account's own roles, by their ids.
    pub(crate) fn custom_roles_of(&self, account: AccountId) -> impl Iterator<Item = &CustomRole> {
        let ids = self.policies.roles_by_account.get(&account);
        let ids = ids.into_iter().flatten();
        ids.filter_map(move |id| self.policies.roles.get(id))
    }

    /// The region that the domain lies in: that of the organization. The account's own domain lies in the region of a server that
    /// has one, and else in none.
    pub(crate) fn region_of(&self, domain: Domain) -> Option<&str> {
        let org = match domain {
            Domain::Account(_) => {
                return match self.regions.as_slice() {
                    [only] => Some(only.name.as_str()),
                    _ => None,
                };
            }
            Domain::Org(id) => id,
            Domain::Space(id) => self.org_of(id)?,
        };
        self.orgs.get(&org).map(|org| org.region.as_str())
    }
}
