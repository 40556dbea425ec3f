//! Open sessions: listed from any node, and ended for all of them.

use crate::world::Whole as _;
use crate::world::{OWNER, World, access_token, code, on_both_databases, refresh_token, secret};
use base::id::AccountId;
use iam::flow::grant::{Client, Grant, TokenRequest, Tokens};
use iam::manage::page::PageRequest;
use iam::manage::session::{OpenSession, SessionPlace};
use iam::role::Role;
use iam::{Iam, IamError, Identity};

on_both_databases!(
    they_are_listed_and_ended_from_any_node,
    a_key_sees_those_begun_with_it,
    nobody_but_an_administrator_sees_those_of_others,
    those_for_another_account_now_end_with_those_of_this_one,
    an_administrators_key_ends_none_of_its_owners_other_sessions,
);

async fn listed(iam: &Iam, caller: &Identity) -> Vec<OpenSession> {
    let page = iam.sessions(caller, None, PageRequest::WHOLE).await;
    page.unwrap().entries
}

async fn they_are_listed_and_ended_from_any_node(world: World) {
    let node = world.node().await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(world.log_in().await);
        world.wait(1);
    }
    let caller = world.enter(&access_token(&held[0])).unwrap();
    let all = listed(&node, &caller).await;
    let ids: Vec<_> = all.iter().map(|session| session.id).collect();
    // The latest comes first.
    let mut expected: Vec<_> = held.iter().filter_map(|session| session.session).collect();
    expected.reverse();
    assert_eq!(ids, expected);
    let part = PageRequest { skip: 1, take: 1 };
    let page = node.sessions(&caller, None, part).await.unwrap();
    assert_eq!((page.total, page.entries[0].id), (3, expected[1]));
    // From a place they are read in both directions, the nearest first.
    for (at, is_end, read, passed) in [
        (0, false, &expected[1..], 1),
        (2, false, &expected[3..], 3),
        (2, true, &[expected[1], expected[0]][..], 1),
        (0, true, &expected[..0], 3),
    ] {
        let place = SessionPlace {
            created_at: all[at].created_at,
            id: all[at].id,
            is_end,
        };
        let whole = PageRequest::WHOLE;
        let found = node.sessions_from(&caller, None, Some(place), whole);
        let found = found.await.unwrap();
        let ids: Vec<_> = found
            .page
            .entries
            .iter()
            .map(|session| session.id)
            .collect();
        assert_eq!((ids.as_slice(), found.passed), (read, passed));
        assert_eq!(found.page.total, read.len() as u64);
    }

    node.end_one_session(&caller, expected[0]).await.unwrap();
    let again = node.end_one_session(&caller, expected[0]).await;
    assert_eq!(code(again), "not_found");
    world.iam.sync().await.unwrap();
    world.enter(&access_token(&held[2])).unwrap_err();
    world.enter(&access_token(&held[1])).unwrap();
    assert_eq!(node.end_sessions(&caller, None).await.unwrap(), 2);
    world.iam.sync().await.unwrap();
    for tokens in &held {
        world.enter(&access_token(tokens)).unwrap_err();
    }
    // The caller's own was one of them.
    let again = node.end_sessions(&caller, None).await;
    assert_eq!(code(again), "credential");
    let owner = world.owner();
    assert_eq!(node.end_sessions(&owner, None).await.unwrap(), 0);
    node.close().await;
}

async fn a_key_sees_those_begun_with_it(world: World) {
    let by_password = world.log_in().await;
    let key = world.made.api_key.expose().clone();
    let by_key = world.key_session(&key).await.unwrap();
    let session = by_key.session.unwrap();
    for caller in [world.owner(), world.enter(&access_token(&by_key)).unwrap()] {
        let all = listed(&world.iam, &caller).await;
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].id, session);
        assert_eq!(all[0].key, caller.bounds().root().key);
    }
    let person = world.enter(&access_token(&by_password)).unwrap();
    assert_eq!(listed(&world.iam, &person).await.len(), 2);
    assert_eq!(
        world.iam.end_sessions(&world.owner(), None).await.unwrap(),
        1
    );
    world.enter(&access_token(&by_key)).unwrap_err();
    world.enter(&access_token(&by_password)).unwrap();
}

async fn nobody_but_an_administrator_sees_those_of_others(world: World) {
    let owner = world.enter(&access_token(&world.log_in().await)).unwrap();
    let bob = world.person("bob@example.org", Some(Role::Viewer)).await;
    let (iam, whole) = (&world.iam, PageRequest::WHOLE);
    let of_owner = iam.directory().user_by_email(OWNER).unwrap().id.into();
    let seen = iam.sessions(&bob.identity, Some(of_owner), whole).await;
    assert_eq!(code(seen), "not_allowed");
    let ended = iam.end_sessions(&bob.identity, Some(of_owner)).await;
    assert_eq!(code(ended), "not_allowed");
    let session = owner.session().unwrap();
    let ended = iam.end_one_session(&bob.identity, session).await;
    assert_eq!(code(ended), "not_found");

    let of_bob = bob.id.into();
    let seen = iam.sessions(&owner, Some(of_bob), whole).await.unwrap();
    assert_eq!(seen.total, 1);
    iam.end_one_session(&owner, seen.entries[0].id)
        .await
        .unwrap();
    let seen = iam.sessions(&owner, Some(of_bob), whole).await.unwrap();
    assert_eq!(seen.total, 0);
}

async fn renew_for(world: &World, of: &Tokens, account: AccountId) -> Result<Tokens, IamError> {
    let request = TokenRequest {
        grant: Grant::RefreshToken(secret(&refresh_token(of))),
        client: Some(Client::Bx),
        account: Some(account.to_string()),
        with_uaa: false,
        delegated_seconds: None,
        source: crate::world::source(),
    };
    world.iam.token(request).await
}

async fn those_for_another_account_now_end_with_those_of_this_one(world: World) {
    let bob = world.person("bob@example.org", Some(Role::Administrator));
    let bob = bob.await.identity;
    let (first, second) = (world.made.account, world.second_account_of(OWNER).await);
    let ada = world
        .iam
        .directory()
        .user_by_email(OWNER)
        .unwrap()
        .id
        .into();
    for by_id in [true, false] {
        let begun = world.log_in().await;
        let begun = renew_for(&world, &begun, first).await.unwrap();
        let parked = renew_for(&world, &begun, second).await.unwrap();
        world.enter(&access_token(&begun)).unwrap();
        let whole = PageRequest::WHOLE;
        let seen = world.iam.sessions(&bob, Some(ada), whole).await.unwrap();
        assert_eq!(seen.total, 0);
        if by_id {
            let session = parked.session.unwrap();
            world.iam.end_one_session(&bob, session).await.unwrap();
            let again = world.iam.end_one_session(&bob, session).await;
            assert_eq!(code(again), "not_found");
        } else {
            let ended = world.iam.end_sessions(&bob, Some(ada)).await;
            assert_eq!(ended.unwrap(), 1);
        }
        world.enter(&access_token(&begun)).unwrap_err();
        world.enter(&access_token(&parked)).unwrap_err();
        renew_for(&world, &parked, first).await.unwrap_err();
    }
    // A key opens its account alone, and its session is nothing to another one.
    let key = world.made.api_key.expose().clone();
    let by_key = world.key_session(&key).await.unwrap().session.unwrap();
    let of_second = world.log_in().await;
    let of_second = renew_for(&world, &of_second, second).await.unwrap();
    let of_second = world.enter(&access_token(&of_second)).unwrap();
    let ended = world.iam.end_one_session(&of_second, by_key).await;
    assert_eq!(code(ended), "not_found");
}

async fn an_administrators_key_ends_none_of_its_owners_other_sessions(world: World) {
    let by_password = world.log_in().await;
    let session = by_password.session.unwrap();
    let ended = world.iam.end_one_session(&world.owner(), session).await;
    assert_eq!(code(ended), "not_found");
    world.enter(&access_token(&by_password)).unwrap();
}
