//! Introspection: its answers, and that it takes the same work whatever is wrong.

use crate::world::{World, access_token, on_both_databases, secret};
use iam::Credential;
use iam::flow::grant::Grant;
use iam::flow::uaa::UaaGrant;
use iam::manage::api_key::Switch;

on_both_databases!(
    one_signature_is_checked_whatever_is_shown,
    a_key_that_is_refused_is_none,
);

async fn one_signature_is_checked_whatever_is_shown(world: World) {
    let (good, ended) = (world.log_in().await, world.log_in().await);
    let (good, ended) = (access_token(&good), access_token(&ended));
    world.iam.revoke(&secret(&ended)).await.unwrap();
    let by_key = Grant::ApiKey(world.made.api_key.clone());
    let uaa = world
        .iam
        .uaa_token(base::source::Source::here(), UaaGrant::Proof(by_key))
        .await
        .unwrap();
    let (cut, foreign) = (
        &good[..good.len() - 4],
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.AA",
    );
    let forged = format!("{}.{}", cut.rsplit_once('.').unwrap().0, "A".repeat(342));
    for (what, token, is_good) in [
        ("a good one", good.as_str(), true),
        ("a good one again", &good, true),
        ("one of an ended session", &ended, false),
        ("one cut short", cut, false),
        ("a forged one", &forged, false),
        ("one of another server", foreign, false),
        ("a UAA token", uaa.access_token.expose(), false),
        ("nonsense", "nonsense", false),
        ("nothing", "", false),
    ] {
        let before = iam::inspect::signatures_checked(&world.iam);
        let introspected = world.iam.introspect(Credential::Iam(token));
        assert_eq!(introspected.is_some(), is_good, "{what}");
        assert_eq!(
            iam::inspect::signatures_checked(&world.iam) - before,
            1,
            "{what}"
        );
    }
}

async fn a_key_that_is_refused_is_none(world: World) {
    let owner = world.owner();
    let (id, key) = world
        .key(&owner, iam::manage::api_key::NewKey::default())
        .await;
    let introspect = || world.iam.introspect(Credential::ApiKey(&key));
    let (claims, user) = introspect().unwrap();
    assert_eq!(claims.iam_id, user.principal().to_string());
    assert_eq!(claims.iam_apikey_id, Some(id.to_string()));
    let turn = |switch, on| world.iam.switch_api_key(&owner, id, switch, on);
    turn(Switch::Disabled, true).await.unwrap();
    assert!(introspect().is_none());
    turn(Switch::Disabled, false).await.unwrap();
    // A lock is against changes alone.
    turn(Switch::Locked, true).await.unwrap();
    assert!(introspect().is_some());
    turn(Switch::Locked, false).await.unwrap();
    world.iam.delete_api_key(&owner, id).await.unwrap();
    assert!(introspect().is_none());
}
