//! Every change of an account by somebody who lost the role, or the credential, at another node a moment ago: the transaction sees what
//! the node has not heard of.

mod changes;

use crate::world::{Person, World, on_both_databases};
use base::scope::Domain;
use changes::{Changed, changes};
use iam::manage::account_settings::SettingsChange;
use iam::manage::api_key::NewKey;
use iam::role::Role;
use iam::{AuthError, Credential, Iam, IamError, Identity, Reason, Refusal};

on_both_databases!(
    a_role_that_was_taken_changes_nothing,
    a_key_that_was_deleted_changes_nothing,
    where_keys_are_restricted_nobody_else_makes_one_for_themselves,
);

async fn give(world: &World, person: &Person, domain: Domain, role: Role) {
    let owner = world.owner();
    let given = world.iam.set_role(&owner, domain, role, &person.email);
    given.await.unwrap();
}

/// An Administrator, and what there is to be changed, which is partly somebody else's.
async fn administrator(world: &World) -> (Person, Changed) {
    let friend = world.person("carl@example.org", None).await;
    let changed = Changed::make(world, &friend).await;
    let role = Some(Role::Administrator);
    let person = world.person("bob@example.org", role).await;
    // Whoever sees a domain is told that they may not change it.
    for domain in [Domain::Org(changed.org), Domain::Space(changed.space)] {
        give(world, &person, domain, Role::Auditor).await;
    }
    (person, changed)
}

fn refusal(done: &Result<(), IamError>) -> Option<&Refusal> {
    done.as_ref().err().and_then(IamError::refusal)
}

/// A node that has not heard that the person is no Administrator any more.
async fn node_without_news(world: &World, person: &Person) -> Iam {
    let (owner, account) = (world.owner(), Domain::Account(world.made.account));
    let (iam, role) = (&world.iam, Role::Administrator);
    give(world, person, account, role).await;
    let node = world.node().await;
    let taken = iam.unset_role(&owner, account, role, &person.email).await;
    taken.unwrap();
    node
}

async fn a_role_that_was_taken_changes_nothing(world: World) {
    let (person, changed) = administrator(&world).await;
    let (by, role) = (&person.identity, Role::Administrator);
    let account = Domain::Account(world.made.account);
    let count = changes(&world.iam, by, &changed).len();
    let mut node = node_without_news(&world, &person).await;
    for number in 0..count {
        if !node.directory().has_role(person.id, account, role) {
            node.close().await;
            node = node_without_news(&world, &person).await;
        }
        let (what, change) = changes(&node, by, &changed).swap_remove(number);
        let done = change.await;
        let reason = refusal(&done).map(|refusal| refusal.reason.name());
        // Whoever may not restore what was deleted does not see it.
        let expected = match what.contains(".restore_") {
            true => "not_found",
            false => "not_allowed",
        };
        assert_eq!(reason, Some(expected), "{what}: {done:?}");
    }
    node.close().await;

    // It was the role alone: with it each of them is made.
    give(&world, &person, account, role).await;
    for number in 0..count {
        let (what, change) = changes(&world.iam, by, &changed).swap_remove(number);
        let done = change.await;
        assert!(done.is_ok(), "{what}: {done:?}");
    }
}

/// A node that has not heard that a key was deleted; with whom the key has proved, and its text.
async fn node_with_deleted_key(world: &World, person: &Person) -> (Iam, Identity, String) {
    let (id, text) = world.key(&person.identity, NewKey::default()).await;
    let by = world.enter_key(&text).unwrap();
    let node = world.node().await;
    let deleted = world.iam.delete_api_key(&person.identity, id).await;
    deleted.unwrap();
    (node, by, text)
}

async fn a_key_that_was_deleted_changes_nothing(world: World) {
    let (person, changed) = administrator(&world).await;
    let count = changes(&world.iam, &person.identity, &changed).len();
    let (mut node, mut by, mut text) = node_with_deleted_key(&world, &person).await;
    for number in 0..count {
        let entry = node.verifier().identity(Credential::ApiKey(&text));
        if entry.is_err() {
            node.close().await;
            (node, by, text) = node_with_deleted_key(&world, &person).await;
        }
        let (what, change) = changes(&node, &by, &changed).swap_remove(number);
        let done = change.await;
        let is_revoked = refusal(&done).is_some_and(|refusal| {
            matches!(&refusal.reason, Reason::Credential(why) if matches!(**why, AuthError::Revoked(_)))
        });
        assert!(is_revoked, "{what}: {done:?}");
    }
    node.close().await;
}

/// Neither by a role that was taken, nor at a node that has not heard of the restriction.
async fn where_keys_are_restricted_nobody_else_makes_one_for_themselves(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let friend = world.person("carl@example.org", None).await;
    let role = Some(Role::Administrator);
    let person = world.person("bob@example.org", role).await;
    let before = world.node().await;
    let restrict = SettingsChange {
        api_keys_restricted: Some(Some(true)),
        ..SettingsChange::default()
    };
    let restricted = world
        .iam
        .change_account_settings(&owner, account, "*", restrict);
    restricted.await.unwrap();
    let late = node_without_news(&world, &person).await;
    for (node, by) in [(before, &friend), (late, &person)] {
        let new = NewKey {
            name: "mine".to_owned(),
            ..NewKey::default()
        };
        let made = node.create_api_key(&by.identity, new).await.map(drop);
        let reason = refusal(&made).map(|refusal| refusal.reason.name());
        assert_eq!(reason, Some("not_allowed"), "{made:?}");
        node.close().await;
    }
}
