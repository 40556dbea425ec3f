//! A renewal that waits for others in the database for longer than the grace of its refresh token, while its client is told to renew with
//! the same token.

use crate::world::{World, on_postgres, on_sqlite, refresh_token, secret};
use iam::flow::grant::{Client, Grant, Tokens};
use iam::progress::{Progress, Stage};
use iam::{Iam, IamError};

/// Longer than the grace.
const LATE: i64 = 31;

#[test]
fn the_grace_of_a_renewal_that_waits_for_the_writer_begins_after_that() {
    on_sqlite(|config| config, behind_the_writer);
}

#[test]
fn the_grace_of_a_renewal_that_waits_for_its_session_begins_after_that() {
    let name = "the_grace_of_a_renewal_that_waits_for_its_session_begins_after_that";
    on_postgres(name, |config| config, behind_its_session);
}

async fn renew(iam: Iam, text: String) -> Result<Tokens, IamError> {
    let renewal = Grant::RefreshToken(secret(&text));
    World::ask(&iam, renewal, Some(Client::Bx)).await
}

/// Its session was ended, as one whose token somebody else has.
async fn gives_the_same_successor(world: &World, text: &str, late: Result<Tokens, IamError>) {
    let again = world.renew(text).await.unwrap();
    assert_eq!(refresh_token(&again), refresh_token(&late.unwrap()));
}

async fn behind_the_writer(world: World) {
    let text = refresh_token(&world.log_in().await);
    let db = world.database().await;
    let writer = db.begin().await.unwrap();
    let progress = Progress::default();
    let late = renew(world.iam.clone(), text.clone());
    let late = tokio::spawn(progress.clone().scope(late));
    while progress.stage() != Stage::LoginBegun {
        assert!(!late.is_finished(), "it does not wait for the writer");
        tokio::task::yield_now().await;
    }
    world.wait(LATE);
    writer.end().await.unwrap();
    gives_the_same_successor(&world, &text, late.await.unwrap()).await;
    db.close().await;
}

async fn behind_its_session(world: World) {
    let tokens = world.log_in().await;
    let (text, session) = (refresh_token(&tokens), tokens.session.unwrap());
    let db = world.database().await;
    let mut change = db.begin().await.unwrap();
    let hold = "UPDATE sessions SET account = account WHERE guid = $1";
    let session = session.0.to_string();
    change.execute(hold, &[session.into()]).await.unwrap();
    let late = tokio::spawn(renew(world.iam.clone(), text.clone()));
    let waiting = "SELECT datname FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while db.one(waiting, &[]).await.unwrap().is_none() {
        assert!(!late.is_finished(), "it does not wait for its session");
    }
    world.wait(LATE);
    drop(change);
    gives_the_same_successor(&world, &text, late.await.unwrap()).await;
    db.close().await;
}
