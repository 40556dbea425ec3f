//! A COMMIT whose answer is lost: what is durable is never reported as a failure, and what is not known is not guessed.

pub(crate) mod proxy;

use crate::world::{World, on_postgres};
use db::{Db, DbError};
use iam::audit::{Action, Credential, Refused};
use iam::manage::api_key::NewKey;
use iam::{AuthError, Credential as AuditedCredential, Iam, IamError};
use proxy::{NextCommit, Proxy};
use std::time::Duration;

/// A node that reaches the database of a world through a proxy.
async fn node(world: &World) -> (Iam, Proxy) {
    let proxy = Proxy::before(world.address()).await;
    let db = Db::open(&proxy.address).await.unwrap();
    let iam = Iam::open(db, world.config.clone(), world.clock.clone()).await;
    (iam.unwrap(), proxy)
}

#[test]
fn a_change_whose_answer_is_lost_is_done() {
    let name = "a_change_whose_answer_is_lost_is_done";
    on_postgres(
        name,
        |config| config,
        |world| async move {
            let ((iam, proxy), owner) = (node(&world).await, world.owner());

            proxy.next(NextCommit::LoseAnswer);
            let new = NewKey {
                name: "one".to_owned(),
                ..NewKey::default()
            };
            let (key, text) = iam.create_api_key(&owner, new).await.unwrap();
            let enter = || {
                iam.verifier()
                    .identity(AuditedCredential::ApiKey(text.expose()))
            };
            enter().unwrap();

            proxy.next(NextCommit::LoseAnswer);
            let space = iam.create_space(&owner, world.org(), "one").await.unwrap();
            assert_eq!(iam.space(&owner, space.id).await.unwrap().name, "one");

            proxy.next(NextCommit::LoseAnswer);
            iam.delete_api_key(&owner, key.id).await.unwrap();
            assert_eq!(enter().unwrap_err(), AuthError::KeyUnknown);
            assert!(!iam.is_behind());
            assert!(iam::inspect::matches_database(&iam).await.unwrap());
            iam.close().await;
        },
    );
}

#[test]
fn a_change_that_did_not_arrive_has_changed_nothing_and_is_said_to_pass() {
    let name = "a_change_that_did_not_arrive_has_changed_nothing_and_is_said_to_pass";
    on_postgres(
        name,
        |config| config,
        |world| async move {
            let ((iam, proxy), owner) = (node(&world).await, world.owner());
            proxy.next(NextCommit::LoseCommit);
            let error = iam
                .create_space(&owner, world.org(), "one")
                .await
                .unwrap_err();
            let is_unreachable = matches!(error, IamError::Db(DbError::Unavailable { .. }));
            assert!(is_unreachable, "{error:?}");
            assert!(!iam.is_behind());
            iam.create_space(&owner, world.org(), "one").await.unwrap();
            iam.close().await;
        },
    );
}

#[test]
fn an_outcome_that_nobody_can_tell_is_said_to_be_unknown_and_nothing_is_trusted_until_it_is_read() {
    let name = "an_outcome_that_nobody_can_tell_is_said_to_be_unknown";
    on_postgres(
        name,
        |config| config,
        |world| async move {
            let ((iam, proxy), owner) = (node(&world).await, world.owner());
            let key = world.made.api_key.expose();
            let enter = || iam.verifier().identity(AuditedCredential::ApiKey(key));
            enter().unwrap();
            proxy.next(NextCommit::LoseAll);
            let made = iam.create_space(&owner, world.org(), "one").await;
            let error = made.unwrap_err();
            let is_unknown = matches!(error, IamError::Db(DbError::OutcomeUnknown { .. }));
            assert!(is_unknown, "{error:?}");
            assert!(iam.is_behind());
            let refused = enter().unwrap_err();
            assert!(matches!(refused, AuthError::Behind), "{refused}");

            proxy.set_unreachable(false);
            iam.sync().await.unwrap();
            assert!(!iam.is_behind());
            enter().unwrap();
            let again = iam
                .create_space(&owner, world.org(), "one")
                .await
                .unwrap_err();
            assert!(again.refusal().is_some(), "it was made: {again:?}");
            iam.close().await;
        },
    );
}

#[test]
fn a_change_whose_caller_goes_away_during_the_commit_is_known_at_once() {
    let name = "a_change_whose_caller_goes_away_during_the_commit_is_known_at_once";
    on_postgres(
        name,
        |config| config,
        |world| async move {
            let ((iam, proxy), owner) = (node(&world).await, world.owner());
            let new = NewKey {
                name: "one".to_owned(),
                ..NewKey::default()
            };
            let (key, text) = iam.create_api_key(&owner, new).await.unwrap();
            proxy.next(NextCommit::Hold);
            let (worker, caller) = (iam.clone(), owner.clone());
            let deleting =
                tokio::spawn(async move { worker.delete_api_key(&caller, key.id).await });
            proxy.held().await;
            deleting.abort();
            let _ = deleting.await;
            proxy.release();
            // No task watches for changes here.
            let enter = || {
                iam.verifier()
                    .identity(AuditedCredential::ApiKey(text.expose()))
            };
            for _ in 0..4000 {
                if enter().is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            assert_eq!(enter().unwrap_err(), AuthError::KeyUnknown);
            assert!(!iam.is_behind());
            iam.close().await;
        },
    );
}

#[test]
fn a_stop_does_not_wait_for_a_database_that_is_away() {
    let name = "a_stop_does_not_wait_for_a_database_that_is_away";
    on_postgres(
        name,
        |config| config,
        |world| async move {
            let (iam, proxy) = node(&world).await;
            iam.note_refused(Refused {
                action: Action::CredentialRefused,
                principal: None,
                account: None,
                credential: Credential::ApiKey,
                why: "x",
            });
            proxy.set_unreachable(true);
            // Half of what a statement waits for a connection.
            let closed = tokio::time::timeout(Duration::from_secs(10), iam.close()).await;
            assert!(closed.is_ok(), "it waits for the database");
        },
    );
}
