//! The rights that policies give: the directory finds a principal's policies by their subjects.

use super::Directory;
use super::alike_spaces::AlikeSpaces;
use super::change::{Change, Changed};
use super::map::Map;
use super::policy::{Policy, PolicySubject};
use super::policy_index::{Place, PolicyIndex, together};
use super::policy_role::{CustomRole, PolicyRole};
use super::policy_target::{AttributeKey, DomainKind, PolicyTarget, by_name, is_met, wrong};
use crate::refusal::Refusal;
use base::id::{AccessGroupId, AccountId, CustomRoleId, OrgId, PolicyId, SpaceId};
use base::principal::Principal;
use base::scope::{Actions, Domain};
use std::collections::{BTreeSet, HashSet};

/// For so many spaces it is not worth putting all policies of a principal together.
const FEW_SPACES: usize = 4;

/// The refusal of what is not in the account.
fn missing(key: AttributeKey, what: &str) -> Refusal {
    wrong(key, what).remedy(by_name(key))
}

impl PolicyTarget {
    /// Checks that what the attributes name is there, and can be one domain, so that a slip does not become a policy without any effect.
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
        if let (Some(kind), Some(guid)) = (self.kind, self.resource)
            && !is_there(kind.domain(guid))
        {
            return Err(missing(
                AttributeKey::Resource,
                "is no such domain of the account",
            ));
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
        if let Some((one, other)) = self.contradiction(directory) {
            let what = format!(
                "cannot be met together with `{}`: nothing in the account has both",
                other.name()
            );
            return Err(wrong(one, &what));
        }
        Ok(())
    }

    /// Two attributes that no domain has together, now or later. (The instance of a space can go to another resource group.)
    fn contradiction(&self, directory: &Directory) -> Option<(AttributeKey, AttributeKey)> {
        use AttributeKey::{Kind, Org, Region, Resource, Space};
        let of_kind = self.kind.zip(self.resource);
        let of_kind = of_kind.map(|(kind, guid)| kind.domain(guid));
        if let Some(space) = self.space {
            if self.kind.is_some_and(|kind| kind != DomainKind::Space) {
                return Some((Space, Kind));
            }
            if of_kind.is_some_and(|other| other != Domain::Space(space)) {
                return Some((Space, Resource));
            }
            if self
                .org
                .is_some_and(|org| directory.org_of(space) != Some(org))
            {
                return Some((Space, Org));
            }
        }
        if let Some(org) = self.org {
            let is_in_org = match of_kind {
                Some(Domain::Space(space)) => directory.org_of(space) == Some(org),
                Some(Domain::Org(other)) => other == org,
                Some(Domain::Account(_)) | None => true,
            };
            if self.kind == Some(DomainKind::Account) {
                return Some((Org, Kind));
            }
            if !is_in_org {
                return Some((Org, Resource));
            }
        }
        let named = self.space.map(|space| (Space, Domain::Space(space)));
        let named = named.or(of_kind.map(|domain| (Resource, domain)));
        let (key, domain) = named.or(self.org.map(|org| (Org, Domain::Org(org))))?;
        let (operator, value) = self.region.as_ref()?;
        let is_elsewhere = |own: &str| !is_met(*operator, value, own);
        let has_another = directory.region_of(domain).is_some_and(is_elsewhere);
        has_another.then_some((key, Region))
    }
}

impl Directory {
    /// What the principal may do in the domain by its roles there and by policies; none if it has neither.
    #[must_use]
    pub fn access(&self, principal: impl Into<Principal>, domain: Domain) -> Option<Actions> {
        let principal = principal.into();
        let roles = self.roles(principal, domain).iter();
        let by_roles = roles.map(|role| role.actions()).reduce(Actions::union);
        together(by_roles, self.access_by_policies(principal, domain))
    }

    /// Whether the principal has any role in the domain, or a policy that gives something there.
    #[must_use]
    pub fn has_access(&self, principal: impl Into<Principal>, domain: Domain) -> bool {
        self.access(principal, domain).is_some()
    }

    /// Those of these spaces of the account in which the principal has access. Where they are many, its policies are put together first.
    pub(crate) fn accessible(
        &self,
        principal: Principal,
        account: AccountId,
        spaces: &[SpaceId],
    ) -> Vec<SpaceId> {
        let spaces = spaces.iter().copied();
        if spaces.len() <= FEW_SPACES {
            let is_accessible = |space: &SpaceId| self.has_access(principal, Domain::Space(*space));
            return spaces.filter(is_accessible).collect();
        }
        let index = PolicyIndex::union(self.policy_indexes(principal, account));
        let is_accessible = |space: &SpaceId| {
            let domain = Domain::Space(*space);
            let is_about = |index: &PolicyIndex| self.is_about(index, account, domain);
            !self.roles(principal, domain).is_empty() || index.as_ref().is_some_and(is_about)
        };
        spaces.filter(is_accessible).collect()
    }

    /// What the policies in force for the principal give in the domain; none if none of them is about it.
    fn access_by_policies(&self, principal: Principal, domain: Domain) -> Option<Actions> {
        let mut all = self.policy_indexes(principal, self.account_of(domain)?);
        let first = all.next()?;
        let place = self.place(domain);
        std::iter::once(first)
            .chain(all)
            .filter_map(|index| index.actions(&place))
            .reduce(Actions::union)
    }

    /// The domain, with all that policies can name it by.
    pub(super) fn place(&self, domain: Domain) -> Place<'_> {
        Place {
            domain,
            org: match domain {
                Domain::Account(_) => None,
                Domain::Org(id) => Some(id),
                Domain::Space(id) => self.org_of(id),
            },
            group: self.resource_group_of(domain),
            region: self.region_of(domain),
        }
    }

    /// The indexes of the policies for the principal, by itself and by its access groups, in an account; none if it is not in it.
    fn policy_indexes(
        &self,
        principal: Principal,
        account: AccountId,
    ) -> impl Iterator<Item = &PolicyIndex> {
        let named = self.named_groups(principal).iter();
        let named = named.map(|membership| membership.group);
        // One that it was put into as well gives nothing more.
        let ruled = self.ruled_groups(principal).iter().copied();
        let public = self.has_public_access(account);
        let public = public.then(|| AccessGroupId::public(account));
        let groups = named.chain(ruled).chain(public).map(PolicySubject::Group);
        let subjects = std::iter::once(PolicySubject::Principal(principal)).chain(groups);
        // Groups matter only if there is any policy.
        let has_any =
            self.policies.by_account.contains_key(&account) && self.is_member(principal, account);
        let subjects = has_any.then_some(subjects).into_iter().flatten();
        subjects.filter_map(move |subject| self.policies.index.get(&(subject, account)))
    }

    /// Whether a policy for the principal in the account is about the account's own domain alone, and whether one may be about another.
    pub(crate) fn reach_of_policies(
        &self,
        principal: Principal,
        account: AccountId,
    ) -> (bool, bool) {
        let all = self.policy_indexes(principal, account);
        all.map(PolicyIndex::reach)
            .fold((false, false), |sum, reach| {
                (sum.0 || reach.0, sum.1 || reach.1)
            })
    }

    /// The organizations and spaces of the account that policies for the principal are about.
    pub(crate) fn shown_by_policies(
        &self,
        principal: Principal,
        account: AccountId,
    ) -> (HashSet<OrgId>, HashSet<SpaceId>) {
        let (mut orgs, mut spaces) = (HashSet::new(), HashSet::new());
        let Some(index) = PolicyIndex::union(self.policy_indexes(principal, account)) else {
            return (orgs, spaces);
        };
        for domain in index.domains() {
            if self.is_about(&index, account, domain) {
                match domain {
                    Domain::Account(_) => {}
                    Domain::Org(id) => {
                        orgs.insert(id);
                    }
                    Domain::Space(id) => {
                        spaces.insert(id);
                    }
                }
            }
        }
        if index.names_many() {
            let all = self.orgs_of(account).iter().copied();
            orgs.extend(all.filter(|org| self.is_about(&index, account, Domain::Org(*org))));
            let indexes = [&index];
            let mut alike = AlikeSpaces::new(self, &indexes);
            let all = self.spaces_of(account).iter().copied();
            spaces.extend(all.filter(|space| alike.has(*space)));
        }
        (orgs, spaces)
    }

    /// Whether one of the policies for the principal is about the organization, or about a space in it.
    pub(crate) fn policies_show_org(&self, principal: Principal, org: OrgId) -> bool {
        let Some(account) = self.account_of(Domain::Org(org)) else {
            return false;
        };
        let all: Vec<&PolicyIndex> = self.policy_indexes(principal, account).collect();
        let is_inside = |space: SpaceId| self.org_of(space) == Some(org);
        let place = self.place(Domain::Org(org));
        let is_shown = |index: &&PolicyIndex| {
            let mut named = index.domains();
            index.actions(&place).is_some()
                || named.any(|domain| {
                    matches!(domain, Domain::Space(space) if is_inside(space))
                        && self.is_about(index, account, domain)
                })
        };
        if all.iter().any(is_shown) {
            return true;
        }
        let many = all.into_iter().filter(|index| index.names_many());
        let many: Vec<&PolicyIndex> = many.collect();
        let mut alike = AlikeSpaces::new(self, &many);
        let mut spaces = self.spaces_of(account).iter().copied();
        !many.is_empty() && spaces.any(|space| is_inside(space) && alike.has(space))
    }

    /// Whether a policy of an index of the account is about the domain.
    fn is_about(&self, index: &PolicyIndex, account: AccountId, domain: Domain) -> bool {
        self.account_of(domain) == Some(account) && index.actions(&self.place(domain)).is_some()
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

    /// Makes the indexes of all policies.
    pub(super) fn index_all_policies(&mut self) {
        let all = self.policies.all.values();
        let all: BTreeSet<(PolicySubject, AccountId)> =
            all.map(|policy| (policy.subject, policy.account)).collect();
        self.policies.index = Map::default();
        for (subject, account) in all {
            self.index_policies(subject, account);
        }
    }

    /// The same after changes, before which the directory was `before`: only what they are about is made again.
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
        let ids = self.policies.by_subject.get(&subject);
        let all = ids.into_iter().flatten();
        let all = all.filter_map(|id| self.policies.all.get(id));
        let mut index = PolicyIndex::default();
        for policy in all.filter(|policy| policy.account == account && policy.active) {
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

#[cfg(test)]
mod tests;
