//! Settings of an account: each is obeyed from the moment it is set, on every node.

use crate::world::{
    ACCESS, OWNER, REFRESH, World, access_token, at, code, on_both_databases, refresh_token,
    secret, source,
};
use base::id::AccountId;
use iam::audit::Origin;
use iam::bounds::AccountReach;
use iam::flow::grant::{Client, Grant, TokenRequest};
use iam::flow::uaa::UaaGrant;
use iam::manage::account_settings::{SettingsChange, StoredSettings, entity_tag};
use iam::manage::api_key::NewKey;
use iam::manage::service_id::NewService;

on_both_databases!(
    of_two_changes_of_one_version_one_happens_and_every_node_knows,
    what_is_out_of_range_is_refused,
    a_session_that_is_not_used_ends,
    a_session_that_is_kept_alive_does_not_end,
    a_session_ends_after_its_time_however_often_it_is_renewed,
    a_code_from_a_session_makes_it_no_longer,
    what_has_no_session_lives_as_long_as_the_account_says,
    a_login_beyond_the_accounts_number_ends_the_oldest,
    all_that_are_too_many_end_as_one,
    tokens_are_given_to_the_allowed_addresses_alone,
    a_password_alone_gives_no_token_where_the_account_says_so,
    what_one_account_refuses_still_opens_the_others,
    administrators_alone_make_keys_where_the_account_says_so,
    they_go_with_their_account_and_come_back_with_it,
);

async fn set(world: &World, change: SettingsChange) -> StoredSettings {
    let (owner, account) = (world.owner(), world.made.account);
    let changed = world
        .iam
        .change_account_settings(&owner, account, "*", change);
    changed.await.unwrap()
}

fn password(world: &World) -> Grant {
    Grant::Password {
        username: OWNER.to_owned(),
        password: world.made.password.clone(),
    }
}

async fn of_two_changes_of_one_version_one_happens_and_every_node_knows(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let first = world.iam.account_settings(&owner, account).unwrap();
    assert_eq!(first.revision, 0);
    let tag = entity_tag(&first);
    let node = world.node().await;
    for (iam, sessions) in [(&world.iam, 3), (&node, 4)] {
        let change = SettingsChange {
            sessions_per_identity: Some(Some(sessions)),
            ..SettingsChange::default()
        };
        let changed = iam.change_account_settings(&owner, account, &tag, change);
        match changed.await {
            Ok(changed) => assert_eq!(changed.settings.sessions_per_identity, Some(3)),
            other => assert_eq!(code(other), "conflict"),
        }
    }
    node.sync().await.unwrap();
    let here = world.iam.account_settings(&owner, account).unwrap();
    assert_eq!(here.revision, 1);
    assert_eq!(here.settings.sessions_per_identity, Some(3));
    assert_eq!(node.account_settings(&owner, account).unwrap(), here);
    // What a change does not name stays.
    let change = SettingsChange {
        idle_seconds: Some(Some(900)),
        ..SettingsChange::default()
    };
    let tag = entity_tag(&here);
    let changed = node.change_account_settings(&owner, account, &tag, change);
    let changed = changed.await.unwrap();
    assert_eq!(changed.settings.sessions_per_identity, Some(3));
    assert_eq!(changed.settings.idle_seconds, Some(900));
    assert_eq!(changed.revision, 2);
}

async fn what_is_out_of_range_is_refused(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let none = SettingsChange::default;
    for change in [
        SettingsChange {
            session_seconds: Some(Some(899)),
            ..none()
        },
        SettingsChange {
            session_seconds: Some(Some(86_401)),
            ..none()
        },
        SettingsChange {
            idle_seconds: Some(Some(7201)),
            ..none()
        },
        SettingsChange {
            access_token_seconds: Some(Some(3601)),
            ..none()
        },
        SettingsChange {
            refresh_token_seconds: Some(Some(-1)),
            ..none()
        },
        SettingsChange {
            sessions_per_identity: Some(Some(0)),
            ..none()
        },
    ] {
        let changed = world
            .iam
            .change_account_settings(&owner, account, "*", change);
        assert_eq!(code(changed.await), "field");
    }
    let bob = world.person("bob@example.org", None).await;
    let changed = world
        .iam
        .change_account_settings(&bob.identity, account, "*", none());
    assert_eq!(code(changed.await), "not_allowed");
    let read = world.iam.account_settings(&bob.identity, account);
    assert_eq!(code(read), "not_allowed");
}

async fn a_session_that_is_not_used_ends(world: World) {
    let change = SettingsChange {
        idle_seconds: Some(Some(900)),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let mut tokens = world.log_in().await;
    // No token is good for longer than the session may be unused.
    assert_eq!(tokens.expires_in, 900);
    for _ in 0..3 {
        world.wait(899);
        tokens = world.renew(&refresh_token(&tokens)).await.unwrap();
    }
    world.wait(900);
    let renewed = world.renew(&refresh_token(&tokens)).await;
    assert_eq!(code(renewed), "session_idle");
    // A key without a client has no session that could be unused.
    let key = Grant::ApiKey(world.made.api_key.clone());
    let tokens = World::ask(&world.iam, key, None).await.unwrap();
    assert_eq!(tokens.expires_in, ACCESS);
}

async fn a_session_that_is_kept_alive_does_not_end(world: World) {
    let change = SettingsChange {
        idle_seconds: Some(Some(900)),
        session_seconds: Some(Some(3600)),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let tokens = world.log_in().await;
    let (session, node) = (tokens.session.unwrap(), world.node().await);
    for _ in 0..3 {
        world.wait(899);
        node.keep_session_alive(session).await.unwrap();
    }
    world.wait(899);
    let tokens = world.renew(&refresh_token(&tokens)).await.unwrap();
    assert_eq!(tokens.expires_in, 4);
    // Not beyond its time, nor once it has ended for not being used.
    world.wait(4);
    let kept = world.iam.keep_session_alive(session).await;
    assert_eq!(code(kept), "not_found");
    let session = world.log_in().await.session.unwrap();
    world.wait(900);
    let kept = world.iam.keep_session_alive(session).await;
    assert_eq!(code(kept), "session_idle");
    let tokens = world.log_in().await;
    let caller = world.enter(&access_token(&tokens)).unwrap();
    world.iam.log_out(&caller).await.unwrap();
    let kept = node.keep_session_alive(tokens.session.unwrap()).await;
    assert_eq!(code(kept), "not_found");
}

async fn a_session_ends_after_its_time_however_often_it_is_renewed(world: World) {
    // Of a session that was there before, too.
    let tokens = world.log_in().await;
    let grant = UaaGrant::Proof(password(&world));
    let uaa = world.iam.uaa_token(source(), grant).await.unwrap();
    let change = SettingsChange {
        session_seconds: Some(Some(1800)),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    world.wait(1200);
    let tokens = world.renew(&refresh_token(&tokens)).await.unwrap();
    assert_eq!(tokens.expires_in, 600);
    let uaa = uaa.refresh_token.unwrap().expose().clone();
    let uaa = world.uaa_renew(&uaa).await.unwrap();
    assert_eq!(uaa.expires_in, 600);
    world.wait(599);
    world.enter(&access_token(&tokens)).unwrap();
    let tokens = world.renew(&refresh_token(&tokens)).await.unwrap();
    assert_eq!(tokens.expires_in, 1);
    world.wait(1);
    world.enter(&access_token(&tokens)).unwrap_err();
    let renewed = world.renew(&refresh_token(&tokens)).await;
    assert_eq!(code(renewed), "refresh_token_expired");
}

async fn a_code_from_a_session_makes_it_no_longer(world: World) {
    let change = SettingsChange {
        session_seconds: Some(Some(1800)),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let tokens = world.log_in().await;
    world.wait(1700);
    let request = TokenRequest {
        grant: Grant::RefreshToken(secret(&refresh_token(&tokens))),
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
        source: source(),
    };
    let passcode = world.iam.passcode(request).await.unwrap();
    let grant = Grant::Passcode(passcode);
    let tokens = World::ask(&world.iam, grant, Some(Client::Bx)).await;
    assert_eq!(tokens.unwrap().expires_in, 100);
}

async fn what_has_no_session_lives_as_long_as_the_account_says(world: World) {
    let owner = world.owner();
    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let key = NewKey {
        name: "of a service".to_owned(),
        ..NewKey::default()
    };
    let made = world.iam.create_service_id(&owner, new, Some(key));
    let of_service = made.await.unwrap().key.unwrap().1.expose().clone();
    let change = SettingsChange {
        access_token_seconds: Some(Some(900)),
        refresh_token_seconds: Some(Some(1800)),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let key = Grant::ApiKey(world.made.api_key.clone());
    let tokens = World::ask(&world.iam, key, None).await.unwrap();
    assert_eq!(tokens.expires_in, 900);
    let tokens = world.key_session(&of_service).await.unwrap();
    assert_eq!(tokens.expires_in, 900);
    world.wait(1799);
    let tokens = world.renew(&refresh_token(&tokens)).await.unwrap();
    world.wait(1800);
    let renewed = world.renew(&refresh_token(&tokens)).await;
    assert_eq!(code(renewed), "refresh_token_expired");

    // A user's session has settings of its own.
    let tokens = world.log_in().await;
    assert_eq!(tokens.expires_in, ACCESS);
    world.wait(REFRESH - 1);
    world.renew(&refresh_token(&tokens)).await.unwrap();
}

async fn a_login_beyond_the_accounts_number_ends_the_oldest(world: World) {
    let change = SettingsChange {
        sessions_per_identity: Some(Some(2)),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(world.log_in().await);
        world.wait(1);
    }
    world.enter(&access_token(&held[0])).unwrap_err();
    assert_eq!(
        code(world.renew(&refresh_token(&held[0])).await),
        "wrong_refresh_token"
    );
    for tokens in &held[1..] {
        world.enter(&access_token(tokens)).unwrap();
    }
    // With one alone, a key's session takes the place of a password's, and the other way round.
    let change = SettingsChange {
        sessions_per_identity: Some(Some(1)),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let key = world.made.api_key.expose().clone();
    let by_key = world.key_session(&key).await.unwrap();
    for tokens in &held {
        world.enter(&access_token(tokens)).unwrap_err();
    }
    world.enter(&access_token(&by_key)).unwrap();
    let by_password = world.log_in().await;
    world.enter(&access_token(&by_key)).unwrap_err();
    world.enter(&access_token(&by_password)).unwrap();
}

async fn tokens_are_given_to_the_allowed_addresses_alone(world: World) {
    let before = world.log_in().await;
    let change = SettingsChange {
        allowed_addresses: Some("192.0.2.0/28, 2001:db8::/32".parse().unwrap()),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let (near, far) = (Origin::new(at(7), "t"), Origin::new(at(77), "t"));
    let by_password = || world.password(OWNER, world.made.password.expose());
    let allowed = near.clone().scope(by_password()).await;
    allowed.unwrap();
    let key = || Grant::ApiKey(world.made.api_key.clone());
    let by_key = || World::ask(&world.iam, key(), None);
    near.clone().scope(by_key()).await.unwrap();
    let renewal = refresh_token(&before);
    let renewed = far.clone().scope(world.renew(&renewal)).await;
    assert_eq!(code(renewed), "not_allowed");
    assert_eq!(code(far.clone().scope(by_password()).await), "not_allowed");
    assert_eq!(code(far.clone().scope(by_key()).await), "not_allowed");
    let grant = UaaGrant::Proof(password(&world));
    let uaa = far.scope(world.iam.uaa_token(at(77), grant)).await;
    assert_eq!(code(uaa), "not_allowed");
    // The refused renewal has used nothing up.
    near.scope(world.renew(&renewal)).await.unwrap();
}

async fn a_password_alone_gives_no_token_where_the_account_says_so(world: World) {
    let before = world.log_in().await;
    let change = SettingsChange {
        password_grant_refused: Some(true),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let login = world.password(OWNER, world.made.password.expose()).await;
    assert_eq!(code(login), "not_allowed");
    let renewed = world.renew(&refresh_token(&before)).await;
    assert_eq!(code(renewed), "not_allowed");
    let grant = UaaGrant::Proof(password(&world));
    let uaa = world.iam.uaa_token(source(), grant).await;
    assert_eq!(code(uaa), "not_allowed");
    let key = world.made.api_key.expose().clone();
    world.key_session(&key).await.unwrap();
    // A session from before gives no code that opens it: that is the password still, without the page.
    let request = TokenRequest {
        grant: Grant::RefreshToken(secret(&refresh_token(&before))),
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
        source: source(),
    };
    let of_session = world.iam.passcode(request).await.unwrap();
    let grant = Grant::Passcode(of_session.clone());
    let tokens = World::ask(&world.iam, grant, Some(Client::Bx)).await;
    assert_eq!(code(tokens), "not_allowed");
    let grant = UaaGrant::Proof(Grant::Passcode(of_session));
    let uaa = world.iam.uaa_token(source(), grant).await;
    assert_eq!(code(uaa), "not_allowed");
    // A code of the page is enough.
    let request = TokenRequest {
        grant: password(&world),
        client: None,
        account: None,
        with_uaa: false,
        delegated_seconds: None,
        source: source(),
    };
    let passcode = world.iam.passcode(request).await.unwrap();
    let grant = Grant::Passcode(passcode);
    let tokens = World::ask(&world.iam, grant, Some(Client::Bx)).await;
    world.renew(&refresh_token(&tokens.unwrap())).await.unwrap();
    let change = SettingsChange {
        password_grant_refused: Some(false),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    world.log_in().await;
}

async fn what_one_account_refuses_still_opens_the_others(world: World) {
    let other = world.second_account_of(OWNER).await;
    let first = world.made.account;
    let ask = async |account: AccountId, with_uaa: bool| {
        let request = TokenRequest {
            grant: password(&world),
            client: Some(Client::Bx),
            account: Some(account.to_string()),
            with_uaa,
            delegated_seconds: None,
            source: source(),
        };
        world.iam.token(request).await
    };
    let there = ask(other, false).await.unwrap();
    let there = world.enter(&access_token(&there)).unwrap();
    let reach_of = |token: &str| world.enter_uaa(token).unwrap().bounds().reach();
    let change = SettingsChange {
        password_grant_refused: Some(true),
        ..SettingsChange::default()
    };
    let changed = world
        .iam
        .change_account_settings(&there, other, "*", change);
    changed.await.unwrap();
    assert_eq!(code(ask(other, false).await), "not_allowed");
    assert_eq!(code(ask(other, true).await), "not_allowed");
    let uaa = ask(first, true).await.unwrap().uaa.unwrap();
    assert_eq!(
        reach_of(uaa.access_token.expose()),
        AccountReach::One(first)
    );
    let renewal = uaa.refresh_token.unwrap();
    let uaa = world.uaa_renew(renewal.expose()).await.unwrap();
    assert_eq!(
        reach_of(uaa.access_token.expose()),
        AccountReach::One(first)
    );
    let grant = UaaGrant::Proof(password(&world));
    let uaa = world.iam.uaa_token(source(), grant).await.unwrap();
    assert_eq!(
        reach_of(uaa.access_token.expose()),
        AccountReach::One(first)
    );
    // An account that refuses is not chosen either.
    let tokens = world.log_in().await;
    let entered = world.enter(&access_token(&tokens)).unwrap();
    assert_eq!(entered.account(), first);
}

async fn administrators_alone_make_keys_where_the_account_says_so(world: World) {
    let bob = world.person("bob@example.org", None).await;
    world.key(&bob.identity, NewKey::default()).await;
    let change = SettingsChange {
        api_keys_restricted: Some(Some(true)),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let new = || NewKey {
        name: "made".to_owned(),
        ..NewKey::default()
    };
    let made = world.iam.create_api_key(&bob.identity, new()).await;
    assert_eq!(code(made), "not_allowed");
    world.key(&world.owner(), NewKey::default()).await;
    let change = SettingsChange {
        api_keys_restricted: Some(None),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    world.key(&bob.identity, NewKey::default()).await;
}

async fn they_go_with_their_account_and_come_back_with_it(world: World) {
    let change = SettingsChange {
        access_token_seconds: Some(Some(900)),
        ..SettingsChange::default()
    };
    let stored = set(&world, change).await;
    let account = world.made.account;
    world.second_account().await;
    world.iam.delete_account(account).await.unwrap();
    world.iam.restore_account(account, None).await.unwrap();
    let owner = world.owner();
    let again = world.iam.account_settings(&owner, account).unwrap();
    assert_eq!(again, stored);
}

/// Each was looked for among all of them, and ended by itself: the login after a lower number held up every other one for seconds.
async fn all_that_are_too_many_end_as_one(world: World) {
    let mut begun = Vec::new();
    for _ in 0..8 {
        begun.push(world.log_in().await);
        world.wait(1);
    }
    let change = SettingsChange {
        sessions_per_identity: Some(Some(1)),
        ..SettingsChange::default()
    };
    set(&world, change).await;
    let last = world.log_in().await;
    assert!(world.enter(&access_token(&last)).is_ok());
    for tokens in &begun {
        assert!(world.enter(&access_token(tokens)).is_err());
    }
    let db = world.database().await;
    let sql = "SELECT COUNT(*) AS rows, COUNT(DISTINCT ended) AS ends FROM sessions WHERE ended IS NOT NULL";
    let row = db.one(sql, &[]).await.unwrap().unwrap();
    let counted = (row.int("rows").unwrap(), row.int("ends").unwrap());
    assert_eq!(counted, (8, 1));
    db.close().await;
}
