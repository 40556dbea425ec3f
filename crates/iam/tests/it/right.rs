//! Rights in a race: the last Administrator, roles that are given and removed, deleted domains.

use crate::world::{Person, World, access_token, code, on_both_databases, secret, source};
use base::id::{Guid, SpaceId};
use base::scope::{Action, Domain};
use iam::flow::grant::{Client, Grant};
use iam::manage::api_key::NewKey;
use iam::manage::invitation::Invitee;
use iam::role::Role;
use iam::{AuthError, CallerRoles, Credential, Iam};

on_both_databases!(
    the_last_administrator_stays,
    administrators_who_dismiss_each_other_at_once_do_not_both_go,
    a_role_counts_from_the_call_that_gives_it_to_the_call_that_takes_it,
    what_is_told_of_a_hidden_domain_are_the_callers_own_roles,
    a_role_fits_its_domain_and_its_giver,
    what_is_not_seen_is_not_found_and_what_is_seen_is_forbidden,
    a_deleted_space_is_gone_for_its_tokens_and_its_name_begins_anew,
    a_right_that_was_taken_gives_nothing_on_a_node_that_has_not_heard_of_it,
    a_text_that_is_not_seen_is_refused_before_the_database_is_asked,
);

async fn the_last_administrator_stays(world: World) {
    let (owner, account) = (world.owner(), Domain::Account(world.made.account));
    let unset = |email: String| {
        let (iam, owner) = (world.iam.clone(), owner.clone());
        async move {
            iam.unset_role(&owner, account, Role::Administrator, &email)
                .await
        }
    };
    let alone = unset(crate::world::OWNER.to_owned()).await;
    assert_eq!(code(alone), "conflict");
    // A member who is no Administrator can always be removed, and a second Administrator lets the owner leave.
    let second = world.person("bob@example.org", None).await;
    unset(second.email.clone()).await.unwrap();
    let set = world
        .iam
        .set_role(&owner, account, Role::Administrator, &second.email);
    set.await.unwrap();
    unset(crate::world::OWNER.to_owned()).await.unwrap();
    let unset = unset(second.email.clone()).await;
    assert_eq!(code(unset), "not_allowed");
    let removed = world.iam.unset_role(
        &second.identity,
        account,
        Role::Administrator,
        &second.email,
    );
    assert_eq!(code(removed.await), "conflict");
}

async fn administrators_who_dismiss_each_other_at_once_do_not_both_go(world: World) {
    let account = Domain::Account(world.made.account);
    let role = Role::Administrator;
    let second = world.person("bob@example.org", Some(role)).await;
    let other = world.node().await;
    let owner = world.owner();
    for round in 0..8 {
        let dismiss = |iam: Iam, by: iam::Identity, whom: String| {
            tokio::spawn(async move { iam.unset_role(&by, account, role, &whom).await })
        };
        let first = dismiss(world.iam.clone(), owner.clone(), second.email.clone());
        let back = dismiss(
            other.clone(),
            second.identity.clone(),
            crate::world::OWNER.to_owned(),
        );
        let gone = [first.await.unwrap(), back.await.unwrap()];
        let went = gone.iter().filter(|result| result.is_ok()).count();
        assert_eq!(went, 1, "round {round}: {gone:?}");
        // The remaining one adds the other again.
        let (by, whom) = match gone[0] {
            Ok(()) => (&owner, second.email.clone()),
            Err(_) => (&second.identity, crate::world::OWNER.to_owned()),
        };
        let node = world.node().await;
        node.set_role(by, account, role, &whom).await.unwrap();
        node.close().await;
        for iam in [&world.iam, &other] {
            catch_up(iam, &second, account, role).await;
        }
    }
    other.close().await;
}

/// Makes a node that does not watch read the directory again, by a change of its own.
async fn catch_up(iam: &Iam, of: &Person, account: Domain, role: Role) {
    let key = iam::manage::api_key::NewKey {
        name: "catch up".to_owned(),
        ..Default::default()
    };
    iam.create_api_key(&of.identity, key).await.unwrap();
    assert!(iam.directory().has_role(of.id, account, role));
}

async fn a_role_counts_from_the_call_that_gives_it_to_the_call_that_takes_it(world: World) {
    let (owner, person) = (world.owner(), world.person("bob@example.org", None).await);
    let space = Domain::Space(world.space());
    let password = {
        let (_, key) = world.key(&person.identity, Default::default()).await;
        World::ask(&world.iam, Grant::ApiKey(secret(&key)), None).await
    };
    let token = access_token(&password.unwrap());
    let scope = || {
        let verifier = world.iam.verifier();
        verifier.scope(Credential::Iam(&token), Some(space))
    };
    assert!(matches!(scope(), Err(AuthError::DomainNotFound(_))));
    let (set, unset) = (Role::Auditor, Role::Developer);
    for role in [set, unset] {
        let given = world.iam.set_role(&owner, space, role, &person.email);
        given.await.unwrap();
    }
    scope().unwrap().require(Action::Write).unwrap();
    let taken = world.iam.unset_role(&owner, space, unset, &person.email);
    taken.await.unwrap();
    scope().unwrap().require(Action::Write).unwrap_err();
    scope().unwrap().require(Action::Render).unwrap();
    let taken = world.iam.unset_role(&owner, space, set, &person.email);
    taken.await.unwrap();
    assert!(matches!(scope(), Err(AuthError::DomainNotFound(_))));
}

/// Whether the domain is there or not: it is the same, and changes with the caller's roles alone.
async fn what_is_told_of_a_hidden_domain_are_the_callers_own_roles(world: World) {
    let (owner, person) = (world.owner(), world.person("bob@example.org", None).await);
    let (_, key) = world.key(&person.identity, Default::default()).await;
    let (account, org) = (
        Domain::Account(world.made.account),
        Domain::Org(world.org()),
    );
    let nowhere = Domain::Space(SpaceId(Guid::from_random([9; 16])));
    let roles = || {
        let answers = [Domain::Space(world.space()), nowhere].map(|domain| {
            let scope = world
                .iam
                .verifier()
                .scope(Credential::ApiKey(&key), Some(domain));
            let Err(AuthError::DomainNotFound(hidden)) = scope else {
                panic!("{scope:?}");
            };
            assert_eq!(hidden.holder.as_deref(), Some("bob@example.org"));
            assert_eq!(hidden.domain, domain);
            hidden.roles
        });
        assert_eq!(answers[0], answers[1]);
        answers[0]
    };
    assert_eq!(roles(), CallerRoles::NoRole);
    for (domain, role, expected) in [
        (account, Role::Viewer, CallerRoles::AccountAlone),
        (org, Role::Member, CallerRoles::Somewhere),
        (account, Role::Administrator, CallerRoles::Administrator),
    ] {
        let given = world.iam.set_role(&owner, domain, role, &person.email);
        given.await.unwrap();
        assert_eq!(roles(), expected);
    }
}

async fn a_role_fits_its_domain_and_its_giver(world: World) {
    let person = world.person("bob@example.org", None).await;
    let account = Domain::Account(world.made.account);
    let (org, space) = (Domain::Org(world.org()), Domain::Space(world.space()));
    let owner = world.owner();
    for (domain, role) in [
        (account, Role::Manager),
        (org, Role::Developer),
        (org, Role::Administrator),
        (space, Role::BillingManager),
        (space, Role::Editor),
    ] {
        let set = world.iam.set_role(&owner, domain, role, &person.email);
        assert_eq!(code(set.await), "field", "{role} in {domain}");
    }
    let nobody = world
        .iam
        .set_role(&owner, org, Role::Auditor, "nobody@example.org");
    assert_eq!(code(nobody.await), "not_found");
    // A space's Manager gives roles in it, and none above it.
    let made = world
        .iam
        .set_role(&owner, space, Role::Manager, &person.email);
    made.await.unwrap();
    let within = world
        .iam
        .set_role(&person.identity, space, Role::Developer, &person.email);
    within.await.unwrap();
    for (domain, role) in [(org, Role::Manager), (account, Role::Administrator)] {
        let above = world
            .iam
            .set_role(&person.identity, domain, role, &person.email);
        assert_eq!(code(above.await), "not_allowed", "{domain}");
    }
}

async fn what_is_not_seen_is_not_found_and_what_is_seen_is_forbidden(world: World) {
    let (owner, person) = (world.owner(), world.person("bob@example.org", None).await);
    let (org, space) = (world.org(), world.space());
    let asked = |code_of: &'static str| {
        let (iam, caller) = (&world.iam, &person.identity);
        async move {
            assert_eq!(code(iam.rename_org(caller, org, "x").await), code_of);
            assert_eq!(code(iam.delete_org(caller, org, true).await), code_of);
            assert_eq!(code(iam.create_space(caller, org, "x").await), code_of);
            assert_eq!(code(iam.rename_space(caller, space, "x").await), code_of);
            assert_eq!(code(iam.delete_space(caller, space).await), code_of);
            let roles = iam.may_set_roles(caller, Domain::Space(space));
            assert_eq!(code(roles), code_of);
        }
    };
    asked("not_found").await;
    assert_eq!(
        code(world.iam.org(&person.identity, org).await),
        "not_found"
    );
    assert_eq!(
        code(world.iam.space(&person.identity, space).await),
        "not_found"
    );
    let given = world
        .iam
        .set_role(&owner, Domain::Space(space), Role::Auditor, &person.email);
    given.await.unwrap();
    asked("not_allowed").await;
    world.iam.org(&person.identity, org).await.unwrap();
    world.iam.space(&person.identity, space).await.unwrap();
}

async fn a_deleted_space_is_gone_for_its_tokens_and_its_name_begins_anew(world: World) {
    let owner = world.owner();
    let token = access_token(&world.log_in().await);
    let scope = |space| {
        let verifier = world.iam.verifier();
        verifier.scope(Credential::Iam(&token), Some(Domain::Space(space)))
    };
    let before = scope(world.space()).unwrap().tenant();
    let taken = world.iam.create_space(&owner, world.org(), "prod").await;
    assert_eq!(code(taken), "conflict");
    world.iam.delete_space(&owner, world.space()).await.unwrap();
    let gone = scope(world.space());
    assert!(
        matches!(gone, Err(AuthError::DomainNotFound(_))),
        "{gone:?}"
    );
    let anew = world.iam.create_space(&owner, world.org(), "prod").await;
    let after = scope(anew.unwrap().id).unwrap().tenant();
    assert_ne!(
        before, after,
        "a new space must not find the old one's samples"
    );
}

/// A node that learned that a role was given, but not that it was removed.
async fn node_behind(
    world: &World,
    owner: &iam::Identity,
    domain: Domain,
    role: Role,
    email: &str,
) -> Iam {
    let set = world.iam.set_role(owner, domain, role, email);
    set.await.unwrap();
    let node = world.node().await;
    let unset = world.iam.unset_role(owner, domain, role, email);
    unset.await.unwrap();
    node
}

/// The node has not learned that the right was removed. The transaction checks it again, so that a user who has just
/// lost it gives no role and makes nothing.
async fn a_right_that_was_taken_gives_nothing_on_a_node_that_has_not_heard_of_it(world: World) {
    let (owner, account) = (world.owner(), Domain::Account(world.made.account));
    let (org, space) = (Domain::Org(world.org()), Domain::Space(world.space()));
    let friend = world.person("carl@example.org", None).await;
    let waiting = "dora@example.org";
    world.invited(waiting).await;
    let mut number = 0;
    for (domain, role, at) in [
        (space, Role::Manager, space),
        (org, Role::Manager, space),
        (org, Role::Manager, org),
        (account, Role::Administrator, account),
        (account, Role::Administrator, org),
        (account, Role::Administrator, space),
    ] {
        number += 1;
        let email = format!("bob{number}@example.org");
        let person = world.person(&email, None).await;
        let by = &person.identity;
        let iam = &world.iam;
        iam.set_role(&owner, domain, role, &email).await.unwrap();
        // Reads the directory once and does not watch for changes.
        let late = world.node().await;
        let given = if at == account {
            Role::Viewer
        } else {
            Role::Auditor
        };
        let case = format!("{role} of {domain}, for {at}");
        // While the user has the right, the node permits it.
        late.set_role(by, at, given, &friend.email)
            .await
            .expect(&case);
        let reader = world.node().await;
        iam.unset_role(&owner, domain, role, &email).await.unwrap();
        assert!(
            reader.may_set_roles(by, at).is_ok(),
            "{case}: the node has heard of it"
        );
        for whom in [friend.email.as_str(), waiting, email.as_str()] {
            let handed_on = reader.set_role(by, at, given, whom).await;
            assert_eq!(code(handed_on), "not_allowed", "{case}: given to {whom}");
            let taken = reader.unset_role(by, at, given, whom).await;
            assert_eq!(code(taken), "not_allowed", "{case}: taken from {whom}");
        }
        if domain == account {
            let reader = node_behind(&world, &owner, domain, role, &email).await;
            let made = reader.create_org(by, "late", None).await;
            assert_eq!(code(made), "not_allowed", "{case}");
            reader.close().await;
        }
        if domain == account || domain == org {
            let reader = node_behind(&world, &owner, domain, role, &email).await;
            let made = reader.create_space(by, world.org(), "late").await;
            assert_eq!(code(made), "not_allowed", "{case}");
            reader.close().await;
        }
        iam.unset_role(&owner, at, given, &friend.email)
            .await
            .unwrap();
        late.close().await;
        reader.close().await;
    }
}

/// PostgreSQL refuses a NUL in any parameter: a text that cannot be stored must not be searched for either.
async fn a_text_that_is_not_seen_is_refused_before_the_database_is_asked(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let (account, org, space) = (world.made.account, world.org(), world.space());
    for unseen in ["a\0b@example.org", "a\u{202e}b@example.org", "\u{1}"] {
        for domain in [
            Domain::Account(account),
            Domain::Org(org),
            Domain::Space(space),
        ] {
            let role = if matches!(domain, Domain::Account(_)) {
                Role::Viewer
            } else {
                Role::Auditor
            };
            let set = iam.set_role(&owner, domain, role, unseen).await;
            assert_eq!(code(set), "field", "{unseen:?}");
            let unset = iam.unset_role(&owner, domain, role, unseen).await;
            assert_eq!(code(unset), "field", "{unseen:?}");
        }
        let name = || unseen.to_owned();
        assert_eq!(code(iam.create_org(&owner, unseen, None).await), "field");
        assert_eq!(code(iam.rename_org(&owner, org, unseen).await), "field");
        assert_eq!(code(iam.create_space(&owner, org, unseen).await), "field");
        assert_eq!(code(iam.rename_space(&owner, space, unseen).await), "field");
        let wanted = [Invitee {
            email: name(),
            role: None,
        }];
        assert_eq!(code(iam.invite(&owner, account, &wanted).await), "field");
        let named = NewKey {
            name: name(),
            ..NewKey::default()
        };
        let described = NewKey {
            name: "key".to_owned(),
            description: name(),
            ..NewKey::default()
        };
        for new in [named, described] {
            assert_eq!(
                code(iam.create_api_key(&owner, new).await.map(|_| ())),
                "field"
            );
        }
        let grants = [
            Grant::Password {
                username: name(),
                password: secret(unseen),
            },
            Grant::Passcode(secret(unseen)),
            Grant::ApiKey(secret(unseen)),
            Grant::RefreshToken(secret(unseen)),
        ];
        for grant in grants {
            let refused = World::ask(iam, grant, Some(Client::Bx)).await.unwrap_err();
            assert!(refused.refusal().is_some(), "{refused}");
        }
        let (guess, chosen) = (secret(unseen), secret("correct horse battery"));
        let redeemed = iam.redeem(source(), unseen, &guess, chosen).await;
        assert_eq!(code(redeemed), "wrong_code");
    }
}
