//! Running work ends when its caller loses access: an answer being sent, a query, an arriving body.

use super::queries::{figure, send_long_names, worst_head};
use super::raw_http2::{HEADERS, PREFACE, RESET, SETTINGS, frame, get, read_frame, window};
use super::slow_bodies::with_another_account;
use super::unread_answers::{fill, small_client};
use crate::audit::{entries, login};
use crate::harness::{Reply, Request, Server, VIGIED, token, until};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

/// Far longer than an answer takes to begin, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(300);

/// More than the sockets of both sides hold, and than is written ahead.
const NAMES: usize = 8000;

/// The log line of each.
const ENDED: &str = "its caller no longer has access";

const ANN: &str = "ann@example.org";
const BEN: &str = "ben@example.org";
const PASSWORD: &str = "a password of her own choice";

/// A server on which nobody is given up for reading slowly.
pub(super) fn server() -> Server {
    Server::with(&[
        "--set",
        "limits.write_stall_seconds=600",
        "--set",
        "limits.request_seconds=600",
    ])
}

pub(super) fn ok(reply: &Reply) -> Value {
    assert!(reply.status < 300, "{}: {}", reply.status, reply.text());
    match reply.body.is_empty() {
        true => Value::Null,
        false => reply.json(),
    }
}

fn operator(server: &Server, words: &[&str]) -> Value {
    let mut command = Command::new(VIGIED);
    command.args(words).args(["--output", "json", "--data"]);
    let output = command.arg(server.data()).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A request of the owner to the management interfaces.
pub(super) fn manage(server: &Server, method: &str, path: &str) -> Request {
    let key = format!("apikey {}", server.owner.api_key);
    server
        .request(method, path)
        .header("X-Auth-User-Token", &key)
}

/// A further key of the owner's: its text, and the path it is managed at.
pub(super) fn further_key(server: &Server) -> (String, String) {
    let bearer = token(&server.serving.url(), &server.owner.api_key);
    let info = server.request("GET", "/identity/userinfo").bearer(&bearer);
    let body = json!({"name": "further", "iam_id": info.send().json()["iam_id"]});
    let made = ok(&manage(server, "POST", "/v1/apikeys").json(&body).send());
    (
        text(&made["apikey"]),
        format!("/v1/apikeys/{}", text(&made["id"])),
    )
}

/// A user who may read the space; returns their session's token.
pub(super) fn viewer(server: &Server, email: &str) -> String {
    let owner = &server.owner;
    let path = format!("/v2/accounts/{}/users", owner.account);
    let body = json!({"users": [{"email": email}]});
    let invited = ok(&manage(server, "POST", &path).json(&body).send());
    let code = text(&invited["resources"][0]["one_time_code"]);
    let body = json!({"email": email, "one_time_code": code, "new_password": PASSWORD});
    ok(&server
        .request("POST", "/v2/users/redeem")
        .json(&body)
        .send());
    let path = format!("/v2/spaces/{}/auditors", owner.space);
    let body = json!({"username": email});
    ok(&manage(server, "PUT", &path).json(&body).send());
    let session = ok(&login(&server.serving.url(), email, PASSWORD));
    format!("iam {}", text(&session["access_token"]))
}

/// A client that has got the beginning of its answer, and takes no more of it for now.
fn begun(server: &Server, credential: &str, space: &str) -> TcpStream {
    let mut client = small_client(server);
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let ask = format!(
        "GET /v1/metrics/list?query=* HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: {credential}\r\n\
         X-Auth-Scope-Id: s-{space}\r\n\r\n"
    );
    client.write_all(ask.as_bytes()).unwrap();
    let mut beginning = [0; 2048];
    let read = client.read(&mut beginning).unwrap();
    let text = String::from_utf8_lossy(&beginning[..read]);
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    client
}

/// The rest of the answer: the number of bytes, and whether it is complete.
fn rest(client: &mut TcpStream) -> (usize, bool) {
    // It is kept open, so that only the answer's own end tells.
    let (mut all, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
    while !all.ends_with(b"\r\n0\r\n\r\n") {
        match client.read(&mut buffer) {
            Ok(read @ 1..) => all.extend_from_slice(&buffer[..read]),
            _ => return (all.len(), false),
        }
    }
    (all.len(), true)
}

/// How often an answer, or a query, has ended for this reason, by the log.
pub(super) fn ended(server: &Server, why: &str) -> usize {
    let log = server.serving.log();
    let lines = log.lines();
    lines
        .filter(|line| line.contains(ENDED) && line.contains(why))
        .count()
}

#[test]
fn an_answer_that_has_begun_ends_when_its_caller_is_let_in_no_longer() {
    let server = server();
    let owner = &server.owner;
    let own_key = format!("apikey {}", owner.api_key);
    let own_space = format!("s-{}", owner.space);
    fill(
        &server,
        &[
            ("X-Auth-User-Token", &own_key),
            ("X-Auth-Scope-Id", &own_space),
        ],
        NAMES,
    );
    let (ann, ben) = (viewer(&server, ANN), viewer(&server, BEN));
    let (key, path_of_key) = further_key(&server);
    let session = ok(&login(&server.serving.url(), &owner.user, &owner.password));
    let other = operator(
        &server,
        &["account", "create", "Second", "--owner", "bea@example.org"],
    );
    let others_key = format!("apikey {}", text(&other["api_key"]));
    let others_space = text(&other["space_guid"]);
    let others_scope = format!("s-{others_space}");
    fill(
        &server,
        &[
            ("X-Auth-User-Token", &others_key),
            ("X-Auth-Scope-Id", &others_scope),
        ],
        NAMES,
    );

    let mut untouched = begun(&server, &own_key, &owner.space);
    let mut clients = [
        ("the API key was deleted", format!("apikey {key}")),
        (
            "its session has ended",
            format!("iam {}", text(&session["access_token"])),
        ),
        ("you have no role in it", ann),
        // A removed user is logged out.
        ("its session has ended", ben),
    ]
    .map(|(why, credential)| (why, begun(&server, &credential, &owner.space)))
    .into_iter()
    .collect::<Vec<_>>();
    clients.push((
        "its account was deleted",
        begun(&server, &others_key, &others_space),
    ));

    for (at, (why, client)) in clients.iter_mut().enumerate() {
        assert_eq!(ended(&server, ""), at, "{}", server.serving.log());
        match at {
            0 => drop(ok(&manage(&server, "DELETE", &path_of_key).send())),
            1 => {
                let form = [("token", session["refresh_token"].as_str().unwrap())];
                let revoke = server.request("POST", "/identity/revoke");
                ok(&revoke.basic("bx", "bx").form(&form).send());
            }
            2 => {
                let path = format!("/v2/spaces/{}/auditors", owner.space);
                let request = manage(&server, "DELETE", &path);
                ok(&request.json(&json!({"username": ANN})).send());
            }
            3 => {
                let path = format!("/v2/accounts/{}/users", owner.account);
                let listed = ok(&manage(&server, "GET", &path).send());
                let users = listed["resources"].as_array().unwrap();
                let member = users
                    .iter()
                    .find(|user| user.to_string().contains(BEN))
                    .unwrap();
                let id = text(&member["iam_id"]);
                ok(&manage(&server, "DELETE", &format!("{path}/{id}")).send());
            }
            _ => drop(operator(&server, &["account", "delete", "Second", "--yes"])),
        }
        until(why, || ended(&server, "") == at + 1);
        let log = server.serving.log();
        let last = log.lines().rfind(|line| line.contains(ENDED)).unwrap();
        assert!(last.contains(*why), "{why}: {last}");
        // Neither is what the system has taken of it given out.
        let (bytes, is_whole) = rest(client);
        assert!(
            !is_whole && bytes < NAMES * 900 / 2,
            "{why}: {bytes} bytes came"
        );
    }
    // No other caller's work has ended.
    let (bytes, is_whole) = rest(&mut untouched);
    assert!(is_whole && bytes > NAMES * 900, "{bytes} bytes came");
    until("each is in the audit", || {
        let rows = entries(&server.data(), &[]);
        let refused = rows.iter().filter(|row| {
            let event = row["event"].as_str().unwrap_or_default();
            event == "credential_refused" || event == "right_refused"
        });
        let times: i64 = refused.filter_map(|row| row["times"].as_i64()).sum();
        times == 5
    });
}

/// Over HTTP/2 the stream ends, and others of the connection go on.
#[test]
fn so_does_a_stream_among_others() {
    let server = server();
    let user_token = format!("apikey {}", server.owner.api_key);
    fill(&server, &[("X-Auth-User-Token", &user_token)], NAMES / 2);
    let (key, path) = further_key(&server);
    let mut client = small_client(&server);
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let lines = [("x-auth-user-token", &*format!("apikey {key}"))];
    let others = [("x-auth-user-token", &*user_token)];
    let mut begin = PREFACE.to_vec();
    begin.extend(frame(SETTINGS, 0, 0, &[]));
    begin.extend(get(1, "/v1/metrics/list?query=*", &lines));
    client.write_all(&begin).unwrap();
    // All that it may have sent without being asked for more.
    let mut taken = 0;
    while taken < 65_535 {
        let (kind, _, payload) = read_frame(&mut client).unwrap();
        taken += if kind == 0 { payload.len() } else { 0 };
    }
    // It has begun, and waits for room: the connection is not the withdrawn caller's alone.
    client
        .write_all(&get(3, "/v1/metrics/list?query=*", &others))
        .unwrap();
    while !matches!(read_frame(&mut client).unwrap(), (HEADERS, 3, _)) {}
    ok(&manage(&server, "DELETE", &path).send());
    let why = "the API key was deleted";
    until(why, || ended(&server, why) == 1);
    let more = 1 << 24;
    client.write_all(&window(0, more)).unwrap();
    client.write_all(&window(1, more)).unwrap();
    let mut others = 0;
    loop {
        let (kind, stream, payload) = read_frame(&mut client).unwrap();
        match (kind, stream) {
            (RESET, 1) => break,
            (0, 1) => taken += payload.len(),
            (0, 3) => others += payload.len(),
            _ => {}
        }
    }
    assert!(taken < NAMES * 900 / 4, "{taken} bytes came");
    client.write_all(&window(3, more)).unwrap();
    while others < NAMES / 2 * 900 {
        if let (0, 3, payload) = read_frame(&mut client).unwrap() {
            others += payload.len();
        }
    }
    client.write_all(&get(5, "/health/live", &[])).unwrap();
    while !matches!(read_frame(&mut client).unwrap(), (HEADERS, 5, _)) {}
}

/// A query that has not begun to answer is refused, whether it works or waits for its turn.
#[test]
fn a_query_ends_when_its_caller_is_let_in_no_longer() {
    let (server, _) = with_another_account(&[
        "--set",
        "limits.steps_per_query=1000000000000",
        "--set",
        "limits.request_seconds=100000",
        "--set",
        "limits.concurrent_queries=1",
        "--set",
        "limits.account_share_percent=100",
    ]);
    send_long_names(&server, &server.owner.api_key, 8);
    let (key, path) = further_key(&server);
    let ask = || {
        let mut client = TcpStream::connect(&server.serving.address).unwrap();
        let head = worst_head(&key, "Connection: close\r\n");
        client.write_all(head.as_bytes()).unwrap();
        client
    };
    let mut works = ask();
    until("it works", || figure(&server, "vigie_queries_running") == 1);
    let mut waits = ask();
    until("it waits", || figure(&server, "vigie_queries_waiting") == 1);
    ok(&manage(&server, "DELETE", &path).send());
    for client in [&mut works, &mut waits] {
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("the API key was deleted"), "{answer}");
    }
    until("nobody works or waits", || {
        figure(&server, "vigie_queries_running") + figure(&server, "vigie_queries_waiting") == 0
    });
}

/// A deletion that has begun cannot be stopped: its caller is told how it ended, whatever becomes of the key meanwhile.
#[test]
fn a_deletion_that_has_begun_ends_and_is_answered_though_its_key_is_deleted() {
    const PARTS: usize = 10;
    const SERIES: usize = 10_000;
    let server = server();
    let user_token = format!("apikey {}", server.owner.api_key);
    for part in 0..PARTS {
        let samples: Vec<_> = (0..SERIES)
            .map(|at| json!({"name": format!("m.{part}x{at}"), "value": 1}))
            .collect();
        let sent = server
            .request("POST", "/v1/metrics?durability=buffered")
            .header("X-Auth-User-Token", &user_token);
        ok(&sent.json(&json!(samples)).send());
    }
    let (key, path) = further_key(&server);
    let deletes = server
        .request("DELETE", "/v1/metrics/list?query=m.*")
        .header("X-Auth-User-Token", &format!("apikey {key}"));
    let deletes = std::thread::spawn(move || deletes.send());
    let is_begun = |line: &str| line.contains("metrics_deleted") && line.contains("begun");
    until("it is begun", || server.serving.log().lines().any(is_begun));
    ok(&manage(&server, "DELETE", &path).send());
    let deleted = ok(&deletes.join().unwrap());
    assert_eq!(deleted["deleted"], PARTS * SERIES, "{deleted}");
    assert_eq!(ended(&server, ""), 0, "{}", server.serving.log());
    let rows = entries(&server.data(), &[]);
    let mut deletions = rows.iter().filter(|row| row["event"] == "metrics_deleted");
    let last = deletions.next_back().unwrap();
    assert_eq!(last["outcome"], "done", "{last:#?}");
}

/// The clock ends no answer that was asked for in time, and hides no withdrawal.
#[test]
fn an_answer_outlives_its_token_and_not_its_key() {
    let server = Server::with(&[
        "--set",
        "limits.write_stall_seconds=600",
        "--set",
        "limits.request_seconds=600",
        "--set",
        "tokens.access_token_seconds=45",
    ]);
    let owner = &server.owner;
    let own_key = format!("apikey {}", owner.api_key);
    let space = format!("s-{}", owner.space);
    let lines = [
        ("X-Auth-User-Token", &*own_key),
        ("X-Auth-Scope-Id", &*space),
    ];
    fill(&server, &lines, NAMES);
    let (key, path) = further_key(&server);
    let token_of = |key: &str| format!("iam {}", token(&server.serving.url(), key));
    let (first, other) = (token_of(&owner.api_key), token_of(&key));
    let mut honest = begun(&server, &first, &owner.space);
    let mut withdrawn = begun(&server, &other, &owner.space);
    let ask = |credential: &str| {
        let request = server.request("GET", "/v1/metrics/list?query=none");
        request.header("X-Auth-User-Token", credential).send()
    };
    until("the tokens have expired", || {
        [&first, &other]
            .iter()
            .all(|token| ask(token).status == 401)
    });
    ok(&manage(&server, "DELETE", &path).send());
    let why = "its API key was deleted";
    until(why, || ended(&server, why) == 1);
    let (bytes, is_whole) = rest(&mut withdrawn);
    assert!(!is_whole && bytes < NAMES * 900 / 2, "{bytes} bytes came");
    assert_eq!(ended(&server, ""), 1, "{}", server.serving.log());
    let (bytes, is_whole) = rest(&mut honest);
    assert!(is_whole && bytes > NAMES * 900, "{bytes} bytes came");
}

/// A verified caller sends a body slowly and loses access before it is complete: nothing is written.
#[test]
fn a_body_that_arrives_behind_the_withdrawal_is_refused() {
    let server = Server::start();
    let (key, path) = further_key(&server);
    let body = r#"[{"name":"late.sample","value":1}]"#;
    let organization = r#"{"name":"late organization"}"#;
    let begin = |path: &str, body: &str| {
        let mut client = TcpStream::connect(&server.serving.address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: vigie\r\nX-Auth-User-Token: apikey {key}\r\n\
             Expect: 100-continue\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        client.write_all(head.as_bytes()).unwrap();
        // It is verified by now, and its body waited for.
        let mut going_on = [0; 25];
        client.read_exact(&mut going_on).unwrap();
        assert_eq!(&going_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        client
    };
    let clients = [
        (begin("/v1/metrics", body), body),
        (begin("/v2/organizations", organization), organization),
    ];
    ok(&manage(&server, "DELETE", &path).send());
    for (mut client, body) in clients {
        client.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(answer.contains("the API key was deleted"), "{answer}");
    }
    let listed = ok(&manage(&server, "GET", "/v1/metrics/list?query=late").send());
    assert_eq!(listed, json!([]));
    let listed = manage(&server, "GET", "/v2/organizations").send().text();
    assert!(!listed.contains("late organization"), "{listed}");
}
