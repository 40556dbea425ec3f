//! The mail queue of invitations: which mails are given up, and which count.

#![expect(clippy::disallowed_methods, reason = "tests write what they look for")]

use crate::world::{World, on_both_databases};
use base::limit;
use db::Value;
use iam::IamConfig;

/// Mails that exceed a limit at the next check of the queue.
const FLOOD: usize = 2000;

on_both_databases!(
    an_address_has_as_many_mails_as_a_day_allows_whatever_the_tries,
    two_nodes_that_look_at_once_count_a_mail_once,
);

/// No further mail is permitted.
fn no_mails(mut config: IamConfig) -> IamConfig {
    config.invitations.mails_per_address = 0;
    config
}

#[test]
fn a_flood_over_the_limit_is_given_up_on_sqlite() {
    crate::world::on_sqlite(no_mails, a_flood_over_the_limit_is_given_up);
}

#[test]
fn a_flood_over_the_limit_is_given_up_on_postgres() {
    crate::world::on_postgres("mail_flood", no_mails, a_flood_over_the_limit_is_given_up);
}

/// Makes this many invitations with a mail, each tried this often.
async fn waiting(world: &World, many: usize, tries: i64) {
    let db = world.database().await;
    let mut tx = db.begin().await.unwrap();
    for number in 0..many {
        let sql = "INSERT INTO invitations (guid, account, email, folded, inviter, code_seen, mail_due_at, mail_tries, \
                   created_at, expires_at) VALUES ($1, $2, $3, $3, '', 0, $4, $5, $4, $6)";
        let now = crate::world::START * 1000;
        let values = [
            Value::from(format!("{number:08x}-0000-4000-8000-{tries:012x}")),
            world.made.account.to_string().into(),
            format!("person-{number}-{tries}@example.org").into(),
            now.into(),
            tries.into(),
            (now + 86_400_000 * 7).into(),
        ];
        tx.execute(sql, &values).await.unwrap();
    }
    tx.commit().await.unwrap();
    db.close().await;
}

async fn due(world: &World) -> i64 {
    let db = world.database().await;
    let sql = "SELECT COUNT(*) AS due FROM invitations WHERE mail_due_at IS NOT NULL";
    let row = db.one(sql, &[]).await.unwrap().unwrap();
    db.close().await;
    row.int("due").unwrap()
}

async fn a_flood_over_the_limit_is_given_up(world: World) {
    waiting(&world, FLOOD, 0).await;
    waiting(&world, 3, 6).await;
    assert!(world.iam.due_mail().await.unwrap().is_none());
    assert_eq!(due(&world).await, 0);
}

async fn an_address_has_as_many_mails_as_a_day_allows_whatever_the_tries(world: World) {
    // A mail server that accepts nothing costs the address only one of its mails: the last try is made as well.
    waiting(&world, 1, 0).await;
    for tried in 0..6 {
        let mail = world.iam.due_mail().await.unwrap();
        assert!(mail.is_some(), "try {tried} is not made");
        assert!(world.iam.due_mail().await.unwrap().is_none());
        world.wait(60 << tried);
    }
    assert!(world.iam.due_mail().await.unwrap().is_none());
    assert_eq!(due(&world).await, 0);
    let db = world.database().await;
    let again = "UPDATE invitations SET mail_due_at = 0, mail_tries = 0 WHERE folded = 'person-0-0@example.org'";
    for _ in 1..limit::MAILS_PER_ADDRESS.default {
        db.execute(again, &[]).await.unwrap();
        let mail = world.iam.due_mail().await.unwrap().expect("a mail more");
        world.iam.mail_sent(&mail).await.unwrap();
    }
    db.execute(again, &[]).await.unwrap();
    assert!(world.iam.due_mail().await.unwrap().is_none());
    assert_eq!(due(&world).await, 0);
    db.close().await;
}

async fn two_nodes_that_look_at_once_count_a_mail_once(world: World) {
    let other = world.node().await;
    waiting(&world, 8, 0).await;
    let mut mails = 0;
    while due(&world).await > 0 {
        let (one, two) = tokio::join!(world.iam.due_mail(), other.due_mail());
        for (iam, mail) in [(&world.iam, one), (&other, two)] {
            if let Some(mail) = mail.unwrap() {
                iam.mail_sent(&mail).await.unwrap();
                mails += 1;
            }
        }
    }
    assert_eq!(mails, 8);
    let db = world.database().await;
    let sql = "SELECT COUNT(*) AS twice FROM used_today WHERE what LIKE 'mails/%' AND used <> 1";
    let row = db.one(sql, &[]).await.unwrap().unwrap();
    assert_eq!(row.int("twice").unwrap(), 0);
    db.close().await;
    other.close().await;
}
