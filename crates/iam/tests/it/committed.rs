//! A committed change is answered with its result even if this node cannot read it, and a refused request has changed
//! nothing.

use crate::world::{OWNER, World, at, on_both_databases, secret};
use base::scope::Domain;
use iam::bootstrap::Request;
use iam::manage::api_key::{KeyChange, NewKey};
use iam::manage::profile::NewProfile;
use iam::manage::profile_identity::NewProfileIdentity;

on_both_databases!(
    an_answer_says_what_was_written_though_it_cannot_be_read,
    an_account_is_deleted_and_brought_back_though_it_cannot_be_read,
    a_password_is_changed_whole_or_not_at_all,
    a_password_is_reset_whole_or_not_at_all,
    a_renaming_of_what_was_deleted_meanwhile_is_no_change,
);

async fn write(world: &World, sql: &'static str) {
    let db = world.database().await;
    let mut tx = db.begin().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "past the service, as damage is")]
    tx.commit().await.unwrap();
    db.close().await;
}

/// From here on the directory cannot be updated until [`mend`] is called: one of the changed rows is damaged.
async fn damage(world: &World) {
    let sql = "UPDATE domains SET resolution_seconds = -5 WHERE tenant = \
               (SELECT MIN(tenant) FROM domains WHERE domain LIKE 's-%')";
    write(world, sql).await;
}

async fn mend(world: &World) {
    let sql = "UPDATE domains SET resolution_seconds = NULL";
    write(world, sql).await;
    world.iam.sync().await.unwrap();
}

async fn an_answer_says_what_was_written_though_it_cannot_be_read(world: World) {
    let (iam, owner) = (&world.iam, world.owner());
    let (key, _) = world.key(&owner, NewKey::default()).await;
    let org = iam.create_org(&owner, "zebra", None).await.unwrap();
    let inner = iam.create_space(&owner, org.id, "one").await.unwrap();
    let other = iam.create_space(&owner, world.org(), "two").await.unwrap();
    let new = NewProfile {
        name: "night".to_owned(),
        ..NewProfile::default()
    };
    let profile = iam.create_profile(&owner, new).await.unwrap();
    damage(&world).await;

    let change = KeyChange {
        name: Some("renamed".to_owned()),
        ..KeyChange::default()
    };
    let before = iam.api_key(&owner, key).await.unwrap();
    let changed = iam.update_api_key(&owner, key, "*", change).await.unwrap();
    assert!(iam.is_behind());
    assert_eq!(
        (changed.name.as_str(), changed.revision),
        ("renamed", before.revision + 1)
    );
    let org = iam.rename_org(&owner, org.id, "yak").await.unwrap();
    assert_eq!(org.name, "yak");
    let renamed = iam.rename_space(&owner, other.id, "three").await.unwrap();
    assert_eq!(renamed.name, "three");
    let named = NewProfileIdentity {
        principal: owner.principal(),
        description: "on call".to_owned(),
    };
    let set = iam
        .set_profile_identities(&owner, profile.id, "*", &[named])
        .await;
    let set = set.unwrap();
    let of_version = (set.identities_revision, set.identities.len());
    assert_eq!(of_version, (profile.identities_revision + 1, 1));
    let now = world.clock_now();
    let deletion = iam.delete_space(&owner, other.id).await.unwrap();
    assert_eq!(deletion.tenants.len(), 1);
    assert!(deletion.removed_at > now);
    let deletion = iam.delete_org(&owner, org.id, true).await.unwrap();
    assert_eq!(deletion.tenants.len(), 2);
    assert!(deletion.removed_at > now);

    mend(&world).await;
    assert_eq!(iam.api_key(&owner, key).await.unwrap(), changed);
    assert_eq!(iam.profile(&owner, profile.id).await.unwrap(), set);
    assert!(!iam.directory().accounts().is_empty());
    let gone = [Domain::Org(org.id), Domain::Space(inner.id)];
    assert!(
        gone.iter()
            .all(|domain| iam.resolution_seconds(*domain).is_none())
    );
}

async fn an_account_is_deleted_and_brought_back_though_it_cannot_be_read(world: World) {
    let iam = &world.iam;
    let request = Request {
        account: "other".to_owned(),
        region: None,
        org: "other".to_owned(),
        space: "prod".to_owned(),
        owner: "carl@example.org".to_owned(),
        password: None,
    };
    let other = iam.create_account(request).await.unwrap();
    let account = iam.account_called("other").unwrap();
    damage(&world).await;
    let deleted = iam.delete_account(other.account).await.unwrap();
    assert_eq!(deleted.deletion.tenants.len(), 3);
    assert!(deleted.deletion.removed_at > world.clock_now());
    mend(&world).await;
    damage(&world).await;
    let back = iam.restore_account(other.account, Some("again")).await;
    let back = back.unwrap();
    assert_eq!(
        (back.id, back.name.as_str(), back.owner, back.created_at),
        (account.id, "again", account.owner, account.created_at)
    );
    mend(&world).await;
    assert_eq!(iam.account_called("again").unwrap(), back);
}

async fn a_password_is_changed_whole_or_not_at_all(world: World) {
    let owner = world.owner();
    world.log_in().await;
    let hide_table = "ALTER TABLE login_sources RENAME TO login_sources_away";
    write(&world, hide_table).await;
    let old = world.made.password.clone();
    let new = "quite another one for ada";
    let source = crate::world::source();
    let done = world
        .change_password(&owner, source, old, secret(new))
        .await;
    let back = "ALTER TABLE login_sources_away RENAME TO login_sources";
    write(&world, back).await;
    assert!(done.is_err());
    // The change was reported as failed, so the old password is valid.
    world.log_in().await;
    assert!(world.password(OWNER, new).await.is_err());
}

async fn a_password_is_reset_whole_or_not_at_all(world: World) {
    let iam = &world.iam;
    let node = world.node().await;
    world.log_in().await;
    let code = iam.reset_code(OWNER).await.unwrap().code;
    let hide_table = "ALTER TABLE login_sources RENAME TO login_sources_away";
    write(&world, hide_table).await;
    let new = secret("quite another one for ada");
    let source = crate::world::source();
    let done = iam.redeem(source, OWNER, &code, new.clone()).await;
    let back = "ALTER TABLE login_sources_away RENAME TO login_sources";
    write(&world, back).await;
    assert!(done.is_err());
    world.log_in().await;
    // And the code is still valid.
    world.wait(1);
    let before = iam.directory().user_by_email(OWNER).cloned().unwrap();
    iam.redeem(source, OWNER, &code, new.clone()).await.unwrap();
    // Every node learns that its memory of the old password is void.
    node.sync().await.unwrap();
    let after = node.directory().user_by_email(OWNER).cloned().unwrap();
    assert!(after.password_changed_at > before.password_changed_at);
    world
        .password_from(at(9), OWNER, new.expose())
        .await
        .unwrap();
    node.close().await;
}

async fn a_renaming_of_what_was_deleted_meanwhile_is_no_change(world: World) {
    let node = world.node().await;
    let owner = world.owner();
    let org = world.iam.create_org(&owner, "zebra", None).await.unwrap();
    let space = world.iam.create_space(&owner, org.id, "one").await.unwrap();
    node.sync().await.unwrap();
    world.iam.delete_org(&owner, org.id, true).await.unwrap();
    let renamed = node.rename_space(&owner, space.id, "two").await;
    assert_eq!(crate::world::code(renamed), "not_found");
    let renamed = node.rename_org(&owner, org.id, "yak").await;
    assert_eq!(crate::world::code(renamed), "not_found");
    // Otherwise the audit would claim it.
    let db = world.database().await;
    let entered = "SELECT event FROM audit WHERE event IN ('org_renamed', 'space_renamed')";
    let found = db.all(entered, &[]).await.unwrap();
    assert!(found.is_empty());
    db.close().await;
    node.close().await;
}
