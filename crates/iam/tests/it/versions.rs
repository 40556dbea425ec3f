//! Versions of what is changed: `*` means whatever there is, and what is so already is no change and no new version.

use crate::world::{World, code, on_both_databases};
use iam::manage::account_settings::{SettingsChange, entity_tag};

on_both_databases!(
    any_version_of_the_settings_is_changed_whatever_another_node_has_done,
    settings_that_are_so_already_are_no_change,
);

async fn any_version_of_the_settings_is_changed_whatever_another_node_has_done(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let node = world.node().await;
    let idle = |seconds| SettingsChange {
        idle_seconds: Some(Some(seconds)),
        ..SettingsChange::default()
    };
    let number = SettingsChange {
        sessions_per_identity: Some(Some(3)),
        ..SettingsChange::default()
    };
    let first = world.iam.account_settings(&owner, account).unwrap();
    let changed = world
        .iam
        .change_account_settings(&owner, account, "*", idle(900));
    changed.await.unwrap();
    // The other node has not heard of it.
    let stale = entity_tag(&first);
    let changed = node.change_account_settings(&owner, account, &stale, number.clone());
    assert_eq!(code(changed.await), "conflict");
    let changed = world
        .iam
        .change_account_settings(&owner, account, "*", idle(1000));
    changed.await.unwrap();
    let changed = node.change_account_settings(&owner, account, "*", number);
    let changed = changed.await.unwrap();
    assert_eq!(changed.revision, 3);
    assert_eq!(changed.settings.idle_seconds, Some(1000));
    assert_eq!(changed.settings.sessions_per_identity, Some(3));
    // So does the operator, who knows no version.
    let allowed = world
        .iam
        .set_allowed_addresses(account, "192.0.2.0/24".parse().unwrap());
    allowed.await.unwrap();
    let allowed = node.set_allowed_addresses(account, "".parse().unwrap());
    allowed.await.unwrap();
    world.iam.sync().await.unwrap();
    let here = world.iam.account_settings(&owner, account).unwrap();
    assert_eq!((here.revision, here.settings.idle_seconds), (5, Some(1000)));
    node.close().await;
}

async fn settings_that_are_so_already_are_no_change(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    let change = || SettingsChange {
        access_token_seconds: Some(Some(900)),
        ..SettingsChange::default()
    };
    let iam = &world.iam;
    let first = iam.change_account_settings(&owner, account, "*", change());
    let first = first.await.unwrap();
    let entries = || async { iam.audit(iam::audit::Page::default()).await.unwrap().len() };
    let before = entries().await;
    for if_match in ["*", &entity_tag(&first)] {
        let again = iam.change_account_settings(&owner, account, if_match, change());
        assert_eq!(again.await.unwrap(), first);
    }
    assert_eq!(entries().await, before);
    let stale = iam.change_account_settings(&owner, account, "0-x", change());
    assert_eq!(code(stale.await), "conflict");
}
