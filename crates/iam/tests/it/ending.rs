//! Which sessions and codes end together: sessions, codes asked for with them, and sessions that those codes began.

use crate::world::{
    OWNER, World, access_token, at, code, on_both_databases, on_postgres, refresh_token, secret,
};
use base::scope::Domain;
use iam::audit::Origin;
use iam::bootstrap::Request;
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::flow::uaa::UaaGrant;
use iam::manage::account_settings::SettingsChange;
use iam::manage::api_key::{NewKey, Switch};
use iam::manage::service_id::NewService;
use iam::{AuthError, Credential};

on_both_databases!(
    a_logout_ends_the_whole_line_of_sessions,
    a_logout_reads_no_directory_again,
    a_revocation_names_the_user_that_the_token_proves,
    a_revocation_ends_what_is_only_refused_at_the_moment,
    a_revocation_ends_what_lives_longer_than_its_refresh_token,
    a_revocation_from_an_address_that_is_not_let_in_ends_the_session,
    a_session_whose_token_is_revoked_often_ends_once,
    a_request_ends_with_its_session_and_not_with_its_token,
    an_ended_session_is_forgotten_with_its_last_token,
    a_login_beside_a_change_of_the_password_does_not_outlive_it,
    a_code_redeemed_beside_a_logout_does_not_outlive_it,
);

async fn passcode(world: &World, refresh: &str) -> String {
    let request = TokenRequest {
        source: base::source::Source::here(),
        grant: Grant::RefreshToken(secret(refresh)),
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
    };
    let code = world.iam.passcode(request).await.unwrap();
    code.expose().clone()
}

async fn redeem(world: &World, code: &str) -> Result<Tokens, iam::IamError> {
    World::ask(&world.iam, Grant::Passcode(secret(code)), Some(Client::Bx)).await
}

fn is_refused(world: &World, token: &str) -> bool {
    matches!(world.enter(token), Err(AuthError::Revoked(_)))
}

async fn a_revocation_names_the_user_that_the_token_proves(world: World) {
    let (iam, owner) = (&world.iam, world.owner().principal().to_string());
    let ended = async || {
        let found = iam.audit(iam::audit::Page::default()).await.unwrap();
        let mut entries = found.into_iter();
        let last = entries
            .rfind(|entry| entry.event == "session_ended")
            .unwrap();
        assert!(last.details.contains(&owner), "{last:?}");
        (last.who, last.credential)
    };
    let proven = |credential: &str| (owner.clone(), credential.to_owned());
    let first = world.log_in().await;
    iam.revoke(&secret(&refresh_token(&first))).await.unwrap();
    assert_eq!(ended().await, proven("refresh_token"));
    let second = world.log_in().await;
    iam.revoke(&secret(&access_token(&second))).await.unwrap();
    assert_eq!(ended().await, proven("iam_token"));
    // Somebody may have found a used copy: its use ends the session, but proves nobody's identity.
    let third = refresh_token(&world.log_in().await);
    let renewal = Grant::RefreshToken(secret(&third));
    World::ask(iam, renewal, Some(Client::Bx)).await.unwrap();
    iam.revoke(&secret(&third)).await.unwrap();
    assert_eq!(ended().await, ("unknown".to_owned(), String::new()));
}

async fn a_logout_ends_the_whole_line_of_sessions(world: World) {
    let mut line = vec![world.log_in().await];
    for _ in 0..3 {
        let last = refresh_token(line.last().unwrap());
        let code = passcode(&world, &last).await;
        line.push(redeem(&world, &code).await.unwrap());
    }
    let beside = world.log_in().await;
    // The end of a session in the middle does not end those before it.
    world
        .iam
        .revoke(&secret(&access_token(&line[2])))
        .await
        .unwrap();
    let alive: Vec<bool> = line
        .iter()
        .map(|login| !is_refused(&world, &access_token(login)))
        .collect();
    assert_eq!(alive, [true, true, false, false]);
    world
        .iam
        .revoke(&secret(&access_token(&line[0])))
        .await
        .unwrap();
    assert!(
        line.iter()
            .all(|login| is_refused(&world, &access_token(login)))
    );
    for login in &line {
        assert_eq!(
            code(world.renew(&refresh_token(login)).await),
            "wrong_refresh_token"
        );
    }
    world.renew(&refresh_token(&beside)).await.unwrap();
}

/// Thousands of logouts do not slow down changes.
async fn a_logout_reads_no_directory_again(world: World) {
    let before = world.iam.directory();
    let mut tokens = Vec::new();
    for _ in 0..20 {
        let tokens_of_key = world
            .key_session(world.made.api_key.expose())
            .await
            .unwrap();
        world
            .iam
            .revoke(&secret(&access_token(&tokens_of_key)))
            .await
            .unwrap();
        tokens.push(access_token(&tokens_of_key));
    }
    assert!(std::sync::Arc::ptr_eq(&before, &world.iam.directory()));
    assert!(tokens.iter().all(|token| is_refused(&world, token)));
    // A change reads them, and the sessions stay ended; also on a node that starts now.
    world.key(&world.owner(), NewKey::default()).await;
    assert!(tokens.iter().all(|token| is_refused(&world, token)));
    let node = world.node().await;
    for token in &tokens {
        let entry = node.verifier().identity(Credential::Iam(token));
        assert!(matches!(entry, Err(AuthError::Revoked(_))), "{entry:?}");
    }
    node.close().await;
}

/// Also where the session ends long after its last token has expired.
async fn a_request_ends_with_its_session_and_not_with_its_token(world: World) {
    let tokens = world.log_in().await;
    let (token, asked_at) = (access_token(&tokens), world.clock_now());
    let (verifier, space) = (world.iam.verifier(), Domain::Space(world.space()));
    let credential = Credential::Iam(&token);
    world.wait(2 * 3600);
    assert!(matches!(
        world.enter(&token),
        Err(AuthError::Expired { .. })
    ));
    verifier.identity_at(credential, asked_at).unwrap();
    verifier
        .scope_at(credential, Some(space), asked_at)
        .unwrap();
    let refresh = secret(&refresh_token(&tokens));
    world.iam.revoke(&refresh).await.unwrap();
    let identity = verifier.identity_at(credential, asked_at).map(drop);
    assert!(
        matches!(identity, Err(AuthError::Revoked(_))),
        "{identity:?}"
    );
    let scope = verifier.scope_at(credential, Some(space), asked_at);
    assert!(matches!(scope, Err(AuthError::Revoked(_))), "{scope:?}");
}

async fn an_ended_session_is_forgotten_with_its_last_token(world: World) {
    for _ in 0..5 {
        let tokens = world
            .key_session(world.made.api_key.expose())
            .await
            .unwrap();
        world
            .iam
            .revoke(&secret(&access_token(&tokens)))
            .await
            .unwrap();
    }
    let db = world.database().await;
    let ended = async || {
        let sql = "SELECT COUNT(*) AS number FROM sessions WHERE revoked_at IS NOT NULL";
        db.one(sql, &[])
            .await
            .unwrap()
            .unwrap()
            .int("number")
            .unwrap()
    };
    assert_eq!(ended().await, 5);
    world.wait(crate::world::ACCESS + 24 * 3600 + 1);
    world
        .key_session(world.made.api_key.expose())
        .await
        .unwrap();
    assert_eq!(ended().await, 0);
    db.close().await;
}

/// The old password was right when the login began; its session is gone, or was never begun.
async fn a_login_beside_a_change_of_the_password_does_not_outlive_it(world: World) {
    let mut current = world.made.password.expose().clone();
    for round in 0..4 {
        let next = format!("a new password, number {round}");
        let login = world.password(OWNER, &current).await.unwrap();
        let caller = world.enter(&access_token(&login)).unwrap();
        let (old, new) = (secret(&current), secret(&next));
        let (changed, beside) = tokio::join!(
            world.change_password(&caller, base::source::Source::here(), old, new),
            world.password(OWNER, &current),
        );
        changed.unwrap();
        if let Ok(tokens) = beside {
            assert!(is_refused(&world, &access_token(&tokens)), "round {round}");
            assert_eq!(
                code(world.renew(&refresh_token(&tokens)).await),
                "wrong_refresh_token"
            );
        }
        current = next;
    }
}

/// It was answered as done, and the token was good again with its key.
async fn a_revocation_ends_what_is_only_refused_at_the_moment(world: World) {
    let owner = world.owner();
    let (id, text) = world.key(&owner, NewKey::default()).await;
    let begun = world.key_session(&text).await.unwrap();
    let token = access_token(&begun);
    let alone = World::ask(&world.iam, Grant::ApiKey(secret(&text)), None).await;
    let alone = access_token(&alone.unwrap());
    let disabled = async |is: bool| {
        let switched = world.iam.switch_api_key(&owner, id, Switch::Disabled, is);
        switched.await.unwrap();
    };
    disabled(true).await;
    assert!(is_refused(&world, &token));
    world.iam.revoke(&secret(&token)).await.unwrap();
    let revoked = world.iam.revoke(&secret(&alone)).await;
    assert_eq!(code(revoked), "no_session", "it has none that could end");
    disabled(false).await;
    assert!(is_refused(&world, &token));
    world.enter(&alone).unwrap();
    // One whose key is deleted is over for good, and nothing more is to be done about it.
    let (gone, text) = world.key(&owner, NewKey::default()).await;
    let dead = World::ask(&world.iam, Grant::ApiKey(secret(&text)), None).await;
    let dead = access_token(&dead.unwrap());
    world.iam.delete_api_key(&owner, gone).await.unwrap();
    assert!(is_refused(&world, &dead));
    world.iam.revoke(&secret(&dead)).await.unwrap();
    let renewed = world.renew(&refresh_token(&begun)).await;
    assert_eq!(code(renewed), "wrong_refresh_token");
}

/// The refresh tokens of a service ID may end before its access tokens.
async fn a_revocation_ends_what_lives_longer_than_its_refresh_token(world: World) {
    let (iam, owner) = (&world.iam, world.owner());
    let change = SettingsChange {
        refresh_token_seconds: Some(Some(900)),
        ..SettingsChange::default()
    };
    let changed = iam.change_account_settings(&owner, world.made.account, "*", change);
    changed.await.unwrap();
    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let key = NewKey {
        name: "first".to_owned(),
        ..NewKey::default()
    };
    let made = iam.create_service_id(&owner, new, Some(key)).await.unwrap();
    let (key, text) = made.key.unwrap();
    let (revoked, kept) = (
        world.key_session(text.expose()).await.unwrap(),
        world.key_session(text.expose()).await.unwrap(),
    );
    let disabled = async |is: bool| {
        let switched = iam.switch_api_key(&owner, key.id, Switch::Disabled, is);
        switched.await.unwrap();
    };
    world.wait(901);
    disabled(true).await;
    let token = access_token(&revoked);
    assert!(is_refused(&world, &token));
    iam.revoke(&secret(&token)).await.unwrap();
    disabled(false).await;
    assert!(is_refused(&world, &token));
    world.enter(&access_token(&kept)).unwrap();
}

async fn a_revocation_from_an_address_that_is_not_let_in_ends_the_session(world: World) {
    let token = access_token(&world.log_in().await);
    let change = SettingsChange {
        allowed_addresses: Some("192.0.2.0/28".parse().unwrap()),
        ..SettingsChange::default()
    };
    let (owner, account) = (world.owner(), world.made.account);
    let changed = (world.iam).change_account_settings(&owner, account, "*", change);
    changed.await.unwrap();
    let far = Origin::new(at(77), "t");
    let refused = far.clone().sync_scope(|| world.enter(&token));
    assert!(matches!(refused, Err(AuthError::AddressNotAllowed { .. })));
    far.scope(world.iam.revoke(&secret(&token))).await.unwrap();
    assert!(is_refused(&world, &token));
}

/// Each of them took a turn of the account, and the writer of the database.
async fn a_session_whose_token_is_revoked_often_ends_once(world: World) {
    let token = secret(&access_token(&world.log_in().await));
    let revoked = (0..8).map(|_| {
        let (iam, token) = (world.iam.clone(), token.clone());
        tokio::spawn(async move { iam.revoke(&token).await })
    });
    for one in revoked.collect::<Vec<_>>() {
        one.await.unwrap().unwrap();
    }
    assert!(is_refused(&world, token.expose()));
    let found = world.iam.audit(iam::audit::Page::default()).await.unwrap();
    let ended = found.iter().filter(|entry| entry.event == "session_ended");
    assert_eq!(ended.count(), 1);
}

async fn a_code_redeemed_beside_a_logout_does_not_outlive_it(world: World) {
    for round in 0..10 {
        let parent = world.log_in().await;
        let code = passcode(&world, &refresh_token(&parent)).await;
        let token = secret(&access_token(&parent));
        let (ended, child) = tokio::join!(world.iam.revoke(&token), redeem(&world, &code));
        ended.unwrap();
        if let Ok(child) = child {
            assert!(is_refused(&world, &access_token(&child)), "round {round}");
            let exchanged = UaaGrant::IamToken(child.access_token.clone());
            assert!(
                world
                    .iam
                    .uaa_token(base::source::Source::here(), exchanged)
                    .await
                    .is_err()
            );
        }
    }
}

#[test]
fn an_end_that_waits_for_its_session_keeps_no_other_waiting() {
    let name = "an_end_that_waits_for_its_session_keeps_no_other_waiting";
    on_postgres(name, |config| config, ends_beside_one_that_waits);
}

async fn ends_beside_one_that_waits(world: World) {
    let token = access_token(&world.log_in().await);
    let used = world.enter(&token).unwrap();
    // Of another account: the logins and logouts of one account wait for each other.
    let zoe = Request {
        account: "second".to_owned(),
        region: None,
        org: "acme".to_owned(),
        space: "prod".to_owned(),
        owner: "zoe@example.org".to_owned(),
        password: None,
    };
    let zoe = world.iam.create_account(zoe).await.unwrap();
    let zoe = world
        .key_session(zoe.opening.unwrap().api_key.expose())
        .await;
    let zoe = world.enter(&access_token(&zoe.unwrap())).unwrap();
    // As a change does that its caller makes with this session.
    let db = world.database().await;
    let mut change = db.begin().await.unwrap();
    let session = used.session().unwrap().0.to_string();
    let hold = "UPDATE sessions SET account = account WHERE guid = $1";
    change.execute(hold, &[session.into()]).await.unwrap();
    let iam = world.iam.clone();
    let ended = tokio::spawn(async move { iam.log_out(&used).await });
    let waiting = "SELECT datname FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while db.one(waiting, &[]).await.unwrap().is_none() {
        assert!(!ended.is_finished(), "it does not wait for its session");
    }
    world.iam.log_out(&zoe).await.unwrap();
    // Nor does the change itself, if it ends sessions in the end.
    let number = "UPDATE counters SET value = value WHERE name = 'ends'";
    change.execute(number, &[]).await.unwrap();
    assert!(!ended.is_finished());
    drop(change);
    ended.await.unwrap().unwrap();
    assert!(is_refused(&world, &token));
    db.close().await;
}
