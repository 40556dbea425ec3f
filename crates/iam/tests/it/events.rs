//! Events of a domain: kept by it alone, counted, and gone with it.

use crate::world::{World, on_both_databases};
use base::scope::{Action, Domain, Grants, Reach, Scope};
use base::selector::{NameFilter, Selector};
use base::time::{Millis, TimeRange};
use iam::audit::Credential as AuditedCredential;
use iam::manage::event::{EventPosition, NewEvent, PAGE};
use iam::{Credential, IamError};
use std::sync::Arc;

on_both_databases![
    events_are_of_their_domain_and_in_order,
    a_caller_of_some_series_sees_and_makes_none,
    a_full_account_takes_no_more_until_some_are_deleted,
    events_go_with_their_domain,
];

const WEEK: i64 = 8 * 86_400;

fn scope(world: &World, domain: Domain) -> Scope {
    let key = Credential::ApiKey(world.made.api_key.expose());
    let verifier = world.iam.verifier();
    verifier.scope(key, Some(domain)).unwrap()
}

fn space(world: &World) -> Scope {
    scope(world, Domain::Space(world.made.space))
}

async fn delete(world: &World, scope: &Scope, range: TimeRange) -> Result<u64, IamError> {
    let who = (scope, AuditedCredential::ApiKey);
    let still = || Ok(scope.clone());
    world.iam.delete_events(who, range, still).await
}

fn event(at: i64) -> NewEvent {
    NewEvent {
        at: Millis(at),
        what: format!("at {at}"),
        tags: "a b".to_owned(),
        data: "two\nlines".to_owned(),
    }
}

async fn all(world: &World, scope: &Scope) -> Vec<(i64, i64)> {
    let (mut found, mut after) = (Vec::new(), EventPosition::before(Millis(i64::MIN)));
    loop {
        let until = Millis(i64::MAX);
        let page = world.iam.events(scope, after, until).await.unwrap();
        let marks = world.iam.event_marks(scope, after, until).await.unwrap();
        assert!(page.iter().map(|event| &event.mark).eq(&marks));
        let Some(last) = page.last() else {
            return found;
        };
        after = last.mark.place;
        found.extend(
            page.iter()
                .map(|event| (event.mark.place.at.0, event.mark.place.number)),
        );
    }
}

async fn events_are_of_their_domain_and_in_order(world: World) {
    let (iam, here) = (&world.iam, space(&world));
    let other = scope(&world, Domain::Org(world.made.org));
    for (place, at) in [7_i64, -3, 7, 5].into_iter().enumerate() {
        let number = iam.add_event(&here, &event(at)).await.unwrap();
        assert_eq!(number, i64::try_from(place).unwrap() + 1);
    }
    // The numbers of one domain tell nothing of another.
    assert_eq!(iam.add_event(&other, &event(1)).await.unwrap(), 1);
    assert_eq!(all(&world, &here).await, [(-3, 2), (5, 4), (7, 1), (7, 3)]);
    assert_eq!(all(&world, &other).await, [(1, 1)]);
    let kept = iam.event(&here, 2).await.unwrap().unwrap();
    assert_eq!((&*kept.what, &*kept.data), ("at -3", "two\nlines"));
    assert_eq!(kept.mark.tags, "a b");
    assert_eq!(iam.event(&here, 9).await.unwrap(), None);
    let range = TimeRange {
        from: Millis(5),
        until: Millis(7),
    };
    assert_eq!(delete(&world, &here, range).await.unwrap(), 3);
    assert_eq!(delete(&world, &here, range).await.unwrap(), 0);
    assert_eq!(all(&world, &here).await, [(-3, 2)]);
    // A number is never given again.
    assert_eq!(iam.add_event(&here, &event(0)).await.unwrap(), 5);
    for at in 0..i64::try_from(PAGE).unwrap() + 1 {
        iam.add_event(&other, &event(at)).await.unwrap();
    }
    assert_eq!(all(&world, &other).await.len(), PAGE + 2);
}

async fn a_caller_of_some_series_sees_and_makes_none(world: World) {
    let (iam, whole) = (&world.iam, space(&world));
    iam.add_event(&whole, &event(1)).await.unwrap();
    let some = NameFilter::any(vec![Selector::parse("app.*").unwrap()]).unwrap();
    let some = Reach::Names(Arc::new(some));
    let grants = Action::ALL.iter().fold(Grants::default(), |all, action| {
        all.with(*action, some.clone())
    });
    #[expect(
        clippy::disallowed_methods,
        reason = "no credential is limited to names yet"
    )]
    let limited = Scope::granted(whole.principal(), whole.tenant(), whole.domain(), grants);
    assert_eq!(all(&world, &limited).await, []);
    assert_eq!(iam.event(&limited, 1).await.unwrap(), None);
    let refused = iam.add_event(&limited, &event(2)).await.unwrap_err();
    assert!(refused.to_string().contains("every series"), "{refused}");
    let refused = delete(&world, &limited, TimeRange::ALL).await.unwrap_err();
    assert!(refused.to_string().contains("every series"), "{refused}");
    assert_eq!(all(&world, &whole).await, [(1, 1)]);
}

fn limit_of(refused: &IamError) -> &'static str {
    refused.refusal().unwrap().limit.unwrap().name
}

async fn a_full_account_takes_no_more_until_some_are_deleted(world: World) {
    let (iam, here) = (&world.iam, space(&world));
    let other = scope(&world, Domain::Org(world.made.org));
    let most = [("events_per_account".to_owned(), Some(2))];
    iam.set_account_limits(world.made.account, &most)
        .await
        .unwrap();
    iam.add_event(&here, &event(1)).await.unwrap();
    iam.add_event(&other, &event(2)).await.unwrap();
    for scope in [&here, &other] {
        let refused = iam.add_event(scope, &event(3)).await.unwrap_err();
        assert_eq!(limit_of(&refused), "events_per_account");
    }
    assert_eq!(all(&world, &here).await, [(1, 1)]);
    delete(&world, &other, TimeRange::ALL).await.unwrap();
    // What was refused has taken no number.
    assert_eq!(iam.add_event(&here, &event(4)).await.unwrap(), 2);
    for (field, text) in [("what", "a\u{0}b"), ("tags", "\u{7}"), ("data", "\u{1b}[")] {
        let mut wrong = event(5);
        match field {
            "what" => text.clone_into(&mut wrong.what),
            "tags" => text.clone_into(&mut wrong.tags),
            _ => text.clone_into(&mut wrong.data),
        }
        let refused = iam.add_event(&here, &wrong).await.unwrap_err();
        assert_eq!(refused.refusal().unwrap().field, Some(field));
    }
}

async fn events_go_with_their_domain(world: World) {
    let (iam, here) = (&world.iam, space(&world));
    let other = scope(&world, Domain::Org(world.made.org));
    iam.add_event(&here, &event(1)).await.unwrap();
    iam.add_event(&other, &event(2)).await.unwrap();
    iam.delete_space(&world.owner(), world.space())
        .await
        .unwrap();
    // Until its time is over they come back with it, and no late request adds to them.
    let late = iam.add_event(&here, &event(3)).await.unwrap_err();
    assert!(late.to_string().contains("domain"), "{late}");
    let owner = world.owner();
    iam.restore_space(&owner, world.space(), None)
        .await
        .unwrap();
    assert_eq!(all(&world, &here).await, [(1, 1)]);
    iam.delete_space(&owner, world.space()).await.unwrap();
    world.wait(WEEK);
    let due = iam.due();
    assert_eq!(due.len(), 1);
    assert!(iam.begin_removal(&due[0]).await.unwrap().is_some());
    assert_eq!(all(&world, &here).await, []);
    assert_eq!(all(&world, &other).await, [(2, 1)]);
    world.wait(31 * 86_400);
    iam.forget_removed(&due, usize::MAX).await.unwrap();
    assert!(iam.due().is_empty());
    assert_eq!(all(&world, &other).await, [(2, 1)]);
}
