//! The roles of open invitations in what was deleted: they come back with it, as those of members do.

use crate::world::{World, on_both_databases, secret};
use base::scope::Domain;
use base::secret::Secret;
use base::source::Source;
use iam::Iam;
use iam::role::Role;

const ERIN: &str = "erin@example.org";

on_both_databases!(
    regression_7_a_restored_space_keeps_the_roles_of_open_invitations,
    regression_7_a_restored_organization_keeps_the_roles_of_open_invitations,
    regression_7_who_accepts_while_a_space_is_deleted_has_the_role_after_its_restore,
    an_invitation_gives_no_role_in_what_has_gone,
);

/// Invites Erin with a role in the organization and one in its space.
async fn invited(world: &World) -> Secret<String> {
    let code = world.invited(ERIN).await;
    for (domain, role) in [
        (Domain::Org(world.org()), Role::Member),
        (Domain::Space(world.space()), Role::Developer),
    ] {
        let owner = world.owner();
        let set = world.iam.set_role(&owner, domain, role, ERIN).await;
        set.unwrap();
    }
    code
}

async fn accepts(world: &World, code: &Secret<String>) {
    let chosen = secret("chosen at the beginning");
    let redeemed = world.iam.redeem(Source::here(), ERIN, code, chosen).await;
    redeemed.unwrap();
}

fn roles_of(iam: &Iam, domain: Domain) -> Vec<Role> {
    let directory = iam.directory();
    let user = directory.user_by_email(ERIN).unwrap().id;
    directory.roles(user, domain).to_vec()
}

async fn regression_7_a_restored_space_keeps_the_roles_of_open_invitations(world: World) {
    let (iam, space) = (&world.iam, world.space());
    let code = invited(&world).await;
    iam.delete_space(&world.owner(), space).await.unwrap();
    let back = iam.restore_space(&world.owner(), space, None).await;
    back.unwrap();
    accepts(&world, &code).await;
    assert_eq!(roles_of(iam, Domain::Space(space)), [Role::Developer]);
    assert_eq!(roles_of(iam, Domain::Org(world.org())), [Role::Member]);
}

async fn regression_7_a_restored_organization_keeps_the_roles_of_open_invitations(world: World) {
    let (iam, org) = (&world.iam, world.org());
    let code = invited(&world).await;
    iam.delete_org(&world.owner(), org, true).await.unwrap();
    iam.restore_org(&world.owner(), org, None).await.unwrap();
    accepts(&world, &code).await;
    let space = Domain::Space(world.space());
    assert_eq!(roles_of(iam, space), [Role::Developer]);
    assert_eq!(roles_of(iam, Domain::Org(org)), [Role::Member]);
}

async fn regression_7_who_accepts_while_a_space_is_deleted_has_the_role_after_its_restore(
    world: World,
) {
    let (iam, space) = (&world.iam, world.space());
    let code = invited(&world).await;
    iam.delete_space(&world.owner(), space).await.unwrap();
    accepts(&world, &code).await;
    assert!(roles_of(iam, Domain::Space(space)).is_empty());
    let back = iam.restore_space(&world.owner(), space, None).await;
    back.unwrap();
    assert_eq!(roles_of(iam, Domain::Space(space)), [Role::Developer]);
}

async fn an_invitation_gives_no_role_in_what_has_gone(world: World) {
    let (iam, space) = (&world.iam, world.space());
    let code = invited(&world).await;
    iam.delete_space(&world.owner(), space).await.unwrap();
    accepts(&world, &code).await;
    assert!(roles_of(iam, Domain::Space(space)).is_empty());
    assert_eq!(roles_of(iam, Domain::Org(world.org())), [Role::Member]);
}
