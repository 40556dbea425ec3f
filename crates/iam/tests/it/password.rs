//! Passwords: right, wrong, too often, and changed.

use crate::world::{OWNER, World, access_token, code, on_both_databases, secret};
use base::error::Kind;
use iam::{AuthError, Credential, IamError};
use std::time::{Duration, Instant};

on_both_databases!(
    a_name_is_known_in_any_case_and_a_wrong_password_by_none,
    ten_failures_bring_a_pause_of_a_minute,
    a_burst_of_guesses_is_counted_as_if_they_came_one_by_one,
    a_guess_whose_caller_hangs_up_is_counted,
    a_password_is_changed_by_who_knows_it,
    a_new_password_ends_the_sessions_of_the_old_one,
);

fn kind(error: &IamError) -> Kind {
    let problem = error.problem().unwrap();
    assert_eq!(problem.code, "BXNIM0602E");
    problem.kind
}

async fn a_name_is_known_in_any_case_and_a_wrong_password_by_none(world: World) {
    let password = world.made.password.expose().clone();
    world.password("ADA@Example.ORG", &password).await.unwrap();
    for (user, password) in [
        (OWNER, "wrong"),
        (OWNER, ""),
        ("nobody@example.org", password.as_str()),
    ] {
        let refused = world.password(user, password).await.unwrap_err();
        assert_eq!(kind(&refused), Kind::Invalid, "{user}");
    }
}

async fn ten_failures_bring_a_pause_of_a_minute(world: World) {
    let password = world.made.password.expose().clone();
    for _ in 0..9 {
        let refused = world.password(OWNER, "wrong").await.unwrap_err();
        assert_eq!(kind(&refused), Kind::Invalid);
    }
    // A right one in time begins the count anew.
    world.password(OWNER, &password).await.unwrap();
    for _ in 0..10 {
        let refused = world.password(OWNER, "wrong").await.unwrap_err();
        assert_eq!(kind(&refused), Kind::Invalid);
    }
    for guess in ["wrong", password.as_str()] {
        let refused = world.password(OWNER, guess).await.unwrap_err();
        assert_eq!(kind(&refused), Kind::Busy);
        let message = refused.problem().unwrap().message.clone();
        assert!(
            message.contains("wait 61 s") || message.contains("wait 60 s"),
            "{message}"
        );
    }
    world.clock.advance(59_999);
    let refused = world.password(OWNER, &password).await.unwrap_err();
    assert_eq!(kind(&refused), Kind::Busy);
    // The pause hits the name alone: a key of the same person works.
    world
        .key_session(world.made.api_key.expose())
        .await
        .unwrap();
    world.clock.advance(1);
    world.password(OWNER, &password).await.unwrap();
}

async fn a_burst_of_guesses_is_counted_as_if_they_came_one_by_one(world: World) {
    let guess = || {
        let iam = world.iam.clone();
        let grant = iam::token::grant::Grant::Password {
            username: OWNER.to_owned(),
            password: secret("wrong"),
        };
        let client = Some(iam::token::grant::Client::Bx);
        tokio::spawn(async move { World::ask(&iam, grant, client).await.unwrap_err() })
    };
    let guesses: Vec<_> = (0..40).map(|_| guess()).collect();
    let mut checked = 0;
    for guess in guesses {
        if kind(&guess.await.unwrap()) == Kind::Invalid {
            checked += 1;
        }
    }
    assert_eq!(checked, 10, "passwords were compared");
}

async fn a_guess_whose_caller_hangs_up_is_counted(world: World) {
    let db = world.database().await;
    let begun = Instant::now();
    loop {
        // Shorter than any check takes.
        let answer =
            tokio::time::timeout(Duration::from_millis(1), world.password(OWNER, "wrong")).await;
        assert!(answer.is_err(), "answered before its caller hung up");
        let row = db.one("SELECT failures FROM users", &[]).await.unwrap();
        if row.unwrap().int("failures").unwrap() > 0 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "never counted");
    }
    db.close().await;
}

async fn a_password_is_changed_by_who_knows_it(world: World) {
    let (owner, old) = (world.owner(), world.made.password.expose().clone());
    let change = |from: &str, to: &str| world.iam.change_password(&owner, secret(from), secret(to));
    assert_eq!(code(change("wrong", "long enough").await), "BXNIM0602E");
    assert_eq!(code(change(&old, "short").await), "invalid_parameter");
    assert_eq!(
        code(change(&old, &"x".repeat(1025)).await),
        "invalid_parameter"
    );
    world.password(OWNER, &old).await.unwrap();
    change(&old, "long enough").await.unwrap();
    assert_eq!(code(world.password(OWNER, &old).await), "BXNIM0602E");
    world.password(OWNER, "long enough").await.unwrap();
}

async fn a_new_password_ends_the_sessions_of_the_old_one(world: World) {
    let old = world.made.password.expose().clone();
    let login = async || access_token(&world.password(OWNER, &old).await.unwrap());
    let (own, other) = (login().await, login().await);
    let key = access_token(
        &world
            .key_session(world.made.api_key.expose())
            .await
            .unwrap(),
    );
    let who = |token: &str| world.iam.verifier().identity(Credential::Iam(token));
    let caller = who(&own).unwrap();
    world
        .iam
        .change_password(&caller, secret(&old), secret("long enough"))
        .await
        .unwrap();
    who(&own).unwrap();
    who(&key).unwrap();
    assert!(matches!(who(&other), Err(AuthError::Revoked(_))));
}
