//! Who has authenticated, when and how often: counted by every node, written down in the background, gone with whom it is about.

use crate::world::{World, on_both_databases, refresh_token, secret, source};
use base::id::KeyId;
use base::time::Millis;
use iam::audit::Credential as AuditedCredential;
use iam::flow::grant::Grant;
use iam::manage::activity::Activity;
use iam::manage::api_key::NewKey;
use iam::manage::service_id::NewService;
use iam::{Iam, Identity};

on_both_databases!(
    nodes_add_up_who_has_authenticated,
    counts_go_with_whom_they_are_of,
);

async fn of_key(iam: &Iam, caller: &Identity, id: KeyId) -> Activity {
    iam.key_activity(caller, id).await.unwrap()
}

fn seen(times: u64, last_at: Millis) -> Activity {
    Activity {
        last_at: Some(last_at),
        times,
    }
}

/// The rows of the table, each with its count.
async fn rows(world: &World) -> Vec<i64> {
    let db = world.database().await;
    let sql = "SELECT times FROM activity ORDER BY times";
    let found = db.all(sql, &[]).await.unwrap();
    let times = found.iter().map(|row| row.int("times").unwrap()).collect();
    db.close().await;
    times
}

async fn nodes_add_up_who_has_authenticated(world: World) {
    let owner = world.owner();
    let (id, text) = world.key(&owner, NewKey::default()).await;
    let nothing = of_key(&world.iam, &owner, id).await;
    assert_eq!(nothing, Activity::default());
    let node = world.node().await;

    let begun = world.key_session(&text).await.unwrap();
    let first = world.clock_now();
    world.wait(60);
    let grant = Grant::ApiKey(secret(&text));
    World::ask(&node, grant, None).await.unwrap();
    let second = world.clock_now();
    // Neither renewing nor a token authenticates.
    world.wait(60);
    world.renew(&refresh_token(&begun)).await.unwrap();
    let account = Some(world.made.account);
    let by_token = (AuditedCredential::IamToken, Some(id));
    world
        .iam
        .note_caller(owner.principal(), account, by_token, source());
    assert_eq!(of_key(&world.iam, &owner, id).await, seen(1, first));
    assert_eq!(of_key(&node, &owner, id).await, seen(1, second));
    assert_eq!(rows(&world).await, [0; 0], "no request has written a row");

    node.write_activity().await.unwrap();
    assert_eq!(of_key(&world.iam, &owner, id).await, seen(2, second));
    assert_eq!(of_key(&node, &owner, id).await, seen(1, second));
    world.iam.write_activity().await.unwrap();
    assert_eq!(of_key(&node, &owner, id).await, seen(2, second));
    // The owner, too.
    assert_eq!(rows(&world).await, [2, 2]);

    // A request with the key itself, and a sender's batch.
    world.wait(60);
    let by_key = (AuditedCredential::ApiKey, Some(id));
    node.note_caller(owner.principal(), account, by_key, source());
    node.note_key_used(id);
    let third = world.clock_now();
    node.close().await;
    assert_eq!(of_key(&world.iam, &owner, id).await, seen(4, third));
    assert_eq!(rows(&world).await, [4, 4], "written at the end");
}

async fn counts_go_with_whom_they_are_of(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let key = NewKey {
        name: "first".to_owned(),
        ..NewKey::default()
    };
    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let made = iam.create_service_id(&owner, new, Some(key)).await.unwrap();
    let (first, text) = made.key.unwrap();
    let second = NewKey {
        owner: Some(made.service.id.into()),
        ..NewKey::default()
    };
    let (second, other_text) = world.key(&owner, second).await;
    for key in [text.expose(), &other_text] {
        World::ask(iam, Grant::ApiKey(secret(key)), None)
            .await
            .unwrap();
    }
    let of_service = iam.service_activity(&owner, made.service.id).await.unwrap();
    assert_eq!(of_service, seen(2, world.clock_now()));
    iam.write_activity().await.unwrap();
    assert_eq!(rows(&world).await, [1, 1, 2]);

    // What is counted of a key that is gone is written nowhere.
    iam.note_key_used(second);
    iam.delete_api_key(&owner, second).await.unwrap();
    iam.write_activity().await.unwrap();
    assert_eq!(rows(&world).await, [1, 3]);
    iam.note_key_used(first.id);
    iam.delete_service_id(&owner, made.service.id)
        .await
        .unwrap();
    iam.write_activity().await.unwrap();
    assert_eq!(rows(&world).await, [0; 0]);

    // And with the account.
    world.log_in().await;
    iam.write_activity().await.unwrap();
    assert_eq!(rows(&world).await, [1]);
    let request = iam::bootstrap::Request {
        account: "second".to_owned(),
        region: None,
        org: "acme".to_owned(),
        space: "prod".to_owned(),
        owner: "zoe@example.org".to_owned(),
        password: None,
    };
    iam.create_account(request).await.unwrap();
    iam.delete_account(world.made.account).await.unwrap();
    assert_eq!(rows(&world).await, [1], "until it cannot be restored");
    // On PostgreSQL other nodes have a month to remove theirs.
    world.wait((8 + 31) * 86_400);
    iam.forget_removed(&iam.due(), usize::MAX).await.unwrap();
    assert_eq!(rows(&world).await, [0; 0]);
}
