//! All data for decisions, in memory: an immutable snapshot. Every change replaces it with another one, which shares
//! the unchanged parts.

pub(crate) mod access_group;
mod address_check;
mod alike_spaces;
mod authorization_source;
mod build;
pub(crate) mod change;
mod deleted;
mod departures;
mod dynamic_rules;
mod entry;
pub(crate) mod facts;
mod group_access;
mod judgements;
mod keyed_sets;
mod keys;
mod map;
mod plan;
mod policies;
pub(crate) mod policy;
mod policy_access;
mod policy_index;
mod policy_indexing;
pub(crate) mod policy_role;
pub(crate) mod policy_target;
mod policy_target_check;
mod profile;
mod profile_access;
mod profiles;
mod proven;
mod resource;
mod resource_access;
mod resources;
mod sharded;
mod sorted;
mod sorting;
mod stamp;
mod trust;
mod user_claims;

pub use access_group::{AccessGroup, GroupMembership, GroupRule, MembershipKind};
pub use authorization_source::{AuthorizationSource, SourceAttribute};
pub use deleted::Deleted;
pub(crate) use deleted::Deletions;
pub use entry::{
    Account, ApiKey, DomainEntry, Member, Org, Region, RuleTexts, Service, Space, User,
};
pub(crate) use map::Map;
pub use plan::{NoPlan, Plan};
pub use policy::{Policy, PolicySubject};
pub use policy_role::{CustomRole, NamedRole, NoPolicyRole, PolicyRole};
pub use policy_target::{Attribute, AttributeKey, AttributeOperator, SERVICE_NAME};
pub use profile::{Profile, ProfileIdentity, ProfileLink, ProfileRule, ProfileRuleKind};
pub use profile_access::Assumption;
pub use proven::{ProofAge, ProvenPrincipal};
pub use resource::{Instance, ResourceGroup};
pub use stamp::Stamp;
pub use trust::Trust;
pub use user_claims::{CLAIMS, OWN_REALM};

use super::account_settings::StoredSettings;
use super::address;
use super::issuers::Issuers;
use super::metering;
use super::role::Role;
use access_group::RuledGroup;
use base::id::{AccessGroupId, AccountId, KeyId, OrgId, ServiceId, SpaceId, UserId};
use base::principal::Principal;
use base::scope::{Actions, Domain, Metering};
use base::time::Millis;
use departures::Departures;
use std::collections::HashMap;
use std::sync::Arc;

/// The snapshot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Directory {
    /// The number of changes it includes.
    pub(crate) changes: i64,
    pub(crate) accounts: Map<AccountId, Account>,
    pub(crate) account_limits: Map<AccountId, HashMap<String, u64>>,
    pub(crate) account_settings: Map<AccountId, StoredSettings>,
    pub(crate) regions: Arc<Vec<Region>>,
    pub(crate) orgs: Map<OrgId, Org>,
    pub(crate) spaces: Map<SpaceId, Space>,
    pub(crate) users: Map<UserId, User>,
    /// Users by their address in its form for comparison, which is unique.
    pub(crate) users_by_address: Map<String, UserId>,
    /// Service IDs of accounts that are not deleted.
    pub(crate) services: Map<ServiceId, Service>,
    /// Trusted profiles of accounts that are not deleted.
    profiles: profiles::Profiles,
    /// Access groups of accounts that are not deleted.
    pub(crate) groups: Map<AccessGroupId, AccessGroup>,
    /// The groups that each principal was put into.
    group_members: Map<Principal, Vec<GroupMembership>>,
    /// The groups with a dynamic rule that the user meets, found when one of them changes and not at each request.
    group_ruled: Map<Principal, Vec<RuledGroup>>,
    /// The accounts that have a public access group.
    public_access: Map<AccountId, ()>,
    /// The members of each account, and since when.
    pub(crate) members: Map<(AccountId, Principal), Millis>,
    departures: Departures,
    pub(crate) domains: Map<Domain, DomainEntry>,
    /// Deletions whose samples still exist, in the order of their removal.
    pub(crate) deletions: Deletions,
    /// By principal first: what a principal may see is found from its roles, not by a walk over all domains.
    pub(crate) roles: Map<Principal, HashMap<Domain, Vec<Role>>>,
    policies: policies::Policies,
    resources: resources::Resources,
    pub(crate) keys: keys::Keys,
    pub(crate) issuers: Arc<Issuers>,
    sorted: sorted::SortedLists,
}

impl Directory {
    /// The principal's actions on the metrics of the domain, by its roles there and by policies, as if it proved at this moment who it is.
    #[must_use]
    pub fn actions(&self, principal: impl Into<Principal>, domain: Domain) -> Actions {
        let proven = ProvenPrincipal::now(principal);
        self.access(proven, domain).unwrap_or(Actions::NONE)
    }

    /// Whether the principal has the role in the domain. Policies give none: they are about metrics alone.
    #[must_use]
    pub fn has_role(&self, principal: impl Into<Principal>, domain: Domain, role: Role) -> bool {
        self.roles(principal, domain).contains(&role)
    }

    /// The user with this e-mail address, ignoring case.
    #[must_use]
    pub fn user_by_email(&self, email: &str) -> Option<&User> {
        let id = self.users_by_address.get(&address::fold(email))?;
        self.users.get(id)
    }

    /// The user with this id.
    #[must_use]
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// The service with this id.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> Option<&Service> {
        self.services.get(&id)
    }

    /// Whether there is such a principal: a user, or a service, profile or instance of an account. (The directory leaves out
    /// everything of a deleted account.)
    #[must_use]
    pub fn exists(&self, principal: Principal) -> bool {
        match principal {
            Principal::User(id) => self.users.contains_key(&id),
            Principal::Service(_) | Principal::Profile(_) | Principal::Instance(_) => {
                !self.accounts_of(principal).is_empty()
            }
            Principal::Server => false,
        }
    }

    /// The account that is the default if a login names none: a user's first, and the one of anybody else.
    pub(crate) fn home(&self, principal: Principal) -> Option<AccountId> {
        match principal.user() {
            Some(user) => self.users.get(&user).map(|user| user.home),
            None => self.accounts_of(principal).first().copied(),
        }
    }

    /// The roles the principal has in the domain.
    #[must_use]
    pub fn roles(&self, principal: impl Into<Principal>, domain: Domain) -> &[Role] {
        let held = self.roles.get(&principal.into());
        let held = held.and_then(|held| held.get(&domain));
        held.map_or(&[], Vec::as_slice)
    }

    /// The domains in which the principal has a role.
    pub(crate) fn domains_of(&self, principal: Principal) -> impl Iterator<Item = Domain> {
        self.roles
            .get(&principal)
            .into_iter()
            .flat_map(HashMap::keys)
            .copied()
    }

    /// Whether the principal is in the account.
    #[must_use]
    pub fn is_member(&self, principal: impl Into<Principal>, account: AccountId) -> bool {
        self.added_at(principal.into(), account).is_some()
    }

    /// Since when the principal is in the account, if it is. An instance is from its making on.
    pub(crate) fn added_at(&self, principal: Principal, account: AccountId) -> Option<Millis> {
        let Principal::Instance(id) = principal else {
            return self.members.get(&(account, principal)).copied();
        };
        let instance = self.instance(id);
        let instance = instance.filter(|instance| instance.account == account);
        instance.map(|instance| instance.created.at)
    }

    /// The user, if they are in the account.
    #[must_use]
    pub fn member(&self, user: UserId, account: AccountId) -> Option<Member> {
        Some(Member {
            added_at: self.added_at(user.into(), account)?,
            user: self.users.get(&user)?.clone(),
            account,
        })
    }

    /// When the principal was last removed from the account, if it was and is in it again.
    pub(crate) fn left_at(&self, principal: Principal, account: AccountId) -> Option<Millis> {
        self.departures.left_at(principal, account)
    }

    /// `now`, or just after the principal's last removal from an account: so a proof given after a removal is later than one
    /// given before, even if the clock stood still or another node's is ahead.
    pub(crate) fn after_departures(&self, principal: Principal, now: Millis) -> Millis {
        self.departures.after(principal, now)
    }

    /// Every account, by name.
    #[must_use]
    pub fn accounts(&self) -> Vec<Account> {
        let mut accounts: Vec<Account> = self.accounts.values().cloned().collect();
        accounts.sort_by(|a, b| a.name.cmp(&b.name));
        accounts
    }

    /// Accounts for an error that leaves the choice between them: their names, which people know, beside the ids, which are unique.
    pub(crate) fn names_of(&self, accounts: impl IntoIterator<Item = AccountId>) -> String {
        let named = accounts.into_iter().map(|id| match self.accounts.get(&id) {
            Some(account) => format!("`{}` ({id})", account.name),
            None => format!("`{id}`"),
        });
        named.collect::<Vec<_>>().join(" and ")
    }

    /// The domains of the account: its own, its organizations and its spaces.
    pub fn domains_in(&self, account: AccountId) -> impl Iterator<Item = Domain> {
        let orgs = self.orgs_of(account).iter().map(|id| Domain::Org(*id));
        let spaces = self.spaces_of(account).iter().map(|id| Domain::Space(*id));
        let account_domain = std::iter::once(Domain::Account(account));
        account_domain.chain(orgs).chain(spaces)
    }

    /// The usage counter of all domains of the account in the store, including deleted ones while the store may hold
    /// samples of them.
    pub fn tenants_of(&self, account: AccountId) -> impl Iterator<Item = Metering> {
        let live = self.domains_in(account);
        let live = live.filter_map(move |domain| self.domains.get(&domain));
        let deleted = self.deletions.of(account);
        live.map(|entry| entry.tenant)
            .chain(deleted.map(|deletion| deletion.tenant))
            .map(metering::of)
    }

    /// The usage counter of one domain in the store, if the domain is there.
    #[must_use]
    pub fn metering_of(&self, domain: Domain) -> Option<Metering> {
        let entry = self.domains.get(&domain)?;
        Some(metering::of(entry.tenant))
    }

    /// Deletions whose samples still exist, in the order of their removal.
    #[must_use]
    pub fn deletions(&self) -> Vec<&Deleted> {
        self.deletions.iter().collect()
    }

    /// The deletion of the domain, if its samples still exist.
    #[must_use]
    pub fn deletion_of(&self, domain: Domain) -> Option<&Deleted> {
        self.deletions.of_domain(domain)
    }

    /// The API key behind a credential, if it is there and may be used at this moment.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) fn usable_key(&self, id: KeyId, at: Millis) -> Result<&ApiKey, &'static str> {
        let key = self.keys.get(&id).ok_or("its API key was deleted")?;
        match key.refusal(at) {
            None => Ok(key),
            Some(why) => Err(why),
        }
    }

    /// Whether an API key may only send.
    #[must_use]
    pub fn sends_only(&self, key: &KeyId) -> bool {
        (self.keys.get(key)).is_some_and(|key| key.narrowing.send_only)
    }

    /// The organization of a space.
    #[must_use]
    pub fn org_of(&self, space: SpaceId) -> Option<OrgId> {
        self.spaces.get(&space).map(|space| space.org)
    }

    /// The account of a domain.
    #[must_use]
    pub fn account_of(&self, domain: Domain) -> Option<AccountId> {
        match domain {
            Domain::Account(id) => self.accounts.get(&id).map(|account| account.id),
            Domain::Org(id) => self.orgs.get(&id).map(|org| org.account),
            Domain::Space(id) => {
                let space = self.spaces.get(&id)?;
                self.orgs.get(&space.org).map(|org| org.account)
            }
        }
    }
}
