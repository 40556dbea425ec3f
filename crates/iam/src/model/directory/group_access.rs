//! The principals in the access groups: by name, by a dynamic rule for some hours after their proof, or because all of an account are.

use super::access_group::{AccessGroup, GroupMembership, MembershipKind, RuledGroup};
use super::policy::PolicySubject;
use super::{Directory, ProvenPrincipal, Stamp};
use base::id::{AccessGroupId, AccountId};
use base::principal::Principal;

impl Directory {
    /// The access groups that the principal is in now, in all accounts, each once: those it was put into, those with a dynamic
    /// rule that it meets, as if it proved at this moment who it is, and the public ones of its accounts.
    pub fn groups_of(&self, principal: Principal) -> impl Iterator<Item = AccessGroupId> {
        let named = self.named_groups(principal).iter();
        let named = named.map(|membership| membership.group);
        let public = self.accounts_of(principal).iter();
        let public = public.filter(move |account| self.is_in_public_group(principal, **account));
        let public = public.map(|account| AccessGroupId::public(*account));
        let ruled = self.ruled_groups(principal).iter().map(|group| group.id);
        named
            .chain(ruled.filter(move |group| !self.is_named(principal, *group)))
            .chain(public)
    }

    /// Whether the principal is in the group now, as if it proved at this moment who it is: put into it, by a dynamic rule that it meets,
    /// or because everybody in the account is.
    #[must_use]
    pub fn is_in_group(&self, principal: Principal, group: AccessGroupId) -> bool {
        self.is_in_group_by_proof(ProvenPrincipal::now(principal), group)
    }

    /// As [`Self::is_in_group`], with a proof of this age: dynamic rules let in for some hours.
    #[must_use]
    pub fn is_in_group_by_proof(&self, proven: ProvenPrincipal, group: AccessGroupId) -> bool {
        let principal = proven.principal;
        // The public group of an account has its GUID.
        let account = AccountId(group.0);
        let ruled = self.ruled_group(principal, group);
        self.is_named(principal, group)
            || ruled.is_some_and(|ruled| proven.age.is_below(ruled.hours))
            || self.is_in_public_group(principal, account)
    }

    /// Whether the principal is in the account's public group: with everybody else, but for instances, which have authorizations alone.
    pub(super) fn is_in_public_group(&self, principal: Principal, account: AccountId) -> bool {
        self.has_public_access(account)
            && self.is_member(principal, account)
            && !matches!(principal, Principal::Instance(_))
    }

    /// How the principal is in the group now, if it is.
    #[must_use]
    pub fn membership_kind(
        &self,
        principal: Principal,
        group: AccessGroupId,
    ) -> Option<MembershipKind> {
        if self.is_named(principal, group) {
            return Some(MembershipKind::Static);
        }
        let is_inside = self.is_in_group(principal, group);
        is_inside.then_some(MembershipKind::Dynamic)
    }

    /// The groups that the principal was put into, by their ids.
    pub(crate) fn named_groups(&self, principal: Principal) -> &[GroupMembership] {
        let found = self.group_members.get(&principal);
        found.map_or(&[], Vec::as_slice)
    }

    /// Whether the principal would be in a further group of the account, or of any, if it proved at this moment who it is. A group without
    /// a policy gives nothing.
    pub(crate) fn has_lapsed(&self, proven: ProvenPrincipal, account: Option<AccountId>) -> bool {
        let is_asked_for = |id| {
            self.access_group(id).is_some_and(|group| {
                let subject = PolicySubject::Group(id);
                account.is_none_or(|account| account == group.account)
                    && self.policies_for(subject, group.account).next().is_some()
            })
        };
        let mut all = self.ruled_groups(proven.principal).iter();
        all.any(|group| {
            !proven.age.is_below(group.hours)
                && is_asked_for(group.id)
                && !self.is_named(proven.principal, group.id)
        })
    }

    /// The groups with a dynamic rule that the user meets, by their ids.
    pub(super) fn ruled_groups(&self, principal: Principal) -> &[RuledGroup] {
        let found = self.group_ruled.get(&principal);
        found.map_or(&[], Vec::as_slice)
    }

    /// The user's membership in the group by dynamic rules, if they have one.
    pub(super) fn ruled_group(
        &self,
        principal: Principal,
        group: AccessGroupId,
    ) -> Option<RuledGroup> {
        let all = self.ruled_groups(principal);
        let at = all.binary_search_by_key(&group, |ruled| ruled.id);
        all.get(at.ok()?).copied()
    }

    /// When the principal was put into the group, and by whom.
    pub(crate) fn group_membership(
        &self,
        principal: Principal,
        group: AccessGroupId,
    ) -> Option<GroupMembership> {
        let all = self.named_groups(principal);
        let at = all.binary_search_by_key(&group, |membership| membership.group);
        all.get(at.ok()?).copied()
    }

    fn is_named(&self, principal: Principal, group: AccessGroupId) -> bool {
        self.group_membership(principal, group).is_some()
    }

    /// The access group with this id; the public ones are none of them.
    #[must_use]
    pub fn access_group(&self, id: AccessGroupId) -> Option<&AccessGroup> {
        self.groups.get(&id)
    }

    /// Whether everybody in the account is in its public access group.
    #[must_use]
    pub fn has_public_access(&self, account: AccountId) -> bool {
        self.public_access.contains_key(&account)
    }

    /// The public access group of the account, in which everybody is, if it has one.
    pub(crate) fn public_group(&self, account: AccountId) -> Option<AccessGroup> {
        let entry = self.accounts.get(&account);
        let entry = entry.filter(|_| self.has_public_access(account))?;
        let made = Stamp {
            at: entry.created_at,
            by: entry.owner.into(),
        };
        Some(AccessGroup {
            id: AccessGroupId::public(account),
            account,
            name: "Public Access".to_owned(),
            description: "Everybody in the account".to_owned(),
            rules: Vec::new(),
            revision: 1,
            created: made,
            modified: made,
        })
    }

    /// Puts a principal into a group. Outside the account of a group nobody is in it, whatever the rows say.
    pub(super) fn add_group_member(&mut self, principal: Principal, membership: GroupMembership) {
        let group = self.groups.get(&membership.group);
        let is_inside = group.is_some_and(|group| self.is_member(principal, group.account));
        if is_inside {
            self.group_members.change(principal, |all| {
                if let Err(at) =
                    all.binary_search_by_key(&membership.group, |present| present.group)
                {
                    all.insert(at, membership);
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::claim_condition::ClaimCondition;
    use crate::model::directory::change::{Change, Changed};
    use crate::model::directory::facts::{Facts, Membership};
    use crate::model::directory::policy_target::{
        Attribute, AttributeKey, AttributeOperator, PolicyTarget,
    };
    use crate::model::directory::{
        Account, GroupRule, NamedRole, OWN_REALM, Policy, PolicyRole, ProofAge, User,
    };
    use base::id::{GroupRuleId, Guid, PolicyId, ServiceId, UserId};
    use base::time::Millis;

    const ACCOUNT: AccountId = AccountId(Guid::from_random([1; 16]));
    const ADA: UserId = UserId(Guid::from_random([2; 16]));
    const JOB: ServiceId = ServiceId(Guid::from_random([3; 16]));
    const GROUP: AccessGroupId = AccessGroupId(Guid::from_random([4; 16]));

    fn stamp() -> Stamp {
        Stamp {
            at: Millis(1),
            by: ADA.into(),
        }
    }

    fn user(email: &str) -> User {
        User {
            id: ADA,
            home: ACCOUNT,
            email: email.to_owned(),
            given_name: "Ada".to_owned(),
            family_name: "L".to_owned(),
            created_at: Millis(1),
            password_changed_at: Millis(1),
        }
    }

    fn membership(principal: impl Into<Principal>) -> Membership {
        Membership {
            account: ACCOUNT,
            principal: principal.into(),
            added_at: Millis(1),
        }
    }

    /// A group whose rules are these, each of a realm and of conditions on claims.
    fn group(rules: &[(&str, &[(&str, &str)])]) -> AccessGroup {
        let rules = rules.iter().zip(5_u8..).map(|((realm, all), number)| {
            let conditions = all.iter();
            let conditions = conditions
                .map(|(claim, value)| ClaimCondition::new(claim, "EQUALS", value).unwrap());
            GroupRule {
                id: GroupRuleId(Guid::from_random([number; 16])),
                group: GROUP,
                name: String::new(),
                realm: (*realm).to_owned(),
                expiration_hours: 1,
                conditions: conditions.collect(),
                revision: 1,
                created: stamp(),
                modified: stamp(),
            }
        });
        AccessGroup {
            id: GROUP,
            account: ACCOUNT,
            name: "g".to_owned(),
            description: String::new(),
            rules: rules.collect(),
            revision: 1,
            created: stamp(),
            modified: stamp(),
        }
    }

    fn facts(group: AccessGroup, email: &str) -> Facts {
        Facts {
            accounts: vec![Account {
                id: ACCOUNT,
                name: "acme".to_owned(),
                owner: ADA,
                created_at: Millis(1),
            }],
            users: vec![user(email)],
            members: vec![membership(ADA), membership(JOB)],
            access_groups: vec![group],
            ..Facts::default()
        }
    }

    /// One for the group.
    fn policy() -> Policy {
        let attributes = vec![Attribute {
            key: AttributeKey::Account,
            operator: AttributeOperator::Equals,
            value: ACCOUNT.to_string(),
        }];
        Policy {
            id: PolicyId(Guid::from_random([7; 16])),
            account: ACCOUNT,
            subject: PolicySubject::Group(GROUP),
            description: String::new(),
            roles: vec![PolicyRole::Named(NamedRole::Viewer)],
            target: PolicyTarget::of(ACCOUNT, &attributes).unwrap(),
            attributes,
            condition: None,
            active: true,
            revision: 1,
            created: stamp(),
            modified: stamp(),
        }
    }

    fn is_in(directory: &Directory, principal: impl Into<Principal>) -> bool {
        directory.is_in_group(principal.into(), GROUP)
    }

    #[test]
    fn a_rule_lets_in_who_meets_all_its_conditions() {
        let email: (&str, &str) = ("email", "ada@x.org");
        for (rules, expected) in [
            (&[(OWN_REALM, &[email][..])][..], true),
            (&[(OWN_REALM, &[email, ("given_name", "Ada")][..])], true),
            (&[(OWN_REALM, &[email, ("given_name", "Eve")][..])], false),
            (&[(OWN_REALM, &[email, ("isManager", "true")][..])], false),
            (&[("https://idp", &[email][..])], false),
            (
                &[("https://idp", &[email][..]), (OWN_REALM, &[email])],
                true,
            ),
            (&[(OWN_REALM, &[][..])], false),
            (
                &[(OWN_REALM, &[("name", "Ada L"), ("realmid", "IBMid")][..])],
                true,
            ),
            (&[(OWN_REALM, &[("sub", "ADA@X.org")][..])], true),
            (&[], false),
        ] {
            let group = group(rules);
            let directory = Directory::build(1, facts(group, "Ada@x.org"));
            assert_eq!(is_in(&directory, ADA), expected, "{rules:?}");
            assert!(!is_in(&directory, JOB));
        }
    }

    #[test]
    fn a_change_of_a_rule_or_of_a_user_lets_in_and_out() {
        let rule: (&str, &[(&str, &str)]) = (OWN_REALM, &[("email", "ada@x.org")]);
        let empty = || facts(group(&[]), "ada@y.org");
        let mut changed = Changed::default();
        changed.add(Change::AccessGroup(GROUP));
        let ruled = || Facts {
            access_groups: vec![group(&[rule])],
            ..Facts::default()
        };
        let before = Directory::build(1, empty());
        let before = before.apply(2, &changed, ruled());
        assert!(!is_in(&before, ADA));

        let mut moved = Changed::default();
        moved.add(Change::User(ADA));
        let facts_of = |email| Facts {
            users: vec![user(email)],
            members: vec![membership(ADA)],
            ..Facts::default()
        };
        let inside = before.apply(3, &moved, facts_of("ada@x.org"));
        assert!(is_in(&inside, ADA));
        assert_eq!(
            inside,
            Directory::build(3, facts(group(&[rule]), "ada@x.org"))
        );
        assert!(!is_in(&inside.apply(4, &moved, facts_of("ada@y.org")), ADA));
        let mut touched = Changed::default();
        touched.add(Change::Principal(ADA.0));
        let still_there = Facts {
            members: vec![membership(ADA)],
            ..Facts::default()
        };
        assert!(is_in(&inside.apply(4, &touched, still_there), ADA));
        assert!(!is_in(&inside.apply(4, &touched, Facts::default()), ADA));

        let none = Facts {
            access_groups: vec![group(&[])],
            ..Facts::default()
        };
        let without_rule = inside.apply(4, &changed, none);
        assert!(!is_in(&without_rule, ADA));
        let without_group = inside.apply(4, &changed, Facts::default());
        assert!(!is_in(&without_group, ADA));
        assert_eq!(without_group.access_groups_of(ACCOUNT).count(), 0);
    }

    #[test]
    fn who_meets_another_rule_stays_when_one_is_changed() {
        let email: &[(&str, &str)] = &[("email", "ada@x.org")];
        let by_name: &[(&str, &str)] = &[("given_name", "Ada")];
        let other: &[(&str, &str)] = &[("given_name", "Eve")];
        let mut changed = Changed::default();
        changed.add(Change::AccessGroup(GROUP));
        let mut directory = Directory::build(1, facts(group(&[]), "Ada@x.org"));
        for (number, (rules, expected)) in (2..).zip([
            (vec![email, by_name], true),
            (vec![email, other], true),
            (vec![other], false),
            (vec![other, by_name], true),
            (vec![by_name], true),
            (vec![], false),
        ]) {
            let rules: Vec<_> = rules.into_iter().map(|all| (OWN_REALM, all)).collect();
            let new = Facts {
                access_groups: vec![group(&rules)],
                ..Facts::default()
            };
            directory = directory.apply(number, &changed, new);
            assert_eq!(is_in(&directory, ADA), expected, "{rules:?}");
            let anew = Directory::build(number, facts(group(&rules), "Ada@x.org"));
            assert_eq!(directory, anew, "{rules:?}");
        }
    }

    #[test]
    fn the_longest_of_the_rules_that_are_met_counts() {
        let email: &[(&str, &str)] = &[("email", "ada@x.org")];
        let by_name: &[(&str, &str)] = &[("given_name", "Ada")];
        let other: &[(&str, &str)] = &[("given_name", "Eve")];
        let mut changed = Changed::default();
        changed.add(Change::AccessGroup(GROUP));
        let mut directory = Directory::build(1, facts(group(&[]), "ada@x.org"));
        for (number, (rules, expected)) in (2..).zip([
            (vec![(email, 2)], 2),
            (vec![(email, 2), (by_name, 5)], 5),
            (vec![(email, 2), (by_name, 3), (other, 9)], 3),
            (vec![(email, 2), (other, 9)], 2),
            (vec![(other, 9)], 0),
        ]) {
            let terms: Vec<_> = rules.iter().map(|(all, _)| (OWN_REALM, *all)).collect();
            let mut ruled = group(&terms);
            for (rule, (_, hours)) in ruled.rules.iter_mut().zip(&rules) {
                rule.expiration_hours = *hours;
            }
            let new = Facts {
                access_groups: vec![ruled.clone()],
                ..Facts::default()
            };
            directory = directory.apply(number, &changed, new);
            let is_in_after = |hours: &i64| {
                let age = ProofAge::at(Millis(hours * 3_600_000), Millis(0));
                let principal = ADA.into();
                directory.is_in_group_by_proof(ProvenPrincipal { principal, age }, GROUP)
            };
            let now = ProvenPrincipal::now(ADA);
            assert!(!directory.has_lapsed(now, None));
            let old = ProvenPrincipal {
                age: ProofAge::at(Millis(10 * 3_600_000), Millis(0)),
                ..now
            };
            let elsewhere = AccountId(Guid::from_random([9; 16]));
            let lapsed = |directory: &Directory| {
                let accounts = [None, Some(ACCOUNT), Some(elsewhere)];
                accounts.map(|account| directory.has_lapsed(old, account))
            };
            assert_eq!(lapsed(&directory), [false; 3], "the group gives nothing");
            let mut given = Changed::default();
            given.add(Change::Policy(policy().id));
            let policies = vec![policy()];
            let with_policy = Facts {
                policies,
                ..Facts::default()
            };
            let is_met = expected > 0;
            let giving = directory.apply(number, &given, with_policy);
            assert_eq!(lapsed(&giving), [is_met, is_met, false], "{rules:?}");
            let hours: Vec<i64> = (0..10).filter(is_in_after).collect();
            assert_eq!(hours, (0..expected).collect::<Vec<i64>>(), "{rules:?}");
            let anew = Directory::build(number, facts(ruled, "ada@x.org"));
            assert_eq!(directory, anew, "{rules:?}");
        }
    }

    #[test]
    fn who_was_put_into_a_group_is_in_it_once_and_while_in_the_account() {
        let named = |principal: Principal| {
            let membership = GroupMembership {
                group: GROUP,
                added: stamp(),
            };
            (principal, membership)
        };
        let rule: (&str, &[(&str, &str)]) = (OWN_REALM, &[("email", "ada@x.org")]);
        let all = Facts {
            group_members: vec![named(ADA.into()), named(JOB.into())],
            public_access: vec![ACCOUNT],
            ..facts(group(&[rule]), "ada@x.org")
        };
        let directory = Directory::build(1, all);
        let old = ProvenPrincipal {
            age: ProofAge::at(Millis(10 * 3_600_000), Millis(0)),
            ..ProvenPrincipal::now(ADA)
        };
        assert!(!directory.has_lapsed(old, Some(ACCOUNT)), "she is in it");
        let public = AccessGroupId::public(ACCOUNT);
        let groups = |directory: &Directory, principal: Principal| -> Vec<AccessGroupId> {
            let all = [GROUP, public].into_iter();
            all.filter(|group| directory.is_in_group(principal, *group))
                .collect()
        };
        for principal in [Principal::from(ADA), Principal::from(JOB)] {
            assert_eq!(groups(&directory, principal), [GROUP, public]);
            let kind = directory.membership_kind(principal, GROUP);
            assert_eq!(kind, Some(MembershipKind::Static));
            let kind = directory.membership_kind(principal, public);
            assert_eq!(kind, Some(MembershipKind::Dynamic));
        }

        let mut changed = Changed::default();
        changed.add(Change::Principal(JOB.0));
        changed.add(Change::PublicAccess(ACCOUNT));
        let after_leaving = Facts {
            group_members: vec![named(JOB.into())],
            ..Facts::default()
        };
        let after = directory.apply(2, &changed, after_leaving);
        assert!(groups(&after, JOB.into()).is_empty());
        let listed = |of: &Directory| -> Vec<AccessGroupId> { of.groups_of(ADA.into()).collect() };
        assert_eq!(listed(&directory), [GROUP, public]);
        assert_eq!(listed(&after), [GROUP]);
        assert_eq!(groups(&after, ADA.into()), [GROUP]);
    }
}
