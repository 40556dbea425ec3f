//! Two nodes on one database: what one revokes, the other refuses within a second, without being asked.

use crate::world::{World, access_token, on_both_databases, secret};
use base::scope::Domain;
use iam::manage::api_key::{NewKey, Switch};
use iam::role::Role;
use iam::{AuthError, Credential, Iam};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The number of other keys, and how many of them are revoked.
const KEYS: usize = 2000;
const REVOKED: usize = 50;

/// Not the promised bound: a busy machine must not fail the test.
const GENEROUS: Duration = Duration::from_secs(20);

#[test]
fn two_nodes_refuse_what_was_revoked_while_others_change_things() {
    crate::world::on_postgres(
        "two_nodes_refuse_what_was_revoked_while_others_change_things",
        |mut config| {
            config.limits.keys_per_user = u64::MAX;
            config
        },
        many_keys,
    );
}

on_both_databases!(
    another_node_refuses_within_a_second_what_was_withdrawn,
    another_node_lets_in_within_a_second_what_was_given,
    changes_made_at_once_are_each_seen_by_who_made_them,
);

/// The bound that the documentation promises.
const SOON: Duration = Duration::from_secs(1);

async fn soon(what: &str, is_so: impl FnMut() -> bool) {
    within(SOON, what, is_so).await;
}

async fn within(limit: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < limit, "{what}: not after {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
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
    for (how, switch) in [
        ("locked", Some(Switch::Locked)),
        ("disabled", Some(Switch::Disabled)),
        ("deleted", None),
    ] {
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

/// A small version of `cargo bench -p benches --bench revocation`, judged by the order of events.
async fn many_keys(world: World) {
    let owner = world.owner();
    let db = world.database().await;
    let mut tx = db.begin().await.unwrap();
    for number in 0..KEYS {
        let guid = base::id::Guid::from_random((number as u128 | 1 << 100).to_be_bytes());
        let mut hash = [1; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        let sql = "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, created_at, \
                   modified_at) VALUES ($1, $2, $3, 'many', '', $4, 0, 0, 1, 0, 0)";
        let values = [
            guid.to_string().into(),
            world.made.account.to_string().into(),
            owner.user().unwrap().0.to_string().into(),
            db::Value::from(&hash[..]),
        ];
        tx.execute(sql, &values).await.unwrap();
    }
    #[expect(clippy::disallowed_methods, reason = "years of use, at once")]
    tx.commit().await.unwrap();
    let bob = world.person("bob@example.org", None).await;

    let nodes = [world.node().await, world.node().await];
    nodes.iter().for_each(Iam::watch);
    let is_done = Arc::new(AtomicBool::new(false));
    let others = {
        let (iam, owner, is_done) = (world.iam.clone(), world.owner(), Arc::clone(&is_done));
        let space = Domain::Space(world.space());
        tokio::spawn(async move {
            let mut made = 0_usize;
            while !is_done.load(Ordering::Relaxed) {
                let role = Role::Auditor;
                iam.set_role(&owner, space, role, &bob.email).await.unwrap();
                iam.unset_role(&owner, space, role, &bob.email)
                    .await
                    .unwrap();
                made += 2;
            }
            made
        })
    };
    for number in 0..REVOKED {
        let (id, key) = world.key(&owner, NewKey::default()).await;
        let enters = |node: &Iam| node.verifier().identity(Credential::ApiKey(&key)).is_ok();
        within(GENEROUS, "a new key is known to both", || {
            nodes.iter().all(enters)
        })
        .await;
        // Each node makes a change in turn, and the other one has to learn of it.
        let by = &nodes[number % 2];
        by.delete_api_key(&owner, id).await.unwrap();
        assert!(!enters(by), "the node that revoked it accepts it");
        within(GENEROUS, "revoked", || !nodes.iter().any(enters)).await;
    }
    is_done.store(true, Ordering::Relaxed);
    assert!(
        others.await.unwrap() > 0,
        "nobody changed anything meanwhile"
    );
    for node in nodes {
        assert!(node.matches_database().await.unwrap());
        node.close().await;
    }
    db.close().await;
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
    let changes: Vec<_> = (0..20)
        .map(|number| {
            let (iam, owner) = (world.iam.clone(), world.owner());
            tokio::spawn(async move {
                let made = iam.create_org(&owner, &format!("org{number}"), None).await;
                iam.org(&owner, made.unwrap().id).unwrap();
            })
        })
        .collect();
    for change in changes {
        change.await.unwrap();
    }
}
