//! Limits on a user's sessions, refresh tokens and passcodes: what is dropped, and what is not.

use crate::delegated::{delegate, try_to_delegate};
use crate::world::{
    ACCESS, OWNER, World, access_token, code, on_postgres, on_sqlite, refresh_token, secret,
};
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::manage::api_key::NewKey;
use iam::{AuthError, IamConfig, IamError, IamLimits};
use std::time::{Duration, Instant};

macro_rules! stories {
    ($($story:ident with $limits:ident),* $(,)?) => {$(
        mod $story {
            #[test]
            fn on_sqlite() {
                super::on_sqlite(super::$limits, super::$story);
            }

            #[test]
            fn on_postgres() {
                super::on_postgres(stringify!($story), super::$limits, super::$story);
            }
        }
    )*};
}

stories!(
    the_session_longest_unused_gives_way with three,
    what_a_session_came_from_does_not_give_way with three,
    the_sessions_of_a_key_give_way_before_those_of_its_person with three,
    another_node_hears_of_what_gave_way with three,
    ended_sessions_are_counted_until_their_tokens_have_expired with three,
    used_refresh_tokens_are_counted_until_they_expire with three,
    a_renewal_for_two_tokens_has_room_for_both_or_is_refused with three,
    a_receiver_takes_no_place_of_the_login_it_was_delegated with three,
    passcodes_of_a_key_take_no_place_of_others with three,
);

fn three(config: IamConfig) -> IamConfig {
    let limits = IamLimits {
        sessions_per_user: 3,
        refresh_tokens_per_session: 3,
        passcodes_per_user: 2,
        ..config.limits
    };
    IamConfig { limits, ..config }
}

fn is_usable(world: &World, tokens: &Tokens) -> bool {
    match world.enter(&access_token(tokens)) {
        Ok(_) => true,
        Err(AuthError::Revoked(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

async fn passcode(world: &World, grant: Grant) -> Result<String, IamError> {
    let request = TokenRequest {
        grant,
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
        source: crate::world::source(),
    };
    let code = world.iam.passcode(request).await?;
    Ok(code.expose().clone())
}

/// A session begun with a passcode of this one.
async fn child(world: &World, of: &Tokens) -> Result<Tokens, IamError> {
    let code = passcode(world, Grant::RefreshToken(secret(&refresh_token(of)))).await?;
    World::ask(&world.iam, Grant::Passcode(secret(&code)), Some(Client::Bx)).await
}

async fn the_session_longest_unused_gives_way(world: World) {
    let first = world.log_in().await;
    world.wait(1);
    let second = world.log_in().await;
    let third = world.log_in().await;
    world.wait(1);
    // It was used again, so it is no longer the longest unused one.
    let first = world.renew(&refresh_token(&first)).await.unwrap();
    world.wait(1);
    let fourth = world.log_in().await;
    let is_usable = |tokens| is_usable(&world, tokens);
    assert!(is_usable(&first) && is_usable(&fourth));
    assert_ne!(
        is_usable(&second),
        is_usable(&third),
        "one of the two gave way"
    );
    world.renew(&refresh_token(&first)).await.unwrap();
    // An expired session makes room by itself.
    world.wait(crate::world::REFRESH + 1);
    let all = [
        world.log_in().await,
        world.log_in().await,
        world.log_in().await,
    ];
    assert!(all.iter().all(is_usable));
}

async fn what_a_session_came_from_does_not_give_way(world: World) {
    let oldest = world.log_in().await;
    world.wait(1);
    let other = world.log_in().await;
    world.wait(1);
    let second = child(&world, &oldest).await.unwrap();
    world.wait(1);
    let third = child(&world, &second).await.unwrap();
    assert!(
        !is_usable(&world, &other),
        "it is the only one that third does not rest on"
    );
    for login in [&oldest, &second, &third] {
        assert!(is_usable(&world, login));
    }
    // Nothing is left that could be dropped.
    let deeper = child(&world, &third).await.unwrap_err();
    assert!(deeper.to_string().contains("sessions_per_user"), "{deeper}");
    // Nobody is told to wait where no wait helps.
    assert_eq!(deeper.refusal().unwrap().reason.name(), "not_allowed");
    for login in [&oldest, &second, &third] {
        assert!(is_usable(&world, login));
    }
    // Another login ends the oldest session, and what came from it.
    world.wait(1);
    let fresh = world.log_in().await;
    assert!(is_usable(&world, &fresh));
    for login in [&oldest, &second, &third] {
        assert!(!is_usable(&world, login));
    }
}

async fn the_sessions_of_a_key_give_way_before_those_of_its_person(world: World) {
    let (_, key) = world.key(&world.owner(), NewKey::default()).await;
    let login = world.log_in().await;
    for _ in 0..10 {
        world.wait(1);
        let by_key = world.key_session(&key).await.unwrap();
        assert!(is_usable(&world, &by_key));
        assert!(is_usable(&world, &login), "the key logged its person out");
    }
    // It cannot keep the user out either: of two groups of equal size, the new session's group loses its oldest.
    world.wait(1);
    let second = world.log_in().await;
    assert!(is_usable(&world, &second) && !is_usable(&world, &login));
    world.key_session(&key).await.unwrap();
    assert!(is_usable(&world, &second));
}

async fn another_node_hears_of_what_gave_way(world: World) {
    let node = world.node().await;
    node.watch();
    let first = world.log_in().await;
    for _ in 0..3 {
        world.wait(1);
        world.log_in().await;
    }
    let begun = Instant::now();
    let entered = || {
        let token = access_token(&first);
        node.verifier()
            .identity(iam::Credential::Iam(&token))
            .is_ok()
    };
    while entered() {
        assert!(
            begun.elapsed() < Duration::from_secs(300),
            "the node never heard of it"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    node.close().await;
}

async fn ended_sessions_are_counted_until_their_tokens_have_expired(world: World) {
    // Three are live, and twenty times as many are remembered.
    for _ in 0..63 {
        world.log_in().await;
    }
    let password = world.made.password.expose().clone();
    let refused = world.password(OWNER, &password).await.unwrap_err();
    let problem = refused.refusal().unwrap();
    assert_eq!(problem.limit.unwrap().name, "sessions_per_user");
    assert!(problem.retry_after.is_some());
    // A key has its own count.
    let (_, key) = world.key(&world.owner(), NewKey::default()).await;
    world.key_session(&key).await.unwrap();
    world.wait(ACCESS + 601);
    world.log_in().await;
    let db = world.database().await;
    let row = db.one("SELECT COUNT(*) AS rows FROM sessions", &[]).await;
    assert!(row.unwrap().unwrap().int("rows").unwrap() <= 5);
    db.close().await;
}

async fn used_refresh_tokens_are_counted_until_they_expire(world: World) {
    let first = world.log_in().await;
    let second = world.renew(&refresh_token(&first)).await.unwrap();
    world.wait(40_000);
    let third = world.renew(&refresh_token(&second)).await.unwrap();
    let last = refresh_token(&third);
    assert_eq!(code(world.renew(&last).await), "too_many_renewals");
    let refused = world.renew(&last).await.unwrap_err();
    let problem = refused.refusal().unwrap();
    assert_eq!(problem.limit.unwrap().name, "refresh_tokens_per_session");
    let wait = problem.retry_after.unwrap();
    // The token is neither used up nor taken for stolen: it works at the announced time.
    world.wait(i64::try_from(wait).unwrap());
    let fourth = world.renew(&last).await.unwrap();
    assert!(is_usable(&world, &fourth));
}

/// Both tokens or none: the refresh token is not used up for half of the request.
async fn a_renewal_for_two_tokens_has_room_for_both_or_is_refused(world: World) {
    let first = refresh_token(&world.log_in().await);
    let both = async |token: &str| {
        let request = TokenRequest {
            grant: Grant::RefreshToken(secret(token)),
            client: Some(Client::Bx),
            account: None,
            with_uaa: true,
            delegated_seconds: None,
            source: crate::world::source(),
        };
        world.iam.token(request).await
    };
    let second = both(&first).await.unwrap();
    assert!(second.uaa.is_some());
    let second = refresh_token(&second);
    assert_eq!(code(both(&second).await), "too_many_renewals");
    // Within the grace no token is added either, however often it is used.
    assert_eq!(code(both(&first).await), "too_many_renewals");
    world.wait(86_000);
    assert_eq!(code(world.renew(&second).await), "too_many_renewals");
    let db = world.database().await;
    let row = db
        .one("SELECT COUNT(*) AS rows FROM refresh_tokens", &[])
        .await;
    assert_eq!(row.unwrap().unwrap().int("rows").unwrap(), 3);
    db.close().await;
}

async fn a_receiver_takes_no_place_of_the_login_it_was_delegated(world: World) {
    let login = refresh_token(&world.log_in().await);
    let (mut token, renewed) = delegate(&world, &login, 1000).await;
    let redeem = async |token: &str| {
        let grant = Grant::RefreshToken(secret(token));
        World::ask(&world.iam, grant, Some(Client::Kube)).await
    };
    for _ in 0..2 {
        token = refresh_token(&redeem(&token).await.unwrap());
    }
    // All of its chain end together, so there is no time to wait for.
    let refused = redeem(&token).await.unwrap_err();
    let refusal = refused.refusal().unwrap();
    let told = (refusal.reason.name(), refusal.retry_after);
    assert_eq!(told, ("too_many_renewals", None));
    let second = refresh_token(&renewed);
    // Refused with all that was asked for, it costs nothing: it was used up, and its next use ended the login as a theft.
    let refused = try_to_delegate(&world, &second, 1000).await;
    assert_eq!(code(refused), "too_many_renewals");
    world.wait(60);
    let third = refresh_token(&world.renew(&second).await.unwrap());
    assert_eq!(code(world.renew(&third).await), "too_many_renewals");
}

async fn passcodes_of_a_key_take_no_place_of_others(world: World) {
    let (_, key) = world.key(&world.owner(), NewKey::default()).await;
    let login = world.log_in().await;
    let by_password = || passcode(&world, Grant::RefreshToken(secret(&refresh_token(&login))));
    let first = by_password().await.unwrap();
    world.wait(1);
    let second = by_password().await.unwrap();
    for _ in 0..5 {
        passcode(&world, Grant::ApiKey(secret(&key))).await.unwrap();
    }
    world.wait(1);
    let third = by_password().await.unwrap();
    let redeem = |code: String| {
        let grant = Grant::Passcode(secret(&code));
        World::ask(&world.iam, grant, Some(Client::Bx))
    };
    assert_eq!(code(redeem(first).await), "wrong_proof");
    redeem(second).await.unwrap();
    redeem(third).await.unwrap();
    let db = world.database().await;
    let row = db.one("SELECT COUNT(*) AS rows FROM passcodes", &[]).await;
    assert_eq!(row.unwrap().unwrap().int("rows").unwrap(), 2);
    db.close().await;
}
