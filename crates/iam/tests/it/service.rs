//! A service as a caller: its key opens what its roles say, like a user's, and nothing that only people have.
//!
//! Their rows are written past the interface that makes service IDs, with an entry in the change log like any change of another
//! node: these have no name.

use crate::world::Whole as _;
use crate::world::{World, access_token, code, on_both_databases, refresh_token, secret, source};
use base::id::{Guid, KeyId, OrgId, ServiceId};
use base::principal::Principal;
use base::scope::{Action, Domain};
use db::{Tx, Value};
use iam::audit::Page;
use iam::flow::grant::{Client, Grant, TokenRequest};
use iam::flow::uaa::UaaGrant;
use iam::manage::api_key::{KeysOf, NewKey, Switch};
use iam::manage::invitation::Invitee;
use iam::manage::page::PageRequest;
use iam::role::Role;
use iam::{AuthError, Credential, Iam};
use std::cmp::Ordering;

on_both_databases!(
    its_key_opens_what_its_roles_say,
    its_tokens_name_it_as_a_service,
    its_sessions_are_renewed_and_end_with_its_key,
    nothing_that_needs_a_person_works_for_it,
    what_is_taken_from_it_is_gone_on_every_node,
    it_manages_within_its_roles_and_the_audit_names_it,
    it_is_no_user_in_lists_and_no_last_administrator,
    it_goes_with_its_account,
);

const KEY: &str = "the-key-of-a-service-9f3c7a01e5d84b26";

struct Service {
    id: ServiceId,
    guid: Value,
    key: KeyId,
}

impl Service {
    fn principal(&self) -> Principal {
        self.id.into()
    }
}

/// Runs statements as another node would: their change is numbered in the log.
async fn elsewhere(world: &World, statements: &[(&'static str, &[Value])]) {
    let db = world.database().await;
    let mut tx = db.begin().await.unwrap();
    for (sql, values) in statements {
        tx.execute(sql, values).await.unwrap();
    }
    number(&mut tx).await;
    #[expect(clippy::disallowed_methods, reason = "rows past the interface")]
    tx.commit().await.unwrap();
    db.close().await;
    world.iam.sync().await.unwrap();
}

async fn number(tx: &mut Tx) {
    for sql in [
        "UPDATE counters SET value = value + 1 WHERE name = 'changes'",
        "UPDATE changes SET sequence = (SELECT value FROM counters WHERE name = 'changes') WHERE sequence IS NULL",
    ] {
        tx.execute(sql, &[]).await.unwrap();
    }
}

/// A service of the account, with one key and these roles.
async fn service(world: &World, roles: &[(Domain, Role)]) -> Service {
    let guid = Guid::from_random([42; 16]);
    let made = Service {
        id: ServiceId(guid),
        guid: guid.to_string().into(),
        key: KeyId(Guid::from_random([43; 16])),
    };
    let account = Value::from(world.made.account.to_string());
    let hash = iam::entropy::sha256(KEY.as_bytes());
    let named = [made.guid.clone()];
    let member = [account.clone(), made.guid.clone()];
    let key = [
        made.key.0.to_string().into(),
        account,
        made.guid.clone(),
        Value::from(&hash[..]),
    ];
    let mut statements: Vec<(&'static str, &[Value])> = vec![
        (
            "INSERT INTO principals (guid, kind) VALUES ($1, 'service')",
            &named,
        ),
        (
            "INSERT INTO members (account, principal, added_at) VALUES ($1, $2, 0)",
            &member,
        ),
        (
            "INSERT INTO api_keys (guid, account, principal, name, description, hash, locked, disabled, revision, \
             created_at, modified_at) VALUES ($1, $2, $3, 'of a service', '', $4, 0, 0, 1, 0, 0)",
            &key,
        ),
    ];
    let given: Vec<[Value; 3]> = roles
        .iter()
        .map(|(domain, role)| {
            [
                made.guid.clone(),
                domain.to_string().into(),
                role.name().into(),
            ]
        })
        .collect();
    let sql = "INSERT INTO roles (principal, domain, role) VALUES ($1, $2, $3)";
    statements.extend(given.iter().map(|values| (sql, &values[..])));
    elsewhere(world, &statements).await;
    made
}

fn refusal(iam: &Iam, credential: Credential<'_>, domain: Domain) -> AuthError {
    let scope = iam.verifier().scope(credential, Some(domain));
    scope.expect_err("it was let in")
}

async fn its_key_opens_what_its_roles_say(world: World) {
    let (space, org) = (Domain::Space(world.space()), Domain::Org(world.org()));
    let made = service(&world, &[(space, Role::Developer)]).await;
    let node = world.node().await;
    for iam in [&world.iam, &node] {
        let key = Credential::ApiKey(KEY);
        let scope = iam.verifier().scope(key, Some(space)).unwrap();
        assert_eq!(scope.principal(), made.principal());
        scope.require(Action::Write).unwrap();
        scope.require(Action::Render).unwrap();
        let elsewhere = Domain::Org(OrgId(Guid::from_random([9; 16])));
        for closed in [org, elsewhere] {
            let error = refusal(iam, key, closed);
            assert!(matches!(error, AuthError::DomainNotFound(_)), "{error}");
        }
        let identity = iam.verifier().identity(key).unwrap();
        assert_eq!(identity.principal(), made.principal());
        assert_eq!(identity.account(), world.made.account);
        assert_eq!(identity.bounds().root().key, Some(made.key));
        assert_eq!(iam.directory().roles(made.id, space), [Role::Developer]);
    }
    // A key of a service can be limited like a user's.
    let narrow = "UPDATE api_keys SET reach_domain = $2, reach_only = 'send' WHERE principal = $1";
    let values = [made.guid.clone(), space.to_string().into()];
    elsewhere(&world, &[(narrow, &values)]).await;
    let key = Credential::ApiKey(KEY);
    let scope = world.iam.verifier().scope(key, Some(space)).unwrap();
    scope.require(Action::Write).unwrap();
    scope.require(Action::Render).unwrap_err();
    let error = refusal(&world.iam, key, org);
    assert!(matches!(error, AuthError::OutOfReach { .. }), "{error}");
    node.close().await;
}

async fn its_tokens_name_it_as_a_service(world: World) {
    let space = Domain::Space(world.space());
    let made = service(&world, &[(space, Role::Developer)]).await;
    let tokens = World::ask(&world.iam, Grant::ApiKey(secret(KEY)), None).await;
    let token = access_token(&tokens.unwrap());
    let credential = Credential::Iam(&token);
    let scope = world.iam.verifier().scope(credential, Some(space)).unwrap();
    assert_eq!(scope.principal(), made.principal());

    let (claims, subject) = world.iam.introspect(credential).unwrap();
    assert_eq!(subject.principal(), made.principal());
    assert!(subject.user().is_none());
    let claims = serde_json::to_value(&claims).unwrap();
    let identifier = format!("ServiceId-{}", made.id.0);
    for (claim, value) in [
        ("iam_id", format!("iam-{identifier}")),
        ("id", format!("iam-{identifier}")),
        ("realmid", "iam".to_owned()),
        ("identifier", identifier.clone()),
        ("sub", identifier.clone()),
        ("sub_type", "ServiceId".to_owned()),
        ("iam_apikey_id", made.key.to_string()),
    ] {
        assert_eq!(claims[claim], value.as_str(), "{claim}");
    }
    assert_eq!(claims["authn"]["sub"], identifier.as_str());
    assert_eq!(claims["authn"]["sub_type"], "ServiceId");
    for absent in ["email", "given_name", "family_name"] {
        assert!(claims.get(absent).is_none(), "{absent}");
        assert!(claims["authn"].get(absent).is_none(), "{absent}");
    }
    // A user's token is as before.
    let owner = access_token(&world.log_in().await);
    let (claims, _) = world.iam.introspect(Credential::Iam(&owner)).unwrap();
    let claims = serde_json::to_value(&claims).unwrap();
    assert_eq!(claims["sub"], claims["email"]);
    assert_eq!(claims["realmid"], "IBMid");
    assert!(claims.get("sub_type").is_none());
}

async fn its_sessions_are_renewed_and_end_with_its_key(world: World) {
    let made = service(&world, &[(Domain::Space(world.space()), Role::Developer)]).await;
    let first = world.key_session(KEY).await.unwrap();
    let second = world.renew(&refresh_token(&first)).await.unwrap();
    let identity = world.enter(&access_token(&second)).unwrap();
    assert_eq!(identity.principal(), made.principal());
    // Within the grace the same successor comes again.
    world.renew(&refresh_token(&first)).await.unwrap();
    let disabled = "UPDATE api_keys SET disabled = 1 WHERE principal = $1";
    elsewhere(&world, &[(disabled, std::slice::from_ref(&made.guid))]).await;
    let error = world.enter(&access_token(&second)).unwrap_err();
    assert!(matches!(error, AuthError::Revoked(_)), "{error}");
    let again = world.renew(&refresh_token(&second)).await;
    assert_eq!(code(again), "wrong_refresh_token");
    assert_eq!(code(world.key_session(KEY).await), "wrong_key");
}

async fn nothing_that_needs_a_person_works_for_it(world: World) {
    let account = Domain::Account(world.made.account);
    let made = service(&world, &[(account, Role::Administrator)]).await;
    let request = |grant, with_uaa| TokenRequest {
        grant,
        client: Some(Client::Bx),
        account: None,
        with_uaa,
        delegated_seconds: None,
        source: source(),
    };
    let key = || Grant::ApiKey(secret(KEY));
    assert_eq!(
        code(world.iam.passcode(request(key(), false)).await),
        "not_allowed"
    );
    assert_eq!(
        code(world.iam.token(request(key(), true)).await),
        "not_allowed"
    );
    let uaa = world.iam.uaa_token(source(), UaaGrant::Proof(key())).await;
    assert_eq!(code(uaa), "not_allowed");
    // None of them has begun a session.
    let begun = "SELECT guid FROM sessions WHERE principal = $1";
    let db = world.database().await;
    assert!(
        db.all(begun, std::slice::from_ref(&made.guid))
            .await
            .unwrap()
            .is_empty()
    );
    db.close().await;

    let tokens = world.key_session(KEY).await.unwrap();
    let (access, refresh) = (access_token(&tokens), refresh_token(&tokens));
    let token = UaaGrant::IamToken(secret(&access));
    assert_eq!(
        code(world.iam.uaa_token(source(), token).await),
        "not_allowed"
    );
    let renewal = || Grant::RefreshToken(secret(&refresh));
    assert_eq!(
        code(world.iam.passcode(request(renewal(), false)).await),
        "not_allowed"
    );
    // A refusal uses no refresh token up.
    assert_eq!(
        code(world.iam.token(request(renewal(), true)).await),
        "not_allowed"
    );
    let renewed = world.renew(&refresh).await.unwrap();

    let caller = world.enter(&access_token(&renewed)).unwrap();
    caller.user().unwrap_err();
    assert_eq!(code(world.iam.user(&caller)), "not_allowed");
    let (old, new) = (secret("the old one"), secret("chosen at the beginning"));
    let changed = world.change_password(&caller, source(), old, new).await;
    assert_eq!(code(changed), "not_allowed");
    let invitee = Invitee {
        email: "bea@example.org".to_owned(),
        role: None,
    };
    let invited = world
        .iam
        .invite(&caller, world.made.account, &[invitee])
        .await;
    assert_eq!(code(invited), "not_allowed");
    let whole = PageRequest::WHOLE;
    let waiting = world.iam.invitations_of(&caller, None, whole).await;
    assert_eq!(code(waiting), "not_allowed");
    for name in [made.id.to_string(), made.id.0.to_string()] {
        let entered = world.password(&name, KEY).await;
        assert_eq!(code(entered), "wrong_proof");
    }
}

async fn what_is_taken_from_it_is_gone_on_every_node(world: World) {
    let (space, org) = (Domain::Space(world.space()), Domain::Org(world.org()));
    let roles = [(space, Role::Developer), (org, Role::Auditor)];
    let made = service(&world, &roles).await;
    let node = world.node().await;
    let tokens = World::ask(&world.iam, Grant::ApiKey(secret(KEY)), None).await;
    let token = access_token(&tokens.unwrap());
    let both = [Credential::ApiKey(KEY), Credential::Iam(&token)];

    let role = "DELETE FROM roles WHERE principal = $1 AND domain = $2";
    let values = [made.guid.clone(), space.to_string().into()];
    elsewhere(&world, &[(role, &values)]).await;
    node.sync().await.unwrap();
    for (iam, credential) in [&world.iam, &node].into_iter().zip(both) {
        let error = refusal(iam, credential, space);
        assert!(matches!(error, AuthError::DomainNotFound(_)), "{error}");
        iam.verifier().scope(credential, Some(org)).unwrap();
        assert!(iam::inspect::matches_database(iam).await.unwrap());
    }

    // An Administrator sees its keys and disables them.
    let owner = world.owner();
    let of_services = KeysOf {
        everybody: true,
        services: Some(true),
        ..KeysOf::default()
    };
    let by = |_: &_, _: &_| Ordering::Equal;
    let found = world
        .iam
        .api_keys(&owner, of_services, by, PageRequest::WHOLE);
    let found = found.unwrap();
    assert_eq!(found.total, 1);
    assert_eq!(found.entries[0].principal, made.principal());
    let turned = world
        .iam
        .switch_api_key(&owner, made.key, Switch::Disabled, true);
    turned.await.unwrap();
    node.sync().await.unwrap();
    for (iam, credential) in [&world.iam, &node].into_iter().zip(both) {
        let error = refusal(iam, credential, org);
        assert!(matches!(error, AuthError::Revoked(_)), "{error}");
    }
    let turned = world
        .iam
        .switch_api_key(&owner, made.key, Switch::Disabled, false);
    turned.await.unwrap();

    // Deleted: first what refers to it.
    let named = std::slice::from_ref(&made.guid);
    let gone = [
        ("DELETE FROM roles WHERE principal = $1", named),
        ("DELETE FROM api_keys WHERE principal = $1", named),
        ("DELETE FROM members WHERE principal = $1", named),
        ("DELETE FROM principals WHERE guid = $1", named),
    ];
    elsewhere(&world, &gone).await;
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert!(!iam.directory().exists(made.principal()));
        assert_eq!(refusal(iam, both[0], org), AuthError::KeyUnknown);
        let error = refusal(iam, both[1], org);
        assert!(matches!(error, AuthError::Revoked(_)), "{error}");
        assert!(iam::inspect::matches_database(iam).await.unwrap());
    }
    node.close().await;
}

async fn it_manages_within_its_roles_and_the_audit_names_it(world: World) {
    let account = Domain::Account(world.made.account);
    let made = service(&world, &[(account, Role::Editor)]).await;
    let caller = world.enter_key(KEY).unwrap();
    let org = world.iam.create_org(&caller, "made", None).await.unwrap();
    let domain = Domain::Org(org.id);
    assert!(
        world
            .iam
            .directory()
            .has_role(made.id, domain, Role::Manager)
    );
    let seen = world.iam.orgs(&caller, |_| true, PageRequest::WHOLE);
    assert_eq!(seen.entries.len(), 1, "{seen:?}");
    let refused =
        world
            .iam
            .remove_member(&caller, world.made.account, world.owner().user().unwrap());
    assert_eq!(code(refused.await), "not_allowed");
    // A deletion keeps its role, and a restore gives it back.
    world.iam.delete_org(&caller, org.id, false).await.unwrap();
    assert!(world.iam.directory().roles(made.id, domain).is_empty());
    world.iam.restore_org(&caller, org.id, None).await.unwrap();
    assert!(
        world
            .iam
            .directory()
            .has_role(made.id, domain, Role::Manager)
    );
    let (_, text) = world
        .iam
        .create_api_key(
            &caller,
            NewKey {
                name: "second".to_owned(),
                ..NewKey::default()
            },
        )
        .await
        .unwrap();
    let second = world.enter_key(text.expose()).unwrap();
    assert_eq!(second.principal(), made.principal());
    let entries = world.iam.audit(Page::default()).await.unwrap();
    for event in ["org_made", "org_deleted", "org_restored", "key_made"] {
        let last = entries.iter().rfind(|entry| entry.event == event);
        let last = last.unwrap_or_else(|| panic!("no {event}: {entries:#?}"));
        assert_eq!(last.who, made.id.to_string(), "{event}");
    }
}

async fn it_is_no_user_in_lists_and_no_last_administrator(world: World) {
    let account = Domain::Account(world.made.account);
    let made = service(&world, &[(account, Role::Administrator)]).await;
    let caller = world.enter_key(KEY).unwrap();
    let all = world
        .iam
        .members(&caller, world.made.account, PageRequest::WHOLE)
        .unwrap();
    assert_eq!(all.total, 1, "{all:?}");
    let holders = world
        .iam
        .holders(&caller, account, Role::Administrator, PageRequest::WHOLE);
    // Whoever looks who may do what sees it too.
    let owner = world.owner();
    let expected = [made.principal(), owner.principal()];
    assert_eq!(holders.unwrap().entries, expected);
    assert_eq!(
        world
            .iam
            .directory()
            .principals_of(world.made.account)
            .len(),
        2
    );
    // Somebody must be left who can log in.
    let owner = owner.user().unwrap();
    let removed = world
        .iam
        .remove_member(&caller, world.made.account, owner)
        .await;
    assert_eq!(code(removed), "conflict");
    assert!(world.iam.directory().exists(made.principal()));
}

async fn it_goes_with_its_account(world: World) {
    let made = service(&world, &[(Domain::Space(world.space()), Role::Developer)]).await;
    let account = world.made.account;
    world.second_account().await;
    world.iam.delete_account(account).await.unwrap();
    assert!(!world.iam.directory().exists(made.principal()));
    let error = world.enter_key(KEY).unwrap_err();
    assert!(matches!(error, AuthError::Revoked(_)), "{error}");
    world.iam.restore_account(account, None).await.unwrap();
    world.enter_key(KEY).unwrap();
    // Once its samples are removed the account is forgotten, with everybody who is in no other.
    world.iam.delete_account(account).await.unwrap();
    world.remove_deleted().await;
    let db = world.database().await;
    let left = "SELECT kind FROM principals WHERE guid = $1";
    assert!(
        db.one(left, std::slice::from_ref(&made.guid))
            .await
            .unwrap()
            .is_none()
    );
    db.close().await;
}
