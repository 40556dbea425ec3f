//! What a locked API key keeps from being deleted.

use crate::resources::{instance, key_of};
use crate::world::{World, code, on_both_databases};
use iam::directory::{NamedRole, Plan};
use iam::manage::api_key::Switch;

on_both_databases!(a_locked_api_key_keeps_the_key_and_the_instance_it_is_of);

async fn a_locked_api_key_keeps_the_key_and_the_instance_it_is_of(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let made = instance(&world, Plan::Lite).await;
    let key = key_of(&world, &made, NamedRole::Reader).await;
    let api_key = key.api_key.id;
    let switched = iam.switch_api_key(&owner, api_key, Switch::Locked, true);
    switched.await.unwrap();
    let refused = [
        iam.delete_resource_key(&owner, key.key.id).await,
        iam.delete_instance(&owner, made.id, true).await,
        iam.delete_service_id(&owner, key.key.service).await,
    ];
    for refused in refused {
        let error = refused.unwrap_err();
        assert!(error.to_string().contains(&api_key.to_string()), "{error}");
        assert_eq!(code(Err::<(), _>(error)), "locked");
    }
    assert!(world.enter_key(key.text.expose()).is_ok());
    assert!(iam.instance(&owner, made.id).await.is_ok());
    let switched = iam.switch_api_key(&owner, api_key, Switch::Locked, false);
    switched.await.unwrap();
    let deleted = iam.delete_instance(&owner, made.id, true).await;
    deleted.unwrap();
    assert!(world.enter_key(key.text.expose()).is_err());
}
