//! A user who is removed from an account and invited again starts anew: no earlier credential opens it, however little
//! time has passed and whatever account its session was for.

use super::world::{ADA, World, code, on_both, secret};
use crate::world::Whole as _;
use base::scope::Domain;
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::flow::uaa::UaaGrant;
use iam::manage::page::PageRequest;
use iam::role::Role;
use iam::{AuthError, Credential};

/// Ada is removed from Bea's account, invited again at the same moment, and given a role in the space.
async fn leave_and_return(world: &World) {
    let bea = world.bea().await;
    let (iam, b) = (&world.iam, &world.b);
    let removed = iam.remove_member(&bea, b.account, world.a.owner).await;
    removed.unwrap();
    world.invite_ada(Some(Role::Administrator)).await;
    let space = Domain::Space(b.space);
    let given = iam.set_role(&bea, space, Role::Developer, ADA).await;
    given.unwrap();
}

async fn code_of(world: &World, tokens: &Tokens) -> Grant {
    let request = TokenRequest {
        source: base::source::Source::here(),
        grant: Grant::RefreshToken(tokens.refresh_token.as_ref().unwrap().clone()),
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
    };
    Grant::Passcode(world.iam.passcode(request).await.unwrap())
}

fn by_password(world: &World) -> Grant {
    Grant::Password {
        username: ADA.to_owned(),
        password: secret(&world.a.password),
    }
}

#[test]
fn a_uaa_token_of_before_a_removal_opens_nothing_after_a_new_invitation() {
    on_both("uaa_of_before", &async |world: &World| {
        world.invite_ada(None).await;
        let space = Domain::Space(world.b.space);
        let uaa = world.iam.uaa_token(
            base::source::Source::here(),
            UaaGrant::Proof(by_password(world)),
        );
        let uaa = uaa.await.unwrap();
        leave_and_return(world).await;
        let old = Credential::Uaa(uaa.access_token.expose());
        let refused = world.scope(old, space);
        assert!(matches!(refused, Err(AuthError::Revoked(_))), "{refused:?}");
        // It cannot manage anything there either; it still opens her own account.
        let caller = world.iam.verifier().identity(old).unwrap();
        assert!(
            world
                .iam
                .members(&caller, world.b.account, PageRequest::WHOLE)
                .is_err()
        );
        world
            .iam
            .members(&caller, world.a.account, PageRequest::WHOLE)
            .unwrap();
        world.scope(old, Domain::Space(world.a.space)).unwrap();
        let fresh = world.iam.uaa_token(
            base::source::Source::here(),
            UaaGrant::Proof(by_password(world)),
        );
        let fresh = fresh.await.unwrap();
        let fresh = Credential::Uaa(fresh.access_token.expose());
        world.scope(fresh, space).unwrap();
    });
}

#[test]
fn a_uaa_session_of_before_a_removal_renews_into_nothing_of_it() {
    on_both("uaa_session_of_before", &async |world: &World| {
        world.invite_ada(None).await;
        let mut request = TokenRequest {
            source: base::source::Source::here(),
            grant: by_password(world),
            client: Some(Client::Bx),
            account: None,
            with_uaa: true,
            delegated_seconds: None,
        };
        let first = world.iam.token(request).await.unwrap();
        leave_and_return(world).await;
        request = TokenRequest {
            source: base::source::Source::here(),
            grant: Grant::RefreshToken(first.refresh_token.unwrap()),
            client: Some(Client::Bx),
            account: None,
            with_uaa: true,
            delegated_seconds: None,
        };
        let renewed = world.iam.token(request).await.unwrap();
        let uaa = renewed.uaa.unwrap();
        let uaa = Credential::Uaa(uaa.access_token.expose());
        assert!(world.scope(uaa, Domain::Space(world.b.space)).is_err());
        world.scope(uaa, Domain::Space(world.a.space)).unwrap();
    });
}

#[test]
fn a_refresh_token_of_before_a_removal_switches_to_nothing_of_it() {
    on_both("refresh_of_before", &async |world: &World| {
        world.invite_ada(None).await;
        let b = world.b.account.to_string();
        let elsewhere = world.ada(None).await;
        leave_and_return(world).await;
        let refused = world.refresh(&elsewhere, Some(&b)).await;
        assert_eq!(code(refused.unwrap_err()), "not_a_member");
        let on = world.refresh(&elsewhere, None).await.unwrap();
        assert_eq!(world.bound(&on), world.a.account);
        // A later login opens it, and its token is for this account only.
        let anew = world.ada(Some(world.b.account)).await;
        assert_eq!(world.bound(&anew), world.b.account);
        assert_eq!(
            world.bound(&world.refresh(&anew, None).await.unwrap()),
            world.b.account
        );
    });
}

#[test]
fn a_code_of_before_a_removal_opens_nothing_of_it() {
    on_both("code_of_before", &async |world: &World| {
        world.invite_ada(None).await;
        let b = world.b.account.to_string();
        let made_there = code_of(world, &world.ada(Some(world.b.account)).await).await;
        let made_here = code_of(world, &world.ada(None).await).await;
        let request = TokenRequest {
            source: base::source::Source::here(),
            grant: by_password(world),
            client: None,
            account: None,
            with_uaa: false,
            delegated_seconds: None,
        };
        let of_page = Grant::Passcode(world.iam.passcode(request).await.unwrap());
        leave_and_return(world).await;
        // The session of the key was ended by the removal.
        let refused = world.ask(made_there, Some(&b)).await;
        assert_eq!(code(refused.unwrap_err()), "wrong_proof");
        for other in [made_here, of_page] {
            let Grant::Passcode(text) = other else {
                unreachable!("a code was asked for")
            };
            let again = || Grant::Passcode(secret(text.expose()));
            let refused = world.ask(again(), Some(&b)).await;
            assert_eq!(code(refused.unwrap_err()), "not_a_member");
            // Exchanging it elsewhere does not help either.
            let here = world.ask(again(), None).await.unwrap();
            let refused = world.refresh(&here, Some(&b)).await;
            assert_eq!(code(refused.unwrap_err()), "not_a_member");
        }
    });
}

#[test]
fn joining_a_further_account_keeps_existing_sessions() {
    on_both("first_time", &async |world: &World| {
        let mine = world.ada(None).await;
        world.clock.advance(60_000);
        world.invite_ada(None).await;
        let b = world.b.account.to_string();
        let there = world.refresh(&mine, Some(&b)).await.unwrap();
        assert_eq!(world.bound(&there), world.b.account);
    });
}
