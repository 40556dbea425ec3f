//! Keys of instances: what each opens, and until when.

use super::{instance, key_of, scope};
use crate::world::{World, access_token, code, on_both_databases};
use base::scope::{Actions, Domain};
use iam::Iam;
use iam::directory::{NamedRole, Plan};

on_both_databases!(
    a_key_opens_the_space_until_it_is_deleted,
    a_key_that_another_node_made_a_moment_ago_is_deleted_with_its_service,
);

async fn a_key_opens_the_space_until_it_is_deleted(world: World) {
    let owner = world.owner();
    let node = world.node().await;
    let space = Domain::Space(world.space());
    let made = instance(&world, Plan::Premium).await;
    let key = key_of(&world, &made, NamedRole::Writer).await;
    let text = key.text.expose().clone();
    node.sync().await.unwrap();
    let actions = |iam: &Iam, text: &str, domain: Domain| {
        scope(iam, text, domain).map_or(Actions::NONE, |scope| scope.actions())
    };
    for iam in [&world.iam, &node] {
        assert_eq!(actions(iam, &text, space), NamedRole::Writer.actions());
        assert!(actions(iam, &text, Domain::Org(world.org())).is_empty());
    }
    let token = access_token(&world.key_session(&text).await.unwrap());
    assert!(world.enter(&token).is_ok());
    let renamed = node.rename_resource_key(&owner, key.key.id, "build").await;
    assert_eq!(renamed.unwrap().0.name, "build");
    let deleted = world.iam.delete_resource_key(&owner, key.key.id).await;
    deleted.unwrap();
    assert!(world.enter(&token).is_err() && world.enter_key(&text).is_err());
    assert!(world.iam.directory().service(key.key.service).is_none());
    let late = world.iam.resource_key(&owner, key.key.id).await;
    assert_eq!(code(late), "not_found");

    // It goes with its service ID, and with its instance.
    let first = key_of(&world, &made, NamedRole::Reader).await;
    let gone = world.iam.delete_service_id(&owner, first.key.service).await;
    gone.unwrap();
    let late = world.iam.resource_key(&owner, first.key.id).await;
    assert_eq!(code(late), "not_found");
    let second = key_of(&world, &made, NamedRole::Reader).await;
    let refused = world.iam.delete_instance(&owner, made.id, false).await;
    assert_eq!(code(refused), "conflict");
    let service = second.key.service;
    world
        .iam
        .lock_service_id(&owner, service, true)
        .await
        .unwrap();
    let refused = world.iam.delete_instance(&owner, made.id, true).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains(&service.to_string()), "{refused}");
    world
        .iam
        .lock_service_id(&owner, service, false)
        .await
        .unwrap();
    let deleted = world.iam.delete_instance(&owner, made.id, true).await;
    deleted.unwrap();
    node.sync().await.unwrap();
    assert!(node.directory().service(service).is_none());
    assert!(actions(&node, second.text.expose(), space).is_empty());
    assert!(iam::inspect::matches_database(&node).await.unwrap());
    node.close().await;
}

async fn a_key_that_another_node_made_a_moment_ago_is_deleted_with_its_service(world: World) {
    let owner = world.owner();
    let node = world.node().await;
    let made = instance(&world, Plan::Premium).await;
    node.sync().await.unwrap();
    let one = key_of(&world, &made, NamedRole::Writer).await;
    let other = key_of(&world, &made, NamedRole::Writer).await;
    node.delete_resource_key(&owner, one.key.id).await.unwrap();
    world.iam.sync().await.unwrap();
    assert!(world.enter_key(one.text.expose()).is_err());
    assert!(world.enter_key(other.text.expose()).is_ok());
    assert!(world.iam.directory().service(one.key.service).is_none());
    node.close().await;
}
