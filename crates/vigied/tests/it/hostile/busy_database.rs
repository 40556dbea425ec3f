//! The identity database is busy while deletions want their entry in the audit: nobody else waits for it, and what the callers
//! are told is that they may send again.

use super::behind_writer::{Waiting, Writer, in_time};
use super::queries::figure;
use crate::audit::entries;
use crate::harness::{Pending, Reply, Request, Server, until};
use base::limit;
use serde_json::json;
use std::thread;

pub(super) fn ask(server: &Server, method: &str, path: &str) -> Request {
    let own_key = format!("apikey {}", server.owner.api_key);
    let request = server.request(method, path);
    request.header("X-Auth-User-Token", &own_key)
}

pub(super) fn ok(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// A server with a series, on which one query runs at once.
pub(super) fn server(flags: &[&str]) -> Server {
    let mut all = vec![
        "--set",
        "limits.concurrent_queries=1",
        "--set",
        "limits.account_share_percent=100",
    ];
    all.extend(flags);
    let server = Server::with(&all);
    let body = json!([{"name": "load.one", "value": 1}]);
    ok(&ask(&server, "POST", "/v1/metrics").json(&body).send());
    server
}

fn names(server: &Server) -> String {
    let listed = ask(server, "GET", "/v1/metrics/list?query=load.*").send();
    ok(&listed);
    listed.text()
}

/// A deletion of the series that works; the answer where it came first.
fn deletion(server: &Server) -> Result<Pending, Reply> {
    let deletes = ask(server, "DELETE", "/v1/metrics/list?query=load.*").begin();
    until("it works, or is answered", || {
        figure(server, "vigie_queries_running") == 1 || deletes.is_answered()
    });
    unanswered(deletes)
}

fn unanswered(request: Pending) -> Result<Pending, Reply> {
    match request.is_answered() {
        true => Err(request.reply()),
        false => Ok(request),
    }
}

fn is_told_to_send_again(refused: &Reply, code: &str) {
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    assert!(refused.text().contains(code), "{}", refused.text());
}

#[test]
fn a_deletion_that_waits_for_the_database_holds_no_turn_and_is_told_to_come_again() {
    let server = server(&["--set", "limits.request_seconds=600"]);
    let writer = Writer::begin(&server);
    // Management needs the database, too.
    let makes = ask(&server, "POST", "/v2/organizations").json(&json!({"name": "late"}));
    let makes = makes.begin();
    in_time(|| {
        let deletes = deletion(&server)?;
        assert!(names(&server).contains("load.one"));
        // The deletion still waits: it has not failed to make room for the listing.
        let deletes = unanswered(deletes).inspect_err(|early| {
            is_told_to_send_again(early, "BXNMSSV08E");
        })?;
        is_told_to_send_again(&deletes.reply(), "BXNMSSV08E");
        Ok(())
    });
    is_told_to_send_again(&makes.reply(), "CF-ServiceUnavailable");
    assert!(names(&server).contains("load.one"));
    drop(writer);
    ok(&ask(&server, "DELETE", "/v1/metrics/list?query=load.*").send());
    assert!(!names(&server).contains("load.one"));
}

#[test]
fn a_deletion_whose_caller_leaves_while_it_waits_for_the_database_deletes_nothing() {
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let writer = Writer::begin(&server);
        let deletes = deletion(&server)?;
        // It has lent its turn, so it waits for its entry.
        assert!(names(&server).contains("load.one"));
        drop(unanswered(deletes)?);
        until("it has ended", || {
            figure(&server, "vigie_queries_running") == 0
        });
        drop(writer);
        let mut outcomes = Vec::new();
        until("both entries are there", || {
            outcomes = entries(&server.data(), &[])
                .iter()
                .filter(|row| row["event"] == "metrics_deleted")
                .map(|row| row["outcome"].as_str().unwrap().to_owned())
                .collect();
            outcomes.len() == 2
        });
        assert_eq!(outcomes, ["begun", "failed"]);
        assert!(names(&server).contains("load.one"));
        Ok(())
    });
}

#[test]
fn the_time_of_a_deletion_ends_while_it_waits_for_the_database() {
    let server = server(&["--set", "limits.request_seconds=6"]);
    let writer = Writer::begin(&server);
    let refused = ask(&server, "DELETE", "/v1/metrics/list?query=load.*").send();
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.text().contains("BXNMSSV05E"), "{}", refused.text());
    drop(writer);
    assert!(names(&server).contains("load.one"));
}

/// Of those that had begun it was said that they may be sent again, and they were made.
#[test]
fn of_changes_whose_time_ends_only_those_that_had_begun_are_made_and_their_callers_are_told() {
    const CHANGES: usize = 6;
    let server = server(&["--set", "limits.request_seconds=6"]);
    let writer = Writer::begin(&server);
    let make = |name: &str| ask(&server, "POST", "/v2/organizations").json(&json!({"name": name}));
    let changes: Vec<_> = (0..CHANGES)
        .map(|number| {
            let name = format!("late{number}");
            let made = make(&name);
            (name, thread::spawn(move || made.send()))
        })
        .collect();
    let mut begun = Vec::new();
    for (name, change) in changes {
        let reply = change.join().unwrap();
        let (text, again) = (reply.text(), reply.header("retry-after"));
        match reply.status {
            500 => {
                assert!(text.contains("may have been made"), "{text}");
                assert_eq!(again, None);
                begun.push(name);
            }
            503 => {
                assert!(text.contains("nothing was changed"), "{text}");
                assert!(again.is_some());
            }
            status => panic!("{status}: {text}"),
        }
        assert!(text.contains("request_seconds"), "{text}");
    }
    let at_once = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
    assert_eq!(begun.len() as u64, at_once, "{begun:?}");
    drop(writer);
    // Its turn is after that of all that wait.
    let last = make("late").send();
    assert_eq!(last.status, 201, "{}", last.text());
    begun.push("late".to_owned());
    begun.sort();
    let mut made = Vec::new();
    until("those that had begun are made", || {
        let listed = ask(&server, "GET", "/v2/organizations").send();
        ok(&listed);
        let listed = listed.json();
        let names = listed["resources"].as_array().unwrap().iter();
        let names = names.map(|org| org["entity"]["name"].as_str().unwrap().to_owned());
        made = names.filter(|name| name.starts_with("late")).collect();
        made.sort();
        made.len() >= begun.len()
    });
    assert_eq!(made, begun);
}

/// Each request that was refused had a line of its own: who asks often filled the log while a database was away.
#[test]
fn a_database_that_is_away_is_in_the_log_once_and_once_that_it_is_back() {
    // As many as wait for the database at once.
    const REFUSED: u64 = limit::CHANGES_AT_ONCE_PER_ACCOUNT.default;
    let server = server(&["--set", "limits.request_seconds=600"]);
    let writer = Writer::begin(&server);
    let asking: Vec<_> = (0..REFUSED)
        .map(|_| ask(&server, "POST", "/v2/organizations").json(&json!({"name": "late"})))
        .map(|request| thread::spawn(move || request.send()))
        .collect();
    for asked in asking {
        let refused = asked.join().unwrap();
        assert_eq!(refused.status, 503, "{}", refused.text());
    }
    let lines = |what: &str| {
        let log = server.serving.log();
        let lines = log.lines().filter(|line| line.contains(what));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let (outage_message, recovery_message) = (
        "the identity database is not available",
        "the identity database is available again",
    );
    server.serving.wait_for_log(outage_message);
    assert!(lines(recovery_message).is_empty());
    drop(writer);
    server.serving.wait_for_log(recovery_message);
    // Every line before this one has been read by now.
    let outages = lines(outage_message);
    assert_eq!(outages.len(), 1, "{outages:?}");
    let back = lines(recovery_message);
    assert_eq!(back.len(), 1, "{back:?}");
    assert!(back[0].contains(&format!("refused={REFUSED}")), "{back:?}");
}

/// What the node does not know is asked for in the database.
fn looks_up(server: &Server) -> Request {
    let unknown = "/v1/apikeys/ApiKey-00000000-0000-4000-8000-000000000000";
    ask(server, "GET", unknown)
}

/// Each took a connection and waited with it, until there were none left.
#[test]
fn changes_of_an_account_that_wait_leave_connections_to_what_else_asks_the_database() {
    const CHANGES: u64 = 15;
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let series =
            (0..CHANGES).map(|number| json!({"name": format!("gone.{number}"), "value": 1}));
        let body = json!(series.collect::<Vec<_>>());
        ok(&ask(&server, "POST", "/v1/metrics").json(&body).send());
        let report = format!("/v1/activity/accounts/{}/report", server.owner.account);
        let whose = server.request("POST", "/identity/userinfo");
        let whose = whose.bearer(&server.token());
        let change = |number: u64| {
            let name = format!("change{number}");
            match number % 5 {
                0 => ask(&server, "POST", "/v2/organizations").json(&json!({"name": name})),
                1 => ask(&server, "POST", "/events").json(&json!({"what": name, "tags": "made"})),
                2 => ask(&server, "PUT", "/v1/settings/domain")
                    .json(&json!({"resolution_seconds": 60})),
                3 => ask(&server, "POST", &report),
                _ => {
                    let path = format!("/v1/metrics/list?query=gone.{number}");
                    ask(&server, "DELETE", &path)
                }
            }
        };
        let mut waiting = Waiting::behind_writer(&server);
        waiting.add((0..CHANGES).map(change))?;
        let looked_up = waiting.answer_beside(&looks_up(&server))?;
        assert_eq!(looked_up.status, 404, "{}", looked_up.text());
        // A POST that changes nothing does not wait for them.
        ok(&waiting.answer_beside(&whose)?);
        for made in waiting.answers()? {
            assert!(made.status < 300, "{}: {}", made.status, made.text());
        }
        Ok(())
    });
}

/// A renewal of one login, which may be asked for by many at once.
pub(super) fn renewal(server: &Server, refresh_token: &str) -> Request {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token),
    ];
    let request = server.request("POST", "/identity/token");
    request.form(&form).basic("bx", "bx")
}

fn login(server: &Server) -> Request {
    let form = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", server.owner.api_key.as_str()),
    ];
    let request = server.request("POST", "/identity/token");
    request.form(&form).basic("bx", "bx")
}

pub(super) fn refresh_token(server: &Server) -> String {
    let reply = login(server).send();
    ok(&reply);
    reply.json()["refresh_token"].as_str().unwrap().to_owned()
}

/// A hundred of them took every connection, and the logins of all others waited.
#[test]
fn logins_of_an_account_that_wait_leave_connections_to_what_else_asks_the_database() {
    const LOGINS: u64 = 12;
    in_time(|| {
        let server = server(&["--set", "limits.request_seconds=600"]);
        let held = refresh_token(&server);
        let mut waiting = Waiting::behind_writer(&server);
        waiting.add((0..LOGINS).map(|number| match number % 2 {
            0 => login(&server),
            _ => renewal(&server, &held),
        }))?;
        let looked_up = waiting.answer_beside(&looks_up(&server))?;
        assert_eq!(looked_up.status, 404, "{}", looked_up.text());
        waiting.answers()?.iter().for_each(ok);
        Ok(())
    });
}

/// Each took the writer's turn before it was looked at.
#[test]
fn garbage_for_tokens_and_codes_does_not_wait_for_the_writer() {
    let server = server(&["--set", "limits.request_seconds=600"]);
    let writer = Writer::begin(&server);
    let send = |path: &str, form: &[(&str, &str)]| {
        let request = server.request("POST", path).basic("bx", "bx").form(form);
        request.send()
    };
    ok(&send("/identity/revoke", &[("token", "garbage")]));
    let renewal = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "garbage"),
    ];
    let code = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:passcode"),
        ("passcode", "garbage"),
    ];
    for (path, form) in [
        ("/identity/token", &renewal[..]),
        ("/identity/token", &code),
        ("/identity/passcode", &renewal),
    ] {
        let refused = send(path, form);
        let is_known_wrong = refused.status < 500 && refused.text().contains("Provided");
        assert!(is_known_wrong, "{path} {form:?}: {}", refused.text());
    }
    drop(writer);
}
