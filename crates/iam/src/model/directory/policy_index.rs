//! The policies of one subject in one account, by what they name. What they give in a domain is found by a few look-ups, one for
//! each combination of attributes that occurs, however many policies there are. It is made when a policy, a role or the regions
//! change, and not when it is asked.

use super::entry::Region;
use super::policy_target::{DomainKind, PolicyTarget, is_met};
use base::id::{OrgId, ResourceGroupId};
use base::scope::{Actions, Domain};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The attributes that a combination is made of, as bits of its number.
const DOMAIN: u16 = 1;
const ORG: u16 = 2;
const GROUP: u16 = 4;
const KIND: u16 = 8;

/// How many combinations there are.
const COMBINATIONS: u16 = 16;

/// The set of all combinations that name no single domain.
const WITHOUT_DOMAIN: u16 = combinations_by(DOMAIN, false);

/// The set of all combinations with a resource group.
const WITH_GROUP: u16 = combinations_by(GROUP, true);

/// The set of the combinations that have an attribute, or have it not: a bit for each.
const fn combinations_by(attribute: u16, is_named: bool) -> u16 {
    let mut set = 0;
    let mut combination = 0;
    while combination < COMBINATIONS {
        if (combination & attribute != 0) == is_named {
            set |= 1 << combination;
        }
        combination += 1;
    }
    set
}

/// The attributes that policies name: such a policy is about the domains that have all of them. The account is that of the index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Named {
    domain: Option<Domain>,
    org: Option<OrgId>,
    group: Option<ResourceGroupId>,
    kind: Option<DomainKind>,
}

impl Named {
    /// The attributes that the target names; `None` if no domain can have all of them.
    fn of(target: &PolicyTarget) -> Option<Self> {
        let of_kind = match (target.kind, target.resource) {
            (Some(kind), Some(guid)) => Some(kind.domain(guid)),
            (None, Some(_)) => return None,
            (_, None) => None,
        };
        let domain = match (target.space.map(Domain::Space), of_kind) {
            (Some(one), Some(other)) if one != other => return None,
            (one, other) => one.or(other),
        };
        // Of a domain that is named, its kind says nothing more.
        let kind = match (domain, target.kind) {
            (Some(domain), Some(kind)) if DomainKind::of(domain).0 != kind => return None,
            (Some(_), _) => None,
            (None, kind) => kind,
        };
        Some(Self {
            domain,
            org: target.org,
            group: target.group,
            kind,
        })
    }

    fn combination(&self) -> u16 {
        let bit = |is_named: bool, bit: u16| if is_named { bit } else { 0 };
        bit(self.domain.is_some(), DOMAIN)
            | bit(self.org.is_some(), ORG)
            | bit(self.group.is_some(), GROUP)
            | bit(self.kind.is_some(), KIND)
    }

    /// Whether it is about the account's own domain alone.
    const fn is_account_alone(&self) -> bool {
        matches!(self.domain, Some(Domain::Account(_)))
            || matches!(self.kind, Some(DomainKind::Account))
    }
}

/// A domain, and all that policies can name it by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'d> {
    pub(super) domain: Domain,
    /// The organization that it is, or is in.
    pub(super) org: Option<OrgId>,
    pub(super) group: Option<ResourceGroupId>,
    pub(super) region: Option<&'d str>,
}

impl Place<'_> {
    /// The attributes of a policy of this combination that is about this place.
    fn named(&self, combination: u16) -> Named {
        let has = |bit| combination & bit != 0;
        Named {
            domain: has(DOMAIN).then_some(self.domain),
            org: self.org.filter(|_| has(ORG)),
            group: self.group.filter(|_| has(GROUP)),
            kind: has(KIND).then_some(DomainKind::of(self.domain).0),
        }
    }
}

/// The actions that the policies with the same attributes give.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct GrantedActions {
    /// Those without a region.
    everywhere: Option<Actions>,
    /// Those with one, by the regions that their patterns mean.
    in_regions: BTreeMap<Arc<str>, Actions>,
}

impl GrantedActions {
    fn in_region(&self, region: Option<&str>) -> Option<Actions> {
        let of_region = region.and_then(|region| self.in_regions.get(region));
        together(self.everywhere, of_region.copied())
    }

    fn add_in_region(&mut self, region: Arc<str>, actions: Actions) {
        let in_region = self.in_regions.entry(region).or_default();
        *in_region = in_region.union(actions);
    }
}

/// The union of two rights; `None` if there is neither. A right without actions is a right too.
pub(super) fn together(one: Option<Actions>, other: Option<Actions>) -> Option<Actions> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.union(other)),
        (one, other) => one.or(other),
    }
}

/// The index.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PolicyIndex {
    /// The combinations that occur, a bit for each.
    combinations: u16,
    given: HashMap<Named, GrantedActions>,
    /// Whether one of them is about the account's own domain alone.
    names_account: bool,
    /// Whether one of them may be about another domain.
    names_others: bool,
}

impl PolicyIndex {
    /// Adds a policy with this target, which gives these actions.
    pub(super) fn add(&mut self, target: &PolicyTarget, actions: Actions, regions: &[Region]) {
        let Some(named) = Named::of(target) else {
            return;
        };
        let given = self.granted_to(named);
        match &target.region {
            None => given.everywhere = together(given.everywhere, Some(actions)),
            Some((operator, value)) => {
                for region in regions {
                    if is_met(*operator, value, &region.name) {
                        given.add_in_region(region.name.as_str().into(), actions);
                    }
                }
            }
        }
    }

    /// Adds what another one gives.
    fn add_all(&mut self, other: &Self) {
        for (named, more) in &other.given {
            let given = self.granted_to(*named);
            given.everywhere = together(given.everywhere, more.everywhere);
            for (region, actions) in &more.in_regions {
                given.add_in_region(Arc::clone(region), *actions);
            }
        }
    }

    fn granted_to(&mut self, named: Named) -> &mut GrantedActions {
        self.combinations |= 1 << named.combination();
        match named.is_account_alone() {
            true => self.names_account = true,
            false => self.names_others = true,
        }
        self.given.entry(named).or_default()
    }

    /// One that gives what several give; none of none.
    pub(super) fn union<'i>(all: impl Iterator<Item = &'i Self>) -> Option<Self> {
        all.fold(None, |sum: Option<Self>, one| match sum {
            None => Some(one.clone()),
            Some(mut sum) => {
                sum.add_all(one);
                Some(sum)
            }
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }

    /// Whether a policy is about the account's own domain alone, and whether one may be about another.
    pub(super) const fn reach(&self) -> (bool, bool) {
        (self.names_account, self.names_others)
    }

    /// The actions that the policies give in a domain of the account; `None` if no policy is about it.
    pub(super) fn actions(&self, place: &Place<'_>) -> Option<Actions> {
        self.actions_by(place, u16::MAX)
    }

    /// The actions by policies that name no single domain: they are equal for all spaces of one organization and resource group.
    pub(super) fn actions_of_many(&self, place: &Place<'_>) -> Option<Actions> {
        self.actions_by(place, WITHOUT_DOMAIN)
    }

    fn actions_by(&self, place: &Place<'_>, combinations: u16) -> Option<Actions> {
        let wanted = self.combinations & combinations;
        (0..COMBINATIONS)
            .filter(|combination| wanted & (1 << combination) != 0)
            .filter_map(|combination| self.given.get(&place.named(combination)))
            .fold(None, |sum, given| {
                together(sum, given.in_region(place.region))
            })
    }

    /// The domains that policies name singly, some of them perhaps several times.
    pub(super) fn domains(&self) -> impl Iterator<Item = Domain> {
        self.given.keys().filter_map(|named| named.domain)
    }

    /// Whether any policy names no single domain.
    pub(super) const fn names_many(&self) -> bool {
        self.combinations & WITHOUT_DOMAIN != 0
    }

    /// Whether any policy names a resource group.
    pub(super) const fn names_groups(&self) -> bool {
        self.combinations & WITH_GROUP != 0
    }
}
