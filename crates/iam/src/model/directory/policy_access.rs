//! The actions of a principal in a domain: by its roles there, and by the policies for it and its access groups. Nothing else counts.

use super::alike_spaces::AlikeSpaces;
use super::authorization_source::AuthorizationSource;
use super::policy::{Policy, PolicySubject};
use super::policy_index::{Place, PolicyIndex, together};
use super::policy_role::{CustomRole, PolicyRole};
use super::{Directory, ProvenPrincipal};
use base::id::{AccessGroupId, AccountId, CustomRoleId, InstanceId, OrgId, PolicyId, SpaceId};
use base::principal::Principal;
use base::scope::{Actions, Domain};
use std::collections::HashSet;

/// Up to this number of spaces it is cheaper to decide on each than to combine all policies of a principal first.
const FEW_SPACES: usize = 4;

/// At so many policies of a principal a refusal looks for one out of its time: senders are refused often, and it serves a hint alone.
const POLICIES_FOR_HINT: usize = 100;

impl Directory {
    /// What the principal may do in the domain by its roles there and by policies; none if it has neither.
    #[must_use]
    pub fn access(&self, proven: ProvenPrincipal, domain: Domain) -> Option<Actions> {
        let roles = self.roles(proven.principal, domain).iter();
        let by_roles = roles.map(|role| role.actions()).reduce(Actions::union);
        together(by_roles, self.access_by_policies(proven, domain))
    }

    /// Whether the principal has any role in the domain, or a policy that gives something there.
    #[must_use]
    pub fn has_access(&self, proven: ProvenPrincipal, domain: Domain) -> bool {
        self.access(proven, domain).is_some()
    }

    /// Those of these spaces of the account in which the principal has access. Where they are many, its policies are put together first.
    pub(crate) fn accessible(
        &self,
        proven: ProvenPrincipal,
        account: AccountId,
        spaces: &[SpaceId],
    ) -> Vec<SpaceId> {
        let spaces = spaces.iter().copied();
        if spaces.len() <= FEW_SPACES {
            let is_accessible = |space: &SpaceId| self.has_access(proven, Domain::Space(*space));
            return spaces.filter(is_accessible).collect();
        }
        let index = PolicyIndex::union(self.policy_indexes(proven, account));
        let is_accessible = |space: &SpaceId| {
            let domain = Domain::Space(*space);
            let is_about = |index: &PolicyIndex| self.is_about(index, account, domain);
            !self.roles(proven.principal, domain).is_empty() || index.as_ref().is_some_and(is_about)
        };
        spaces.filter(is_accessible).collect()
    }

    /// What the policies in force for the principal give in the domain; none if none of them is about it.
    fn access_by_policies(&self, proven: ProvenPrincipal, domain: Domain) -> Option<Actions> {
        let mut all = self.policy_indexes(proven, self.account_of(domain)?);
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

    /// The indexes of the policies in force for the principal in an account.
    fn policy_indexes(
        &self,
        proven: ProvenPrincipal,
        account: AccountId,
    ) -> impl Iterator<Item = &PolicyIndex> {
        let subjects = self.subjects_of(proven, account);
        subjects.filter_map(move |subject| self.policies.index.get(&(subject, account)))
    }

    /// Whether a policy of the account that is switched on for the principal is out of force now by its condition of time.
    pub(crate) fn has_policy_out_of_time(
        &self,
        proven: ProvenPrincipal,
        account: AccountId,
    ) -> bool {
        let subjects = self.subjects_of(proven, account);
        let ids = subjects.filter_map(|subject| self.policies.by_subject.get(&(subject, account)));
        let policies = ids.flatten().filter_map(|id| self.policies.all.get(id));
        let mut examined = policies.take(POLICIES_FOR_HINT);
        examined.any(|policy| policy.active && !self.policies.is_in_force(policy))
    }

    /// The policy subjects that include the principal: itself and its access groups; none if it is not in the account. An instance is in
    /// no group, and has authorizations alone.
    fn subjects_of(
        &self,
        proven: ProvenPrincipal,
        account: AccountId,
    ) -> impl Iterator<Item = PolicySubject> {
        let principal = proven.principal;
        let named = self.named_groups(principal).iter();
        let named = named.map(|membership| membership.group);
        // One that it was put into as well gives nothing more.
        let ruled = self.ruled_groups(principal).iter();
        let ruled = ruled.filter(move |group| proven.age.is_below(group.hours));
        let ruled = ruled.map(|group| group.id);
        let instance = match principal {
            Principal::Instance(id) => self.instance(id),
            _ => None,
        };
        let sources = instance.into_iter().flat_map(AuthorizationSource::of);
        let public = self.is_in_public_group(principal, account);
        let public = public.then(|| AccessGroupId::public(account));
        let groups = named.chain(ruled).chain(public).map(PolicySubject::Group);
        let subjects = std::iter::once(PolicySubject::Principal(principal)).chain(groups);
        let subjects = subjects.chain(sources.map(PolicySubject::Source));
        // Groups matter only if there is any policy.
        let has_any =
            self.policies.by_account.contains_key(&account) && self.is_member(principal, account);
        has_any.then_some(subjects).into_iter().flatten()
    }

    /// Whether an authorization in force lets the instance act, by the service ID of one of its keys. That the service ID is of such a key
    /// is known from the proof, and stays so as long as both are there: a key is deleted with its service ID, and with its instance.
    pub(crate) fn may_act_as(&self, by: Principal, instance: InstanceId) -> bool {
        let account = self.instance(instance).map(|instance| instance.account);
        account.is_some_and(|account| {
            matches!(by, Principal::Service(_))
                && self.is_member(by, account)
                && self
                    .policy_indexes(ProvenPrincipal::now(instance), account)
                    .next()
                    .is_some()
        })
    }

    /// Whether a policy for the principal in the account is about the account's own domain alone, and whether one may be about another.
    pub(crate) fn reach_of_policies(
        &self,
        proven: ProvenPrincipal,
        account: AccountId,
    ) -> (bool, bool) {
        let all = self.policy_indexes(proven, account);
        all.map(PolicyIndex::reach)
            .fold((false, false), |sum, reach| {
                (sum.0 || reach.0, sum.1 || reach.1)
            })
    }

    /// The organizations and spaces of the account that policies for the principal are about.
    pub(crate) fn visible_by_policies(
        &self,
        proven: ProvenPrincipal,
        account: AccountId,
    ) -> (HashSet<OrgId>, HashSet<SpaceId>) {
        let (mut orgs, mut spaces) = (HashSet::new(), HashSet::new());
        let Some(index) = PolicyIndex::union(self.policy_indexes(proven, account)) else {
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
    pub(crate) fn policies_show_org(&self, proven: ProvenPrincipal, org: OrgId) -> bool {
        let Some(account) = self.account_of(Domain::Org(org)) else {
            return false;
        };
        let all: Vec<&PolicyIndex> = self.policy_indexes(proven, account).collect();
        let place = self.place(Domain::Org(org));
        let is_shown = |index: &&PolicyIndex| {
            let mut named = index.domains();
            index.actions(&place).is_some()
                || named.any(|domain| {
                    matches!(domain, Domain::Space(space) if self.org_of(space) == Some(org))
                        && self.is_about(index, account, domain)
                })
        };
        if all.iter().any(is_shown) {
            return true;
        }
        let many = all.into_iter().filter(|index| index.names_many());
        let many: Vec<&PolicyIndex> = many.collect();
        let mut alike = AlikeSpaces::new(self, &many);
        let inside = self.spaces_in(org);
        // Without a policy that names a resource group, the policies are about all of them or none.
        let asked = match many.iter().any(|index| index.names_groups()) {
            true => inside,
            false => inside.get(..1).unwrap_or_default(),
        };
        !many.is_empty() && asked.iter().any(|space| alike.has(*space))
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

    /// The policies for this subject in the account, in force or not. A person is also meant by the id of their invitation.
    pub(crate) fn policies_for(
        &self,
        subject: PolicySubject,
        account: AccountId,
    ) -> impl Iterator<Item = &Policy> {
        let invited = match subject {
            PolicySubject::Principal(principal) => principal.user().map(PolicySubject::Invited),
            PolicySubject::Group(_) | PolicySubject::Invited(_) | PolicySubject::Source(_) => None,
        };
        let all = std::iter::once(subject).chain(invited);
        let ids = all.filter_map(move |subject| self.policies.by_subject.get(&(subject, account)));
        ids.flatten()
            .filter_map(move |id| self.policies.all.get(id))
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

#[cfg(test)]
mod tests;
