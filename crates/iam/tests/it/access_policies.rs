//! Access policies through their interface: what they give, to whom, where, from when and until when, on every node.

use crate::world::Whole as _;
use crate::world::{World, access_token, code, on_both_databases, secret, source};
use base::id::AccountId;
use base::principal::Principal;
use base::scope::{Action, Actions, Domain};
use iam::directory::{Attribute, NamedRole, Policy, PolicyRole, PolicySubject};
use iam::manage::access_policy::{PolicyGrant, PolicyTerms, policy_tag};
use iam::manage::custom_role::{CustomRoleTerms, NewCustomRole, custom_role_tag};
use iam::manage::invitation::{InvitedAccess, Invitee};
use iam::manage::page::PageRequest;
use iam::manage::policy_condition::ConditionTerms;
use iam::{AuthError, Credential, Iam, IamError};
use std::cmp::Ordering;

on_both_databases!(
    one_gives_its_roles_where_all_attributes_are_met_on_every_node,
    of_two_changes_of_one_version_one_happens,
    of_two_policies_that_say_the_same_one_is_made,
    a_role_of_ones_own_is_worth_what_it_says_now,
    a_role_of_ones_own_goes_if_no_policy_gives_it_whatever_a_node_has_heard,
    it_goes_with_whom_it_is_for_and_with_the_account,
    an_invitation_gives_its_policies_with_the_acceptance,
    what_an_invitation_has_no_room_for_is_refused_before_it_is_written,
);

/// The attributes of a policy's resource, and the domains in which it gives its roles.
type Case<'a> = (Vec<(&'a str, &'a str)>, Vec<Domain>);

fn attributes(account: AccountId, more: &[(&str, &str)]) -> Vec<Attribute> {
    let account = account.to_string();
    let all = [("accountId", account.as_str())];
    let all = all.iter().chain(more);
    all.map(|(key, value)| Attribute::read(key, None, value).unwrap())
        .collect()
}

pub(crate) fn terms(
    account: AccountId,
    subject: Principal,
    role: PolicyRole,
    more: &[(&str, &str)],
) -> PolicyTerms {
    PolicyTerms {
        condition: ConditionTerms::NotInForm,
        subject: PolicySubject::Principal(subject),
        grant: PolicyGrant {
            description: String::new(),
            roles: vec![role],
            attributes: attributes(account, more),
        },
    }
}

pub(crate) const VIEWER: PolicyRole = PolicyRole::Named(NamedRole::Viewer);
pub(crate) const WRITER: PolicyRole = PolicyRole::Named(NamedRole::Writer);

fn actions(iam: &Iam, key: &str, domain: Domain) -> Actions {
    let scope = iam.verifier().scope(Credential::ApiKey(key), Some(domain));
    match scope {
        Ok(scope) => scope.actions(),
        Err(AuthError::DomainNotFound(_)) => Actions::NONE,
        Err(other) => panic!("{other}"),
    }
}

async fn one_gives_its_roles_where_all_attributes_are_met_on_every_node(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let (subject, key) = world.service().await;
    let (space, org) = (Domain::Space(world.space()), Domain::Org(world.org()));
    let whole = Domain::Account(account);
    let second = world.iam.create_space(&owner, world.org(), "second");
    let second = Domain::Space(second.await.unwrap().id);
    let node = world.node().await;
    let region = world.iam.regions().first().unwrap().name.clone();
    let (space_id, org_id) = (world.space().to_string(), world.org().to_string());
    let (space_id, org_id, region) = (space_id.as_str(), org_id.as_str(), region.as_str());
    let all = vec![whole, org, space, second];
    let cases: [Case<'_>; 9] = [
        (vec![], all.clone()),
        (vec![("serviceName", "ibmcloud-monitoring")], all.clone()),
        (vec![("spaceId", space_id)], vec![space]),
        (vec![("organizationId", org_id)], vec![org, space, second]),
        (vec![("resourceType", "space")], vec![space, second]),
        (vec![("resourceType", "account")], vec![whole]),
        (
            vec![("resourceType", "space"), ("resource", space_id)],
            vec![space],
        ),
        (vec![("region", region)], all.clone()),
        (
            vec![("spaceId", space_id), ("organizationId", org_id)],
            vec![space],
        ),
    ];
    for (more, expected) in cases {
        let wanted = terms(account, subject, VIEWER, &more);
        let policy = world.iam.create_policy(&owner, wanted).await.unwrap();
        node.sync().await.unwrap();
        for iam in [&world.iam, &node] {
            for domain in [whole, org, space, second] {
                let is_covered = expected.contains(&domain);
                let found = actions(iam, &key, domain);
                let right = match is_covered {
                    true => NamedRole::Viewer.actions(),
                    false => Actions::NONE,
                };
                assert_eq!(found, right, "{more:?} {domain}");
            }
        }
        // Out of force, in force, and gone.
        let off = world.iam.switch_policy(&owner, policy.id, "*", false);
        let off = off.await.unwrap();
        assert_ne!(policy_tag(&off), policy_tag(&policy));
        for domain in &expected {
            assert!(actions(&world.iam, &key, *domain).is_empty());
        }
        world
            .iam
            .switch_policy(&owner, policy.id, &policy_tag(&off), true)
            .await
            .unwrap();
        node.sync().await.unwrap();
        for domain in &expected {
            assert!(actions(&node, &key, *domain).contains(Action::Render));
        }
        node.delete_policy(&owner, policy.id).await.unwrap();
        world.iam.sync().await.unwrap();
        for domain in [whole, org, space, second] {
            assert!(actions(&world.iam, &key, domain).is_empty());
        }
    }
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    node.close().await;
}

async fn of_two_changes_of_one_version_one_happens(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let (subject, key) = world.service().await;
    let wanted = terms(account, subject, VIEWER, &[]);
    let policy = world.iam.create_policy(&owner, wanted).await.unwrap();
    let (id, tag) = (policy.id, policy_tag(&policy));
    let other = world.node().await;
    let replace = |iam: Iam| {
        let (owner, tag) = (owner.clone(), tag.clone());
        async move {
            let wanted = terms(account, subject, WRITER, &[]);
            iam.replace_policy(&owner, id, &tag, wanted).await
        }
    };
    let (one, two) = tokio::join!(replace(world.iam.clone()), replace(other.clone()));
    let refused = match (one, two) {
        (Ok(_), refused) | (refused, Ok(_)) => refused,
        (one, two) => panic!("{one:?} {two:?}"),
    };
    assert_eq!(code(refused), "conflict");
    world.iam.sync().await.unwrap();
    let space = Domain::Space(world.space());
    assert!(actions(&world.iam, &key, space).contains(Action::Write));

    // Whoever is not an Administrator gives nothing, and sees what names them alone.
    let caller = world.enter_key(&key).unwrap();
    let wanted = terms(account, subject, VIEWER, &[]);
    let refused = world.iam.create_policy(&caller, wanted).await;
    assert_eq!(code(refused), "not_allowed");
    assert_eq!(world.iam.policy(&caller, id).await.unwrap().id, id);
    let refused = world.iam.delete_policy(&caller, id).await;
    assert_eq!(code(refused), "not_allowed");
    let wanted = terms(account, owner.principal(), VIEWER, &[]);
    let others = world.iam.create_policy(&owner, wanted).await.unwrap();
    assert_eq!(
        code(world.iam.policy(&caller, others.id).await),
        "not_found"
    );
    let any = |_: &Policy, _: &Policy| Ordering::Equal;
    let all = world
        .iam
        .policies(&caller, &[], |_| true, any, PageRequest::WHOLE);
    assert_eq!(code(all), "not_allowed");
    for (subject, expected) in [(subject, Ok(1)), (owner.principal(), Err("not_allowed"))] {
        let subject = [PolicySubject::Principal(subject)];
        let listed = world
            .iam
            .policies(&caller, &subject, |_| true, any, PageRequest::WHOLE);
        match expected {
            Ok(total) => assert_eq!(listed.unwrap().total, total),
            Err(refusal) => assert_eq!(code(listed), refusal),
        }
    }
    let all = world
        .iam
        .policies(&owner, &[], |_| true, any, PageRequest::WHOLE);
    assert_eq!(all.unwrap().total, 2);
    other.close().await;
}

async fn a_role_of_ones_own_is_worth_what_it_says_now(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let (subject, key) = world.service().await;
    let terms_for = |actions: &[&str]| CustomRoleTerms {
        display_name: "Sender".to_owned(),
        description: String::new(),
        actions: actions.iter().map(|action| (*action).to_owned()).collect(),
    };
    let new = |name: &str| NewCustomRole {
        name: name.to_owned(),
        terms: terms_for(&["domain.write"]),
    };
    for wrong in ["sender", "My Sender", "", "Ärger"] {
        let refused = world.iam.create_custom_role(&owner, new(wrong)).await;
        assert_eq!(code(refused), "field", "{wrong}");
    }
    let role = world.iam.create_custom_role(&owner, new("Sender"));
    let role = role.await.unwrap();
    for taken in ["Sender", "Viewer", "MANAGER"] {
        let mut wanted = new(taken);
        wanted.terms.display_name = "Another".to_owned();
        let refused = world.iam.create_custom_role(&owner, wanted).await;
        assert_eq!(code(refused), "same_role", "{taken}");
    }
    for taken in ["Sender", "sender", "Writer", "administrator"] {
        let mut wanted = new("Another");
        wanted.terms.display_name = taken.to_owned();
        let refused = world.iam.create_custom_role(&owner, wanted).await;
        assert_eq!(code(refused), "same_role", "{taken}");
        let mut other = terms_for(&["domain.find"]);
        other.display_name = "Editor".to_owned();
        let refused = world.iam.replace_custom_role(&owner, role.id, "*", other);
        assert_eq!(code(refused.await), "same_role");
    }
    let given = world.iam.policy_role(&owner, &role.crn()).unwrap();
    assert_eq!(given, PolicyRole::Custom(role.id));
    let wanted = terms(account, subject, given, &[]);
    let policy = world.iam.create_policy(&owner, wanted).await.unwrap();
    let space = Domain::Space(world.space());
    let only = Actions::of(&[Action::Write]);
    assert_eq!(actions(&world.iam, &key, space), only);
    let tag = custom_role_tag(&role);
    let more = terms_for(&["domain.write", "domain.find"]);
    let changed = world.iam.replace_custom_role(&owner, role.id, &tag, more);
    changed.await.unwrap();
    assert!(actions(&world.iam, &key, space).contains(Action::Find));
    let late = terms_for(&["domain.render"]);
    let late = world.iam.replace_custom_role(&owner, role.id, &tag, late);
    assert_eq!(code(late.await), "conflict");
    let held = world.iam.delete_custom_role(&owner, role.id).await;
    assert_eq!(code(held), "conflict");
    world.iam.delete_policy(&owner, policy.id).await.unwrap();
    world.iam.delete_custom_role(&owner, role.id).await.unwrap();
    assert_eq!(
        code(world.iam.custom_role(&owner, role.id).await),
        "not_found"
    );
    assert_eq!(code(world.iam.policy_role(&owner, &role.crn())), "field");
    // The name is free again, for another role.
    let other = world.iam.create_custom_role(&owner, new("Sender"));
    let other = other.await.unwrap();
    let given = world.iam.policy_role(&owner, &role.crn()).unwrap();
    assert_eq!(given, PolicyRole::Custom(other.id));
}

async fn a_role_of_ones_own_goes_if_no_policy_gives_it_whatever_a_node_has_heard(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let (subject, _) = world.service().await;
    let new = NewCustomRole {
        name: "Sender".to_owned(),
        terms: CustomRoleTerms {
            display_name: "Sender".to_owned(),
            description: String::new(),
            actions: vec!["domain.write".to_owned()],
        },
    };
    let role = world.iam.create_custom_role(&owner, new).await.unwrap();
    let node = world.node().await;
    let wanted = terms(account, subject, PolicyRole::Custom(role.id), &[]);
    let policy = world.iam.create_policy(&owner, wanted).await.unwrap();
    // The node has not heard of the policy.
    let held = node.delete_custom_role(&owner, role.id).await;
    assert_eq!(code(held), "conflict");
    node.sync().await.unwrap();
    let held = node.delete_custom_role(&owner, role.id).await;
    assert_eq!(code(held), "conflict");
    // Nor now that it is gone.
    world.iam.delete_policy(&owner, policy.id).await.unwrap();
    node.delete_custom_role(&owner, role.id).await.unwrap();
    world.iam.sync().await.unwrap();
    assert_eq!(
        code(world.iam.custom_role(&owner, role.id).await),
        "not_found"
    );
    node.close().await;
}

/// Gives the role of a viewer.
pub(crate) async fn give(
    world: &World,
    subject: Principal,
    more: &[(&str, &str)],
) -> Result<Policy, IamError> {
    let wanted = terms(world.made.account, subject, VIEWER, more);
    world.iam.create_policy(&world.owner(), wanted).await
}

async fn of_two_policies_that_say_the_same_one_is_made(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let (subject, _) = world.service().await;
    let first = give(&world, subject, &[]).await.unwrap();
    let refused = give(&world, subject, &[]).await;
    assert_eq!(code(refused), "same_policy");
    let node = world.node().await;
    let make = |iam: Iam| {
        let (owner, wanted) = (owner.clone(), terms(account, subject, WRITER, &[]));
        async move { iam.create_policy(&owner, wanted).await }
    };
    let (one, two) = tokio::join!(make(world.iam.clone()), make(node.clone()));
    let (made, refused) = match (one, two) {
        (Ok(made), refused) | (refused, Ok(made)) => (made, refused),
        (one, two) => panic!("{one:?} {two:?}"),
    };
    assert_eq!(code(refused), "same_policy");
    // Nor by a change, unless it is out of force.
    world.iam.sync().await.unwrap();
    let wanted = || terms(account, subject, VIEWER, &[]);
    let changed = world.iam.replace_policy(&owner, made.id, "*", wanted());
    assert_eq!(code(changed.await), "same_policy");
    let off = world.iam.switch_policy(&owner, first.id, "*", false);
    off.await.unwrap();
    let changed = world.iam.replace_policy(&owner, made.id, "*", wanted());
    assert_eq!(changed.await.unwrap().id, made.id);
    let on = world.iam.switch_policy(&owner, first.id, "*", true);
    assert_eq!(code(on.await), "same_policy");
    node.close().await;
}

async fn it_goes_with_whom_it_is_for_and_with_the_account(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let (subject, _) = world.service().await;
    let policy = give(&world, subject, &[]).await.unwrap();
    let Principal::Service(id) = subject else {
        panic!("{subject}");
    };
    world.iam.delete_service_id(&owner, id).await.unwrap();
    assert_eq!(code(world.iam.policy(&owner, policy.id).await), "not_found");
    // Nobody, and nothing, is named by mistake.
    assert_eq!(code(give(&world, subject, &[]).await), "field");
    let nowhere = "01234567-89ab-cdef-0123-456789abcdef";
    for wrong in [
        ("spaceId", nowhere),
        ("organizationId", nowhere),
        ("region", "atlantis"),
    ] {
        let refused = give(&world, owner.principal(), &[wrong]).await;
        assert_eq!(code(refused), "field", "{wrong:?}");
    }
    let (subject, key) = world.service().await;
    give(&world, subject, &[]).await.unwrap();
    world.second_account().await;
    world.iam.delete_account(account).await.unwrap();
    let space = Domain::Space(world.space());
    assert!(world.iam.directory().actions(subject, space).is_empty());
    world.iam.restore_account(account, None).await.unwrap();
    assert!(actions(&world.iam, &key, space).contains(Action::Render));
    world.iam.delete_account(account).await.unwrap();
    world.remove_deleted().await;
    let db = world.database().await;
    let left = db.all("SELECT guid FROM policies", &[]).await.unwrap();
    assert_eq!(left.len(), 0);
    db.close().await;
}

async fn an_invitation_gives_its_policies_with_the_acceptance(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let invite = async |email: &str| {
        let wanted = [Invitee {
            email: email.to_owned(),
            role: None,
        }];
        let grant = terms(account, owner.principal(), VIEWER, &[]).grant;
        let access = InvitedAccess {
            policies: vec![grant],
            ..InvitedAccess::default()
        };
        let invited = world.iam.invite_with(&owner, account, &wanted, access);
        invited.await.unwrap().remove(0)
    };
    let email = "bea@example.org";
    let invited = invite(email).await;
    // By the id of the invitation, too.
    let more = terms(account, invited.id.into(), WRITER, &[]);
    let policy = world.iam.create_policy(&owner, more).await.unwrap();
    assert_eq!(policy.subject, PolicySubject::Invited(invited.id));
    let named = Principal::from(invited.id);
    let found = world.iam.principal_named(&owner, named).await.unwrap();
    assert_eq!(found, named);
    let (here, chosen) = (source(), secret("chosen at the beginning"));
    let one_time_code = invited.code.unwrap();
    let redeemed = world
        .iam
        .redeem(here, email, &one_time_code, chosen.clone());
    redeemed.await.unwrap();
    let tokens = world.password(email, chosen.expose()).await.unwrap();
    let bea = world.enter(&access_token(&tokens)).unwrap();
    let space = Domain::Space(world.space());
    let given = world.iam.directory().actions(bea.principal(), space);
    assert!(given.contains(Action::Render) && given.contains(Action::Write));
    let begun = world.iam.policy(&bea, policy.id).await.unwrap();
    assert_eq!(begun.subject, PolicySubject::Principal(bea.principal()));
    // Who knows the id of the invitation alone finds whom it is about now, in this account.
    let found = world.iam.principal_named(&owner, named).await.unwrap();
    assert_eq!(found, bea.principal());
    let found = world.iam.principal_named(&owner, found).await.unwrap();
    assert_eq!(found, bea.principal());
    let mut several = [named, owner.principal(), named];
    let found = world.iam.find_named(&owner, several.iter_mut().collect());
    found.await.unwrap();
    assert_eq!(
        several,
        [bea.principal(), owner.principal(), bea.principal()]
    );
    // Those of an invitation that is withdrawn go with it.
    let invited = invite("cid@example.org").await;
    let removed = world.iam.remove_member(&owner, account, invited.id);
    removed.await.unwrap();
    let any = |_: &Policy, _: &Policy| Ordering::Equal;
    let all = world
        .iam
        .policies(&owner, &[], |_| true, any, PageRequest::WHOLE);
    assert_eq!(all.unwrap().total, 2);
}

/// Such a refusal cost as much as what it refused, again and again, while every login and change of all accounts waited.
#[expect(clippy::disallowed_methods, reason = "a table that takes no more")]
async fn what_an_invitation_has_no_room_for_is_refused_before_it_is_written(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    give(&world, owner.principal(), &[]).await.unwrap();
    let few = [("policies_per_account".to_owned(), Some(4))];
    world.iam.set_account_limits(account, &few).await.unwrap();
    let db = world.database().await;
    // Neither table takes another row of the account: what is written fails, and is no refusal.
    for sql in [
        "CREATE UNIQUE INDEX one_policy ON policies (account)",
        "CREATE UNIQUE INDEX one_invitation ON invitations (account)",
    ] {
        db.execute(sql, &[]).await.unwrap();
    }
    let invite = async |people: usize, policies: usize| {
        let invitee = |at: usize| Invitee {
            email: format!("p{at}@example.org"),
            role: None,
        };
        let wanted: Vec<Invitee> = (0..people).map(invitee).collect();
        let grant = terms(account, owner.principal(), VIEWER, &[]).grant;
        let access = InvitedAccess {
            policies: vec![grant; policies],
            ..InvitedAccess::default()
        };
        let invited = world.iam.invite_with(&owner, account, &wanted, access);
        invited.await.map(|invited| invited.len())
    };
    assert_eq!(code(invite(2, 2).await), "limit_reached");
    // Of people times policies there are no more in one request, however many the account may have.
    let many = [("policies_per_account".to_owned(), Some(1_000_000))];
    world.iam.set_account_limits(account, &many).await.unwrap();
    let refused = invite(11, 100).await.unwrap_err();
    let limit = refused.refusal().and_then(|refusal| refusal.limit);
    let expected = base::limit::INVITED_ACCESS_PER_REQUEST.name;
    assert_eq!(limit.map(|limit| limit.name), Some(expected));
    assert!(invite(2, 2).await.unwrap_err().refusal().is_none());
    for sql in ["DROP INDEX one_policy", "DROP INDEX one_invitation"] {
        db.execute(sql, &[]).await.unwrap();
    }
    assert_eq!(invite(2, 2).await.unwrap(), 2);
    db.close().await;
}
