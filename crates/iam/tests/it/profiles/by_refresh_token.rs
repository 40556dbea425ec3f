//! Profiles that are taken on with the refresh token of a session: what a renewal refuses is refused, and the token stays as it is.

use super::{create_profile, let_in};
use crate::delegated::delegate;
use crate::world::{
    ACCESS, REFRESH, World, access_token, code, on_both_databases, refresh_token, secret, source,
};
use base::id::ProfileId;
use iam::audit::Page;
use iam::flow::assume::{AssumerProof, ProfileLogin};
use iam::flow::grant::{Client, Tokens};
use iam::flow::session::GRACE_MILLISECONDS;
use iam::flow::wanted_profile::WantedProfile;
use iam::manage::account_settings::SettingsChange;
use iam::manage::api_key::NewKey;
use iam::{Credential, Iam, IamError};

on_both_databases!(
    it_is_neither_used_up_nor_replaced,
    what_comes_of_it_ends_as_an_access_token_of_its_session,
    the_session_lasts_as_its_account_says,
    one_that_was_replaced_counts_for_the_grace_and_ends_its_session_then,
    it_is_of_the_command_line_and_nothing_else,
    a_session_of_a_key_ends_with_the_key,
    what_another_node_has_just_made_is_taken_on,
);

async fn assume_as(
    iam: &Iam,
    client: Option<Client>,
    token: &str,
    profile: ProfileId,
) -> Result<Tokens, IamError> {
    let login = ProfileLogin {
        proof: AssumerProof::RefreshToken(secret(token)),
        profile: WantedProfile {
            id: Some(profile.to_string()),
            ..WantedProfile::default()
        },
        account: None,
        client,
        source: source(),
    };
    iam.profile_token(login).await
}

async fn assume(world: &World, token: &str, profile: ProfileId) -> Result<Tokens, IamError> {
    assume_as(&world.iam, Some(Client::Bx), token, profile).await
}

/// A profile that the owner may take on.
async fn of_owner(world: &World) -> ProfileId {
    let profile = create_profile(world, "ops").await.id;
    let_in(world, profile, world.owner().principal()).await;
    profile
}

async fn it_is_neither_used_up_nor_replaced(world: World) {
    let profile = of_owner(&world).await;
    let login = world.log_in().await;
    let shown = refresh_token(&login);
    for _ in 0..3 {
        let tokens = assume(&world, &shown, profile).await.unwrap();
        assert!(tokens.refresh_token.is_none());
        assert_eq!((tokens.session, tokens.expires_in), (login.session, ACCESS));
        let caller = world.enter(&access_token(&tokens)).unwrap();
        assert_eq!(caller.principal(), profile.into());
        let by = caller.bounds().assumed_by();
        assert_eq!(by, Some(world.owner().principal()));
        world.clock.advance(GRACE_MILLISECONDS + 1);
    }
    let entries = world.iam.audit(Page::default()).await.unwrap();
    let taken_on = entries
        .iter()
        .filter(|entry| entry.event == "profile_assumed");
    let credentials: Vec<&str> = taken_on.map(|entry| entry.credential.as_str()).collect();
    assert_eq!(credentials, ["refresh_token"; 3]);
    // Who may not take the profile on has used nothing up either.
    let other = create_profile(&world, "other").await.id;
    let refused = assume(&world, &shown, other).await;
    assert_eq!(code(refused), "not_authorized");
    world.renew(&shown).await.unwrap();
}

async fn what_comes_of_it_ends_as_an_access_token_of_its_session(world: World) {
    let profile = of_owner(&world).await;
    let login = world.log_in().await;
    world.wait(ACCESS / 2);
    let tokens = assume(&world, &refresh_token(&login), profile)
        .await
        .unwrap();
    assert_eq!(tokens.expires_in, ACCESS);
    let token = access_token(&tokens);
    // The first access token of the session is over, and the session ends this one all the same.
    world.wait(ACCESS / 2 + 1);
    world.enter(&access_token(&login)).unwrap_err();
    world.enter(&token).unwrap();
    let shown = secret(&refresh_token(&login));
    world.iam.revoke(&shown).await.unwrap();
    // A node that begins now knows of the end, too.
    let node = world.node().await;
    for iam in [&world.iam, &node] {
        let entered = iam.verifier().identity(Credential::Iam(&token));
        assert!(entered.is_err(), "its session has ended");
    }
    node.close().await;
    let ended = assume(&world, shown.expose(), profile).await;
    assert_eq!(code(ended), "wrong_refresh_token");
}

async fn the_session_lasts_as_its_account_says(world: World) {
    let profile = of_owner(&world).await;
    let (owner, account) = (world.owner(), world.made.account);
    let change = SettingsChange {
        session_seconds: Some(Some(7200)),
        idle_seconds: Some(Some(1000)),
        ..SettingsChange::default()
    };
    let changed = (world.iam).change_account_settings(&owner, account, "*", change);
    changed.await.unwrap();
    let shown = refresh_token(&world.log_in().await);
    // To show it is to use the session.
    for _ in 0..7 {
        let tokens = assume(&world, &shown, profile).await.unwrap();
        assert_eq!(tokens.expires_in, 1000);
        world.wait(900);
    }
    let tokens = assume(&world, &shown, profile).await.unwrap();
    assert_eq!(tokens.expires_in, 900, "the session lasts no longer");
    world.wait(901);
    assert_eq!(
        code(assume(&world, &shown, profile).await),
        "refresh_token_expired"
    );
    let unused = refresh_token(&world.log_in().await);
    world.wait(1001);
    assert_eq!(code(assume(&world, &unused, profile).await), "session_idle");
}

async fn one_that_was_replaced_counts_for_the_grace_and_ends_its_session_then(world: World) {
    let profile = of_owner(&world).await;
    let first = refresh_token(&world.log_in().await);
    let second = world.renew(&first).await.unwrap();
    world.clock.advance(GRACE_MILLISECONDS);
    let tokens = assume(&world, &first, profile).await.unwrap();
    world.enter(&access_token(&tokens)).unwrap();
    world.clock.advance(1);
    assert_eq!(
        code(assume(&world, &first, profile).await),
        "wrong_refresh_token"
    );
    for token in [access_token(&tokens), access_token(&second)] {
        world.enter(&token).unwrap_err();
    }
    assert_eq!(
        code(world.renew(&refresh_token(&second)).await),
        "wrong_refresh_token"
    );
    let expired = refresh_token(&world.log_in().await);
    world.wait(REFRESH);
    assert_eq!(
        code(assume(&world, &expired, profile).await),
        "refresh_token_expired"
    );
}

async fn it_is_of_the_command_line_and_nothing_else(world: World) {
    let profile = of_owner(&world).await;
    let shown = refresh_token(&world.log_in().await);
    for client in [None, Some(Client::Cf), Some(Client::Kube)] {
        let refused = assume_as(&world.iam, client, &shown, profile).await;
        assert_eq!(code(refused), "no_client");
    }
    let (delegated, _) = delegate(&world, &shown, 600).await;
    for token in [delegated.as_str(), "vgr_never"] {
        let refused = assume(&world, token, profile).await;
        assert_eq!(code(refused), "wrong_refresh_token");
    }
    assume(&world, &shown, profile).await.unwrap();
}

async fn a_session_of_a_key_ends_with_the_key(world: World) {
    let profile = of_owner(&world).await;
    let owner = world.owner();
    let (key, text) = world.key(&owner, NewKey::default()).await;
    let shown = refresh_token(&world.key_session(&text).await.unwrap());
    let token = access_token(&assume(&world, &shown, profile).await.unwrap());
    world.enter(&token).unwrap();
    world.iam.delete_api_key(&owner, key).await.unwrap();
    world.enter(&token).unwrap_err();
    assert_eq!(
        code(assume(&world, &shown, profile).await),
        "wrong_refresh_token"
    );
}

async fn what_another_node_has_just_made_is_taken_on(world: World) {
    let node = world.node().await;
    let shown = refresh_token(&world.log_in().await);
    let profile = of_owner(&world).await;
    world.tell_if_alone(&node).await;
    let tokens = assume_as(&node, Some(Client::Bx), &shown, profile).await;
    let token = access_token(&tokens.unwrap());
    let caller = node.verifier().identity(Credential::Iam(&token));
    assert_eq!(caller.unwrap().principal(), profile.into());
    node.close().await;
}
