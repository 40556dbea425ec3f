//! Service IDs through their interface: how they live, change and end, on every node.

use crate::world::Whole as _;
use crate::world::{World, access_token, code, on_both_databases, secret};
use base::id::ServiceId;
use base::limit::HISTORY_ENTRIES_IN_LISTS;
use base::principal::Principal;
use base::scope::Domain;
use base::time::Millis;
use iam::bootstrap::Request;
use iam::directory::Service;
use iam::flow::grant::Grant;
use iam::manage::api_key::{NewKey, Switch};
use iam::manage::page::PageRequest;
use iam::manage::people_search::PeopleSearch;
use iam::manage::service_id::{CreatedService, NewService, ServiceChange, entity_tag};
use iam::role::Role;
use iam::{AuthError, Credential, Iam, Identity};
use std::cmp::Ordering;

on_both_databases!(
    one_lives_and_ends_on_every_node,
    of_two_changes_of_one_version_one_happens,
    who_comes_late_is_told_that_it_is_gone,
    switches_at_once_are_never_refused,
    its_key_does_not_outlive_the_key_it_was_made_with,
    it_goes_with_its_account_and_comes_back_with_it,
    the_invited_are_searched_for_by_their_address,
    histories_are_read_together_and_cut_each_by_itself,
);

fn new_service(name: &str) -> NewService {
    NewService {
        name: name.to_owned(),
        ..NewService::default()
    }
}

fn key(expires_at: Option<Millis>) -> NewKey {
    NewKey {
        name: "of a service".to_owned(),
        expires_at,
        ..NewKey::default()
    }
}

async fn create_service(iam: &Iam, owner: &Identity) -> (CreatedService, String) {
    let made = iam.create_service_id(owner, new_service("ci"), Some(key(None)));
    let made = made.await.unwrap();
    let text = made.key.as_ref().unwrap().1.expose().clone();
    (made, text)
}

async fn one_lives_and_ends_on_every_node(world: World) {
    let (owner, space) = (world.owner(), Domain::Space(world.space()));
    let (created, text) = create_service(&world.iam, &owner).await;
    let service = created.service;
    let iam_id = service.id.to_string();
    let given = world.iam.set_role(&owner, space, Role::Developer, &iam_id);
    given.await.unwrap();
    let node = world.node().await;
    node.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert_eq!(iam.service_id(&owner, service.id).await.unwrap(), service);
        let scope = iam.verifier().scope(Credential::ApiKey(&text), Some(space));
        assert_eq!(scope.unwrap().principal(), Principal::from(service.id));
    }
    let grant = Grant::Client {
        id: iam_id.clone(),
        secret: secret(&text),
    };
    let tokens = World::ask(&node, grant, None).await.unwrap();
    let token = access_token(&tokens);
    let (claims, _) = node.introspect(Credential::Iam(&token)).unwrap();
    assert_eq!(claims.name, "ci");
    assert_eq!(claims.grant_type, "client_credentials");

    // Another node takes it away.
    let change = ServiceChange {
        name: Some("renamed".to_owned()),
        ..ServiceChange::default()
    };
    let tag = entity_tag(&service);
    let renamed = node.update_service_id(&owner, service.id, &tag, change);
    let renamed = renamed.await.unwrap();
    world.iam.sync().await.unwrap();
    let seen = world.iam.service_id(&owner, service.id).await.unwrap();
    assert_eq!((&seen, seen.name.as_str()), (&renamed, "renamed"));
    node.delete_service_id(&owner, service.id).await.unwrap();
    world.iam.sync().await.unwrap();
    for iam in [&world.iam, &node] {
        assert_eq!(code(iam.service_id(&owner, service.id).await), "not_found");
        for credential in [Credential::ApiKey(&text), Credential::Iam(&token)] {
            assert!(iam.verifier().identity(credential).is_err());
        }
        assert!(!iam.directory().exists(service.id.into()));
        let by = |_: &Service, _: &Service| Ordering::Equal;
        let all = iam.service_ids(&owner, |_| true, by, PageRequest::WHOLE);
        assert_eq!(all.unwrap().total, 0);
    }
    let gone = world.iam.set_role(&owner, space, Role::Developer, &iam_id);
    assert_eq!(code(gone.await), "not_found");
    node.close().await;
}

async fn of_two_changes_of_one_version_one_happens(world: World) {
    let owner = world.owner();
    let (created, _) = create_service(&world.iam, &owner).await;
    let id = created.service.id;
    let tag = entity_tag(&created.service);
    let other = world.node().await;
    let rename = |iam: Iam, name: &'static str| {
        let (owner, tag) = (owner.clone(), tag.clone());
        async move {
            let change = ServiceChange {
                name: Some(name.to_owned()),
                ..ServiceChange::default()
            };
            iam.update_service_id(&owner, id, &tag, change).await
        }
    };
    let (one, two) = tokio::join!(
        rename(world.iam.clone(), "one"),
        rename(other.clone(), "two")
    );
    let (done, refused) = match (one, two) {
        (Ok(done), refused) | (refused, Ok(done)) => (done, refused),
        (Err(one), Err(two)) => panic!("{one}, {two}"),
    };
    assert_eq!(code(refused), "conflict");
    world.iam.sync().await.unwrap();
    assert_eq!(world.iam.service_id(&owner, id).await.unwrap(), done);
    other.close().await;
}

async fn who_comes_late_is_told_that_it_is_gone(world: World) {
    let owner = world.owner();
    let (created, _) = create_service(&world.iam, &owner).await;
    let id = created.service.id;
    let (api_key, _) = created.key.unwrap();
    // It has not heard yet of what the first one deletes.
    let late = world.node().await;
    late.sync().await.unwrap();
    let first = world.iam.delete_service_id(&owner, id).await;
    first.unwrap();
    let of_service = NewKey {
        owner: Some(id.into()),
        ..key(None)
    };
    assert_eq!(
        code(late.create_api_key(&owner, of_service).await),
        "not_found"
    );
    let last = world.node().await;
    let (created, _) = create_service(&world.iam, &owner).await;
    let id = created.service.id;
    last.sync().await.unwrap();
    let first = world.iam.delete_service_id(&owner, id).await;
    first.unwrap();
    assert_eq!(code(last.delete_service_id(&owner, id).await), "not_found");
    let gone = last.switch_api_key(&owner, api_key.id, Switch::Locked, true);
    assert_eq!(code(gone.await), "not_found");
    late.close().await;
    last.close().await;
}

async fn switches_at_once_are_never_refused(world: World) {
    let owner = world.owner();
    let (id, _) = world.key(&owner, key(None)).await;
    let other = world.node().await;
    let turn = |iam: Iam, on: bool| {
        let owner = owner.clone();
        async move {
            for _ in 0..8 {
                let done = iam.switch_api_key(&owner, id, Switch::Locked, on).await;
                done.unwrap();
            }
        }
    };
    tokio::join!(
        turn(world.iam.clone(), true),
        turn(other.clone(), false),
        turn(world.iam.clone(), false),
        turn(other.clone(), true),
    );
    other.close().await;
}

async fn its_key_does_not_outlive_the_key_it_was_made_with(world: World) {
    let owner = world.owner();
    let (created, _) = create_service(&world.iam, &owner).await;
    let end = world.clock_now().plus(60_000);
    let (_, text) = world.key(&owner, key(Some(end))).await;
    let short = world.enter_key(&text).unwrap();
    let of = |expires_at| NewKey {
        owner: Some(created.service.id.into()),
        ..key(expires_at)
    };
    for later in [None, Some(end.plus(1))] {
        let refused = world.iam.create_api_key(&short, of(later)).await;
        assert_eq!(code(refused), "not_allowed");
        let refused = world
            .iam
            .create_service_id(&short, new_service("x"), Some(key(later)));
        assert_eq!(code(refused.await), "not_allowed");
    }
    let (made, _) = world
        .iam
        .create_api_key(&short, of(Some(end)))
        .await
        .unwrap();
    assert_eq!(made.principal, Principal::from(created.service.id));
    assert_eq!(made.made_by, Some(owner.principal()));
}

async fn it_goes_with_its_account_and_comes_back_with_it(world: World) {
    let (created, text) = create_service(&world.iam, &world.owner()).await;
    let (id, account) = (created.service.id, world.made.account);
    world.second_account().await;
    world.iam.delete_account(account).await.unwrap();
    assert!(world.iam.directory().service(id).is_none());
    let error = world.enter_key(&text).unwrap_err();
    assert!(matches!(error, AuthError::Revoked(_)), "{error}");
    world.iam.restore_account(account, None).await.unwrap();
    assert_eq!(world.iam.directory().service(id), Some(&created.service));
    world.enter_key(&text).unwrap();
    world.iam.delete_account(account).await.unwrap();
    world.remove_deleted().await;
    let db = world.database().await;
    let left = db.all("SELECT guid FROM service_ids", &[]).await.unwrap();
    assert_eq!(left.len(), 0);
    db.close().await;
}

async fn the_invited_are_searched_for_by_their_address(world: World) {
    let (owner, account) = (world.owner(), world.made.account);
    for email in ["Bea_1@example.org", "beax1@example.org", "cid@example.org"] {
        world.invited(email).await;
    }
    for (search, expected) in [
        (PeopleSearch::read(Some("BEA"), None), 2),
        (PeopleSearch::read(Some("bea_"), None), 1),
        (PeopleSearch::read(Some("%"), None), 0),
        (PeopleSearch::read(Some("!"), None), 0),
        (PeopleSearch::read(None, Some("CID@example.org")), 1),
        (PeopleSearch::read(None, Some("cid@example.or_")), 0),
        (PeopleSearch::read(Some("state:pending"), None), 3),
        (PeopleSearch::read(Some("firstname:bea"), None), 0),
    ] {
        let search = search.unwrap();
        let found = world
            .iam
            .invitations_found(&owner, account, &search, PageRequest::WHOLE);
        let found = found.await.unwrap();
        let counts = (found.total, found.entries.len() as u64);
        assert_eq!(counts, (expected, expected), "{search:?}");
    }
}

/// More objects than one statement asks for, and most of them without any change.
async fn histories_are_read_together_and_cut_each_by_itself(world: World) {
    let owner = world.owner();
    let most = usize::try_from(HISTORY_ENTRIES_IN_LISTS.default).unwrap();
    let mut made = Vec::new();
    for name in ["busy", "quiet"] {
        let one = world.iam.create_service_id(&owner, new_service(name), None);
        made.push(one.await.unwrap().service.id);
    }
    for times in 0..most + 5 {
        let change = ServiceChange {
            description: Some(times.to_string()),
            ..ServiceChange::default()
        };
        let changed = world.iam.update_service_id(&owner, made[0], "*", change);
        changed.await.unwrap();
    }
    let mut objects: Vec<String> = (0..60).map(|number| format!("nothing-{number}")).collect();
    objects.insert(0, made[0].to_string());
    objects.push(made[1].to_string());
    let found = world.iam.histories(&owner, &objects).await.unwrap();
    assert_eq!(found.len(), 2);
    let of = |id: ServiceId| &found[&id.to_string()];
    // One more than is shown, so that it is seen that there are more.
    assert_eq!(of(made[0]).len(), most + 1);
    let whole = world.iam.history(&owner, made[0], None).await.unwrap();
    for (one, other) in of(made[0]).iter().zip(&whole) {
        assert_eq!(one.number, other.number);
    }
    let quiet: Vec<&str> = (of(made[1]).iter())
        .map(|change| change.event.as_str())
        .collect();
    assert_eq!(quiet, ["service_id_made"]);
    // Nothing of it is told to another account.
    let request = Request {
        account: "second".to_owned(),
        region: None,
        org: "acme".to_owned(),
        space: "prod".to_owned(),
        owner: "zoe@example.org".to_owned(),
        password: None,
    };
    let created = world.iam.create_account(request).await.unwrap();
    let key = created.opening.unwrap().api_key;
    let stranger = world.enter_key(key.expose()).unwrap();
    let told = world.iam.histories(&stranger, &objects).await.unwrap();
    assert!(told.is_empty());
}
