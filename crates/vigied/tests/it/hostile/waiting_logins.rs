//! Logins of one account wait for each other: so many, and one identity leaves places to its colleagues. What is dead takes none.

use super::behind_writer::{Waiting, Writer, in_time};
use super::busy_database::{ok, refresh_token, renewal, server};
use super::waiting_lists::service_id;
use crate::harness::{Reply, Request, Server};
use crate::limits::hits;
use base::limit::{self, Limit};
use std::thread;

fn login_with(server: &Server, key: &str) -> Request {
    let form = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", key),
    ];
    let request = server.request("POST", "/identity/token");
    request.form(&form).basic("bx", "bx")
}

fn is_told_to_come_again(refused: &Reply, limit: Limit) {
    let text = refused.text();
    assert_eq!(refused.status, 429, "{text}");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert!(text.contains("BXNIM0602E"), "{text}");
    assert!(text.contains(limit.name), "{text}");
}

#[test]
fn logins_that_wait_leave_room_to_colleagues() {
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let (of_account, of_identity) = (
            limit::LOGINS_WAITING_PER_ACCOUNT,
            limit::LOGINS_WAITING_PER_IDENTITY,
        );
        let shares = of_account.default / of_identity.default;
        let colleagues: Vec<String> = (1..shares).map(|_| service_id(&server)).collect();
        let newcomer = login_with(&server, &service_id(&server));
        let renews = renewal(&server, &refresh_token(&server));
        let mut waiting = Waiting::behind_writer(&server);
        let at_once = limit::LOGINS_AT_ONCE_PER_ACCOUNT.default;
        let refused = waiting.fill(at_once + of_identity.default, &renews)?;
        is_told_to_come_again(&refused, of_identity);
        // By its keys the identity is the same.
        let by_key = login_with(&server, &server.owner.api_key);
        is_told_to_come_again(&waiting.answer_beside(&by_key)?, of_identity);
        for colleague in &colleagues {
            let login = login_with(&server, colleague);
            let refused = waiting.fill(of_identity.default, &login)?;
            is_told_to_come_again(&refused, of_identity);
        }
        is_told_to_come_again(&waiting.answer_beside(&newcomer)?, of_account);
        assert_eq!(hits(&server, of_account), 1);
        for reply in waiting.answers()? {
            assert_ne!(reply.status, 429, "{}", reply.text());
        }
        ok(&newcomer.send());
        Ok(())
    });
}

/// Lets all sessions have been used last a minute ago.
fn unused_for_a_minute(server: &Server) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let file = server.data().join("iam.db");
        let db = db::Db::open(file.to_str().unwrap()).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        let sql = "UPDATE sessions SET used_at = used_at - 60000";
        tx.execute(sql, &[]).await.unwrap();
        #[expect(clippy::disallowed_methods, reason = "rows past the interface")]
        tx.commit().await.unwrap();
        db.close().await;
    });
}

/// Whoever knew the id of a session, which each of its access tokens names, kept its owner from logging in.
#[test]
fn calls_that_keep_one_session_alive_take_one_place_of_its_owner() {
    const CALLS: u64 = 30;
    const { assert!(CALLS > limit::LOGINS_WAITING_PER_IDENTITY.default + 2) };
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let by_owner = login_with(&server, &server.owner.api_key);
        let login = by_owner.clone().send();
        ok(&login);
        let session = login.json()["session_id"].as_str().unwrap().to_owned();
        unused_for_a_minute(&server);
        let keep = || {
            let path = format!("/v1/sessions/{session}/state");
            server.request("PATCH", &path).basic("bx", "bx")
        };
        let mut waiting = Waiting::behind_writer(&server);
        waiting.add((0..CALLS).map(|_| keep()))?;
        waiting.add([by_owner])?;
        let mut replies = waiting.answers()?;
        ok(&replies.pop().unwrap());
        for kept in replies {
            assert_eq!(kept.status, 204, "{}", kept.text());
        }
        assert_eq!(hits(&server, limit::LOGINS_WAITING_PER_IDENTITY), 0);
        Ok(())
    });
}

/// Each took a place and a write transaction before it was refused, also for somebody who had been removed.
#[test]
fn renewals_of_an_ended_session_do_not_wait_for_the_writer() {
    let server = server(&["--set", "limits.request_seconds=600"]);
    let held = refresh_token(&server);
    let revoke = || {
        let revoke = server.request("POST", "/identity/revoke");
        revoke.basic("bx", "bx").form(&[("token", &*held)]).send()
    };
    ok(&revoke());
    let _writer = Writer::begin(&server);
    let refused = renewal(&server, &held).send();
    assert_eq!(refused.status, 400, "{}", refused.text());
    let text = refused.text();
    assert!(text.contains("its session has ended"), "{text}");
    ok(&revoke());
}

/// It was said that it may be sent again, and its code was used up.
#[test]
fn a_login_that_has_begun_when_its_time_ends_is_made_and_its_caller_is_told() {
    let server = server(&["--set", "limits.request_seconds=6"]);
    let held = refresh_token(&server);
    let by_token = [
        ("grant_type", "refresh_token"),
        ("refresh_token", held.as_str()),
    ];
    let made = server.request("POST", "/identity/passcode");
    let made = made.basic("bx", "bx").form(&by_token).send();
    ok(&made);
    let code = made.json()["passcode"].as_str().unwrap().to_owned();
    let by_code = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:passcode"),
        ("passcode", code.as_str()),
    ];
    let redeem = || {
        let redeem = server.request("POST", "/identity/token");
        redeem.basic("bx", "bx").form(&by_code).send()
    };
    let writer = Writer::begin(&server);
    let late = redeem();
    assert_eq!(late.status, 500, "{}", late.text());
    assert!(
        late.text().contains("may have been made"),
        "{}",
        late.text()
    );
    assert_eq!(late.header("retry-after"), None);
    drop(writer);
    // It has its turn after the first one.
    let again = redeem();
    assert_eq!(again.status, 400, "{}", again.text());
}

/// It was told that a login goes on, or to ask for a shorter range.
#[test]
fn what_does_no_harm_twice_may_be_sent_again_when_its_time_ends() {
    let server = server(&["--set", "limits.request_seconds=6"]);
    let login = login_with(&server, &server.owner.api_key).send();
    ok(&login);
    let text = |field: &str| login.json()[field].as_str().unwrap().to_owned();
    let (session, token) = (text("session_id"), text("access_token"));
    unused_for_a_minute(&server);
    let path = format!("/v1/sessions/{session}/state");
    let revoke = server.request("POST", "/identity/revoke");
    let revoke = revoke.basic("bx", "bx").form(&[("token", &*token)]);
    let writer = Writer::begin(&server);
    let sent = [server.request("PATCH", &path).basic("bx", "bx"), revoke]
        .map(|request| thread::spawn(move || request.send()));
    let replies = sent.map(|sent| sent.join().unwrap());
    drop(writer);
    for (reply, what) in replies.iter().zip(["in use", "ending the login"]) {
        let text = reply.text();
        assert_eq!(reply.status, 503, "{text}");
        assert!(reply.header("retry-after").is_some());
        assert!(text.contains(what) && !text.contains("range"), "{text}");
    }
}

/// It was told to ask for a shorter range.
#[test]
fn a_login_that_waits_when_its_time_ends_is_told_for_what_and_to_come_again() {
    let server = server(&["--set", "limits.request_seconds=6"]);
    let held = refresh_token(&server);
    let writer = Writer::begin(&server);
    let sent = [(), ()].map(|()| {
        let renew = renewal(&server, &held);
        thread::spawn(move || renew.send())
    });
    let mut replies = sent.map(|sent| sent.join().unwrap());
    drop(writer);
    replies.sort_by_key(|reply| reply.status);
    let [begun, waited] = replies;
    assert_eq!(begun.status, 500, "{}", begun.text());
    let text = waited.text();
    assert_eq!(waited.status, 503, "{text}");
    assert!(waited.header("retry-after").is_some());
    assert!(text.contains("waited for others of the account"), "{text}");
    let at_once = limit::LOGINS_AT_ONCE_PER_ACCOUNT;
    assert!(text.contains(at_once.name), "{text}");
    assert!(!text.contains("range"), "{text}");
}
