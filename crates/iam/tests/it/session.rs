//! Sessions: renewal, reuse, expiry, logout, one-time codes.

use crate::world::{
    ACCESS, OWNER, REFRESH, World, access_token, code, on_both_databases, on_postgres, on_sqlite,
    refresh_token, secret,
};
use iam::flow::grant::{Client, Grant, TokenRequest};
use iam::flow::session::{CHAIN_STEPS_MAX, GRACE_MILLISECONDS};
use iam::flow::uaa::UaaGrant;
use iam::{AuthError, Iam, IamConfig, IamError};

on_both_databases!(
    a_refresh_token_is_replaced_at_every_use,
    for_thirty_seconds_a_used_token_gives_the_same_successor,
    a_late_renewal_within_the_grace_gets_the_last_token_of_the_chain,
    a_chain_is_followed_for_a_bounded_number_of_steps,
    those_who_renew_at_once_on_two_nodes_get_one_successor,
    reuse_after_the_window_ends_the_session_and_its_tokens,
    a_refresh_token_is_bound_to_its_client,
    an_expired_token_is_told_so_and_an_unknown_one_is_not,
    every_renewal_carries_the_session_on,
    a_logout_ends_every_token_of_the_session_and_no_other,
    a_token_without_a_session_is_not_said_to_be_revoked,
    a_passcode_works_once,
    a_passcode_is_for_a_token_that_was_just_used_and_not_for_one_of_before,
    a_passcode_lives_five_minutes,
);

fn revoked(result: &Result<iam::Identity, AuthError>) {
    assert!(matches!(result, Err(AuthError::Revoked(_))), "{result:?}");
}

async fn a_refresh_token_is_replaced_at_every_use(world: World) {
    let mut tokens = world.log_in().await;
    let session = tokens.session.unwrap();
    let mut seen = vec![refresh_token(&tokens)];
    for _ in 0..3 {
        world.wait(60);
        tokens = world.renew(&refresh_token(&tokens)).await.unwrap();
        let next = refresh_token(&tokens);
        assert!(!seen.contains(&next));
        seen.push(next);
        assert_eq!(tokens.session, Some(session));
        assert_eq!(tokens.expires_in, ACCESS);
        let caller = world.enter(&access_token(&tokens)).unwrap();
        assert_eq!(caller.session(), Some(session));
    }
}

async fn for_thirty_seconds_a_used_token_gives_the_same_successor(world: World) {
    let first = refresh_token(&world.log_in().await);
    let second = world.renew(&first).await.unwrap();
    world.clock.advance(GRACE_MILLISECONDS);
    let twin = world.renew(&first).await.unwrap();
    assert_eq!(refresh_token(&twin), refresh_token(&second));
    assert_ne!(access_token(&twin), access_token(&second));
    world.enter(&access_token(&twin)).unwrap();
    // Also when the successor was used meanwhile: the second process follows the chain.
    let third = world.renew(&refresh_token(&second)).await.unwrap();
    let followed = world.renew(&refresh_token(&twin)).await.unwrap();
    assert_eq!(refresh_token(&followed), refresh_token(&third));
}

/// A used successor would look like theft at the next renewal, and end the session of both.
async fn a_late_renewal_within_the_grace_gets_the_last_token_of_the_chain(world: World) {
    let first = refresh_token(&world.log_in().await);
    let second = world.renew(&first).await.unwrap();
    world.clock.advance(GRACE_MILLISECONDS / 2);
    let third = world.renew(&refresh_token(&second)).await.unwrap();
    world.clock.advance(GRACE_MILLISECONDS / 2);
    let late = world.renew(&first).await.unwrap();
    assert_eq!(refresh_token(&late), refresh_token(&third));
    world.enter(&access_token(&late)).unwrap();
    // Both continue from the same token, long after the grace of all earlier ones.
    world.clock.advance(GRACE_MILLISECONDS + 1);
    let fourth = world.renew(&refresh_token(&late)).await.unwrap();
    let followed = world.renew(&refresh_token(&third)).await.unwrap();
    assert_eq!(refresh_token(&followed), refresh_token(&fourth));
    // The one used long ago is theft as before.
    assert_eq!(code(world.renew(&first).await), "wrong_refresh_token");
    assert_eq!(
        code(world.renew(&refresh_token(&fourth)).await),
        "wrong_refresh_token"
    );
}

/// Nobody can make a long chain for the server to follow again and again; in a longer chain, an intermediate token is
/// valid for its own grace.
async fn a_chain_is_followed_for_a_bounded_number_of_steps(world: World) {
    let first = refresh_token(&world.log_in().await);
    let mut chain = vec![first.clone()];
    for _ in 0..CHAIN_STEPS_MAX + 3 {
        let next = world.renew(chain.last().unwrap()).await.unwrap();
        chain.push(refresh_token(&next));
    }
    let late = refresh_token(&world.renew(&first).await.unwrap());
    assert_eq!(late, chain[CHAIN_STEPS_MAX]);
    let end = refresh_token(&world.renew(&late).await.unwrap());
    assert_eq!(end, *chain.last().unwrap());
}

async fn those_who_renew_at_once_on_two_nodes_get_one_successor(world: World) {
    let first = refresh_token(&world.log_in().await);
    let other = world.node().await;
    let renew = |iam: Iam| {
        let grant = Grant::RefreshToken(secret(&first));
        tokio::spawn(async move { World::ask(&iam, grant, Some(Client::Bx)).await.unwrap() })
    };
    let tasks: Vec<_> = (0..16)
        .map(|number| renew(if number % 2 == 0 { &world.iam } else { &other }.clone()))
        .collect();
    let mut successors = Vec::new();
    for task in tasks {
        successors.push(refresh_token(&task.await.unwrap()));
    }
    assert!(successors.iter().all(|token| *token == successors[0]));
    world.renew(&successors[0]).await.unwrap();
    other.close().await;
}

async fn reuse_after_the_window_ends_the_session_and_its_tokens(world: World) {
    let login = world.log_in().await;
    let stranger = world.log_in().await;
    let renewed = world.renew(&refresh_token(&login)).await.unwrap();
    world.enter(&access_token(&renewed)).unwrap();
    world.clock.advance(GRACE_MILLISECONDS + 1);
    assert_eq!(
        code(world.renew(&refresh_token(&login)).await),
        "wrong_refresh_token"
    );
    revoked(&world.enter(&access_token(&login)));
    revoked(&world.enter(&access_token(&renewed)));
    assert_eq!(
        code(world.renew(&refresh_token(&renewed)).await),
        "wrong_refresh_token"
    );
    // Another session of the same user is still valid.
    world.enter(&access_token(&stranger)).unwrap();
    world.renew(&refresh_token(&stranger)).await.unwrap();
}

async fn a_refresh_token_is_bound_to_its_client(world: World) {
    let password = world.made.password.expose().clone();
    let grant = || Grant::Password {
        username: OWNER.to_owned(),
        password: secret(&password),
    };
    let iam = refresh_token(&world.log_in().await);
    let uaa = world
        .iam
        .uaa_token(base::source::Source::here(), UaaGrant::Proof(grant()))
        .await
        .unwrap();
    let uaa = uaa.refresh_token.unwrap().expose().clone();
    assert_eq!(code(world.renew(&uaa).await), "wrong_refresh_token");
    assert_eq!(code(world.uaa_renew(&iam).await), "uaa_proof");
    let nobody = World::ask(&world.iam, Grant::RefreshToken(secret(&iam)), None).await;
    assert_eq!(code(nobody), "no_client");
    let wrong = World::ask(
        &world.iam,
        Grant::RefreshToken(secret(&iam)),
        Some(Client::Cf),
    );
    assert_eq!(code(wrong.await), "no_client");
    // None of that used them up.
    world.clock.advance(GRACE_MILLISECONDS + 1);
    world.renew(&iam).await.unwrap();
    world.uaa_renew(&uaa).await.unwrap();
}

async fn an_expired_token_is_told_so_and_an_unknown_one_is_not(world: World) {
    let token = refresh_token(&world.log_in().await);
    assert_eq!(code(world.renew("vgr_never").await), "wrong_refresh_token");
    world.wait(REFRESH - 1);
    let last = world.renew(&token).await.unwrap();
    world.wait(REFRESH);
    assert_eq!(
        code(world.renew(&refresh_token(&last)).await),
        "refresh_token_expired"
    );
    // The cleanup of every login does not change the answer.
    world.log_in().await;
    assert_eq!(
        code(world.renew(&refresh_token(&last)).await),
        "refresh_token_expired"
    );
    world.wait(24 * 3600);
    world.log_in().await;
    assert_eq!(
        code(world.renew(&refresh_token(&last)).await),
        "wrong_refresh_token"
    );
}

async fn every_renewal_carries_the_session_on(world: World) {
    let mut tokens = world.log_in().await;
    for _ in 0..4 {
        world.wait(REFRESH - 60);
        world.log_in().await;
        tokens = world.renew(&refresh_token(&tokens)).await.unwrap();
    }
    let caller = world.enter(&access_token(&tokens)).unwrap();
    world.iam.log_out(&caller).await.unwrap();
    revoked(&world.enter(&access_token(&tokens)));
}

async fn a_logout_ends_every_token_of_the_session_and_no_other(world: World) {
    let password = world.made.password.expose().clone();
    let bystander = world.log_in().await;
    for by in ["access token", "refresh token", "used refresh token", "uaa"] {
        let request = TokenRequest {
            grant: Grant::Password {
                username: OWNER.to_owned(),
                password: secret(&password),
            },
            client: Some(Client::Bx),
            account: None,
            with_uaa: true,
            delegated_seconds: None,
            source: base::source::Source::here(),
        };
        let login = world.iam.token(request).await.unwrap();
        let renewed = world.renew(&refresh_token(&login)).await.unwrap();
        let uaa = login.uaa.as_ref().unwrap();
        let exchange = UaaGrant::IamToken(secret(&access_token(&renewed)));
        let exchanged = world
            .iam
            .uaa_token(base::source::Source::here(), exchange)
            .await
            .unwrap();
        let text = match by {
            "access token" => access_token(&renewed),
            "refresh token" => refresh_token(&renewed),
            "used refresh token" => refresh_token(&login),
            _ => exchanged.access_token.expose().clone(),
        };
        world.iam.revoke(&secret(&text)).await.unwrap();
        revoked(&world.enter(&access_token(&login)));
        revoked(&world.enter(&access_token(&renewed)));
        revoked(&world.enter_uaa(uaa.access_token.expose()));
        revoked(&world.enter_uaa(exchanged.access_token.expose()));
        assert_eq!(
            code(world.renew(&refresh_token(&renewed)).await),
            "wrong_refresh_token",
            "{by}"
        );
        assert_eq!(
            code(
                world
                    .uaa_renew(uaa.refresh_token.as_ref().unwrap().expose())
                    .await
            ),
            "uaa_proof",
            "{by}"
        );
        // A second logout is no error and gives the same answer.
        world.iam.revoke(&secret(&text)).await.unwrap();
    }
    world.enter(&access_token(&bystander)).unwrap();
}

async fn a_token_without_a_session_is_not_said_to_be_revoked(world: World) {
    let key = world.made.api_key.expose().clone();
    let tokens = World::ask(&world.iam, Grant::ApiKey(secret(&key)), None).await;
    let token = access_token(&tokens.unwrap());
    let refused = world.iam.revoke(&secret(&token)).await;
    assert_eq!(code(refused), "no_session");
    world.enter(&token).unwrap();
    let owner = world.owner();
    assert_eq!(code(world.iam.log_out(&owner).await), "no_session");
    for nothing in ["", "nonsense", "a.b.c"] {
        world.iam.revoke(&secret(nothing)).await.unwrap();
    }
}

async fn passcode_for(world: &World, refresh: &str) -> Result<String, IamError> {
    let request = TokenRequest {
        grant: Grant::RefreshToken(secret(refresh)),
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
        source: base::source::Source::here(),
    };
    let code = world.iam.passcode(request).await?;
    Ok(code.expose().clone())
}

async fn passcode(world: &World) -> String {
    let refresh = refresh_token(&world.log_in().await);
    passcode_for(world, &refresh).await.unwrap()
}

/// Two programs of one login: one renews while the other asks for a code.
async fn a_passcode_is_for_a_token_that_was_just_used_and_not_for_one_of_before(world: World) {
    let refresh = refresh_token(&world.log_in().await);
    let renewed = world.renew(&refresh).await.unwrap();
    passcode_for(&world, &refresh).await.unwrap();
    world.clock.advance(GRACE_MILLISECONDS + 1);
    let late = passcode_for(&world, &refresh).await;
    assert_eq!(code(late), code(world.renew(&refresh).await));
    let ended = world.renew(&refresh_token(&renewed)).await;
    assert!(ended.is_err(), "{ended:?}");
}

async fn a_passcode_works_once(world: World) {
    let text = passcode(&world).await;
    assert_eq!(text.len(), 10);
    let redeem = |iam: Iam| {
        let grant = Grant::Passcode(secret(&text));
        tokio::spawn(async move { World::ask(&iam, grant, Some(Client::Bx)).await })
    };
    let other = world.node().await;
    let tasks: Vec<_> = (0..8)
        .map(|number| redeem(if number % 2 == 0 { &world.iam } else { &other }.clone()))
        .collect();
    let mut let_in = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(tokens) => {
                let_in += 1;
                world.enter(&access_token(&tokens)).unwrap();
            }
            Err(error) => assert_eq!(error.refusal().unwrap().reason.name(), "wrong_proof"),
        }
    }
    assert_eq!(let_in, 1);
    other.close().await;
}

async fn a_passcode_lives_five_minutes(world: World) {
    let redeem =
        |text: &str| World::ask(&world.iam, Grant::Passcode(secret(text)), Some(Client::Bx));
    let text = passcode(&world).await;
    world.clock.advance(300_000 - 1);
    // Blanks around a pasted code do no harm.
    redeem(&format!(" {text}\n")).await.unwrap();
    let text = passcode(&world).await;
    world.clock.advance(300_000);
    assert_eq!(code(redeem(&text).await), "wrong_proof");
}

/// Refresh tokens may have a shorter lifetime than access tokens; a logout is remembered for the longer of the two.
mod regression_a_logout_outlives_the_session {
    #[test]
    fn on_sqlite() {
        super::on_sqlite(super::short_refresh, super::a_logout_outlives_the_session);
    }

    #[test]
    fn on_postgres() {
        let story = super::a_logout_outlives_the_session;
        super::on_postgres("a_logout_outlives_the_session", super::short_refresh, story);
    }
}

const LONGEST_ACCESS: i64 = 43_200;

fn short_refresh(config: IamConfig) -> IamConfig {
    IamConfig {
        access_token_seconds: LONGEST_ACCESS,
        refresh_token_seconds: 60,
        ..config
    }
}

async fn a_logout_outlives_the_session(world: World) {
    let (early, late) = (world.log_in().await, world.log_in().await);
    world
        .iam
        .revoke(&secret(&access_token(&early)))
        .await
        .unwrap();
    // The session has expired and a login cleans up: an earlier end is forgotten, a later one is not.
    world.wait(120);
    world.log_in().await;
    world
        .iam
        .revoke(&secret(&access_token(&late)))
        .await
        .unwrap();
    for seconds in [0, LONGEST_ACCESS / 2, LONGEST_ACCESS / 2 - 121] {
        world.wait(seconds);
        // A login cleans up, a change reads the directory anew, and a new node reads it for the first time.
        world.log_in().await;
        world
            .key(&world.owner(), iam::manage::api_key::NewKey::default())
            .await;
        let node = world.node().await;
        for token in [access_token(&early), access_token(&late)] {
            revoked(&world.enter(&token));
            revoked(&node.verifier().identity(iam::Credential::Iam(&token)));
        }
        node.close().await;
    }
}
