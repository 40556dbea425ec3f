//! A limited key: to one domain, to sending, or to both.

use crate::world::{World, access_token, code, on_both_databases, refresh_token};
use base::id::{Guid, SpaceId};
use base::scope::{Action, Actions, Domain, Owner};
use iam::bounds::Narrowing;
use iam::flow::grant::Grant;
use iam::flow::uaa::UaaGrant;
use iam::manage::api_key::NewKey;
use iam::role::Role;
use iam::{AuthError, Credential};

on_both_databases!(
    a_key_for_one_domain_opens_no_other_and_manages_nothing,
    a_key_that_sends_alone_reads_nothing,
    whatever_domain_a_scope_is_for_its_shares_are_the_accounts,
    what_is_obtained_with_a_key_has_no_more_than_it,
    a_key_reaches_only_what_its_user_does,
    a_key_for_what_is_unknown_opens_nothing_and_keeps_nobody_out,
    a_role_that_is_unknown_allows_nothing_and_keeps_nobody_out,
);

fn key(domain: Option<Domain>, send_only: bool) -> NewKey {
    NewKey {
        narrowing: Narrowing { domain, send_only },
        ..NewKey::default()
    }
}

async fn a_key_for_one_domain_opens_no_other_and_manages_nothing(world: World) {
    let (owner, space) = (world.owner(), Domain::Space(world.space()));
    let (_, text) = world.key(&owner, key(Some(space), false)).await;
    let verifier = world.iam.verifier();
    let scope = |domain| verifier.scope(Credential::ApiKey(&text), domain);
    let all = scope(Some(space)).unwrap().actions();
    assert_eq!(
        all,
        world.iam.directory().actions(owner.principal(), space),
        "all that its user may do there"
    );
    let nobodys = Domain::Space(SpaceId(Guid::from_random([9; 16])));
    for other in [
        None,
        Some(Domain::Account(world.made.account)),
        Some(Domain::Org(world.org())),
        // The same answer whether it exists or not.
        Some(nobodys),
    ] {
        let error = scope(other).unwrap_err();
        assert_eq!(error, AuthError::OutOfReach { domain: space });
    }
    assert_eq!(
        world.enter_key(&text).map(drop),
        Err(AuthError::ForMetricsOnly)
    );
}

async fn whatever_domain_a_scope_is_for_its_shares_are_the_accounts(world: World) {
    let (_, text) = world.key(&world.owner(), key(None, false)).await;
    let verifier = world.iam.verifier();
    for domain in [
        None,
        Some(Domain::Org(world.org())),
        Some(Domain::Space(world.space())),
    ] {
        let scope = verifier.scope(Credential::ApiKey(&text), domain).unwrap();
        assert_eq!(scope.owner(), Owner::from(world.made.account));
    }
}

async fn a_key_that_sends_alone_reads_nothing(world: World) {
    let owner = world.owner();
    let (_, text) = world.key(&owner, key(None, true)).await;
    let verifier = world.iam.verifier();
    for domain in [
        None,
        Some(Domain::Org(world.org())),
        Some(Domain::Space(world.space())),
    ] {
        let scope = verifier.scope(Credential::ApiKey(&text), domain).unwrap();
        assert_eq!(scope.actions(), Actions::of(&[Action::Write]));
    }
    // Nothing is left of an Auditor's rights.
    let bob = world.person("bob@example.org", None).await;
    let space = Domain::Space(world.space());
    let role = iam::role::Role::Auditor;
    world
        .iam
        .set_role(&owner, space, role, &bob.email)
        .await
        .unwrap();
    let (_, text) = world.key(&bob.identity, key(None, true)).await;
    let scope = verifier.scope(Credential::ApiKey(&text), Some(space));
    assert!(scope.unwrap().actions().is_empty());
}

async fn what_is_obtained_with_a_key_has_no_more_than_it(world: World) {
    let (owner, space) = (world.owner(), Domain::Space(world.space()));
    let (_, text) = world.key(&owner, key(Some(space), true)).await;
    let first = world.key_session(&text).await.unwrap();
    let renewed = world.renew(&refresh_token(&first)).await.unwrap();
    let uaa = UaaGrant::Proof(Grant::ApiKey(crate::world::secret(&text)));
    let here = base::source::Source::here();
    let uaa = world.iam.uaa_token(here, uaa).await.unwrap();
    let uaa_text = uaa.access_token.expose().clone();
    let uaa_refresh = uaa.refresh_token.as_ref().unwrap();
    let uaa_renewed = world.uaa_renew(uaa_refresh.expose()).await.unwrap();
    let uaa_renewed = uaa_renewed.access_token.expose().clone();
    let (first, renewed) = (access_token(&first), access_token(&renewed));
    let verifier = world.iam.verifier();
    for credential in [
        Credential::Iam(&first),
        Credential::Iam(&renewed),
        Credential::Uaa(&uaa_text),
        Credential::Uaa(&uaa_renewed),
    ] {
        let scope = verifier.scope(credential, Some(space)).unwrap();
        assert_eq!(scope.actions(), Actions::of(&[Action::Write]));
        let org = Some(Domain::Org(world.org()));
        assert_eq!(
            verifier.scope(credential, org).map(drop),
            Err(AuthError::OutOfReach { domain: space })
        );
        // So it makes no key, no code and no invitation.
        assert_eq!(
            verifier.identity(credential).map(drop),
            Err(AuthError::ForMetricsOnly)
        );
    }
    // Other readers of the token see the limits.
    for credential in [
        Credential::ApiKey(&text),
        Credential::Iam(&first),
        Credential::Iam(&renewed),
    ] {
        let (claims, _) = world.iam.introspect(credential).unwrap();
        let reach = claims.reach.unwrap();
        assert_eq!(reach.domain, Some(space.to_string()));
        assert_eq!(reach.only.as_deref(), Some(Narrowing::SEND));
    }
}

async fn a_key_reaches_only_what_its_user_does(world: World) {
    let bob = world.person("bob@example.org", None).await;
    let nobodys = Domain::Space(SpaceId(Guid::from_random([9; 16])));
    for domain in [Domain::Space(world.space()), nobodys] {
        let new = NewKey {
            name: "far".to_owned(),
            ..key(Some(domain), false)
        };
        let refused = world.iam.create_api_key(&bob.identity, new).await;
        assert_eq!(code(refused), "not_found");
    }
}

/// Changes the database like a newer program.
pub(crate) async fn written_by_a_newer_node(
    world: &World,
    sql: &'static str,
    values: &[db::Value],
) {
    let db = world.database().await;
    let mut tx = db.begin().await.unwrap();
    assert_eq!(tx.execute(sql, values).await.unwrap(), 1);
    let next = "UPDATE counters SET value = value + 1 WHERE name = 'changes'";
    tx.execute(next, &[]).await.unwrap();
    let number = "UPDATE changes SET sequence = (SELECT value FROM counters WHERE name = 'changes') WHERE sequence IS NULL";
    assert_ne!(tx.execute(number, &[]).await.unwrap(), 0);
    #[expect(clippy::disallowed_methods, reason = "the change of another program")]
    tx.commit().await.unwrap();
    db.close().await;
}

async fn a_key_for_what_is_unknown_opens_nothing_and_keeps_nobody_out(world: World) {
    let owner = world.owner();
    let (id, unknown) = world.key(&owner, key(None, true)).await;
    let (_, known) = world.key(&owner, NewKey::default()).await;
    let sql = "UPDATE api_keys SET reach_only = 'a word to come' WHERE guid = $1";
    written_by_a_newer_node(&world, sql, &[id.0.to_string().into()]).await;
    world.iam.sync().await.unwrap();
    let later = world.node().await;
    for node in [&world.iam, &later] {
        let verifier = node.verifier();
        assert_eq!(
            verifier.scope(Credential::ApiKey(&unknown), None).map(drop),
            Err(AuthError::KeyUnknown)
        );
        assert!(verifier.scope(Credential::ApiKey(&known), None).is_ok());
    }
    // With a known word it is a key again.
    let sql = "UPDATE api_keys SET reach_only = 'send' WHERE guid = $1";
    written_by_a_newer_node(&world, sql, &[id.0.to_string().into()]).await;
    later.sync().await.unwrap();
    let scope = later.verifier().scope(Credential::ApiKey(&unknown), None);
    assert!(scope.is_ok());
    later.close().await;
}

async fn a_role_that_is_unknown_allows_nothing_and_keeps_nobody_out(world: World) {
    let (owner, space) = (world.owner(), Domain::Space(world.space()));
    let bob = world.person("bob@example.org", None).await;
    let given = world
        .iam
        .set_role(&owner, space, Role::Auditor, &bob.email)
        .await;
    given.unwrap();
    assert!(!world.iam.directory().actions(bob.id, space).is_empty());
    let sql = "UPDATE roles SET role = 'a role to come' WHERE principal = $1";
    written_by_a_newer_node(&world, sql, &[bob.id.0.to_string().into()]).await;
    world.iam.sync().await.unwrap();
    let later = world.node().await;
    for node in [&world.iam, &later] {
        assert!(node.directory().actions(bob.id, space).is_empty());
        assert!(
            !node
                .directory()
                .actions(owner.principal(), space)
                .is_empty()
        );
    }
    later.close().await;
}
