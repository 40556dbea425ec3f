//! A user has one name on the whole server, which only an Administrator of their one account changes.

use super::world::{ADA, World, code, on_both};
use base::id::UserId;
use iam::Identity;
use iam::audit::Page;
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

#[test]
fn a_name_is_given_to_who_has_another_by_now() {
    on_both("another_by_now", &async |world: &World| {
        let ada = world.identity(&world.ada(None).await).unwrap();
        let (id, iam, twin) = (world.a.owner, &world.iam, &world.twin);
        let name = |node: &Iam| {
            let directory = node.directory();
            let user = directory.user(id).unwrap();
            (user.given_name.clone(), user.family_name.clone())
        };
        let is_name = |node: &Iam, given: &str, family: &str| {
            assert_eq!(name(node), (given.to_owned(), family.to_owned()));
        };
        let family = |name: &str| NameChange {
            given_name: None,
            family_name: Some(name.to_owned()),
        };
        rename(iam, &ada, id, given("Agnes")).await.unwrap();
        twin.sync().await.unwrap();
        // What the other node has changed is not known here, and stays where it is not named.
        rename(twin, &ada, id, family("Byron")).await.unwrap();
        rename(iam, &ada, id, given("Augusta")).await.unwrap();
        is_name(iam, "Augusta", "Byron");
        // It was the name here until the other node gave another.
        twin.sync().await.unwrap();
        rename(twin, &ada, id, given("Adelaide")).await.unwrap();
        rename(iam, &ada, id, given("Augusta")).await.unwrap();
        is_name(iam, "Augusta", "Byron");
        // Nor is it changed twice.
        rename(twin, &ada, id, given("Augusta")).await.unwrap();
        is_name(twin, "Augusta", "Byron");
        let found = iam.audit(Page::default()).await.unwrap();
        let all = found.iter().filter(|entry| entry.event == "user_renamed");
        assert_eq!(all.count(), 5);
    });
}
