//! Members of an account: listing, inviting, removing, and accounts created by the operator.

use super::world::{ADA, BEA, CARL, World, by_name, code, on_both, request};
use crate::world::Whole as _;
use base::scope::Domain;
use iam::Remedy;
use iam::bootstrap::Request;
use iam::flow::uaa::UaaGrant;
use iam::manage::api_key::NewKey;
use iam::manage::invitation::{Choice, Invitee};
use iam::manage::page::PageRequest;
use iam::role::Role;
use iam::{AuthError, Credential, IamError, Reason};

fn invitee(email: &str) -> Invitee {
    Invitee {
        email: email.to_owned(),
        role: None,
    }
}

#[test]
fn accounts_are_all_listed_and_managed_one_at_a_time() {
    on_both("managed_one_at_a_time", &async |world: &World| {
        let (a, b) = (&world.a, &world.b);
        let ada = world.identity(&world.ada(None).await).unwrap();
        let list = || {
            let accounts = world
                .iam
                .accounts(&ada, by_name, PageRequest::WHOLE)
                .entries;
            accounts
                .into_iter()
                .map(|account| (account.name, account.owner))
                .collect::<Vec<_>>()
        };
        assert_eq!(list(), [("a".to_owned(), a.owner)]);
        assert_eq!(
            code(
                world
                    .iam
                    .members(&ada, b.account, PageRequest::WHOLE)
                    .unwrap_err()
            ),
            "not_found"
        );
        world.invite_ada(Some(Role::Administrator)).await;
        assert_eq!(
            list(),
            [("a".to_owned(), a.owner), ("b".to_owned(), b.owner)]
        );
        assert_eq!(world.iam.account(&ada, b.account).unwrap().name, "b");
        assert_eq!(
            world
                .iam
                .orgs_of(&ada, b.account, PageRequest::WHOLE)
                .entries[0]
                .id,
            b.org
        );
        // An Administrator of both, with a token for one.
        let refused = world
            .iam
            .members(&ada, b.account, PageRequest::WHOLE)
            .unwrap_err();
        let problem = refused.refusal().unwrap().clone();
        assert_eq!(problem.reason.name(), "wrong_account");
        assert_eq!(problem.remedy, Some(Remedy::SwitchTo(b.account)));
        let refused = [
            world.iam.org(&ada, b.org).await.map(drop),
            world.iam.space(&ada, b.space).await.map(drop),
            world
                .iam
                .invite(&ada, b.account, &[invitee(CARL)])
                .await
                .map(drop),
            world.iam.remove_member(&ada, b.account, b.owner).await,
            world
                .iam
                .set_role(&ada, Domain::Space(b.space), Role::Manager, ADA)
                .await
                .map(drop),
        ];
        for refused in refused {
            assert_eq!(code(refused.unwrap_err()), "wrong_account");
        }
        world.iam.require_default_account(&ada, a.account).unwrap();
        let refused = world
            .iam
            .require_default_account(&ada, b.account)
            .unwrap_err();
        assert_eq!(code(refused), "wrong_account");
        let there = world.identity(&world.ada(Some(b.account)).await).unwrap();
        let members = world
            .iam
            .members(&there, b.account, PageRequest::WHOLE)
            .unwrap()
            .entries;
        let addresses: Vec<&str> = members.iter().map(|member| &*member.user.email).collect();
        assert_eq!(addresses, [ADA, BEA]);
    });
}

#[test]
fn roles_are_for_members_and_the_invited() {
    on_both("inviting", &async |world: &World| {
        let (bea, b) = (world.bea().await, world.b.account);
        let (carl, password) = world.invite_carl(None).await;
        let tokens = world.login(CARL, &password, None).await.unwrap();
        assert_eq!(world.bound(&tokens), b);
        assert_eq!(world.iam.directory().user(carl).unwrap().home, b);
        // A member of `b` only gets no role in `a`.
        let here = world.identity(&world.ada(None).await).unwrap();
        let space = Domain::Space(world.a.space);
        let refused = world.iam.set_role(&here, space, Role::Auditor, CARL).await;
        assert_eq!(code(refused.unwrap_err()), "not_found");
        let carl = world.identity(&tokens).unwrap();
        let refused = world
            .iam
            .invite(&carl, b, &[invitee("dora@example.org")])
            .await;
        assert_eq!(code(refused.unwrap_err()), "not_allowed");
        // An invited user gets the role with the acceptance, unless it was removed again.
        world.invite(ADA, Some(Role::Editor)).await;
        let there = Domain::Space(world.b.space);
        for role in [Role::Developer, Role::Auditor] {
            world
                .iam
                .set_role(&bea, there, role, "ADA@example.org")
                .await
                .unwrap();
        }
        world
            .iam
            .unset_role(&bea, there, Role::Auditor, ADA)
            .await
            .unwrap();
        let ada = world.a.owner;
        assert!(world.iam.directory().roles(ada, there).is_empty());
        let id = world
            .iam
            .invitations(&bea, b, PageRequest::WHOLE)
            .await
            .unwrap()
            .entries[0]
            .id;
        world.iam.accept(&here, Choice::Id(id), None).await.unwrap();
        let directory = world.iam.directory();
        assert_eq!(directory.roles(ada, there), [Role::Developer]);
        assert_eq!(directory.roles(ada, Domain::Account(b)), [Role::Editor]);
        // The id of the invitation still names her.
        world.iam.remove_member(&bea, b, id).await.unwrap();
        assert!(!world.iam.directory().is_member(ada, b));
    });
}

#[test]
fn a_removed_member_loses_this_account_at_once_and_no_other() {
    on_both("removed_at_once", &async |world: &World| {
        let (a, b, ada) = (&world.a, &world.b, world.a.owner);
        world.invite_ada(Some(Role::Editor)).await;
        let bea = world.bea().await;
        let space = Domain::Space(b.space);
        let developer = Role::Developer;
        world
            .iam
            .set_role(&bea, space, developer, ADA)
            .await
            .unwrap();
        let (here, there) = (world.ada(None).await, world.ada(Some(b.account)).await);
        // She switched since: her session is for `a`, her old token for `b`.
        let old = world.ada(Some(b.account)).await;
        let moved = world
            .refresh(&old, Some(&a.account.to_string()))
            .await
            .unwrap();
        let caller = world.identity(&there).unwrap();
        let new = NewKey {
            name: "ci".to_owned(),
            locked: true,
            ..NewKey::default()
        };
        let (_, key) = world.iam.create_api_key(&caller, new).await.unwrap();
        let uaa = UaaGrant::IamToken(there.access_token.clone());
        let uaa = world
            .iam
            .uaa_token(base::source::Source::here(), uaa)
            .await
            .unwrap();

        let remove = async || world.iam.remove_member(&bea, b.account, ada).await;
        remove().await.unwrap();
        for tokens in [&there, &old] {
            assert!(matches!(world.identity(tokens), Err(AuthError::Revoked(_))));
        }
        let key = Credential::ApiKey(key.expose());
        assert_eq!(world.scope(key, space), Err(AuthError::KeyUnknown));
        let uaa = Credential::Uaa(uaa.access_token.expose());
        assert!(world.scope(uaa, space).is_err());
        let refused = world.refresh(&there, None).await;
        assert_eq!(code(refused.unwrap_err()), "wrong_refresh_token");
        // Her own account is unchanged, and the session that moved there is still valid.
        assert_eq!(world.bound(&here), a.account);
        let iam = Credential::Iam(here.access_token.expose());
        world.scope(iam, Domain::Space(a.space)).unwrap();
        assert_eq!(world.bound(&moved), a.account);
        let moved = world.refresh(&moved, None).await.unwrap();
        assert_eq!(
            world
                .iam
                .accounts(&world.identity(&here).unwrap(), by_name, PageRequest::WHOLE)
                .entries
                .len(),
            1
        );
        let refused = world.refresh(&moved, Some(&b.account.to_string())).await;
        assert_eq!(code(refused.unwrap_err()), "not_a_member");
        assert_eq!(code(remove().await.unwrap_err()), "not_found");

        // Invited again she starts anew: no role, no key, and no old token.
        world.clock.advance(1000);
        world.invite_ada(None).await;
        for tokens in [&there, &old] {
            assert!(matches!(world.identity(tokens), Err(AuthError::Revoked(_))));
        }
        let anew = world.ada(Some(b.account)).await;
        let iam = Credential::Iam(anew.access_token.expose());
        assert!(world.scope(iam, space).is_err());
        assert!(world.scope(key, space).is_err());
    });
}

#[test]
fn a_user_removed_from_the_home_account_moves_to_the_next_and_after_the_last_is_deleted() {
    on_both("home_and_forgotten", &async |world: &World| {
        let (a, b) = (world.a.account, world.b.account);
        let (carl, password) = world.invite_carl(None).await;
        let ada = world.identity(&world.ada(None).await).unwrap();
        let invited = world.iam.invite(&ada, a, &[invitee(CARL)]).await.unwrap();
        let carl_caller = world.login(CARL, &password, None).await.unwrap();
        let carl_caller = world.identity(&carl_caller).unwrap();
        let choice = Choice::Id(invited[0].id);
        world.iam.accept(&carl_caller, choice, None).await.unwrap();
        let bea = world.bea().await;
        world.iam.remove_member(&bea, b, carl).await.unwrap();
        let tokens = world.login(CARL, &password, None).await.unwrap();
        assert_eq!(world.bound(&tokens), a);
        world.iam.remove_member(&ada, a, carl).await.unwrap();
        assert!(world.iam.directory().user(carl).is_none());
        let refused = world.login(CARL, &password, None).await;
        assert_eq!(code(refused.unwrap_err()), "wrong_proof");
        world.clock.advance(1000);
        let (anew, other) = world.invite_carl(None).await;
        assert_ne!(anew, carl);
        assert_ne!(other, password);
        assert!(world.identity(&tokens).is_err());
    });
}

#[test]
fn an_account_keeps_an_administrator_and_an_owner() {
    on_both("keeps_administrator", &async |world: &World| {
        let (bea, b) = (world.bea().await, &world.b);
        let (account, domain) = (b.account, Domain::Account(b.account));
        let refused = world.iam.remove_member(&bea, account, b.owner).await;
        assert_eq!(code(refused.unwrap_err()), "conflict");
        let unset = world.iam.unset_role(&bea, domain, Role::Administrator, BEA);
        assert_eq!(code(unset.await.unwrap_err()), "conflict");
        let (carl, password) = world.invite_carl(Some(Role::Administrator)).await;
        world
            .iam
            .remove_member(&bea, account, b.owner)
            .await
            .unwrap();
        let tokens = world.login(CARL, &password, None).await.unwrap();
        let caller = world.identity(&tokens).unwrap();
        assert_eq!(
            world
                .iam
                .accounts(&caller, by_name, PageRequest::WHOLE)
                .entries[0]
                .owner,
            carl
        );
        let refused = world.iam.remove_member(&caller, account, carl).await;
        assert_eq!(code(refused.unwrap_err()), "conflict");
    });
}

/// Two Administrators, each on a node that has not learned of the other's change.
#[test]
fn two_administrators_who_remove_each_other_leave_one() {
    on_both("remove_each_other", &async |world: &World| {
        let (account, bea) = (world.b.account, world.bea().await);
        let (carl, password) = world.invite_carl(Some(Role::Administrator)).await;
        let tokens = world.login(CARL, &password, None).await.unwrap();
        let caller = world.identity(&tokens).unwrap();
        // A change of its own makes the second node read all changes until now.
        let dora = [invitee("dora@example.org")];
        world.twin.invite(&bea, account, &dora).await.unwrap();
        let (one, other) = tokio::join!(
            world.iam.remove_member(&bea, account, carl),
            world.twin.remove_member(&caller, account, world.b.owner),
        );
        let refused = match (one, other) {
            (Ok(()), Err(refused)) | (Err(refused), Ok(())) => refused,
            both => panic!("not exactly one was removed: {both:?}"),
        };
        assert_eq!(code(refused), "not_allowed");
    });
}

#[test]
fn the_operator_makes_accounts() {
    on_both("operator", &async |world: &World| {
        let make = async |request| world.iam.create_account(request).await;
        let again = make(request("b", "eve@example.org")).await;
        assert_eq!(code(again.unwrap_err()), "conflict");
        assert!(
            world
                .iam
                .directory()
                .user_by_email("eve@example.org")
                .is_none()
        );
        for wrong in [
            request("", ADA),
            request("c", "nobody"),
            Request {
                region: Some("mars".to_owned()),
                ..request("c", ADA)
            },
            Request {
                space: "\u{7}".to_owned(),
                ..request("c", ADA)
            },
        ] {
            assert_eq!(code(make(wrong).await.unwrap_err()), "field");
        }
        let made = make(request("c", ADA)).await.unwrap();
        assert!(made.opening.is_none(), "a known owner got a password");
        assert_eq!(made.owner.id, world.a.owner);
        assert_eq!(made.region, "local");
        let tokens = world.ada(Some(made.account)).await;
        let token = Credential::Iam(tokens.access_token.expose());
        world.scope(token, Domain::Space(made.space)).unwrap();
        // The first account is the default of an owner of several.
        assert_eq!(world.bound(&world.ada(None).await), world.a.account);
        assert!(matches!(
            world.iam.bootstrap(request("d", CARL)).await,
            Err(IamError::AlreadyInitialised)
        ));
    });
}

/// A login that was ended at another node answers no invitation.
#[test]
fn a_login_that_has_ended_answers_no_invitation() {
    on_both("ended_login_answers", &async |world: &World| {
        let invitation = Choice::Id(world.invite(ADA, None).await.id);
        let ada = world.identity(&world.ada(None).await).unwrap();
        let node = world.node().await;
        world.iam.log_out(&ada).await.unwrap();
        let accepted = node.accept(&ada, invitation, None).await;
        let declined = node.decline(&ada, invitation).await;
        for answer in [accepted, declined] {
            let refused = answer.unwrap_err();
            let reason = &refused.refusal().unwrap().reason;
            let is_revoked =
                matches!(reason, Reason::Credential(why) if matches!(**why, AuthError::Revoked(_)));
            assert!(is_revoked, "{refused}");
        }
        let ada = world.identity(&world.ada(None).await).unwrap();
        node.accept(&ada, invitation, None).await.unwrap();
        node.close().await;
    });
}
