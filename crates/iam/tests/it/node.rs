//! Two nodes on one database: what one revokes, the other refuses within a second, without being asked.

use crate::world::{World, access_token, on_both_databases, secret};
use base::principal::Principal;
use base::scope::Domain;
use iam::directory::{Attribute, NamedRole, PolicyRole, PolicySubject};
use iam::flow::assume::{AssumerProof, ProfileLogin};
use iam::flow::grant::Grant;
use iam::flow::wanted_profile::WantedProfile;
use iam::manage::access_policy::{PolicyGrant, PolicyTerms};
use iam::manage::api_key::{NewKey, Switch};
use iam::manage::policy_condition::ConditionTerms;
use iam::manage::profile::NewProfile;
use iam::manage::profile_identity::NewProfileIdentity;
use iam::role::Role;
use iam::{AuthError, Credential, Iam};
use std::time::{Duration, Instant};

on_both_databases!(
    another_node_refuses_within_a_second_what_was_withdrawn,
    another_node_refuses_within_a_second_who_was_deleted_or_removed,
    another_node_refuses_within_a_second_what_a_policy_gave,
    another_node_lets_in_within_a_second_what_was_given,
    changes_made_at_once_are_each_seen_by_who_made_them,
    changes_made_at_once_on_a_node_that_watches_are_each_seen_by_who_made_them,
);

/// The bound that the documentation promises.
const SOON: Duration = Duration::from_secs(1);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// How often one looks within the bound. On a machine that is too busy to do so the node is as late as the looks are.
const POLLS: u128 = SOON.as_millis() / PAUSE.as_millis();

/// Waits until it is so, for no longer than the bound.
pub(crate) async fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    let mut polls = 0;
    while !is_so() {
        polls += 1;
        let is_late = begun.elapsed() > SOON && polls > POLLS;
        assert!(!is_late, "{what}: not after {SOON:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

fn refuses(node: &Iam, token: &str) -> bool {
    let entry = node.verifier().identity(Credential::Iam(token));
    matches!(entry, Err(AuthError::Revoked(_)))
}

async fn another_node_refuses_within_a_second_what_was_withdrawn(world: World) {
    let node = world.node().await;
    node.watch();
    let owner = world.owner();
    for (how, switch) in [("disabled", Some(Switch::Disabled)), ("deleted", None)] {
        let (id, key) = world.key(&owner, NewKey::default()).await;
        let token = access_token(&world.key_session(&key).await.unwrap());
        soon("a new key is known", || {
            let entry = node.verifier().identity(Credential::Iam(&token));
            entry.is_ok()
        })
        .await;
        match switch {
            Some(switch) => world.iam.switch_api_key(&owner, id, switch, true).await,
            None => world.iam.delete_api_key(&owner, id).await,
        }
        .unwrap();
        soon(how, || refuses(&node, &token)).await;
    }
    let token = access_token(&world.log_in().await);
    assert!(!refuses(&node, &token));
    world.iam.revoke(&secret(&token)).await.unwrap();
    soon("logged out", || refuses(&node, &token)).await;
    node.close().await;
}

fn lets_in(node: &Iam, token: &str) -> bool {
    node.verifier().identity(Credential::Iam(token)).is_ok()
}

/// A service ID and its key; what it has by the key, and by a profile that it takes on; and a person who logged in.
async fn another_node_refuses_within_a_second_who_was_deleted_or_removed(world: World) {
    let node = world.node().await;
    node.watch();
    let (owner, iam) = (world.owner(), &world.iam);
    let (service, key) = world.service().await;
    let by_key = World::ask(iam, Grant::ApiKey(secret(&key)), None).await;
    let by_key = access_token(&by_key.unwrap());
    let new = NewProfile {
        name: "ops".to_owned(),
        ..NewProfile::default()
    };
    let profile = iam.create_profile(&owner, new).await.unwrap().id;
    let named = NewProfileIdentity {
        principal: service,
        description: String::new(),
    };
    let added = iam.add_profile_identity(&owner, profile, &named).await;
    added.unwrap();
    let wanted = ProfileLogin {
        proof: AssumerProof::AccessToken(secret(&by_key)),
        profile: WantedProfile {
            id: Some(profile.to_string()),
            ..WantedProfile::default()
        },
        account: None,
        client: None,
        source: crate::world::source(),
    };
    let by_profile = access_token(&iam.profile_token(wanted).await.unwrap());
    let bob = world.person("bob@example.org", None).await;
    let logged_in = world.password(&bob.email, "chosen at the beginning").await;
    let logged_in = access_token(&logged_in.unwrap());
    soon("all of them are known", || {
        let all = [&by_key, &by_profile, &logged_in];
        all.iter().all(|token| lets_in(&node, token))
    })
    .await;

    iam.delete_profile(&owner, profile).await.unwrap();
    soon("the profile", || !lets_in(&node, &by_profile)).await;
    assert!(lets_in(&node, &by_key));
    let Principal::Service(id) = service else {
        panic!("{service} is no service ID");
    };
    iam.delete_service_id(&owner, id).await.unwrap();
    soon("the service ID", || {
        let entry = node.verifier().identity(Credential::ApiKey(&key));
        entry.is_err() && !lets_in(&node, &by_key)
    })
    .await;
    assert!(lets_in(&node, &logged_in));
    let removed = iam.remove_member(&owner, world.made.account, bob.id).await;
    removed.unwrap();
    soon("the member", || !lets_in(&node, &logged_in)).await;
    node.close().await;
}

async fn another_node_refuses_within_a_second_what_a_policy_gave(world: World) {
    let node = world.node().await;
    node.watch();
    let (owner, account) = (world.owner(), world.made.account.to_string());
    let (service, key) = world.service().await;
    let grant = PolicyGrant {
        description: String::new(),
        roles: vec![PolicyRole::Named(NamedRole::Reader)],
        attributes: vec![Attribute::read("accountId", None, &account).unwrap()],
    };
    let subject = PolicySubject::Principal(service);
    let terms = PolicyTerms {
        subject,
        grant,
        condition: ConditionTerms::NotInForm,
    };
    let policy = world.iam.create_policy(&owner, terms).await.unwrap().id;
    let reaches = || {
        let space = Some(Domain::Space(world.space()));
        let scope = node.verifier().scope(Credential::ApiKey(&key), space);
        scope.is_ok()
    };
    soon("the policy", reaches).await;
    world.iam.delete_policy(&owner, policy).await.unwrap();
    soon("the policy deleted", || !reaches()).await;
    node.close().await;
}

async fn another_node_lets_in_within_a_second_what_was_given(world: World) {
    let node = world.node().await;
    node.watch();
    let person = world.person("bob@example.org", None).await;
    let (_, key) = world.key(&person.identity, NewKey::default()).await;
    let space = Domain::Space(world.space());
    let scope = || {
        let verifier = node.verifier();
        verifier.scope(Credential::ApiKey(&key), Some(space))
    };
    soon("a user and their key are known", || {
        matches!(scope(), Err(AuthError::DomainNotFound(_)))
    })
    .await;
    let owner = world.owner();
    let set = world
        .iam
        .set_role(&owner, space, Role::Auditor, &person.email);
    set.await.unwrap();
    soon("a role", || scope().is_ok()).await;
    let unset = world
        .iam
        .unset_role(&owner, space, Role::Auditor, &person.email);
    unset.await.unwrap();
    soon("a role taken", || scope().is_err()).await;
    node.close().await;
}

async fn changes_made_at_once_are_each_seen_by_who_made_them(world: World) {
    each_is_seen(&world).await;
}

async fn changes_made_at_once_on_a_node_that_watches_are_each_seen_by_who_made_them(world: World) {
    world.iam.watch();
    each_is_seen(&world).await;
}

async fn each_is_seen(world: &World) {
    let changes: Vec<_> = (0..20)
        .map(|number| {
            let (iam, owner) = (world.iam.clone(), world.owner());
            tokio::spawn(async move {
                let made = iam.create_org(&owner, &format!("org{number}"), None).await;
                iam.org(&owner, made.unwrap().id).await.unwrap();
            })
        })
        .collect();
    for change in changes {
        change.await.unwrap();
    }
}
