//! Reports of who has not authenticated for some time, and of what is asked beside the password.

use crate::world::{World, code, on_both_databases, secret};
use base::id::{Guid, KeyId, UserId};
use iam::flow::grant::Grant;
use iam::manage::account_settings::SettingsChange;
use iam::manage::api_key::NewKey;
use iam::manage::report::InactiveReport;
use iam::manage::service_id::NewService;
use iam::{Iam, Identity};

on_both_databases!(
    a_report_lists_who_was_inactive_when_it_was_made,
    reports_are_kept_for_a_day_and_so_many_of_them,
    a_report_says_what_is_asked_beside_the_password,
);

const HOUR: i64 = 3600;

async fn create_report(iam: &Iam, caller: &Identity, hours: u32) -> InactiveReport {
    let reference = iam.report_inactive(caller, hours).await.unwrap();
    let report = iam.inactive_report(caller, Some(reference)).await.unwrap();
    assert_eq!(report.reference, reference);
    assert_eq!(report.hours, i64::from(hours));
    report
}

fn users(report: &InactiveReport) -> Vec<UserId> {
    report.users.iter().map(|(user, _)| user.id).collect()
}

fn keys(report: &InactiveReport) -> Vec<KeyId> {
    let mut all: Vec<KeyId> = report.keys.iter().map(|(key, _)| key.id).collect();
    all.sort_unstable();
    all
}

async fn a_report_lists_who_was_inactive_when_it_was_made(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let bea = world.person("bea@example.org", None).await;
    let new = NewService {
        name: "ci".to_owned(),
        ..NewService::default()
    };
    let key = NewKey {
        name: "first".to_owned(),
        ..NewKey::default()
    };
    let service = iam.create_service_id(&owner, new, Some(key)).await.unwrap();
    let (first, text) = service.key.unwrap();
    let node = world.node().await;
    let log_in = async |iam: &Iam| {
        let grant = Grant::ApiKey(secret(text.expose()));
        World::ask(iam, grant, None).await.unwrap();
    };
    world.wait(10 * HOUR);
    // One node has written it down, and the other not.
    log_in(&node).await;
    node.write_activity().await.unwrap();
    let seen = world.clock_now();
    world.wait(HOUR);
    let report = create_report(iam, &owner, 2).await;
    assert_eq!(report.created_by, owner.principal());
    assert_eq!(report.created_at, world.clock_now());
    let ada = owner.user().unwrap();
    let mut both = vec![ada, bea.id];
    both.sort_unstable();
    let mut listed = users(&report);
    listed.sort_unstable();
    assert_eq!(listed, both);
    assert!(report.services.is_empty() && report.profiles.is_empty());
    let key = owner.bounds().root().key.unwrap();
    assert_eq!(keys(&report), [key], "of the service's key it is known");
    let last = report.users.iter().find(|(user, _)| user.id == bea.id);
    assert!(last.unwrap().1.is_some(), "ten hours ago");

    let late = create_report(iam, &owner, 1).await;
    assert!(late.services.is_empty(), "an hour ago, to the moment");
    world.wait(1);
    let late = create_report(iam, &owner, 1).await;
    assert_eq!(late.services.len(), 1);
    assert_eq!(late.services[0].1, Some(seen));
    let mut all = [key, first.id];
    all.sort_unstable();
    assert_eq!(keys(&late), all);
    // What comes after changes nothing in it, but that who has left is left out.
    log_in(iam).await;
    let again = node.inactive_report(&owner, Some(late.reference)).await;
    assert_eq!(again.unwrap().services.len(), 1);
    world.wait(1);
    let now = create_report(iam, &owner, 1).await;
    assert!(now.services.is_empty());
    let removed = iam.remove_member(&owner, world.made.account, bea.id).await;
    removed.unwrap();
    let latest = iam.inactive_report(&owner, None).await.unwrap();
    assert_eq!(latest.reference, now.reference);
    assert_eq!(users(&latest), [ada]);
    node.close().await;
}

async fn reports_are_kept_for_a_day_and_so_many_of_them(world: World) {
    let (owner, iam) = (world.owner(), &world.iam);
    let bea = world.person("bea@example.org", None).await;
    assert_eq!(code(iam.inactive_report(&owner, None).await), "not_found");
    for hours in [0, 87_601] {
        assert_eq!(code(iam.report_inactive(&owner, hours).await), "field");
    }
    let mut references = Vec::new();
    for _ in 0..6 {
        world.wait(1);
        references.push(iam.report_inactive(&owner, 720).await.unwrap());
    }
    let there = async |reference: Guid| iam.inactive_report(&owner, Some(reference)).await.is_ok();
    assert!(!there(references[0]).await, "the sixth has taken its place");
    for reference in &references[1..] {
        assert!(there(*reference).await);
    }
    // Another kind is another list.
    let mfa = iam.mfa_report(&owner, Some(references[5])).await;
    assert_eq!(code(mfa), "not_found");
    // Each was made a second after the other.
    world.wait(24 * HOUR - 1);
    assert!(!there(references[4]).await, "a day old");
    assert!(there(references[5]).await);
    world.wait(1);
    assert!(!there(references[5]).await);
    assert_eq!(code(iam.inactive_report(&owner, None).await), "not_found");
    let new = iam.report_inactive(&owner, 720).await.unwrap();
    assert!(there(new).await);

    assert_eq!(
        code(iam.report_inactive(&bea.identity, 1).await),
        "not_allowed"
    );
    let read = iam.inactive_report(&bea.identity, None).await;
    assert_eq!(code(read), "not_allowed");
    assert_eq!(code(iam.report_mfa(&bea.identity).await), "not_allowed");
}

async fn a_report_says_what_is_asked_beside_the_password(world: World) {
    let (owner, iam, account) = (world.owner(), &world.iam, world.made.account);
    let before = iam.report_mfa(&owner).await.unwrap();
    let change = SettingsChange {
        password_grant_refused: Some(true),
        ..SettingsChange::default()
    };
    let changed = iam.change_account_settings(&owner, account, "*", change);
    changed.await.unwrap();
    world.wait(1);
    iam.report_mfa(&owner).await.unwrap();
    let latest = iam.mfa_report(&owner, None).await.unwrap();
    assert!(latest.password_grant_refused);
    assert_eq!(latest.users.len(), 1);
    assert_eq!(Some(latest.users[0].id), owner.user().ok());
    let earlier = iam.mfa_report(&owner, Some(before)).await.unwrap();
    assert!(!earlier.password_grant_refused);
}
