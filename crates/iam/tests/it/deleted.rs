//! Deletions can be undone until their samples are deleted, and are forgotten after that.

mod late_restore;

use crate::world::Whole as _;
use crate::world::{OWNER, World, access_token, code, on_both_databases, secret};
use base::id::AccountId;
use base::scope::{Action, Domain};
use iam::Remedy;
use iam::bootstrap::Request;
use iam::directory::{Deleted, Space};
use iam::flow::grant::{Client, Grant, TokenRequest};
use iam::manage::api_key::NewKey;
use iam::manage::page::PageRequest;
use iam::manage::quota::AccountLimits;
use iam::role::Role;
use iam::{Iam, IamError, Identity};

const WEEK: i64 = 7 * 86_400;

fn spaces(iam: &Iam, caller: &Identity) -> Vec<Space> {
    iam.spaces(caller, None, |_| true, PageRequest::WHOLE)
        .entries
}

fn deleted(iam: &Iam, caller: &Identity) -> Vec<Deleted> {
    iam.deleted(caller, PageRequest::WHOLE).entries
}

on_both_databases!(
    a_deleted_space_comes_back_with_its_name_and_the_roles_of_those_who_are_still_there,
    a_restored_space_gives_no_role_back_to_a_removed_member,
    an_organization_comes_back_with_the_spaces_that_went_with_it,
    a_space_whose_organization_is_gone_or_whose_name_is_taken_waits,
    nobody_restores_what_they_could_not_have_deleted,
    a_manager_brings_back_what_an_administrator_deleted,
    what_is_due_is_removed_once_and_then_forgotten,
    what_the_operator_purges_is_due_at_once,
    what_was_restored_meanwhile_is_not_purged_and_nothing_else_is,
    what_waits_takes_nobodys_place,
    an_account_is_named_until_the_last_of_it_has_gone,
    a_code_of_before_an_accounts_deletion_opens_nothing_after_its_restore,
    a_code_of_another_accounts_key_outlives_an_accounts_deletion,
    a_login_at_a_node_that_has_not_learned_of_an_accounts_deletion_ends_with_its_restore,
);

fn settled(result: Result<impl Sized, IamError>) -> Result<(), IamError> {
    result.map(drop)
}

async fn a_deleted_space_comes_back_with_its_name_and_the_roles_of_those_who_are_still_there(
    world: World,
) {
    let (iam, owner, space) = (&world.iam, world.owner(), world.space());
    let bea = world.person("bea@example.org", None).await;
    let carl = world.person("carl@example.org", None).await;
    let domain = Domain::Space(space);
    for person in [&bea, &carl] {
        iam.set_role(&owner, domain, Role::Developer, &person.email)
            .await
            .unwrap();
    }
    let before = iam.space(&owner, space).await.unwrap();
    let tenants: Vec<_> = iam.directory().tenants_of(world.made.account).collect();
    let deletion = iam.delete_space(&owner, space).await.unwrap();
    assert_eq!(deletion.tenants.len(), 1);
    assert_eq!(code(iam.space(&owner, space).await), "not_found");
    assert!(iam.directory().roles(bea.id, domain).is_empty());
    // Deleted domains still count for the account while they have samples.
    let mut counted: Vec<_> = iam.directory().tenants_of(world.made.account).collect();
    counted.sort();
    let mut tenants = tenants;
    tenants.sort();
    assert_eq!(counted, tenants);
    let listed = deleted(iam, &owner);
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].domain, &*listed[0].name), (domain, "prod"));
    assert_eq!(listed[0].due_at, deletion.removed_at);

    world.wait(WEEK - 1);
    assert!(iam.due().is_empty());
    let owner = world.owner();
    let back = iam.restore_space(&owner, space, None).await.unwrap();
    assert_eq!(
        (back.id, &back.name, back.org),
        (before.id, &before.name, before.org)
    );
    for person in [bea.id, carl.id] {
        assert_eq!(iam.directory().roles(person, domain), [Role::Developer]);
    }
    assert!(
        iam.directory()
            .has_role(owner.principal(), domain, Role::Manager)
    );
    assert!(deleted(iam, &owner).is_empty());
    world.wait(WEEK);
    assert!(iam.due().is_empty(), "nothing of it is removed after all");
    // Deleted again, it can be restored again.
    let owner = world.owner();
    iam.delete_space(&owner, space).await.unwrap();
    iam.restore_space(&owner, space, Some("other"))
        .await
        .unwrap();
    assert_eq!(iam.space(&owner, space).await.unwrap().name, "other");
}

async fn a_restored_space_gives_no_role_back_to_a_removed_member(world: World) {
    let (iam, owner, space) = (&world.iam, world.owner(), world.space());
    let bea = world.person("bea@example.org", None).await;
    let domain = Domain::Space(space);
    iam.set_role(&owner, domain, Role::Manager, &bea.email)
        .await
        .unwrap();
    iam.delete_space(&owner, space).await.unwrap();
    iam.remove_member(&owner, world.made.account, bea.id)
        .await
        .unwrap();
    let again = world.person("bea@example.org", None).await;
    assert_eq!(
        code(settled(
            iam.restore_space(&again.identity, space, None).await
        )),
        "not_found"
    );
    iam.restore_space(&owner, space, None).await.unwrap();
    assert!(iam.directory().roles(again.id, domain).is_empty());
    assert!(iam.directory().roles(bea.id, domain).is_empty());
}

async fn an_organization_comes_back_with_the_spaces_that_went_with_it(world: World) {
    let (iam, owner, org) = (&world.iam, world.owner(), world.org());
    let test = iam.create_space(&owner, org, "test").await.unwrap();
    let earlier = iam.create_space(&owner, org, "earlier").await.unwrap();
    iam.delete_space(&owner, earlier.id).await.unwrap();
    let deletion = iam.delete_org(&owner, org, true).await.unwrap();
    assert_eq!(deletion.tenants.len(), 3, "itself and two spaces");
    assert!(
        iam.orgs(&owner, |_| true, PageRequest::WHOLE)
            .entries
            .is_empty()
            && spaces(iam, &owner).is_empty()
    );
    let back = iam.restore_org(&owner, org, None).await.unwrap();
    assert_eq!(back.name, "acme");
    let names: Vec<String> = spaces(iam, &owner)
        .into_iter()
        .map(|space| space.name)
        .collect();
    assert_eq!(names, ["prod", "test"], "not what was deleted before");
    let domain = Domain::Space(test.id);
    assert!(
        iam.directory()
            .has_role(owner.principal(), domain, Role::Developer)
    );
    iam.restore_space(&owner, earlier.id, None).await.unwrap();
    assert_eq!(spaces(iam, &owner).len(), 3);
    assert!(deleted(iam, &owner).is_empty());
}

async fn a_space_whose_organization_is_gone_or_whose_name_is_taken_waits(world: World) {
    let (iam, owner, org, space) = (&world.iam, world.owner(), world.org(), world.space());
    iam.delete_space(&owner, space).await.unwrap();
    iam.create_space(&owner, org, "prod").await.unwrap();
    let taken = iam.restore_space(&owner, space, None).await.unwrap_err();
    let problem = taken.refusal().unwrap();
    assert_eq!(problem.reason.name(), "conflict");
    assert_eq!(problem.remedy, Some(Remedy::RestoreUnderAnotherName));
    assert_eq!(deleted(iam, &owner).len(), 1, "a refusal loses nothing");
    iam.delete_org(&owner, org, true).await.unwrap();
    let orphan = iam
        .restore_space(&owner, space, Some("x"))
        .await
        .unwrap_err();
    assert!(orphan.to_string().contains("organization"), "{orphan}");
    iam.create_org(&owner, "acme", None).await.unwrap();
    assert_eq!(
        code(settled(iam.restore_org(&owner, org, None).await)),
        "conflict"
    );
    iam.restore_org(&owner, org, Some("acme-again"))
        .await
        .unwrap();
    iam.restore_space(&owner, space, Some("prod-again"))
        .await
        .unwrap();
}

async fn nobody_restores_what_they_could_not_have_deleted(world: World) {
    let (iam, owner, space) = (&world.iam, world.owner(), world.space());
    let domain = Domain::Space(space);
    let developer = world.person("dev@example.org", None).await;
    let manager = world.person("man@example.org", None).await;
    iam.set_role(&owner, domain, Role::Developer, &developer.email)
        .await
        .unwrap();
    iam.set_role(&owner, domain, Role::Manager, &manager.email)
        .await
        .unwrap();
    // What is there is no deleted space, for whoever sees it; a stranger is not told so much.
    let refused = iam.restore_space(&developer.identity, space, None).await;
    assert_eq!(code(settled(refused)), "conflict");
    let refused = iam.may_restore(&owner, Domain::Org(world.org())).await;
    assert_eq!(code(refused), "conflict");
    let guest = world.person("guest@example.org", None).await;
    let refused = iam.may_restore(&guest.identity, domain).await;
    assert_eq!(code(refused), "not_found");
    iam.delete_space(&owner, space).await.unwrap();
    assert!(deleted(iam, &developer.identity).is_empty());
    let refused = iam.restore_space(&developer.identity, space, None).await;
    assert_eq!(code(settled(refused)), "not_found");
    assert_eq!(deleted(iam, &manager.identity).len(), 1);
    iam.restore_space(&manager.identity, space, None)
        .await
        .unwrap();
}

/// A Manager of a space could have deleted it, so they may restore it, but nothing above it.
async fn a_manager_brings_back_what_an_administrator_deleted(world: World) {
    let (iam, owner, org) = (&world.iam, world.owner(), world.org());
    let of_space = world.person("space@example.org", None).await;
    let of_org = world.person("org@example.org", None).await;
    for (domain, person) in [
        (Domain::Space(world.space()), &of_space),
        (Domain::Org(org), &of_org),
    ] {
        iam.set_role(&owner, domain, Role::Manager, &person.email)
            .await
            .unwrap();
    }
    for manager in [&of_space, &of_org] {
        iam.delete_space(&owner, world.space()).await.unwrap();
        let back = iam.restore_space(&manager.identity, world.space(), None);
        back.await.unwrap();
    }
    iam.delete_org(&owner, org, true).await.unwrap();
    let refused = iam.restore_org(&of_space.identity, org, None).await;
    assert_eq!(code(settled(refused)), "not_found");
    iam.restore_org(&of_org.identity, org, None).await.unwrap();
    iam.space(&owner, world.space()).await.unwrap();
}

async fn what_is_due_is_removed_once_and_then_forgotten(world: World) {
    let (iam, owner, space) = (&world.iam, world.owner(), world.space());
    let deletion = iam.delete_space(&owner, space).await.unwrap();
    // A node that saw the deletion before the restore does nothing.
    world.wait(WEEK);
    let stale = iam.due();
    assert_eq!(stale.len(), 1);
    let late = iam.restore_space(&world.owner(), space, None).await;
    assert_eq!(code(settled(late)), "not_found", "its time is over");
    let scope = iam.begin_removal(&stale[0]).await.unwrap().unwrap();
    assert_eq!(scope.tenant(), deletion.tenants[0].tenant());
    scope.require(Action::Delete).unwrap();
    scope.require(Action::Render).unwrap_err();
    // What a store holds of it is nobody's only when it is forgotten.
    let tenant = deletion.tenants[0].tenant();
    let directory = iam.directory();
    let of_account = directory.tenants_of(world.made.account);
    let held: Vec<_> = of_account.map(|of_domain| of_domain.tenant()).collect();
    assert!(held.contains(&tenant));
    assert!(iam.unknown_tenants(&held).await.unwrap().is_empty());
    // A second call, as after a crash, has the same result.
    assert!(iam.begin_removal(&stale[0]).await.unwrap().is_some());
    assert_eq!(iam.due().len(), 1);
    world.wait(31 * 86_400);
    iam.forget_removed(&stale, usize::MAX).await.unwrap();
    assert!(iam.due().is_empty());
    // Another node does the same a moment later.
    iam.forget_removed(&stale, usize::MAX).await.unwrap();
    let entries = iam.audit(iam::audit::Page::default()).await.unwrap();
    let removed = entries
        .iter()
        .filter(|entry| entry.event == "metrics_removed");
    assert_eq!(removed.count(), 1);
    let counted: Vec<_> = iam.directory().tenants_of(world.made.account).collect();
    assert!(!counted.contains(&deletion.tenants[0]));
    let unknown = iam.unknown_tenants(&held).await.unwrap();
    assert!(!unknown.is_empty() && unknown.iter().all(|unknown| *unknown == tenant));
    // Its number is never given again.
    let owner = world.owner();
    let next = iam.create_space(&owner, world.org(), "prod").await.unwrap();
    let counted: Vec<_> = iam.directory().tenants_of(world.made.account).collect();
    assert!(!counted.contains(&deletion.tenants[0]));
    iam.space(&owner, next.id).await.unwrap();
}

async fn what_the_operator_purges_is_due_at_once(world: World) {
    let (iam, owner) = (&world.iam, world.owner());
    iam.delete_org(&owner, world.org(), true).await.unwrap();
    let domain = Domain::Org(world.org());
    let entered = async || {
        let found = iam.audit(iam::audit::Page::default()).await.unwrap();
        let entries = found.into_iter();
        entries
            .filter(|entry| entry.event == "removal_advanced")
            .count()
    };
    assert_eq!(iam.purge_deleted(&[domain]).await.unwrap().due.len(), 2);
    assert_eq!(iam.due().len(), 2);
    assert!(deleted(iam, &owner).is_empty());
    assert_eq!(entered().await, 1);
    let again = iam.purge_deleted(&[domain]).await.unwrap();
    assert!(again.due.is_empty() && again.missing.is_empty());
    assert_eq!(entered().await, 1, "what changes nothing is no entry");
}

/// Regression: it was told to be on its way out already.
async fn what_was_restored_meanwhile_is_not_purged_and_nothing_else_is(world: World) {
    let (iam, owner, space) = (&world.iam, world.owner(), world.space());
    let test = iam.create_space(&owner, world.org(), "test").await.unwrap();
    for domain in [space, test.id] {
        iam.delete_space(&owner, domain).await.unwrap();
    }
    iam.restore_space(&owner, space, None).await.unwrap();
    let domains = [Domain::Space(test.id), Domain::Space(space)];
    let purged = iam.purge_deleted(&domains).await.unwrap();
    assert_eq!(purged.missing, [Domain::Space(space)]);
    assert!(purged.due.is_empty() && iam.due().is_empty());
    iam.restore_space(&owner, test.id, None).await.unwrap();
}

/// Regression: accounts that waited for the samples of their spaces displaced those that could be forgotten.
async fn what_waits_takes_nobodys_place(world: World) {
    let iam = &world.iam;
    another(iam).await;
    further(iam, "third").await;
    let waiting = iam.account_called("other").unwrap().id;
    let third = iam.account_called("third").unwrap().id;
    for account in [waiting, third] {
        iam.delete_account(account).await.unwrap();
    }
    let space = world.space();
    iam.delete_space(&world.owner(), space).await.unwrap();
    world.wait(WEEK + 31 * 86_400);
    // The account's space still has samples.
    let is_stored = |deleted: &Deleted| {
        deleted.account == waiting && matches!(deleted.domain, Domain::Space(_))
    };
    // A space, two organizations, a space and an account of the third.
    for _ in 0..5 {
        let mut removed = iam.due();
        removed.retain(|deleted| !is_stored(deleted));
        removed.sort_by_key(|deleted| deleted.domain != Domain::Account(waiting));
        iam.forget_removed(&removed, 1).await.unwrap();
    }
    let left: Vec<bool> = iam
        .due()
        .iter()
        .map(|deleted| deleted.account == waiting)
        .collect();
    assert_eq!(left, [true, true], "the account and its space wait");
    for _ in 0..2 {
        iam.forget_removed(&iam.due(), 1).await.unwrap();
    }
    assert!(iam.due().is_empty());
}

/// A further account: the only one cannot be deleted.
async fn another(iam: &Iam) {
    further(iam, "other").await;
}

async fn further(iam: &Iam, name: &str) {
    let request = Request {
        account: name.to_owned(),
        region: None,
        org: "other".to_owned(),
        space: "prod".to_owned(),
        owner: "carl@example.org".to_owned(),
        password: None,
    };
    iam.create_account(request).await.unwrap();
}

async fn an_account_is_named_until_the_last_of_it_has_gone(world: World) {
    let (iam, account) = (&world.iam, world.made.account);
    another(iam).await;
    iam.delete_account(account).await.unwrap();
    world.wait(WEEK + 31 * 86_400);
    let due = iam.due();
    // Only the space has samples.
    let is_space = |deleted: &Deleted| matches!(deleted.domain, Domain::Space(_));
    let (spaces, rest): (Vec<Deleted>, Vec<Deleted>) = due.into_iter().partition(is_space);
    assert!(spaces.len() == 1 && rest.len() == 2);
    iam.forget_removed(&rest, usize::MAX).await.unwrap();
    assert_eq!(iam.deleted_accounts().len(), 1);
    // The organization's row is forgotten; the account's row tells whose the space was.
    assert_eq!(iam.due().len(), 2);
    iam.forget_removed(&iam.due(), usize::MAX).await.unwrap();
    assert!(iam.due().is_empty() && iam.deleted_accounts().is_empty());
}

async fn a_code_of_before_an_accounts_deletion_opens_nothing_after_its_restore(world: World) {
    let (iam, account) = (&world.iam, world.made.account);
    another(iam).await;
    let request = TokenRequest {
        grant: Grant::Password {
            username: OWNER.to_owned(),
            password: secret(world.made.password.expose()),
        },
        client: Some(Client::Bx),
        account: None,
        with_uaa: false,
        delegated_seconds: None,
        source: crate::world::source(),
    };
    let passcode = iam.passcode(request).await.unwrap();
    iam.delete_account(account).await.unwrap();
    iam.restore_account(account, None).await.unwrap();
    let again = World::ask(iam, Grant::Passcode(passcode), Some(Client::Bx)).await;
    assert!(
        again.is_err(),
        "the code was taken before the account was deleted"
    );
}

async fn a_login_at_a_node_that_has_not_learned_of_an_accounts_deletion_ends_with_its_restore(
    world: World,
) {
    let (iam, account) = (&world.iam, world.made.account);
    another(iam).await;
    let node = world.node().await;
    let by_password = || Grant::Password {
        username: OWNER.to_owned(),
        password: secret(world.made.password.expose()),
    };
    iam.delete_account(account).await.unwrap();
    let late = World::ask(&node, by_password(), Some(Client::Bx)).await;
    let late = late.expect("the node has not learned of it yet");
    iam.restore_account(account, None).await.unwrap();
    let renewed = Grant::RefreshToken(late.refresh_token.unwrap());
    let renewed = World::ask(iam, renewed, Some(Client::Bx)).await;
    assert!(renewed.is_err(), "it began while the account was deleted");
    World::ask(iam, by_password(), Some(Client::Bx))
        .await
        .unwrap();
    node.close().await;
}

async fn a_code_of_another_accounts_key_outlives_an_accounts_deletion(world: World) {
    let (iam, account) = (&world.iam, world.made.account);
    let other = world.second_account_of(OWNER).await;
    let request = |grant, account: Option<AccountId>| TokenRequest {
        grant,
        client: Some(Client::Bx),
        account: account.map(|account| account.to_string()),
        with_uaa: false,
        delegated_seconds: None,
        source: crate::world::source(),
    };
    let by_password = Grant::Password {
        username: OWNER.to_owned(),
        password: secret(world.made.password.expose()),
    };
    let tokens = iam.token(request(by_password, Some(other))).await.unwrap();
    let there = world.enter(&access_token(&tokens)).unwrap();
    let (_, key) = world.key(&there, NewKey::default()).await;
    let by_key = request(Grant::ApiKey(secret(&key)), None);
    let passcode = iam.passcode(by_key).await.unwrap();
    iam.delete_account(account).await.unwrap();
    let redeemed = World::ask(iam, Grant::Passcode(passcode), Some(Client::Bx)).await;
    let redeemed = world.enter(&access_token(&redeemed.unwrap())).unwrap();
    assert_eq!(redeemed.account(), other);
}

#[test]
fn an_account_leaves_no_more_behind_than_its_limit() {
    crate::world::on_sqlite(
        |config| iam::IamConfig {
            account_limits: AccountLimits::new([(base::limit::DELETED_PER_ACCOUNT, 2)]),
            ..config
        },
        |world: World| async move {
            let (iam, owner, org) = (&world.iam, world.owner(), world.org());
            for name in ["a", "b"] {
                let space = iam.create_space(&owner, org, name).await.unwrap();
                iam.delete_space(&owner, space.id).await.unwrap();
            }
            let third = iam.create_space(&owner, org, "c").await.unwrap();
            let refused = iam.delete_space(&owner, third.id).await.unwrap_err();
            let problem = refused.refusal().unwrap();
            assert!(
                problem.message.contains("deleted_per_account"),
                "{problem:?}"
            );
            let is_there = iam.space(&owner, third.id).await.is_ok();
            assert!(is_there, "nothing is half done");
            let oldest = iam.directory().deletions().first().unwrap().domain;
            iam.purge_deleted(&[oldest]).await.unwrap();
            let due = iam.due();
            iam.begin_removal(&due[0]).await.unwrap();
            iam.forget_removed(&due, usize::MAX).await.unwrap();
            iam.delete_space(&owner, third.id).await.unwrap();
        },
    );
}
