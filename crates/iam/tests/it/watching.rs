//! The task that reads changes has connections of its own: a node learns of what was withdrawn, and of what it has changed itself,
//! while everything else waits for a connection.

use crate::lost_answer::proxy::Proxy;
use crate::node::soon;
use crate::world::{World, code, on_both_databases, on_postgres, secret};
use db::{Db, Tx};
use iam::flow::grant::Grant;
use iam::manage::api_key::{NewKey, Switch};
use iam::{AuthError, Credential, FromOtherNode, Iam, Identity};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

on_both_databases!(
    a_node_without_a_free_connection_refuses_within_a_second_what_was_withdrawn,
    a_change_is_known_to_its_node_though_others_take_every_connection,
    a_task_that_cannot_read_what_there_is_goes_on_when_it_can,
);

/// Half of what anybody waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who has not connected again by then has given up.
const HANGS: Duration = Duration::from_secs(60);

/// A node that watches, and the connections that its requests share.
async fn watching(world: &World) -> (Iam, Db) {
    watching_at(world, world.address()).await
}

/// One that reaches the database at this address.
async fn watching_at(world: &World, address: &str) -> (Iam, Db) {
    let db = Db::open(address).await.unwrap();
    let node = Iam::open(db.clone(), world.config.clone(), world.clock.clone()).await;
    let node = node.unwrap();
    node.watch();
    (node, db)
}

fn enter(node: &Iam, key: &str) -> Result<Identity, AuthError> {
    node.verifier().identity(Credential::ApiKey(key))
}

/// Takes every connection; none of them locks anything.
async fn take_all(db: &Db) -> Vec<Tx> {
    let mut taken = Vec::new();
    for _ in 0..db.connections_max() {
        taken.push(db.snapshot().await.unwrap());
    }
    taken
}

/// Begins it; whether it has to wait.
async fn has_to_wait(mut work: Pin<&mut impl Future>) -> bool {
    let begun = |context: &mut std::task::Context<'_>| {
        let is_waiting = work.as_mut().poll(context).is_pending();
        Poll::Ready(is_waiting)
    };
    std::future::poll_fn(begun).await
}

async fn a_node_without_a_free_connection_refuses_within_a_second_what_was_withdrawn(world: World) {
    let (node, db) = watching(&world).await;
    let owner = world.owner();
    let (id, key) = world.key(&owner, NewKey::default()).await;
    soon("a new key", || enter(&node, &key).is_ok()).await;
    let taken = take_all(&db).await;
    let off = world.iam.switch_api_key(&owner, id, Switch::Disabled, true);
    off.await.unwrap();
    soon("a key that is disabled", || {
        matches!(enter(&node, &key), Err(AuthError::Revoked(_)))
    })
    .await;
    drop(taken);
    node.close().await;
}

async fn a_change_is_known_to_its_node_though_others_take_every_connection(world: World) {
    let (node, db) = watching(&world).await;
    let owner = enter(&node, world.made.api_key.expose()).unwrap();
    let mut taken = take_all(&db).await;
    let mut change = Box::pin(node.create_org(&owner, "zebra", None));
    assert!(has_to_wait(change.as_mut()).await);
    let made = loop {
        // Whoever is next gets the connection of the change when it is committed, and keeps it.
        let mut next = Box::pin(db.snapshot());
        assert!(has_to_wait(next.as_mut()).await);
        drop(taken.pop());
        tokio::select! {
            biased;
            made = in_time(change.as_mut()) => break made,
            served = next.as_mut() => taken.push(served.unwrap()),
        }
        // On PostgreSQL both ask for a connection in a task of their own, so that `next` may have been before the change: once more.
        if has_org(&world, "zebra").await {
            break in_time(change.as_mut()).await;
        }
    };
    let made = made.unwrap();
    assert!(!node.is_behind());
    assert_eq!(node.org(&owner, made.id).await.unwrap().name, "zebra");
    drop(taken);
    node.close().await;
}

async fn in_time<F: Future>(change: F) -> F::Output {
    let made = tokio::time::timeout(PATIENCE, change).await;
    made.expect("it waits for a connection")
}

/// Whether the database has an organization of this name.
async fn has_org(world: &World, name: &str) -> bool {
    let db = world.database().await;
    let sql = "SELECT COUNT(*) AS counted FROM orgs WHERE name = $1";
    let row = db.one(sql, &[name.into()]).await.unwrap().unwrap();
    db.close().await;
    row.int("counted").unwrap() == 1
}

async fn write(world: &World, sql: &'static str) {
    let db = world.database().await;
    let mut tx = db.begin().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "past the service, as damage is")]
    tx.commit().await.unwrap();
    db.close().await;
}

async fn a_task_that_cannot_read_what_there_is_goes_on_when_it_can(world: World) {
    let (node, _) = watching(&world).await;
    let owner = enter(&node, world.made.api_key.expose()).unwrap();
    let damage = "UPDATE domains SET resolution_seconds = -5 WHERE domain LIKE 's-%'";
    write(&world, damage).await;
    let new = NewKey {
        name: "made".to_owned(),
        ..NewKey::default()
    };
    // The task fails, and so does whoever waited for it: the change is made nevertheless.
    let (key, text) = node.create_api_key(&owner, new).await.unwrap();
    assert!(node.is_behind());
    let refused = enter(&node, text.expose());
    assert!(matches!(refused, Err(AuthError::Behind)), "{refused:?}");

    let mend = "UPDATE domains SET resolution_seconds = NULL WHERE domain LIKE 's-%'";
    write(&world, mend).await;
    soon("what can be read", || !node.is_behind()).await;
    enter(&node, text.expose()).unwrap();
    let off = node.switch_api_key(&owner, key.id, Switch::Disabled, true);
    off.await.unwrap();
    assert!(matches!(
        enter(&node, text.expose()),
        Err(AuthError::Revoked(_))
    ));
    node.close().await;
}

#[test]
fn one_reader_waits_where_others_take_every_connection_and_the_next_does_not() {
    let name = "one_reader_waits_where_others_take_every_connection_and_the_next_does_not";
    on_postgres(name, |config| config, one_waits);
}

async fn one_waits(world: World) {
    let (node, db) = watching(&world).await;
    let taken = take_all(&db).await;
    let heard = tokio::time::timeout(PATIENCE, node.sync_with_other_nodes()).await;
    heard.expect("it waits for a connection");
    let next = std::pin::pin!(node.sync_with_other_nodes());
    assert!(!has_to_wait(next).await, "so does the next one");
    let unknown = Credential::ApiKey("vgk_unknown");
    let from = node.may_be_from_other_node(unknown, &AuthError::KeyUnknown);
    assert_eq!(from, FromOtherNode::CannotTell, "nor does who is refused");
    drop(taken);
    node.close().await;
}

#[test]
fn no_connection_is_used_that_was_left_inside_a_transaction() {
    let name = "no_connection_is_used_that_was_left_inside_a_transaction";
    on_postgres(name, |config| config, left_inside);
}

/// Who gave up between BEGIN and its answer left one: a node that watched with it never heard of anything any more.
#[expect(
    clippy::disallowed_methods,
    reason = "no change: what a caller leaves who is gone"
)]
async fn left_inside(world: World) {
    let db = Db::open(world.address()).await.unwrap();
    db.execute("BEGIN ISOLATION LEVEL SERIALIZABLE", &[])
        .await
        .unwrap();
    let sql = "SELECT current_setting('transaction_isolation') AS level";
    for _ in 0..3 {
        let row = db.one(sql, &[]).await.unwrap().unwrap();
        assert_eq!(row.text("level").unwrap(), "read committed");
    }
    drop(db.begin().await.unwrap());
    db.close().await;
}

#[test]
fn a_node_whose_connections_were_cut_learns_what_was_withdrawn_meanwhile() {
    let name = "a_node_whose_connections_were_cut_learns_what_was_withdrawn_meanwhile";
    on_postgres(name, |config| config, cut_and_back);
}

async fn cut_and_back(world: World) {
    let proxy = Proxy::before(world.address()).await;
    let (node, _) = watching_at(&world, &proxy.address).await;
    let owner = world.owner();
    let (id, key) = world.key(&owner, NewKey::default()).await;
    soon("a new key", || enter(&node, &key).is_ok()).await;
    proxy.set_unreachable(true);
    // Until it gets no answer: by then its connections are cut.
    while node.sync().await.is_ok() {}
    let off = world.iam.switch_api_key(&owner, id, Switch::Disabled, true);
    off.await.unwrap();
    enter(&node, &key).unwrap();
    // What has been made meanwhile is not denied: nobody can say here that it was not.
    let (_, made) = world.key(&owner, NewKey::default()).await;
    let asked = World::ask(&node, Grant::ApiKey(secret(&made)), None).await;
    assert_eq!(code(asked), "credential");
    let introspected = node.introspect_at_any_node(Credential::ApiKey(&made)).await;
    assert!(matches!(introspected, Err(AuthError::Unheard)));
    proxy.set_unreachable(false);
    let begun = Instant::now();
    while enter(&node, &key).is_ok() {
        assert!(begun.elapsed() < HANGS, "it never heard of it");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    // And a change of its own is brought by the task again.
    let owner = enter(&node, world.made.api_key.expose()).unwrap();
    let made = node.create_org(&owner, "zebra", None).await.unwrap();
    assert_eq!(node.org(&owner, made.id).await.unwrap().name, "zebra");
    assert!(!node.is_behind());
    node.close().await;
}

#[test]
fn a_node_whose_connections_went_silent_hears_over_others_and_holds_up_nobody() {
    let name = "a_node_whose_connections_went_silent_hears_over_others_and_holds_up_nobody";
    on_postgres(name, |config| config, silent);
}

/// Something between drops its connections without a word: a key that was deleted elsewhere was let in for as long as they were silent, and
/// what they had locked stopped every node.
async fn silent(world: World) {
    let proxy = Proxy::before(world.address()).await;
    let (node, db) = watching_at(&world, &proxy.address).await;
    let owner = world.owner();
    let (id, key) = world.key(&owner, NewKey::default()).await;
    soon("a new key", || enter(&node, &key).is_ok()).await;
    let mut held = db.begin().await.unwrap();
    let lock = "UPDATE counters SET value = value WHERE name = 'changes'";
    held.execute(lock, &[]).await.unwrap();
    proxy.silence();
    // It waits until PostgreSQL has ended the transaction that says nothing more.
    let off = world.iam.switch_api_key(&owner, id, Switch::Disabled, true);
    off.await.unwrap();
    let begun = Instant::now();
    while enter(&node, &key).is_ok() {
        assert!(begun.elapsed() < HANGS, "it never heard of it");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let owner = enter(&node, world.made.api_key.expose()).unwrap();
    let made = node.create_org(&owner, "zebra", None).await.unwrap();
    assert_eq!(node.org(&owner, made.id).await.unwrap().name, "zebra");
    assert_eq!(node.hears_of_changes(), Ok(()));
    drop(held);
    node.close().await;
}
