//! Delegated refresh tokens: how long they live, and for which account.

use crate::world::{OWNER, World, access_token, code, on_both_databases, refresh_token, secret};
use iam::IamError;
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};

on_both_databases!(
    one_ends_at_its_time_however_often_it_is_renewed,
    one_stays_for_its_account_and_does_not_move_its_login,
);

async fn delegated(world: &World, login: &Tokens, seconds: i64) -> String {
    let refresh = secret(&refresh_token(login));
    let token = world.iam.delegate(&refresh, Client::Kube, seconds).await;
    token.unwrap().expose().clone()
}

async fn redeem(world: &World, token: &str) -> Result<Tokens, IamError> {
    let grant = Grant::RefreshToken(secret(token));
    World::ask(&world.iam, grant, Some(Client::Kube)).await
}

async fn one_ends_at_its_time_however_often_it_is_renewed(world: World) {
    let login = world.log_in().await;
    let first = delegated(&world, &login, 100).await;
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
    let login = world.log_in().await;
    let first = account_of(&login);
    let token = delegated(&world, &login, 1000).await;
    let switched = TokenRequest {
        grant: Grant::RefreshToken(secret(&refresh_token(&login))),
        client: Some(Client::Bx),
        account: Some(other.to_string()),
        with_uaa: false,
        source: crate::world::source(),
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
