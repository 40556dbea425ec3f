//! Settings of one account and logins of its members to another: each account says what logins to itself are like, and nothing else.

use crate::world::{
    ACCESS, OWNER, World, access_token, code, on_both_databases, refresh_token, secret, source,
};
use base::id::AccountId;
use iam::bounds::AccountReach;
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::flow::uaa::UaaGrant;
use iam::manage::account_settings::SettingsChange;
use iam::{Iam, IamError};

on_both_databases!(
    another_account_neither_ends_nor_shortens_a_login,
    a_session_that_is_switched_obeys_the_account_it_is_for_then,
    a_uaa_token_opens_no_account_in_which_it_is_over,
    a_uaa_token_counts_where_its_session_is_and_can_be_ended_by_each_account_that_it_opens,
    the_sessions_that_gave_way_have_one_entry,
);

async fn ask(iam: &Iam, grant: Grant, account: AccountId) -> Result<Tokens, IamError> {
    let request = TokenRequest {
        grant,
        client: Some(Client::Bx),
        account: Some(account.to_string()),
        with_uaa: false,
        delegated_seconds: None,
        source: source(),
    };
    iam.token(request).await
}

fn password(world: &World) -> Grant {
    Grant::Password {
        username: OWNER.to_owned(),
        password: world.made.password.clone(),
    }
}

fn renewal(of: &Tokens) -> Grant {
    Grant::RefreshToken(secret(&refresh_token(of)))
}

/// By a login to the account.
async fn set(world: &World, account: AccountId, change: SettingsChange) {
    let tokens = ask(&world.iam, password(world), account).await.unwrap();
    let caller = world.enter(&access_token(&tokens)).unwrap();
    let changed = (world.iam).change_account_settings(&caller, account, "*", change);
    changed.await.unwrap();
    world.iam.log_out(&caller).await.unwrap();
}

fn strict() -> SettingsChange {
    SettingsChange {
        session_seconds: Some(Some(900)),
        idle_seconds: Some(Some(900)),
        sessions_per_identity: Some(Some(1)),
        ..SettingsChange::default()
    }
}

async fn another_account_neither_ends_nor_shortens_a_login(world: World) {
    let (first, second) = (world.made.account, world.second_account_of(OWNER).await);
    set(&world, second, strict()).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let tokens = ask(&world.iam, password(&world), first).await.unwrap();
        assert_eq!(tokens.expires_in, ACCESS);
        held.push(tokens);
    }
    // Nor does a login to the other take one of their places.
    let there = ask(&world.iam, password(&world), second).await.unwrap();
    assert_eq!(there.expires_in, 900);
    world.wait(1000);
    for tokens in &held {
        world.enter(&access_token(tokens)).unwrap();
        let renewed = world.renew(&refresh_token(tokens)).await.unwrap();
        assert_eq!(renewed.expires_in, ACCESS);
    }
    world.enter(&access_token(&there)).unwrap_err();
}

async fn a_session_that_is_switched_obeys_the_account_it_is_for_then(world: World) {
    let (first, second) = (world.made.account, world.second_account_of(OWNER).await);
    set(&world, second, strict()).await;
    let old = ask(&world.iam, password(&world), first).await.unwrap();
    world.wait(1000);
    // It is over there, and not used up here.
    let switched = ask(&world.iam, renewal(&old), second).await;
    assert_eq!(code(switched), "session_idle");
    let old = ask(&world.iam, renewal(&old), first).await.unwrap();
    let switched = ask(&world.iam, renewal(&old), second).await;
    assert_eq!(code(switched), "refresh_token_expired");
    ask(&world.iam, renewal(&old), first).await.unwrap();

    // Of two that are switched there one gives way, on every node.
    let node = world.node().await;
    let mut there = Vec::new();
    for _ in 0..2 {
        let here = ask(&world.iam, password(&world), first).await.unwrap();
        world.wait(1);
        let tokens = ask(&world.iam, renewal(&here), second).await.unwrap();
        world.enter(&access_token(&tokens)).unwrap();
        there.push(tokens);
    }
    assert_eq!(there[1].expires_in, 899);
    world.enter(&access_token(&there[0])).unwrap_err();
    let renewed = ask(&node, renewal(&there[0]), second).await;
    assert_eq!(code(renewed), "wrong_refresh_token");
    ask(&node, renewal(&there[1]), second).await.unwrap();
    node.close().await;
}

async fn a_uaa_token_opens_no_account_in_which_it_is_over(world: World) {
    let (first, second) = (world.made.account, world.second_account_of(OWNER).await);
    set(&world, second, strict()).await;
    let grant = UaaGrant::Proof(password(&world));
    let uaa = world.iam.uaa_token(source(), grant).await.unwrap();
    let reach = |token: &str| world.enter_uaa(token).unwrap().bounds().reach();
    assert_eq!(reach(uaa.access_token.expose()), AccountReach::Any);
    // What opens the other, too, ends as that says.
    assert_eq!(uaa.expires_in, 900);
    world.wait(1000);
    let refresh = uaa.refresh_token.unwrap();
    let uaa = world.uaa_renew(refresh.expose()).await.unwrap();
    assert_eq!(reach(uaa.access_token.expose()), AccountReach::One(first));
    assert_eq!(uaa.expires_in, ACCESS);
}

async fn a_uaa_token_counts_where_its_session_is_and_can_be_ended_by_each_account_that_it_opens(
    world: World,
) {
    let second = world.second_account_of(OWNER).await;
    let one = SettingsChange {
        sessions_per_identity: Some(Some(1)),
        ..SettingsChange::default()
    };
    set(&world, second, one).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let grant = UaaGrant::Proof(password(&world));
        let uaa = world.iam.uaa_token(source(), grant).await.unwrap();
        world.wait(1);
        held.push(uaa.access_token);
    }
    let reach = |token: &str| world.enter_uaa(token).unwrap().bounds().reach();
    // A login to the second account has its place, and takes none of theirs.
    let there = ask(&world.iam, password(&world), second).await.unwrap();
    for token in &held {
        assert_eq!(reach(token.expose()), AccountReach::Any);
    }
    let caller = world.enter(&access_token(&there)).unwrap();
    let ended = world.iam.end_sessions(&caller, None).await.unwrap();
    assert_eq!(ended, 3);
    for token in &held {
        world.enter_uaa(token.expose()).unwrap_err();
    }
}

async fn the_sessions_that_gave_way_have_one_entry(world: World) {
    let first = world.made.account;
    for _ in 0..5 {
        ask(&world.iam, password(&world), first).await.unwrap();
        world.wait(1);
    }
    let change = SettingsChange {
        sessions_per_identity: Some(Some(1)),
        ..SettingsChange::default()
    };
    let (owner, iam) = (world.owner(), &world.iam);
    let changed = iam.change_account_settings(&owner, first, "*", change);
    changed.await.unwrap();
    ask(iam, password(&world), first).await.unwrap();
    world.wait(1);
    ask(iam, password(&world), first).await.unwrap();
    let db = world.database().await;
    let sql = "SELECT details FROM audit WHERE event = 'session_ended' ORDER BY number";
    let rows = db.all(sql, &[]).await.unwrap();
    let details: Vec<String> = rows
        .iter()
        .map(|row| row.text("details").unwrap())
        .collect();
    db.close().await;
    assert_eq!(details.len(), 2, "{details:?}");
    assert!(details[0].contains(r#""sessions":"5""#), "{details:?}");
    assert!(!details[1].contains("sessions"), "{details:?}");
    assert!(
        details.iter().all(|detail| detail.contains("gave_way")),
        "{details:?}"
    );
}
