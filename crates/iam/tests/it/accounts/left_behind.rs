//! Roles belong to members: a user who is removed during a request keeps no role from it.

use super::world::{World, code, on_both};
use crate::world::Whole as _;
use base::scope::Domain;
use iam::manage::page::PageRequest;
use iam::role::Role;

/// The second node has not learned of the removal yet, like a request in progress.
#[test]
fn a_member_removed_while_creating_an_organization_or_a_space_keeps_no_role() {
    on_both("left_behind", &async |world: &World| {
        let (bea, b) = (world.bea().await, &world.b);
        world.invite_ada(Some(Role::Administrator)).await;
        let there = world.ada(Some(b.account)).await;
        let ada = world.identity(&there).unwrap();
        let twin = world.node().await;
        world
            .iam
            .remove_member(&bea, b.account, world.a.owner)
            .await
            .unwrap();
        let org = twin.create_org(&ada, "left-behind", None).await;
        let space = twin.create_space(&ada, b.org, "left-behind").await;
        world.invite_ada(None).await;
        let directory = world.iam.directory();
        for org in world.iam.orgs(&bea, |_| true, PageRequest::WHOLE).entries {
            assert!(
                directory
                    .roles(world.a.owner, Domain::Org(org.id))
                    .is_empty(),
                "{}",
                org.name
            );
        }
        for space in world
            .iam
            .spaces(&bea, None, |_| true, PageRequest::WHOLE)
            .entries
        {
            assert!(
                directory
                    .roles(world.a.owner, Domain::Space(space.id))
                    .is_empty(),
                "{}",
                space.name
            );
        }
        assert_eq!(code(org.unwrap_err()), "not_found");
        assert_eq!(code(space.unwrap_err()), "not_found");
        twin.close().await;
    });
}
