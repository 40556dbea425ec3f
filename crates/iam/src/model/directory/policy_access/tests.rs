//! The indexes give what a walk over all policies gives, from the beginning and after any changes.

mod conditions;
mod world;

use self::world::{ACCOUNTS, World, account, actors, domains, step, subjects};
use super::*;
use crate::model::directory::policy_target::{DomainKind, PolicyTarget, is_met};
use base::time::Millis;
use proptest::prelude::*;

/// Whether the domain has all that the target names.
fn covers(target: &PolicyTarget, directory: &Directory, domain: Domain) -> bool {
    let (kind, guid) = DomainKind::of(domain);
    let org = match domain {
        Domain::Account(_) => None,
        Domain::Org(id) => Some(id),
        Domain::Space(id) => directory.org_of(id),
    };
    target.kind.is_none_or(|wanted| wanted == kind)
        && target.resource.is_none_or(|wanted| wanted == guid)
        && target
            .space
            .is_none_or(|wanted| domain == Domain::Space(wanted))
        && target.org.is_none_or(|wanted| org == Some(wanted))
        && (target.group).is_none_or(|wanted| directory.resource_group_of(domain) == Some(wanted))
        && target.region.as_ref().is_none_or(|(operator, value)| {
            let region = directory.region_of(domain);
            region.is_some_and(|region| is_met(*operator, value, region))
        })
}

/// Whether what is for the subject is for the principal.
fn is_for(directory: &Directory, subject: PolicySubject, principal: Principal) -> bool {
    match subject {
        PolicySubject::Principal(subject) => subject == principal,
        PolicySubject::Group(group) => directory.is_in_group(principal, group),
        PolicySubject::Invited(_) => false,
        PolicySubject::Source(source) => match principal {
            Principal::Instance(id) => directory
                .instance(id)
                .is_some_and(|instance| AuthorizationSource::of(instance).contains(&source)),
            _ => false,
        },
    }
}

/// Whether a policy of the account for the principal is out of force by its time alone, by a walk over all of them.
fn is_out_of_time(
    directory: &Directory,
    now: Millis,
    principal: Principal,
    account: AccountId,
) -> bool {
    let is_over = |policy: &Policy| {
        let condition = policy.condition.as_ref();
        condition.is_some_and(|condition| !condition.judge(now).is_met)
    };
    directory.is_member(principal, account)
        && directory.policies.all.values().any(|policy| {
            policy.account == account
                && policy.active
                && is_over(policy)
                && is_for(directory, policy.subject, principal)
        })
}

/// What the policies give at this instant, by a walk over all of them.
fn walked(
    directory: &Directory,
    now: Millis,
    principal: Principal,
    domain: Domain,
) -> Option<Actions> {
    let account = directory.account_of(domain)?;
    let all = directory.policies.all.values();
    let in_force = all.filter(|policy| {
        is_for(directory, policy.subject, principal)
            && policy.active
            && (policy.condition.as_ref()).is_none_or(|condition| condition.judge(now).is_met)
            && policy.account == account
            && directory.is_member(principal, account)
            && covers(&policy.target, directory, domain)
    });
    let actions = in_force.flat_map(|policy| &policy.roles);
    actions
        .map(|role| directory.role_actions(*role))
        .reduce(Actions::union)
}

/// Each policy of an account is for its subject, and for no other.
fn check_subjects(directory: &Directory) -> Result<(), TestCaseError> {
    for account_id in (0..ACCOUNTS).map(account) {
        for subject in subjects() {
            let is_for = |policy: &&Policy| match (policy.subject, subject) {
                (PolicySubject::Invited(id), PolicySubject::Principal(principal)) => {
                    principal.user() == Some(id)
                }
                (of, subject) => of == subject,
            };
            let walked = directory.policies_of(account_id).filter(is_for);
            let walked: HashSet<PolicyId> = walked.map(|policy| policy.id).collect();
            let found = directory.policies_for(subject, account_id);
            let found: Vec<PolicyId> = found.map(|policy| policy.id).collect();
            prop_assert_eq!(found.len(), walked.len());
            prop_assert_eq!(found.into_iter().collect::<HashSet<_>>(), walked);
        }
    }
    Ok(())
}

/// The spaces of a name are all those of the account that have it.
fn check_names(directory: &Directory) -> Result<(), TestCaseError> {
    for account_id in (0..ACCOUNTS).map(account) {
        let all = directory.spaces_of(account_id);
        for name in all.iter().map(|id| &directory.spaces.get(id).unwrap().name) {
            let named = directory.spaces_named(account_id, name);
            let named: Vec<SpaceId> = named.map(|space| space.id).collect();
            let mut expected = all.to_vec();
            expected.retain(|id| directory.spaces.get(id).unwrap().name == *name);
            prop_assert_eq!(named, expected);
        }
        prop_assert_eq!(directory.spaces_named(account_id, "of nobody").count(), 0);
    }
    Ok(())
}

fn check(directory: &Directory, now: Millis) -> Result<(), TestCaseError> {
    check_subjects(directory)?;
    check_names(directory)?;
    for principal in actors() {
        let proven = ProvenPrincipal::now(principal);
        let is_shown = |domain| walked(directory, now, principal, domain).is_some();
        for domain in domains() {
            let expected = walked(directory, now, principal, domain);
            prop_assert_eq!(
                directory.access(proven, domain),
                expected,
                "{} {}",
                principal,
                domain
            );
            prop_assert_eq!(directory.has_access(proven, domain), expected.is_some());
        }
        for account_id in (0..ACCOUNTS).map(account) {
            prop_assert_eq!(
                directory.has_policy_out_of_time(proven, account_id),
                is_out_of_time(directory, now, principal, account_id)
            );
            let (orgs, spaces) = directory.visible_by_policies(proven, account_id);
            let all = directory.orgs_of(account_id).iter().copied();
            let expected: HashSet<OrgId> = all.filter(|id| is_shown(Domain::Org(*id))).collect();
            prop_assert_eq!(&orgs, &expected);
            let all = directory.spaces_of(account_id).iter().copied();
            let expected: HashSet<SpaceId> =
                all.filter(|id| is_shown(Domain::Space(*id))).collect();
            prop_assert_eq!(&spaces, &expected);
            for all in [
                directory.spaces_of(account_id),
                directory.spaces_of(account_id).get(..1).unwrap_or_default(),
            ] {
                let mut expected = all.to_vec();
                expected.retain(|id| spaces.contains(id));
                prop_assert_eq!(directory.accessible(proven, account_id, all), expected);
            }
            for id in directory.orgs_of(account_id).iter().copied() {
                let mut expected = directory.spaces_of(account_id).to_vec();
                expected.retain(|space| directory.org_of(*space) == Some(id));
                prop_assert_eq!(directory.spaces_in(id), &*expected);
                let mut inside = spaces.iter();
                let has_space = inside.any(|space| directory.org_of(*space) == Some(id));
                let expected = orgs.contains(&id) || has_space;
                prop_assert_eq!(directory.policies_show_org(proven, id), expected);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_index_gives_what_a_walk_over_all_policies_gives(steps in prop::collection::vec(step(), 0..24)) {
        let mut world = World::default();
        let mut directory = Directory::build(0, world.facts());
        for (number, step) in (1..).zip(&steps) {
            let (changed, facts) = world.take(step);
            let is_time_alone = changed.len() == 0;
            let mut awaited = directory.clone();
            awaited.judge_policies(facts.at);
            directory = directory.apply(number, &changed, facts);
            check(&directory, world.now())?;
            // Whoever waits for the hour finds what whoever reads a change finds.
            if is_time_alone {
                awaited.changes = number;
                prop_assert!(awaited == directory);
            }
        }
        let number = i64::try_from(steps.len()).unwrap();
        prop_assert!(directory == Directory::build(number, world.facts()));
    }
}
