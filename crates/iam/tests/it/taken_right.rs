//! Every change of an account by somebody who lost the role, or the credential, at another node a moment ago: the transaction sees what
//! the node has not heard of.

mod changes;
mod complete;

use crate::world::{Person, World, code, on_both_databases};
use base::scope::Domain;
use base::time::TimeRange;
use changes::{Change, Changed, changes, changes_by_manager};
use iam::audit::Credential as AuditedCredential;
use iam::manage::account_settings::SettingsChange;
use iam::manage::api_key::NewKey;
use iam::manage::event::NewEvent;
use iam::manage::settings::DomainChange;
use iam::role::Role;
use iam::{AuthError, Credential, Iam, IamError, Identity, Reason, Refusal};

on_both_databases!(
    a_role_that_was_taken_changes_nothing,
    a_managers_role_that_was_taken_changes_nothing,
    a_key_that_was_deleted_changes_nothing,
    a_right_that_was_taken_sets_and_deletes_nothing_of_a_domain,
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

/// A role in a domain.
type Right = (Domain, Role);

/// A node that has not heard that the person does not have the role any more.
async fn node_without_news(world: &World, person: &Person, (domain, role): Right) -> Iam {
    let (owner, iam) = (world.owner(), &world.iam);
    give(world, person, domain, role).await;
    let node = world.node().await;
    let taken = iam.unset_role(&owner, domain, role, &person.email).await;
    taken.unwrap();
    node
}

/// A list of changes.
type Changes = for<'a> fn(&'a Iam, &'a Identity, &'a Changed) -> Vec<(&'static str, Change<'a>)>;

/// Checks that each of the changes takes the role, also where the node has not heard that it was taken.
async fn each_takes_the_role(
    world: &World,
    (person, changed): (&Person, &Changed),
    (domain, role): Right,
    changes: Changes,
) {
    let by = &person.identity;
    let count = changes(&world.iam, by, changed).len();
    let mut node = node_without_news(world, person, (domain, role)).await;
    for number in 0..count {
        if !node.directory().has_role(person.id, domain, role) {
            node.close().await;
            node = node_without_news(world, person, (domain, role)).await;
        }
        let (what, change) = changes(&node, by, changed).swap_remove(number);
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
    give(world, person, domain, role).await;
    for number in 0..count {
        let (what, change) = changes(&world.iam, by, changed).swap_remove(number);
        let done = change.await;
        assert!(done.is_ok(), "{what}: {done:?}");
    }
}

async fn a_role_that_was_taken_changes_nothing(world: World) {
    let (person, changed) = administrator(&world).await;
    let right = (Domain::Account(world.made.account), Role::Administrator);
    each_takes_the_role(&world, (&person, &changed), right, changes).await;
}

async fn a_managers_role_that_was_taken_changes_nothing(world: World) {
    let friend = world.person("carl@example.org", None).await;
    let changed = Changed::make(&world, &friend).await;
    let person = world.person("bob@example.org", None).await;
    // Whoever sees a domain is told that they may not change it.
    for domain in [Domain::Org(changed.org), Domain::Space(changed.space)] {
        give(&world, &person, domain, Role::Auditor).await;
    }
    let right = (Domain::Org(changed.org), Role::Manager);
    each_takes_the_role(&world, (&person, &changed), right, changes_by_manager).await;
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

/// By neither a role nor a key. Each call is at a node of its own, since the first one makes its node ask.
async fn a_right_that_was_taken_sets_and_deletes_nothing_of_a_domain(world: World) {
    let (owner, domain) = (world.owner(), Domain::Space(world.space()));
    let person = world.person("bob@example.org", None).await;
    let event = NewEvent {
        at: world.clock_now(),
        what: "deploy".to_owned(),
        tags: String::new(),
        data: String::new(),
    };
    let to_a_minute = DomainChange {
        resolution_seconds: Some(Some(60)),
        ..DomainChange::default()
    };
    let presented = AuditedCredential::ApiKey;
    for is_key_deleted in [false, true] {
        give(&world, &person, domain, Role::Manager).await;
        let (id, text) = world.key(&person.identity, NewKey::default()).await;
        let scope_at = |node: &Iam| {
            let key = Credential::ApiKey(&text);
            node.verifier().scope(key, Some(domain))
        };
        let scope = scope_at(&world.iam).unwrap();
        world.iam.add_event(&scope, &event).await.unwrap();
        let (sets, deletes) = (world.node().await, world.node().await);
        let taken = match is_key_deleted {
            true => world.iam.delete_api_key(&person.identity, id).await,
            false => {
                let (role, email) = (Role::Manager, &person.email);
                world.iam.unset_role(&owner, domain, role, email).await
            }
        };
        taken.unwrap();
        let scope = scope_at(&sets).unwrap();
        let still = || scope_at(&sets);
        let set = sets
            .configure((&scope, presented), &to_a_minute, still)
            .await;
        assert_ne!(code(set), "conflict");
        let scope = scope_at(&deletes).unwrap();
        let still = || scope_at(&deletes);
        let deleted = deletes
            .delete_events((&scope, presented), TimeRange::ALL, still)
            .await;
        assert_ne!(code(deleted), "conflict");
        sets.close().await;
        deletes.close().await;
    }
    world.iam.sync().await.unwrap();
    assert_eq!(world.iam.resolution_seconds(domain), None);

    // It was the right alone.
    let scope_at = || {
        let key = Credential::ApiKey(world.made.api_key.expose());
        world.iam.verifier().scope(key, Some(domain))
    };
    let scope = scope_at().unwrap();
    let who = (&scope, presented);
    let set = world.iam.configure(who, &to_a_minute, scope_at).await;
    set.unwrap();
    let deleted = world.iam.delete_events(who, TimeRange::ALL, scope_at).await;
    assert_eq!(deleted.unwrap(), 2);
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
    let administrator = (Domain::Account(account), Role::Administrator);
    let late = node_without_news(&world, &person, administrator).await;
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
