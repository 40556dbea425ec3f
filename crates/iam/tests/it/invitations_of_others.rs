//! Who answers an invitation that they have not got learns of no account.

use crate::world::{World, access_token, on_both_databases};
use base::id::{AccountId, Guid, UserId};
use iam::manage::invitation::Choice;

on_both_databases!(an_account_of_others_is_answered_as_none);

async fn an_account_of_others_is_answered_as_none(world: World) {
    let foreign = world.second_account_of("zoe@example.org").await;
    let unknown = UserId(Guid::from_random([7; 16]));
    let caller = world.enter(&access_token(&world.log_in().await)).unwrap();
    let mut messages = Vec::new();
    for choice in [
        Choice::Account(foreign),
        Choice::Account(AccountId(unknown.0)),
        Choice::Id(unknown),
    ] {
        let accepted = world.iam.accept(&caller, choice, None).await;
        messages.push(accepted.unwrap_err().to_string());
        let declined = world.iam.decline(&caller, choice).await;
        messages.push(declined.unwrap_err().to_string());
    }
    messages.dedup();
    assert_eq!(messages, ["no such invitation waits for you"]);
}
