//! What only reads does not wait for the writer of the database, of which SQLite has one.

use crate::world::{Whole as _, World, access_token, code, on_sqlite, secret};
use iam::flow::grant::{Client, Grant};
use iam::manage::page::PageRequest;

#[test]
fn lists_and_garbage_do_not_wait_for_the_writer() {
    on_sqlite(|config| config, lists_and_garbage);
}

async fn lists_and_garbage(world: World) {
    let iam = &world.iam;
    let caller = world.enter(&access_token(&world.log_in().await)).unwrap();
    let db = world.database().await;
    let writer = db.begin().await.unwrap();
    let waiting = iam.invitations_of(&caller, None, PageRequest::WHOLE).await;
    assert_eq!(waiting.unwrap().total, 0);
    let garbage = secret("garbage");
    iam.revoke(&garbage).await.unwrap();
    let renewed = world.renew(garbage.expose()).await;
    assert_eq!(code(renewed), "wrong_refresh_token");
    let redeemed = World::ask(iam, Grant::Passcode(garbage), Some(Client::Bx)).await;
    assert_eq!(code(redeemed), "wrong_proof");
    drop(writer);
    db.close().await;
}
