//! No account waits for what another one does: one's work is held up, and the other's goes on. With SQLite whoever writes excludes
//! everybody else who does, and the counts of many accounts are written at once, so most of this is about PostgreSQL.

use crate::world::{
    REFRESH, World, access_token, on_both_databases, on_postgres, refresh_token, secret, source,
};
use base::id::{AccountId, KeyId, OrgId, UserId};
use db::{Db, Value};
use iam::bootstrap::Request;
use iam::flow::grant::{Client, Grant, TokenRequest};
use iam::manage::api_key::NewKey;
use iam::{Iam, Identity};
use std::pin::pin;

on_both_databases!(a_login_deletes_what_is_over_of_its_user_and_the_rest_goes_in_the_background,);

/// An account of its own, with its owner.
struct Other {
    account: AccountId,
    org: OrgId,
    key: String,
    owner: Identity,
}

async fn other(world: &World, name: &str) -> Other {
    let request = Request {
        account: name.to_owned(),
        region: None,
        org: "acme".to_owned(),
        space: "prod".to_owned(),
        owner: format!("zoe@{name}.example"),
        password: None,
    };
    let made = world.iam.create_account(request).await.unwrap();
    let key = made.opening.unwrap().api_key.expose().clone();
    let owner = world.enter_key(&key).unwrap();
    Other {
        account: made.account,
        org: made.org,
        key,
        owner,
    }
}

/// A key that has been used once, by its text.
async fn used(iam: &Iam, text: &str) {
    let grant = Grant::ApiKey(secret(text));
    World::ask(iam, grant, None).await.unwrap();
}

/// How many wait for a row that somebody has locked.
async fn waiting(db: &Db) -> usize {
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    db.all(sql, &[]).await.unwrap().len()
}

#[test]
fn an_account_whose_counts_cannot_be_written_keeps_no_other_from_reading_its_own() {
    let name = "an_account_whose_counts_cannot_be_written_keeps_no_other_from_reading_its_own";
    on_postgres(name, |config| config, counts_beside_a_locked_account);
}

async fn counts_beside_a_locked_account(world: World) {
    let (iam, zoe) = (&world.iam, other(&world, "second").await);
    let mut all = Vec::new();
    for (account, owner) in [
        (world.made.account, world.owner()),
        (zoe.account, zoe.owner.clone()),
    ] {
        let (key, text) = world.key(&owner, NewKey::default()).await;
        used(iam, &text).await;
        all.push((account, owner, key));
    }
    // They are written in the order of their accounts.
    all.sort_unstable_by_key(|(account, _, _)| *account);
    let [(first, _, _), (_, owner, key)]: [(AccountId, Identity, KeyId); 2] =
        all.try_into().unwrap();
    let db = world.database().await;
    let mut change = db.begin().await.unwrap();
    let hold = "UPDATE accounts SET name = name WHERE guid = $1";
    let account = [Value::from(first.to_string())];
    change.execute(hold, &account).await.unwrap();

    let mut writing = pin!(iam.write_activity());
    let read = tokio::select! {
        biased;
        written = &mut writing => panic!("it did not wait for the first account: {written:?}"),
        read = iam.key_activity(&owner, key) => read.unwrap(),
    };
    assert_eq!(read.times, 1);
    drop(change);
    writing.await.unwrap();
    assert_eq!(iam.key_activity(&owner, key).await.unwrap().times, 1);
    let rows = db.all("SELECT times FROM activity", &[]).await.unwrap();
    assert_eq!(rows.len(), 4, "two owners and two keys");
    db.close().await;
}

#[test]
fn a_removal_that_waits_keeps_no_other_account_from_deleting() {
    let name = "a_removal_that_waits_keeps_no_other_account_from_deleting";
    on_postgres(name, |config| config, deletions_beside_one_that_waits);
}

async fn deletions_beside_one_that_waits(world: World) {
    let (iam, owner, account) = (world.iam.clone(), world.owner(), world.made.account);
    // With several accounts the code of an invitation is not shown.
    let bob = world.person("bob@example.org", None).await;
    let zoe = other(&world, "second").await;
    let (key, text) = world.key(&zoe.owner, NewKey::default()).await;
    for text in [&text, &zoe.key] {
        used(&iam, text).await;
    }
    iam.write_activity().await.unwrap();
    // The last row of whoever leaves their only account.
    let db = world.database().await;
    let mut change = db.begin().await.unwrap();
    let hold = "UPDATE principals SET kind = kind WHERE guid = $1";
    let guid = [Value::from(bob.id.0.to_string())];
    assert_eq!(change.execute(hold, &guid).await.unwrap(), 1);
    let removed = {
        let iam = iam.clone();
        tokio::spawn(async move { iam.remove_member(&owner, account, bob.id).await })
    };
    while waiting(&db).await == 0 {
        assert!(!removed.is_finished(), "it does not wait for the row");
    }
    iam.delete_api_key(&zoe.owner, key).await.unwrap();
    // Nor does it keep the counts of another account from being written.
    used(&iam, &zoe.key).await;
    iam.write_activity().await.unwrap();
    let sql = "SELECT times FROM activity WHERE account = $1 ORDER BY times";
    let written = db
        .all(sql, &[zoe.account.to_string().into()])
        .await
        .unwrap();
    let written: Vec<i64> = written
        .iter()
        .map(|row| row.int("times").unwrap())
        .collect();
    assert_eq!(written, [2, 3], "of the key, and of its owner");
    assert!(!removed.is_finished());
    drop(change);
    removed.await.unwrap().unwrap();
    db.close().await;
}

#[test]
fn an_account_that_waits_keeps_no_other_from_making_a_space() {
    let name = "an_account_that_waits_keeps_no_other_from_making_a_space";
    on_postgres(name, |config| config, spaces_beside_what_waits);
}

async fn spaces_beside_what_waits(world: World) {
    let (iam, owner, org) = (world.iam.clone(), world.owner(), world.org());
    let (zoe, gone) = (other(&world, "second").await, other(&world, "third").await);
    let session = world.key_session(&gone.key).await.unwrap();
    let session = world.enter(&access_token(&session)).unwrap();
    let session = session.session().unwrap().0.to_string();
    let db = world.database().await;
    let mut change = db.begin().await.unwrap();
    // Who makes a space is given roles, which refer to this row.
    let hold = "SELECT guid FROM principals WHERE guid = $1 FOR UPDATE";
    let guid = [Value::from(owner.user().unwrap().0.to_string())];
    assert!(change.one(hold, &guid).await.unwrap().is_some());
    // And the sessions of an account end with it.
    let hold = "UPDATE sessions SET account = account WHERE guid = $1";
    assert_eq!(change.execute(hold, &[session.into()]).await.unwrap(), 1);
    let made = {
        let (iam, owner) = (iam.clone(), owner.clone());
        tokio::spawn(async move { iam.create_space(&owner, org, "dev").await })
    };
    let deleted = {
        let (iam, account) = (iam.clone(), gone.account);
        tokio::spawn(async move { iam.delete_account(account).await })
    };
    while waiting(&db).await < 2 {
        assert!(!made.is_finished(), "it does not wait for the principal");
        assert!(!deleted.is_finished(), "it does not wait for the session");
    }
    let space = iam.create_space(&zoe.owner, zoe.org, "dev").await.unwrap();
    let org = iam.create_org(&zoe.owner, "further", None).await.unwrap();
    assert!(!made.is_finished() && !deleted.is_finished());
    drop(change);
    let (made, deleted) = (made.await.unwrap().unwrap(), deleted.await.unwrap());
    deleted.unwrap();
    // Each has a number of its own.
    iam.space(&zoe.owner, space.id).await.unwrap();
    iam.org(&zoe.owner, org.id).await.unwrap();
    iam.space(&owner, made.id).await.unwrap();
    let found = db
        .all("SELECT DISTINCT tenant FROM domains", &[])
        .await
        .unwrap();
    assert_eq!(found.len(), 3 * 3 + 3, "three accounts, and what was made");
    db.close().await;
}

/// The sessions, refresh tokens and one-time codes of a user.
async fn remembered(db: &Db, user: UserId) -> [i64; 3] {
    let mut counts = [0; 3];
    let statements = [
        "SELECT COUNT(*) AS counted FROM sessions WHERE principal = $1",
        "SELECT COUNT(*) AS counted FROM refresh_tokens WHERE principal = $1",
        "SELECT COUNT(*) AS counted FROM passcodes WHERE user_id = $1",
    ];
    for (count, sql) in counts.iter_mut().zip(statements) {
        let row = db.one(sql, &[user.0.to_string().into()]).await.unwrap();
        *count = row.unwrap().int("counted").unwrap();
    }
    counts
}

async fn a_login_deletes_what_is_over_of_its_user_and_the_rest_goes_in_the_background(
    world: World,
) {
    let (iam, db) = (&world.iam, world.database().await);
    let owner = world.owner().user().unwrap();
    let bob = world.person("bob@example.org", None).await;
    let login = world.log_in().await;
    for tokens in [
        &login,
        &world
            .password(&bob.email, "chosen at the beginning")
            .await
            .unwrap(),
    ] {
        let request = TokenRequest {
            grant: Grant::RefreshToken(secret(&refresh_token(tokens))),
            client: Some(Client::Bx),
            account: None,
            with_uaa: false,
            delegated_seconds: None,
            source: source(),
        };
        iam.passcode(request).await.unwrap();
    }
    iam.sweep_credentials().await.unwrap();
    assert_eq!(remembered(&db, owner).await, [1, 1, 1]);
    assert_eq!(remembered(&db, bob.id).await, [2, 2, 1]);
    world.wait(2 * REFRESH + 1);
    world.log_in().await;
    assert_eq!(remembered(&db, owner).await, [1, 1, 1], "the new session");
    assert_eq!(remembered(&db, bob.id).await, [2, 2, 1], "that of others");
    iam.sweep_credentials().await.unwrap();
    assert_eq!(remembered(&db, owner).await, [1, 1, 0]);
    assert_eq!(remembered(&db, bob.id).await, [0, 0, 0]);
    db.close().await;
}

#[test]
fn a_login_waits_for_nobody_elses_session() {
    let name = "a_login_waits_for_nobody_elses_session";
    on_postgres(name, |config| config, logins_beside_what_is_over);
}

/// Each login deleted what was over of everybody's sessions, and those after it waited for its commit.
async fn logins_beside_what_is_over(world: World) {
    let bob = world.person("bob@example.org", None).await;
    let eve = world.person("eve@example.org", None).await;
    world.wait(2 * REFRESH + 1);
    let db = world.database().await;
    let mut change = db.begin().await.unwrap();
    let hold = "UPDATE sessions SET account = account WHERE principal = $1";
    let guid = [Value::from(bob.id.0.to_string())];
    assert_eq!(change.execute(hold, &guid).await.unwrap(), 1);
    // It would be refused when it had waited for as long as a statement waits for a lock.
    world.log_in().await;
    // Nor does anybody's stay because another one's is locked, whichever comes first.
    world.iam.sweep_credentials().await.unwrap_err();
    assert_eq!(remembered(&db, eve.id).await, [0, 0, 0]);
    drop(change);
    world.iam.sweep_credentials().await.unwrap();
    assert_eq!(remembered(&db, bob.id).await, [0, 0, 0]);
    db.close().await;
}
