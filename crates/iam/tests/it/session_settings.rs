//! Which sessions give way and which end, as the settings of their account say.

use crate::world::Whole as _;
use crate::world::{World, access_token, code, on_both_databases, refresh_token};
use iam::manage::account_settings::SettingsChange;
use iam::manage::overdue_sessions::SessionWatch;
use iam::manage::page::PageRequest;

on_both_databases!(
    the_one_that_was_unused_longest_gives_way_whoever_began_it,
    one_that_is_kept_alive_was_used,
    what_is_over_ends_with_its_tokens_when_the_setting_is_made,
    what_was_not_used_does_not_come_back_when_the_setting_is_taken_away,
    a_renewal_says_by_which_setting_its_session_was_ended,
    a_list_says_when_a_session_ends_and_it_ends_then,
    a_session_ends_when_it_is_due_though_the_look_before_was_just_now,
);

async fn set(world: &World, change: SettingsChange) {
    let (owner, account) = (world.owner(), world.made.account);
    let changed = (world.iam).change_account_settings(&owner, account, "*", change);
    changed.await.unwrap();
}

async fn end_overdue(world: &World, watch: &mut SessionWatch) {
    world.iam.end_overdue_sessions(watch).await.unwrap();
}

fn two_at_once() -> SettingsChange {
    SettingsChange {
        sessions_per_identity: Some(Some(2)),
        ..SettingsChange::default()
    }
}

async fn the_one_that_was_unused_longest_gives_way_whoever_began_it(world: World) {
    set(&world, two_at_once()).await;
    let key = world.made.api_key.expose().clone();
    let by_key = world.key_session(&key).await.unwrap();
    let mut by_password = Vec::new();
    for _ in 0..2 {
        world.wait(1);
        by_password.push(world.log_in().await);
    }
    world.enter(&access_token(&by_key)).unwrap_err();
    for tokens in &by_password {
        world.enter(&access_token(tokens)).unwrap();
    }
    world.wait(1);
    let by_key = world.key_session(&key).await.unwrap();
    world.enter(&access_token(&by_password[0])).unwrap_err();
    for tokens in [&by_password[1], &by_key] {
        world.enter(&access_token(tokens)).unwrap();
    }
}

async fn one_that_is_kept_alive_was_used(world: World) {
    set(&world, two_at_once()).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(world.log_in().await);
        world.wait(1);
    }
    let first = held[0].session.unwrap();
    world.iam.keep_session_alive(first).await.unwrap();
    world.wait(1);
    world.enter(&access_token(&world.log_in().await)).unwrap();
    world.enter(&access_token(&held[0])).unwrap();
    world.enter(&access_token(&held[1])).unwrap_err();
}

fn lasting(seconds: Option<i64>) -> SettingsChange {
    SettingsChange {
        session_seconds: Some(seconds),
        ..SettingsChange::default()
    }
}

async fn what_is_over_ends_with_its_tokens_when_the_setting_is_made(world: World) {
    let old = world.log_in().await;
    world.wait(1000);
    let new = world.log_in().await;
    let by_key = world.owner();
    set(&world, lasting(Some(900))).await;
    world.enter(&access_token(&old)).unwrap_err();
    world.enter(&access_token(&new)).unwrap();
    assert!(by_key.session().is_none());
    set(&world, lasting(None)).await;
    let renewed = world.renew(&refresh_token(&old)).await;
    assert_eq!(code(renewed), "wrong_refresh_token");
    world.renew(&refresh_token(&new)).await.unwrap();
}

async fn what_was_not_used_does_not_come_back_when_the_setting_is_taken_away(world: World) {
    let idle = |seconds| SettingsChange {
        idle_seconds: Some(seconds),
        ..SettingsChange::default()
    };
    set(&world, idle(Some(900))).await;
    let unused = world.log_in().await;
    world.wait(1);
    let used = world.log_in().await;
    world.wait(899);
    set(&world, idle(None)).await;
    let renewed = world.renew(&refresh_token(&unused)).await;
    assert_eq!(code(renewed), "wrong_refresh_token");
    world.renew(&refresh_token(&used)).await.unwrap();
}

/// The server had ended the session when its client came back, and the reason was lost.
async fn a_renewal_says_by_which_setting_its_session_was_ended(world: World) {
    let idle = |seconds| SettingsChange {
        idle_seconds: Some(seconds),
        ..SettingsChange::default()
    };
    let cases = [
        (idle(Some(900)), idle(None), "session_idle"),
        (lasting(Some(900)), lasting(None), "refresh_token_expired"),
    ];
    for (setting, unset, reason) in cases {
        let (over, left) = (world.log_in().await, world.log_in().await);
        let caller = world.enter(&access_token(&left)).unwrap();
        world.iam.log_out(&caller).await.unwrap();
        set(&world, setting).await;
        world.wait(900);
        end_overdue(&world, &mut SessionWatch::default()).await;
        world.enter(&access_token(&over)).unwrap_err();
        assert_eq!(code(world.renew(&refresh_token(&over)).await), reason);
        // Who has logged out is told of that, however late.
        let renewed = world.renew(&refresh_token(&left)).await;
        assert_eq!(code(renewed), "wrong_refresh_token");
        set(&world, unset).await;
    }
}

async fn a_list_says_when_a_session_ends_and_it_ends_then(world: World) {
    let tokens = world.log_in().await;
    let token = access_token(&tokens);
    let caller = world.enter(&token).unwrap();
    world.wait(600);
    set(&world, lasting(Some(900))).await;
    let listed = async || {
        let page = world.iam.sessions(&caller, None, PageRequest::WHOLE).await;
        page.unwrap()
    };
    let page = listed().await;
    let one = &page.entries[0];
    assert_eq!(one.expires_at, one.proven_at.plus(900_000));
    end_overdue(&world, &mut SessionWatch::default()).await;
    world.enter(&token).unwrap();
    world.wait(300);
    let page = listed().await;
    assert_eq!((page.total, page.entries.len()), (0, 0));
    // The token was given before the setting was made, and says that it lives for an hour.
    end_overdue(&world, &mut SessionWatch::default()).await;
    world.enter(&token).unwrap_err();
}

/// The server looks all the time; sessions ended up to a quarter of a minute late.
async fn a_session_ends_when_it_is_due_though_the_look_before_was_just_now(world: World) {
    let mut watch = SessionWatch::default();
    let early = access_token(&world.log_in().await);
    world.wait(2);
    let late = access_token(&world.log_in().await);
    world.wait(896);
    end_overdue(&world, &mut watch).await;
    // The look after a change finds out anew what is due.
    set(&world, lasting(Some(900))).await;
    for (early_is_open, late_is_open) in [(true, true), (true, true), (false, true), (false, true)]
    {
        end_overdue(&world, &mut watch).await;
        assert_eq!(world.enter(&early).is_ok(), early_is_open);
        assert_eq!(world.enter(&late).is_ok(), late_is_open);
        world.wait(1);
    }
    end_overdue(&world, &mut watch).await;
    world.enter(&late).unwrap_err();
    // Another setting is heard of at once, whatever was found before.
    let idle = SettingsChange {
        session_seconds: Some(None),
        idle_seconds: Some(Some(900)),
        ..SettingsChange::default()
    };
    set(&world, lasting(None)).await;
    let unused = access_token(&world.log_in().await);
    world.wait(899);
    end_overdue(&world, &mut watch).await;
    set(&world, idle).await;
    end_overdue(&world, &mut watch).await;
    world.enter(&unused).unwrap();
    world.wait(1);
    end_overdue(&world, &mut watch).await;
    world.enter(&unused).unwrap_err();
}
