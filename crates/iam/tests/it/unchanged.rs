//! Requests for what is so already: nothing changes, and the audit has no entry of a change.

use crate::world::{World, on_both_databases};
use base::scope::Domain;
use iam::audit::Page;
use iam::manage::preference::{Preference, PreferenceValue};
use iam::role::Role;

on_both_databases!(
    a_role_that_is_held_is_not_given_again,
    a_role_that_an_invitation_has_is_not_added_again,
    a_preference_that_has_the_value_is_not_set_again,
    public_access_that_is_on_is_not_switched_on_again,
);

const ROLE: Role = Role::Developer;

/// How many changes of this kind the audit has.
async fn count(world: &World, event: &str) -> usize {
    let found = world.iam.audit(Page::default()).await.unwrap();
    found.iter().filter(|entry| entry.event == event).count()
}

/// How many roles were given and taken.
async fn of_roles(world: &World) -> (usize, usize) {
    let given = count(world, "role_given").await;
    (given, count(world, "role_taken").await)
}

async fn a_role_that_is_held_is_not_given_again(world: World) {
    let (owner, iam, space) = (world.owner(), &world.iam, Domain::Space(world.space()));
    let zoe = world.person("zoe@example.org", None).await;
    let node = world.node().await;
    let give = async |at: &iam::Iam| {
        let given = at.set_role(&owner, space, ROLE, &zoe.email).await;
        given.unwrap();
    };
    let take = async |at: &iam::Iam| {
        let taken = at.unset_role(&owner, space, ROLE, &zoe.email).await;
        taken.unwrap();
    };
    let holds = |at: &iam::Iam| at.directory().roles(zoe.id, space).to_vec();
    take(iam).await;
    assert_eq!(of_roles(&world).await, (0, 0));
    give(iam).await;
    give(iam).await;
    assert_eq!(of_roles(&world).await, (1, 0));
    // What another node has given has effect at this one when it was asked for here.
    assert!(holds(&node).is_empty());
    give(&node).await;
    assert_eq!(holds(&node), [ROLE]);
    assert_eq!(of_roles(&world).await, (1, 0));
    take(iam).await;
    take(&node).await;
    assert!(holds(&node).is_empty());
    assert_eq!(of_roles(&world).await, (1, 1));
    node.close().await;
}

async fn a_role_that_an_invitation_has_is_not_added_again(world: World) {
    let (owner, iam, space) = (world.owner(), &world.iam, Domain::Space(world.space()));
    let invited = "erin@example.org";
    world.invited(invited).await;
    for _ in 0..2 {
        iam.set_role(&owner, space, ROLE, invited).await.unwrap();
    }
    assert_eq!(of_roles(&world).await, (1, 0));
    for _ in 0..2 {
        iam.unset_role(&owner, space, ROLE, invited).await.unwrap();
    }
    assert_eq!(of_roles(&world).await, (1, 1));
}

async fn a_preference_that_has_the_value_is_not_set_again(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let set = async |value: PreferenceValue| {
        let new = Preference {
            service: "console".to_owned(),
            name: "page".to_owned(),
            value,
        };
        let of = owner.principal();
        iam.set_preference(&owner, of, &new).await.unwrap();
        count(&world, "preference_set").await
    };
    let text = || PreferenceValue::Text("a".to_owned());
    let texts = || PreferenceValue::Texts(vec!["a".to_owned()]);
    assert_eq!(set(text()).await, 1);
    assert_eq!(set(text()).await, 1);
    // One text is not a list of one.
    assert_eq!(set(texts()).await, 2);
    assert_eq!(set(texts()).await, 2);
}

async fn public_access_that_is_on_is_not_switched_on_again(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let node = world.node().await;
    let switch = async |at: &iam::Iam, on: bool| {
        at.switch_public_access(&owner, on).await.unwrap();
        assert_eq!(at.directory().has_public_access(world.made.account), on);
        count(&world, "public_access_switched").await
    };
    assert_eq!(switch(iam, false).await, 0);
    assert_eq!(switch(iam, true).await, 1);
    assert_eq!(switch(&node, true).await, 1);
    assert_eq!(switch(&node, false).await, 2);
    assert_eq!(switch(iam, false).await, 2);
    node.close().await;
}
