//! A user has one name on the whole server, which only an Administrator of their one account changes.

use super::world::{ADA, World, code, on_both};
use base::id::UserId;
use iam::Identity;
use iam::manage::account_user::NameChange;
use iam::{Iam, IamError};

fn given(name: &str) -> NameChange {
    NameChange {
        given_name: Some(name.to_owned()),
        family_name: None,
    }
}

async fn rename(
    iam: &Iam,
    caller: &Identity,
    id: UserId,
    change: NameChange,
) -> Result<(), IamError> {
    let account = caller.account();
    let user = iam.account_user(caller, account, id).await?;
    iam.rename_user(caller, account, &user, change).await
}

#[test]
fn who_is_in_two_accounts_is_renamed_in_neither() {
    on_both("renamed_in_neither", &async |world: &World| {
        let ada = world.identity(&world.ada(None).await).unwrap();
        let id = world.a.owner;
        let (iam, twin) = (&world.iam, &world.twin);
        rename(iam, &ada, id, given("Adelaide")).await.unwrap();
        twin.sync().await.unwrap();
        for node in [iam, twin] {
            assert_eq!(node.directory().user(id).unwrap().given_name, "Adelaide");
        }
        let bea = world.bea().await;
        let unseen = rename(iam, &bea, id, given("x")).await.unwrap_err();
        assert_eq!(code(unseen), "not_found");

        world.invite_ada(None).await;
        let there = world.identity(&world.ada(Some(world.b.account)).await);
        let there = there.unwrap();
        let error = rename(iam, &there, id, given("x")).await.unwrap_err();
        assert_eq!(code(error), "not_allowed", "no Administrator there");
        for caller in [&ada, &bea] {
            let refused = rename(iam, caller, id, given("x")).await.unwrap_err();
            assert_eq!(code(refused), "conflict");
            // What changes nothing is refused to nobody who may.
            let same = rename(iam, caller, id, given("Adelaide")).await;
            same.unwrap();
        }
        let user = iam.directory().user_by_email(ADA).unwrap().clone();
        assert_eq!(user.given_name, "Adelaide");
    });
}
