//! Which sessions give way and which end, as the settings of their account say.

use crate::world::{World, access_token, on_both_databases};
use iam::manage::account_settings::SettingsChange;

on_both_databases!(
    the_one_that_was_unused_longest_gives_way_whoever_began_it,
    one_that_is_kept_alive_was_used,
);

async fn set(world: &World, change: SettingsChange) {
    let (owner, account) = (world.owner(), world.made.account);
    let changed = (world.iam).change_account_settings(&owner, account, "*", change);
    changed.await.unwrap();
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
