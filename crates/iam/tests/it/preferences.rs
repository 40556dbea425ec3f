//! Preferences through their interface: whose they are, and that they go with whom and what they are of.

use crate::world::{World, code, on_both_databases};
use base::id::Guid;
use base::principal::Principal;
use iam::manage::preference::{Preference, PreferenceValue};
use iam::manage::service_id::NewService;

on_both_databases!(they_are_of_one_principal_and_go_with_it);

fn page(text: &str) -> Preference {
    Preference {
        service: "console".to_owned(),
        name: "page".to_owned(),
        value: PreferenceValue::Text(text.to_owned()),
    }
}

async fn rows(world: &World) -> usize {
    let db = world.database().await;
    let found = db.all("SELECT name FROM preferences", &[]).await.unwrap();
    db.close().await;
    found.len()
}

async fn they_are_of_one_principal_and_go_with_it(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let bea = world.person("bea@example.org", None).await;
    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let made = iam.create_service_id(&owner, new, None).await.unwrap();
    let service = Principal::from(made.service.id);
    let (ada, other) = (owner.principal(), Principal::from(bea.id));
    for (of, text) in [(ada, "a"), (other, "b"), (service, "c")] {
        iam.set_preference(&owner, of, &page(text)).await.unwrap();
    }
    let which = ("console", "page");
    let node = world.node().await;
    let read = node.preference(&bea.identity, other, which).await.unwrap();
    assert_eq!(read, page("b"));
    let mine = page("mine");
    node.set_preference(&bea.identity, other, &mine)
        .await
        .unwrap();
    assert_eq!(iam.preferences(&owner, other).await.unwrap(), [mine]);

    // Of others only an Administrator has them; whether there is somebody is not told.
    let nobody = Principal::User(base::id::UserId(Guid::from_random([7; 16])));
    for of in [ada, service, nobody] {
        let caller = &bea.identity;
        assert_eq!(code(iam.preferences(caller, of).await), "not_allowed");
        let read = iam.preference(caller, of, which).await;
        assert_eq!(code(read), "not_allowed");
        let set = iam.set_preference(caller, of, &page("x")).await;
        assert_eq!(code(set), "not_allowed");
        let deleted = iam.delete_preference(caller, of, which).await;
        assert_eq!(code(deleted), "not_allowed");
    }
    assert_eq!(code(iam.preferences(&owner, nobody).await), "not_found");

    iam.delete_preference(&bea.identity, other, which)
        .await
        .unwrap();
    let again = iam.delete_preference(&bea.identity, other, which).await;
    assert_eq!(code(again), "not_found");
    iam.set_preference(&owner, other, &page("b")).await.unwrap();
    assert_eq!(rows(&world).await, 3);
    iam.delete_service_id(&owner, made.service.id)
        .await
        .unwrap();
    let removed = iam.remove_member(&owner, world.made.account, bea.id).await;
    removed.unwrap();
    assert_eq!(rows(&world).await, 1);
    let request = iam::bootstrap::Request {
        account: "second".to_owned(),
        region: None,
        org: "acme".to_owned(),
        space: "prod".to_owned(),
        owner: "zoe@example.org".to_owned(),
        password: None,
    };
    iam.create_account(request).await.unwrap();
    iam.delete_account(world.made.account).await.unwrap();
    // On PostgreSQL other nodes have a month to remove theirs.
    world.wait((8 + 31) * 86_400);
    iam.forget_removed(&iam.due(), usize::MAX).await.unwrap();
    assert_eq!(rows(&world).await, 0);
    node.close().await;
}
