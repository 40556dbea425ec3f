//! Unproven addresses: what a user may do whose code somebody else has seen, and how the true owner gets the address.

#![expect(clippy::disallowed_methods, reason = "tests write what they look for")]

use super::world::{CARL, World, code, on_both, request, secret};
use crate::world::Whole as _;
use base::scope::Domain;
use iam::manage::api_key::NewKey;
use iam::manage::invitation::Choice;
use iam::manage::page::PageRequest;
use iam::role::Role;
use iam::{Credential, Identity};

/// The stored state of a user whose code was shown to the inviter, while there was one account.
async fn user_with_shown_code(world: &World) -> Identity {
    let (_, password) = world.invite_carl(Some(Role::Administrator)).await;
    let db = world.database().await;
    db.execute(
        "UPDATE users SET proof = '' WHERE folded = 'carl@example.org'",
        &[],
    )
    .await
    .unwrap();
    let tokens = world.login(CARL, &password, None).await.unwrap();
    world.identity(&tokens).unwrap()
}

#[test]
fn a_user_with_an_unproven_address_stays_in_one_account() {
    on_both("stays_in_one", &async |world: &World| {
        let carl = user_with_shown_code(world).await;
        let made = world.iam.create_account(request("c", CARL)).await.unwrap();
        assert!(made.opening.is_none());
        let operators = made.code.expect("the owner is invited with a code");
        assert!(
            !world
                .iam
                .directory()
                .is_member(carl.principal(), made.account)
        );
        let choice = Choice::Account(made.account);
        for proof in [None, Some(secret("vgc-0000-0000-0000-0000-0000"))] {
            let refused = world.iam.accept(&carl, choice, proof.as_ref()).await;
            assert_eq!(code(refused.unwrap_err()), "address_unproven");
        }
        // The operator's code proves the address, and the user keeps everything.
        world
            .iam
            .accept(&carl, choice, Some(&operators))
            .await
            .unwrap();
        let directory = world.iam.directory();
        assert!(directory.has_role(
            carl.principal(),
            Domain::Account(made.account),
            Role::Administrator
        ));
        assert_eq!(
            world.iam.account(&carl, made.account).unwrap().owner,
            carl.user().unwrap()
        );
        let again = world
            .iam
            .redeem(
                base::source::Source::here(),
                CARL,
                &operators,
                secret("long enough"),
            )
            .await;
        assert_eq!(code(again.unwrap_err()), "wrong_code");
    });
}

#[test]
fn the_operators_word_is_a_proof_too() {
    on_both("operators_word", &async |world: &World| {
        let carl = user_with_shown_code(world).await;
        world.iam.confirm("CARL@example.org").await.unwrap();
        let made = world.iam.create_account(request("c", CARL)).await.unwrap();
        assert!(made.code.is_none());
        assert!(
            world
                .iam
                .directory()
                .is_member(carl.principal(), made.account)
        );
        let refused = world.iam.operators_code(CARL, None).await;
        assert_eq!(code(refused.unwrap_err()), "conflict");
    });
}

#[test]
fn the_true_owner_begins_anew_and_nothing_of_the_other_is_left() {
    on_both("begins_anew", &async |world: &World| {
        let other = user_with_shown_code(world).await;
        let new = NewKey {
            name: "kept".to_owned(),
            ..NewKey::default()
        };
        let (_, key) = world.iam.create_api_key(&other, new).await.unwrap();
        let bea = world.bea().await;
        world
            .iam
            .remove_member(&bea, world.b.account, world.b.owner)
            .await
            .unwrap();
        // The user is the last Administrator of their account, and no other invitation waits for the address.
        let operators = world.iam.operators_code(CARL, None).await.unwrap();
        assert_eq!(operators.account, world.b.account);
        world
            .iam
            .redeem(
                base::source::Source::here(),
                CARL,
                &operators.code,
                secret("the true owner's"),
            )
            .await
            .unwrap();
        assert!(world.iam.directory().user(other.user().unwrap()).is_none());
        let key = Credential::ApiKey(key.expose());
        assert!(world.iam.verifier().identity(key).is_err());
        let tokens = world.login(CARL, "the true owner's", None).await.unwrap();
        let owner = world.identity(&tokens).unwrap();
        assert_ne!(owner.principal(), other.principal());
        assert_eq!(
            world.iam.account(&owner, world.b.account).unwrap().owner,
            owner.user().unwrap()
        );
        let directory = world.iam.directory();
        assert!(directory.has_role(
            owner.principal(),
            Domain::Account(world.b.account),
            Role::Administrator
        ));
    });
}

#[test]
fn the_true_owner_has_the_roles_in_a_deleted_space_after_its_restore() {
    on_both("roles_in_deleted", &async |world: &World| {
        user_with_shown_code(world).await;
        let bea = world.bea().await;
        let space = Domain::Space(world.b.space);
        for (domain, role) in [
            (Domain::Org(world.b.org), Role::Member),
            (space, Role::Developer),
        ] {
            let set = world.iam.set_role(&bea, domain, role, CARL).await;
            set.unwrap();
        }
        let deleted = world.iam.delete_space(&bea, world.b.space).await;
        deleted.unwrap();
        let operators = world.iam.operators_code(CARL, None).await.unwrap();
        world
            .iam
            .redeem(
                base::source::Source::here(),
                CARL,
                &operators.code,
                secret("the true owner's"),
            )
            .await
            .unwrap();
        let restored = world.iam.restore_space(&bea, world.b.space, None).await;
        restored.unwrap();
        let tokens = world.login(CARL, "the true owner's", None).await.unwrap();
        let owner = world.identity(&tokens).unwrap();
        let directory = world.iam.directory();
        assert!(directory.has_role(owner.principal(), space, Role::Developer));
    });
}

#[test]
fn an_invitation_ends_by_itself() {
    on_both("ends_by_itself", &async |world: &World| {
        world.invite(CARL, None).await;
        let operators = world.iam.operators_code(CARL, None).await.unwrap();
        world.clock.advance(8 * 86_400_000);
        let late = world
            .iam
            .redeem(
                base::source::Source::here(),
                CARL,
                &operators.code,
                secret("long enough"),
            )
            .await;
        assert_eq!(code(late.unwrap_err()), "wrong_code");
        assert!(
            world
                .iam
                .invitations(&world.bea().await, world.b.account, PageRequest::WHOLE)
                .await
                .unwrap()
                .entries
                .is_empty()
        );
    });
}
