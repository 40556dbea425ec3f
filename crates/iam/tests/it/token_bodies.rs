//! The claims of a token, not verified, in a question about what its holder may do.

use crate::world::{World, access_token, on_both_databases};
use base::id::{Guid, KeyId};
use base::scope::{Action, Domain};
use iam::Identity;
use iam::flow::token_body::TokenBody;
use serde_json::json;

on_both_databases!(a_made_up_body_tells_nothing_of_anothers_key_or_session);

/// Whether a token of the caller with this claim besides would permit a query of the first space.
fn permits(world: &World, caller: &Identity, claim: (&str, String)) -> bool {
    let (name, value) = claim;
    let claims = json!({"iam_id": caller.principal().to_string(), name: value}).to_string();
    let body = TokenBody::read(claims.as_bytes()).unwrap();
    let space = Domain::Space(world.space());
    world
        .iam
        .permitted_by(&body, space)
        .contains(Action::Render)
}

fn key_of(identity: &Identity) -> KeyId {
    identity.bounds().root().key.unwrap()
}

/// It told whether a foreign key was there and enabled, and whether a foreign session had ended.
async fn a_made_up_body_tells_nothing_of_anothers_key_or_session(world: World) {
    let owner = world.owner();
    let (_, text) = world.service().await;
    let foreign = world.enter_key(&text).unwrap();
    let with_key = |key: KeyId| permits(&world, &owner, ("iam_apikey_id", key.to_string()));
    assert!(with_key(key_of(&owner)));
    assert!(!with_key(key_of(&foreign)));
    assert!(!with_key(KeyId(Guid::from_random([9; 16]))));

    let enter = |token: &str| world.enter(token).unwrap();
    let theirs = enter(&access_token(&world.key_session(&text).await.unwrap()));
    let second = enter(&access_token(&world.log_in().await));
    let with_session = |identity: &Identity| {
        let session = identity.session().unwrap().to_string();
        permits(&world, &owner, ("session_id", session))
    };
    assert!(with_session(&theirs) && with_session(&second));
    for (by, identity) in [(&owner, &theirs), (&second, &second)] {
        let ended = world.iam.end_one_session(by, identity.session().unwrap());
        ended.await.unwrap();
    }
    assert!(with_session(&theirs) && !with_session(&second));
}
