//! The account of a login, a renewal, a key and a token.

use super::world::{ADA, World, code, on_both, secret};
use crate::world::Whole as _;
use base::id::OrgId;
use base::scope::Domain;
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::flow::uaa::UaaGrant;
use iam::manage::api_key::{KeysOf, NewKey};
use iam::manage::page::PageRequest;
use iam::role::Role;
use iam::{AuthError, Credential, Identity};
use std::cmp::Ordering;

#[test]
fn a_login_is_for_the_first_account_or_the_one_it_names() {
    on_both("login_names_account", &async |world: &World| {
        let (a, b) = (world.a.account, world.b.account);
        assert_eq!(world.bound(&world.ada(None).await), a);
        let refused = world.login(ADA, &world.a.password, Some(b)).await;
        assert_eq!(code(refused.unwrap_err()), "not_a_member");
        world.invite_ada(None).await;
        assert_eq!(world.bound(&world.ada(None).await), a);
        assert_eq!(world.bound(&world.ada(Some(b)).await), b);
        let wrong = world.login(ADA, "not this", Some(b)).await;
        assert_eq!(code(wrong.unwrap_err()), "wrong_proof");
    });
}

#[test]
fn a_renewal_switches_and_the_switch_lasts() {
    on_both("renewal_switches", &async |world: &World| {
        world.invite_ada(None).await;
        let (a, b) = (world.a.account, world.b.account);
        let first = world.ada(None).await;
        let there = world.refresh(&first, Some(&b.to_string())).await.unwrap();
        assert_eq!(world.bound(&there), b);
        let still = world.refresh(&there, None).await.unwrap();
        assert_eq!(world.bound(&still), b);
        let back = world.refresh(&still, Some(&a.to_string())).await.unwrap();
        assert_eq!(world.bound(&back), a);
        // Tokens from before the switch are valid until they expire, for the account they name.
        assert_eq!(world.bound(&first), a);
        assert_eq!(world.bound(&still), b);
    });
}

#[test]
fn a_wrong_account_does_not_use_the_refresh_token_up() {
    on_both("wrong_account", &async |world: &World| {
        let first = world.ada(None).await;
        let nowhere = "00000000000000000000000000000000";
        for account in [&*world.b.account.to_string(), nowhere, "nonsense", ""] {
            let refused = world.refresh(&first, Some(account)).await;
            assert_eq!(code(refused.unwrap_err()), "not_a_member", "{account}");
        }
        // If it had been used, a second use after the grace would end the session.
        world.clock.advance(60_000);
        let second = world.refresh(&first, None).await.unwrap();
        assert_eq!(world.bound(&second), world.a.account);
        // The same within the grace of a used token.
        let refused = world.refresh(&first, Some(nowhere)).await;
        assert_eq!(code(refused.unwrap_err()), "not_a_member");
        let third = world.refresh(&second, None).await.unwrap();
        assert_eq!(world.bound(&third), world.a.account);
    });
}

#[test]
fn two_that_renew_at_once_agree_on_the_account() {
    on_both("agree_on_account", &async |world: &World| {
        world.invite_ada(None).await;
        let b = world.b.account.to_string();
        let first = world.ada(None).await;
        let (plain, switching) =
            tokio::join!(world.refresh(&first, None), world.refresh(&first, Some(&b)));
        let (plain, switching) = (plain.unwrap(), switching.unwrap());
        let text = |tokens: &Tokens| tokens.refresh_token.as_ref().unwrap().expose().clone();
        assert_eq!(text(&plain), text(&switching));
        assert_eq!(world.bound(&switching), world.b.account);
        let next = world.refresh(&plain, None).await.unwrap();
        assert_eq!(world.bound(&next), world.b.account);
    });
}

#[test]
fn a_disabled_key_does_not_cost_the_refresh_token() {
    on_both("disabled_key", &async |world: &World| {
        let tokens = world
            .ask(Grant::ApiKey(secret(&world.a.key)), None)
            .await
            .unwrap();
        let ada = world.identity(&world.ada(None).await).unwrap();
        let key = world
            .iam
            .api_keys(
                &ada,
                KeysOf::default(),
                |_, _| Ordering::Equal,
                PageRequest::WHOLE,
            )
            .unwrap()
            .entries[0]
            .id;
        let switch = iam::manage::api_key::Switch::Disabled;
        let turn = async |on| {
            world
                .iam
                .switch_api_key(&ada, key, switch, on)
                .await
                .unwrap();
        };
        turn(true).await;
        let refused = world.refresh(&tokens, None).await;
        assert_eq!(code(refused.unwrap_err()), "wrong_refresh_token");
        turn(false).await;
        world.clock.advance(60_000);
        world.refresh(&tokens, None).await.unwrap();
    });
}

#[test]
fn a_key_opens_its_own_account_alone() {
    on_both("key_own_account", &async |world: &World| {
        world.invite_ada(Some(Role::Viewer)).await;
        let (a, b) = (world.a.account, world.b.account);
        let grant = || Grant::ApiKey(secret(&world.a.key));
        let refused = world.ask(grant(), Some(&b.to_string())).await;
        assert_eq!(code(refused.unwrap_err()), "not_a_member");
        let tokens = world.ask(grant(), Some(&a.to_string())).await.unwrap();
        assert_eq!(world.bound(&tokens), a);
        let refused = world.refresh(&tokens, Some(&b.to_string())).await;
        assert_eq!(code(refused.unwrap_err()), "not_a_member");
        let key = Credential::ApiKey(&world.a.key);
        world.scope(key, Domain::Account(a)).unwrap();
        assert_eq!(
            world.scope(key, Domain::Account(b)),
            Err(AuthError::WrongAccount { account: b })
        );
        // A key made with a token for the other account is of that account.
        let there = world.identity(&world.ada(Some(b)).await).unwrap();
        let new = NewKey {
            name: "there".to_owned(),
            ..NewKey::default()
        };
        let (made, text) = world.iam.create_api_key(&there, new).await.unwrap();
        assert_eq!(made.account, b);
        let key = Credential::ApiKey(text.expose());
        world.scope(key, Domain::Account(b)).unwrap();
        assert_eq!(
            world.scope(key, Domain::Space(world.a.space)),
            Err(AuthError::WrongAccount { account: a })
        );
        // The UAA does not lift the limits of the key either.
        let grant = UaaGrant::Proof(Grant::ApiKey(secret(text.expose())));
        let ada = world.identity(&world.ada(None).await).unwrap();
        let orgs = world.iam.orgs(&ada, |_| true, PageRequest::WHOLE);
        assert!(!orgs.entries.is_empty());
        let uaa = world
            .iam
            .uaa_token(base::source::Source::here(), grant)
            .await
            .unwrap();
        let renewed = UaaGrant::RefreshToken(uaa.refresh_token.clone().unwrap());
        let renewed = world
            .iam
            .uaa_token(base::source::Source::here(), renewed)
            .await
            .unwrap();
        for tokens in [&uaa, &renewed] {
            let uaa = Credential::Uaa(tokens.access_token.expose());
            assert_eq!(
                world.scope(uaa, Domain::Space(world.a.space)),
                Err(AuthError::WrongAccount { account: a })
            );
            let caller = world.iam.verifier().identity(uaa).unwrap();
            assert_eq!(caller.account(), b);
            let orgs = world.iam.orgs(&caller, |_| true, PageRequest::WHOLE);
            assert!(orgs.entries.is_empty(), "those of the first account");
        }
        // Each list is that of its account.
        let here = world.identity(&world.ada(None).await).unwrap();
        let names = |caller: &Identity| -> Vec<String> {
            let keys = world
                .iam
                .api_keys(
                    caller,
                    KeysOf::default(),
                    |_, _| Ordering::Equal,
                    PageRequest::WHOLE,
                )
                .unwrap()
                .entries;
            keys.into_iter().map(|key| key.name).collect()
        };
        assert_eq!(names(&here), ["owner"]);
        assert_eq!(names(&there), ["there"]);
        assert_eq!(
            code(world.iam.api_key(&here, made.id).await.unwrap_err()),
            "not_found"
        );
    });
}

/// Otherwise a one-time code from a key's session would lift the limits of the key.
#[test]
fn a_code_asked_for_with_a_key_opens_no_more_than_the_key() {
    on_both("code_of_a_key", &async |world: &World| {
        world.invite_ada(None).await;
        let tokens = world
            .ask(Grant::ApiKey(secret(&world.a.key)), None)
            .await
            .unwrap();
        let code_of = async |tokens: &Tokens| {
            let request = TokenRequest {
                grant: Grant::RefreshToken(tokens.refresh_token.as_ref().unwrap().clone()),
                client: Some(Client::Bx),
                account: None,
                with_uaa: false,
                delegated_seconds: None,
                source: base::source::Source::here(),
            };
            Grant::Passcode(world.iam.passcode(request).await.unwrap())
        };
        let b = world.b.account.to_string();
        let refused = world.ask(code_of(&tokens).await, Some(&b)).await;
        assert_eq!(code(refused.unwrap_err()), "not_a_member");
        let session = world.ask(code_of(&tokens).await, None).await.unwrap();
        assert_eq!(world.bound(&session), world.a.account);
        let ada = world.identity(&world.ada(None).await).unwrap();
        let key = world
            .iam
            .api_keys(
                &ada,
                KeysOf::default(),
                |_, _| Ordering::Equal,
                PageRequest::WHOLE,
            )
            .unwrap()
            .entries[0]
            .id;
        world.iam.delete_api_key(&ada, key).await.unwrap();
        assert!(matches!(
            world.identity(&session),
            Err(AuthError::Revoked(_))
        ));
        // A code from a login by password opens each account of the user, and a mistyped one does not use it up.
        let code_text = match code_of(&world.ada(None).await).await {
            Grant::Passcode(text) => text.expose().clone(),
            _ => unreachable!("a code was asked for"),
        };
        let again = || Grant::Passcode(secret(&code_text));
        let refused = world.ask(again(), Some("nonsense")).await;
        assert_eq!(code(refused.unwrap_err()), "not_a_member");
        let there = world.ask(again(), Some(&b)).await.unwrap();
        assert_eq!(world.bound(&there), world.b.account);
        let used = world.ask(again(), None).await;
        assert_eq!(code(used.unwrap_err()), "wrong_proof");
    });
}

#[test]
fn a_token_opens_its_account_and_a_uaa_token_every_place_with_a_role() {
    on_both("token_and_uaa", &async |world: &World| {
        let (a, b) = (&world.a, &world.b);
        let here = world.ada(None).await;
        let iam = Credential::Iam(here.access_token.expose());
        // An account she is not in does not exist for her, whether it exists or not.
        for domain in [Domain::Account(b.account), Domain::Space(b.space)] {
            assert_eq!(hidden(world.scope(iam, domain)), domain);
        }
        world.invite_ada(None).await;
        let bea = world.bea().await;
        let space = Domain::Space(b.space);
        world
            .iam
            .set_role(&bea, space, Role::Developer, ADA)
            .await
            .unwrap();
        let wrong = AuthError::WrongAccount { account: b.account };
        assert_eq!(world.scope(iam, space), Err(wrong.clone()));
        world.scope(iam, Domain::Space(a.space)).unwrap();
        let there = world.ada(Some(b.account)).await;
        let iam = Credential::Iam(there.access_token.expose());
        world.scope(iam, space).unwrap();
        assert!(world.scope(iam, Domain::Space(a.space)).is_err());
        // No role in the other account's own domain.
        let account = Domain::Account(b.account);
        assert_eq!(hidden(world.scope(iam, account)), account);

        let grant = UaaGrant::Proof(Grant::Password {
            username: ADA.to_owned(),
            password: secret(&a.password),
        });
        let uaa = world
            .iam
            .uaa_token(base::source::Source::here(), grant)
            .await
            .unwrap();
        let uaa = Credential::Uaa(uaa.access_token.expose());
        world.scope(uaa, space).unwrap();
        world.scope(uaa, Domain::Space(a.space)).unwrap();
        let org = Domain::Org(b.org);
        assert_eq!(hidden(world.scope(uaa, org)), org);
        let caller = world.iam.verifier().identity(uaa).unwrap();
        let orgs: Vec<OrgId> = world
            .iam
            .orgs(&caller, |_| true, PageRequest::WHOLE)
            .entries
            .iter()
            .map(|org| org.id)
            .collect();
        assert_eq!(orgs.len(), 2);
        assert_eq!(
            world
                .iam
                .orgs(
                    &world.identity(&here).unwrap(),
                    |_| true,
                    PageRequest::WHOLE
                )
                .entries
                .len(),
            1
        );
    });
}

/// The domain that the caller was told not to see.
fn hidden(scope: Result<(), AuthError>) -> Domain {
    match scope {
        Err(AuthError::DomainNotFound(hidden)) => hidden.domain,
        other => panic!("{other:?}"),
    }
}
