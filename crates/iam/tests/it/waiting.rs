//! A caller whose request has waited for its turn, and is verified again.

use crate::world::{World, access_token, on_both_databases, secret};
use iam::AuthError;
use iam::flow::grant::Grant;
use iam::manage::api_key::NewKey;

on_both_databases!(whatever_was_withdrawn_while_a_request_waited_refuses_it);

async fn whatever_was_withdrawn_while_a_request_waited_refuses_it(world: World) {
    let (verifier, owner) = (world.iam.verifier(), world.owner());
    let (id, text) = world.key(&owner, NewKey::default()).await;
    let of_key = World::ask(&world.iam, Grant::ApiKey(secret(&text)), None);
    let of_key = world.enter(&access_token(&of_key.await.unwrap())).unwrap();
    let by_key = world.enter_key(&text).unwrap();
    let logged_in = access_token(&world.log_in().await);
    let logged_in = world.enter(&logged_in).unwrap();
    let bob = world.person("bob@example.org", None).await;
    let all = [&by_key, &of_key, &logged_in, &bob.identity];
    // What was good when the request came does not end while it waits.
    world.wait(2 * crate::world::ACCESS);
    for caller in all {
        verifier.check_again(caller).unwrap();
    }
    world.iam.delete_api_key(&owner, id).await.unwrap();
    let session = logged_in.session().unwrap();
    let ended = world.iam.end_one_session(&logged_in, session).await;
    ended.unwrap();
    let removed = (world.iam).remove_member(&owner, world.made.account, bob.id);
    removed.await.unwrap();
    for caller in all {
        let refused = verifier.check_again(caller);
        assert!(matches!(refused, Err(AuthError::Revoked(_))), "{refused:?}");
    }
    verifier.check_again(&owner).unwrap();
}
