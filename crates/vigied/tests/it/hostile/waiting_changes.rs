//! Changes of one account wait for their turn: so few that its senders have room beside them, and one identity leaves places to its
//! colleagues.

use super::behind_writer::{Waiting, Writer, in_flight, in_time};
use super::busy_database::{ask, ok, server};
use super::queries::figure;
use super::waiting_lists::service_id;
use crate::harness::{Pending, Reply, Request, Server, until};
use crate::limits::hits;
use base::limit;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// A change with this key.
pub(super) fn change(server: &Server, key: &str) -> Request {
    let request = server.request("POST", "/v2/organizations");
    let request = request.header("X-Auth-User-Token", &format!("apikey {key}"));
    request.json(&json!({"name": "of many"}))
}

/// The places of one identity, where no other has any: those of changes that are made, and its share of those that wait.
pub(super) const PLACES: u64 =
    limit::CHANGES_AT_ONCE_PER_ACCOUNT.default + limit::CHANGES_WAITING_PER_IDENTITY.default;

#[test]
fn changes_that_wait_leave_room_to_colleagues_and_senders() {
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let (of_account, of_identity) = (
            limit::CHANGES_WAITING_PER_ACCOUNT,
            limit::CHANGES_WAITING_PER_IDENTITY,
        );
        let shares = of_account.default / of_identity.default;
        let colleagues: Vec<String> = (1..shares).map(|_| service_id(&server)).collect();
        let newcomer = service_id(&server);
        let mut waiting = Waiting::behind_writer(&server);
        let of_owner = change(&server, &server.owner.api_key);
        waiting.fill(PLACES, &of_owner)?;
        // Also what writes an entry for the audit alone: nothing is deleted.
        let deletes = ask(&server, "DELETE", "/v1/metrics/list?query=load.*");
        for one_too_many in [of_owner, deletes] {
            let refused = waiting.answer_beside(&one_too_many)?;
            assert_eq!(refused.status, 429, "{}", refused.text());
            assert!(
                refused.text().contains(of_identity.name),
                "{}",
                refused.text()
            );
            assert!(refused.header("retry-after").is_some());
        }
        for colleague in &colleagues {
            waiting.fill(of_identity.default, &change(&server, colleague))?;
        }
        let refused = waiting.answer_beside(&change(&server, &newcomer))?;
        assert_eq!(refused.status, 429, "{}", refused.text());
        assert!(
            refused.text().contains(of_account.name),
            "{}",
            refused.text()
        );
        let sent = json!([{"name": "load.two", "value": 2}]);
        let sent = ask(&server, "POST", "/v1/metrics").json(&sent);
        ok(&waiting.answer_beside(&sent)?);
        for limit in [of_account, of_identity] {
            assert!(hits(&server, limit) > 0, "{}", limit.name);
        }
        drop(waiting);
        until("none of them waits", || {
            let made = ask(&server, "POST", "/v2/organizations");
            made.json(&json!({"name": "made at last"})).send().status == 201
        });
        let listed = ask(&server, "GET", "/v1/metrics/list?query=load.*").send();
        assert!(listed.text().contains("load.one"), "{}", listed.text());
        Ok(())
    });
}

const SERIES: usize = 8;

/// More threads than there are places, so that a place that gets free is taken at once.
const MORE: u64 = 10;

/// It was refused in the middle, with an answer that says that nothing is deleted. The places are full all the time: each thread asks
/// anew as soon as it is answered.
#[test]
fn a_deletion_of_several_series_that_has_begun_is_completed_however_many_changes_wait() {
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let names: Vec<String> = (0..SERIES).map(|number| format!("gone.{number}")).collect();
        let sent: Vec<_> = (names.iter())
            .map(|name| json!({"name": name, "value": 1}))
            .collect();
        ok(&ask(&server, "POST", "/v1/metrics")
            .json(&json!(sent))
            .send());
        let paths: Vec<(&str, &str)> = names.iter().map(|name| ("path", name.as_str())).collect();
        let deletes = ask(&server, "POST", "/tags/delSeries").form(&paths);
        let writer = Writer::begin(&server);
        let deletes = deletes.patiently().begin();
        until("it works", || {
            figure(&server, "vigie_queries_running") == 1 || deletes.is_answered()
        });
        // It has lent its turn, so it waits for the entry of the first series.
        ok(&ask(&server, "GET", "/v1/metrics/list?query=load.*").send());
        let reply = beside_full_places(&server, deletes, writer);
        let left = ask(&server, "GET", "/v1/metrics/list?query=gone.*").send();
        let left: Vec<String> = serde_json::from_slice(&left.body).unwrap();
        if reply.status != 200 && left.len() == SERIES {
            // It had not begun: its time for the database was over before the places were full.
            return Err(reply);
        }
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(left.is_empty(), "{left:?}");
        Ok(())
    });
}

/// The answer to a deletion that goes on when the writer ends, while all places for changes are taken.
fn beside_full_places(server: &Server, deletes: Pending, writer: Writer) -> Reply {
    let (is_over, refused) = (AtomicBool::new(false), AtomicU64::new(0));
    let keep_asking = || {
        while !is_over.load(Ordering::Relaxed) {
            let made = change(server, &server.owner.api_key).send();
            refused.fetch_add(u64::from(made.status == 429), Ordering::Relaxed);
        }
    };
    thread::scope(|scope| {
        for _ in 0..PLACES + MORE {
            scope.spawn(keep_asking);
        }
        until("the places are full", || {
            refused.load(Ordering::Relaxed) >= MORE
        });
        drop(writer);
        let reply = deletes.reply();
        is_over.store(true, Ordering::Relaxed);
        reply
    })
}

/// They held the turns of the changes while they waited behind the logins.
#[test]
fn logouts_that_wait_for_logins_keep_no_change_waiting() {
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=6"]);
        let form = [
            ("grant_type", "password"),
            ("username", "apikey"),
            ("password", server.owner.api_key.as_str()),
        ];
        let login = || {
            let login = server.request("POST", "/oauth/token").basic("cf", "");
            login.form(&form)
        };
        let at_once = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
        let tokens = (0..at_once).map(|_| {
            let reply = login().send();
            ok(&reply);
            reply.json()["access_token"].as_str().unwrap().to_owned()
        });
        let tokens: Vec<String> = tokens.collect();
        let mut waiting = Waiting::behind_writer(&server);
        waiting.add([login()])?;
        waiting.add(tokens.iter().map(|token| {
            let logout = server.request("POST", "/oauth/token/disconnect");
            logout.bearer(token)
        }))?;
        // It has its turn at once, and waits for the database alone.
        let begun = change(&server, &server.owner.api_key).send();
        assert_eq!(begun.status, 500, "{}", begun.text());
        assert!(
            begun.text().contains("may have been made"),
            "{}",
            begun.text()
        );
        Ok(())
    });
}

/// Wrong passwords are slowed down where their user has logged in before; they slowed down every change of the account.
#[test]
fn passwords_that_are_tried_hold_up_no_change_of_the_account() {
    /// Those that are not slowed down.
    const FREE: usize = 10;
    /// As one is looked at each two seconds, they take minutes.
    const GUESSES: u64 = 100;
    const WAITING: u64 = 80;
    const STILL_WAITING: u64 = 50;
    // A change that waited for those that came before it would leave fewer.
    const { assert!(STILL_WAITING > GUESSES - WAITING + limit::CHANGES_AT_ONCE_PER_ACCOUNT.default) };
    let server = Server::with(&[
        "--set",
        "limits.password_wait_seconds=600",
        "--set",
        "limits.request_seconds=600",
    ]);
    let form = [
        ("grant_type", "password"),
        ("username", server.owner.user.as_str()),
        ("password", server.owner.password.as_str()),
    ];
    let login = server.request("POST", "/identity/token").basic("bx", "bx");
    ok(&login.form(&form).send());
    let body = json!({"current_password": "a guess", "new_password": "chosen by who guesses"});
    for _ in 0..FREE {
        let guess = ask(&server, "PUT", "/v2/users/self/password").json(&body);
        let refused = guess.send();
        assert!((400..404).contains(&refused.status), "{}", refused.text());
    }
    let guess = ask(&server, "PUT", "/v2/users/self/password").json(&body);
    let guesses: Vec<Pending> = (0..GUESSES).map(|_| guess.begin()).collect();
    until("most wait", || in_flight(&server) >= WAITING);
    let made = change(&server, &server.owner.api_key).send();
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(in_flight(&server) >= STILL_WAITING);
    drop(guesses);
}
