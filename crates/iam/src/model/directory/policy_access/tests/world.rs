//! Two accounts with some of everything that policies can name, and changes of it.

use super::conditions::begins_at;
use crate::model::directory::change::{Change, Changed};
use crate::model::directory::facts::{Facts, Membership};
use crate::model::directory::policy_target::{
    Attribute, AttributeKey, AttributeOperator, PolicyTarget,
};
use crate::model::directory::{
    AccessGroup, Account, AuthorizationSource, CustomRole, GroupMembership, Instance, NamedRole,
    Org, Plan, Policy, PolicyRole, PolicySubject, Region, ResourceGroup, Space, Stamp, User,
};
use base::id::{
    AccessGroupId, AccountId, CustomRoleId, Guid, InstanceId, OrgId, PolicyId, ResourceGroupId,
    ServiceId, SpaceId, UserId,
};
use base::principal::Principal;
use base::scope::{Action, Domain};
use base::time::Millis;
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) const ACCOUNTS: u8 = 2;
const ORGS: u8 = 4;
/// More than a few in each account.
const SPACES: u8 = 12;
/// Beside the first of each account.
const RESOURCE_GROUPS: u8 = 2;
const ACCESS_GROUPS: u8 = 4;
const POLICIES: u8 = 12;
const INSTANCES_ASKED: u8 = 3;

fn guid(table: u8, number: u8) -> Guid {
    let mut bytes = [table; 16];
    bytes[0] = number;
    Guid::from_random(bytes)
}

pub(super) fn account(number: u8) -> AccountId {
    AccountId(guid(1, number % ACCOUNTS))
}

fn org(number: u8) -> OrgId {
    OrgId(guid(2, number))
}

fn space(number: u8) -> SpaceId {
    SpaceId(guid(3, number))
}

/// The first of an account, or another one.
fn resource_group(number: u8) -> ResourceGroupId {
    match number.checked_sub(RESOURCE_GROUPS) {
        Some(of) => ResourceGroup::default_of(account(of)),
        None => ResourceGroupId(guid(4, number)),
    }
}

fn instance(of: u8) -> InstanceId {
    InstanceId(guid(9, of))
}

fn access_group(number: u8) -> AccessGroupId {
    AccessGroupId(guid(5, number))
}

fn custom_role(of: u8) -> CustomRoleId {
    CustomRoleId(guid(6, of % ACCOUNTS))
}

/// A user in both accounts, a service in the first one, and a user who is in neither.
pub(super) fn principals() -> [Principal; 3] {
    [
        UserId(guid(7, 0)).into(),
        ServiceId(guid(7, 1)).into(),
        UserId(guid(7, 2)).into(),
    ]
}

/// Who asks what policies give: them, and some of the instances, of which a few are there.
pub(super) fn actors() -> impl Iterator<Item = Principal> {
    let instances = (0..INSTANCES_ASKED).map(|of| Principal::Instance(instance(of)));
    principals().into_iter().chain(instances)
}

/// Whom policies are for: besides the principals, everybody in an access group, who has not accepted an invitation yet, and
/// instances.
pub(super) fn subjects() -> Vec<PolicySubject> {
    let sources = [
        AuthorizationSource::All,
        AuthorizationSource::Group(resource_group(0)),
        AuthorizationSource::Group(resource_group(RESOURCE_GROUPS)),
        AuthorizationSource::Instance(instance(0)),
    ];
    let principals = principals().into_iter();
    let invited = principals.clone().filter_map(Principal::user);
    let groups = (0..ACCESS_GROUPS).map(|number| PolicySubject::Group(access_group(number)));
    principals
        .map(PolicySubject::Principal)
        .chain(groups)
        .chain(invited.map(PolicySubject::Invited))
        .chain(sources.map(PolicySubject::Source))
        .collect()
}

pub(super) fn domains() -> Vec<Domain> {
    let accounts = (0..ACCOUNTS).map(|number| Domain::Account(account(number)));
    // One more of each, which is not there.
    let orgs = (0..=ORGS).map(|number| Domain::Org(org(number)));
    let spaces = (0..=SPACES).map(|number| Domain::Space(space(number)));
    accounts.chain(orgs).chain(spaces).collect()
}

fn stamp() -> Stamp {
    Stamp {
        at: Millis(1),
        by: principals()[0],
    }
}

/// A policy, by numbers.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    account: u8,
    subject: usize,
    region: Option<u8>,
    org: Option<u8>,
    space: Option<u8>,
    group: Option<u8>,
    kind: Option<(u8, Option<u8>)>,
    role: u8,
    active: bool,
    /// The hour at which its condition begins to hold, and whether it does so each day, for twelve hours.
    begin: Option<(u8, bool)>,
}

prop_compose! {
    fn wanted()(
        account in 0..ACCOUNTS, subject in 0_usize..13, region in prop::option::of(0_u8..6),
        org in prop::option::weighted(0.3, 0..=ORGS), space in prop::option::weighted(0.3, 0..=SPACES),
        group in prop::option::weighted(0.3, 0..RESOURCE_GROUPS + ACCOUNTS),
        kind in prop::option::weighted(0.3, (0_u8..3, prop::option::of(0..SPACES))),
        role in 0_u8..4, active in prop::bool::weighted(0.8), begin in prop::option::weighted(0.4, (0_u8..12, any::<bool>())),
    ) -> Wanted {
        Wanted { account, subject, region, org, space, group, kind, role, active, begin }
    }
}

impl Wanted {
    fn policy(&self, number: u8) -> Policy {
        let of = account(self.account);
        let is_equal = |key, value: String| Attribute {
            key,
            operator: AttributeOperator::Equals,
            value,
        };
        let mut attributes = vec![is_equal(AttributeKey::Account, of.to_string())];
        if let Some(number) = self.region {
            let (operator, value) = [
                (AttributeOperator::Equals, "us-south"),
                (AttributeOperator::Equals, "eu-de"),
                (AttributeOperator::Equals, "nowhere"),
                (AttributeOperator::Matches, "*"),
                (AttributeOperator::Matches, "us-*"),
                (AttributeOperator::Matches, "e?-d*"),
            ][usize::from(number)];
            attributes.push(Attribute {
                key: AttributeKey::Region,
                operator,
                value: value.to_owned(),
            });
        }
        if let Some(number) = self.org {
            attributes.push(is_equal(AttributeKey::Org, org(number).0.to_string()));
        }
        if let Some(number) = self.space {
            attributes.push(is_equal(AttributeKey::Space, space(number).0.to_string()));
        }
        if let Some(number) = self.group {
            let value = resource_group(number).0.to_string();
            attributes.push(is_equal(AttributeKey::ResourceGroup, value));
        }
        if let Some((kind, resource)) = self.kind {
            let name = ["account", "organization", "space"][usize::from(kind)];
            attributes.push(is_equal(AttributeKey::Kind, name.to_owned()));
            if let Some(number) = resource {
                let value = [account(number).0, org(number).0, space(number).0];
                let value = value[usize::from(kind)].to_string();
                attributes.push(is_equal(AttributeKey::Resource, value));
            }
        }
        Policy {
            id: PolicyId(guid(8, number)),
            account: of,
            subject: subjects()[self.subject],
            description: String::new(),
            roles: vec![match self.role {
                0 => PolicyRole::Named(NamedRole::Viewer),
                1 => PolicyRole::Named(NamedRole::Operator),
                2 => PolicyRole::Named(NamedRole::Reader),
                _ => PolicyRole::Custom(custom_role(self.account)),
            }],
            target: PolicyTarget::of(of, &attributes).unwrap(),
            attributes,
            condition: self.begin.map(begins_at),
            active: self.active,
            revision: 1,
            created: stamp(),
            modified: stamp(),
        }
    }
}

/// A change of one thing.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Policy(u8, Option<Wanted>),
    Role(u8, Option<bool>),
    Instance(u8, Option<u8>),
    Space(u8, Option<(u8, u8)>),
    Regions(bool),
    Groups(u8, u8),
    /// The hour that it is.
    Hour(u8),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let group = 0..RESOURCE_GROUPS + ACCOUNTS;
    prop_oneof![
        6 => (0..POLICIES, prop::option::weighted(0.8, wanted())).prop_map(|(at, value)| Step::Policy(at, value)),
        1 => (0..ACCOUNTS, any::<Option<bool>>()).prop_map(|(of, value)| Step::Role(of, value)),
        1 => (0..SPACES, prop::option::of(group)).prop_map(|(of, value)| Step::Instance(of, value)),
        2 => (0..SPACES, prop::option::of((0..ORGS, 0..SPACES))).prop_map(|(of, value)| Step::Space(of, value)),
        1 => any::<bool>().prop_map(Step::Regions),
        1 => (0_u8..3, any::<u8>()).prop_map(|(of, value)| Step::Groups(of, value)),
        2 => (0_u8..24).prop_map(Step::Hour),
    ]
}

/// All that there is.
#[derive(Debug, Default)]
pub(super) struct World {
    policies: BTreeMap<u8, Wanted>,
    roles: BTreeMap<u8, bool>,
    instances: BTreeMap<u8, u8>,
    /// The organizations and names of spaces that were moved or renamed; none of those that were deleted.
    changed_spaces: BTreeMap<u8, Option<(u8, u8)>>,
    has_one_region: bool,
    /// A bit for each access group that a principal was put into.
    groups: [u8; 3],
    hour: u8,
}

impl World {
    fn regions(&self) -> Vec<Region> {
        let all: &[&str] = match self.has_one_region {
            true => &["us-south"],
            false => &["eu-de", "us-south"],
        };
        let all = all.iter().map(|name| Region {
            name: (*name).to_owned(),
            display_name: String::new(),
        });
        all.collect()
    }

    fn role(&self, of: u8) -> Option<CustomRole> {
        let sends = *self.roles.get(&of)?;
        Some(CustomRole {
            id: custom_role(of),
            account: account(of),
            name: "Own".to_owned(),
            display_name: "Own".to_owned(),
            description: String::new(),
            actions: match sends {
                true => vec![Action::Write, Action::Delete],
                false => vec![Action::Configure],
            },
            revision: 1,
            created: stamp(),
            modified: stamp(),
        })
    }

    fn instance(&self, of: u8) -> Option<Instance> {
        let group = *self.instances.get(&of)?;
        Some(Instance {
            id: instance(of),
            account: account(of),
            group: resource_group(group),
            space: space(of),
            name: String::new(),
            plan: Plan::Lite,
            locked: false,
            created: stamp(),
            modified: stamp(),
        })
    }

    fn space(&self, number: u8) -> Option<Space> {
        let as_at_first = Some((number % ORGS, number));
        let now = self.changed_spaces.get(&number);
        let (of, name) = now.copied().unwrap_or(as_at_first)?;
        Some(Space {
            id: space(number),
            org: org(of),
            name: name.to_string(),
            created_at: Millis(1),
            updated_at: Millis(1),
        })
    }

    fn memberships(of: u8) -> Vec<Membership> {
        let accounts: &[u8] = match of {
            0 => &[0, 1],
            1 => &[0],
            _ => &[],
        };
        let all = accounts.iter().map(|number| Membership {
            account: account(*number),
            principal: principals()[usize::from(of)],
            added_at: Millis(1),
        });
        all.collect()
    }

    fn group_members(&self, of: u8) -> Vec<(Principal, GroupMembership)> {
        let set = self.groups[usize::from(of)];
        let all = (0..ACCESS_GROUPS).filter(|number| set & (1_u8 << *number) != 0);
        let all = all.map(|number| {
            let membership = GroupMembership {
                group: access_group(number),
                added: stamp(),
            };
            (principals()[usize::from(of)], membership)
        });
        all.collect()
    }

    pub(super) fn now(&self) -> Millis {
        Millis::from_secs(i64::from(self.hour) * 3600)
    }

    /// What a directory is built from.
    pub(super) fn facts(&self) -> Facts {
        let users = principals().into_iter().filter_map(Principal::user);
        let users = users.map(|id| User {
            id,
            home: account(0),
            email: format!("{id}@x.org"),
            given_name: String::new(),
            family_name: String::new(),
            created_at: Millis(1),
            password_changed_at: Millis(1),
        });
        Facts {
            at: self.now(),
            accounts: (0..ACCOUNTS)
                .map(|number| Account {
                    id: account(number),
                    name: number.to_string(),
                    owner: UserId(guid(7, 0)),
                    created_at: Millis(1),
                })
                .collect(),
            regions: Some(self.regions()),
            orgs: (0..ORGS)
                .map(|number| Org {
                    id: org(number),
                    account: account(number),
                    // That of the list that is always there, or of the other one.
                    region: match number < 2 || self.has_one_region {
                        true => "us-south",
                        false => "eu-de",
                    }
                    .to_owned(),
                    name: number.to_string(),
                    created_at: Millis(1),
                    updated_at: Millis(1),
                })
                .collect(),
            spaces: (0..SPACES)
                .filter_map(|number| self.space(number))
                .collect(),
            users: users.collect(),
            access_groups: (0..ACCESS_GROUPS)
                .map(|number| AccessGroup {
                    id: access_group(number),
                    account: account(number),
                    name: number.to_string(),
                    description: String::new(),
                    rules: Vec::new(),
                    revision: 1,
                    created: stamp(),
                    modified: stamp(),
                })
                .collect(),
            members: (0..3).flat_map(Self::memberships).collect(),
            group_members: (0..3).flat_map(|of| self.group_members(of)).collect(),
            policies: (self.policies.iter())
                .map(|(number, wanted)| wanted.policy(*number))
                .collect(),
            custom_roles: (0..ACCOUNTS).filter_map(|of| self.role(of)).collect(),
            resource_groups: (0..RESOURCE_GROUPS)
                .map(|number| ResourceGroup {
                    id: resource_group(number),
                    account: account(number),
                    name: number.to_string(),
                    created: stamp(),
                    modified_at: Millis(1),
                })
                .collect(),
            instances: (0..SPACES).filter_map(|of| self.instance(of)).collect(),
            ..Facts::default()
        }
    }

    /// Takes a step, and says what has changed and how it is now.
    pub(super) fn take(&mut self, step: &Step) -> (Changed, Facts) {
        let mut changed = Changed::default();
        let facts = match step.clone() {
            Step::Policy(number, wanted) => {
                changed.add(Change::Policy(PolicyId(guid(8, number))));
                let policies = wanted.iter().map(|new| new.policy(number)).collect();
                match wanted {
                    Some(new) => self.policies.insert(number, new),
                    None => self.policies.remove(&number),
                };
                Facts {
                    policies,
                    ..Facts::default()
                }
            }
            Step::Role(of, sends) => {
                changed.add(Change::CustomRole(custom_role(of)));
                match sends {
                    Some(new) => self.roles.insert(of, new),
                    None => self.roles.remove(&of),
                };
                Facts {
                    custom_roles: self.role(of).into_iter().collect(),
                    ..Facts::default()
                }
            }
            Step::Instance(of, group) => {
                changed.add(Change::Instance(instance(of)));
                match group {
                    Some(new) => self.instances.insert(of, new),
                    None => self.instances.remove(&of),
                };
                Facts {
                    instances: self.instance(of).into_iter().collect(),
                    ..Facts::default()
                }
            }
            Step::Space(of, value) => {
                changed.add(Change::Space(space(of)));
                self.changed_spaces.insert(of, value);
                Facts {
                    spaces: self.space(of).into_iter().collect(),
                    ..Facts::default()
                }
            }
            Step::Regions(has_one) => {
                self.has_one_region = has_one;
                changed.add(Change::Regions);
                (0..ORGS).for_each(|number| changed.add(Change::Org(org(number))));
                Facts {
                    regions: Some(self.regions()),
                    orgs: self.facts().orgs,
                    ..Facts::default()
                }
            }
            Step::Groups(of, set) => {
                self.groups[usize::from(of)] = set;
                let principal = principals()[usize::from(of)];
                changed.add(Change::Principal(principal.guid().unwrap()));
                Facts {
                    members: Self::memberships(of),
                    group_members: self.group_members(of),
                    ..Facts::default()
                }
            }
            Step::Hour(hour) => {
                self.hour = hour;
                Facts::default()
            }
        };
        let at = self.now();
        (changed, Facts { at, ..facts })
    }
}
