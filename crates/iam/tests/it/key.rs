//! API keys: revoking one revokes every token made with it, from the moment the call returns.

use crate::world::{
    REFRESH, World, access_token, code, on_both_databases, refresh_token, secret, source,
};
use base::time::Millis;
use iam::flow::grant::{Client, Grant, TokenRequest};
use iam::flow::uaa::UaaGrant;
use iam::manage::api_key::{KeyChange, NewKey, Switch, entity_tag};
use iam::{AuthError, Credential, Identity};

on_both_databases!(
    a_disabled_expired_or_deleted_key_ends_its_tokens_at_once,
    a_key_that_has_expired_is_extended_without_what_had_ended_with_it,
    a_key_can_be_born_locked_or_disabled_but_not_expired,
    a_locked_key_works_and_cannot_be_changed,
    a_key_that_ends_unlocks_one_that_outlives_it_and_does_not_enable_it,
    a_node_that_has_not_heard_of_it_changes_no_locked_key_and_deletes_none_twice,
    of_two_changes_with_one_tag_one_happens,
    a_key_of_ones_own_text_is_unique_long_and_strong_enough,
    a_request_for_a_token_carries_no_room_for_what_needs_the_database,
);

/// Every credential obtained with a key.
struct Tokens {
    key: String,
    alone: String,
    access: String,
    refresh: String,
    uaa: String,
    uaa_refresh: String,
}

impl Tokens {
    async fn of(world: &World, key: &str) -> Self {
        let grant = || Grant::ApiKey(secret(key));
        let alone = World::ask(&world.iam, grant(), None).await.unwrap();
        let session = world.key_session(key).await.unwrap();
        let uaa = world
            .iam
            .uaa_token(base::source::Source::here(), UaaGrant::Proof(grant()))
            .await
            .unwrap();
        Self {
            key: key.to_owned(),
            alone: access_token(&alone),
            access: access_token(&session),
            refresh: refresh_token(&session),
            uaa: uaa.access_token.expose().clone(),
            uaa_refresh: uaa.refresh_token.unwrap().expose().clone(),
        }
    }

    fn entries(&self, world: &World) -> [(&'static str, Result<Identity, AuthError>); 4] {
        [
            ("key", world.enter_key(&self.key)),
            ("token without a session", world.enter(&self.alone)),
            ("token", world.enter(&self.access)),
            ("uaa token", world.enter_uaa(&self.uaa)),
        ]
    }

    fn are_good(&self, world: &World) {
        for (what, entry) in self.entries(world) {
            assert!(entry.is_ok(), "{what}: {entry:?}");
        }
    }

    async fn are_useless(&self, world: &World, how: &str) {
        for (what, entry) in self.entries(world) {
            let refused = match entry {
                Err(AuthError::Revoked(_)) => true,
                // They end with the key, to the second.
                Err(AuthError::Expired { .. }) => what != "key" && how == "expired",
                Err(AuthError::KeyUnknown) => what == "key" && how == "deleted",
                _ => false,
            };
            assert!(refused, "{how}: {what}");
        }
        let refused = match how {
            "expired" => "refresh_token_expired",
            _ => "wrong_refresh_token",
        };
        assert_eq!(code(world.renew(&self.refresh).await), refused, "{how}");
        let uaa = world.uaa_renew(&self.uaa_refresh).await;
        assert_eq!(code(uaa), "uaa_proof", "{how}");
        assert_eq!(
            code(world.key_session(&self.key).await),
            "wrong_key",
            "{how}"
        );
    }
}

async fn a_disabled_expired_or_deleted_key_ends_its_tokens_at_once(world: World) {
    let owner = world.owner();
    let (id, key) = world.key(&owner, NewKey::default()).await;
    let tokens = Tokens::of(&world, &key).await;
    tokens.are_good(&world);
    let turn = |on| world.iam.switch_api_key(&owner, id, Switch::Disabled, on);
    turn(true).await.unwrap();
    tokens.are_useless(&world, "disabled").await;
    turn(false).await.unwrap();
    tokens.are_good(&world);

    let (id, key) = world.key(&owner, NewKey::default()).await;
    let tokens = Tokens::of(&world, &key).await;
    world.iam.delete_api_key(&owner, id).await.unwrap();
    tokens.are_useless(&world, "deleted").await;
    assert_eq!(code(world.iam.api_key(&owner, id).await), "not_found");

    let soon = Millis::from_secs(crate::world::START + 600);
    let expiring = NewKey {
        expires_at: Some(soon),
        ..NewKey::default()
    };
    let (_, key) = world.key(&owner, expiring).await;
    let tokens = Tokens::of(&world, &key).await;
    world.clock.advance(599_999);
    tokens.are_good(&world);
    world.clock.advance(1);
    tokens.are_useless(&world, "expired").await;
}

/// A later end makes the key good again. What had ended with the key has ended; what had an end of its own, and outlived it, goes on.
async fn a_key_that_has_expired_is_extended_without_what_had_ended_with_it(world: World) {
    let owner = world.owner();
    let after = |seconds| Some(Millis::from_secs(crate::world::START + seconds));
    let expiring = NewKey {
        expires_at: after(600),
        ..NewKey::default()
    };
    let (ended, ended_text) = world.key(&owner, expiring).await;
    let (shortened, shortened_text) = world.key(&owner, NewKey::default()).await;
    let ending = Tokens::of(&world, &ended_text).await;
    let lasting = Tokens::of(&world, &shortened_text).await;
    let to = |id, end| {
        let change = KeyChange {
            expires_at: Some(end),
            ..KeyChange::default()
        };
        world.iam.update_api_key(&owner, id, "*", change)
    };
    to(shortened, after(600)).await.unwrap();
    world.clock.advance(400_000);
    let request = TokenRequest {
        source: source(),
        grant: Grant::RefreshToken(secret(&ending.refresh)),
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
    };
    let one_time = world.iam.passcode(request).await.unwrap();
    world.clock.advance(200_000);
    for text in [&ended_text, &shortened_text] {
        assert!(matches!(world.enter_key(text), Err(AuthError::Revoked(_))));
    }
    for token in [&lasting.alone, &lasting.access] {
        let entry = world.enter(token);
        assert!(matches!(entry, Err(AuthError::Revoked(_))), "{entry:?}");
    }
    for id in [ended, shortened] {
        to(id, after(1200)).await.unwrap();
    }
    assert!(world.enter_key(&ended_text).is_ok());
    for token in [&ending.alone, &ending.access] {
        let entry = world.enter(token);
        assert!(matches!(entry, Err(AuthError::Expired { .. })), "{entry:?}");
    }
    assert_eq!(
        code(world.renew(&ending.refresh).await),
        "refresh_token_expired"
    );
    let grant = Grant::Passcode(one_time);
    let redeemed = World::ask(&world.iam, grant, Some(Client::Bx)).await;
    assert_eq!(code(redeemed.map(drop)), "wrong_proof");
    lasting.are_good(&world);
}

async fn a_key_can_be_born_locked_or_disabled_but_not_expired(world: World) {
    let owner = world.owner();
    let locked = NewKey {
        locked: true,
        ..NewKey::default()
    };
    let (id, key) = world.key(&owner, locked).await;
    Tokens::of(&world, &key).await.are_good(&world);
    assert_eq!(code(world.iam.delete_api_key(&owner, id).await), "locked");
    let disabled = NewKey {
        disabled: true,
        ..NewKey::default()
    };
    let (_, key) = world.key(&owner, disabled).await;
    assert_eq!(code(world.key_session(&key).await), "wrong_key");
    let entry = world.enter_key(&key);
    assert!(matches!(entry, Err(AuthError::Revoked(_))), "{entry:?}");
    for end in [crate::world::START - REFRESH, crate::world::START] {
        let expired = NewKey {
            name: "k".to_owned(),
            expires_at: Some(Millis::from_secs(end)),
            ..NewKey::default()
        };
        let refused = world.iam.create_api_key(&owner, expired).await;
        assert_eq!(code(refused.map(drop)), "field");
    }
}

async fn a_locked_key_works_and_cannot_be_changed(world: World) {
    let owner = world.owner();
    let (id, key) = world.key(&owner, NewKey::default()).await;
    let before = Tokens::of(&world, &key).await;
    let switch = |switch, on| world.iam.switch_api_key(&owner, id, switch, on);
    switch(Switch::Locked, true).await.unwrap();
    let change = world
        .iam
        .update_api_key(&owner, id, "*", KeyChange::default());
    assert_eq!(code(change.await), "locked");
    assert_eq!(code(switch(Switch::Disabled, true).await), "locked");
    assert_eq!(code(world.iam.delete_api_key(&owner, id).await), "locked");
    // What it had opened goes on, and it opens more.
    before.are_good(&world);
    world.renew(&before.refresh).await.unwrap();
    world.uaa_renew(&before.uaa_refresh).await.unwrap();
    Tokens::of(&world, &key).await.are_good(&world);
    switch(Switch::Locked, false).await.unwrap();
    // A disabled key that is locked stays disabled, and cannot be enabled.
    switch(Switch::Disabled, true).await.unwrap();
    switch(Switch::Locked, true).await.unwrap();
    before.are_useless(&world, "disabled").await;
    assert_eq!(code(switch(Switch::Disabled, false).await), "locked");
    switch(Switch::Locked, false).await.unwrap();
    world.iam.delete_api_key(&owner, id).await.unwrap();
}

async fn a_key_that_ends_unlocks_one_that_outlives_it_and_does_not_enable_it(world: World) {
    let owner = world.owner();
    let (id, _) = world.key(&owner, NewKey::default()).await;
    let soon = Millis::from_secs(crate::world::START + 600);
    let expiring = NewKey {
        expires_at: Some(soon),
        ..NewKey::default()
    };
    let (_, text) = world.key(&owner, expiring).await;
    let by = world.enter_key(&text).unwrap();
    let switch = |switch, on| world.iam.switch_api_key(&by, id, switch, on);
    switch(Switch::Locked, true).await.unwrap();
    switch(Switch::Locked, false).await.unwrap();
    switch(Switch::Disabled, true).await.unwrap();
    assert_eq!(code(switch(Switch::Disabled, false).await), "not_allowed");
}

async fn a_node_that_has_not_heard_of_it_changes_no_locked_key_and_deletes_none_twice(
    world: World,
) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (id, text) = world.key(&owner, NewKey::default()).await;
    let node = world.node().await;
    let locked = iam.switch_api_key(&owner, id, Switch::Locked, true).await;
    locked.unwrap();
    let disabled = node.switch_api_key(&owner, id, Switch::Disabled, true);
    assert_eq!(code(disabled.await), "locked");
    let enter = || iam.verifier().identity(Credential::ApiKey(&text));
    assert!(enter().is_ok());
    iam.switch_api_key(&owner, id, Switch::Locked, false)
        .await
        .unwrap();
    node.sync().await.unwrap();
    let locked = iam.switch_api_key(&owner, id, Switch::Locked, true).await;
    locked.unwrap();
    assert_eq!(code(node.delete_api_key(&owner, id).await), "locked");
    let unlocked = iam.switch_api_key(&owner, id, Switch::Locked, false).await;
    unlocked.unwrap();
    node.sync().await.unwrap();
    iam.delete_api_key(&owner, id).await.unwrap();
    assert_eq!(code(node.delete_api_key(&owner, id).await), "not_found");
    for iam in [iam, &node] {
        let identity = iam.verifier().identity(Credential::ApiKey(&text));
        assert_eq!(identity.unwrap_err(), AuthError::KeyUnknown);
    }
    node.close().await;
}

async fn of_two_changes_with_one_tag_one_happens(world: World) {
    let owner = world.owner();
    let (id, _) = world.key(&owner, NewKey::default()).await;
    let tag = entity_tag(&world.iam.api_key(&owner, id).await.unwrap());
    let change = |name: String| {
        let (iam, owner, tag) = (world.iam.clone(), owner.clone(), tag.clone());
        tokio::spawn(async move {
            let change = KeyChange {
                name: Some(name),
                ..KeyChange::default()
            };
            iam.update_api_key(&owner, id, &tag, change).await
        })
    };
    let changes: Vec<_> = (0..8)
        .map(|number| change(format!("name-{number}")))
        .collect();
    let mut names = Vec::new();
    for change in changes {
        match change.await.unwrap() {
            Ok(key) => names.push(key.name),
            Err(error) => assert_eq!(error.refusal().unwrap().reason.name(), "conflict"),
        }
    }
    let now = world.iam.api_key(&owner, id).await.unwrap();
    assert_eq!(names, std::slice::from_ref(&now.name));
    assert_ne!(entity_tag(&now), tag);
}

async fn a_key_of_ones_own_text_is_unique_long_and_strong_enough(world: World) {
    let owner = world.owner();
    let with = |text: &str| {
        let new = NewKey {
            name: "own".to_owned(),
            text: Some(secret(text)),
            ..NewKey::default()
        };
        world.iam.create_api_key(&owner, new)
    };
    let strong = "f3b1c0a97e5d42688b0c6f1e2d3a4b59";
    assert_eq!(code(with(&strong[1..]).await), "field");
    assert_eq!(code(with(&strong.repeat(33)).await), "field");
    assert_eq!(code(with(&"k".repeat(32)).await), "field");
    with(strong).await.unwrap();
    assert_eq!(code(with(strong).await), "conflict");
    world.enter_key(strong).unwrap();
}

/// Callers move the future about, and the runtime boxes one of 16 KiB.
async fn a_request_for_a_token_carries_no_room_for_what_needs_the_database(world: World) {
    let answer = world.iam.token(TokenRequest {
        grant: Grant::ApiKey(world.made.api_key.clone()),
        client: None,
        account: None,
        with_uaa: false,
        delegated_seconds: None,
        source: source(),
    });
    let bytes = size_of_val(&answer);
    assert!(bytes < 8 * 1024, "{bytes}");
    answer.await.unwrap();
}
