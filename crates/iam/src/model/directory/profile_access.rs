//! Who may take on a trusted profile, and why: because it names them, or because they meet one of its rules.

use super::Directory;
use super::profile::Profile;
use super::trust::Trust;
use base::id::{AccountId, ProfileId};
use base::principal::Principal;

/// Why a principal may take on a profile, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    /// The identity, link or rule that permits it; the issued token ends with it.
    pub by: Trust,
    /// How long such a token lives at most, if it says so.
    pub seconds: Option<u32>,
}

impl Directory {
    /// The trusted profile with this id.
    #[must_use]
    pub fn profile(&self, id: ProfileId) -> Option<&Profile> {
        self.profiles.all.get(&id)
    }

    /// The trusted profile of the account with this name.
    #[must_use]
    pub fn profile_by_name(&self, account: AccountId, name: &str) -> Option<&Profile> {
        let id = self.profiles.by_name.get(&(account, name.to_owned()))?;
        self.profile(*id)
    }

    /// The profile, if the principal could take it on: it has to be in the profile's account, and is itself a user or a service.
    /// A profile or an instance takes on no profile.
    fn profile_within_reach(&self, profile: ProfileId, by: Principal) -> Option<&Profile> {
        let profile = self.profile(profile)?;
        let is_there = self.is_member(by, profile.account) && self.exists(profile.id.into());
        let acts_for_itself = !matches!(by, Principal::Profile(_) | Principal::Instance(_));
        (is_there && acts_for_itself).then_some(profile)
    }

    /// Why the principal may take on the profile now, if it may; of several rules, the one that lets a token live longest.
    #[must_use]
    pub fn assumption(&self, profile: ProfileId, by: Principal) -> Option<Assumption> {
        let profile = self.profile_within_reach(profile, by)?;
        if let Some(identity) = profile.identity(by) {
            return Some(Assumption {
                by: Trust::Named(identity.added.at),
                seconds: None,
            });
        }
        let met = profile.rules_met(self.user(by.user()?)?);
        let (rule, seconds) = met.max_by_key(|(_, seconds)| *seconds)?;
        Some(Assumption {
            by: Trust::Rule(rule.id, rule.revision),
            seconds: Some(seconds),
        })
    }

    /// Whether a token of the profile that the principal got because of `trust` is still good. A principal that was taken out and is
    /// named again, or let in by another rule, needs a new token: somebody else may hold the old one by now.
    pub(crate) fn is_still_assumed(&self, profile: ProfileId, by: Principal, trust: Trust) -> bool {
        let Some(profile) = self.profile_within_reach(profile, by) else {
            return false;
        };
        match trust {
            Trust::Named(at) => {
                let identity = profile.identity(by);
                identity.is_some_and(|identity| identity.added.at == at)
            }
            Trust::Rule(id, revision) => {
                let user = by.user().and_then(|user| self.user(user));
                let mut met = user.into_iter().flat_map(|user| profile.rules_met(user));
                met.any(|(rule, _)| rule.id == id && rule.revision == revision)
            }
            Trust::Link(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::claim_condition::ClaimCondition;
    use crate::model::directory::change::{Change, Changed};
    use crate::model::directory::facts::{Facts, Membership};
    use crate::model::directory::{
        Account, OWN_REALM, ProfileIdentity, ProfileRule, ProfileRuleKind, Stamp, User,
    };
    use base::id::{Guid, ProfileLinkId, ProfileRuleId, ServiceId, UserId};
    use base::time::Millis;

    const ACCOUNT: AccountId = AccountId(Guid::from_random([1; 16]));
    const ADA: UserId = UserId(Guid::from_random([2; 16]));
    const JOB: ServiceId = ServiceId(Guid::from_random([3; 16]));
    const PROFILE: ProfileId = ProfileId(Guid::from_random([4; 16]));
    const OTHER: ProfileId = ProfileId(Guid::from_random([5; 16]));

    fn stamp() -> Stamp {
        Stamp {
            at: Millis(1),
            by: ADA.into(),
        }
    }

    fn profile(id: ProfileId, name: &str) -> Profile {
        Profile {
            id,
            account: ACCOUNT,
            name: name.to_owned(),
            description: String::new(),
            email: String::new(),
            rules: Vec::new(),
            links: Vec::new(),
            identities: Vec::new(),
            identities_revision: 1,
            revision: 1,
            created: stamp(),
            modified: stamp(),
        }
    }

    fn named(principals: &[Principal]) -> Profile {
        let one = |principal: &Principal| ProfileIdentity {
            principal: *principal,
            description: String::new(),
            added: stamp(),
        };
        Profile {
            identities: principals.iter().map(one).collect(),
            ..profile(PROFILE, "ops")
        }
    }

    fn rule(kind: ProfileRuleKind, conditions: &[(&str, &str)]) -> ProfileRule {
        let one = |(claim, value): &(&str, &str)| ClaimCondition::new(claim, "EQUALS", value);
        ProfileRule {
            id: ProfileRuleId(Guid::from_random([9; 16])),
            profile: PROFILE,
            name: String::new(),
            kind,
            conditions: conditions
                .iter()
                .map(|condition| one(condition).unwrap())
                .collect(),
            revision: 1,
            created: stamp(),
            modified: stamp(),
        }
    }

    fn saml(realm: &str, expiration_seconds: u32) -> ProfileRuleKind {
        ProfileRuleKind::Saml {
            realm: realm.to_owned(),
            expiration_seconds,
        }
    }

    fn membership(principal: impl Into<Principal>) -> Membership {
        Membership {
            account: ACCOUNT,
            principal: principal.into(),
            added_at: Millis(1),
        }
    }

    fn facts(profiles: Vec<Profile>) -> Facts {
        let members = profiles.iter().map(|profile| membership(profile.id));
        Facts {
            members: members.chain([membership(ADA), membership(JOB)]).collect(),
            accounts: vec![Account {
                id: ACCOUNT,
                name: "acme".to_owned(),
                owner: ADA,
                created_at: Millis(1),
            }],
            users: vec![User {
                id: ADA,
                home: ACCOUNT,
                email: "ada@x.org".to_owned(),
                given_name: "Ada".to_owned(),
                family_name: "L".to_owned(),
                created_at: Millis(1),
                password_changed_at: Millis(1),
            }],
            profiles,
            ..Facts::default()
        }
    }

    #[test]
    fn who_is_named_may_take_it_on_while_in_the_account() {
        let all: [Principal; 3] = [ADA.into(), JOB.into(), OTHER.into()];
        let directory = Directory::build(1, facts(vec![named(&all), profile(OTHER, "other")]));
        let by = |principal: Principal| directory.assumption(PROFILE, principal);
        let since_then = Assumption {
            by: Trust::Named(Millis(1)),
            seconds: None,
        };
        assert_eq!(by(ADA.into()), Some(since_then));
        assert_eq!(by(JOB.into()), Some(since_then));
        // A profile takes on no other, whatever the rows say.
        assert_eq!(by(OTHER.into()), None);
        assert_eq!(directory.assumption(OTHER, ADA.into()), None);

        let is_good = |trust: Trust| directory.is_still_assumed(PROFILE, JOB.into(), trust);
        let link = Trust::Link(ProfileLinkId(Guid::from_random([9; 16])));
        assert!(is_good(since_then.by) && !is_good(link));
        // A millisecond tells a naming from the next.
        assert!(!is_good(Trust::Named(Millis(0))) && !is_good(Trust::Named(Millis(2))));

        let mut left = Changed::default();
        left.add(Change::Principal(JOB.0));
        let after = directory.apply(2, &left, Facts::default());
        assert_eq!(after.assumption(PROFILE, JOB.into()), None);
    }

    #[test]
    fn a_rule_lets_users_take_it_on_who_meet_all_its_conditions() {
        let email = ("email", "ada@x.org");
        let resource = ProfileRuleKind::ComputeResource {
            cr_type: "IKS_SA".to_owned(),
        };
        for (rules, expected) in [
            (vec![rule(saml(OWN_REALM, 900), &[email])], Some(900)),
            (
                vec![
                    rule(saml(OWN_REALM, 900), &[email]),
                    rule(saml(OWN_REALM, 1200), &[email]),
                ],
                Some(1200),
            ),
            (
                vec![rule(saml(OWN_REALM, 900), &[email, ("given_name", "Eve")])],
                None,
            ),
            (vec![rule(saml("https://idp", 900), &[email])], None),
            (vec![rule(saml(OWN_REALM, 900), &[])], None),
            (vec![rule(resource, &[email])], None),
        ] {
            let ruled = Profile {
                rules,
                ..profile(PROFILE, "ops")
            };
            let directory = Directory::build(1, facts(vec![ruled]));
            let found = directory.assumption(PROFILE, ADA.into());
            let seconds = found.map(|assumption| assumption.seconds);
            assert_eq!(seconds, expected.map(Some));
            assert_eq!(directory.assumption(PROFILE, JOB.into()), None);
        }
    }

    #[test]
    fn a_token_by_a_rule_ends_with_this_version_of_it() {
        let made = rule(saml(OWN_REALM, 900), &[("email", "ada@x.org")]);
        let trust = Trust::Rule(made.id, made.revision);
        let is_good_by = |rules: Vec<ProfileRule>| {
            let ruled = Profile {
                rules,
                ..profile(PROFILE, "ops")
            };
            let directory = Directory::build(1, facts(vec![ruled]));
            directory.is_still_assumed(PROFILE, ADA.into(), trust)
        };
        let changed = ProfileRule {
            revision: 2,
            ..made.clone()
        };
        let made_anew = ProfileRule {
            id: ProfileRuleId(Guid::from_random([8; 16])),
            ..made.clone()
        };
        let of_another = ProfileRule {
            conditions: rule(saml(OWN_REALM, 900), &[("email", "eve@x.org")]).conditions,
            ..made.clone()
        };
        assert!(is_good_by(vec![made.clone()]) && is_good_by(vec![changed.clone(), made]));
        for rules in [vec![], vec![changed], vec![made_anew], vec![of_another]] {
            assert!(!is_good_by(rules.clone()), "{rules:?}");
        }
        // Nobody whom the profile names has it by a rule.
        let directory = Directory::build(1, facts(vec![named(&[ADA.into()])]));
        assert!(!directory.is_still_assumed(PROFILE, ADA.into(), trust));
    }

    #[test]
    fn names_may_be_swapped_in_one_batch_and_a_change_equals_a_new_reading() {
        let before = || vec![profile(PROFILE, "a"), profile(OTHER, "b")];
        let swapped = || vec![named(&[ADA.into()]), profile(OTHER, "a")];
        let mut changed = Changed::default();
        changed.add(Change::Profile(PROFILE));
        changed.add(Change::Profile(OTHER));
        let new = Facts {
            profiles: swapped(),
            ..Facts::default()
        };
        let after = Directory::build(1, facts(before())).apply(2, &changed, new);
        assert_eq!(after, Directory::build(2, facts(swapped())));
        let found = |name: &str| {
            after
                .profile_by_name(ACCOUNT, name)
                .map(|profile| profile.id)
        };
        assert_eq!(
            [found("a"), found("b"), found("ops")],
            [Some(OTHER), None, Some(PROFILE)]
        );
        let without_profile = after.apply(3, &changed, Facts::default());
        assert!(without_profile.profile(PROFILE).is_none());
        assert!(without_profile.profile_by_name(ACCOUNT, "ops").is_none());
    }
}
