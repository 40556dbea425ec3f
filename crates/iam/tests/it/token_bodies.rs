//! The claims of a token, not verified, in a question about what its holder may do.

use crate::profiles::{create_profile, let_in};
use crate::world::{World, access_token, on_both_databases};
use base::id::{Guid, KeyId, ProfileId};
use base::principal::Principal;
use base::scope::{Action, Domain};
use iam::Identity;
use iam::flow::token_body::TokenBody;
use iam::role::Role;
use serde_json::{Value, json};

on_both_databases!(
    a_made_up_body_tells_nothing_of_anothers_key_or_session,
    a_body_permits_nothing_where_its_token_would_be_refused,
);

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

fn permits_body(world: &World, claims: &Value) -> bool {
    let body = TokenBody::read(claims.to_string().as_bytes()).unwrap();
    let permitted = world.iam.permitted_by(&body, Domain::Space(world.space()));
    permitted.contains(Action::Render)
}

/// A profile that may query the first space.
async fn auditor(world: &World) -> ProfileId {
    let profile = create_profile(world, "ops").await.id;
    let (owner, space) = (world.owner(), Domain::Space(world.space()));
    let id = profile.to_string();
    let given = world.iam.set_role(&owner, space, Role::Auditor, &id);
    given.await.unwrap();
    profile
}

/// What the token of whom the profile names states as `trusted_by`.
fn naming(world: &World, profile: ProfileId, by: Principal) -> String {
    let directory = world.iam.directory();
    directory.assumption(profile, by).unwrap().by.to_string()
}

/// It permitted what was issued before the profile named its holder anew, or by a link that the profile does not have.
async fn a_body_permits_nothing_where_its_token_would_be_refused(world: World) {
    let profile = auditor(&world).await;
    let (job, _) = world.service().await;
    let_in(&world, profile, job).await;
    let now = world.clock_now().secs();
    let account = world.made.account.to_string();
    let first = naming(&world, profile, job);
    let body = |trusted_by: &str, issued_at: i64| {
        json!({
            "iam_id": profile.to_string(), "authn": {"iam_id": job.to_string()}, "account": {"bss": account},
            "trusted_by": trusted_by, "iat": issued_at, "exp": now + 3600,
        })
    };
    assert!(permits_body(&world, &body(&first, now)));
    // Long before its time, and without what let it in.
    assert!(!permits_body(&world, &body(&first, now + 600)));
    assert!(!permits_body(&world, &body("Identity@0", now)));
    let mut untrusted = body(&first, now);
    untrusted.as_object_mut().unwrap().remove("trusted_by");
    assert!(!permits_body(&world, &untrusted));

    let owner = world.owner();
    let taken_out = world.iam.remove_profile_identity(&owner, profile, job);
    taken_out.await.unwrap();
    assert!(!permits_body(&world, &body(&first, now)));
    // In the same second.
    let_in(&world, profile, job).await;
    assert!(!permits_body(&world, &body(&first, now)));
    let second = naming(&world, profile, job);
    assert!(permits_body(&world, &body(&second, now)));

    let mut linked = untrusted;
    linked["authn"] = json!({"iam_id": "crn-crn:v1:x"});
    assert!(permits_body(&world, &linked));
    linked["trusted_by"] = json!(format!("Link-{}", Guid::from_random([9; 16])));
    assert!(!permits_body(&world, &linked));
}
