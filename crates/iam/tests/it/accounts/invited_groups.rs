//! The access groups of an invitation: in them from the acceptance on, and in none when it comes to nothing.

#![expect(clippy::disallowed_methods, reason = "tests write what they look for")]

use super::world::{CARL, World, code, on_both, secret};
use base::id::AccessGroupId;
use base::limit;
use base::secret::Secret;
use base::source::Source;
use iam::manage::invitation::{InvitedAccess, Invitee};
use iam::{IamError, Identity};

async fn group(world: &World, bea: &Identity, name: &str) -> AccessGroupId {
    let made = world.iam.create_access_group(bea, name, String::new());
    made.await.unwrap().id
}

async fn invite(world: &World, bea: &Identity, groups: &[AccessGroupId]) -> Result<(), IamError> {
    let wanted = [Invitee {
        email: CARL.to_owned(),
        role: None,
    }];
    let access = InvitedAccess {
        groups: groups.to_vec(),
        ..InvitedAccess::default()
    };
    let account = world.b.account;
    let invited = world.iam.invite_with(bea, account, &wanted, access);
    invited.await.map(drop)
}

/// Carl accepts with a code that the operator has handed on.
async fn accept(world: &World, password: &str) {
    let account = Some(world.b.account);
    let made = world.iam.operators_code(CARL, account).await;
    begin_with(world, &made.unwrap().code, password).await;
}

async fn begin_with(world: &World, code: &Secret<String>, password: &str) {
    let here = Source::here();
    let redeemed = world.iam.redeem(here, CARL, code, secret(password)).await;
    redeemed.unwrap();
}

/// The groups that Carl was put into, as a node knows them.
fn groups_of_carl(iam: &iam::Iam) -> Vec<AccessGroupId> {
    let directory = iam.directory();
    let carl = directory.user_by_email(CARL).unwrap().id.into();
    let mut found: Vec<AccessGroupId> = directory.groups_of(carl).collect();
    found.sort_unstable();
    found
}

async fn rows(world: &World) -> usize {
    let db = world.database().await;
    let sql = "SELECT invitation FROM invitation_groups";
    let found = db.all(sql, &[]).await.unwrap().len();
    db.close().await;
    found
}

#[test]
fn the_invited_are_in_the_groups_when_they_accept() {
    on_both("in_the_groups", &async |world: &World| {
        let bea = world.bea().await;
        let mut both = [
            group(world, &bea, "first").await,
            group(world, &bea, "second").await,
        ];
        both.sort_unstable();
        invite(world, &bea, &both[..1]).await.unwrap();
        // Invited again: in the other one, too.
        invite(world, &bea, &both[1..]).await.unwrap();
        accept(world, "of carl, his own").await;
        world.twin.sync().await.unwrap();
        for node in [&world.iam, &world.twin] {
            assert_eq!(groups_of_carl(node), both);
        }
        assert_eq!(rows(world).await, 0);

        // The true owner of an address that somebody else began with is in the same groups.
        let db = world.database().await;
        let unproven = "UPDATE users SET proof = '' WHERE folded = 'carl@example.org'";
        db.execute(unproven, &[]).await.unwrap();
        db.close().await;
        let other = world.iam.directory().user_by_email(CARL).unwrap().id;
        let operators = world.iam.operators_code(CARL, None).await.unwrap();
        begin_with(world, &operators.code, "of the true owner").await;
        let carl = world.iam.directory().user_by_email(CARL).unwrap().id;
        assert_ne!(carl, other);
        assert_eq!(groups_of_carl(&world.iam), both);

        // Removed and invited again: in none.
        let removed = world.iam.remove_member(&bea, world.b.account, carl).await;
        removed.unwrap();
        invite(world, &bea, &[]).await.unwrap();
        accept(world, "of carl, once more").await;
        assert!(groups_of_carl(&world.iam).is_empty());
        assert_eq!(rows(world).await, 0);
    });
}

#[test]
fn what_comes_to_nothing_leaves_nothing() {
    on_both("leaves_nothing", &async |world: &World| {
        let bea = world.bea().await;
        let team = group(world, &bea, "team").await;
        // A group of another account is as good as none, and so is the public one.
        let ada = world.identity(&world.ada(None).await).unwrap();
        let foreign = group(world, &ada, "foreign").await;
        for wrong in [foreign, AccessGroupId::public(world.b.account)] {
            let refused = invite(world, &bea, &[team, wrong]).await.unwrap_err();
            let refusal = refused.refusal().unwrap();
            assert_eq!(refusal.field, Some("access_groups"));
            assert_eq!(code(refused), "field");
        }
        assert_eq!(rows(world).await, 0);

        invite(world, &bea, &[team]).await.unwrap();
        assert_eq!(rows(world).await, 1);
        world.clock.advance(8 * 86_400_000);
        // The next invitation sweeps those that have expired.
        let bea = world.bea().await;
        invite(world, &bea, &[]).await.unwrap();
        assert_eq!(rows(world).await, 0);
        invite(world, &bea, &[team]).await.unwrap();
        let deleted = world.iam.delete_access_group(&bea, team, false).await;
        deleted.unwrap();
        assert_eq!(rows(world).await, 0);
        accept(world, "of carl, his own").await;
        assert!(groups_of_carl(&world.iam).is_empty());
    });
}

#[test]
fn an_invitation_has_so_many_groups() {
    on_both("so_many_groups", &async |world: &World| {
        let bea = world.bea().await;
        let most = usize::try_from(limit::GROUPS_PER_MEMBER.default).unwrap();
        let mut all = Vec::with_capacity(most + 1);
        for number in 0..=most {
            all.push(group(world, &bea, &format!("g{number}")).await);
        }
        let over = invite(world, &bea, &all).await.unwrap_err();
        let limit = over.refusal().unwrap().limit.unwrap();
        assert_eq!(limit.name, limit::GROUPS_PER_MEMBER.name);
        invite(world, &bea, &all[1..]).await.unwrap();
        let more = invite(world, &bea, &all[..1]).await.unwrap_err();
        let limit = more.refusal().unwrap().limit.unwrap();
        assert_eq!(limit.name, limit::GROUPS_PER_MEMBER.name);
        assert_eq!(rows(world).await, most);
    });
}
