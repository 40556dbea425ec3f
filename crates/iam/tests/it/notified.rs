//! PostgreSQL notifies a node of every commit, over connections that no other work takes. Nodes poll as well, twice a second, so
//! that nothing else would show it if no notification came.

use crate::world::{World, on_postgres};
use db::Value;
use iam::manage::api_key::NewKey;
use std::time::Duration;

/// Whatever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn a_commit_is_heard_of_and_read_while_the_pool_is_taken() {
    let name = "a_commit_is_heard_of_and_read_while_the_pool_is_taken";
    on_postgres(name, |config| config, heard_and_read);
}

async fn heard_and_read(world: World) {
    let db = world.database().await;
    let mut follower = db.follow();
    // Once it listens: something may have come before.
    follower.changed().await.unwrap();

    let mut taken = Vec::new();
    for _ in 0..db.connections_max() {
        taken.push(db.begin().await.unwrap());
    }

    let (id, _) = world.key(&world.owner(), NewKey::default()).await;
    let notified = tokio::time::timeout(PATIENCE, follower.changed()).await;
    notified.expect("nothing is heard of it").unwrap();
    let sql = "SELECT id FROM changes WHERE kind = 'key' AND id = $1";
    let values = [Value::from(id.0.to_string())];
    let logged = tokio::time::timeout(PATIENCE, follower.db().all(sql, &values)).await;
    let logged = logged.expect("the log cannot be read").unwrap();
    assert!(!logged.is_empty(), "it is heard of before it can be read");

    drop(taken);
    follower.close().await;
    db.close().await;
}
