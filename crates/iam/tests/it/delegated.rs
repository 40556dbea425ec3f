//! Delegated refresh tokens: how long they live, and for which account.

use crate::world::{
    OWNER, Whole as _, World, access_token, code, on_both_databases, refresh_token, secret, source,
};
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::flow::uaa::{UaaGrant, UaaTokens};
use iam::manage::account_settings::SettingsChange;
use iam::manage::api_key::NewKey;
use iam::manage::invitation::Choice;
use iam::manage::page::PageRequest;
use iam::{IamError, Identity};

on_both_databases!(
    one_ends_at_its_time_however_often_it_is_renewed,
    one_stays_for_its_account_and_does_not_move_its_login,
    nothing_that_comes_of_one_lives_longer,
    one_is_for_a_program_and_not_for_the_person,
    one_is_no_sign_that_its_login_is_still_used,
);

/// Renews a login of the command line, and has it delegated to the container service for so long.
pub(crate) async fn try_to_delegate(
    world: &World,
    login: &str,
    seconds: i64,
) -> Result<Tokens, IamError> {
    let request = TokenRequest {
        grant: Grant::RefreshToken(secret(login)),
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: Some(seconds),
        source: source(),
    };
    world.iam.token(request).await
}

/// The delegated refresh token, and the tokens of the login.
pub(crate) async fn delegate(world: &World, login: &str, seconds: i64) -> (String, Tokens) {
    let mut tokens = try_to_delegate(world, login, seconds).await.unwrap();
    let delegated = tokens.delegated_refresh_token.take().unwrap();
    (delegated.expose().clone(), tokens)
}

/// A refresh token that is delegated to the container service. The login is renewed with that.
async fn delegated(world: &World, login: &mut Tokens, seconds: i64) -> String {
    let (token, renewed) = delegate(world, &refresh_token(login), seconds).await;
    *login = renewed;
    token
}

async fn redeem(world: &World, token: &str) -> Result<Tokens, IamError> {
    let grant = Grant::RefreshToken(secret(token));
    World::ask(&world.iam, grant, Some(Client::Kube)).await
}

/// The UAA token for an IAM token.
async fn exchanged(world: &World, token: &str) -> UaaTokens {
    let grant = UaaGrant::IamToken(secret(token));
    world.iam.uaa_token(source(), grant).await.unwrap()
}

/// Who has redeemed a delegated token: by the access token, and by what that is exchanged for.
async fn receivers(world: &World, redeemed: &Tokens) -> [Identity; 2] {
    let token = access_token(redeemed);
    let uaa = exchanged(world, &token).await;
    [
        world.enter(&token).unwrap(),
        world.enter_uaa(uaa.access_token.expose()).unwrap(),
    ]
}

async fn one_ends_at_its_time_however_often_it_is_renewed(world: World) {
    let mut login = world.log_in().await;
    let first = delegated(&world, &mut login, 100).await;
    world.wait(50);
    let second = refresh_token(&redeem(&world, &first).await.unwrap());
    world.wait(40);
    let third = refresh_token(&redeem(&world, &second).await.unwrap());
    world.wait(20);
    assert_eq!(code(redeem(&world, &third).await), "refresh_token_expired");
    world.renew(&refresh_token(&login)).await.unwrap();
}

async fn one_stays_for_its_account_and_does_not_move_its_login(world: World) {
    let other = world.second_account_of(OWNER).await;
    let account_of = |tokens: &Tokens| world.enter(&access_token(tokens)).unwrap().account();
    let mut login = world.log_in().await;
    let first = account_of(&login);
    let token = delegated(&world, &mut login, 1000).await;
    let switched = TokenRequest {
        grant: Grant::RefreshToken(secret(&refresh_token(&login))),
        client: Some(Client::Bx),
        account: Some(other.to_string()),
        with_uaa: false,
        delegated_seconds: None,
        source: source(),
    };
    let switched = world.iam.token(switched).await.unwrap();
    assert_eq!(account_of(&switched), other);
    let redeemed = redeem(&world, &token).await.unwrap();
    assert_eq!(account_of(&redeemed), first);
    let again = redeem(&world, &refresh_token(&redeemed)).await.unwrap();
    assert_eq!(account_of(&again), first);
    let renewed = world.renew(&refresh_token(&switched)).await.unwrap();
    assert_eq!(account_of(&renewed), other);
}

/// An access token lived for its hour, and its holder made keys without an end.
async fn nothing_that_comes_of_one_lives_longer(world: World) {
    let mut login = world.log_in().await;
    let first = delegated(&world, &mut login, 100).await;
    world.wait(40);
    let redeemed = redeem(&world, &first).await.unwrap();
    let token = access_token(&redeemed);
    let uaa = exchanged(&world, &token).await;
    assert_eq!((redeemed.expires_in, uaa.expires_in), (60, 60));
    let end = world.clock_now().plus(60_000);
    for caller in receivers(&world, &redeemed).await {
        let key = |expires_at| {
            let new = NewKey {
                name: "further".to_owned(),
                expires_at,
                ..NewKey::default()
            };
            world.iam.create_api_key(&caller, new)
        };
        for late in [None, Some(end.plus(1000))] {
            assert_eq!(code(key(late).await), "not_allowed");
        }
        key(Some(end)).await.unwrap();
    }
    world.wait(60);
    assert!(world.enter(&token).is_err());
    assert!(world.enter_uaa(uaa.access_token.expose()).is_err());
    // The login goes on, and its keys have no end.
    let identity = world.enter(&access_token(&login)).unwrap();
    world.key(&identity, NewKey::default()).await;
}

/// The receiver left the accounts of the person, and joined others for them.
async fn one_is_for_a_program_and_not_for_the_person(world: World) {
    let bea = world.person("bea@example.org", None).await;
    let login = world.password(&bea.email, "chosen at the beginning").await;
    let token = delegated(&world, &mut login.unwrap(), 1000).await;
    let redeemed = redeem(&world, &token).await.unwrap();
    let (iam, account) = (&world.iam, world.made.account);
    for caller in receivers(&world, &redeemed).await {
        assert_eq!(caller.account(), account);
        let choice = Choice::Account(account);
        let waiting = iam.invitations_of(&caller, None, PageRequest::WHOLE).await;
        assert_eq!(code(waiting), "not_allowed");
        assert_eq!(code(iam.accept(&caller, choice, None).await), "not_allowed");
        assert_eq!(code(iam.decline(&caller, choice).await), "not_allowed");
        let left = iam.remove_member(&caller, account, bea.id).await;
        assert_eq!(code(left), "not_allowed");
        let seen = iam.sessions(&caller, None, PageRequest::WHOLE).await;
        assert_eq!(code(seen), "not_allowed");
        assert_eq!(code(iam.end_sessions(&caller, None).await), "not_allowed");
        let other = bea.identity.session().unwrap();
        assert_eq!(code(iam.end_one_session(&caller, other).await), "not_found");
        world.enter(&access_token(&redeemed)).unwrap();
    }
    let left = iam.remove_member(&bea.identity, account, bea.id).await;
    left.unwrap();
}

/// Of too many logins the longest unused ends: whom it was delegated to kept it from that.
async fn one_is_no_sign_that_its_login_is_still_used(world: World) {
    let change = SettingsChange {
        sessions_per_identity: Some(Some(2)),
        ..SettingsChange::default()
    };
    let (owner, account) = (world.owner(), world.made.account);
    let set = world
        .iam
        .change_account_settings(&owner, account, "*", change);
    set.await.unwrap();
    let mut first = world.log_in().await;
    let token = delegated(&world, &mut first, 1000).await;
    world.wait(1);
    let second = world.log_in().await;
    world.wait(1);
    redeem(&world, &token).await.unwrap();
    world.wait(1);
    world.log_in().await;
    world.enter(&access_token(&first)).unwrap_err();
    world.enter(&access_token(&second)).unwrap();
}
