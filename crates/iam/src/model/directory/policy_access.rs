//! The rights that policies give: the directory finds a principal's policies by their subjects.

use super::Directory;
use super::policy::{Policy, PolicySubject};
use super::policy_role::{CustomRole, PolicyRole};
use super::policy_target::{AttributeKey, DomainKind, PolicyTarget, by_name, is_met, wrong};
use crate::refusal::Refusal;
use base::id::{AccountId, CustomRoleId, OrgId, PolicyId, SpaceId};
use base::principal::Principal;
use base::scope::{Actions, Domain};

/// The refusal of what is not in the account.
fn missing(key: AttributeKey, what: &str) -> Refusal {
    wrong(key, what).remedy(by_name(key))
}

impl PolicyTarget {
    /// Checks that what the attributes name is there, so that a slip does not become a policy without any effect.
    pub(crate) fn check_named(
        &self,
        directory: &Directory,
        account: AccountId,
    ) -> Result<(), Refusal> {
        let is_there = |domain| directory.account_of(domain) == Some(account);
        if let Some(org) = self.org
            && !is_there(Domain::Org(org))
        {
            return Err(missing(
                AttributeKey::Org,
                "is no organization of the account",
            ));
        }
        if let Some(space) = self.space
            && !is_there(Domain::Space(space))
        {
            return Err(missing(AttributeKey::Space, "is no space of the account"));
        }
        if let Some(group) = self.group {
            let found = directory.resource_group(group);
            if found.is_none_or(|found| found.account != account) {
                return Err(missing(
                    AttributeKey::ResourceGroup,
                    "is no resource group of the account",
                ));
            }
        }
        if let (Some(kind), Some(guid)) = (self.kind, self.resource) {
            let domain = match kind {
                DomainKind::Account => Domain::Account(AccountId(guid)),
                DomainKind::Org => Domain::Org(OrgId(guid)),
                DomainKind::Space => Domain::Space(SpaceId(guid)),
            };
            if !is_there(domain) {
                return Err(missing(
                    AttributeKey::Resource,
                    "is no such domain of the account",
                ));
            }
        }
        if let Some((operator, value)) = &self.region {
            let mut all = directory.regions.iter();
            if !all.any(|region| is_met(*operator, value, &region.name)) {
                let all = directory.regions.iter();
                let all: Vec<String> = all.map(|region| format!("`{}`", region.name)).collect();
                let what = format!("is no region of this server, which has {}", all.join(", "));
                return Err(wrong(AttributeKey::Region, &what));
            }
        }
        Ok(())
    }

    /// Whether the domain has all attributes.
    pub(crate) fn covers(&self, directory: &Directory, domain: Domain) -> bool {
        let (kind, guid) = DomainKind::of(domain);
        let org = match domain {
            Domain::Account(_) => None,
            Domain::Org(id) => Some(id),
            Domain::Space(id) => directory.org_of(id),
        };
        self.kind.is_none_or(|own| own == kind)
            && self.resource.is_none_or(|own| own == guid)
            && self.space.is_none_or(|own| domain == Domain::Space(own))
            && self.org.is_none_or(|own| org == Some(own))
            && (self.group).is_none_or(|own| directory.resource_group_of(domain) == Some(own))
            && self.region.as_ref().is_none_or(|(operator, value)| {
                let region = directory.region_of(domain);
                region.is_some_and(|region| is_met(*operator, value, region))
            })
    }
}

impl Directory {
    /// The actions that the principal's policies allow in the domain.
    pub(super) fn policy_actions(&self, principal: Principal, domain: Domain) -> Actions {
        let covering = self.policies_for(principal);
        let covering = covering.filter(|policy| self.covers(policy, domain));
        covering.fold(Actions::NONE, |sum, policy| {
            sum.union(self.given_actions(policy))
        })
    }

    /// Whether the principal has any role in the domain, or a policy that gives something there.
    #[must_use]
    pub fn has_access(&self, principal: impl Into<Principal>, domain: Domain) -> bool {
        let principal = principal.into();
        !self.roles(principal, domain).is_empty()
            || self
                .policies_for(principal)
                .any(|policy| self.covers(policy, domain))
    }

    /// The policies in force for the principal, by itself and by its access groups, in the accounts that it is in.
    pub(crate) fn policies_for(&self, principal: Principal) -> impl Iterator<Item = &Policy> {
        let own = PolicySubject::Principal(principal);
        // Groups matter only if there is any policy.
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

    /// The actions that the policy allows in the domains that it is about.
    fn given_actions(&self, policy: &Policy) -> Actions {
        let each = policy.roles.iter().map(|role| self.role_actions(*role));
        each.fold(Actions::NONE, Actions::union)
    }

    /// The actions that a role of a policy allows.
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

    /// The account's own role with this cloud resource name.
    pub(crate) fn custom_role_of_crn(&self, account: AccountId, crn: &str) -> Option<CustomRoleId> {
        let name = CustomRole::name_in_crn(crn, account)?;
        let name = (account, name.to_owned());
        self.policies.roles_by_name.get(&name).copied()
    }

    /// The account's own roles, by their ids.
    pub(crate) fn custom_roles_of(&self, account: AccountId) -> impl Iterator<Item = &CustomRole> {
        let ids = self.policies.roles_by_account.get(&account);
        let ids = ids.into_iter().flatten();
        ids.filter_map(move |id| self.policies.roles.get(id))
    }

    /// The region of the domain: that of its organization. The account's own domain has the server's region if there is only one,
    /// otherwise none.
    #[must_use]
    pub fn region_of(&self, domain: Domain) -> Option<&str> {
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
