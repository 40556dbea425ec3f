//! The change log: what a node learns, what it does when it cannot learn, and a committed change that cannot be read.

use crate::world::{World, on_both_databases};
use base::scope::Domain;
use iam::manage::api_key::{NewKey, Switch};
use iam::{AuthError, Credential, Iam};

on_both_databases!(
    a_committed_change_that_cannot_be_read_is_no_failure_and_lets_nobody_in,
    a_node_that_was_away_for_longer_than_the_log_reads_all_anew,
    a_node_that_takes_up_one_change_after_the_other_ends_with_the_same,
    thousands_of_changes_at_once_are_followed_alone,
    an_account_that_goes_and_comes_back_is_followed_alone,
    a_log_that_is_shortened_hides_no_change,
);

async fn write(world: &World, sql: &'static str) {
    let db = world.database().await;
    let mut tx = db.begin().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "past the service, as damage is")]
    tx.commit().await.unwrap();
    db.close().await;
}

fn lets_in(node: &Iam, key: &str) -> Result<(), AuthError> {
    node.verifier().identity(Credential::ApiKey(key)).map(drop)
}

async fn a_committed_change_that_cannot_be_read_is_no_failure_and_lets_nobody_in(world: World) {
    let owner = world.owner();
    let (old, old_key) = world.key(&owner, NewKey::default()).await;
    let damage = "UPDATE domains SET resolution_seconds = -5 WHERE domain LIKE 's-%'";
    write(&world, damage).await;

    // Only this answer has the key's text: it would be lost if the change were reported as failed.
    let (id, key) = world.key(&owner, NewKey::default()).await;
    assert!(world.iam.is_behind());
    assert_eq!(lets_in(&world.iam, &key), Err(AuthError::Behind));
    // A key that was revoked before the damage is not accepted by mistake.
    assert_eq!(lets_in(&world.iam, &old_key), Err(AuthError::Behind));

    let mend = "UPDATE domains SET resolution_seconds = NULL WHERE domain LIKE 's-%'";
    write(&world, mend).await;
    world.iam.sync().await.unwrap();
    assert!(!world.iam.is_behind());
    lets_in(&world.iam, &key).unwrap();
    let owner = world.owner();
    let off = |id| world.iam.switch_api_key(&owner, id, Switch::Disabled, true);
    off(id).await.unwrap();
    off(old).await.unwrap();
    assert!(matches!(
        lets_in(&world.iam, &key),
        Err(AuthError::Revoked(_))
    ));
}

async fn a_node_that_was_away_for_longer_than_the_log_reads_all_anew(world: World) {
    let node = world.node().await;
    let owner = world.owner();
    let (id, key) = world.key(&owner, NewKey::default()).await;
    node.sync().await.unwrap();
    lets_in(&node, &key).unwrap();
    world
        .iam
        .switch_api_key(&owner, id, Switch::Disabled, true)
        .await
        .unwrap();
    // The log no longer holds any of the changes.
    write(&world, "DELETE FROM changes").await;
    let dropped = "UPDATE counters SET value = (SELECT value FROM counters WHERE name = 'changes') \
                   WHERE name = 'changes_dropped'";
    write(&world, dropped).await;
    lets_in(&node, &key).unwrap();
    node.sync().await.unwrap();
    assert!(matches!(lets_in(&node, &key), Err(AuthError::Revoked(_))));
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    node.close().await;
}

async fn a_node_that_takes_up_one_change_after_the_other_ends_with_the_same(world: World) {
    let node = world.node().await;
    let (iam, owner) = (&world.iam, world.owner());
    let same = async |what: &str| {
        assert!(
            iam::inspect::matches_database(&node).await.unwrap(),
            "{what}"
        );
    };
    let zoe = world.person("zoe@example.org", None).await;
    same("a user").await;
    let org = iam.create_org(&owner, "zebra", None).await.unwrap();
    same("an organization").await;
    let space = iam.create_space(&owner, org.id, "one").await.unwrap();
    same("a space").await;
    let domain = Domain::Space(space.id);
    let auditor = iam::role::Role::Auditor;
    iam.set_role(&owner, domain, auditor, &zoe.email)
        .await
        .unwrap();
    same("a role").await;
    let (key, _) = world.key(&zoe.identity, NewKey::default()).await;
    same("a key").await;
    iam.delete_api_key(&zoe.identity, key).await.unwrap();
    same("a key that was deleted").await;
    iam.delete_org(&owner, org.id, true).await.unwrap();
    same("an organization that was deleted").await;
    node.close().await;
}

/// Numbers what was written past the service, as the service numbers its own changes.
async fn number(world: &World) {
    let number = "UPDATE changes SET sequence = (SELECT value + 1 FROM counters WHERE name = 'changes') \
                  WHERE sequence IS NULL";
    write(world, number).await;
    let count = "UPDATE counters SET value = value + 1 WHERE name = 'changes'";
    write(world, count).await;
}

/// The last space of [`fill`].
const LAST: &str = "00000000-0000-4000-8000-100000002999";

/// Puts 3000 spaces into an organization of this name, past the service.
async fn fill(world: &World) {
    let spaces = "INSERT INTO spaces (guid, org, name, created_at, updated_at) \
                  WITH RECURSIVE numbers (n) AS (SELECT CAST(100000000000 AS BIGINT) \
                  UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000002999) \
                  SELECT '00000000-0000-4000-8000-' || CAST(n AS TEXT), (SELECT guid FROM orgs WHERE name = 'large'), \
                  'space ' || CAST(n AS TEXT), 0, 0 FROM numbers";
    write(world, spaces).await;
    let domains = "INSERT INTO domains (tenant, domain) \
                   SELECT 1000000 + CAST(SUBSTR(guid, 29) AS BIGINT), 's-' || guid FROM spaces \
                   WHERE guid LIKE '00000000-0000-4000-8000-1%'";
    write(world, domains).await;
    number(world).await;
}

async fn thousands_of_changes_at_once_are_followed_alone(world: World) {
    let node = world.node().await;
    let (iam, owner) = (&world.iam, world.owner());
    let large = iam.create_org(&owner, "large", None).await.unwrap();
    let before = [&node, iam].map(iam::inspect::whole_reads);
    fill(&world).await;
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    assert!(iam::inspect::matches_database(iam).await.unwrap());
    let last = Domain::Space(LAST.parse().unwrap());
    let knows_last = |node: &Iam| node.directory().account_of(last).is_some();
    assert!(knows_last(&node) && knows_last(iam));
    iam.delete_org(&world.owner(), large.id, true)
        .await
        .unwrap();
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    assert!(!knows_last(&node) && !knows_last(iam));
    let after = [&node, iam].map(iam::inspect::whole_reads);
    assert_eq!(after, before);
    node.close().await;
}

async fn an_account_that_goes_and_comes_back_is_followed_alone(world: World) {
    let node = world.node().await;
    let iam = &world.iam;
    let owner = world.owner();
    let account = owner.account();
    let (_, key) = world.key(&owner, NewKey::default()).await;
    world.service().await;
    let kim = world.person("kim@example.org", None).await;
    world.second_account().await;
    node.sync().await.unwrap();
    lets_in(&node, &key).unwrap();
    let before = iam::inspect::whole_reads(&node);

    iam.delete_account(account).await.unwrap();
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    assert!(lets_in(&node, &key).is_err());
    assert!(
        !node
            .directory()
            .is_member(kim.identity.principal(), account)
    );
    iam.restore_account(account, None).await.unwrap();
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    lets_in(&node, &key).unwrap();
    assert!(
        node.directory()
            .is_member(kim.identity.principal(), account)
    );
    assert_eq!(iam::inspect::whole_reads(&node), before);
    node.close().await;
}

/// The one number that a statement finds, under that name.
async fn found(world: &World, sql: &'static str) -> i64 {
    let db = world.database().await;
    let row = db.one(sql, &[]).await.unwrap().unwrap();
    db.close().await;
    row.int("found").unwrap()
}

async fn a_log_that_is_shortened_hides_no_change(world: World) {
    let (node, away) = (world.node().await, world.node().await);
    let (iam, owner) = (&world.iam, world.owner());
    let (id, key) = world.key(&owner, NewKey::default()).await;
    for node in [&node, &away] {
        node.sync().await.unwrap();
        lets_in(node, &key).unwrap();
    }
    let log = "INSERT INTO changes (sequence, kind, id) \
               WITH RECURSIVE numbers (n) AS (SELECT CAST(1 AS BIGINT) \
               UNION ALL SELECT n + 1 FROM numbers WHERE n < 26000) \
               SELECT (SELECT value FROM counters WHERE name = 'changes') + n, 'test', 'test' FROM numbers";
    write(&world, log).await;
    let count = "UPDATE counters SET value = value + 26000 WHERE name = 'changes'";
    write(&world, count).await;
    node.sync().await.unwrap();
    iam.shorten_change_log().await.unwrap();

    let made = "SELECT value AS found FROM counters WHERE name = 'changes'";
    let dropped = "SELECT value AS found FROM counters WHERE name = 'changes_dropped'";
    let last_dropped = found(&world, dropped).await;
    assert_eq!(last_dropped, found(&world, made).await - 20_000);
    let oldest = "SELECT MIN(sequence) AS found FROM changes";
    assert_eq!(found(&world, oldest).await, last_dropped + 1);
    let rows = "SELECT COUNT(sequence) AS found FROM changes";
    assert_eq!(found(&world, rows).await, 20_000);

    iam.switch_api_key(&owner, id, Switch::Disabled, true)
        .await
        .unwrap();
    let before = [&node, &away].map(iam::inspect::whole_reads);
    for node in [&node, &away] {
        node.sync().await.unwrap();
        assert!(matches!(lets_in(node, &key), Err(AuthError::Revoked(_))));
    }
    let after = [&node, &away].map(iam::inspect::whole_reads);
    let [followed, missed] = before;
    assert_eq!(after, [followed, missed + 1]);
    node.close().await;
    away.close().await;
}
