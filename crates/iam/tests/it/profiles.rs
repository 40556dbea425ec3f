//! Trusted profiles through their interface: who takes one on, what the token of one gives, and with what it ends, on every node.

mod by_refresh_token;
mod links;
mod taken_on;

use crate::world::Whole as _;
use crate::world::{OWNER, World, code, on_both_databases};
use base::id::{ProfileId, ProfileLinkId, ServiceId};
use base::principal::Principal;
use base::scope::Domain;
use iam::claim_condition::ClaimCondition;
use iam::directory::{OWN_REALM, Profile, ProfileRuleKind};
use iam::manage::page::PageRequest;
use iam::manage::profile::{NewProfile, ProfileChange, profile_tag};
use iam::manage::profile_identity::{NewProfileIdentity, profile_identities_tag};
use iam::manage::profile_link::LinkTerms;
use iam::manage::profile_rule::{ProfileRuleTerms, profile_rule_tag};
use iam::role::Role;
use iam::{Iam, IamError};
use std::cmp::Ordering;

on_both_databases!(
    one_lives_changes_and_ends_on_every_node,
    of_two_changes_of_one_version_one_happens,
    its_identities_are_of_its_account,
    what_is_never_met_or_by_everybody_is_not_stored,
    it_goes_with_its_account_and_comes_back_with_it,
);

fn new_profile(name: &str) -> NewProfile {
    NewProfile {
        name: name.to_owned(),
        ..NewProfile::default()
    }
}

pub(crate) async fn create_profile(world: &World, name: &str) -> Profile {
    let owner = world.owner();
    let made = world.iam.create_profile(&owner, new_profile(name));
    made.await.unwrap()
}

fn identity(principal: Principal) -> NewProfileIdentity {
    NewProfileIdentity {
        principal,
        description: "at night".to_owned(),
    }
}

pub(crate) async fn let_in(world: &World, profile: ProfileId, principal: Principal) {
    let (owner, wanted) = (world.owner(), identity(principal));
    let added = world.iam.add_profile_identity(&owner, profile, &wanted);
    added.await.unwrap();
}

fn rule(claim: &str, value: &str) -> ProfileRuleTerms {
    ProfileRuleTerms {
        name: "ours".to_owned(),
        kind: ProfileRuleKind::Saml {
            realm: OWN_REALM.to_owned(),
            expiration_seconds: 900,
        },
        conditions: vec![ClaimCondition::new(claim, "EQUALS", value).unwrap()],
    }
}

fn link(namespace: Option<&str>) -> LinkTerms {
    LinkTerms {
        cr_type: "IKS_SA".to_owned(),
        crn: None,
        namespace: namespace.map(str::to_owned),
        resource_name: None,
    }
}

fn names(iam: &Iam, world: &World) -> Vec<String> {
    let any = |_: &Profile, _: &Profile| Ordering::Equal;
    let listed = iam.profiles(&world.owner(), |_| true, any, PageRequest::WHOLE);
    let listed = listed.unwrap().entries.into_iter();
    listed.map(|profile| profile.name).collect()
}

async fn one_lives_changes_and_ends_on_every_node(world: World) {
    let owner = world.owner();
    let profile = create_profile(&world, "ops").await;
    let space = Domain::Space(world.space());
    let iam_id = profile.id.to_string();
    let given = world.iam.set_role(&owner, space, Role::Auditor, &iam_id);
    given.await.unwrap();
    create_profile(&world, "batch").await;
    let node = world.node().await;
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert_eq!(iam.profile(&owner, profile.id).await.unwrap(), profile);
        assert_eq!(names(iam, &world), ["batch", "ops"]);
        assert!(iam.directory().has_role(profile.id, space, Role::Auditor));
    }
    // Who is no Administrator sees none.
    let (_, key) = world.service().await;
    let other = world.enter_key(&key).unwrap();
    assert_eq!(
        code(world.iam.profile(&other, profile.id).await),
        "not_found"
    );
    let any = |_: &Profile, _: &Profile| Ordering::Equal;
    let listed = world
        .iam
        .profiles(&other, |_| true, any, PageRequest::WHOLE);
    assert_eq!(code(listed), "not_allowed");
    let refused = world
        .iam
        .create_profile(&other, new_profile("theirs"))
        .await;
    assert_eq!(code(refused), "not_allowed");

    let rule = node.create_profile_rule(&owner, profile.id, rule("email", OWNER));
    let rule = rule.await.unwrap();
    let linked = node.create_profile_link(&owner, profile.id, "l".to_owned(), link(Some("prod")));
    let linked = linked.await.unwrap();
    world.iam.sync().await.unwrap();
    let seen = world.iam.profile(&owner, profile.id).await.unwrap();
    assert_eq!((seen.rules, seen.links), (vec![rule], vec![linked.clone()]));
    assert_eq!(
        seen.revision, profile.revision,
        "what belongs to it has its own tags"
    );
    let twice =
        world
            .iam
            .create_profile_link(&owner, profile.id, String::new(), link(Some("prod")));
    assert_eq!(code(twice.await), "conflict");
    let (without_name, named_prod) = (link(None), link(Some("prod")));
    let named_anew = world
        .iam
        .delete_profile_link_to(&owner, profile.id, &without_name);
    assert_eq!(code(named_anew.await), "not_found");
    let gone = world
        .iam
        .delete_profile_link_to(&owner, profile.id, &named_prod);
    gone.await.unwrap();
    let again = world
        .iam
        .delete_profile_link(&owner, profile.id, linked.id)
        .await;
    assert_eq!(code(again), "not_found");

    world.iam.delete_profile(&owner, profile.id).await.unwrap();
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert_eq!(code(iam.profile(&owner, profile.id).await), "not_found");
        assert!(!iam.directory().exists(profile.id.into()));
        assert_eq!(names(iam, &world), ["batch"]);
    }
    let nothing = ProfileLinkId(profile.id.0);
    let late = node.delete_profile_link(&owner, profile.id, nothing).await;
    assert_eq!(code(late), "not_found");
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    node.close().await;
}

async fn of_two_changes_of_one_version_one_happens(world: World) {
    let owner = world.owner();
    let profile = create_profile(&world, "ops").await;
    let (id, tag) = (profile.id, profile_tag(&profile));
    let other = world.node().await;
    let rename = |iam: Iam, name: &str| {
        let (owner, tag, name) = (owner.clone(), tag.clone(), name.to_owned());
        async move {
            let change = ProfileChange {
                name: Some(name),
                ..ProfileChange::default()
            };
            iam.update_profile(&owner, id, &tag, change).await
        }
    };
    let first = rename(world.iam.clone(), "first");
    let (one, two) = tokio::join!(first, rename(other.clone(), "second"));
    let refused = match (one, two) {
        (Ok(_), refused) | (refused, Ok(_)) => refused,
        (one, two) => panic!("{one:?} {two:?}"),
    };
    assert_eq!(code(refused), "conflict");
    world.iam.sync().await.unwrap();
    let now = world.iam.profile(&owner, id).await.unwrap();
    let found = |name: &str| {
        let directory = world.iam.directory();
        let found = directory.profile_by_name(world.made.account, name);
        found.map(|profile| profile.id)
    };
    assert_eq!((found(&now.name), found("ops")), (Some(id), None));
    // A name is one profile's.
    let twice = world
        .iam
        .create_profile(&owner, new_profile(&now.name))
        .await;
    assert_eq!(code(twice), "conflict");
    let change = ProfileChange {
        description: Some("of all".to_owned()),
        ..ProfileChange::default()
    };
    let changed = world.iam.update_profile(&owner, id, "*", change).await;
    assert_eq!(changed.unwrap().name, now.name);

    let made = world
        .iam
        .create_profile_rule(&owner, id, rule("email", OWNER));
    let made = made.await.unwrap();
    let stale = profile_rule_tag(&made);
    let anew = || rule("given_name", "Ada");
    let one = (id, made.id);
    let changed = world.iam.replace_profile_rule(&owner, one, &stale, anew());
    assert_ne!(profile_rule_tag(&changed.await.unwrap()), stale);
    let late = world.iam.replace_profile_rule(&owner, one, &stale, anew());
    assert_eq!(code(late.await), "conflict");
    other.close().await;
}

async fn its_identities_are_of_its_account(world: World) {
    let owner = world.owner();
    let profile = create_profile(&world, "ops").await;
    let (job, _) = world.service().await;
    let bea = world.person("bea@example.org", None).await;
    let nobody = Principal::Service(ServiceId(profile.id.0));
    let add = async |principal: Principal| -> Result<(), IamError> {
        let wanted = identity(principal);
        let added = world.iam.add_profile_identity(&owner, profile.id, &wanted);
        added.await.map(|_| ())
    };
    add(job).await.unwrap();
    assert_eq!(code(add(nobody).await), "field");
    assert_eq!(
        code(add(profile.id.into()).await),
        "field",
        "no profile takes on another"
    );

    let tag = profile_identities_tag(&world.iam.profile(&owner, profile.id).await.unwrap());
    let set = async |if_match: &str, all: &[Principal]| {
        let all: Vec<NewProfileIdentity> = all.iter().copied().map(identity).collect();
        world
            .iam
            .set_profile_identities(&owner, profile.id, if_match, &all)
            .await
    };
    let users: [Principal; 2] = [bea.id.into(), owner.principal()];
    let changed = set(&tag, &users).await.unwrap();
    assert_eq!(changed.identities.len(), 2);
    assert!(changed.identity(job).is_none());
    assert_eq!(code(set(&tag, &users).await), "conflict");
    let same = set(&profile_identities_tag(&changed), &users)
        .await
        .unwrap();
    assert_eq!(same.identities_revision, changed.identities_revision);
    let twice = [users[0], users[0]];
    assert_eq!(code(set("*", &twice).await), "field");
    assert_eq!(code(set("*", &[nobody]).await), "field", "all or none");
    assert_eq!(world.iam.profile(&owner, profile.id).await.unwrap(), same);

    // Who leaves the account is named no more, also after they return.
    let account = world.made.account;
    let removed = world.iam.remove_member(&owner, account, bea.id).await;
    removed.unwrap();
    let left = world.iam.profile(&owner, profile.id).await.unwrap();
    assert_eq!(left.identities.len(), 1);
    let gone = world
        .iam
        .remove_profile_identity(&owner, profile.id, bea.id.into());
    assert_eq!(code(gone.await), "not_found");
    let gone = world
        .iam
        .remove_profile_identity(&owner, profile.id, users[1]);
    gone.await.unwrap();
    let none = world
        .iam
        .profile_identity(&owner, profile.id, users[1])
        .await;
    assert_eq!(code(none), "not_found");
}

async fn what_is_never_met_or_by_everybody_is_not_stored(world: World) {
    let owner = world.owner();
    let profile = create_profile(&world, "ops").await;
    let refused = async |terms: ProfileRuleTerms, field: &str| {
        let made = world
            .iam
            .create_profile_rule(&owner, profile.id, terms)
            .await;
        let error = made.unwrap_err();
        assert_eq!(
            error.refusal().and_then(|refusal| refusal.field),
            Some(field)
        );
    };
    let of_realm = |realm: &str, expiration_seconds: u32| ProfileRuleTerms {
        kind: ProfileRuleKind::Saml {
            realm: realm.to_owned(),
            expiration_seconds,
        },
        ..rule("email", OWNER)
    };
    let of_resources = |cr_type: &str| ProfileRuleTerms {
        kind: ProfileRuleKind::ComputeResource {
            cr_type: cr_type.to_owned(),
        },
        ..rule("anything", "here")
    };
    let boundless = ProfileRuleTerms {
        conditions: Vec::new(),
        ..rule("email", OWNER)
    };
    refused(boundless, "conditions").await;
    refused(rule("isManager", "true"), "claim").await;
    refused(of_realm("https://idp.example", 900), "realm_name").await;
    refused(of_realm(OWN_REALM, 899), "expiration").await;
    refused(of_realm(OWN_REALM, 86_401), "expiration").await;
    refused(of_resources("VM"), "cr_type").await;
    let made = world
        .iam
        .create_profile_rule(&owner, profile.id, of_resources("VSI"));
    made.await.unwrap();

    let linked = async |terms: LinkTerms| {
        let made = world
            .iam
            .create_profile_link(&owner, profile.id, String::new(), terms);
        made.await
    };
    assert_eq!(
        code(linked(link(None)).await),
        "field",
        "it would be for all"
    );
    let unknown = LinkTerms {
        cr_type: "iks".to_owned(),
        ..link(Some("prod"))
    };
    assert_eq!(code(linked(unknown).await), "field");
    let most = base::limit::RULES_PER_PROFILE.default;
    for _ in 1..most {
        let made = world
            .iam
            .create_profile_rule(&owner, profile.id, of_resources("CE"));
        made.await.unwrap();
    }
    let full = world
        .iam
        .create_profile_rule(&owner, profile.id, of_resources("CE"))
        .await;
    let full = full.unwrap_err();
    let limit = full.refusal().and_then(|refusal| refusal.limit);
    assert_eq!(limit.map(|limit| limit.name), Some("rules_per_profile"));
}

async fn it_goes_with_its_account_and_comes_back_with_it(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let profile = create_profile(&world, "ops").await;
    let (job, _) = world.service().await;
    let_in(&world, profile.id, job).await;
    let rule = world
        .iam
        .create_profile_rule(&owner, profile.id, rule("email", OWNER));
    rule.await.unwrap();
    let linked =
        world
            .iam
            .create_profile_link(&owner, profile.id, String::new(), link(Some("prod")));
    linked.await.unwrap();
    world.second_account().await;
    world.iam.delete_account(account).await.unwrap();
    assert!(world.iam.directory().profile(profile.id).is_none());
    world.iam.restore_account(account, None).await.unwrap();
    let back = world.iam.profile(&owner, profile.id).await.unwrap();
    assert_eq!(
        (back.rules.len(), back.links.len(), back.identities.len()),
        (1, 1, 1)
    );
    world.iam.delete_account(account).await.unwrap();
    world.remove_deleted().await;
    let db = world.database().await;
    for sql in [
        "SELECT guid AS own FROM profiles",
        "SELECT guid AS own FROM profile_rules",
        "SELECT guid AS own FROM profile_links",
        "SELECT principal AS own FROM profile_identities",
        "SELECT guid AS own FROM principals WHERE kind = 'profile'",
    ] {
        let left = db.all(sql, &[]).await.unwrap();
        assert_eq!(left.len(), 0, "{sql}");
    }
    db.close().await;
}
